package config

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

const (
	pairHint   = `write key = "value"`
	quoteHint  = `strings stand in quotes: key = "value"`
	onceText   = "this is already defined"
	onceHint   = "a key, and a table, is written once"
	escapeHint = `a backslash is written \\, or the string put in single quotes`
)

// syntaxFaults are what the TOML library complains of, by a part of its words,
// and what is said instead: its own quote the text, which may be a password.
// The first that fits counts.
var syntaxFaults = [...]struct{ contains, text, hint string }{
	{"has already been defined", onceText, onceHint},
	{"already created", "this is already defined, and of another kind", onceHint},
	{"is not a table", "this is already defined, and is no table", onceHint},
	{"strings cannot contain newlines", "this string has no end", "it ends with the quote it begins with, on the same line"},
	{`expected '"""'`, "this string has no end", "it ends with the three quotes it begins with"},
	{`expected "'''"`, "this string has no end", "it ends with the three quotes it begins with"},
	{`expected '"'`, "this string has no end", "it ends with the quote it begins with, on the same line"},
	{`expected "'"`, "this string has no end", "it ends with the quote it begins with, on the same line"},
	{`expected value but found '\n'`, "the value is missing", pairHint},
	{"EOF; expected value", "the value is missing", pairHint},
	{"expected value", "this is not a value", quoteHint},
	{"expected key separator", `there is no "=" behind the key`, pairHint},
	{"expected '.' or '='", `there is no "=" behind the key`, pairHint},
	{"key name appears blank", "there is no key here", pairHint},
	{"keys cannot start", "there is no key here", pairHint},
	{"unexpected '='", "there is no key here", pairHint},
	{"unexpected '.'", "there is no key here", pairHint},
	{"top-level item", "something is left over on this line", "each setting has a line of its own, and a comment begins with #"},
	{"to end table name", "this table has no closing bracket", "write [account.default]; a name has no spaces"},
	{"table array name", "this table has no closing bracket", "write [account.default]"},
	{"table names cannot be empty", "this table has no name", "write [account.default]"},
	{"array terminator", "expected a comma, or the ] that ends the list", `write key = ["one", "two"]`},
	{"inline table terminator", "expected a comma, or the } that ends the table", "write key = { one = 1, two = 2 }"},
	{"unexpected comma", "there is nothing before the comma", ""},
	{"escape", "a backslash does not mean this", escapeHint},
	{"hexadecimal digits after", "a backslash does not mean this", escapeHint},
	{"Escaped character", "a backslash does not mean this", escapeHint},
	{"datetime", "this is not a date", quoteHint},
	{"out of range", "this number is too large", ""},
	{"leading zeroes", "a number cannot begin with a zero", ""},
	{"nvalid integer", "this is not a number", quoteHint},
	{"nvalid float", "this is not a number", quoteHint},
	{"floats must", "this is not a number", quoteHint},
	{"expected a digit", "this is not a number", quoteHint},
	{"number", "this is not a number", quoteHint},
	{"", "this line is not TOML", quoteHint},
}

// syntaxError is what the TOML library complains of, in our words.
func (d *decoder) syntaxError(err error) error {
	var fault toml.ParseError
	if !errors.As(err, &fault) {
		return d.place(span{}).fault("this is not TOML", "", nil)
	}
	at := span{fault.Position.Start, fault.Position.Start + max(fault.Position.Len, 1)}
	// The library places the end of a line, or of the file, on the next one.
	for at.start > 0 && (at.start >= len(d.text) || d.text[at.start] == '\n' || d.text[at.start] == '\r') &&
		(d.text[at.start-1] == '\n' || d.text[at.start-1] == '\r') {
		at.start--
	}
	if d.endless != nil && at.end >= len(d.text) {
		// The end of the file is of no help.
		at = *d.endless
	}
	for _, known := range syntaxFaults {
		if strings.Contains(fault.Message, known.contains) {
			return d.place(at).fault(known.text, known.hint, nil)
		}
	}
	return nil
}

// encodingError complains of bytes that no TOML has, be it in a comment. The
// library does too, but less exactly.
func (d *decoder) encodingError() error {
	const hint = "save it as plain text in UTF-8"
	if strings.HasPrefix(d.text, "\xff\xfe") || strings.HasPrefix(d.text, "\xfe\xff") {
		return place{path: d.file.Path, line: 1, column: 1}.fault("the file is UTF-16", hint, nil)
	}
	for i, r := range d.text {
		switch {
		case r == 0:
			return d.place(span{i, i + 1}).fault("the file holds a NUL", hint, nil)
		case r == utf8.RuneError && !strings.HasPrefix(d.text[i:], string(utf8.RuneError)):
			return d.place(span{i, i + 1}).fault("the file is not valid UTF-8", hint, nil)
		case r == '\r' && !strings.HasPrefix(d.text[i+1:], "\n"):
			return d.place(span{i, i + 1}).fault("the file holds a control character", "lines end with LF or CR LF", nil)
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			return d.place(span{i, i + 1}).fault("the file holds a control character", hint, nil)
		}
	}
	return nil
}
