package smtp

import (
	"errors"
	"strings"
)

// mechanism is one SASL mechanism (RFC 4422) for one exchange. It alone knows
// which of its messages carry credentials, so it says so, and the transcript
// never has to guess.
type mechanism interface {
	name() string
	// start returns the initial response; ok is false where the server speaks first.
	start() (response step, ok bool, err error)
	// next answers a challenge.
	next(challenge []byte) (step, error)
	// finish is asked when the server has accepted: a mechanism that has the
	// server prove something refuses one that has not.
	finish() error
}

// explainer is a mechanism that knows more of a refusal than the reply says.
type explainer interface{ why() string }

// step is one message of the client.
type step struct {
	response []byte
	secret   bool
	// proven says that the challenge in answer is made of the password: with what
	// came before it, it would let anybody try passwords.
	proven bool
}

var (
	errUnexpectedChallenge = errors.New("the server asks for more than the mechanism has")
	errUnasked             = errors.New("the server accepts without having asked for the password")
)

// plain is PLAIN (RFC 4616).
type plain struct {
	username string
	password Secret
}

func (plain) name() string { return "PLAIN" }

func (p plain) start() (step, bool, error) {
	password := p.password.reveal()
	// The three fields are separated by NUL, so none may hold one.
	if strings.ContainsRune(p.username, 0) || strings.ContainsRune(password, 0) {
		return step{}, false, &argumentError{"user name and password must not hold a NUL"}
	}
	return step{response: []byte("\x00" + p.username + "\x00" + password), secret: true}, true, nil
}

func (plain) next([]byte) (step, error) { return step{}, errUnexpectedChallenge }

func (plain) finish() error { return nil }

// login is LOGIN (draft-murchison-sasl-login): two questions, whose wording
// differs between servers and is therefore not looked at.
type login struct {
	username string
	password Secret
	round    int
}

func (*login) name() string { return "LOGIN" }

func (*login) start() (step, bool, error) { return step{}, false, nil }

func (l *login) next([]byte) (step, error) {
	l.round++
	switch l.round {
	case 1:
		return step{response: []byte(l.username)}, nil
	case 2:
		return step{response: []byte(l.password.reveal()), secret: true}, nil
	}
	return step{}, errUnexpectedChallenge
}

// A server that accepts without a password was not asked to; some let whole
// networks in that way.
func (*login) finish() error { return nil }
