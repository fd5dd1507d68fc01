package smtp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/smtp/smtptest"
)

// severedConn is the client's end of a connection that dies once so many octets were
// written: as the client sees it, with a short write, or without its knowledge,
// in that nothing behind them arrives and the peer is gone.
type severedConn struct {
	net.Conn
	silent bool

	mu    sync.Mutex
	left  int
	begun []byte // of the writes that have begun, the whole
}

func (c *severedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.begun = append(c.begun, p...)
	n := min(len(p), c.left)
	c.left -= n
	c.mu.Unlock()
	if n > 0 {
		if n, err := c.Conn.Write(p[:n]); err != nil {
			return n, err
		}
	}
	switch {
	case n == len(p):
		return n, nil
	case c.silent:
		_ = c.Conn.Close()
		return len(p), nil
	}
	return n, errUnplugged
}

// cutWay is how the stream that is cut is carried, and of what.
type cutWay struct {
	name     string
	transfer Transfer
	tls      smtptest.TLSMode
	pieces   int // octets of the two large pieces of each message; 0 has none
	messages int
}

func (w cutWay) mail(i int) Mail {
	m := numberedMail(i)
	if w.pieces == 0 {
		return m
	}
	line := strings.Repeat("x", 78) + "\r\n"
	big := []byte(strings.Repeat(line, w.pieces/len(line)))
	m.Content.Pieces = [][]byte{fmt.Appendf(nil, "Subject: %d\r\n\r\n", i), big, []byte(".\r\n"), append(bytes.Clone(big), fmt.Sprintf("%d\r\n", i)...)}
	if i%3 == 0 {
		m.Content.Pieces = m.Content.Pieces[:2] // its end is in a large piece
	}
	m.Content.Size = 0
	for _, p := range m.Content.Pieces {
		m.Content.Size += int64(len(p))
	}
	m.Content.Writer = nil
	return m
}

// end is how far a stream goes to the last octet of the end of message i, -1
// where it does not.
func (w cutWay) end(above []byte, i int) int {
	var all []byte
	for _, p := range w.mail(i).Content.Pieces {
		all = append(all, p...)
	}
	if w.transfer == TransferData {
		all = append(bytes.ReplaceAll(all, []byte("\r\n."), []byte("\r\n..")), ".\r\n"...)
	}
	at := bytes.Index(above, fmt.Appendf(nil, "RCPT TO:<b%d@y.example>", i))
	if at < 0 {
		return -1
	}
	next := bytes.Index(above[at:], all)
	if next < 0 {
		return -1
	}
	return at + next + len(all)
}

// play carries the stream over a connection that dies after k octets.
func (w cutWay) play(t *testing.T, identity smtptest.Identity, k int, silent bool) (list []Result, pulled int, seen smtptest.Connection, conn *severedConn) {
	ours, theirs := net.Pipe()
	conn = &severedConn{Conn: ours, left: k, silent: silent}
	done := make(chan smtptest.Connection, 1)
	server := smtptest.Server{TLS: w.tls, Identity: identity}
	go func() { done <- server.Serve(theirs) }()
	s, err := Connect(t.Context(), Options{
		Host: "mx.example", TLS: TLSMode(w.tls), LocalName: "client.example", RootCAs: identity.Roots,
		Dial: func(context.Context, Target) (net.Conn, error) { return conn, nil },
	})
	if err == nil {
		st := s.Stream(t.Context(), func() (Mail, error) {
			if pulled == w.messages {
				return Mail{}, io.EOF
			}
			pulled++
			return w.mail(pulled), nil
		}, StreamOptions{Transfer: w.transfer, Messages: 8})
		list, _ = everything(st)
		s.Close()
	}
	_ = ours.Close()
	return list, pulled, <-done, conn
}

// TestStreamCut cuts a stream of twenty messages at octet after octet. A message
// is in doubt if and only if the write that holds the last octet of its end has
// begun, and no reply to it came.
func TestStreamCut(t *testing.T) {
	identity, err := smtptest.NewIdentity("mx.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []cutWay{
		{name: "BDAT"}, {name: "DATA", transfer: TransferData},
		{name: "BDAT, TLS", tls: smtptest.TLSImplicit}, {name: "DATA, TLS", transfer: TransferData, tls: smtptest.TLSImplicit},
		{name: "BDAT, large", pieces: 17 << 10}, {name: "DATA, large", transfer: TransferData, pieces: 17 << 10},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			w.messages = 20
			if w.tls == "" {
				w.tls = smtptest.TLSOff
			}
			var whole smtptest.Connection
			begun := 0
			synctest.Test(t, func(t *testing.T) {
				var list []Result
				var conn *severedConn
				list, _, whole, conn = w.play(t, identity, 1<<30, false)
				begun = len(conn.begun)
				if len(list) != w.messages || list[w.messages-1].Outcome != Sent {
					t.Fatalf("uncut: %d results", len(list))
				}
			})
			for _, silent := range []bool{false, true} {
				for _, k := range w.points(whole, begun, silent) {
					synctest.Test(t, func(t *testing.T) { w.judge(t, identity, k, silent) })
					if t.Failed() {
						return
					}
				}
			}
		})
	}
}

// points are where to cut: near the ends of all messages, and spread over the
// rest. With TLS the ends are not to be seen, and the points only spread.
func (w cutWay) points(whole smtptest.Connection, begun int, silent bool) (list []int) {
	near := map[int]bool{}
	step, around := 50, 40
	switch {
	case w.tls != smtptest.TLSOff:
		step = begun / 100
	case w.pieces > 0:
		step, around = begun/40, 2
	case silent:
		around = 8
	}
	if w.tls == smtptest.TLSOff {
		for i := range w.messages {
			end := w.end(whole.Above, i+1)
			for k := end - around; k <= end+around; k++ {
				near[k] = true
			}
		}
	}
	for k, found := 0, 0; k < begun; k++ {
		if near[k] || k%step == 0 {
			if found%thinned == 0 {
				list = append(list, k)
			}
			found++
		}
	}
	return list
}

func (w cutWay) judge(t *testing.T, identity smtptest.Identity, k int, silent bool) {
	began := time.Now()
	list, pulled, seen, conn := w.play(t, identity, k, silent)
	if len(list) != pulled && len(list) > 0 {
		t.Errorf("cut at %d, silent %t: %d results of %d messages", k, silent, len(list), pulled)
	}
	if took := time.Since(began); took > 2*afterWriteError {
		t.Errorf("cut at %d, silent %t: it takes %v", k, silent, took)
	}
	for _, complaint := range seen.Disputes(claimed(list, w.mail)) {
		if !strings.Contains(complaint, "never arrived whole") { // it was cut
			t.Errorf("cut at %d, silent %t: %s", k, silent, complaint)
		}
	}
	if w.tls != smtptest.TLSOff {
		return
	}
	for i, r := range list {
		arrived := w.end(seen.Above, i+1) >= 0
		want := Deferred
		switch {
		case arrived && r.Outcome == Sent:
			continue
		case arrived, w.end(conn.begun, i+1) >= 0:
			want = InDoubt
		case w.pieces > 0 && (i+1)%3 == 0 && r.Outcome == InDoubt && bytes.Contains(conn.begun, fmt.Appendf(nil, "Subject: %d\r\n", i+1)):
			continue // what is in front of its last piece is written together with it
		}
		if r.Outcome != want {
			t.Errorf("cut at %d, silent %t: message %d is %s, want %s", k, silent, i+1, r.Outcome, want)
		}
	}
}
