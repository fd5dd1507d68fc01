package mime

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// charsetReader decodes the charsets of encoded-words in names we are given.
func charsetReader(charset string, input io.Reader) (io.Reader, error) {
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return nil, fmt.Errorf("unknown charset %q", charset)
	}
	return encoding.NewDecoder().Reader(input), nil
}

// charsetName returns the name under which a charset is declared, and "" for one that
// the register of RFC 2978 does not know, as far as the WHATWG's list has it.
func charsetName(charset string) string {
	name := strings.ToLower(charset)
	switch name {
	case "us-ascii", "ascii":
		return "us-ascii"
	case "utf8":
		return "utf-8"
	}
	if _, err := htmlindex.Get(name); err != nil {
		return ""
	}
	return name
}

// charset is one that text is written in for readers who know no UTF-8. nil is UTF-8.
type charset struct {
	name     string
	encoding encoding.Encoding
}

// newCharset finds a charset. The register of the IANA is asked, not the WHATWG's, to
// which iso-8859-1 is another name of windows-1252. What is written must be ASCII where
// the text is, or line ends would not be line ends.
func newCharset(name string) (*charset, *Error) {
	name = strings.ToLower(name)
	if name == "" || name == "utf-8" || name == "utf8" {
		return nil, nil
	}
	refuse := func(reason, hint string) (*charset, *Error) {
		return nil, &Error{Field: "charset", Value: name, Offset: -1, Reason: reason, Hint: hint}
	}
	e, err := ianaindex.MIME.Encoding(name)
	if err != nil || e == nil || charsetName(name) == "" {
		return refuse("unknown charset", `such as "iso-8859-1", "windows-1252", "iso-2022-jp", "gb18030"`)
	}
	const probe = "Az09\r\n=?_"
	if got, err := e.NewEncoder().String(probe); err != nil || got != probe {
		return refuse("a charset that is not ASCII for ASCII", "text in mail cannot have it; attach a file")
	}
	return &charset{name, e}, nil
}

// errOtherText says that a charset has no form of a text that is read as that text.
var errOtherText = errors.New("reads back as another text")

// encode returns text in the charset. Tables are not all as good in both directions: in
// gb18030 most private characters would arrive as others.
func (c *charset) encode(text string) (string, error) {
	if c == nil || isASCII(text) {
		return text, nil
	}
	encoded, err := c.encoding.NewEncoder().String(text)
	if err != nil {
		return "", err
	}
	if back, err := c.encoding.NewDecoder().String(encoded); err != nil || back != text {
		return "", errOtherText
	}
	return encoded, nil
}

// fault finds the first character that the charset lacks.
func (c *charset) fault(text string) (offset int, reason string) {
	for i, r := range text {
		if _, err := c.encode(string(r)); err != nil {
			return i, fmt.Sprintf("U+%04X does not exist in %s", r, c.name)
		}
	}
	return -1, ""
}

// charsetEntity makes an entity of text in the charset of the message.
func (b *builder) charsetEntity(field, kind, text string, ascii bool) (*entity, *Error) {
	e := b.textEntity(kind, text, ascii)
	if b.charset == nil {
		return e, nil
	}
	encoded, err := b.charset.encode(text)
	if err != nil {
		offset, reason := b.charset.fault(text)
		return nil, &Error{Field: field, Value: text, Offset: offset, Reason: reason, Hint: "the default charset, utf-8, has everything"}
	}
	e.text, e.kind.charset, e.notASCII = encoded, b.charset.name, !isASCII(encoded)
	return e, nil
}

// encodedIn is encoded for a charset. What the charset lacks goes as UTF-8: each word says
// which it is in.
//
// Each word is encoded on its own, so that it begins and ends in the state of ASCII (RFC
// 1468; RFC 2047, section 3), and holds whole characters only.
func (h *headerWriter) encodedIn(c *charset, text string, free int) {
	frame := len("=?") + len(c.name) + len("?b?") + len("?=")
	for text != "" {
		room := min(wordLimit, foldAt-h.col-1-free) - frame
		if room < wordSpace {
			h.fold()
			room = wordLimit - frame - free
		}
		n, word := 0, ""
		for n < len(text) {
			_, size := utf8.DecodeRuneInString(text[n:])
			raw, _ := c.encode(text[:n+size])
			next := "b?" + base64.StdEncoding.EncodeToString([]byte(raw))
			if q := string(appendQ([]byte("q?"), raw)); len(q) < len(next) && strings.IndexByte(raw, 0x1B) < 0 {
				next = q
			}
			if len(next)-len("b?") > room && n > 0 {
				break
			}
			n, word = n+size, next
		}
		h.glue(" =?" + c.name + "?" + word + "?=")
		text = text[n:]
	}
}
