package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ChunkPosition says whether more of the message follows a chunk.
type ChunkPosition string

const (
	MoreChunks ChunkPosition = ""
	LastChunk  ChunkPosition = "LAST"
)

// chunkSize is how much of a message one BDAT carries where Send decides: a
// server may keep a chunk in memory (RFC 3030, section 2).
const chunkSize = 256 << 10

// Bdat sends one chunk of a message, its octets as they are: no dot is doubled,
// no line end repaired (RFC 3030). The reply is one, but for the last chunk with
// LMTP, which has one for each accepted recipient. Where the connection ends
// between the last chunk and a reply, the error is InDoubt.
func (s *Session) Bdat(ctx context.Context, chunk []byte, position ChunkPosition) ([]Reply, error) {
	if err := s.notInMessage("BDAT"); err != nil {
		return nil, err
	}
	if !s.has("CHUNKING") {
		return nil, chunkingMissing()
	}
	return s.chunk(ctx, chunk, position, s.owed())
}

func chunkingMissing() error {
	return &Error{Kind: KindRefused, Command: "BDAT", Err: fmt.Errorf("CHUNKING: %w", ErrNotOffered)}
}

func (s *Session) chunk(ctx context.Context, chunk []byte, position ChunkPosition, replies int) ([]Reply, error) {
	if err := s.guardChunk(len(chunk)); err != nil {
		return nil, &Error{Kind: KindArgument, Command: "BDAT", Err: err}
	}
	text := "BDAT " + strconv.Itoa(len(chunk))
	last := position == LastChunk
	if last {
		text += " LAST"
	} else {
		replies = 1
	}
	if err := s.wire.usable(text); err != nil {
		return nil, err
	}
	if err := s.wire.quiet(text); err != nil {
		return nil, err
	}
	owed := s.wire.expect(text, s.options.Timeouts.Message)
	// Set before any octet of the last chunk leaves: from then on, whether the
	// server has the whole message is unknown.
	owed.terminator = last
	if last {
		s.ended()
	}
	s.wire.logLine(len(text)+2, text)
	out := append(append(make([]byte, 0, len(text)+2+len(chunk)), text+"\r\n"...), chunk...)
	if len(chunk) > 0 {
		s.wire.logLine(len(chunk), "(chunk)")
	}
	if err := s.wire.write(ctx, s.options.Timeouts.Block, text, out); err != nil {
		if fault, ok := err.(*Error); ok {
			fault.InDoubt = last
		}
		return nil, err
	}
	verdicts, err := s.verdicts(ctx, text, replies, last)
	switch {
	case err != nil:
	case !accepts(verdicts):
		// RFC 3030, section 2: what is left of the transaction needs an RSET.
		s.open, s.rcpts = true, 0
	case last:
		s.open = false
	default:
		s.chunked += int64(len(chunk))
	}
	return verdicts, err
}

// accepts reports whether the message was taken for anybody.
func accepts(replies []Reply) bool {
	for _, reply := range replies {
		if reply.OK() {
			return true
		}
	}
	return false
}

// errRefusedChunk stops the writing of a message whose chunk was refused.
var errRefusedChunk = errors.New("the server refused a chunk")

// transmitChunks is transmit with BDAT: line ends are repaired where the message
// is not binary, and no dot is doubled.
func (s *Session) transmitChunks(ctx context.Context, content Content, replies int) ([]Reply, error) {
	out := &chunkWriter{session: s, ctx: ctx, replies: replies}
	lines := &dotStuffer{out: out, chunked: true}
	var to io.Writer = lines
	if content.Binary {
		to = out
	}
	_, err := content.Writer.WriteTo(to)
	read := lines.read
	if content.Binary {
		read = out.taken
	}
	if err == nil && content.Size >= 0 && read != content.Size {
		err = wrongSize(content.Size, read)
	}
	switch {
	case out.err != nil:
		return out.verdicts, out.err
	case out.verdicts != nil: // a chunk was refused
		return out.verdicts, nil
	case err != nil:
		// Without its last chunk the server must forget the message; nothing else
		// may follow on this connection.
		return nil, s.wire.failAs(KindFile, "message", err)
	}
	if !content.Binary {
		out.buf = append(out.buf, lines.ending()...)
	}
	return s.chunk(ctx, out.buf, LastChunk, replies)
}

// chunkWriter gathers message text into chunks. The last stays for the caller.
type chunkWriter struct {
	session  *Session
	ctx      context.Context
	replies  int
	buf      []byte
	taken    int64
	verdicts []Reply // of a refused chunk
	err      error
}

func (c *chunkWriter) Write(p []byte) (int, error) {
	c.taken += int64(len(p))
	for rest := p; len(rest) > 0; {
		if len(c.buf) >= chunkSize {
			if err := c.flush(); err != nil {
				return 0, err
			}
		}
		n := min(len(rest), chunkSize-len(c.buf))
		c.buf = append(c.buf, rest[:n]...)
		rest = rest[n:]
	}
	return len(p), nil
}

func (c *chunkWriter) flush() error {
	replies, err := c.session.chunk(c.ctx, c.buf, MoreChunks, 1)
	c.buf = c.buf[:0]
	switch {
	case err != nil:
		c.err = err
		return err
	case !accepts(replies):
		c.verdicts = replies
		return errRefusedChunk
	}
	return nil
}
