package server

import (
	"io"
	"net"
	"strings"
	"testing"
)

// However the client goes in the middle of a message, nothing is accepted.
func TestClientGone(t *testing.T) {
	for _, chunked := range []string{"DATA\r\nx\r\n", "DATA\r\nx\r\n.\r", "BDAT 3\r\nx\r\n", "BDAT 9 LAST\r\nx\r\n", "BDAT 9"} {
		handler := &recorder{}
		ours, theirs := net.Pipe()
		done := make(chan error)
		go func() { done <- Serve(t.Context(), theirs, Config{Handler: handler}) }()
		go func() { _, _ = io.Copy(io.Discard, ours) }()
		_, err := io.WriteString(ours, "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"+chunked)
		_ = ours.Close()
		if serveErr := <-done; err != nil || serveErr == nil || len(handler.messages) > 0 {
			t.Errorf("%q: %v, %v, messages %q", chunked, err, serveErr, handler.messages)
		}
	}
	ours, theirs := net.Pipe()
	go func() { _, _ = ours.Read(make([]byte, 512)); _ = ours.Close() }()
	if err := Serve(t.Context(), theirs, Config{}); err != nil {
		t.Errorf("leaving between two transactions: %v", err)
	}
}

// The limits of a command line, each at its edge.
func TestLineLimits(t *testing.T) {
	pad := func(prefix string, size int) string { return prefix + strings.Repeat("x", size-len(prefix)-2) + "\r\n" }
	const tooLong = "500 5.5.6 line too long"
	k := newTalk(t, t.Context(), Config{AuthInClear: true, Limits: Limits{CommandLine: 1024}})
	k.say("", "220 localhost ESMTP")
	k.say(pad("NOOP ", 512), "250 2.0.0 done")
	k.say(pad("NOOP ", 513), tooLong)
	k.say(pad("EHLO ", 263), "501 5.5.4 not a domain or an address literal")
	k.ehlo()
	k.say(pad("NOOP ", 1024), "250 2.0.0 done")
	k.say(pad("NOOP ", 1025), tooLong)
	k.say(pad("AUTH PLAIN ", 12288), "501 5.5.2 not base64")
	k.say(pad("AUTH PLAIN ", 12289), tooLong)
	k.say("AUTH PLAIN\r\n", "334 ")
	k.say(pad("x", 12289), tooLong)
	k.say(pad("QUIT\x00", 40000), tooLong)
	k.say("NOOP\r\n", "250 2.0.0 done")
}

// Row U10: a line without an end costs the server 64 KiB of reading and no memory.
func TestEndlessLine(t *testing.T) {
	k := newTalk(t, t.Context(), Config{})
	k.say("", "220 localhost ESMTP")
	go func() {
		for {
			if _, err := io.WriteString(k.conn, strings.Repeat("x", 4096)); err != nil {
				return
			}
		}
	}()
	k.say("", "421 4.7.0 no end of line, closing connection")
	if err := k.ended(); err == nil {
		t.Error("no error")
	}
}

// countingConn counts writes.
type countingConn struct {
	net.Conn
	writes int
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes++
	return c.Conn.Write(p)
}

// RFC 2920, section 3.2: the replies to a batch leave together.
func TestOneWritePerBatch(t *testing.T) {
	ours, theirs := net.Pipe()
	counted := &countingConn{Conn: theirs}
	done := make(chan error)
	go func() { done <- Serve(t.Context(), counted, Config{}) }()
	go func() {
		greeting := make([]byte, 512)
		_, _ = ours.Read(greeting)
		_, _ = io.WriteString(ours, opening)
		_, _ = ours.Read(greeting) // the replies to the whole batch
		_, _ = io.WriteString(ours, "x\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
		_, _ = ours.Read(greeting)
		_, _ = io.WriteString(ours, "x\r\n.\r\nQUIT\r\n")
		_, _ = io.Copy(io.Discard, ours)
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if counted.writes != 4 {
		t.Errorf("%d writes, want 4", counted.writes)
	}
}

func TestProtocolName(t *testing.T) {
	for want, p := range map[string]Peer{
		"SMTP": {}, "ESMTP": {Extended: true}, "ESMTPA": {Extended: true, Authenticated: true},
	} {
		if got := p.Protocol(Sender{}); got != want {
			t.Errorf("%+v: %s, want %s", p, got, want)
		}
	}
	if got := (Peer{Extended: true}).Protocol(Sender{UTF8: true}); got != "UTF8SMTP" {
		t.Error(got)
	}
}
