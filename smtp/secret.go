package smtp

import "fmt"

// Secret is a credential. It prints as ‹secret› in every format, and only the
// SASL mechanisms of this package read it.
type Secret struct{ value *string }

// NewSecret wraps a credential.
func NewSecret(value string) Secret { return Secret{&value} }

// IsZero reports whether no credential was set.
func (s Secret) IsZero() bool { return s.value == nil }

func (s Secret) reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

const secretMark = "‹secret›"

func (Secret) String() string { return secretMark }

// Format writes ‹secret› for every verb, %#v and %x included.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, secretMark) }

// MarshalText writes ‹secret›, so that no encoder sees the value.
func (Secret) MarshalText() ([]byte, error) { return []byte(secretMark), nil }

// Join makes one credential of several, for "Bearer " and a token.
func Join(parts ...Secret) Secret {
	joined := ""
	for _, part := range parts {
		joined += part.reveal()
	}
	return NewSecret(joined)
}
