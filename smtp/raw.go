package smtp

import (
	"context"
	"strings"
)

// Write sends octets as they are, past all checks: for probing a server with
// what no client should say. Each reply it causes must be fetched with Read;
// a command sent while one is outstanding breaks the session.
func (s *Session) Write(ctx context.Context, p []byte) error {
	const what = "raw write"
	s.leaveStream()
	if err := s.wire.usable(what); err != nil {
		return err
	}
	if s.options.Guard.set() {
		return &Error{Kind: KindArgument, Command: what, Err: &argumentError{
			"not under a guard, which cannot tell what the octets mean; use command or pipeline",
		}}
	}
	for rest := string(p); rest != ""; {
		end := strings.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		s.wire.logLine(end, rest[:end])
		rest = rest[end:]
	}
	s.raw = true
	return s.wire.write(ctx, s.options.Timeouts.Block, what, p)
}

// Read returns the next n replies, for what was sent with Write. Where a fault
// cuts them short, those that came are returned with it.
func (s *Session) Read(ctx context.Context, n int) ([]Reply, error) {
	const what = "raw read"
	s.leaveStream()
	replies := make([]Reply, 0, min(n, 64))
	for len(replies) < n {
		if err := s.wire.usable(what); err != nil {
			return replies, err
		}
		limit := s.options.Timeouts.Command
		if s.data {
			limit = s.options.Timeouts.Message
		}
		reply, err := s.wire.read(ctx, what, limit, false)
		if err != nil {
			if fault, ok := err.(*Error); ok {
				// Whether a message ended in those octets is not known here.
				fault.InDoubt = s.data && s.raw
			}
			return replies, err
		}
		s.data = reply.Code == 354
		s.raw = false
		if reply.Code == 421 {
			s.wire.breakOff(&Error{Kind: KindLost, Command: what, Reply: &reply})
		}
		replies = append(replies, reply)
	}
	return replies, nil
}
