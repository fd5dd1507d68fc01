package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Credentials are who to be, and how to prove it: with a password, a token, or
// the client certificate of the connection.
type Credentials struct {
	Username string
	Password Secret
	// Token is an OAuth 2 access token, used in place of a password.
	Token Secret
	// Mechanism forces one SASL mechanism; "" takes the strongest that both sides
	// have. XOAUTH2 and OAUTHBEARER take the password for the token where no
	// token is set.
	Mechanism string
	// Minimum is the weakest mechanism that may be taken for a password, such as
	// "SCRAM-SHA-256"; "" allows all. A server that stops offering it may be
	// somebody else.
	Minimum string
	// ChannelBinding is what mechanisms with -PLUS bind to; "" is tls-exporter
	// with TLS 1.3 and tls-server-end-point before.
	ChannelBinding ChannelBinding
	// LoginInOneWrite sends LOGIN's command and both answers at once, which some
	// servers take and no standard has. Only over TLS.
	LoginInOneWrite bool
	// InClear allows credentials over a connection without TLS.
	InClear bool
}

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
	s.wire.redactor.hide(credentials.Token.reveal())
	if l, ok := chosen.(*login); ok && credentials.LoginInOneWrite {
		return s.loginInOneWrite(ctx, l)
	}
	return s.authenticate(ctx, chosen)
}

func (s *Session) authenticate(ctx context.Context, m mechanism) (Reply, error) {
	command := "AUTH " + m.name()
	first, ok, err := m.start()
	if err != nil {
		return Reply{}, &Error{Kind: KindArgument, Command: command, Err: err}
	}
	opening := line{text: command, limit: s.options.Timeouts.Command, own: true}
	held := false
	if ok {
		// RFC 4954, section 4: an empty initial response is written "=".
		response := base64.StdEncoding.EncodeToString(first.response)
		if response == "" {
			response = "="
		}
		if len(command)+1+len(response)+2 <= maxInitialResponse {
			opening = s.authLine(command+" ", response, first)
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
		reply, err = s.exchange(ctx, s.authLine("", base64.StdEncoding.EncodeToString(answer.response), answer))
	}
	if err != nil {
		var fault *Error
		if errors.As(err, &fault) {
			fault.Command = command
		}
		return reply, err
	}
	return s.concludeAuth(m, reply)
}

// concludeAuth judges the last reply of an exchange.
func (s *Session) concludeAuth(m mechanism, reply Reply) (Reply, error) {
	reply.Command = "AUTH " + m.name()
	if reply.Code != 235 {
		fault := &Error{Kind: KindAuth, Command: reply.Command, Reply: &reply}
		if e, ok := m.(explainer); ok && e.why() != "" {
			fault.Err = errors.New(s.wire.redactor.clean(e.why()))
		}
		return reply, fault
	}
	if err := m.finish(); err != nil {
		return reply, s.wire.failAs(KindAuth, reply.Command, err)
	}
	return reply, nil
}

// loginInOneWrite is LOGIN without waiting for its questions. A server that
// refuses the first line reads the other two as commands; what it answers to
// them means nothing.
func (s *Session) loginInOneWrite(ctx context.Context, l *login) (Reply, error) {
	if s.tls == nil {
		return Reply{}, &Error{Kind: KindArgument, Command: "AUTH LOGIN", Err: &argumentError{"LOGIN in one write is for connections with TLS only"}}
	}
	lines := []line{{text: "AUTH LOGIN", limit: s.options.Timeouts.Command, own: true}}
	for range 2 {
		answer, err := l.next(nil)
		if err != nil {
			return Reply{}, err
		}
		lines = append(lines, s.authLine("", base64.StdEncoding.EncodeToString(answer.response), answer))
	}
	if err := s.push(ctx, lines...); err != nil {
		return Reply{}, err
	}
	var verdict Reply
	for i := range lines {
		reply, err := s.wire.await(ctx)
		if err != nil {
			if verdict.Code >= 400 { // it hung up behind its refusal
				break
			}
			var fault *Error
			if errors.As(err, &fault) {
				fault.Command = "AUTH LOGIN"
			}
			return reply, err
		}
		if i == 0 || verdict.Code == 334 {
			verdict = reply
		}
	}
	return s.concludeAuth(l, verdict)
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
		// do not depend on them. Nor does that to the explanation of a refused
		// token, which may repeat the token and then arrives here without it.
		_, token := m.(*bearer)
		if m.name() != "LOGIN" && !(token && strings.Contains(reply.Lines[0], secretMark)) {
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
	_, _ = s.exchange(ctx, line{text: "*", limit: s.options.Timeouts.Quit, own: true})
	return s.wire.failAs(KindProtocol, command, why)
}

func (s *Session) authLine(prefix, response string, said step) line {
	l := line{text: prefix + response, limit: s.options.Timeouts.Command, own: true, hidden: said.proven}
	if said.secret {
		l.display = prefix + secretMark
	}
	return l
}
