package smtp

import (
	"context"
	"errors"
)

// Ehlo introduces the client and learns what the server offers; name "" is the
// session's local name. A server that refuses EHLO with 5xx, and only then, is
// greeted with HELO (RFC 5321, section 3.2). It fails where both are refused.
func (s *Session) Ehlo(ctx context.Context, name string) (Reply, error) {
	name, err := s.introduce("EHLO", name)
	if err != nil {
		return Reply{}, err
	}
	verb := "EHLO"
	if s.options.Protocol == LMTP {
		verb = "LHLO" // RFC 2033, section 4.1
	}
	reply, err := s.exchange(ctx, line{text: verb + " " + name, limit: s.options.Timeouts.Command, own: true})
	switch {
	case err != nil:
		return reply, err
	case reply.OK():
		s.caps, s.open = parseCapabilities(reply), false
		return reply, nil
	case s.options.Protocol == SMTP && reply.Permanent() && s.wire.usable("HELO") == nil:
		return s.Helo(ctx, name)
	}
	return reply, &Error{Kind: KindRefused, Command: reply.Command, Reply: &reply}
}

// Helo introduces the client in the way of RFC 821; the server then offers
// nothing.
func (s *Session) Helo(ctx context.Context, name string) (Reply, error) {
	name, err := s.introduce("HELO", name)
	if err != nil {
		return Reply{}, err
	}
	reply, err := s.command(ctx, "HELO "+name, s.options.Timeouts.Command)
	switch {
	case err != nil:
		return reply, err
	case !reply.OK():
		return reply, &Error{Kind: KindRefused, Command: reply.Command, Reply: &reply}
	}
	s.caps, s.open = Capabilities{}, false
	return reply, nil
}

func (s *Session) introduce(verb, name string) (string, error) {
	if name == "" {
		if err := s.wire.usable(verb); err != nil {
			return "", err
		}
		return s.options.localName(s.wire.conn), nil
	}
	if !validLocalName(name) {
		return "", &Error{Kind: KindArgument, Command: verb, Err: &argumentError{
			"the name is neither a host name nor an address literal",
		}}
	}
	return name, nil
}

// StartTLS encrypts the connection (RFC 3207) and says EHLO again, because
// everything the server said in clear text may have been changed on its way.
func (s *Session) StartTLS(ctx context.Context) (Reply, error) {
	switch {
	case s.wire.usable("STARTTLS") != nil:
		return Reply{}, s.wire.usable("STARTTLS")
	case s.tls != nil:
		return Reply{}, &Error{Kind: KindArgument, Command: "STARTTLS", Err: &argumentError{"the connection is already encrypted"}}
	case !s.has("STARTTLS"):
		return Reply{}, &Error{Kind: KindRefused, Command: "STARTTLS", Err: ErrNotOffered}
	}
	reply, err := s.exchange(ctx, line{text: "STARTTLS", limit: s.options.Timeouts.Command, own: true})
	if err != nil {
		return reply, err
	}
	if reply.Code != 220 {
		return reply, &Error{Kind: KindRefused, Command: "STARTTLS", Reply: &reply}
	}
	s.caps = Capabilities{}
	if err := s.handshake(ctx, "TLS handshake with "+s.Target().Address()); err != nil {
		return reply, err
	}
	_, err = s.Ehlo(ctx, "")
	return reply, err
}

// startTLSIfOffered upgrades where it can. A refusal leaves the connection in
// clear text, which is what "opportunistic" means; a handshake that was begun
// must succeed, because the state after a failed one is unknown.
func (s *Session) startTLSIfOffered(ctx context.Context) error {
	if !s.has("STARTTLS") {
		s.log.notef("STARTTLS is not offered; continuing in clear text, as asked")
		return nil
	}
	_, err := s.StartTLS(ctx)
	var fault *Error
	if errors.As(err, &fault) && fault.Kind == KindRefused && fault.Command == "STARTTLS" && s.Usable() == nil {
		s.log.notef("STARTTLS was refused; continuing in clear text, as asked")
		return nil
	}
	return err
}
