package smtp

import (
	"context"
	"fmt"
	"strconv"
)

// ChunkPosition says whether more of the message follows a chunk.
type ChunkPosition string

const (
	MoreChunks ChunkPosition = ""
	LastChunk  ChunkPosition = "LAST"
)

// Bdat sends one chunk of a message, its octets as they are: no dot is doubled,
// no line end repaired (RFC 3030). Where the connection ends between the last
// chunk and its reply, the error is InDoubt.
func (s *Session) Bdat(ctx context.Context, chunk []byte, position ChunkPosition) (Reply, error) {
	if err := s.notInMessage("BDAT"); err != nil {
		return Reply{}, err
	}
	if !s.has("CHUNKING") {
		return Reply{}, &Error{Kind: KindRefused, Command: "BDAT", Err: fmt.Errorf("CHUNKING: %w", ErrNotOffered)}
	}
	if err := s.guardChunk(len(chunk)); err != nil {
		return Reply{}, &Error{Kind: KindArgument, Command: "BDAT", Err: err}
	}
	text := "BDAT " + strconv.Itoa(len(chunk))
	if position == LastChunk {
		text += " LAST"
	}
	if err := s.wire.quiet(text); err != nil {
		return Reply{}, err
	}
	owed := s.wire.expect(text, s.options.Timeouts.Message)
	// Set before any octet of the last chunk leaves: from then on, whether the
	// server has the whole message is unknown.
	owed.terminator = position == LastChunk
	if owed.terminator {
		s.ended()
	}
	s.wire.logLine(len(text)+2, text)
	out := append([]byte(text+"\r\n"), chunk...)
	if len(chunk) > 0 {
		s.wire.logLine(len(chunk), "(chunk)")
	}
	if err := s.wire.write(ctx, s.options.Timeouts.Block, text, out); err != nil {
		if fault, ok := err.(*Error); ok {
			fault.InDoubt = owed.terminator
		}
		return Reply{}, err
	}
	reply, err := s.wire.await(ctx)
	switch {
	case err != nil:
	case !reply.OK():
		// RFC 3030, section 2: what is left of the transaction needs an RSET.
		s.open, s.addressed = true, false
	case position == LastChunk:
		s.open = false
	default:
		s.chunked += int64(len(chunk))
	}
	return reply, err
}
