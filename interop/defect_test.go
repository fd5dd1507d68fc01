//go:build interop && linux

package interop

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/mime/mimetest"
)

// defect is something that a reader gets wrong.
type defect struct {
	reader, what string
	// octets are what the reader makes of a part, text of its text without charset, and
	// value says whether this is what became of something in the header.
	octets func(l leaf) ([]byte, error)
	text   func(l leaf, text []byte) []byte
	value  func(got, want string) bool

	// The smallest message that shows it, and what of it, said rightly and wrongly.
	message      string
	shows        func(mimetest.Want) string
	right, wrong string
}

func fromName(w mimetest.Want) string { return w.From[0].Name }
func size(w mimetest.Want) string     { return fmt.Sprintf("size %d", w.Root.Size) }

func defects() []defect {
	return []defect{
		{
			reader: "Python email", what: "the blank between two encoded-words of a display name is kept (RFC 2047, section 6.2: it is to be ignored)",
			value: func(got, want string) bool {
				return strings.ReplaceAll(got, " ", "") == strings.ReplaceAll(want, " ", "") && len(got) > len(want)
			},
			message: "From: =?utf-8?q?a?= =?utf-8?q?b?= <a@b.example>\r\nTo: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
			shows:   fromName, right: "ab", wrong: "a b",
		},
		{
			reader: "Perl MIME-tools", what: "line ends of quoted-printable become LF",
			octets: func(l leaf) ([]byte, error) {
				if l.encoding != "quoted-printable" {
					return l.decoded(l.source)
				}
				return l.decoded(bytes.ReplaceAll(l.source, []byte("\r\n"), []byte("\n")))
			},
			message: "From: a@b.example\r\nTo: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na\r\nb\r\n",
			shows:   size, right: "size 6", wrong: "size 4",
		},
		{
			reader: "Perl MIME-tools", what: "7bit and 8bit: the first line end behind each 8,192 octets becomes LF, and the last one",
			octets:  perlLines,
			message: "From: a@b.example\r\nTo: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\na\r\nb\r\n",
			shows:   size, right: "size 6", wrong: "size 5",
		},
		{
			reader: "Perl MIME-tools", what: "characters beyond U+FFFF are lost in gb18030, of which Perl's Encode::HanExtra has two octets only",
			text: func(l leaf, text []byte) []byte {
				if l.charset != "gb18030" {
					return text
				}
				return bytes.ReplaceAll(text, []byte("😀"), []byte("\uFFFD9\uFFFD6"))
			},
			value:   func(got, want string) bool { return got == strings.ReplaceAll(want, "😀", `\x949\xFC6`) },
			message: "From: =?gb18030?b?lDn8Ng==?= <a@b.example>\r\nTo: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
			shows:   fromName, right: "😀", wrong: `\x949\xFC6`,
		},
		{
			reader: "go-message", what: "octets of a text that are not of its charset become U+FFFD, and cannot be had as they are",
			octets: func(l leaf) ([]byte, error) {
				data, err := l.decoded(l.source)
				if err != nil || !strings.HasPrefix(l.kind, "text/") || l.charset != "utf-8" {
					return data, err
				}
				return []byte(string([]rune(string(data)))), nil
			},
			message: "From: a@b.example\r\nTo: a@b.example\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n/w==\r\n",
			shows:   size, right: "size 1", wrong: "size 3",
		},
	}
}

// perlLines are the octets of 7bit and 8bit as MIME-tools 5.510 has them.
func perlLines(l leaf) ([]byte, error) {
	if l.encoding == "quoted-printable" || l.encoding == "base64" {
		return l.decoded(l.source)
	}
	var out []byte
	for rest := l.source; len(rest) > 0; {
		n := min(8192, len(rest)) // octets at a time, and what is left of the line
		if line := bytes.IndexByte(rest[n:], '\n'); line >= 0 {
			n += line + 1
		} else {
			n = len(rest)
		}
		chunk := rest[:n]
		rest = rest[n:]
		if text, ok := bytes.CutSuffix(chunk, []byte("\r\n")); ok {
			out = append(append(out, text...), '\n')
		} else {
			out = append(out, chunk...)
		}
	}
	return out, nil
}

// explain names the defect that a difference is due to, or "".
func (r reader) explain(d difference, raw []byte) string {
	dot := strings.LastIndexByte(d.at, '.')
	l, err := leafAt(raw, d.at[:max(dot, 0)])
	if err != nil { // it is something of the header
		for _, known := range defects() {
			if known.reader == r.name && known.value != nil && known.value(d.got, d.want) {
				return known.what
			}
		}
		return ""
	}
	right, err := l.decoded(l.source)
	if err != nil {
		return ""
	}
	data, name := right, ""
	for _, known := range defects() {
		if known.reader == r.name && known.octets != nil {
			found, err := known.octets(l)
			if err == nil && !bytes.Equal(found, right) {
				data, name = found, known.what
			}
		}
	}
	switch d.at[dot+1:] {
	case "size":
		if d.got == strconv.Itoa(len(data)) {
			return name
		}
	case "sha256":
		if d.got == digest(data) {
			return name
		}
	case "text":
		text, err := l.text(data)
		if err != nil {
			return ""
		}
		for _, known := range defects() {
			if known.reader == r.name && known.text != nil {
				if found := known.text(l, text); !bytes.Equal(found, text) {
					text, name = found, known.what
				}
			}
		}
		if d.got == digest(text) {
			return name
		}
	}
	return ""
}

// TestDefects shows every defect by its smallest message to all readers: only the one
// it belongs to may get it wrong, and it must. docs/readers.md has them all; UPDATE=1
// writes it.
func TestDefects(t *testing.T) {
	t.Parallel()
	known := defects()
	for _, r := range readers() {
		t.Run(r.name, func(t *testing.T) {
			messages := map[string][]byte{}
			for i, d := range known {
				messages[strconv.Itoa(i)] = []byte(d.message)
			}
			found := r.start(t).readAll(t, messages)
			for i, d := range known {
				want := d.right
				if d.reader == r.name {
					want = d.wrong
				}
				w := found[strconv.Itoa(i)]
				if fault := w.Fields["fault"]; fault != "" {
					t.Errorf("%s: %s", d.message, fault)
				} else if got := d.shows(w); got != want {
					t.Errorf("%s: %q, want %q\n%s", d.what, got, want, d.message)
				}
			}
		})
	}
	if t.Failed() {
		return
	}
	const file = "../docs/readers.md"
	page := readersPage(known)
	if os.Getenv("UPDATE") != "" {
		write(t, file, page, 0o644)
		return
	}
	if committed, err := os.ReadFile(file); err != nil || string(committed) != page {
		t.Errorf("%s is not what this run found; run make interop UPDATE=1\n%s", file, page)
	}
}

// readersPage is docs/readers.md.
func readersPage(known []defect) string {
	var b strings.Builder
	b.WriteString(`<!-- Generated by make interop UPDATE=1; do not edit. -->
# Readers it was tried with

` + "`make interop`" + ` builds 2,000 messages, ` + "`make interop-full`" + ` 100,000: all features of the builder crossed with names, texts and
files that some reader gets wrong ([mimetest](../mime/mimetest)). Python's ` + "`email`" + `, Perl's MIME-tools, Go's net/mail with
mime/multipart, and go-message read them, as Debian 12 and go.mod have them. Addresses, display names, header fields, the tree,
file names, dispositions, charsets, texts and the digest of every part must be those of the description, whatever the reader.

These are the defects of readers that show in those messages. Each is computed: a difference counts as known only where the
reader found what its defect makes of the message, octet by octet (blanks in display names apart). Any other difference fails the run, and so does a defect whose
smallest message is read rightly.

| reader | what it gets wrong | smallest message | right | found |
| --- | --- | --- | --- | --- |
`)
	for _, d := range known {
		header, body, _ := strings.Cut(d.message, "\r\n\r\n")
		var telling []string
		for _, line := range strings.Split(header, "\r\n") {
			if line != "From: a@b.example" && line != "To: a@b.example" && (body != "" || !strings.HasPrefix(line, "Content-")) {
				telling = append(telling, line)
			}
		}
		if body != "" {
			telling = append(telling, "", strings.ReplaceAll(body, "\r\n", "␍␊"))
		}
		for i, line := range telling {
			if line != "" {
				telling[i] = "`" + line + "`"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", d.reader, d.what, strings.Join(telling, "<br>"), "`"+d.right+"`", "`"+d.wrong+"`")
	}
	b.WriteString(`
- Perl's own Encode has no gb18030: the tests load Encode::HanExtra.
- Signatures made with RSA, Ed25519 and both at once, in all four canonicalizations, over such messages are good for OpenDKIM 2.11
  and dkimpy 1.1, and bad where a line was added.
- rspamd 3.4, with the rules of its package and no network, has nothing to say against the MIME and header fields of what the
  [examples](../examples) send, but for their own doing: ü and ß in a subject (R_MIXED_CHARSET), one in capitals, an address that
  needs SMTPUTF8, and an attached text in base64 (MIME_BASE64_TEXT), without which it would not arrive octet by octet.
- MIME-tools reads enclosed messages as files here, with ` + "`extract_nested_messages(0)`" + `, so that their octets can be compared.
`)
	return b.String()
}
