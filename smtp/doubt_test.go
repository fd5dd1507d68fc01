package smtp

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// breakingConn fails once so many octets were written.
type breakingConn struct {
	net.Conn
	left int
}

var errUnplugged = errors.New("the cable was pulled")

func (c *breakingConn) Write(p []byte) (int, error) {
	if c.left >= len(p) {
		c.left -= len(p)
		return c.Conn.Write(p)
	}
	n, _ := c.Conn.Write(p[:c.left])
	c.left = 0
	return n, errUnplugged
}

// TestFault62 breaks the connection at each octet of a message. From the write
// on that holds the last octet of its end it is in doubt, however little of that
// write has left: what a failed write has sent is not known. A reply that comes
// all the same is the verdict.
func TestFault62(t *testing.T) {
	const (
		text     = "Subject: x\r\n\r\nhello\r\n"
		envelope = "EHLO client.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
	)
	for _, test := range []struct{ name, before, last string }{
		{"DATA", envelope + "DATA\r\n", text + ".\r\n"},
		{"BDAT", envelope, "BDAT 23 LAST\r\n" + text},
	} {
		for says, want := range map[string]Outcome{"": InDoubt, "250 queued": Sent, "451 later": Deferred, "554 no": Failed} {
			t.Run(test.name+" "+says, func(t *testing.T) {
				first := len("EHLO client.example\r\n")
				if says != "" {
					first = len(test.before)
				}
				for left := first; left < len(test.before)+len(test.last); left++ {
					if left == len(test.before) && test.name == "DATA" {
						continue // the server ends before the text begins: seen in time, nothing is written
					}
					synctest.Test(t, func(t *testing.T) {
						outcome := breakAt(t, left, len(test.before), says, test.name == "BDAT", text)
						want := want
						if left < len(test.before) {
							want = Deferred
						}
						if outcome != want {
							t.Errorf("broken after %q: %s, want %s", (test.before + test.last)[:left], outcome, want)
						}
					})
				}
			})
		}
	}
}

func breakAt(t *testing.T, left, before int, says string, chunked bool, text string) Outcome {
	options := talkTo(TLSOff, func(conn net.Conn) {
		say(conn, "220 mx.example")
		line := ""
		for n := 1; n <= left; n++ {
			var octet [1]byte
			if _, err := io.ReadFull(conn, octet[:]); err != nil {
				return
			}
			line += string(octet[:])
			if n > before || octet[0] != '\n' {
				continue
			}
			switch line[:4] {
			case "EHLO":
				say(conn, "250-mx.example", "250 CHUNKING")
			case "DATA":
				say(conn, "354 go ahead")
			default:
				say(conn, "250 ok")
			}
			line = ""
		}
		if says != "" {
			say(conn, says)
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	dial := options.Dial
	options.Dial = func(ctx context.Context, target Target) (net.Conn, error) {
		conn, err := dial(ctx, target)
		return &breakingConn{conn, left}, err
	}
	s, err := Connect(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !chunked {
		result, err := s.Send(t.Context(), Envelope{From: "a@x.example", To: []string{"b@y.example"}}, ContentOf([]byte(text)), SendOptions{})
		if s.Usable() == nil {
			t.Error("the connection would be used again")
		}
		if err != nil && !strings.Contains(err.Error(), errUnplugged.Error()) {
			t.Error(err)
		}
		return result.Outcome
	}
	if _, err := s.Mail(t.Context(), "a@x.example", MailOptions{}); err != nil {
		return Deferred
	}
	if _, err := s.Rcpt(t.Context(), "b@y.example", RcptOptions{}); err != nil {
		return Deferred
	}
	replies, err := s.Bdat(t.Context(), []byte(text), LastChunk)
	if s.Usable() == nil {
		t.Error("the connection would be used again")
	}
	var fault *Error
	switch {
	case err == nil:
		return outcomeOf(replies[0])
	case errors.As(err, &fault) && fault.InDoubt && !fault.Temporary():
		return InDoubt
	}
	return Deferred
}
