package mimetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	stdmime "mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/ianaindex"
)

// TestCases reads many messages with the standard library.
func TestCases(t *testing.T) {
	n := 600
	if testing.Short() {
		n = 100
	}
	for seed := range n {
		c, err := New(uint64(seed))
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, c.Message.Bytes())
		forget(&got.Root, c.Want.Root)
		if diff := cmp.Diff(c.Want, got); diff != "" {
			t.Errorf("case %s: %s", c.Name, diff)
		}
	}
}

// forget takes out of what was read the texts of which nothing is said.
func forget(got *Entity, want Entity) {
	if want.Size == -1 {
		got.SHA256, got.Size, got.Text = "", -1, ""
	}
	if !strings.HasPrefix(want.Type, "text/") || want.Text == "" {
		got.Text = ""
	}
	for i := range min(len(got.Parts), len(want.Parts)) {
		forget(&got.Parts[i], want.Parts[i])
	}
}

func read(t *testing.T, raw []byte) Want {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	decoder := &stdmime.WordDecoder{CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
		table, err := ianaindex.MIME.Encoding(charset)
		if err != nil {
			return nil, err
		}
		return table.NewDecoder().Reader(input), nil
	}}
	parser := mail.AddressParser{WordDecoder: decoder}
	addresses := func(name string) []Mailbox {
		list, err := parser.ParseList(m.Header.Get(name))
		if err != nil {
			t.Fatalf("%s: %v", m.Header.Get(name), err)
		}
		var all []Mailbox
		for _, a := range list {
			local, domain := a.Address[:strings.LastIndex(a.Address, "@")], a.Address[strings.LastIndex(a.Address, "@"):]
			if strings.Contains(local, " ") {
				local = `"` + local + `"`
			}
			all = append(all, Mailbox{a.Name, local + domain})
		}
		return all
	}
	text := func(name string) string {
		s, err := decoder.DecodeHeader(m.Header.Get(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return s
	}
	want := Want{From: addresses("From"), To: addresses("To"), Subject: text("Subject"), Fields: map[string]string{}}
	for name, values := range m.Header {
		if len(values) != 1 {
			t.Errorf("%d fields %s", len(values), name)
		}
		switch name {
		case "From", "To", "Subject", "Date", "Content-Type", "Content-Transfer-Encoding":
		case "Message-Id":
			want.Fields["Message-ID"] = values[0]
		case "Mime-Version":
			want.Fields["MIME-Version"] = values[0]
		default:
			want.Fields[name] = text(name)
		}
	}
	want.Root = entity(t, m.Header.Get, m.Body)
	html, ids := "", map[*Entity]string{}
	collect(&want.Root, &html, ids)
	html = strings.NewReplacer("%5B", "[", "%5D", "]").Replace(html) // an id at an address literal
	for e, id := range ids {
		e.ShownBy = strings.Contains(html, "cid:"+strings.Trim(id, "<>"))
		e.Text = ""
	}
	return want
}

// collect finds the HTML and the Content-IDs, which entity leaves in Text.
func collect(e *Entity, html *string, ids map[*Entity]string) {
	if e.Type == "text/html" {
		*html = e.Text
	} else if strings.HasPrefix(e.Text, "<") && e.Type == "image/png" {
		ids[e] = e.Text
	}
	for i := range e.Parts {
		collect(&e.Parts[i], html, ids)
	}
}

func entity(t *testing.T, get func(string) string, body io.Reader) Entity {
	t.Helper()
	kind, parameters, err := stdmime.ParseMediaType(get("Content-Type"))
	if err != nil {
		t.Fatalf("%q: %v", get("Content-Type"), err)
	}
	e := Entity{Type: kind, Charset: parameters["charset"]}
	if d := get("Content-Disposition"); d != "" {
		disposition, values, err := stdmime.ParseMediaType(d)
		if err != nil {
			t.Fatalf("%q: %v", d, err)
		}
		e.Disposition, e.Name = disposition, values["filename"]
	}
	if strings.HasPrefix(kind, "multipart/") {
		for r := multipart.NewReader(body, parameters["boundary"]); ; {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return e
			}
			if err != nil {
				t.Fatal(err)
			}
			e.Parts = append(e.Parts, entity(t, part.Header.Get, part))
		}
	}
	switch get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	e.SHA256, e.Size = hex.EncodeToString(sum[:]), len(data)
	if e.Text = get("Content-ID"); strings.HasPrefix(kind, "text/") {
		table, err := ianaindex.MIME.Encoding(e.Charset)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := table.NewDecoder().Bytes(data)
		if err != nil {
			t.Fatal(err)
		}
		e.Text = string(decoded)
	}
	return e
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, 7, 3); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"000007", "000008", "000009"} {
		raw, err := os.ReadFile(filepath.Join(dir, name+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var want Want
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got := read(t, raw)
		forget(&got.Root, want.Root)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
