package mime

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// The second opinion of the tests: emersion/go-message has a reader of its own for header
// fields, folding, parameters, boundaries and line ends.

// checkSecondReader fails unless go-message reads the same fields, tree, names and bytes
// as the standard library did.
func checkSecondReader(t testing.TB, raw []byte, header map[string][]string, want readPart) {
	t.Helper()
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: -1})
	if err != nil && !message.IsUnknownCharset(err) {
		t.Fatalf("go-message: %v\n%s", err, raw)
	}
	fields := 0
	for f := e.Header.Fields(); f.Next(); fields++ {
	}
	for _, values := range header {
		fields -= len(values)
	}
	if fields != 0 {
		t.Errorf("go-message sees %d fields more than net/mail:\n%s", fields, raw)
	}
	got := readEntity(t, e)
	compareParts(t, "root", got, want)
}

func readEntity(t testing.TB, e *message.Entity) readPart {
	t.Helper()
	var p readPart
	var err error
	if p.Type, p.Parameters, err = e.Header.ContentType(); err != nil {
		t.Fatalf("go-message: Content-Type %q: %v", e.Header.Get("Content-Type"), err)
	}
	p.ID = e.Header.Get("Content-Id")
	if e.Header.Has("Content-Disposition") {
		if p.Disposition, _, err = e.Header.ContentDisposition(); err != nil {
			t.Fatalf("go-message: Content-Disposition %q: %v", e.Header.Get("Content-Disposition"), err)
		}
		attachment := mail.AttachmentHeader{Header: e.Header}
		if p.Name, err = attachment.Filename(); err != nil {
			t.Fatalf("go-message: filename: %v", err)
		}
	}
	if r := e.MultipartReader(); r != nil {
		for {
			child, err := r.NextPart()
			if err == io.EOF {
				return p
			}
			if err != nil && !message.IsUnknownCharset(err) {
				t.Fatalf("go-message: %v", err)
			}
			p.Parts = append(p.Parts, readEntity(t, child))
		}
	}
	body, err := io.ReadAll(e.Body)
	if err != nil {
		t.Fatalf("go-message: body: %v", err)
	}
	p.Body = string(body)
	return p
}

func compareParts(t testing.TB, at string, got, want readPart) {
	t.Helper()
	if got.Type != want.Type || got.ID != want.ID || got.Disposition != want.Disposition || len(got.Parts) != len(want.Parts) {
		t.Errorf("%s: go-message sees %s, %q, %q with %d parts, the standard library %s, %q, %q with %d", at,
			got.Type, got.ID, got.Disposition, len(got.Parts), want.Type, want.ID, want.Disposition, len(want.Parts))
		return
	}
	// go-message decodes encoded-words in parameters, where they have no meaning.
	if got.Name != want.Name && !strings.Contains(want.Name, "=?") {
		t.Errorf("%s: go-message sees the name %q, the standard library %q", at, got.Name, want.Name)
	}
	if charset := want.Parameters["charset"]; got.Body != want.Body && (charset == "" || charset == "utf-8" || charset == "us-ascii") {
		t.Errorf("%s: go-message sees %.60q, the standard library %.60q", at, got.Body, want.Body)
	}
	for i := range want.Parts {
		compareParts(t, at+"/"+want.Parts[i].Type, got.Parts[i], want.Parts[i])
	}
}
