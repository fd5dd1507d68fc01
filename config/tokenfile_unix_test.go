//go:build unix

package config

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FAULTS K2: a token file that others may read or write is not used.
func TestTokenFilePermissions(t *testing.T) {
	e := endpointAt(t, "", func(w http.ResponseWriter, _ url.Values) { grants(w, "access", `"second"`) })
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o602, 0o644} {
		setMode(t, e.file, "first\n", mode)
		if _, err := e.tokens().Token(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "may be read or written by others, and is not used") {
			t.Errorf("%v: %v", mode, err)
		}
	}
	if e.asked.Load() != 0 {
		t.Error("the endpoint was asked")
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		setMode(t, e.file, "first\n", mode)
		token, err := e.tokens().Token(t.Context())
		wantToken(t, token, err, "access")
		e.wantFile("second")
	}
}

// A link to the token file stays one.
func TestTokenFileLink(t *testing.T) {
	e := endpointAt(t, "", func(w http.ResponseWriter, _ url.Values) { grants(w, "access", `"second"`) })
	elsewhere := filepath.Join(t.TempDir(), "kept")
	if err := os.Rename(e.file, elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, e.file); err != nil {
		t.Skip(err)
	}
	token, err := e.tokens().Token(t.Context())
	wantToken(t, token, err, "access")
	e.wantFile("second")
	if target, err := os.Readlink(e.file); err != nil || target != elsewhere {
		t.Errorf("the link is %q, %v", target, err)
	}
}
