package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// errQuit ends a session as it should end.
var errQuit = errors.New("QUIT")

// command answers one command. An error ends the session.
func (s *session) command(line []byte) error {
	var verb [4]byte
	for i := range copy(verb[:], line) {
		verb[i] = line[i] &^ 0x20 // upper case; commands are letters
	}
	switch string(verb[:]) {
	case "MAIL":
		s.beginMail()
	case "RCPT":
		if !s.mail {
			s.say("503 5.5.1 MAIL first")
			break
		}
		s.recipients++
		s.say("250 2.1.5 Ok")
	case "DATA":
		if s.recipients == 0 {
			s.say("503 5.5.1 RCPT first")
			break
		}
		s.say("354 End data with <CR><LF>.<CR><LF>")
		if err := s.text(); err != nil {
			return err
		}
		s.accepted()
	case "BDAT":
		return s.chunk(line)
	case "EHLO":
		s.reset()
		s.offer()
	case "HELO":
		s.reset()
		s.say("250 sink.localhost")
	case "RSET":
		s.reset()
		s.say("250 2.0.0 Ok")
	case "NOOP":
		s.say("250 2.0.0 Ok")
	case "AUTH":
		return s.login(line)
	case "STAR":
		if !s.server.options.startTLS || s.secure {
			s.say("502 5.5.1 Not offered")
			break
		}
		s.say("220 2.0.0 Ready")
		s.flush()
		return s.handshake()
	case "QUIT":
		s.say("221 2.0.0 Bye")
		s.flush()
		return errQuit
	default:
		s.say("500 5.5.2 Unknown command")
	}
	return nil
}

// offer answers EHLO.
func (s *session) offer() {
	o := s.server.options
	s.say("250-sink.localhost")
	if !o.noPipelining {
		s.say("250-PIPELINING")
	}
	if !o.noChunking {
		s.say("250-CHUNKING")
	}
	if o.startTLS && !s.secure {
		s.say("250-STARTTLS")
	}
	if o.auth {
		s.say("250-AUTH PLAIN LOGIN")
	}
	s.say("250-SIZE 104857600\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES")
}

func (s *session) beginMail() {
	if !s.begun {
		s.begun = true
		s.before = s.transport.counts().turns
	}
	if s.mail {
		s.say("503 5.5.1 Nested MAIL")
		return
	}
	s.mail = true
	s.say("250 2.1.0 Ok")
}

func (s *session) reset() { s.mail, s.recipients = false, 0 }

// accepted ends a message.
func (s *session) accepted() {
	s.reset()
	s.totals.Messages++
	s.totals.MessageTurns = s.transport.counts().turns - s.before
	s.say("250 2.0.0 Ok: queued as 4F1B2C3D4E")
}

// text reads what follows DATA. The dots that were doubled stay: nobody looks.
func (s *session) text() error {
	// The first line may be the end, as if a line end stood before it.
	for s.write-s.read < 3 && bytes.HasPrefix([]byte(".\r\n"), s.input[s.read:s.write]) {
		if err := s.fill(); err != nil {
			return err
		}
	}
	if bytes.HasPrefix(s.input[s.read:s.write], []byte(".\r\n")) {
		s.read += 3
		return nil
	}
	end := []byte("\r\n.\r\n")
	for {
		if i := bytes.Index(s.input[s.read:s.write], end); i >= 0 {
			s.totals.BodyOctets += int64(i + 2) // the line end before the dot is the message's
			s.read += i + len(end)
			return nil
		}
		// What may be the beginning of the end is looked at again.
		if over := s.write - s.read - (len(end) - 1); over > 0 {
			s.read += over
			s.totals.BodyOctets += int64(over)
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// chunk answers BDAT. The octets are taken off the wire whatever becomes of them
// (RFC 3030, section 2): a server that left those of a refused chunk lying would
// read them as commands.
func (s *session) chunk(line []byte) error {
	fields := bytes.Fields(line)
	if len(fields) < 2 || len(fields) > 3 {
		return fmt.Errorf("%q: no chunk size", line)
	}
	size, err := strconv.ParseUint(string(fields[1]), 10, 62)
	if err != nil {
		return fmt.Errorf("%q: no chunk size", line)
	}
	last := len(fields) == 3
	if last && !bytes.EqualFold(fields[2], []byte("LAST")) {
		return fmt.Errorf("%q: neither a chunk nor the last", line)
	}
	if err := s.skip(int64(size)); err != nil {
		return err
	}
	s.totals.Chunks++
	switch {
	case s.recipients == 0:
		s.say("503 5.5.1 RCPT first")
	case last:
		s.totals.BodyOctets += int64(size)
		s.accepted()
	default:
		s.totals.BodyOctets += int64(size)
		s.say("250 2.0.0 Ok")
	}
	return nil
}

// skip passes over n octets.
func (s *session) skip(n int64) error {
	for {
		here := min(n, int64(s.write-s.read))
		s.read += int(here)
		n -= here
		if n == 0 {
			return nil
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// login lets everybody in (RFC 4954).
func (s *session) login(line []byte) error {
	fields := bytes.Fields(line)
	questions := []string{"334 "} // PLAIN asks nothing
	if len(fields) > 1 && bytes.EqualFold(fields[1], []byte("LOGIN")) {
		questions = []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"}
	}
	if len(fields) > 2 { // the first answer came with the command
		questions = questions[1:]
	}
	for _, question := range questions {
		s.say(question)
		if _, err := s.line(); err != nil {
			return err
		}
	}
	s.say("235 2.7.0 Welcome")
	return nil
}
