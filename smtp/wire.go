package smtp

import (
	"context"
	"io"
	"net"
	"strings"
	"time"
)

// wire is one connection at the level of bytes and replies. It is the only
// place that reads, writes, sets deadlines or hears of cancellation, and the
// only one that knows which replies are still owed.
//
// After the first fault it is broken: closed, never used again, what it still
// owes void. A connection whose state is a guess is how one customer's mail
// reaches another.
type wire struct {
	conn     net.Conn  // the outermost: TLS replaces it
	raw      net.Conn  // the TCP connection below
	below    *underTLS // between the two, where TLS is used
	log      *transcript
	redactor redactor
	replies  replyReader
	in       []byte // where reads land
	queue    []*expectation
	ahead    chan readResult // a read begun by watch, not yet taken
	writeErr error           // a write failed; replies may still be read
	hungUp   bool            // an end of the stream was read
	broken   error           // why the connection may not be used any more
}

// expectation is one reply the server owes.
type expectation struct {
	command string        // what it answers, as shown to people
	limit   time.Duration // how long the reply may take
	// terminator is set before the write begins that holds the last octet of
	// the message's end, and never cleared. It decides between "safe to send
	// again" and "in doubt".
	terminator bool
	// hidden is set where a challenge in answer would let who reads the
	// transcript try passwords.
	hidden bool
}

type readResult struct {
	bytes []byte
	err   error
}

// afterWriteError is how long replies are awaited once a write has failed: what
// the server said before it hung up has arrived by then.
const afterWriteError = 2 * time.Second

func newWire(log *transcript) *wire {
	return &wire{log: log, in: make([]byte, 4<<10)}
}

// use makes conn the connection, at first and again when TLS wraps it.
func (w *wire) use(conn net.Conn) {
	if w.raw == nil {
		w.raw = conn
	}
	w.conn = conn
}

// deadline names the half of a connection that an exchange waits on.
type deadline int

const (
	readDeadline deadline = iota
	writeDeadline
	bothDeadlines
)

var (
	longAgo    = time.Unix(1, 0)
	noDeadline time.Time
)

// within runs f under an absolute deadline; ctx interrupts it at any moment.
func (w *wire) within(ctx context.Context, limit time.Duration, half deadline, f func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	conn := w.conn
	until := time.Now().Add(limit)
	switch half {
	case readDeadline:
		_ = conn.SetReadDeadline(until)
	case writeDeadline:
		_ = conn.SetWriteDeadline(until)
	case bothDeadlines:
		_ = conn.SetDeadline(until)
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = conn.SetDeadline(longAgo)
		close(interrupted)
	})
	err := f()
	if !stop() {
		<-interrupted
	}
	return err
}

// fail breaks the wire and returns the fault for command.
func (w *wire) fail(ctx context.Context, command string, err error) *Error {
	kind, err := kindOf(ctx, err)
	return w.failAs(kind, command, err)
}

// failAs is fail for a fault whose kind is known.
func (w *wire) failAs(kind Kind, command string, err error) *Error {
	fault := &Error{Kind: kind, Command: command, Err: err}
	w.breakOff(fault)
	return fault
}

// breakOff closes the connection for good. The first reason is kept.
func (w *wire) breakOff(why error) {
	if w.broken != nil {
		return
	}
	w.broken = why
	if w.conn == nil {
		return
	}
	if why != ErrClosed {
		w.log.notef("connection closed: %s", w.redactor.clean(why.Error()))
	}
	// The TCP connection first: tls.Conn.Close would try to say goodbye, which
	// blocks where the peer has stopped reading.
	_ = w.raw.Close()
	w.queue = nil
}

// usable returns the fault of using a wire that is broken or closed.
func (w *wire) usable(command string) error {
	switch {
	case w.broken == nil:
		return nil
	case w.broken == ErrClosed:
		return &Error{Kind: KindClosed, Command: command, Err: ErrClosed}
	}
	return &Error{Kind: KindClosed, Command: command, Err: &brokenError{w.broken}}
}

// brokenError is ErrBroken with the reason.
type brokenError struct{ why error }

func (e *brokenError) Error() string        { return ErrBroken.Error() + " (" + e.why.Error() + ")" }
func (e *brokenError) Is(target error) bool { return target == ErrBroken }
func (e *brokenError) Unwrap() error        { return e.why }

// expect adds a reply to those owed.
func (w *wire) expect(command string, limit time.Duration) *expectation {
	e := &expectation{command: command, limit: limit}
	w.queue = append(w.queue, e)
	return e
}

// write sends p, which the transcript has been told of. A failed write is
// remembered and not returned where replies are owed: the server may have
// explained itself before it hung up, and that explanation is worth more.
func (w *wire) write(ctx context.Context, limit time.Duration, command string, p []byte) error {
	err := w.within(ctx, limit, writeDeadline, func() error {
		_, err := w.conn.Write(p)
		return err
	})
	switch {
	case err == nil:
		return nil
	case len(w.queue) == 0 || ctx.Err() != nil:
		return w.fail(ctx, command, err)
	}
	w.writeErr = err
	return nil
}

// await reads the reply to the oldest command still unanswered.
func (w *wire) await(ctx context.Context) (Reply, error) {
	if len(w.queue) == 0 {
		return Reply{}, w.failAs(KindProtocol, "", ErrSurplus)
	}
	owed := w.queue[0]
	reply, err := w.read(ctx, owed.command, owed.limit, owed.hidden)
	if err != nil {
		if fault, ok := err.(*Error); ok {
			fault.InDoubt = owed.terminator
		}
		return Reply{}, err
	}
	if len(w.queue) > 0 {
		w.queue = w.queue[1:]
	}
	reply.Command = owed.command
	switch {
	case reply.Code == 421:
		// RFC 5321, section 3.8: the server is closing the channel; whatever
		// else it owes will not come.
		w.breakOff(&Error{Kind: KindLost, Command: owed.command, Reply: &reply})
	case w.writeErr != nil && len(w.queue) == 0:
		w.breakOff(&Error{Kind: KindLost, Command: owed.command, Err: w.writeErr})
	}
	return reply, nil
}

// read returns the next reply, whatever it answers. A hidden challenge stays out
// of the transcript.
func (w *wire) read(ctx context.Context, command string, limit time.Duration, hidden bool) (Reply, error) {
	if w.writeErr != nil {
		limit = min(limit, afterWriteError)
	}
	var (
		reply   Reply
		garbled error
	)
	err := w.within(ctx, limit, readDeadline, func() error {
		for {
			if w.conn == w.raw && tlsRecord(w.replies.buf) {
				// It has no line end, but by chance, and would be waited for in vain.
				garbled = ErrUnexpectedTLS
				return nil
			}
			var complete bool
			reply, complete, garbled = w.replies.next()
			if complete || garbled != nil {
				return nil
			}
			if err := w.fill(); err != nil {
				return err
			}
		}
	})
	switch kind, _ := kindOf(ctx, err); {
	case garbled != nil:
		return Reply{}, w.failAs(KindProtocol, command, garbled)
	case err != nil && w.writeErr != nil && kind != KindTLS:
		return Reply{}, w.fail(ctx, command, w.writeErr)
	case err != nil:
		return Reply{}, w.fail(ctx, command, err)
	}
	reply = w.cleaned(reply)
	shown := reply
	if hidden && reply.Code == 334 {
		shown.Lines = []string{secretMark}
	}
	w.log.reply(shown)
	return reply, nil
}

// cleaned is a reply without the credentials that the server may have echoed.
func (w *wire) cleaned(reply Reply) Reply {
	for i, line := range reply.Lines {
		reply.Lines[i] = w.redactor.clean(line)
	}
	return reply
}

// fill waits for more bytes. An end of the stream inside a reply is an end like
// any other: half a reply is none.
func (w *wire) fill() error {
	var got readResult
	if w.ahead != nil {
		got = <-w.ahead
		w.ahead = nil
	} else {
		n, err := w.conn.Read(w.in)
		got = readResult{w.in[:n], err}
	}
	w.replies.feed(got.bytes)
	if len(got.bytes) > 0 {
		return nil // an error comes again with the next read
	}
	if got.err == nil {
		return io.ErrNoProgress
	}
	return got.err
}

// surplus reports whether the server has sent bytes that answer nothing. It is
// asked where the client is about to speak and nothing is owed; that is also
// what stops replies injected in front of a TLS handshake.
func (w *wire) surplus() bool {
	if w.replies.buffered() > 0 {
		return true
	}
	if w.ahead != nil || peek(w.raw) != bytesReady {
		return false
	}
	if w.conn == w.raw {
		return true
	}
	// Below TLS the bytes may be a session ticket, or nothing but an alert. Let
	// TLS read what has arrived and see whether text comes out.
	return w.glance()
}

// peeked is what lies ready to be read.
type peeked int

const (
	unknown peeked = iota // the connection cannot tell
	nothingReady
	bytesReady
	atEnd // the peer has hung up
)

// glance reads what has arrived, and reports whether there was any text.
func (w *wire) glance() bool {
	_ = w.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	n, err := w.conn.Read(w.in)
	w.replies.feed(w.in[:n])
	w.hungUp = w.hungUp || err != nil && !isTimeout(err)
	return n > 0
}

// more waits for the server to say more than it has to, and reports whether it
// does.
func (w *wire) more(ctx context.Context, limit time.Duration) bool {
	if w.replies.buffered() > 0 {
		return true
	}
	n := 0
	_ = w.within(ctx, limit, readDeadline, func() error {
		var err error
		n, err = w.conn.Read(w.in)
		w.hungUp = w.hungUp || err != nil && !isTimeout(err)
		return err
	})
	w.replies.feed(w.in[:n])
	return n > 0
}

// ended reports whether the server has hung up, on a connection where nothing is
// owed.
func (w *wire) ended() bool {
	found := peek(w.raw)
	if found == unknown && w.glance() {
		return false // surplus, which is another fault
	}
	return w.hungUp || found == atEnd
}

// quiet returns the fault of a server that talked out of turn.
func (w *wire) quiet(command string) error {
	if len(w.queue) > 0 || !w.surplus() {
		return nil
	}
	return w.failAs(KindProtocol, command, ErrSurplus)
}

// close ends the connection in good order.
func (w *wire) close() {
	w.breakOff(ErrClosed)
}

// shown is a line as errors and the transcript have it.
func (w *wire) shown(l line) string { return w.redactor.clean(sanitize([]byte(l.shown()))) }

// logLine puts what the client writes on record: one entry a line.
func (w *wire) logLine(bytes int, display string) {
	w.log.add(FromClient, bytes, w.redactor.clean(sanitize([]byte(strings.TrimRight(display, "\r\n")))))
}
