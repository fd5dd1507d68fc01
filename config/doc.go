// Package config reads mailscript.toml: accounts, secrets, and the limits on
// recipients.
//
// The file is strict. An unknown key, a value of the wrong type or a setting
// that contradicts another is an *Error with the line, a caret below the place,
// and where it is known what to write instead. The line is shown with
// everything that may be secret hidden: no error, no warning and no printed
// value of this package holds a byte of a password.
//
// A password is best not in the file but elsewhere; a Source says where, and a
// Reader fetches it when it is needed, not before.
package config
