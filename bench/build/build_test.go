package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/jhillyerd/enmime/v2"
)

// TestBuilders reads back what each builder makes: a builder that leaves
// something out would be fast.
func TestBuilders(t *testing.T) {
	for _, what := range []string{"letter", "attachments", "base64"} {
		l, ok := newLetter(what)
		if !ok {
			t.Fatalf("no letter %q", what)
		}
		for with, prepare := range builders {
			t.Run(what+"/"+with, func(t *testing.T) {
				build, err := prepare(l)
				if err != nil {
					t.Fatal(err)
				}
				for i := range 2 {
					var out bytes.Buffer
					if err := build(&out, i); err != nil {
						t.Fatal(err)
					}
					l.compare(t, &out, i)
				}
			})
		}
	}
}

func (l *letter) compare(t *testing.T, message *bytes.Buffer, i int) {
	t.Helper()
	for line := range bytes.SplitSeq(message.Bytes(), []byte("\n")) {
		if len(line) > 999 {
			t.Fatalf("a line of %d octets", len(line))
		}
		if bytes.ContainsFunc(line, func(c rune) bool { return c > 126 }) {
			t.Fatalf("%q is not ASCII", line)
		}
	}
	if n := bytes.Count(message.Bytes(), []byte("Content-Type: multipart/")); n != len(l.levels()) {
		t.Errorf("it has %d multiparts, want %d", n, len(l.levels()))
	}
	// Its detection would take UTF-8 with few letters for something else.
	e, err := enmime.NewParser(enmime.DisableCharacterDetection(true)).ReadEnvelope(message)
	if err != nil {
		t.Fatal(err)
	}
	text, html := l.personal(i).text, l.personal(i).html
	same := func(a, b string) bool {
		bare := strings.NewReplacer("\r", "", "\n", "")
		return bare.Replace(a) == bare.Replace(b)
	}
	if !same(e.Text, text) {
		t.Errorf("the text is %q", e.Text)
	}
	// Content-IDs are the builder's affair.
	if before, _, _ := strings.Cut(html, "<img"); html != "" && !strings.HasPrefix(strings.ReplaceAll(e.HTML, "\r\n", "\n"), strings.ReplaceAll(before, "\r\n", "\n")) {
		t.Errorf("the HTML is %q", e.HTML)
	}
	if got := e.GetHeader("Subject"); got != subject {
		t.Errorf("the subject is %q", got)
	}
	for _, name := range []string{"Date", "Message-ID"} {
		if e.GetHeader(name) == "" {
			t.Errorf("it has no %s", name)
		}
	}
	if got := e.GetHeader("To"); !strings.Contains(got, toName) || !strings.Contains(got, to) {
		t.Errorf("the recipient is %q", got)
	}
	var found, want []string
	for _, part := range append(e.Inlines, e.Attachments...) {
		found = append(found, fmt.Sprint(part.FileName, bytes.Equal(part.Content, l.picture), bytes.Equal(part.Content, l.file)))
	}
	if l.picture != nil {
		want = append(want, fmt.Sprint(pictureName, true, false))
	}
	if l.file != nil {
		want = append(want, fmt.Sprint(fileName, false, true))
	}
	if strings.Join(found, ", ") != strings.Join(want, ", ") {
		t.Errorf("it has the parts %q, want %q", found, want)
	}
}
