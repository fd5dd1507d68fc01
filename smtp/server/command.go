package server

import (
	"context"
	"errors"
	"strings"
)

// command is one command line, split at its first space.
type command struct {
	verb     string // in upper case: RFC 5321, section 2.4
	argument string
}

// readCommand waits for the next command. It answers lines that cannot be one
// itself; it returns nil without an error when such an answer ended the session.
func (s *session) readCommand() (*command, error) {
	for !s.leaving {
		if s.clock.stopped() {
			return nil, context.Cause(s.ctx)
		}
		s.clock.arm(s.config.Timeouts.Command)
		line, err := s.readLine(authLine)
		if err != nil {
			reply, ok := malformed(err)
			if !ok {
				return nil, err
			}
			s.fail(reply)
			continue
		}
		verb, argument, _ := strings.Cut(string(line), " ")
		verb = strings.ToUpper(verb)
		limit := basicLine
		switch {
		case verb == "AUTH":
			limit = authLine
		case s.peer.Extended:
			limit = s.config.Limits.CommandLine
		}
		if len(line)+len("\r\n") > limit {
			reply, _ := malformed(errLineTooLong)
			s.fail(reply)
			continue
		}
		return &command{verb, argument}, nil
	}
	return nil, nil
}

// malformed is the answer to a line that is no command. A line that ends in a bare
// LF is one, so that no two systems can disagree about how many commands it holds.
func malformed(err error) (Reply, bool) {
	switch {
	case errors.Is(err, errLineTooLong):
		return Reply{500, "5.5.6", "line too long"}, true // RFC 4954, section 6 has this code
	case errors.Is(err, errLineEnd):
		return Reply{500, "5.5.2", "line must end in CRLF"}, true
	case errors.Is(err, errLineControls):
		return Reply{500, "5.5.2", "control character in command"}, true
	}
	return Reply{}, false
}

func (s *session) execute(c command) {
	if !isASCII(c.argument) && !s.mayUseUTF8(c) {
		s.fail(Reply{501, "5.5.2", "not ASCII"})
		return
	}
	switch c.verb {
	case "EHLO", "HELO":
		s.hello(c)
	case "STARTTLS":
		s.startTLS(c)
	case "AUTH":
		s.auth(c)
	case "MAIL":
		s.mail(c)
	case "RCPT":
		s.rcpt(c)
	case "DATA":
		s.data(c)
	case "BDAT":
		s.bdat(c)
	case "RSET":
		if s.bare(c) {
			s.reset()
			s.answer(Reply{250, "2.0.0", "reset"})
		}
	case "NOOP": // RFC 5321, section 4.1.1.9: an argument is ignored
		s.answer(Reply{250, "2.0.0", "done"})
	case "HELP":
		s.answer(Reply{214, "2.0.0", "see RFC 5321"})
	case "VRFY":
		s.verify(c)
	case "QUIT":
		if s.bare(c) {
			s.answer(Reply{221, "2.0.0", "bye"})
			s.leave(nil)
		}
	case "EXPN", "ETRN", "TURN", "SEND", "SOML", "SAML":
		s.fail(Reply{502, "5.5.1", "command not implemented"}) // RFC 5321, section 4.2.4
	default:
		s.fail(Reply{500, "5.5.1", "unknown command"})
	}
}

// mayUseUTF8 leaves the judgement to the commands that can carry an
// internationalised address: RFC 6531, sections 3.4 and 3.7.4.
func (s *session) mayUseUTF8(c command) bool {
	return c.verb == "MAIL" || c.verb == "RCPT" || c.verb == "VRFY"
}

// bare refuses an argument where none is allowed: RFC 5321, section 4.3.2.
func (s *session) bare(c command) bool {
	if c.argument != "" {
		s.fail(Reply{501, "5.5.4", c.verb + " takes no argument"})
	}
	return c.argument == ""
}

// verify neither confirms nor denies: RFC 5321, sections 3.5.3 and 7.3.
func (s *session) verify(c command) {
	if c.argument == "" {
		s.fail(Reply{501, "5.5.4", "VRFY needs an argument"})
		return
	}
	s.answer(Reply{252, "2.0.0", "not verified, but mail will be attempted"})
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
