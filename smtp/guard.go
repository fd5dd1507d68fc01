package smtp

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Guard keeps a session within what its owner allows, below everything that
// calls it: Send, single commands and pipelines alike. The zero value allows
// all.
//
// With any field set, a session sends only command lines that the guard can
// read beyond doubt, and Write refuses.
type Guard struct {
	// Recipient is asked for each RCPT, however it was worded, and returns the
	// address to use in its place: one address redirects everything, an error
	// refuses the recipient. nil allows all.
	Recipient func(address string) (string, error)
	// Begin is asked before each MAIL; an error refuses the transaction. nil
	// allows all.
	Begin func() error
	// Ended is told when the last octet of a message's end is about to be
	// written. It is called on the goroutine that sends.
	Ended func()
}

func (g Guard) set() bool { return g.Recipient != nil || g.Begin != nil || g.Ended != nil }

// guardedVerbs are what Command and Pipeline take under a guard. Nothing here
// can hand a message on in a way of its own, as SEND, ETRN or BURL could.
var guardedVerbs = [...]string{"EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT"}

// guard is what stands between callers and the wire: it returns the lines to
// write in the place of those given, or why none of them may be.
func (s *Session) guard(lines []line) ([]line, error) {
	g := s.options.Guard
	if !g.set() {
		return lines, nil
	}
	lines = slices.Clone(lines)
	for i := range lines {
		if err := s.guardLine(&lines[i]); err != nil {
			return nil, err
		}
	}
	// Asked last, so that a refused recipient costs no transaction.
	for _, l := range lines {
		if g.Begin == nil || l.own || verb(l.text) != "MAIL" {
			continue
		}
		if err := g.Begin(); err != nil {
			return nil, s.forbidden(l, err)
		}
	}
	return lines, nil
}

func (s *Session) guardLine(l *line) error {
	if l.own || l.asked {
		return nil
	}
	unreadable := func(reason string) error {
		return &Error{Kind: KindArgument, Command: s.wire.shown(*l), Err: &argumentError{"under a guard, " + reason}}
	}
	// Servers differ in what they skip in front of a verb and take for a blank
	// behind it, so nothing is taken for one but the single space of RFC 5321,
	// section 4.1.1.
	name, rest, _ := strings.Cut(l.text, " ")
	if strings.ContainsFunc(l.text, unicode.IsControl) {
		return unreadable("a command must not hold control characters")
	}
	known := slices.IndexFunc(guardedVerbs[:], func(verb string) bool { return len(verb) == len(name) && strings.EqualFold(verb, name) })
	if known < 0 {
		return unreadable("a command must begin with one of " + strings.Join(guardedVerbs[:], ", "))
	}
	switch guardedVerbs[known] {
	case "DATA", "RSET", "QUIT":
		if rest != "" || name != l.text {
			return unreadable(guardedVerbs[known] + " must stand alone")
		}
	case "RCPT":
		return s.guardRecipient(l, rest, unreadable)
	}
	return nil
}

// guardRecipient reads "TO:<address>" and what may stand behind it, as narrowly
// as RFC 5321, section 4.1.1.3, words it.
func (s *Session) guardRecipient(l *line, rest string, unreadable func(string) error) error {
	const path = "TO:<"
	if len(rest) < len(path) || !strings.EqualFold(rest[:len(path)], path) {
		return unreadable("RCPT must be worded RCPT TO:<address>")
	}
	address, parameters, found := strings.Cut(rest[len(path):], ">")
	if !found || strings.ContainsRune(parameters, '>') {
		return unreadable("RCPT must hold one address between < and >")
	}
	if parameters != "" && !plainParameters(parameters) {
		return unreadable("RCPT takes no parameters but NOTIFY and ORCPT")
	}
	if err := checkMailbox(address); err != nil {
		return &Error{Kind: KindArgument, Command: s.wire.shown(*l), Err: err}
	}
	replacement, err := s.guardAddress(address)
	if err != nil {
		return s.forbidden(*l, err)
	}
	l.text = l.text[:len("RCPT ")] + rest[:len(path)] + replacement + ">" + parameters
	l.display = ""
	return nil
}

// guardAddress asks for one recipient and returns the address to write.
func (s *Session) guardAddress(address string) (string, error) {
	ask := s.options.Guard.Recipient
	if ask == nil {
		return address, nil
	}
	replacement, err := ask(address)
	if err != nil {
		return "", err
	}
	if err := checkMailbox(replacement); err != nil {
		return "", err
	}
	if err := singleMeaning(replacement, replacement != address); err != nil {
		return "", err
	}
	if replacement != address {
		s.log.notef("%s", s.wire.redactor.clean(fmt.Sprintf("redirected %s to %s", sanitize([]byte(address)), replacement)))
	}
	return replacement, nil
}

// singleMeaning refuses an address that is one by the standards and another to
// some servers: a quoted local part may hold what looks like the end of the
// path, and "%" or "!" may stand for a further hop (RFC 5321, section 4.1.2 and
// appendix C). The owner's own address may hold the latter.
func singleMeaning(address string, owners bool) error {
	local, _, _ := splitMailbox(address)
	if strings.ContainsAny(local, `<>@\,;: `) || !owners && strings.ContainsAny(local, "%!") {
		return &argumentError{fmt.Sprintf("address %q: a server might read the part before the @ as another address", address)}
	}
	return nil
}

// plainParameters reports whether what stands behind a path is a list of
// parameters that change nothing about where the message goes (RFC 3461).
func plainParameters(text string) bool {
	for text != "" {
		rest, ok := strings.CutPrefix(text, " ")
		if !ok {
			return false
		}
		var parameter string
		if end := strings.IndexByte(rest, ' '); end >= 0 {
			parameter, text = rest[:end], rest[end:]
		} else {
			parameter, text = rest, ""
		}
		keyword, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(keyword, "NOTIFY") && !strings.EqualFold(keyword, "ORCPT") {
			return false
		}
		// RFC 5321, section 4.1.2: esmtp-value, here without the brackets.
		if value == "" || !printableASCII(value) || strings.ContainsAny(value, "=<>") {
			return false
		}
	}
	return true
}

// forbidden is the fault of a line its owner does not allow.
func (s *Session) forbidden(l line, why error) error {
	return &Error{Kind: KindRefused, Command: s.wire.shown(l), Err: why}
}

// ended tells the guard that a message is about to be complete.
func (s *Session) ended() {
	if s.options.Guard.Ended != nil {
		s.options.Guard.Ended()
	}
}

// guardChunk refuses a chunk that a server might take for commands: one that
// has no accepted recipient, follows a refused chunk, or is larger than the
// server takes is answered with a refusal, and not every server then skips its
// octets (RFC 3030, section 2, would have it so).
func (s *Session) guardChunk(size int) error {
	if !s.options.Guard.set() {
		return nil
	}
	limit := s.caps.MaxSize()
	switch {
	case !s.open || s.rcpts == 0:
		return &argumentError{"under a guard, a chunk must follow an accepted recipient"}
	case limit > 0 && s.chunked+int64(size) > limit:
		return &argumentError{fmt.Sprintf("under a guard, a message must not be larger than the %d octets the server takes", limit)}
	}
	return nil
}
