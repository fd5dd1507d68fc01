package smtp

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"time"
)

// output gathers what a stream writes.
type output struct {
	stream *Stream
	buf    []byte
	held   []byte // goes behind buf, from where it lies
	marks  []mark
	lines  []line        // where an envelope is worded
	at     time.Duration // when what is in buf was worded, for the transcript
}

// mark is what a flight may be told once the octets in front of it are written.
type mark struct {
	flight *flight
	asked  int
	end    bool // of the message
}

// line appends a command. The transcript is locked.
func (o *output) line(text string) {
	start := len(o.buf)
	o.buf = append(append(o.buf, text...), "\r\n"...)
	o.log(o.buf[start : len(o.buf)-2])
}

func (o *output) log(line []byte) {
	o.stream.session.log.line(FromClient, len(line)+2, line, o.at)
}

// envelope words what comes in front of a message.
func (o *output) envelope(f *flight) error {
	lines := o.lines[:0]
	if f.begins {
		lines = append(lines, line{text: "RSET"})
	}
	lines = append(lines, f.mail)
	for _, a := range f.to() {
		lines = append(lines, a.line)
	}
	if f.asks {
		lines = append(lines, line{text: "DATA"})
	}
	s := o.stream.session
	o.behindHeld()
	o.lines = lines
	lines, err := s.guard(lines)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if err := checkLine(l.text); err != nil {
			return &Error{Kind: KindArgument, Command: s.wire.shown(l), Err: err}
		}
	}
	s.mails++
	s.log.mu.Lock()
	for _, l := range lines {
		o.line(l.text)
	}
	s.log.mu.Unlock()
	o.marks = append(o.marks, mark{flight: f, asked: len(lines)})
	return nil
}

// bigPiece is from when on a piece of a message is written from where it lies.
const bigPiece = 16 << 10

// message words the message itself, with what ends it.
func (o *output) message(f *flight) {
	size := f.octets() + int64(len(f.tail))
	log := o.stream.session.log
	o.behindHeld()
	log.mu.Lock()
	if f.asks {
		log.line(FromClient, int(size)+3, messageMark, o.at)
	} else {
		start := len(o.buf)
		o.buf = append(o.buf, "BDAT "...)
		o.buf = strconv.AppendInt(o.buf, size, 10)
		o.buf = append(o.buf, " LAST\r\n"...)
		o.log(o.buf[start : len(o.buf)-2])
		log.line(FromClient, int(size), chunkMark, o.at)
	}
	log.mu.Unlock()
	// The reply may come before the end, where it is a refusal.
	asked := f.envelope() + 1
	o.marks = append(o.marks, mark{flight: f, asked: asked})
	begins := true
	for _, piece := range f.pieces {
		if f.asks {
			o.stuffed(piece, begins)
			begins = len(piece) > 0 && piece[len(piece)-1] == '\n' || len(piece) == 0 && begins
		} else {
			o.octets(piece)
		}
	}
	o.small(f.tail)
	if f.asks {
		o.small(".\r\n")
	}
	o.marks = append(o.marks, mark{flight: f, asked: asked, end: true})
	o.stream.session.ended()
}

var lineDot = []byte("\n.")

var messageMark, chunkMark = []byte("(message)"), []byte("(chunk)")

// octets appends a piece as it is.
func (o *output) octets(p []byte) {
	o.behindHeld()
	if len(p) >= bigPiece {
		// Kept until it is known whether it is the end of its message.
		o.held = p
		return
	}
	if len(o.buf)+len(p) > blockSize {
		o.write()
	}
	o.buf = append(o.buf, p...)
}

func (o *output) small(text string) {
	if text != "" {
		o.behindHeld()
		o.buf = append(o.buf, text...)
	}
}

// behindHeld makes room behind a piece that was held back.
func (o *output) behindHeld() {
	if o.held != nil {
		o.write()
	}
}

// stuffed appends a piece with a dot in front of each line that begins with one.
// start says that the piece begins a line.
func (o *output) stuffed(p []byte, start bool) {
	if start && len(p) > 0 && p[0] == '.' {
		o.small(".")
	}
	for {
		next := bytes.Index(p, lineDot)
		if next < 0 {
			o.octets(p)
			return
		}
		o.octets(p[:next+1])
		o.small(".")
		p = p[next+1:]
	}
}

// write sends what was gathered. Each flight is told first:
// once any of it may have left, whether the server saw it is unknown.
func (o *output) write() {
	st := o.stream
	w := st.session.wire
	if len(o.buf)+len(o.held) == 0 {
		return
	}
	st.moves++
	now := time.Now()
	st.mu.Lock()
	if w.broken != nil || !st.writeAt.IsZero() {
		st.mu.Unlock()
		o.drop()
		return
	}
	if !st.readsItself(len(o.buf) + len(o.held)) {
		st.listen()
	}
	if st.owed() == nil {
		st.since = now
	}
	for _, m := range o.marks {
		m.flight.asked = max(m.flight.asked, m.asked)
		m.flight.terminator = m.flight.terminator || m.end
	}
	st.arm()
	st.mu.Unlock()
	if limit := st.session.options.Timeouts.Block; st.writeUntil.Sub(now) < limit-limit/4 {
		st.writeUntil = now.Add(limit)
		_ = w.conn.SetWriteDeadline(st.writeUntil)
		if st.ctx.Err() != nil {
			_ = w.conn.SetWriteDeadline(longAgo)
		}
	}
	if err := w.writeBoth(o.buf, o.held); err != nil {
		// What the server said before it hung up has arrived by now.
		st.mu.Lock()
		if w.broken == nil {
			w.writeErr, st.writeAt = err, time.Now()
			st.arm()
		}
		st.mu.Unlock()
	}
	o.drop()
}

func (o *output) drop() {
	o.buf, o.held, o.marks = o.buf[:0], nil, o.marks[:0]
	o.at = time.Since(o.stream.session.log.start)
}

// writeBoth writes two pieces, at once where the connection can.
func (w *wire) writeBoth(a, b []byte) error {
	if plain, ok := w.conn.(*net.TCPConn); ok && len(a) > 0 && len(b) > 0 {
		pieces := net.Buffers{a, b}
		_, err := pieces.WriteTo(plain)
		return err
	}
	for _, p := range [][]byte{a, b} {
		var err error
		switch {
		case len(p) == 0:
		case w.below != nil && len(p) > tlsRecordSize:
			err = w.below.writeAtOnce(w.conn, p)
		default:
			_, err = w.conn.Write(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tlsRecordSize is the most that a record holds (RFC 8446, section 5.1).
const tlsRecordSize = 16 << 10

// launch begins as many transactions as there is room for, back to back.
func (st *Stream) launch() {
	if st.blocked() {
		return
	}
	st.gather(st.options.Messages)
	if len(st.gathered) == 0 || !st.commit() {
		return
	}
	st.out.at = time.Since(st.session.log.start)
	for len(st.gathered) > 0 {
		f := st.shift()
		if st.lonely(f) {
			st.start(f).alone = true
			break
		}
		st.start(f)
		if f.result.Outcome != "" {
			continue
		}
		f.begins = true
		if len(st.out.buf)+f.envelopeSize()+int(f.weight) > blockSize {
			st.out.write() // rather than a message in two writes
		}
		if err := st.out.envelope(f); err != nil {
			st.refuse(f, err)
			break
		}
		st.out.message(f)
	}
	st.out.write()
}

// shift takes the first of what is gathered.
func (st *Stream) shift() *flight {
	f := st.gathered[0]
	st.gathered = st.gathered[1:]
	st.committed--
	return f
}

// refuse ends the stream for a flight that may not be begun.
func (st *Stream) refuse(f *flight, err error) {
	st.mu.Lock()
	f.lost(false)
	st.hear()
	if st.first < len(st.flights) && st.flights[len(st.flights)-1] == f {
		st.flights = st.flights[:len(st.flights)-1]
		st.hearing = min(st.hearing, len(st.flights))
		st.final = f
	}
	st.mu.Unlock()
	st.end(err)
	st.gathered, st.committed = nil, 0
}

// envelopeSize is about how much the commands of a flight take.
func (f *flight) envelopeSize() int {
	n := len(f.mail.text) + 16
	for _, a := range f.delivery.to {
		n += len(a.line.text) + 2
	}
	return n
}

// blocked reports whether something must come to its end before more is begun.
func (st *Stream) blocked() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.leftovers > 0 {
		return true
	}
	last := len(st.flights) - 1
	return last >= st.hearing && st.flights[last].alone
}

// turn moves on where every message waits for the envelope of its own: it sends
// the text of the one that is ready together with the envelope of the next.
func (st *Stream) turn() {
	current := st.current
	ahead := 1
	if st.options.Commit != nil {
		ahead = st.options.Messages
	}
	if current != nil && !st.ready(current) {
		if len(st.gathered) == 0 && !st.slow {
			st.gather(ahead)
		}
		return
	}
	st.out.at = time.Since(st.session.log.start)
	st.setCurrent(nil)
	if len(st.gathered) == 0 && !(current != nil && st.slow) {
		st.gather(ahead)
	}
	committed := st.commit()
	if current != nil {
		st.text(current)
	}
	for committed && len(st.gathered) > 0 && !st.blocked() {
		f := st.shift()
		if st.lonely(f) {
			st.start(f).alone = true
			break
		}
		st.start(f)
		if f.result.Outcome != "" {
			continue
		}
		f.asks = !st.bdat
		f.begins = st.bdat || st.dirty
		st.dirty = st.bdat
		if err := st.out.envelope(f); err != nil {
			st.refuse(f, err)
			break
		}
		st.setCurrent(f)
		break
	}
	st.out.write()
}

func (st *Stream) setCurrent(f *flight) {
	st.mu.Lock()
	st.current = f
	st.mu.Unlock()
}

// text words the message whose envelope was answered, where it is wanted.
func (st *Stream) text(f *flight) {
	st.mu.Lock()
	answered, wanted := f.answered, f.willing() > 0
	if !answered && !wanted {
		f.empty = true
	}
	st.mu.Unlock()
	switch {
	case answered:
		st.dirty = true
	case wanted:
		st.out.message(f)
	default:
		// RFC 2920, section 3.1: with every recipient refused, and the message
		// asked for all the same, a lone dot ends it.
		st.out.behindHeld()
		st.session.log.mu.Lock()
		st.out.line(".")
		st.session.log.mu.Unlock()
		st.out.marks = append(st.out.marks, mark{flight: f, asked: f.envelope() + 1})
		st.dirty = true
	}
}

// ready reports whether the envelope of a flight is answered.
func (st *Stream) ready(f *flight) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return f.answered || f.asked > 0 && f.heard == f.envelope()
}

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
		st.gathered, st.committed = nil, 0
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
