package smtp

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// wait returns when something may have changed.
func (st *Stream) wait() {
	if st.readEnd == nil { // no reader runs
		st.readOnce()
		return
	}
	done := st.ctx.Done()
	if st.ctx.Err() != nil {
		done = nil
	}
	var grace <-chan time.Time
	if !st.graceEnd.IsZero() {
		timer := time.NewTimer(time.Until(st.graceEnd))
		defer timer.Stop()
		grace = timer.C
	}
	select {
	case <-st.wake:
	case <-done:
	case <-grace:
	}
}

// interrupted ends the stream where ctx has ended and nothing is left that a
// reply may still come for.
func (st *Stream) interrupted() {
	if st.ctx.Err() == nil {
		return
	}
	st.exhausted = true
	if st.graceEnd.IsZero() {
		st.graceEnd = time.Now().Add(st.options.Grace)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.session.wire.broken != nil {
		return
	}
	lost := &Error{Kind: KindLost, Command: "stream", Err: context.Cause(st.ctx)}
	if st.hearing == len(st.flights) {
		// The connection is as good as before.
		if st.ending == nil {
			st.ending = lost
		}
		st.mu.Unlock()
		st.untry()
		st.mu.Lock()
		return
	}
	if time.Now().Before(st.graceEnd) {
		for _, f := range st.flights[st.hearing:] {
			if f.terminator {
				return
			}
		}
	}
	lost.Command = st.doing()
	st.fail(lost, false)
}

// readsItself reports whether replies can be read on the goroutine that writes,
// which costs less where each write waits for replies anyway: the connection is
// sure to take so much at once, even from a client that its server does not
// listen to. mu is held.
func (st *Stream) readsItself(size int) bool {
	if st.rhythm != inTurns || st.reading || size > safeWrite {
		return false
	}
	_, ok := st.session.wire.raw.(*net.TCPConn)
	st.watch()
	return ok
}

// safeWrite is less than the least that systems keep for a connection.
const safeWrite = 16 << 10

// watch lets the end of ctx interrupt what blocks. mu is held.
func (st *Stream) watch() {
	if st.stopCancel != nil {
		return
	}
	w := st.session.wire
	if len(w.in) < streamRead {
		w.in = make([]byte, streamRead)
	}
	conn := w.conn
	st.stopCancel = context.AfterFunc(st.ctx, func() {
		_ = conn.SetWriteDeadline(longAgo)
		st.mu.Lock()
		defer st.mu.Unlock()
		if !st.reading {
			_ = conn.SetReadDeadline(longAgo)
		}
	})
}

// readOnce waits for replies on the goroutine that calls Next.
func (st *Stream) readOnce() {
	w := st.session.wire
	st.mu.Lock()
	switch ended := st.ctx.Err() != nil; {
	case w.broken != nil,
		st.owed() == nil && st.writeAt.IsZero(),
		ended && st.graceEnd.IsZero(): // interrupted is to be asked first
		st.mu.Unlock()
		return
	case ended:
		st.armed = noDeadline
		_ = w.conn.SetReadDeadline(st.graceEnd)
	default:
		// A reply that is late may have come long ago, while the caller was busy.
		want, least := st.deadline(), time.Now().Add(lateRead)
		if want.Before(least) {
			want = least
		}
		if st.armed.Before(least) || st.armed.After(want) {
			st.armed = want
			_ = w.conn.SetReadDeadline(want)
		}
	}
	st.mu.Unlock()
	n, err := w.conn.Read(w.in)
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case n > 0:
		st.hearAll(w.in[:n])
	case err != nil && st.ctx.Err() == nil:
		st.readFailed(err)
	case err != nil && !isTimeout(err):
		st.readFailed(err)
	}
}

// lateRead is how long is read for a reply whose time is over already.
const lateRead = time.Second

// listen starts the reader, where it does not run. mu is held.
func (st *Stream) listen() {
	if st.reading {
		return
	}
	st.reading, st.paused, st.armed = true, false, time.Time{}
	st.readEnd = make(chan struct{})
	st.watch()
	w := st.session.wire
	_ = w.conn.SetReadDeadline(noDeadline)
	go st.read(w.conn, w.in)
}

// streamRead is how much is read at once: the replies of a whole window.
const streamRead = 16 << 10

// read is the reader: the one goroutine that outlives a call of Next. It ends
// with the connection, or when it is paused.
func (st *Stream) read(conn net.Conn, in []byte) {
	defer close(st.readEnd)
	for {
		n, err := conn.Read(in)
		st.mu.Lock()
		if n > 0 {
			st.hearAll(in[:n])
		}
		ends := st.session.wire.broken != nil || err != nil && n == 0 && st.readFailed(err)
		if !ends {
			st.arm()
		}
		st.reading = !ends
		st.signal()
		st.mu.Unlock()
		if ends {
			return
		}
	}
}

// pause ends the reader and waits for it.
func (st *Stream) pause() {
	st.mu.Lock()
	running := st.reading
	if running {
		st.paused = true
		_ = st.session.wire.conn.SetReadDeadline(longAgo)
	}
	end, watched := st.readEnd, st.stopCancel
	st.mu.Unlock()
	if end != nil {
		<-end
		st.readEnd = nil
	}
	if watched != nil {
		watched()
		st.stopCancel = nil
	}
	st.armed, st.writeUntil = time.Time{}, time.Time{}
	if w := st.session.wire; w.broken == nil {
		_ = w.conn.SetDeadline(noDeadline)
	}
}

// signal wakes the goroutine in Next where it may have something to do. mu is held.
func (st *Stream) signal() {
	f := st.oldest()
	turn := st.current != nil && (st.current.answered || st.current.heard == st.current.envelope())
	if f != nil && f.done() || turn || st.session.wire.broken != nil || st.hearing == len(st.flights) || st.flights[st.hearing].alone {
		select {
		case st.wake <- struct{}{}:
		default:
		}
	}
}

// owed is the flight that the next reply is for, nil where none is owed. mu is held.
func (st *Stream) owed() *flight {
	if st.hearing < len(st.flights) {
		if f := st.flights[st.hearing]; f.heard < f.asked {
			return f
		}
	}
	return nil
}

// hearAll gives replies to the flights they are for. mu is held.
func (st *Stream) hearAll(p []byte) {
	w := st.session.wire
	w.replies.feed(p)
	now, log := time.Now(), st.session.log
	elapsed := now.Sub(log.start)
	for w.broken == nil {
		f := st.owed()
		if f == nil {
			if w.replies.buffered() > 0 {
				st.fail(&Error{Kind: KindProtocol, Command: st.doing(), Err: ErrSurplus}, false)
			}
			return
		}
		command := f.heard
		if w.conn == w.raw && tlsRecord(w.replies.buf) {
			st.fail(&Error{Kind: KindProtocol, Command: f.command(command), Err: ErrUnexpectedTLS}, true)
			return
		}
		var r replied
		line, code, ok := w.replies.short()
		if ok {
			r = replied{code: code, line: line}
			log.mu.Lock()
			log.line(FromServer, len(line)+2, line, elapsed)
			log.mu.Unlock()
		} else {
			reply, complete, err := w.replies.next()
			switch {
			case err != nil:
				st.fail(&Error{Kind: KindProtocol, Command: f.command(command), Err: err}, true)
				return
			case !complete:
				return
			}
			log.reply(w.cleaned(reply))
			r = replied{code: reply.Code, reply: reply}
		}
		if fault := f.take(r); fault != nil {
			st.noticeRset(fault.Command)
			st.fail(fault, fault.Kind == KindProtocol)
			return
		}
		if at, _ := f.at(f.heard); at == stageMessage && f.asked == f.heard && !f.answered && f.finals > 0 {
			f.asked++ // LMTP: one more for the next recipient
		}
		st.since = now
		st.hear()
	}
}

// doing is the command that goes with a fault nothing else explains.
func (st *Stream) doing() string {
	if st.hearing < len(st.flights) {
		f := st.flights[st.hearing]
		return f.command(f.heard)
	}
	return "after the message"
}

// hear moves past the flights that are answered. mu is held.
func (st *Stream) hear() {
	for st.hearing < len(st.flights) && st.flights[st.hearing].answered {
		f := st.flights[st.hearing]
		if f.more {
			st.leftovers++
		}
		if f.asked > 0 {
			st.open, st.behind = !f.closed, f.finals > 0
			st.refused = st.refused || st.open
		}
		st.octets -= f.weight
		st.hearing++
	}
}

// fail ends the connection and decides everything that was on its way. mu is held.
func (st *Stream) fail(fault *Error, outOfStep bool) {
	st.session.wire.breakOff(fault)
	if st.loseAll(outOfStep) && (st.ending == nil || st.ending == io.EOF) {
		st.ending = fault
	}
}

// loseAll decides everything that was on its way, once the connection is gone,
// and reports whether anything was open. mu is held.
func (st *Stream) loseAll(outOfStep bool) bool {
	lost := false
	for i, f := range st.flights[st.first:] {
		if f.done() {
			continue
		}
		lost = lost || f.undecided()
		f.lost(outOfStep && st.first+i == st.hearing)
	}
	st.leftovers = 0
	st.hear()
	return lost
}

// arm sets the read deadline for the reply that is owed. One that is set already
// and comes sooner may stay: when it fires, readFailed looks at the clock. mu is held.
func (st *Stream) arm() {
	want := st.deadline()
	if st.paused || want.IsZero() || !st.armed.IsZero() && !want.Before(st.armed) {
		return
	}
	st.armed = want
	_ = st.session.wire.conn.SetReadDeadline(want)
}

// deadline is when the reply that is owed must have come: absolute, however
// slowly it drips. mu is held.
func (st *Stream) deadline() time.Time {
	if !st.writeAt.IsZero() {
		return st.writeAt.Add(afterWriteError)
	}
	if f := st.owed(); f != nil {
		return st.since.Add(f.limit(f.heard))
	}
	return noDeadline
}

// readFailed reports whether the reader ends. mu is held.
func (st *Stream) readFailed(err error) bool {
	w := st.session.wire
	expired := isTimeout(err)
	if expired && st.paused {
		return true
	}
	if want := st.deadline(); expired && (want.IsZero() || time.Now().Before(want)) {
		st.armed = want
		_ = w.conn.SetReadDeadline(want)
		return false
	}
	if f := st.owed(); f != nil {
		st.notice(f, expired)
	}
	if w.writeErr != nil {
		err = w.writeErr
	}
	kind, err := kindOf(st.ctx, err)
	st.fail(&Error{Kind: kind, Command: st.doing(), Err: err}, false)
	return true
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
