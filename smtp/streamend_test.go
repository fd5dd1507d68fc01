package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/smtp/smtptest"
)

// watched is a context that notes how often it is asked whether it has ended.
type watched struct {
	context.Context
	asked   atomic.Int64
	tooMuch func()
}

func (c *watched) Err() error {
	if c.asked.Add(1) == 10_000 {
		c.tooMuch()
	}
	return c.Context.Err()
}

// A write that fails with the window full: replies that may have arrived are
// awaited, and not by asking again and again.
func TestStreamWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		done := make(chan smtptest.Connection, 1)
		server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Text, Call: 6, Do: smtptest.Act{After: 1, Then: smtptest.Stop}}}}
		go func() { done <- server.Serve(theirs) }()
		s, err := Connect(t.Context(), Options{
			Host: "mx.example", TLS: TLSOff, LocalName: "client.example",
			Dial: func(context.Context, Target) (net.Conn, error) { return ours, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx := &watched{Context: t.Context(), tooMuch: func() {
			t.Error("the stream does not wait")
			theirs.Close()
		}}
		source, pulled := numbered(100), 0
		list, err := everything(s.Stream(ctx, func() (Mail, error) { pulled++; return source() }, StreamOptions{Messages: 8}))
		if err == nil || err == io.EOF || len(list) != pulled {
			t.Errorf("%d results of %d messages, then %v", len(list), pulled, err)
		}
		s.Close()
		<-done
	})
}

// A connection that ends is not to be taken for the end of the source.
func TestStreamEndOfConnection(t *testing.T) {
	s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 2, Do: smtptest.Act{Mute: true, Then: smtptest.Close}}}})
	_, err := everything(s.Stream(t.Context(), numbered(5), StreamOptions{}))
	if errors.Is(err, io.EOF) {
		t.Errorf("errors.Is(err, io.EOF) holds for %v", err)
	}
	record()
}

// A probe that ends the connection: what was taken from the source for it has a
// result, as everything that was taken.
func TestStreamProbeFails(t *testing.T) {
	s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Bdat, Call: 1, Do: smtptest.Act{Mute: true, Then: smtptest.Close}}}})
	source, pulled := numbered(5), 0
	list, err := everything(s.Stream(t.Context(), func() (Mail, error) { pulled++; return source() }, StreamOptions{}))
	if err == nil || len(list) != pulled {
		t.Errorf("%d results of %d messages, then %v", len(list), pulled, err)
	}
	for _, r := range list {
		if r.Outcome != Deferred {
			t.Errorf("%s, want deferred", r.Outcome)
		}
	}
	record()
}

// A server that refuses the second EHLO, which closes the probe, or answers it
// with one line: the stream goes on, and does not wait for minutes.
func TestStreamProbeRefused(t *testing.T) {
	for _, code := range []int{250, 503} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{answering(smtptest.Ehlo, 2, code)}})
				begin := time.Now()
				list, err := results(s.Stream(t.Context(), numbered(3), StreamOptions{}))
				if err != nil || !slices.Equal(outcomes(list), each(Sent, Sent, Sent)) {
					t.Errorf("%v, %v", outcomes(list), err)
				}
				if took := time.Since(begin); took > time.Minute {
					t.Errorf("it takes %v", took)
				}
				record()
			})
		})
	}
}

// Whole messages were written behind an RCPT or RSET that is answered with 421,
// and no reply to them comes: they may have been taken, as those behind them.
func TestStreamGoodbye(t *testing.T) {
	for name, rule := range map[string]smtptest.Rule{
		"first recipient":  answering(smtptest.Rcpt, 3, 421),
		"second recipient": answering(smtptest.Rcpt, 4, 421),
		"RSET":             answering(smtptest.Rset, 2, 421),
	} {
		t.Run(name, func(t *testing.T) {
			s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{rule}})
			list, _ := everything(s.Stream(t.Context(), numbered(4), StreamOptions{}))
			disputed(t, record(), list)
		})
	}
}

// LMTP: garbage in answer to the second recipient says nothing of the first, who
// was answered before.
func TestStreamGarbageBehindVerdict(t *testing.T) {
	s, record := streamTo(t, smtptest.Server{Protocol: smtptest.LMTP, Rules: []smtptest.Rule{{At: smtptest.Message, Call: 4, Do: smtptest.Act{Raw: "250x\r\n"}}}})
	list, _ := everything(s.Stream(t.Context(), numbered(3), StreamOptions{}))
	want := []Outcome{Sent, Sent, Sent, InDoubt, InDoubt, InDoubt}
	if !slices.Equal(outcomes(list), want) {
		t.Errorf("%v, want %v", outcomes(list), want)
	}
	record()
}

// BDAT that was asked for is what is used, without PIPELINING too; and where it is
// not offered, that is an error.
func TestStreamTransferAlone(t *testing.T) {
	for _, offered := range []bool{true, false} {
		t.Run(fmt.Sprint("offered ", offered), func(t *testing.T) {
			server := smtptest.Server{Capabilities: []string{"8BITMIME"}}
			if offered {
				server.Capabilities = append(server.Capabilities, "CHUNKING")
			}
			s, record := streamTo(t, server)
			list, err := everything(s.Stream(t.Context(), numbered(2), StreamOptions{Transfer: TransferBdat}))
			if offered != (err == io.EOF) {
				t.Errorf("%v, %v", outcomes(list), err)
			}
			for _, m := range record().Messages {
				if m.Transfer != "BDAT" {
					t.Errorf("%s arrives by %s", m.From, m.Transfer)
				}
			}
		})
	}
}

// Everything that was taken from the source has a result, or Left is told of it,
// however the stream ends.
func TestStreamLosesNothing(t *testing.T) {
	for _, way := range carried {
		for _, how := range []string{"cancelled", "left", "closed"} {
			t.Run(way.name+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 3, Do: smtptest.Act{Delay: seconds(5)}}}}
					s, record := streamTo(t, server)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					time.AfterFunc(seconds(1), cancel)
					source, pulled, committed, told := numbered(100), 0, 0, 0
					options := StreamOptions{
						Transfer: way.transfer, Messages: 8, Left: func(Mail, Result) { told++ },
						Commit: func(_ context.Context, batch []Mail) error { committed += len(batch); return nil },
					}
					if how != "cancelled" {
						ctx = t.Context()
					}
					st := s.Stream(ctx, func() (Mail, error) {
						m, err := source()
						if err == nil {
							pulled++
						}
						return m, err
					}, options)
					for range 2 {
						if r, err := st.Next(); err != nil || r.Outcome != Sent {
							t.Fatal(r, err)
						}
						told++
					}
					switch how {
					case "cancelled":
						list, _ := everything(st)
						told += len(list)
					case "left":
						st.Leave()
					case "closed":
						s.Close()
					}
					if told != pulled {
						t.Errorf("%d messages were taken from the source, %d committed; of %d it is told what became", pulled, committed, told)
					}
					record()
				})
			})
		}
	}
}

// lateConn is a connection whose writes return once they are answered.
type lateConn struct{ net.Conn }

func (c lateConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	time.Sleep(time.Second)
	return n, err
}

// Messages that are refused before their text, and replies that are there before
// the write has returned: no dot is sent where the server reads commands, and
// each message is its own.
func TestStreamQuickRefusal(t *testing.T) {
	for name, rules := range map[string][]smtptest.Rule{
		"MAIL": {answering(smtptest.Mail, 1, 451), answering(smtptest.Mail, 3, 550)},
		"RCPT": {answering(smtptest.Rcpt, 1, 451), answering(smtptest.Rcpt, 2, 451), answering(smtptest.Rcpt, 5, 550), answering(smtptest.Rcpt, 6, 550)},
		"DATA": {answering(smtptest.Data, 1, 451), answering(smtptest.Data, 3, 550)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				done := make(chan smtptest.Connection, 1)
				server := smtptest.Server{Rules: rules}
				go func() { done <- server.Serve(theirs) }()
				s, err := Connect(t.Context(), Options{
					Host: "mx.example", TLS: TLSOff, LocalName: "client.example",
					Dial: func(context.Context, Target) (net.Conn, error) { return lateConn{ours}, nil },
				})
				if err != nil {
					t.Fatal(err)
				}
				list, err := everything(s.Stream(t.Context(), numbered(6), StreamOptions{Transfer: TransferData}))
				if want := each(Deferred, Sent, Failed, Sent, Sent, Sent); err != io.EOF || !slices.Equal(outcomes(list), want) {
					t.Errorf("%v, %v, want %v", outcomes(list), err, want)
				}
				s.Close()
				disputed(t, <-done, list)
			})
		})
	}
}
