//go:build interop

package interop

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// part is a message, or a part of one, as Python's email package reads it.
type part struct {
	Type        string
	Name        string
	Disposition string
	ID          string
	Text        string
	SHA256      string
	Defects     []string
	Parts       []part
	Headers     [][2]string
}

func readByPython(t *testing.T, message []byte) part {
	t.Helper()
	command := exec.Command(require(t, "python3"), "testdata/read.py")
	command.Stdin = bytes.NewReader(message)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("python3: %v\n%s", err, stderr.String())
	}
	var p part
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// tree is the structure in one line: mixed(text/plain, application/pdf).
func (p part) tree() string {
	if p.Parts == nil {
		return p.Type
	}
	parts := make([]string, len(p.Parts))
	for i, inner := range p.Parts {
		parts[i] = inner.tree()
	}
	return fmt.Sprintf("%s(%s)", strings.TrimPrefix(p.Type, "multipart/"), strings.Join(parts, ", "))
}

// leaves are the parts that hold something, in order.
func (p part) leaves() []part {
	if p.Parts == nil {
		return []part{p}
	}
	var all []part
	for _, inner := range p.Parts {
		all = append(all, inner.leaves()...)
	}
	return all
}

func (p part) defects() []string {
	all := p.Defects
	for _, inner := range p.Parts {
		all = append(all, inner.defects()...)
	}
	return all
}

func (p part) header(name string) string {
	for _, field := range p.Headers {
		if strings.EqualFold(field[0], name) {
			return field[1]
		}
	}
	return ""
}

// checkHello checks the message of examples/hello.lua.
func checkHello(t *testing.T, message []byte) {
	t.Helper()
	p := readByPython(t, message)
	if got, want := p.tree(), "mixed(related(alternative(text/plain, text/html), image/png), application/pdf)"; got != want {
		t.Fatalf("the tree is %s, want %s", got, want)
	}
	if defects := p.defects(); len(defects) > 0 {
		t.Errorf("defects: %q", defects)
	}
	for name, want := range map[string]string{
		"Subject": "Neue Geschäftsbedingungen", "From": "Bank <news@bank.example>", "To": "Ann Example <ann@example.org>, bob@example.org", "MIME-Version": "1.0",
	} {
		if got := p.header(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	leaves := p.leaves()
	text, html, picture, terms := leaves[0], leaves[1], leaves[2], leaves[3]
	if want := "Hello Ann,\n\nour terms have changed. You find them attached.\n"; text.Text != want {
		t.Errorf("the text is %q, want %q", text.Text, want)
	}
	if id := strings.Trim(picture.ID, "<>"); id == "" || !strings.Contains(html.Text, `src="cid:`+id+`"`) {
		t.Errorf("the picture %q is not the one of the HTML:\n%s", picture.ID, html.Text)
	}
	for _, attached := range []struct {
		part
		name, disposition string
	}{{picture, "bear.png", "inline"}, {terms, "terms.pdf", "attachment"}} {
		content, err := os.ReadFile(filepath.Join("../examples", attached.name))
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(content)
		if attached.Name != attached.name || attached.Disposition != attached.disposition || attached.SHA256 != hex.EncodeToString(digest[:]) {
			t.Errorf("%s arrived as %+v", attached.name, attached.part)
		}
	}
}
