// Package smtp is a client for the Simple Mail Transfer Protocol (RFC 5321).
//
// A Session is one connection. Dial opens it and reads the greeting; Connect
// also says EHLO and, where the TLS mode asks for it, upgrades with STARTTLS.
// Send carries one message; below it lies every command on its own, each
// returning the server's Reply.
//
// Two rules shape the whole package. What the server answered is data: a Reply
// or a Result, whatever its code. What prevented an answer is an *Error. And a
// message whose end was written but never answered is neither: its outcome is
// InDoubt, because it may have been delivered, and sending it again might
// deliver it twice (RFC 1047).
//
// Extensions:
//
//	STARTTLS              RFC 3207
//	AUTH PLAIN, LOGIN     RFC 4954, RFC 4616, draft-murchison-sasl-login
//	PIPELINING            RFC 2920
//	SIZE                  RFC 1870
//	8BITMIME              RFC 6152
//	SMTPUTF8              RFC 6531
//	DSN                   RFC 3461
//	CHUNKING              RFC 3030, as single commands
//	ENHANCEDSTATUSCODES   RFC 2034
//
// The package knows nothing of message formats: a message is a Content, which
// is a size, three flags and something that writes itself.
package smtp
