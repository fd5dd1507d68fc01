package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Credentials are who to be, and how to prove it.
type Credentials struct {
	Username string
	Password Secret
	// Mechanism forces one SASL mechanism, "PLAIN" or "LOGIN"; "" takes the
	// strongest that both sides have.
	Mechanism string
	// InClear allows credentials over a connection without TLS.
	InClear bool
}

// mechanismNames are those this package has, strongest first.
var mechanismNames = [...]string{"PLAIN", "LOGIN"}

const (
	// maxAuthRounds ends an exchange with a server that never stops asking.
	maxAuthRounds = 10
	// maxInitialResponse keeps AUTH within the command line every server takes
	// (RFC 5321, section 4.5.3.1.4); a longer response waits for a challenge.
	maxInitialResponse = 512
)

// Auth authenticates (RFC 4954). It fails where the server refuses, and never
// sends credentials in clear text unless told to.
func (s *Session) Auth(ctx context.Context, credentials Credentials) (Reply, error) {
	if err := s.notInMessage("AUTH"); err != nil {
		return Reply{}, err
	}
	if s.tls == nil && !credentials.InClear {
		return Reply{}, &Error{Kind: KindAuth, Command: "AUTH", Err: ErrClearText}
	}
	chosen, err := s.mechanism(credentials)
	if err != nil {
		return Reply{}, err
	}
	s.wire.redactor.hide(credentials.Password.reveal())
	return s.authenticate(ctx, chosen)
}

func (s *Session) mechanism(c Credentials) (mechanism, error) {
	auth := func(err error) error { return &Error{Kind: KindAuth, Command: "AUTH", Err: err} }
	if !s.has("AUTH") {
		return nil, auth(ErrNotOffered)
	}
	offered := s.caps.Mechanisms()
	wanted := mechanismNames[:]
	if c.Mechanism != "" {
		name := strings.ToUpper(c.Mechanism)
		if !slices.Contains(wanted, name) {
			return nil, &Error{Kind: KindArgument, Command: "AUTH", Err: &argumentError{
				fmt.Sprintf("mechanism %q is none of %s", c.Mechanism, strings.Join(wanted, ", ")),
			}}
		}
		wanted = []string{name}
	}
	for _, name := range wanted {
		if !slices.Contains(offered, name) {
			continue
		}
		if name == "PLAIN" {
			return plain{c.Username, c.Password}, nil
		}
		return &login{username: c.Username, password: c.Password}, nil
	}
	return nil, auth(fmt.Errorf("the server offers %s; %s would be needed: %w",
		strings.Join(offered, ", "), strings.Join(wanted, " or "), ErrNotOffered))
}

func (s *Session) authenticate(ctx context.Context, m mechanism) (Reply, error) {
	command := "AUTH " + m.name()
	first, ok, err := m.start()
	if err != nil {
		return Reply{}, &Error{Kind: KindArgument, Command: command, Err: err}
	}
	opening := line{text: command, limit: s.options.Timeouts.Command}
	held := false
	if ok {
		// RFC 4954, section 4: an empty initial response is written "=".
		response := base64.StdEncoding.EncodeToString(first.response)
		if response == "" {
			response = "="
		}
		if len(command)+1+len(response)+2 <= maxInitialResponse {
			opening = s.authLine(command+" ", response, first.secret)
		} else {
			held = true
		}
	}
	reply, err := s.exchange(ctx, opening)
	for round := 0; err == nil && reply.Code == 334; round++ {
		var answer step
		if held {
			answer, held = first, false
		} else {
			answer, err = s.answer(m, reply, round)
		}
		if err != nil {
			return reply, s.cancelAuth(ctx, command, err)
		}
		reply, err = s.exchange(ctx, s.authLine("", base64.StdEncoding.EncodeToString(answer.response), answer.secret))
	}
	if err != nil {
		var fault *Error
		if errors.As(err, &fault) {
			fault.Command = command
		}
		return reply, err
	}
	reply.Command = command
	if reply.Code != 235 {
		return reply, &Error{Kind: KindAuth, Command: command, Reply: &reply}
	}
	return reply, nil
}

// answer decodes one challenge and has the mechanism answer it.
func (s *Session) answer(m mechanism, reply Reply, round int) (step, error) {
	if round == maxAuthRounds {
		return step{}, fmt.Errorf("the server asked %d times", maxAuthRounds)
	}
	if len(reply.Lines) != 1 {
		return step{}, errors.New("the challenge has several lines")
	}
	challenge, err := base64.StdEncoding.DecodeString(reply.Lines[0])
	if err != nil {
		// QUIRK: some servers ask LOGIN's questions in clear text; the answers
		// do not depend on them.
		if m.name() != "LOGIN" {
			return step{}, errors.New("the challenge is not base64")
		}
		challenge = nil
	}
	return m.next(challenge)
}

// cancelAuth ends an exchange that went wrong on our side. RFC 4954, section 4:
// "*" cancels, and is answered with 501. Whatever it is answered with, the
// connection is not trusted any more.
func (s *Session) cancelAuth(ctx context.Context, command string, why error) error {
	_, _ = s.exchange(ctx, line{text: "*", limit: s.options.Timeouts.Quit})
	return s.wire.failAs(KindProtocol, command, why)
}

func (s *Session) authLine(prefix, response string, secret bool) line {
	l := line{text: prefix + response, limit: s.options.Timeouts.Command}
	if secret {
		l.display = prefix + secretMark
	}
	return l
}
