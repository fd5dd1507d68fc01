// Package probe finds out what a mail server offers and what is wrong with it:
// encryption and certificates, log-ins, limits, and whether PIPELINING and
// CHUNKING are more than words.
//
// Run asks one server and returns a Report, which is plain data: facts, and
// findings that say what is wrong, why that is likely, and what to write into
// mailscript.toml. Whatever goes wrong on the way is a finding; Run never fails.
//
// Nothing is ever sent: there is no DATA, and no recipient is named inside a
// transaction. Credentials cross only a connection whose certificate was verified, and
// only where the caller gives some. To show what lies behind a certificate that
// was refused, a second connection goes on without verification; it carries
// harmless commands and no credentials.
package probe
