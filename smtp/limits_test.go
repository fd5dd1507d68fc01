package smtp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// countingConn counts what the client has taken.
type countingConn struct {
	net.Conn
	taken atomic.Int64
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.taken.Add(int64(n))
	return n, err
}

// flood is a server that answers NOOP, or AUTH, with a text that does not end.
func flood(t *testing.T, text string) (taken int64, fault error) {
	t.Helper()
	conn := &countingConn{}
	options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
		say(conn, "220 mx")
		expect(t, r, "EHLO client.example")
		say(conn, "250-mx", "250 AUTH LOGIN")
		expect(t, r, "AUTH LOGIN")
		for {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		}
	})
	dial := options.Dial
	options.Dial = func(ctx context.Context, target Target) (net.Conn, error) {
		var err error
		conn.Conn, err = dial(ctx, target)
		return conn, err
	}
	s, err := Connect(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	before := conn.taken.Load()
	_, err = s.Auth(t.Context(), Credentials{Username: "ann", Password: NewSecret(canary), Mechanism: "LOGIN", InClear: true})
	if s.Usable() == nil {
		t.Error("the connection would be used again")
	}
	return conn.taken.Load() - before, err
}

// TestFault23 is a reply without end. Lines short enough and few enough for
// their limits still stop at 64 KiB.
func TestFault23(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       error
		limit      int64
	}{
		{"many lines", "334-x\r\n", errReplyLines, 8 << 10},
		{"many octets", "334-" + strings.Repeat("x", 1000) + "\r\n", errReplyBytes, maxReplyBytes + 8<<10},
		{"longest lines", "334-" + strings.Repeat("x", maxReplyLine-5) + "\r\n", errReplyBytes, maxReplyBytes + 12<<10},
		{"one line", strings.Repeat("x", 1<<20), errReplyLine, 12 << 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			taken, err := flood(t, test.text)
			if wantFault(t, err, KindProtocol); !errors.Is(err, test.want) || taken > test.limit {
				t.Errorf("%v after %d octets, want %v within %d", err, taken, test.want, test.limit)
			}
		})
	}
}

// TestFault39 is a challenge of 1 MiB.
func TestFault39(t *testing.T) {
	taken, err := flood(t, "334 "+strings.Repeat("QUFB", 1<<18)+"\r\n")
	if wantFault(t, err, KindProtocol); !errors.Is(err, errReplyLine) || taken > 12<<10 {
		t.Errorf("%v after %d octets", err, taken)
	}
}
