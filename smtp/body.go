package smtp

import (
	"context"
	"errors"
	"fmt"
)

// blockSize is how much message text goes into one write.
const blockSize = 64 << 10

// Body sends the message after a DATA that was answered with 354, and returns
// the reply to it: with LMTP, one for each accepted recipient. Where the
// connection ends between the message's last octet and a reply, the error is
// InDoubt.
func (s *Session) Body(ctx context.Context, content Content) ([]Reply, error) {
	s.leaveStream()
	if err := s.wire.usable("message"); err != nil {
		return nil, err
	}
	if !s.data {
		return nil, &Error{Kind: KindArgument, Command: "message", Err: &argumentError{"the server has not asked for it; send MAIL, RCPT and DATA first"}}
	}
	replies, err := s.transmit(ctx, content, s.owed())
	s.data, s.open = false, false
	return replies, err
}

// owed is how many replies a message gets.
func (s *Session) owed() int {
	if s.options.Protocol == LMTP {
		return max(s.rcpts, 1)
	}
	return 1
}

// endEmpty finishes a DATA that should never have been accepted: with every
// recipient refused, RFC 2920, section 3.1, has the client send a lone dot.
// The reply says nothing about any message.
func (s *Session) endEmpty(ctx context.Context) error {
	e := s.wire.expect("end of an empty message", s.options.Timeouts.Message)
	s.wire.logLine(3, ".")
	s.data = false
	if err := s.wire.write(ctx, s.options.Timeouts.Block, e.command, []byte(".\r\n")); err != nil {
		return err
	}
	_, err := s.wire.await(ctx)
	return err
}

// errEarly stops the writing of a message that the server has answered before
// its end.
var errEarly = errors.New("the server answered before the end of the message")

// transmit writes a message dot-stuffed, ends it, and reads the reply. While
// it writes, a reader watches for an answer that comes too early: a server that
// refuses a message half-way stops reading, and would otherwise block us.
func (s *Session) transmit(ctx context.Context, content Content, replies int) ([]Reply, error) {
	const what = "message"
	w := s.wire
	if err := w.quiet(what); err != nil {
		return nil, err
	}
	owed := w.expect(what, s.options.Timeouts.Message)
	watch := w.watch()
	out := &blockWriter{session: s, ctx: ctx, watch: watch, owed: owed}
	stuffer := &dotStuffer{out: out}
	_, err := content.Writer.WriteTo(stuffer)
	if err == nil && out.err == nil && content.Size >= 0 && stuffer.read != content.Size {
		err = wrongSize(content.Size, stuffer.read)
	}
	if err == nil && out.err == nil {
		err = out.finish(stuffer.ending())
	}
	switch {
	case out.err != nil:
		reply, err := s.interrupted(ctx, owed, out.err)
		if err != nil {
			return nil, err
		}
		return []Reply{reply}, nil
	case err != nil:
		// The message could not be read to its end. Without its terminator the
		// server must forget it; nothing else may follow on this connection.
		return nil, w.failAs(KindFile, what, err)
	}
	return s.verdicts(ctx, what, replies, true)
}

func wrongSize(announced, found int64) error {
	return fmt.Errorf("the message was announced with %d octets and has %d", announced, found)
}

// verdicts reads the replies to a message, or to a chunk. Those that came before
// a fault are returned with it; written says that the end of the message was, so
// that whoever has no reply is in doubt.
func (s *Session) verdicts(ctx context.Context, what string, replies int, written bool) ([]Reply, error) {
	var list []Reply
	for len(list) < replies {
		if len(list) > 0 {
			s.wire.expect(what, s.options.Timeouts.Message).terminator = written
		}
		reply, err := s.wire.await(ctx)
		if err != nil {
			return list, err
		}
		list = append(list, reply)
		switch {
		case reply.Class() == 3:
			// No standard reply to a message; it neither accepts nor refuses.
			fault := s.wire.failAs(KindProtocol, what, fmt.Errorf("unexpected reply: %s", reply))
			fault.InDoubt = written
			return list, fault
		case reply.Code == 421 && len(list) < replies:
			// It is the last that is said, and answers for one recipient.
			return list, &Error{Kind: KindLost, Command: what, Reply: &reply, InDoubt: written}
		}
	}
	return list, nil
}

// interrupted reads the verdict of a server that answered, or hung up, before
// the end of the message. The connection cannot be used again in either case:
// the server may or may not still be reading text.
func (s *Session) interrupted(ctx context.Context, owed *expectation, why error) (Reply, error) {
	w := s.wire
	if ctx.Err() != nil {
		fault := w.fail(ctx, owed.command, why)
		fault.InDoubt = owed.terminator
		return Reply{}, fault
	}
	if !errors.Is(why, errEarly) {
		w.writeErr = why
	}
	reply, err := w.await(ctx)
	if err != nil {
		return Reply{}, err
	}
	if reply.Class() < 4 && !owed.terminator {
		// What is no refusal means nothing for a message that was never finished.
		return Reply{}, w.failAs(KindProtocol, owed.command, fmt.Errorf("%w: %s", errEarly, reply))
	}
	w.breakOff(&Error{Kind: KindLost, Command: owed.command, Reply: &reply})
	return reply, nil
}

// watcher is a read that runs beside the writes of one message.
type watcher struct {
	wire    *wire
	arrived chan struct{} // closed when the read has returned
}

// watch begins a read whose result the next fill takes.
func (w *wire) watch() *watcher {
	v := &watcher{wire: w, arrived: make(chan struct{})}
	conn, result := w.conn, make(chan readResult, 1)
	w.ahead = result
	_ = conn.SetReadDeadline(noDeadline)
	go func() {
		buffer := make([]byte, 4<<10)
		n, err := conn.Read(buffer)
		result <- readResult{buffer[:n], err}
		close(v.arrived)
	}()
	return v
}

// early reports whether the server has spoken, or hung up.
func (v *watcher) early() bool {
	select {
	case <-v.arrived:
		return true
	default:
		return false
	}
}

// blockWriter gathers message text into large writes.
type blockWriter struct {
	session *Session
	ctx     context.Context
	watch   *watcher
	owed    *expectation
	buf     []byte
	sent    int
	err     error
}

func (b *blockWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if len(b.buf) == blockSize {
			if err := b.flush(); err != nil {
				return 0, err
			}
		}
		if b.buf == nil {
			b.buf = make([]byte, 0, min(blockSize, max(len(rest)+512, 4<<10)))
		}
		n := min(len(rest), blockSize-len(b.buf))
		b.buf = append(b.buf, rest[:n]...)
		rest = rest[n:]
	}
	return len(p), nil
}

// flush writes what was gathered, unless the server has spoken.
func (b *blockWriter) flush() error {
	if b.err != nil {
		return b.err
	}
	terminator := b.owed.terminator
	if !terminator && b.watch.early() {
		b.err = errEarly
		return b.err
	}
	w := b.session.wire
	// A server that answers now has stopped reading: do not wait for it to take
	// what it no longer wants.
	conn, written, watched := w.conn, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-b.watch.arrived:
			if !terminator {
				_ = conn.SetWriteDeadline(longAgo)
			}
		case <-written:
		}
	}()
	err := w.within(b.ctx, b.session.options.Timeouts.Block, writeDeadline, func() error {
		_, err := conn.Write(b.buf)
		return err
	})
	close(written)
	<-watched
	b.sent += len(b.buf)
	b.buf = b.buf[:0]
	if err != nil {
		b.err = err
		if b.watch.early() && !terminator && b.ctx.Err() == nil {
			b.err = errEarly
		}
	}
	return b.err
}

// finish ends the message. The bit that says so is set before the write begins:
// once any of it may have left, whether the server saw the end is unknown.
func (b *blockWriter) finish(ending string) error {
	if len(b.buf)+len(ending) > blockSize {
		if err := b.flush(); err != nil {
			return err
		}
	}
	if b.watch.early() {
		b.err = errEarly
		return b.err
	}
	b.buf = append(b.buf, ending...)
	b.owed.terminator = true
	b.session.ended()
	b.session.wire.logLine(b.sent+len(b.buf), "(message)")
	return b.flush()
}
