package server

import (
	"fmt"
	"io"
)

// Credentials is a log-in. It is handed to Handler.Auth and kept nowhere.
type Credentials struct {
	Mechanism string // PLAIN or LOGIN
	Identity  string // who to act as, empty for Username itself: RFC 4616, section 2
	Username  string
	Password  Secret
}

// Secret is text that no format verb, log or encoder shows. The text is behind a
// pointer because package fmt asks no method before it answers a %p.
type Secret struct{ text *string }

// Reveal returns the text, to compare it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

const redacted = "‹secret›"

// Format implements fmt.Formatter for every verb, %d and %x included.
func (Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// MarshalText implements encoding.TextMarshaler, which JSON and slog use.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
