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
	for _, mode := range []struct {
		name, tls string
		port      int
	}{
		{"implicit", "implicit", p.implicit},
		{"starttls", "starttls", p.starttls},
		{"stunnel", "implicit", startStunnel(t, p.certificates, p.clear)},
	} {
		t.Run(mode.name, func(t *testing.T) {
			sendHello(t, account(mode.port, mode.tls), p.ca)
			for _, mailbox := range []string{"ann", "bob"} {
				checkHello(t, p.delivered(t, mailbox))
			}
		})
	}
}

// A server may want to know the client too, and the client one key only.
func TestHelloWithClientCertificate(t *testing.T) {
	p := startPostfix(t)
	sendHello(t, account(p.mutual, "implicit")+fmt.Sprintf("client_certificate = %q\nclient_key = %q\npins = [%q]\n", p.certificate, p.key, p.pin), p.ca)
	checkHello(t, p.delivered(t, "ann"))
}

func sendHello(t *testing.T, toml, ca string) {
	t.Helper()
	folder := project(t, toml, password, ca)
	for _, name := range []string{"hello.lua", "bear.png", "terms.pdf"} {
		copyFile(t, filepath.Join(folder, name), filepath.Join("../examples", name))
	}
	r := mailscript(t, folder, "run", "--trace", "hello.lua")
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if r.status != 0 || len(lines) != 2 || !strings.HasPrefix(lines[0], "ann@example.org\t250\t2.0.0\t") || !strings.HasPrefix(lines[1], "bob@example.org\t250\t2.0.0\t") {
		t.Fatal(r)
	}
	noSecret(t, password, r)
}
