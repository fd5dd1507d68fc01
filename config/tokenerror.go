package config

import (
	"fmt"

	"github.com/mailscript/mailscript/smtp"
)

// TokenError is why there is no access token: what the token endpoint said, or
// that it said nothing. It holds no credential, whatever the endpoint repeats.
type TokenError struct {
	Account string // its name
	Host    string // of the endpoint
	// Kind is KindAuth where the endpoint refused, else what prevented an answer.
	Kind smtp.Kind
	// Status is the one of HTTP, 0 where there was no answer.
	Status int
	// Code is the endpoint's word for a refusal, such as "invalid_grant" (RFC 6749,
	// section 5.2), "" where it has none.
	Code string
	Text string // what happened, in lower case
	Err  error  // the cause, or nil
	// Later is true where the same may succeed later.
	Later bool
}

// Error is one line.
func (e *TokenError) Error() string {
	return fmt.Sprintf("account %q: access token from %s: %s", e.Account, e.Host, e.Text)
}

func (e *TokenError) Unwrap() error { return e.Err }

// Temporary reports whether doing the same again may succeed.
func (e *TokenError) Temporary() bool { return e.Later }
