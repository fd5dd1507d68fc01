package sink

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp"
)

// client speaks SMTP a line at a time.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// dial connects and does what the mode asks for, up to the EHLO that counts.
func dial(t *testing.T, s *Sink, host string, port int, mode smtp.TLSMode) *client {
	t.Helper()
	conn, err := s.Dial(t.Context(), host, port, mode)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, conn: conn, in: bufio.NewReader(conn)}
	t.Cleanup(func() { _ = c.conn.Close() })
	if mode == smtp.TLSImplicit {
		c.handshake(s, host)
	}
	c.say("", "220")
	keywords := c.say("EHLO client.test", "250")
	upgrade := mode == smtp.TLSStartTLS || mode == smtp.TLSOpportunistic
	if got := strings.Contains(keywords, "STARTTLS"); got != upgrade {
		t.Errorf("mode %s: STARTTLS offered: %v", mode, got)
	}
	if got := strings.Contains(keywords, "AUTH PLAIN LOGIN"); got == upgrade {
		t.Errorf("mode %s: AUTH offered at first: %v", mode, got)
	}
	if upgrade {
		c.say("STARTTLS", "220")
		c.handshake(s, host)
		keywords = c.say("EHLO client.test", "250")
		if strings.Contains(keywords, "STARTTLS") || !strings.Contains(keywords, "AUTH PLAIN LOGIN") {
			t.Errorf("mode %s: offered under TLS:\n%s", mode, keywords)
		}
	}
	for _, want := range []string{"PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE ", "CHUNKING", "ENHANCEDSTATUSCODES", "DSN"} {
		if !strings.Contains(keywords, want) {
			t.Errorf("mode %s: %s not offered:\n%s", mode, want, keywords)
		}
	}
	return c
}

func (c *client) handshake(s *Sink, host string) {
	c.t.Helper()
	conn := tls.Client(c.conn, &tls.Config{RootCAs: s.RootCAs(), ServerName: strings.Trim(host, "[]")})
	if err := conn.HandshakeContext(c.t.Context()); err != nil {
		c.t.Fatalf("handshake with %s: %v", host, err)
	}
	c.conn, c.in = conn, bufio.NewReader(conn)
}

// say writes a line and returns the reply, which must have the code.
func (c *client) say(line, code string) string {
	c.t.Helper()
	if line != "" {
		if _, err := io.WriteString(c.conn, line+"\r\n"); err != nil {
			c.t.Fatalf("saying %q: %v", line, err)
		}
	}
	var reply strings.Builder
	for {
		text, err := c.in.ReadString('\n')
		reply.WriteString(text)
		if err != nil || !strings.HasPrefix(text, code) {
			c.t.Fatalf("after %q: %q, %v, want %s", line, reply.String(), err, code)
		}
		if text[3] == ' ' {
			return reply.String()
		}
	}
}

func (c *client) send(from, to, text string) {
	c.t.Helper()
	c.say("MAIL FROM:<"+from+"> SMTPUTF8", "250")
	for address := range strings.SplitSeq(to, " ") {
		c.say("RCPT TO:<"+address+">", "250")
	}
	c.say("DATA", "354")
	c.say(text+"\r\n.", "250")
}

func (c *client) quit() {
	c.t.Helper()
	c.say("QUIT", "221")
	if _, err := io.Copy(io.Discard, c.in); err != nil {
		c.t.Error(err)
	}
	_ = c.conn.Close()
}

// caught returns what lies in the folder, file name to content.
func caught(t *testing.T, s *Sink, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.Dir(), folder))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(s.Dir(), folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(text)
	}
	return files
}
