package dkim

import (
	"strconv"
	"strings"
)

// shownLength is the number of bytes of a refused value that an error text repeats.
const shownLength = 60

// Error says which option, key or header field cannot be used.
type Error struct {
	// Field is the place: an option as it is called in lower case ("domain", "selector",
	// "key", "headers"), with "signatures[2]." before it where there are several, or
	// "header" for the header of a message.
	Field string
	// Value is what was refused, as given; it may hold any byte. It is never a key.
	Value string
	// Reason is lower case and has no full stop.
	Reason string
	// Hint says what to do, where that is known.
	Hint string
}

// Error gives field, reason and value on one line. The hint is not part of it.
func (e *Error) Error() string {
	text := "dkim: " + e.Field + ": " + e.Reason
	if e.Value == "" {
		return text
	}
	shown := e.Value
	if len(shown) > shownLength {
		shown = strings.ToValidUTF8(shown[:shownLength], "") + "…"
	}
	return text + ": " + strconv.QuoteToGraphic(shown)
}

// AlignmentError says that no signature would be aligned with the From field, so that
// DMARC (RFC 7489, section 3.1.1) would not count any of them.
type AlignmentError struct {
	// From holds the domains in the From field, A-labels in lower case. It is empty
	// when there is none to compare with.
	From []string
	// Domains are the d= of the signatures.
	Domains []string
}

// Error names the domains on both sides.
func (e *AlignmentError) Error() string {
	if len(e.From) == 0 {
		return "dkim: signing: the header has no From field with a domain"
	}
	return "dkim: signing: the keys are of " + strings.Join(e.Domains, ", ") + ", the From field is of " + strings.Join(e.From, ", ")
}
