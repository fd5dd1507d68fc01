package smtp

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// echoConn answers whole transactions, back to back, without a system call: what
// is left is what the client costs.
type echoConn struct {
	net.Conn
	replies chan int // transactions to answer
	rest    []byte
	greeted int
}

const (
	echoReplies  = "250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.0.0 Ok: queued as 4F1B2C3D4E\r\n"
	echoGreeting = "220 mx\r\n"
	echoHello    = "250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"
	echoProbe    = "250 2.1.0 Ok\r\n503 5.5.1 no\r\n" + echoHello
)

func (c *echoConn) Write(p []byte) (int, error) {
	c.replies <- bytes.Count(p, []byte("RSET\r\nMAIL"))
	return len(p), nil
}

func (c *echoConn) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		switch n := <-c.replies; {
		case n > 0:
			c.rest = bytes.Repeat([]byte(echoReplies), n)
		case c.greeted == 0:
			c.rest = []byte(echoHello)
			c.greeted++
		default:
			c.rest = []byte(echoProbe)
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *echoConn) Close() error                     { return nil }
func (c *echoConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *echoConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *echoConn) SetDeadline(time.Time) error      { return nil }
func (c *echoConn) SetReadDeadline(time.Time) error  { return nil }
func (c *echoConn) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkStream is a message of 1 KiB, back to back.
func BenchmarkStream(b *testing.B) {
	conn := &echoConn{replies: make(chan int, 1024), rest: []byte(echoGreeting)}
	s, err := Connect(b.Context(), Options{Host: "mx.example", TLS: TLSOff, Dial: func(context.Context, Target) (net.Conn, error) { return conn, nil }})
	if err != nil {
		b.Fatal(err)
	}
	content := ContentOf([]byte("Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 13)))
	to := []string{"recipient@example.net"}
	left := b.N
	st := s.Stream(b.Context(), func() (Mail, error) {
		if left == 0 {
			return Mail{}, io.EOF
		}
		left--
		return Mail{Envelope: Envelope{"sender@example.com", to}, Content: content}, nil
	}, StreamOptions{})
	b.ReportAllocs()
	b.ResetTimer()
	// The last messages stay on their way: the connection never ends.
	for range b.N - 1 {
		if r, err := st.Next(); err != nil || r.Outcome != Sent {
			b.Fatal(r.Outcome, err)
		}
	}
}
