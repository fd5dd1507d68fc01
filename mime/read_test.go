package mime

import (
	"bytes"
	"encoding/base64"
	"io"
	stdmime "mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
)

// The first reader of the tests is Go's own: net/mail, mime/multipart and
// mime/quotedprintable know nothing of what wrote the message.

// readPart is what such a reader makes of a part.
type readPart struct {
	Type        string
	Parameters  map[string]string
	Encoding    string
	ID          string
	Disposition string
	Name        string
	Body        string
	Parts       []readPart
}

func readMessage(t testing.TB, raw []byte) (mail.Header, readPart) {
	t.Helper()
	checkWire(t, raw)
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("net/mail: %v\n%s", err, raw)
	}
	root := readBody(t, m.Header.Get, m.Body)
	checkSecondReader(t, raw, m.Header, root)
	return m.Header, root
}

func readBody(t testing.TB, get func(string) string, body io.Reader) readPart {
	t.Helper()
	kind, parameters, err := stdmime.ParseMediaType(get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type %q: %v", get("Content-Type"), err)
	}
	p := readPart{Type: kind, Parameters: parameters, ID: get("Content-ID"), Encoding: get("Content-Transfer-Encoding")}
	if d := get("Content-Disposition"); d != "" {
		disposition, values, err := stdmime.ParseMediaType(d)
		if err != nil {
			t.Fatalf("Content-Disposition %q: %v", d, err)
		}
		p.Disposition, p.Name = disposition, values["filename"]
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return p
			}
			if err != nil {
				t.Fatalf("mime/multipart: %v", err)
			}
			p.Parts = append(p.Parts, readBody(t, part.Header.Get, part))
		}
	}
	switch p.Encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "7bit", "8bit", "binary":
	default:
		t.Fatalf("Content-Transfer-Encoding %q", p.Encoding)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("%s: %v", p.Encoding, err)
	}
	p.Body = string(data)
	return p
}

// tree writes the types of a message on one line: mixed(alternative(text/plain text/html) application/pdf).
func (p readPart) tree() string {
	if !strings.HasPrefix(p.Type, "multipart/") {
		return p.Type
	}
	children := make([]string, len(p.Parts))
	for i, child := range p.Parts {
		children[i] = child.tree()
	}
	return strings.TrimPrefix(p.Type, "multipart/") + "(" + strings.Join(children, " ") + ")"
}

// leaves returns the parts that have a body, in order.
func (p readPart) leaves() []readPart {
	if len(p.Parts) == 0 {
		return []readPart{p}
	}
	var all []readPart
	for _, child := range p.Parts {
		all = append(all, child.leaves()...)
	}
	return all
}

// checkWire checks what holds of every message: RFC 5322, section 2.1.1, RFC 2045,
// section 2.7, and no header line of blanks (RFC 5322, section 3.2.2).
func checkWire(t testing.TB, raw []byte) {
	t.Helper()
	head := true
	lines := bytes.Split(raw, []byte("\r\n"))
	if len(lines[len(lines)-1]) != 0 {
		t.Errorf("the message does not end in CRLF")
	}
	for i, line := range lines[:len(lines)-1] {
		if bytes.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("line %d holds CR, LF or NUL: %q", i+1, line)
		}
		if len(line) > maxLine {
			t.Fatalf("line %d has %d octets", i+1, len(line))
		}
		if len(line) == 0 {
			head = false
		}
		if head && len(bytes.TrimSpace(line)) == 0 {
			t.Fatalf("line %d is a header line of blanks", i+1)
		}
		// RFC 2047, section 2.
		if (head || bytes.HasPrefix(line, []byte(" "))) && bytes.Contains(line, []byte("=?utf-8?")) && len(line) > foldAt {
			t.Fatalf("line %d has an encoded-word and %d octets: %s", i+1, len(line), line)
		}
		if head && len(line) > 78 && bytes.Count(bytes.TrimSpace(line), []byte(" ")) > 1 {
			t.Fatalf("line %d could have been folded: %s", i+1, line)
		}
	}
}

// fixed is an environment in which every build gives the same bytes.
func fixed() Environment {
	return Environment{
		Now: func() time.Time {
			return time.Date(2026, 11, 2, 7, 0, 0, 0, time.FixedZone("", 3600))
		},
		Random: &counter{},
	}
}

// counter is a source of randomness that counts.
type counter struct{ n byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		c.n++
		p[i] = c.n
	}
	return len(p), nil
}

// simple is a description that builds; tests add what they are about.
func simple() Description {
	return Description{
		From: []Address{{"Bank", "news@bank.example"}},
		To:   NewAddressList(Address{"", "ann@example.org"}),
		Text: "Hello Ann\n",
	}
}

func mustBuild(t testing.TB, d Description) *Message {
	t.Helper()
	m, err := Build(d, fixed())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustBytes(t testing.TB, data, name string) *Part {
	t.Helper()
	p, err := Bytes([]byte(data), PartOptions{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
