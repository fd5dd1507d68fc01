package smtp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// overPipe runs a server's side on one end of a pipe and gives the client the
// other. Inside a synctest bubble time passes only when both wait.
func overPipe(t *testing.T, serve func(conn net.Conn, r *bufio.Reader)) Options {
	t.Helper()
	return Options{
		Host: "mx.example", Port: 25, TLS: TLSOff, LocalName: "client.example",
		Dial: func(context.Context, Target) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				serve(server, bufio.NewReader(server))
			}()
			return client, nil
		},
	}
}

// say writes lines, expect reads one.
func say(w io.Writer, lines ...string) { _, _ = io.WriteString(w, strings.Join(lines, "\r\n")+"\r\n") }

func expect(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	if got, err := r.ReadString('\n'); strings.TrimRight(got, "\r\n") != want {
		t.Errorf("server read %q, %v; want %q", got, err, want)
	}
}

// forever holds the connection open and silent until the client gives up.
func forever(r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) }

func wantFault(t *testing.T, err error, kind Kind) *Error {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) || fault.Kind != kind {
		t.Fatalf("error %v, want one of kind %s", err, kind)
	}
	return fault
}

// TestFault7 is a server that accepts the connection and never speaks.
func TestFault7(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := Connect(t.Context(), overPipe(t, func(_ net.Conn, r *bufio.Reader) { forever(r) }))
		wantFault(t, err, KindTimeout)
		if took := time.Since(start); took != GreetingTimeout {
			t.Errorf("gave up after %v, want %v", took, GreetingTimeout)
		}
	})
}

// TestFault24 drips one octet every 29 seconds: the deadline is of the whole
// exchange and not of each read.
func TestFault24(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
			for {
				if _, err := conn.Write([]byte("2")); err != nil {
					return
				}
				time.Sleep(29 * time.Second)
			}
		}))
		wantFault(t, err, KindTimeout)
		if took := time.Since(start); took != GreetingTimeout {
			t.Errorf("gave up after %v, want %v", took, GreetingTimeout)
		}
		time.Sleep(time.Minute) // of the bubble: the server finds the connection closed
	})
}

// TestFault59 is a server that stops reading inside a message.
func TestFault59(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := make(chan struct{})
		s, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
			say(conn, "220 mx")
			expect(t, r, "EHLO client.example")
			say(conn, "250 mx")
			for _, reply := range []string{"250 ok", "250 ok", "354 go"} {
				_, _ = r.ReadString('\n')
				say(conn, reply)
			}
			<-silent
		}))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		result, err := s.Send(t.Context(), Envelope{From: "a@x", To: []string{"b@y"}}, ContentOf(make([]byte, 1<<20)), SendOptions{})
		close(silent)
		fault := wantFault(t, err, KindTimeout)
		if !fault.Temporary() || result.Outcome != Deferred {
			t.Errorf("outcome %s, temporary %v; want deferred and temporary", result.Outcome, fault.Temporary())
		}
		if took := time.Since(start); took < BlockTimeout || took > BlockTimeout+2*afterWriteError {
			t.Errorf("gave up after %v, want about %v", took, BlockTimeout)
		}
	})
}

// TestFault63Timeout is a server that never answers the message.
func TestFault63Timeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
			say(conn, "220 mx")
			expect(t, r, "EHLO client.example")
			say(conn, "250 mx")
			for _, reply := range []string{"250 ok", "250 ok", "354 go"} {
				_, _ = r.ReadString('\n')
				say(conn, reply)
			}
			forever(r)
		}))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		result, err := s.Send(t.Context(), Envelope{From: "a@x", To: []string{"b@y"}}, ContentOf([]byte("x: y\r\n\r\nz\r\n")), SendOptions{})
		if err != nil || result.Outcome != InDoubt {
			t.Errorf("outcome %s, %v; want in_doubt", result.Outcome, err)
		}
		if took := time.Since(start); took != MessageTimeout {
			t.Errorf("gave up after %v, want %v", took, MessageTimeout)
		}
	})
}

// TestInterrupt ends a context at each point where a session can wait.
func TestInterrupt(t *testing.T) {
	for _, test := range []struct {
		name    string
		replies []string // to what the client says, before silence
		doubt   bool
	}{
		{"greeting", nil, false},
		{"EHLO", []string{"220 mx"}, false},
		{"MAIL", []string{"220 mx", "250 mx"}, false},
		{"RCPT", []string{"220 mx", "250 mx", "250 ok"}, false},
		{"DATA", []string{"220 mx", "250 mx", "250 ok", "250 ok"}, false},
		{"message", []string{"220 mx", "250 mx", "250 ok", "250 ok", "354 go"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				why := errors.New("the user pressed Ctrl-C")
				time.AfterFunc(time.Second, func() { cancel(why) })
				start := time.Now()
				s, err := Connect(ctx, overPipe(t, func(conn net.Conn, r *bufio.Reader) {
					for i, reply := range test.replies {
						if i > 0 {
							_, _ = r.ReadString('\n')
						}
						say(conn, reply)
					}
					forever(r)
				}))
				var result Result
				if err == nil {
					result, err = s.Send(ctx, Envelope{From: "a@x", To: []string{"b@y"}}, ContentOf([]byte("x\r\n")), SendOptions{})
				}
				if took := time.Since(start); took != time.Second {
					t.Errorf("returned %v after the interruption, want at once", took-time.Second)
				}
				if test.doubt {
					if err != nil || result.Outcome != InDoubt {
						t.Errorf("%s, %v; want in_doubt", result.Outcome, err)
					}
					return
				}
				if !errors.Is(err, why) {
					t.Errorf("error %v, want the cause of the cancellation", err)
				}
			})
		})
	}
}

// TestFault53 pipelines ten thousand recipients to a server that answers each
// at once, and reads nothing more until its answer is taken.
func TestFault53(t *testing.T) {
	const n = 10000
	var to []string
	for range n {
		to = append(to, "someone@y.example")
	}
	options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
		say(conn, "220 mx")
		expect(t, r, "EHLO client.example")
		say(conn, "250-mx", "250 PIPELINING")
		pending := ""
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			switch {
			case strings.HasPrefix(line, "DATA"):
				pending += "354 go\r\n"
			case line == ".\r\n":
				pending += "250 queued\r\n"
			case strings.HasPrefix(line, "MAIL"), strings.HasPrefix(line, "RCPT"):
				pending += "250 ok\r\n"
			}
			// A pipe has no buffer: answering while the client still writes would
			// block both, as two full windows would.
			if r.Buffered() == 0 && pending != "" {
				_, _ = io.WriteString(conn, pending)
				pending = ""
			}
		}
	})
	s, err := Connect(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	result, err := s.Send(t.Context(), Envelope{From: "a@x.example", To: to}, ContentOf([]byte("x\r\n")), SendOptions{})
	if err != nil || result.Outcome != Sent || len(result.Recipients) != n {
		t.Fatalf("%s to %d recipients, %v", result.Outcome, len(result.Recipients), err)
	}
}
