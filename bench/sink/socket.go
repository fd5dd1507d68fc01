package main

import (
	"io"
	"net"
	"syscall"
	"time"
)

// exchange counts who waited for whom. One goroutine reads and writes.
type exchange struct {
	turns, rounds int64
	reads, writes int64
	spoke         bool // something was written since input last had to be waited for
	roundTrip     time.Duration
	roundBegan    time.Time // when the first reply of this round was written; zero before it
}

// said notes a write.
func (e *exchange) said(at time.Time) {
	e.writes++
	e.spoke = true
	if e.roundTrip > 0 && e.roundBegan.IsZero() {
		e.roundBegan = at
	}
}

// heard notes input, and whether it had to be waited for. Only what comes a round
// trip after a reply can have been caused by it.
func (e *exchange) heard(at time.Time, waited bool) {
	e.reads++
	if waited && e.spoke {
		e.turns++
		e.spoke = false
	}
	if !e.roundBegan.IsZero() && at.Sub(e.roundBegan) >= e.roundTrip-clockSlack {
		e.rounds++
		e.roundBegan = time.Time{}
	}
}

// clockSlack forgives the clock's coarseness where a delay is told from another.
const clockSlack = time.Millisecond

// socket is a TCP connection that tells when a read has to wait.
type socket struct {
	*net.TCPConn
	exchange exchange
	idle     func()

	raw    syscall.RawConn
	try    func(fd uintptr) bool // a read that does not wait, made once
	into   []byte
	got    int
	err    error
	waited bool
}

func newSocket(conn *net.TCPConn) (*socket, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &socket{TCPConn: conn, raw: raw, idle: func() {}}
	s.try = func(fd uintptr) bool {
		for {
			s.got, s.err = syscall.Read(int(fd), s.into)
			if s.err != syscall.EINTR {
				break
			}
		}
		if s.err != syscall.EAGAIN {
			return true
		}
		if !s.waited {
			s.waited = true
			s.idle()
		}
		return false
	}
	return s, nil
}

func (s *socket) whenIdle(f func()) { s.idle = f }
func (s *socket) counts() *exchange { return &s.exchange }

func (s *socket) Write(p []byte) (int, error) {
	s.exchange.said(time.Time{})
	return s.TCPConn.Write(p)
}

func (s *socket) Read(p []byte) (int, error) {
	s.into, s.waited = p, false
	err := s.raw.Read(s.try)
	switch {
	case err != nil:
		return 0, err
	case s.err != nil:
		return 0, s.err
	case s.got == 0:
		return 0, io.EOF
	}
	s.exchange.heard(time.Time{}, s.waited)
	return s.got, nil
}
