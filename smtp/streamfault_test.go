package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/smtp/smtptest"
)

// carried are the ways in which most faults of a stream are played: whole
// transactions back to back, and DATA in turns.
var carried = []struct {
	name     string
	transfer Transfer
	probes   int // MAIL commands of the probe
}{{"back to back", "", 1}, {"in turns", TransferData, 0}}

// answering is a rule with a reply.
func answering(at smtptest.Point, call, code int) smtptest.Rule {
	return smtptest.Rule{At: at, Call: call, Do: smtptest.Act{Reply: smtptest.Reply{Code: code}}}
}

// outcomes are those of all recipients, in order.
func outcomes(list []Result) (all []Outcome) {
	for _, r := range list {
		for _, recipient := range r.Recipients {
			all = append(all, recipient.Outcome)
		}
	}
	return all
}

// each is every outcome twice: for both recipients of a message.
func each(list ...Outcome) (all []Outcome) {
	for _, o := range list {
		all = append(all, o, o)
	}
	return all
}

// disputed holds the results of numbered messages against what a server has seen.
func disputed(t *testing.T, seen smtptest.Connection, list []Result) {
	t.Helper()
	for _, complaint := range seen.Disputes(claimed(list, numberedMail)) {
		t.Error(complaint)
	}
}

// claimed are the claims that results make of the messages that mail numbers.
func claimed(list []Result, mail func(int) Mail) (claims []smtptest.Claim) {
	for i, r := range list {
		m := mail(i + 1)
		var text strings.Builder
		for _, p := range m.Content.Pieces {
			text.Write(p)
		}
		for _, recipient := range r.Recipients {
			claims = append(claims, smtptest.Claim{From: m.Envelope.From, To: recipient.Address, Text: []byte(text.String()), Outcome: string(recipient.Outcome)})
		}
	}
	return claims
}

// everything is all that a stream returns, that of the error included.
func everything(st *Stream) (list []Result, err error) {
	for {
		r, err := st.Next()
		if err == nil || len(r.Recipients) > 0 {
			list = append(list, r)
		}
		if err != nil {
			return list, err
		}
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// 71: a chunk refused in the middle of a large message, which travels alone:
// nothing more of it is sent, RSET is, and the stream goes on.
func TestFault71(t *testing.T) {
	for code, want := range map[int]Outcome{451: Deferred, 554: Failed} {
		t.Run(string(want), func(t *testing.T) {
			s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{
				{At: smtptest.Bdat, Call: 2, Do: smtptest.Act{Reply: smtptest.Reply{Code: code}}}, // the first is the probe's
			}})
			large := "Subject: large\r\n\r\n" + strings.Repeat(strings.Repeat("x", 78)+"\r\n", 3*chunkSize/80)
			list, err := results(s.Stream(t.Context(), renumbered(5, func(i int, m *Mail) {
				if i == 3 {
					m.Content = ContentOf([]byte(large))
				}
			}), StreamOptions{Bytes: 1000}))
			if want := each(Sent, Sent, want, Sent, Sent); err != nil || !slices.Equal(outcomes(list), want) {
				t.Errorf("%v, %v, want %v", outcomes(list), err, want)
			}
			seen, chunks := record(), 0
			for _, m := range seen.Messages {
				if len(m.Raw) > 1000 {
					chunks++
					if len(m.Chunks) != 1 || m.Complete {
						t.Errorf("chunks of %v octets arrive behind the refusal", m.Chunks)
					}
				}
			}
			if chunks != 1 {
				t.Errorf("%d large messages", chunks)
			}
		})
	}
}

// renumbered is numbered with changes.
func renumbered(n int, change func(i int, m *Mail)) func() (Mail, error) {
	i := 0
	return func() (Mail, error) {
		if i == n {
			return Mail{}, io.EOF
		}
		i++
		m := numberedMail(i)
		change(i, &m)
		return m, nil
	}
}

// 72: text follows recipients that may have been refused only where the server
// has shown that it skips such text; that it does not is remembered.
func TestFault72(t *testing.T) {
	parser := smtptest.Rule{At: smtptest.Bdat, Call: 1, Do: smtptest.Act{Raw: "503 5.5.1 no\r\n250 2.0.0 ok\r\n250 2.0.0 ok\r\n", Reply: smtptest.Reply{Code: 503}}}
	for _, transfer := range []Transfer{"", TransferBdat} {
		t.Run("transfer "+string(transfer), func(t *testing.T) {
			lessons := &Lessons{}
			for connection := range 2 {
				server := smtptest.Server{}
				if connection == 0 {
					server.Rules = []smtptest.Rule{parser}
				}
				s, record := streamTo(t, server)
				s.options.Lessons = lessons
				list, err := results(s.Stream(t.Context(), numbered(5), StreamOptions{Transfer: transfer}))
				if err != nil || !slices.Equal(outcomes(list), each(Sent, Sent, Sent, Sent, Sent)) {
					t.Fatalf("connection %d: %v, %v", connection, outcomes(list), err)
				}
				seen := record()
				if probes := strings.Count(string(seen.Above), probeChunk); probes != 1-connection {
					t.Errorf("connection %d: %d probes", connection, probes)
				}
				want := "DATA"
				if transfer == TransferBdat {
					want = "BDAT"
				}
				for _, m := range seen.Messages {
					if m.Transfer != want {
						t.Errorf("connection %d: %s arrives by %s", connection, m.From, m.Transfer)
					}
				}
				// Whoever waits for its recipients never sends text to nobody.
				before := 0
				for _, c := range seen.Commands {
					switch c.Verb {
					case "RCPT":
						before++
					case "RSET", "MAIL":
						before = 0
					case "BDAT":
						if before == 0 && !strings.HasSuffix(c.Line, "12 LAST") {
							t.Errorf("connection %d: %s behind no recipient", connection, c.Line)
						}
					}
				}
				disputed(t, seen, list)
			}
		})
	}
}

// 73: a reply that never comes: counted, so that the last message is the one
// without, and in doubt.
func TestFault73(t *testing.T) {
	for _, way := range carried {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 5, Do: smtptest.Act{Mute: true}}}})
				list, err := results(s.Stream(t.Context(), numbered(5), StreamOptions{Transfer: way.transfer}))
				if want := each(Sent, Sent, Sent, Sent, InDoubt); !slices.Equal(outcomes(list), want) {
					t.Errorf("%v, want %v", outcomes(list), want)
				}
				var fault *Error
				if !errors.As(err, &fault) || fault.Kind != KindTimeout {
					t.Errorf("the error is %v", err)
				}
				if took := time.Since(begin); took != MessageTimeout {
					t.Errorf("it takes %v", took)
				}
				disputed(t, record(), list)
			})
		})
	}
}

// 74: with TLS, whose records begin and end anywhere, a server that counts the
// octets of chunks finds each message and each command where it should be.
func TestFault74(t *testing.T) {
	identity, err := smtptest.NewIdentity("mx.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 15, 16 << 10, 16<<10 - 1, 16<<10 + 1, 40_000, 100_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			ours, theirs := newPipe()
			done := make(chan smtptest.Connection, 1)
			server := smtptest.Server{TLS: smtptest.TLSImplicit, Identity: identity}
			go func() { done <- server.Serve(theirs) }()
			s, err := Connect(t.Context(), Options{
				Host: "mx.example", TLS: TLSImplicit, LocalName: "client.example", RootCAs: identity.Roots,
				Dial: func(context.Context, Target) (net.Conn, error) { return ours, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			mail := func(i int) Mail {
				m := numberedMail(i)
				m.Content = ContentOf(slices.Concat(numberedText(i), []byte(strings.Repeat("y", size+i)), []byte("\r\n")))
				return m
			}
			list, err := results(s.Stream(t.Context(), renumbered(12, func(i int, m *Mail) { *m = mail(i) }), StreamOptions{}))
			if err != nil || len(list) != 12 {
				t.Fatalf("%d results, %v", len(list), err)
			}
			if _, err := s.Quit(t.Context()); err != nil {
				t.Error(err)
			}
			seen := <-done
			for _, complaint := range seen.Disputes(claimed(list, mail)) {
				t.Error(complaint)
			}
			for i, r := range list {
				if r.Outcome != Sent {
					t.Errorf("message %d: %s", i+1, r.Outcome)
				}
			}
		})
	}
}

// 75: the envelope of the next message, or all of it, is sent before the reply to
// the message in front; that it is refused changes nothing for the next.
func TestFault75(t *testing.T) {
	for _, way := range carried {
		for code, want := range map[int]Outcome{451: Deferred, 554: Failed} {
			t.Run(fmt.Sprint(way.name, " ", code), func(t *testing.T) {
				s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{answering(smtptest.Message, 1, code), answering(smtptest.Message, 3, code)}})
				list, err := results(s.Stream(t.Context(), numbered(4), StreamOptions{Transfer: way.transfer}))
				if want := each(want, Sent, want, Sent); err != nil || !slices.Equal(outcomes(list), want) {
					t.Errorf("%v, %v, want %v", outcomes(list), err, want)
				}
				if err := s.Usable(); err != nil {
					t.Error(err)
				}
				disputed(t, record(), list)
			})
		}
	}
}

// 76: the connection ends with a window of messages on their way. Each is what
// it is: sent where its reply came, in doubt where its end was written, and
// deferred where it was not.
func TestFault76(t *testing.T) {
	for _, then := range []smtptest.Ending{smtptest.Close, smtptest.Silence} {
		for at := 1; at <= 10; at++ {
			for _, way := range carried {
				t.Run(fmt.Sprint(way.name, " ", at, " ", then), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: at, Do: smtptest.Act{Mute: true, Then: then}}}})
						source, pulled := numbered(20), 0
						list, err := everything(s.Stream(t.Context(), func() (Mail, error) { pulled++; return source() }, StreamOptions{Transfer: way.transfer, Messages: 8}))
						unwritten := way.transfer == TransferData
						for i, r := range list {
							want := InDoubt
							switch {
							case i+1 < at:
								want = Sent
							case i+1 > at && (unwritten || i+1 > 8 && r.Outcome == Deferred):
								// Behind the first window, the end may have been noticed before
								// the next was written; nothing behind that is in doubt then.
								want, unwritten = Deferred, true
							}
							if r.Outcome != want {
								t.Errorf("message %d: %s, want %s", i+1, r.Outcome, want)
							}
						}
						if err == nil || err == io.EOF || len(list) != pulled {
							t.Errorf("%d results of %d messages, then %v", len(list), pulled, err)
						}
						if s.Usable() == nil {
							t.Error("the connection would be used again")
						}
						if then == smtptest.Silence {
							disputed(t, record(), list)
							return
						}
						record()
					})
				})
			}
		}
	}
}

// deaf is a server that offers PIPELINING and throws away what comes in the same
// write behind a message.
func deaf(conn net.Conn) {
	defer conn.Close()
	say(conn, "220 mx.example")
	buf := make([]byte, 64<<10)
	inText := false
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		text := string(buf[:n])
		for text != "" {
			if inText {
				if _, _, ok := strings.Cut(text, "\r\n.\r\n"); ok {
					inText = false
					say(conn, "250 2.0.0 taken")
				}
				text = ""
				continue
			}
			line, rest, _ := strings.Cut(text, "\r\n")
			text = rest
			switch line[:4] {
			case "EHLO":
				say(conn, "250-mx.example", "250 PIPELINING")
			case "DATA":
				say(conn, "354 go ahead")
				inText = true
			case "QUIT":
				say(conn, "221 bye")
				return
			default:
				say(conn, "250 ok")
			}
		}
	}
}

// 77: a server that offers PIPELINING and loses what comes behind a message: a
// timeout, once. Connections after it send one command at a time.
func TestFault77(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lessons := &Lessons{}
		connect := func() *Session {
			ours, theirs := newPipe()
			go deaf(theirs)
			s, err := Connect(t.Context(), Options{
				Host: "mx.example", TLS: TLSOff, LocalName: "client.example", Lessons: lessons,
				Dial: func(context.Context, Target) (net.Conn, error) { return ours, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := connect()
		begin := time.Now()
		list, err := everything(s.Stream(t.Context(), numbered(5), StreamOptions{}))
		if len(list) < 2 || list[0].Outcome != Sent || list[1].Outcome != Deferred {
			t.Errorf("%v, %v", outcomes(list), err)
		}
		var fault *Error
		if !errors.As(err, &fault) || fault.Kind != KindTimeout {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(begin); took != CommandTimeout {
			t.Errorf("it takes %v", took)
		}
		s.Close()
		begin = time.Now()
		s = connect()
		list, err = results(s.Stream(t.Context(), numbered(5), StreamOptions{}))
		if err != nil || !slices.Equal(outcomes(list), each(Sent, Sent, Sent, Sent, Sent)) {
			t.Errorf("the next connection: %v, %v", outcomes(list), err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("the next connection takes %v", took)
		}
		s.Close()
		synctest.Wait()
	})
}

// 78: one refusal, and 503 to all that was sent behind it: only the refusal is
// reported, and only for its own message.
func TestFault78(t *testing.T) {
	for _, way := range carried {
		for code, want := range map[int]Outcome{451: Deferred, 550: Failed} {
			t.Run(fmt.Sprint(way.name, " ", code), func(t *testing.T) {
				s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{answering(smtptest.Mail, 2+way.probes, code)}})
				list, err := results(s.Stream(t.Context(), numbered(4), StreamOptions{Transfer: way.transfer}))
				if want := each(Sent, want, Sent, Sent); err != nil || !slices.Equal(outcomes(list), want) {
					t.Fatalf("%v, %v, want %v", outcomes(list), err, want)
				}
				for _, r := range append(list[1].Recipients, Recipient{Reply: list[1].Reply}) {
					if r.Reply.Code != code || r.Reply.Command != "MAIL FROM:<from2@x.example>" {
						t.Errorf("%s: %s in answer to %s", r.Address, r.Reply, r.Reply.Command)
					}
				}
				seen := record()
				if n := strings.Count(string(seen.Said), "503 "); n < 2 {
					t.Errorf("%d replies of 503: the test tests nothing", n)
				}
				disputed(t, seen, list)
			})
		}
	}
}

// 79: an RSET that is refused, or not answered: what the server still has would
// be lent to the next message, so nothing more is sent.
func TestFault79(t *testing.T) {
	for name, act := range map[string]smtptest.Act{
		"451":     {Reply: smtptest.Reply{Code: 451}},
		"502":     {Reply: smtptest.Reply{Code: 502}},
		"silence": {Mute: true, Then: smtptest.Silence},
	} {
		for _, way := range carried {
			t.Run(name+", "+way.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					// In turns RSET follows a message that nobody wants.
					server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Rset, Call: 3 - 2*(1-way.probes), Do: act}}}
					if way.transfer == TransferData {
						server.Rules = append(server.Rules, answering(smtptest.Rcpt, 3, 550), answering(smtptest.Rcpt, 4, 550))
					}
					s, record := streamTo(t, server)
					begin := time.Now()
					list, err := everything(s.Stream(t.Context(), numbered(6), StreamOptions{Transfer: way.transfer}))
					second, later := Sent, InDoubt
					if way.transfer == TransferData {
						second, later = Failed, Deferred
					}
					for i, r := range list {
						want := []Outcome{Sent, second, later, later, later, later}[i]
						if r.Outcome != want {
							t.Errorf("message %d: %s, want %s", i+1, r.Outcome, want)
						}
					}
					if err == nil || err == io.EOF || s.Usable() == nil {
						t.Errorf("the stream ends with %v, and the connection would be used again", err)
					}
					if took := time.Since(begin); name == "silence" && took != ResetTimeout || name != "silence" && took != 0 {
						t.Errorf("it takes %v", took)
					}
					disputed(t, record(), list)
				})
			})
		}
	}
}

// 82: a server that does not answer QUIT changes nothing, and keeps nobody for
// long.
func TestFault82(t *testing.T) {
	for _, then := range []smtptest.Ending{smtptest.Silence, smtptest.Reset} {
		for _, way := range carried {
			t.Run(fmt.Sprint(way.name, " ", then), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Quit, Do: smtptest.Act{Mute: true, Then: then}}}})
					list, err := results(s.Stream(t.Context(), numbered(4), StreamOptions{Transfer: way.transfer}))
					begin := time.Now()
					if _, err := s.Quit(t.Context()); err != nil {
						t.Errorf("QUIT: %v", err)
					}
					if took := time.Since(begin); took > seconds(5) {
						t.Errorf("it takes %v", took)
					}
					if err != nil || !slices.Equal(outcomes(list), each(Sent, Sent, Sent, Sent)) {
						t.Errorf("%v, %v", outcomes(list), err)
					}
					disputed(t, record(), list)
				})
			})
		}
	}
}
