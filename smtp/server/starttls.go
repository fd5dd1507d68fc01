package server

import (
	"crypto/tls"
	"errors"
	"fmt"
)

// startTLS is STARTTLS: RFC 3207, section 4.
func (s *session) startTLS(c command) {
	switch {
	case !s.bare(c):
		return
	case !s.config.offers(StartTLS):
		s.fail(Reply{502, "5.5.1", "STARTTLS is not offered"})
		return
	case s.peer.TLS != nil:
		s.fail(Reply{503, "5.5.1", "TLS is active"})
		return
	case s.transaction != nil:
		s.outOfOrder("a transaction is open")
		return
	case s.in.Buffered() > 0:
		// Octets that came with the command are clear text, and taken for commands
		// after the handshake they would have been put there by anybody on the way:
		// RFC 3207, section 6. They are dropped with the connection.
		s.in.Reset(wireReader{s.wire})
		s.answer(Reply{554, "5.5.1", "input behind STARTTLS, closing connection"})
		s.leave(errors.New("input behind STARTTLS"))
		return
	}
	s.answer(Reply{220, "2.0.0", "go ahead"})
	if err := s.out.Flush(); err != nil {
		s.leave(err)
		return
	}
	conn := tls.Server(s.conn, s.config.TLS)
	if err := s.handshake(conn); err != nil {
		// Whether the peer is in TLS or not is unknown now; nothing more can be said.
		s.leave(err)
		return
	}
	// RFC 3207, section 4.2: what was learned before TLS is forgotten.
	s.conn = conn
	s.reset()
	s.peer.Hello, s.peer.Extended = "", false
	s.peer.Authenticated, s.peer.User = false, ""
}

func (s *session) handshake(conn *tls.Conn) error {
	s.clock.arm(s.config.Timeouts.Handshake)
	s.clock.armWrite()
	if err := conn.Handshake(); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	state := conn.ConnectionState()
	s.peer.TLS = &state
	return nil
}
