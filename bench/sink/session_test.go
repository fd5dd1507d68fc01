package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// talk is a client of a server that has one connection.
type talk struct {
	t       *testing.T
	conn    net.Conn
	replies *bufio.Reader
	server  *server
	ended   chan struct{}
}

// dial connects over the loopback interface, where reads can find nothing.
func dial(t *testing.T, o options) *talk {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &talk{t: t, server: &server{options: o}, ended: make(chan struct{})}
	go func() {
		defer close(k.ended)
		k.server.serve(listener)
	}()
	if k.conn, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.conn.Close() })
	k.replies = bufio.NewReader(k.conn)
	k.expect("220")
	listener.Close()
	return k
}

func (k *talk) write(text string) {
	k.t.Helper()
	if _, err := io.WriteString(k.conn, text); err != nil {
		k.t.Fatal(err)
	}
}

// expect reads replies and compares their codes.
func (k *talk) expect(codes ...string) {
	k.t.Helper()
	for _, code := range codes {
		for {
			reply, err := k.replies.ReadString('\n')
			if err != nil {
				k.t.Fatalf("want %s: %v", code, err)
			}
			if !strings.HasPrefix(reply, code) {
				k.t.Fatalf("want %s, got %q", code, reply)
			}
			if reply[3] != '-' {
				break
			}
		}
	}
}

// totals quits and returns what was counted.
func (k *talk) totals() totals {
	k.t.Helper()
	k.write("QUIT\r\n")
	k.expect("221")
	<-k.ended
	return k.server.counted()
}

const (
	mailLine = "MAIL FROM:<a@example.com>\r\n"
	rcptLine = "RCPT TO:<b@example.net>\r\n"
	envelope = mailLine + rcptLine + "DATA\r\n"
)

func TestTurns(t *testing.T) {
	const messages = 10
	for _, c := range []struct {
		name string
		send func(k *talk)
		want int64 // between the first MAIL and the last message
	}{
		{"each command waits", func(k *talk) {
			for range messages {
				k.write(mailLine)
				k.expect("250")
				k.write(rcptLine)
				k.expect("250")
				k.write("DATA\r\n")
				k.expect("354")
				k.write("x\r\n.\r\n")
				k.expect("250")
			}
		}, 4*messages - 1},
		{"the envelope in one write", func(k *talk) {
			for range messages {
				k.write(envelope)
				k.expect("250", "250", "354")
				k.write("x\r\n.\r\n")
				k.expect("250")
			}
		}, 2*messages - 1},
		{"the next envelope behind the text", func(k *talk) {
			k.write(envelope)
			for i := range messages {
				k.expect("250", "250", "354")
				if i < messages-1 {
					k.write("x\r\n.\r\n" + envelope)
				} else {
					k.write("x\r\n.\r\n")
				}
				k.expect("250")
			}
		}, messages},
		{"whole messages in one write", func(k *talk) {
			k.write(strings.Repeat(mailLine+rcptLine+"BDAT 3 LAST\r\nx\r\n", messages))
			for range messages {
				k.expect("250", "250", "250")
			}
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := dial(t, options{})
			k.write("EHLO c\r\n")
			k.expect("250")
			c.send(k)
			got := k.totals()
			if got.Messages != messages || got.MessageTurns != c.want || got.BodyOctets != 3*messages || got.Errors != 0 {
				t.Errorf("got %+v, want %d turns", got, c.want)
			}
		})
	}
}

// TestTextCutAnywhere finds the end of a message wherever reads are cut.
func TestTextCutAnywhere(t *testing.T) {
	for _, text := range []string{"", "x\r\n", "..\r\n", "a\r\n.b\r\n\r\n", ".\r", "\n.\r\n.\r"} {
		stream := text + ".\r\nNOOP\r\n"
		want := int64(len(text))
		if text == ".\r" || text == "\n.\r\n.\r" {
			// No line end stands before the last dot.
			stream = text + "x\r\n.\r\nNOOP\r\n"
			want += int64(len("x\r\n"))
		}
		for cut := range len(stream) {
			near, far := net.Pipe()
			s := newSession(&server{}, &piped{Conn: far})
			go func() {
				io.WriteString(near, stream[:cut])
				io.WriteString(near, stream[cut:])
			}()
			if err := s.text(); err != nil {
				t.Fatalf("%q cut at %d: %v", text, cut, err)
			}
			if s.totals.BodyOctets != want {
				t.Errorf("%q cut at %d: %d octets, want %d", text, cut, s.totals.BodyOctets, want)
			}
			if line, err := s.line(); err != nil || string(line) != "NOOP" {
				t.Errorf("%q cut at %d: then comes %q, %v", text, cut, line, err)
			}
			near.Close()
		}
	}
}

// piped is a transport that never finds anything to read at once.
type piped struct {
	net.Conn
	exchange exchange
}

func (p *piped) whenIdle(func())   {}
func (p *piped) counts() *exchange { return &p.exchange }

// TestRefusedChunk takes the octets of a refused chunk off the wire. Streaming
// clients try that before they rely on it.
func TestRefusedChunk(t *testing.T) {
	k := dial(t, options{})
	k.write("EHLO c\r\n" + mailLine + "BDAT 12 LAST\r\nNOOP\r\nNOOP\r\nRSET\r\n")
	k.expect("250", "250", "503", "250")
	k.write(mailLine + rcptLine + "BDAT 4\r\nQUIT" + "BDAT 0 LAST\r\n")
	k.expect("250", "250", "250", "250")
	got := k.totals()
	if got.Messages != 1 || got.BodyOctets != 4 || got.Refused != 1 || got.Chunks != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestOffers(t *testing.T) {
	k := dial(t, options{noChunking: true, noPipelining: true, auth: true})
	k.write("EHLO c\r\n")
	var offers []string
	for {
		line, err := k.replies.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		offers = append(offers, strings.TrimSpace(line[4:]))
		if line[3] == ' ' {
			break
		}
	}
	got := strings.Join(offers, ",")
	if got != "sink.localhost,AUTH PLAIN LOGIN,SIZE 104857600,8BITMIME,SMTPUTF8,ENHANCEDSTATUSCODES" {
		t.Errorf("got %s", got)
	}
	k.write("AUTH PLAIN AHgAeQ==\r\n")
	k.expect("235")
	k.write("AUTH LOGIN\r\n")
	k.expect("334")
	k.write("eA==\r\n")
	k.expect("334")
	k.write("eQ==\r\n")
	k.expect("235")
}

// TestDelay counts round trips on a line where one takes a second.
func TestDelay(t *testing.T) {
	const delay = time.Second / 2
	for _, c := range []struct {
		name   string
		pieces []string // each written when all replies to the one before are there
		trips  time.Duration
		rounds int64
	}{
		// Connection and greeting are two round trips, each piece is one.
		{"nothing but QUIT", []string{"QUIT\r\n"}, 3, 1},
		{"a command at a time", []string{"EHLO c\r\n", mailLine, rcptLine, "DATA\r\n", "x\r\n.\r\n", "QUIT\r\n"}, 8, 6},
		{"everything at once", []string{"EHLO c\r\n", strings.Repeat(mailLine+rcptLine+"BDAT 1 LAST\r\nx", 50), "QUIT\r\n"}, 5, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				s := &server{options: options{delay: delay}}
				go s.handle(far)
				start := time.Now()
				replies := bufio.NewReader(near)
				k := &talk{t: t, conn: near, replies: replies}
				k.expect("220")
				for _, piece := range c.pieces {
					k.write(piece)
					switch {
					case strings.HasPrefix(piece, "DATA"):
						k.expect("354")
					case strings.HasPrefix(piece, "QUIT"):
						k.expect("221")
					default:
						for range max(1, 3*strings.Count(piece, "BDAT")) {
							k.expect("250")
						}
					}
				}
				if got := time.Since(start); got != c.trips*2*delay {
					t.Errorf("it took %v, want %d round trips", got, c.trips)
				}
				near.Close()
				synctest.Wait()
				if got := s.counted(); got.Rounds != c.rounds || got.Errors != 0 {
					t.Errorf("got %+v, want %d rounds", got, c.rounds)
				}
			})
		})
	}
}

func TestBrokenConnectionIsAnError(t *testing.T) {
	k := dial(t, options{})
	k.write("EHLO c\r\n" + envelope + "half a messa")
	k.expect("250", "250", "250", "354")
	k.conn.Close()
	<-k.ended
	if got := k.server.counted(); got.Errors != 1 || got.Messages != 0 {
		t.Errorf("got %s", fmt.Sprintf("%+v", got))
	}
}
