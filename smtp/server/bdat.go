package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// bdat is BDAT: RFC 3030, section 2. Whatever is wrong with the command, the
// octets announced are read before the reply, so that none is taken for a command.
func (s *session) bdat(c command) {
	chunk, ok := parseChunk(c.argument)
	if !ok {
		// How many octets follow cannot be known, so nothing that follows can be read.
		s.answer(Reply{501, "5.5.4", "want BDAT size [LAST], closing connection"})
		s.leave(errors.New("malformed BDAT"))
		return
	}
	s.clock.armBody()
	switch {
	case !s.extended(Chunking):
		s.discardChunk(chunk, func() { s.fail(Reply{502, "5.5.1", "BDAT is not offered"}) })
		return
	case s.transaction == nil:
		s.discardChunk(chunk, func() { s.outOfOrder("MAIL first") })
		return
	case len(s.transaction.envelope.Recipients) == 0:
		s.discardChunk(chunk, func() { s.answer(Reply{503, "5.5.1", "no valid recipients"}) })
		return
	}
	s.transaction.chunked = true
	b := &chunkBody{session: s, text: s.transaction.envelope.Sender.Body != BodyBinary}
	b.begin(chunk)
	verdict, err := s.receive(b)
	switch {
	case errors.Is(err, ErrAborted): // the command that ended it answers for itself
		s.reset()
		return
	case err != nil:
		s.lost(err)
		return
	}
	s.answer(verdict)
	// A failed chunk fails the transaction, and those pipelined behind it find none.
	s.reset()
	s.refused = !verdict.Positive()
}

// chunk is what a BDAT command announces.
type chunk struct {
	size int64
	last bool
}

func parseChunk(argument string) (chunk, bool) {
	size, last, hasLast := strings.Cut(argument, " ")
	n, ok := parseOctets(size)
	if !ok || hasLast && !strings.EqualFold(last, "LAST") {
		return chunk{}, false
	}
	return chunk{n, hasLast}, true
}

// discardChunk reads a chunk that has no place and then answers.
func (s *session) discardChunk(c chunk, answer func()) {
	if err := discard(s.in, c.size); err != nil {
		s.lost(err)
		return
	}
	answer()
}

func discard(in *bufio.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, in, n)
	return unexpected(err)
}

// chunkBody is a message in chunks. Its reads go from one chunk to the next by
// executing the commands between them, so that the handler sees one stream.
type chunkBody struct {
	session *session
	text    bool  // lines end in CRLF, as in DATA; false for BINARYMIME
	size    int64 // octets announced so far
	left    int64 // octets of this chunk still to come
	last    bool
	afterCR bool
	bad     error
	broken  error // the connection failed or the message was given up
}

// begin takes up a chunk. The octets of one that exceeds the limit still follow.
func (b *chunkBody) begin(c chunk) {
	b.left, b.last = c.size, c.last
	limit := b.session.config.Limits.MessageSize
	if c.size > limit-b.size {
		b.bad = ErrTooLarge
		return
	}
	b.size += c.size
}

func (b *chunkBody) fault() error { return b.bad }

func (b *chunkBody) Read(p []byte) (int, error) {
	for b.bad == nil && b.broken == nil && b.left == 0 {
		if b.last {
			if !b.text || !b.afterCR {
				return 0, io.EOF
			}
			b.bad = ErrIllFormed
			break
		}
		b.broken = b.next()
	}
	switch {
	case b.broken != nil:
		return 0, b.broken
	case b.bad != nil:
		return 0, b.bad
	case len(p) == 0:
		return 0, nil
	}
	n, err := b.session.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil {
		b.broken = unexpected(err)
		return 0, b.broken
	}
	if b.text && !b.wellFormed(p[:n]) {
		b.bad = ErrIllFormed
		return 0, b.bad
	}
	return n, nil
}

// wellFormed checks that CR and LF come in pairs and NUL not at all: without
// BINARYMIME a chunked message is the text DATA would carry (RFC 3030, section 3),
// and a server behind this one may well get it with DATA.
func (b *chunkBody) wellFormed(p []byte) bool {
	for _, c := range p {
		if b.afterCR != (c == '\n') || c == 0 {
			return false
		}
		b.afterCR = c == '\r'
	}
	return true
}

// finish knows that a negative verdict, or a fault, is the reply to the chunk at
// hand, and that a positive one is worth nothing before LAST.
func (b *chunkBody) finish(verdict Reply) error {
	for verdict.Positive() && b.broken == nil && b.bad == nil && !(b.last && b.left == 0) {
		var scratch [4096]byte
		_, _ = b.Read(scratch[:])
	}
	if b.broken != nil {
		return b.broken
	}
	return discard(b.session.in, b.left)
}

// next answers the chunk that ended and executes commands up to the next one.
func (b *chunkBody) next() error {
	s := b.session
	s.answer(Reply{250, "2.0.0", fmt.Sprintf("%d octets received", b.size)})
	for {
		c, err := s.readCommand()
		if err != nil {
			return err
		}
		if c == nil || s.leaving {
			return ErrAborted
		}
		switch c.verb {
		case "BDAT":
			next, ok := parseChunk(c.argument)
			if !ok {
				s.pending = c
				return ErrAborted
			}
			s.clock.armBody()
			b.begin(next)
			return nil
		case "RSET", "EHLO", "HELO", "QUIT":
			s.pending = c
			return ErrAborted
		}
		s.execute(*c)
		if s.leaving {
			return ErrAborted
		}
	}
}
