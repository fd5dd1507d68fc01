package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// Serve speaks SMTP on one connection until the client quits, an error ends it,
// or ctx is done; it closes the connection. When ctx is done, the client is told
// 421 at the next command, and a message on its way has Timeouts.Grace to end.
//
// The error is nil when the client took its leave, by QUIT or by closing between
// two transactions, and when ctx ended the session between two.
func Serve(ctx context.Context, conn net.Conn, config Config) error {
	config = config.withDefaults()
	s := &session{
		ctx:    ctx,
		config: config,
		wire:   newWire(conn, &clock{conn: conn, timeouts: config.Timeouts}),
		peer:   Peer{Remote: conn.RemoteAddr(), Local: conn.LocalAddr()},
	}
	defer context.AfterFunc(ctx, s.clock.stop)()
	err := s.run()
	s.end()
	if err != nil {
		return fmt.Errorf("smtp server: %w", err)
	}
	return nil
}

// session is one connection.
type session struct {
	ctx    context.Context // of the one call of Serve this session lives in
	config Config
	*wire
	peer        Peer
	transaction *transaction
	// refused is true while a refused MAIL or RCPT makes the commands pipelined
	// behind it fail: those are no errors of the client.
	refused bool
	errors  int
	// pending is a command that ended a message begun with BDAT and is still to be executed.
	pending *command
	// leaving is set when no further command is to be read, and cause says why
	// unless the client wished it.
	leaving bool
	cause   error
	line    []byte // scratch for replies
}

// transaction is a mail transaction: RFC 5321, section 3.3.
type transaction struct {
	envelope Envelope
	chunked  bool // BDAT was used, so DATA, MAIL and RCPT are out of order: RFC 3030, section 2
}

func (s *session) run() error {
	if conn, implicit := s.conn.(*tls.Conn); implicit {
		if err := s.handshake(conn); err != nil {
			return err
		}
	}
	s.reply(replyPlain, Reply{220, "", s.config.Hostname + " ESMTP"})
	for !s.leaving {
		next := s.pending
		s.pending = nil
		if next == nil {
			var err error
			if next, err = s.readCommand(); err != nil {
				return s.farewell(err)
			}
		}
		if next != nil {
			s.execute(*next)
		}
	}
	return s.cause
}

// farewell makes of a failed wait for a command what the client is told and what
// Serve returns.
func (s *session) farewell(err error) error {
	switch {
	case s.clock.stopped():
		// RFC 5321, section 3.8: the service shuts down.
		s.answer(Reply{421, "4.3.2", "shutting down, closing connection"})
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.answer(Reply{421, "4.4.2", "timeout, closing connection"})
		return errors.New("timeout")
	case errors.Is(err, errNoise):
		s.answer(Reply{421, "4.7.0", "no end of line, closing connection"})
	case errors.Is(err, io.EOF) && s.transaction == nil:
		return nil
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

// end sends what is left to say and closes. A client that is still sending when
// the socket closes would be answered by a reset, which can overtake the last
// reply; so the server stops talking first and listens a little.
func (s *session) end() {
	err := s.out.Flush()
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok && err == nil && s.cause != nil {
		if half.CloseWrite() == nil {
			s.clock.arm(lingerTime)
			_, _ = io.CopyN(io.Discard, s.conn, lingerSize)
		}
	}
	_ = s.conn.Close()
}

// answer queues a reply, after which 421 ends the connection.
func (s *session) answer(reply Reply) {
	form := replyPlain
	if s.config.offers(EnhancedStatusCodes) {
		form = replyEnhanced
	}
	s.reply(form, reply)
	if reply.Code == 421 && !s.leaving {
		s.leave(errors.New(reply.String()))
	}
}

func (s *session) reply(form replyForm, reply Reply) {
	set := charsetASCII
	if s.transaction != nil && s.transaction.envelope.Sender.UTF8 {
		set = charsetUTF8
	}
	s.line = reply.append(s.line[:0], form, set)
	// A write error stays in the writer, and the next read reports it.
	_, _ = s.out.Write(s.line)
}

// fail answers a command that is the client's error, and counts it.
func (s *session) fail(reply Reply) {
	s.errors++
	if s.errors >= s.config.Limits.Errors {
		reply = Reply{421, "4.7.0", "too many errors, closing connection"}
	}
	s.answer(reply)
}

// outOfOrder answers a command that has no place here: RFC 5321, section 4.1.4.
func (s *session) outOfOrder(text string) {
	reply := Reply{503, "5.5.1", text}
	if s.refused {
		s.answer(reply)
		return
	}
	s.fail(reply)
}

// leave ends the session after the current command; cause is nil when the client wished it.
func (s *session) leave(cause error) {
	s.leaving = true
	s.cause = cause
}

// reset forgets the transaction: RFC 5321, section 4.1.1.5.
func (s *session) reset() {
	s.transaction = nil
	s.refused = false
}
