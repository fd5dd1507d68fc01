//go:build interop && linux

package interop

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// goSMTP is a server of emersion/go-smtp 0.24.0, which reads the octets of a chunk
// it has refused as commands (its issue 315). It keeps subjects.
type goSMTP struct {
	port int

	mu       sync.Mutex
	subjects map[string]int
}

func startGoSMTP(t *testing.T) *goSMTP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &goSMTP{port: listener.Addr().(*net.TCPAddr).Port, subjects: map[string]int{}}
	s := smtp.NewServer(g)
	s.Domain = "mx.example"
	done := make(chan error, 1)
	go func() { done <- s.Serve(listener) }()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return g
}

// NewSession implements smtp.Backend.
func (g *goSMTP) NewSession(*smtp.Conn) (smtp.Session, error) { return &goSession{g}, nil }

type goSession struct{ server *goSMTP }

func (*goSession) Reset()                               {}
func (*goSession) Logout() error                        { return nil }
func (*goSession) Mail(string, *smtp.MailOptions) error { return nil }

func (*goSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "eve@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	return nil
}

func (s *goSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.subjects[m.Header.Get("Subject")]++
	return nil
}

// A server that does not skip the chunks it refuses is found out, and gets every
// message the slower way.
func TestThousandToGoSMTP(t *testing.T) {
	t.Parallel()
	g := startGoSMTP(t)
	folder := t.TempDir()
	write(t, folder+"/send.lua", fmt.Sprintf("local session = require \"smtp\".connect { host = \"127.0.0.1\", port = %d, tls = \"off\" }\n%s\nsession:quit()\n", g.port, streamThousand), 0o600)
	r := mailscript(t, folder, "run", "--trace", "send.lua")
	checkThousand(t, r, inTurns)
	if note := "the server reads a refused chunk as commands; messages are not sent back to back"; !strings.Contains(r.stderr, note) {
		t.Errorf("the trace does not say %q:\n%.3000s", note, r.stderr)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	checkStored(t, g.subjects)
}
