package smtp

import (
	"bytes"
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
