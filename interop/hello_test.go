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
	t.Parallel()
	folder := t.TempDir()
	if r := mailscript(t, ".", "run", "--sink="+folder, "../examples/hello.lua"); r.status != 0 {
		t.Fatal(r)
	}
	caught := messages(t, filepath.Join(folder, "new"))
	if len(caught) != 1 {
		t.Fatalf("caught %d messages, want 1", len(caught))
	}
	for _, message := range caught {
		checkHello(t, message)
	}
}

func TestHelloThroughStunnel(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	sendHello(t, account(startStunnel(t, p.certificates, p.clear), "implicit"), p.ca)
	checkHello(t, p.delivered(t, "ann"))
	checkHello(t, p.delivered(t, "bob"))
}

// A server may want to know the client, and the client one key only.
func TestHelloToPinnedServer(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	sendHello(t, p.withCertificate(p.mutual)+fmt.Sprintf("pins = [%q]\n", p.pin), p.ca)
	checkHello(t, p.delivered(t, "ann"))
}

func sendHello(t *testing.T, toml, ca string) {
	t.Helper()
	folder := project(t, toml, password, ca)
	for _, name := range []string{"hello.lua", "bear.png", "terms.pdf"} {
		copyFile(t, filepath.Join(folder, name), filepath.Join("../examples", name))
	}
	r := mailscript(t, folder, "run", "--trace", "hello.lua")
	if r.status != 0 || !strings.HasPrefix(r.stdout, "ann@example.org\t250\t") || !strings.Contains(r.stdout, "\nbob@example.org\t250\t") {
		t.Fatal(r)
	}
	noSecret(t, password, r)
}
