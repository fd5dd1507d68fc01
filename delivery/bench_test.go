package delivery

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// echoConn answers whole transactions, back to back, without a system call: what
// is left is what pipeline and client cost.
type echoConn struct {
	net.Conn
	replies chan int // transactions to answer; -1 for the end
	expired chan struct{}
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
	n := bytes.Count(p, []byte("RSET\r\nMAIL"))
	if n == 0 && bytes.HasPrefix(p, []byte("QUIT")) {
		n = -1
	}
	c.replies <- n
	return len(p), nil
}

func (c *echoConn) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		var n int
		select {
		case n = <-c.replies:
		case <-c.expired:
			return 0, os.ErrDeadlineExceeded
		}
		switch {
		case n < 0:
			return 0, io.EOF
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

func (c *echoConn) Close() error                  { return nil }
func (c *echoConn) RemoteAddr() net.Addr          { return &net.TCPAddr{} }
func (c *echoConn) LocalAddr() net.Addr           { return &net.TCPAddr{} }
func (c *echoConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *echoConn) SetReadDeadline(t time.Time) error {
	if !t.IsZero() && time.Until(t) < time.Second { // a glance, or never
		select {
		case c.expired <- struct{}{}:
		default:
		}
		return nil
	}
	select {
	case <-c.expired:
	default:
	}
	return nil
}

func (c *echoConn) SetWriteDeadline(time.Time) error { return nil }

func echoSession(ctx context.Context) (*smtp.Session, error) {
	conn := &echoConn{replies: make(chan int, 1024), expired: make(chan struct{}, 1), rest: []byte(echoGreeting)}
	return smtp.Connect(ctx, smtp.Options{Host: "mx.example", TLS: smtp.TLSOff, LocalName: "client.example",
		Dial: func(context.Context, smtp.Target) (net.Conn, error) { return conn, nil }})
}

var benchText = []byte("Subject: x\r\n\r\n" + string(bytes.Repeat([]byte(string(bytes.Repeat([]byte("x"), 76))+"\r\n"), 13)))

// benchSource is n rows whose message is there already.
func benchSource(n int) Source {
	letter := Letter{Content: smtp.ContentOf(benchText), MessageID: "<x@example.com>"}
	to := []string{"recipient@example.net"}
	build := func(context.Context) (Letter, error) { return letter, nil }
	return func(context.Context, Need) (Rows, error) {
		next := 0
		return Rows{Next: func() (Job, error) {
			if next == n {
				return Job{}, io.EOF
			}
			next++
			return Job{Number: int64(next), Key: keys[next%len(keys)], Envelope: smtp.Envelope{From: "sender@example.com", To: to}, Build: build}, nil
		}}, nil
	}
}

var keys = func() (keys []string) {
	for i := range 1 << 14 {
		keys = append(keys, fmt.Sprint("key", i))
	}
	return keys
}()

// forgetful is a journal that costs nothing.
type forgetful struct{}

func (forgetful) Look(context.Context, []Entry, []Known) error     { return nil }
func (forgetful) Finished(context.Context, []Entry, []Known) error { return nil }
func (forgetful) Claim(_ context.Context, rows []Entry, known []Known) error {
	for i := range known {
		known[i].Status = StatusNew
	}
	return nil
}
func (forgetful) Doubt(context.Context, []Settled, []Attempt) error { return nil }
func (forgetful) Release(context.Context, []Attempt) error          { return nil }
func (forgetful) Settle(context.Context, []Settled) error           { return nil }

// BenchmarkStream is the client alone, for what is to be taken off BenchmarkRun.
func BenchmarkStream(b *testing.B) {
	s, err := echoSession(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	rows, _ := benchSource(b.N)(b.Context(), NeedLetters)
	content := smtp.ContentOf(benchText)
	st := s.Stream(b.Context(), func() (smtp.Mail, error) {
		j, err := rows.Next()
		return smtp.Mail{Envelope: j.Envelope, Content: content}, err
	}, smtp.StreamOptions{Commit: func(context.Context, []smtp.Mail) error { return nil }})
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if r, err := st.Next(); err != nil || r.Outcome != smtp.Sent {
			b.Fatal(r.Outcome, err)
		}
	}
	_, _ = s.Quit(b.Context())
	s.Close()
}

func BenchmarkRun(b *testing.B) {
	pool := smtp.NewPool(echoSession, smtp.PoolOptions{Connections: 1, Messages: 1 << 30})
	defer pool.Close(b.Context())
	b.ReportAllocs()
	counts, err := Run(b.Context(), benchSource(b.N), Options{
		Pool: pool, Connections: 1, Journal: forgetful{}, Duplicates: FirstDuplicate, Addresses: AnyAddresses,
		OnResult: func(Result) error { return nil },
	})
	if err != nil || counts.Sent != int64(b.N) {
		b.Fatal(counts, err)
	}
}

// BenchmarkExamine is the search for rows that clash.
func BenchmarkExamine(b *testing.B) {
	n := 0
	source := func(context.Context, Need) (Rows, error) {
		to := make([]string, 1)
		return Rows{Next: func() (Job, error) {
			if n == b.N {
				return Job{}, io.EOF
			}
			n++
			var text [24]byte
			key := string(strconv.AppendInt(append(text[:0], "someone"...), int64(n), 10))
			to[0] = key
			return Job{Number: int64(n), Key: key, Envelope: smtp.Envelope{To: to}}, nil
		}}, nil
	}
	b.ReportAllocs()
	total, _, err := examine(b.Context(), source, Options{}.withDefaults())
	if err != nil || total != int64(b.N) {
		b.Fatal(total, err)
	}
}
