package server

import (
	"errors"
	"io"
)

// What reading a message body can end in, beside io.EOF and errors of the connection.
var (
	// ErrTooLarge means that the message exceeds Limits.MessageSize.
	ErrTooLarge = errors.New("message too large")
	// ErrIllFormed means a bare CR, a bare LF or a NUL in a text.
	ErrIllFormed = errors.New("bare CR, bare LF or NUL in message")
	// ErrAborted means that the client gave the message up between two chunks.
	ErrAborted = errors.New("message aborted")
)

var (
	replyTooLarge  = Reply{552, "5.3.4", "message too large"}                   // RFC 1870, section 6.3
	replyIllFormed = Reply{550, "5.6.0", "bare CR, bare LF or NUL in the text"} // RFC 5321, sections 2.3.8 and 4.5.2
)

// body is a message on its way. Its Read fails at the first violation, and finish
// goes on to where the commands begin again.
type body interface {
	io.Reader
	// finish reads on, without keeping anything, to where the verdict is to be
	// answered. Its error is one of the connection.
	finish(verdict Reply) error
	// fault is the violation found so far.
	fault() error
}

// faultReply is what the client is told of a violation.
func faultReply(err error) Reply {
	switch {
	case errors.Is(err, ErrTooLarge):
		return replyTooLarge
	case errors.Is(err, ErrIllFormed):
		return replyIllFormed
	}
	return Reply{451, "4.3.0", "local error"}
}

// receive hands a body to the handler and returns the verdict on it. The error is
// one of the connection, after which nothing can be answered.
func (s *session) receive(b body) (Reply, error) {
	verdict := s.config.Handler.Message(s.ctx, s.peer, s.transaction.envelope, b).
		or(Reply{250, "2.0.0", "message accepted"})
	if err := b.finish(verdict); err != nil {
		return Reply{}, err
	}
	if err := b.fault(); err != nil {
		return faultReply(err), nil
	}
	return verdict, nil
}

// lost ends the session because the connection failed within a message.
func (s *session) lost(err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	cause := s.farewell(err)
	if cause == nil {
		cause = err
	}
	s.leave(cause)
}
