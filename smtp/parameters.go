package smtp

import (
	"fmt"
	"strings"
)

// parameters words a MAIL or RCPT command, behind what the session's words hold
// already. It remembers the first thing that is wrong, so that the rules stand
// one a line.
type parameters struct {
	session *Session
	verb    string
	err     error
}

func (s *Session) parameters(verb, path, address string) parameters {
	words := append(s.words, verb...)
	words = append(append(words, ' '), path...)
	words = append(append(words, ":<"...), address...)
	s.words = append(words, '>')
	return parameters{session: s, verb: verb}
}

// add appends a parameter of an extension the server must offer.
func (p *parameters) add(extension, text string) {
	if p.err == nil && !p.session.has(extension) {
		p.err = &Error{Kind: KindRefused, Command: p.verb, Err: fmt.Errorf("%s: %w", extension, ErrNotOffered)}
	}
	p.session.words = append(append(p.session.words, ' '), text...)
}

// refuse notes what the caller got wrong.
func (p *parameters) refuse(format string, a ...any) {
	p.fail(&argumentError{fmt.Sprintf(format, a...)})
}

func (p *parameters) fail(err error) {
	if p.err == nil && err != nil {
		p.err = &Error{Kind: KindArgument, Command: p.verb, Err: err}
	}
}

// xtext encodes a parameter value (RFC 3461, section 4).
func xtext(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c >= 0x7f || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func printableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
}
