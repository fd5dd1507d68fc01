//go:build interop

package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// What --sink keeps is what Python reads.
func TestHelloFromSink(t *testing.T) {
	folder := t.TempDir()
	if r := mailscript(t, ".", "run", "--sink="+folder, "../examples/hello.lua"); r.status != 0 {
		t.Fatal(r)
	}
	caught := messages(t, filepath.Join(folder, "new"))
	if len(caught) != 1 {
		t.Fatalf("caught %d messages, want 1", len(caught))
	}
	checkHello(t, caught[0])
}

func TestHelloThroughPostfix(t *testing.T) {
	p := startPostfix(t)
	for i, mode := range []struct {
		tls  string
		port int
	}{{"implicit", p.implicit}, {"starttls", p.starttls}} {
		t.Run(mode.tls, func(t *testing.T) {
			sendHello(t, p.toml(mode.port, mode.tls))
			for _, mailbox := range []string{"ann", "bob"} {
				for _, message := range p.delivered(t, mailbox, i+1) {
					checkHello(t, message)
				}
			}
		})
	}
	t.Run("stunnel", func(t *testing.T) {
		sendHello(t, account(startStunnel(t, p.certificates, p.clear), "implicit", p.ca))
		for _, message := range p.delivered(t, "ann", 3) {
			checkHello(t, message)
		}
	})
}

// A server may want to know the client too, and the client one key only.
func TestHelloWithClientCertificate(t *testing.T) {
	p := startPostfix(t)
	sendHello(t, p.toml(p.mutual, "implicit")+fmt.Sprintf("client_certificate = %q\nclient_key = %q\npins = [%q]\n", p.certificate, p.key, p.pin))
	p.delivered(t, "ann", 1)
}

func sendHello(t *testing.T, toml string) {
	t.Helper()
	r := mailscript(t, project(t, "hello.lua", toml), "run", "--trace", "hello.lua")
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if r.status != 0 || len(lines) != 2 || !strings.HasPrefix(lines[0], "ann@example.org\t250\t2.0.0\t") || !strings.HasPrefix(lines[1], "bob@example.org\t250\t2.0.0\t") {
		t.Fatal(r)
	}
	noSecret(t, password, r)
}
