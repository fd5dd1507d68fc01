package server

import (
	"bufio"
	"io"
)

// data is DATA: RFC 5321, section 4.1.1.4.
func (s *session) data(c command) {
	switch {
	case !s.bare(c):
		return
	case s.transaction == nil:
		s.outOfOrder("MAIL first")
		return
	case s.transaction.chunked: // RFC 3030, section 2
		s.outOfOrder("the message has begun with BDAT")
		return
	case s.transaction.envelope.Sender.Body == BodyBinary: // RFC 3030, section 3
		s.outOfOrder("BINARYMIME needs BDAT")
		return
	case len(s.transaction.envelope.Recipients) == 0:
		// RFC 5321, section 3.3. Pipelined behind refused recipients this is no error of the client.
		s.answer(Reply{554, "5.5.1", "no valid recipients"})
		return
	}
	s.reply(replyPlain, Reply{354, "", "end with <CRLF>.<CRLF>"})
	s.clock.armBody()
	verdict, err := s.receive(&dataBody{in: s.in, limit: s.config.Limits.MessageSize})
	if err != nil {
		s.lost(err)
		return
	}
	s.answer(verdict)
	s.reset()
}

// dataState is where in a line the next octet of DATA stands.
type dataState int

const (
	lineStart dataState = iota
	inLine
	afterCR       // a CR in the line
	afterDot      // the line began with "."
	afterDotAndCR // the line began with ".", CR
)

// dataBody undoes dot-stuffing and finds the end: RFC 5321, section 4.5.2. The
// state is a function of the octets alone, wherever the reads split them. A bare CR
// or LF never begins a line, so nothing but <CRLF>.<CRLF> can end the message.
type dataBody struct {
	in    *bufio.Reader
	limit int64
	size  int64 // octets of the message so far
	state dataState
	ended bool
	bad   error
}

func (d *dataBody) fault() error { return d.bad }

func (d *dataBody) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for d.bad == nil && !d.ended {
		n, err := d.advance(p)
		if d.bad == nil && n > 0 {
			return n, nil
		}
		if err != nil {
			return 0, unexpected(err)
		}
	}
	if d.bad != nil {
		return 0, d.bad
	}
	return 0, io.EOF
}

func (d *dataBody) finish(Reply) error {
	var scratch [4096]byte
	for !d.ended {
		if _, err := d.advance(scratch[:]); err != nil {
			return unexpected(err)
		}
	}
	return nil
}

// advance moves through what is buffered, at most len(p) octets of it, and stores
// the message's octets in p.
func (d *dataBody) advance(p []byte) (int, error) {
	if _, err := d.in.Peek(1); err != nil {
		return 0, err
	}
	input, _ := d.in.Peek(min(d.in.Buffered(), len(p)))
	n, used := 0, 0
	for _, c := range input {
		used++
		if d.step(c) {
			p[n] = c
			n++
		}
		if d.ended {
			break
		}
	}
	d.size += int64(n)
	if d.size > d.limit && d.bad == nil {
		d.bad = ErrTooLarge
	}
	_, err := d.in.Discard(used)
	return n, err
}

// step takes one octet and tells whether it belongs to the message.
func (d *dataBody) step(c byte) bool {
	switch d.state {
	case lineStart:
		if c == '.' {
			d.state = afterDot
			return false
		}
	case afterDot:
		if c == '\r' {
			d.state = afterDotAndCR
			return false
		}
		// The dot was stuffing; this octet is the first of the line.
	case afterCR:
		if c == '\n' {
			d.state = lineStart
			return true
		}
		d.bad = ErrIllFormed
	case afterDotAndCR:
		if c == '\n' {
			d.ended = true
			return false
		}
		d.bad = ErrIllFormed
	}
	switch c {
	case '\r':
		d.state = afterCR
	case '\n', 0:
		d.bad = ErrIllFormed
		d.state = inLine
	default:
		d.state = inLine
	}
	return true
}

// unexpected is io.ErrUnexpectedEOF where the connection ended within a message,
// so that a handler never takes it for the message's end.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
