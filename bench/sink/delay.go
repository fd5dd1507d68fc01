package main

import (
	"net"
	"time"
)

const (
	// delayChunk is the most that is held back as one.
	delayChunk = 64 << 10
	// delayDepth bounds what is in flight in one direction, in chunks.
	delayDepth = 4096
)

// held is what was written at one moment, until it arrives.
type held struct {
	octets []byte
	due    time.Time
	err    error
}

// delayed is a connection over a long line: what goes into it comes out later, in
// order, however much of it is on the way.
type delayed struct {
	net.Conn
	delay    time.Duration // one way
	exchange exchange
	idle     func()

	in, out chan held
	current held
	drained chan struct{} // closed when everything written has left
}

func newDelayed(conn net.Conn, delay time.Duration) *delayed {
	d := &delayed{
		Conn: conn, delay: delay, idle: func() {},
		exchange: exchange{roundTrip: 2 * delay},
		in:       make(chan held, delayDepth),
		out:      make(chan held, delayDepth),
		drained:  make(chan struct{}),
	}
	go d.receive()
	go d.deliver()
	// The client believes itself connected at once. On a line its SYN, the answer
	// and its first octets cross one after the other.
	time.Sleep(3 * delay)
	return d
}

func (d *delayed) whenIdle(f func()) { d.idle = f }
func (d *delayed) counts() *exchange { return &d.exchange }

// receive stamps what arrives at this end of the line's model.
func (d *delayed) receive() {
	for {
		octets := make([]byte, delayChunk)
		n, err := d.Conn.Read(octets)
		d.in <- held{octets[:n], time.Now().Add(d.delay), err}
		if err != nil {
			return
		}
	}
}

// deliver writes what is due.
func (d *delayed) deliver() {
	defer close(d.drained)
	for h := range d.out {
		time.Sleep(time.Until(h.due))
		if _, err := d.Conn.Write(h.octets); err != nil {
			for range d.out { // nobody is there; let the writer go on
			}
			return
		}
	}
}

func (d *delayed) Read(p []byte) (int, error) {
	if len(d.current.octets) == 0 {
		if d.current.err != nil {
			return 0, d.current.err
		}
		d.next()
		if len(d.current.octets) == 0 {
			return 0, d.current.err
		}
	}
	n := copy(p, d.current.octets)
	d.current.octets = d.current.octets[n:]
	return n, nil
}

// next waits for what arrives next.
func (d *delayed) next() {
	waited := false
	wait := func() {
		if !waited {
			waited = true
			d.idle()
		}
	}
	select {
	case d.current = <-d.in:
	default:
		wait()
		d.current = <-d.in
	}
	if left := time.Until(d.current.due); left > 0 {
		wait()
		time.Sleep(time.Until(d.current.due))
	}
	if len(d.current.octets) > 0 {
		d.exchange.heard(d.current.due, waited)
	}
}

func (d *delayed) Write(p []byte) (int, error) {
	now := time.Now()
	d.exchange.said(now)
	d.out <- held{octets: append([]byte(nil), p...), due: now.Add(d.delay)}
	return len(p), nil
}

// SetWriteDeadline does nothing: crypto/tls sets one when it closes, and what is
// on its way must still arrive.
func (d *delayed) SetWriteDeadline(time.Time) error { return nil }

// Close returns when everything written has left.
func (d *delayed) Close() error {
	close(d.out)
	<-d.drained
	return d.Conn.Close()
}
