package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
)

const (
	inputSize = 256 << 10 // also the longest line
	// outputFull is how many octets of replies are gathered at most.
	outputFull = 32 << 10
)

// session is one connection.
type session struct {
	server    *server
	transport transport
	conn      net.Conn // transport, or TLS on it

	input       []byte
	read, write int // what is between them is still to be worked on
	output      []byte
	fault       error // of a write

	secure     bool
	mail       bool // MAIL was accepted
	recipients int
	begun      bool  // a first MAIL came
	before     int64 // turns before it
	totals     totals
}

func newSession(s *server, t transport) *session {
	n := &session{server: s, transport: t, conn: t, input: make([]byte, inputSize)}
	n.totals.Connections = 1
	t.whenIdle(n.flush)
	return n
}

// errGone is a client that closed between commands.
var errGone = errors.New("closed without QUIT")

func (s *session) run() error {
	if s.server.options.implicit {
		if err := s.handshake(); err != nil {
			return err
		}
	}
	s.say("220 sink.localhost ESMTP")
	for {
		line, err := s.line()
		if err == io.EOF && s.read == s.write && !s.mail {
			return errGone
		}
		if err != nil {
			return err
		}
		s.totals.Commands++
		if err := s.command(line); err != nil {
			return err
		}
	}
}

// result is what the connection counted, given how it ended.
func (s *session) result(err error) totals {
	e := s.transport.counts()
	s.totals.Turns, s.totals.Rounds, s.totals.Reads, s.totals.Writes = e.turns, e.rounds, e.reads, e.writes
	if !errors.Is(err, errQuit) && !errors.Is(err, errGone) {
		s.totals.Errors++
	}
	return s.totals
}

func (s *session) handshake() error {
	s.read, s.write = 0, 0 // what came in clear text is forgotten (RFC 3207, section 6)
	conn := tls.Server(s.transport, s.server.tls)
	if err := conn.Handshake(); err != nil {
		return err
	}
	s.conn, s.secure = conn, true
	return nil
}

// say gathers a reply. It is written once there is nothing more to work on.
func (s *session) say(reply string) {
	if reply[0] == '5' {
		s.totals.Refused++
	}
	s.output = append(append(s.output, reply...), '\r', '\n')
	if len(s.output) >= outputFull {
		s.flush()
	}
}

func (s *session) flush() {
	if len(s.output) == 0 {
		return
	}
	if _, err := s.conn.Write(s.output); err != nil && s.fault == nil {
		s.fault = err
	}
	s.output = s.output[:0]
}

// fill reads more input.
func (s *session) fill() error {
	switch {
	case s.fault != nil:
		return s.fault
	case s.read == s.write:
		s.read, s.write = 0, 0
	case s.write == len(s.input):
		s.write = copy(s.input, s.input[s.read:s.write])
		s.read = 0
	}
	n, err := s.conn.Read(s.input[s.write:])
	s.write += n
	s.totals.Octets += int64(n)
	if n > 0 {
		return nil
	}
	return err
}

// line returns the next line without its end. It is valid until more is read.
func (s *session) line() ([]byte, error) {
	for seen := 0; ; {
		if i := bytes.IndexByte(s.input[s.read+seen:s.write], '\n'); i >= 0 {
			line := s.input[s.read : s.read+seen+i]
			s.read += seen + i + 1
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		seen = s.write - s.read
		if seen == len(s.input) {
			return nil, errors.New("the line is too long")
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}
