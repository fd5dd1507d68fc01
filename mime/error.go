package mime

import (
	"fmt"
	"strconv"
	"strings"
)

// shownLength is the number of bytes of a refused value that an error text repeats.
const shownLength = 60

// Error says which field of a description, or which part, cannot be built.
type Error struct {
	// Field is the place as a script names it, list elements counted from 1:
	// "subject", "to[2]", "headers.X-Foo", "inline.bear", "attach[1]". Parts that
	// belong to no message yet use "file", "bytes" or "part".
	Field string
	// Value is what was refused, whole and as given; it may hold any byte.
	Value string
	// Offset is the byte of Value at which the fault lies, or -1.
	Offset int
	// Reason is lower case and has no full stop.
	Reason string
	// Hint says what to do, where that is known.
	Hint string
	// Err is the cause, if another error was: an *AddressError or one of package os.
	Err error
}

// Error gives field, reason and place on one line. The hint is not part of it.
func (e *Error) Error() string {
	text := "mime: "
	if e.Field != "" {
		text += e.Field + ": "
	}
	return text + e.Reason + place(e.Value, e.Offset)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// AddressError says why a text is no address, or no list of them.
type AddressError struct {
	// Text is what was parsed, whole and as given; it may hold any byte.
	Text string
	// Offset is the byte of Text at which the fault lies.
	Offset int
	// Reason is lower case and has no full stop.
	Reason string
	// Hint says what to do, where that is known.
	Hint string
}

// Error gives reason and place on one line. The hint is not part of it.
func (e *AddressError) Error() string {
	return "mime: address: " + e.Reason + place(e.Text, e.Offset)
}

// in turns the error of an address into that of a description's field.
func (e *AddressError) in(field string) *Error {
	return &Error{Field: field, Value: e.Text, Offset: e.Offset, Reason: e.Reason, Hint: e.Hint, Err: e}
}

// place shows a refused value, cut and escaped so that it is safe on a terminal.
func place(value string, offset int) string {
	if value == "" {
		return ""
	}
	shown := value
	if len(shown) > shownLength {
		// The window is moved to the fault, which is what the reader looks for.
		from := max(0, min(offset-shownLength/2, len(value)-shownLength))
		shown = strings.ToValidUTF8(value[from:from+shownLength], "")
		shown = "…" + shown + "…"
	}
	quoted := strconv.QuoteToGraphic(shown)
	if offset < 0 {
		return ": " + quoted
	}
	return fmt.Sprintf(" at byte %d of %s", offset, quoted)
}
