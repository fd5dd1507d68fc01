package mime

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of header fields, in octets.
const (
	// foldAt is the length a line is folded at where there is a place to: RFC 2047,
	// section 2, allows 76 to a line with an encoded-word, and RFC 5322, section
	// 2.1.1, asks for 78 of any.
	foldAt = 76
	// maxLine is the longest line of a message without its CRLF (RFC 5322, section 2.1.1).
	maxLine = 998
	// maxFieldName is ours: name and colon stay on one line of the preferred length.
	maxFieldName = 76
	// maxWord is the longest word that fits behind the longest name.
	maxWord = maxLine - maxFieldName - len(": ")
	// maxFieldValue is ours, for one value as it was given.
	maxFieldValue = 64 << 10
)

// headerWriter is the one way by which header fields become bytes. It is given a field
// as words, folds between them, and checks every byte of the finished field.
type headerWriter struct {
	buf   []byte
	col   int  // octets on the current line
	start int  // where the current field begins in buf
	first int  // and where its first word does
	utf8  bool // a local part is not ASCII, so that the header is one of RFC 6532
	err   *Error

	charset *charset // of encoded-words
}

// begin starts a field. The name has been checked with fieldNameFault, or is our own.
func (h *headerWriter) begin(name string) {
	h.start = len(h.buf)
	h.buf = append(h.buf, name...)
	h.buf = append(h.buf, ':')
	h.first, h.col = len(h.buf), len(name)+1
}

// word appends a blank and a word, which stays in one piece.
func (h *headerWriter) word(w string) { h.spaced(" ", w) }

// spaced is word with other white space: it is kept, and a fold put before it, so that
// unfolding (RFC 5322, section 2.2.3) gives back exactly what was written.
//
// The first word stays with the name, however long it is: readers that take a fold for
// text, Python's among them, would show it.
func (h *headerWriter) spaced(space, w string) {
	if len(h.buf) > h.first && w != "" {
		h.room(len(space) + len(w))
	}
	h.buf = append(h.buf, space...)
	h.buf = append(h.buf, w...)
	h.col += len(space) + len(w)
}

// room folds unless what comes, its blank included, still fits on the line.
func (h *headerWriter) room(n int) {
	if h.col+n > foldAt {
		h.fold()
	}
}

// fold ends the line. What follows must be white space and then something else, or the
// line would consist of white space alone.
func (h *headerWriter) fold() {
	h.buf = append(h.buf, '\r', '\n')
	h.col = 0
}

// glue appends to the last word.
func (h *headerWriter) glue(s string) {
	h.buf = append(h.buf, s...)
	h.col += len(s)
}

// end finishes the field and looks at each of its bytes a last time. Nothing that comes
// here is expected to fail: whatever is wrong was refused with better words before.
func (h *headerWriter) end() {
	h.buf = append(h.buf, '\r', '\n')
	field := h.buf[h.start:]
	if isPlainField(field, h.first-h.start-1) {
		return
	}
	if reason := fieldBytesFault(field, h.utf8); reason != "" && h.err == nil {
		name, _, _ := bytes.Cut(field, []byte(":"))
		h.err = &Error{Field: "headers." + string(name), Value: string(field), Offset: -1, Reason: reason}
	}
}

// constant writes a field of ours that is the same in all messages, and needs no last look.
func (h *headerWriter) constant(name, value string) {
	h.buf = append(append(h.buf, name...), ": "...)
	h.buf = append(append(h.buf, value...), '\r', '\n')
}

// field writes a field of one line that is made of our own words.
func (h *headerWriter) field(name, value string) {
	h.begin(name)
	h.word(value)
	h.end()
}

// text writes an unstructured field (RFC 5322, section 2.2.1).
func (h *headerWriter) text(name, value string) {
	h.begin(name)
	switch {
	case value == "":
		h.glue(" ")
	case needsEncoding(value):
		h.encoded(value, 0)
	default:
		for w := range strings.SplitSeq(value, " ") {
			h.word(w)
		}
	}
	h.end()
}

// structured writes a field whose value has a syntax of its own, as it was given; folds
// are put before its white space, and between the elements of a list such as
// List-Unsubscribe (RFC 2369, section 2).
func (h *headerWriter) structured(name, value string) {
	h.begin(name)
	value = strings.ReplaceAll(strings.Trim(value, " \t"), ">,<", ">, <")
	space := " "
	for value != "" {
		end := strings.IndexAny(value, " \t")
		if end < 0 {
			end = len(value)
		}
		h.spaced(space, value[:end])
		value = value[end:]
		rest := strings.TrimLeft(value, " \t")
		space, value = value[:len(value)-len(rest)], rest
	}
	h.end()
}

// isPlainField reports the fields that most are: one line of printable ASCII. It is only
// there to be fast; fieldBytesFault has the last word on all others.
func isPlainField(field []byte, colon int) bool {
	const word = 8
	end := len(field) - len("\r\n")
	if end < word || end > maxLine || !isFieldName(field[:colon]) {
		return false
	}
	var found uint64
	for i := 0; i+word <= end; i += word {
		found |= unusual(binary.LittleEndian.Uint64(field[i:]))
	}
	return found|unusual(binary.LittleEndian.Uint64(field[end-word:end])) == 0
}

// fieldBytesFault checks a whole field, "Name: value" and CRLF, folded.
func fieldBytesFault(field []byte, allowUTF8 bool) string {
	colon := bytes.IndexByte(field, ':')
	if colon < 0 || !isFieldName(field[:colon]) {
		return "the field has no valid name"
	}
	if allowUTF8 && !utf8.Valid(field) {
		return "the field is not UTF-8"
	}
	for first := true; len(field) > 0; first = false {
		end := bytes.IndexByte(field, '\n')
		if end < 1 || field[end-1] != '\r' {
			return "the field has a line end that is not CRLF"
		}
		line := field[:end-1]
		field = field[end+1:]
		for i := 0; i < len(line); i++ {
			for i+8 <= len(line) && unusual(binary.LittleEndian.Uint64(line[i:])) == 0 {
				i += 8
			}
			if i == len(line) {
				break
			}
			if c := line[i]; c < ' ' && c != '\t' || c == 0x7F {
				return "the field would hold a control character"
			} else if c >= utf8.RuneSelf && !allowUTF8 {
				return "the field would not be ASCII"
			}
		}
		switch {
		case len(line) > maxLine:
			return "a word makes the line longer than 998 octets"
		case !first && isAllBlank(line):
			return "the field would hold a line of blanks"
		case !first && line[0] != ' ' && line[0] != '\t':
			return "the field would begin another one"
		}
	}
	return ""
}

func isAllBlank(line []byte) bool {
	for _, c := range line {
		if !isBlank(c) {
			return false
		}
	}
	return true
}

// isFieldName is fieldNameFault for the last check.
func isFieldName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7F || c == ':' {
			return false
		}
	}
	return len(name) > 0 && len(name) <= maxFieldName
}

// fieldNameFault checks a field name: ftext (RFC 5322, section 3.6.8).
func fieldNameFault(name string) (offset int, reason string) {
	if name == "" {
		return 0, "a header has no name"
	}
	if len(name) > maxFieldName {
		return maxFieldName, "the header name is longer than 76 octets"
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; c <= ' ' || c >= 0x7F || c == ':' {
			return i, "a header name cannot hold " + quoteByte(c)
		}
	}
	return -1, ""
}

// unfold removes the line ends of a field, and nothing else (RFC 5322, section 2.2.3).
func unfold(s string) string {
	if !strings.Contains(s, "\r\n") {
		return strings.Trim(s, " \t")
	}
	return strings.Trim(strings.ReplaceAll(s, "\r\n", ""), " \t")
}

// appendDate appends a date (RFC 5322, section 3.3); the zone is a number. Package time
// would read its layout anew each time.
func appendDate(dst []byte, t time.Time) []byte {
	const days, months = "SunMonTueWedThuFriSat", "JanFebMarAprMayJunJulAugSepOctNovDec"
	two := func(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	_, zone := t.Zone()
	sign, weekday := byte('+'), int(t.Weekday())
	if zone /= 60; zone < 0 {
		sign, zone = '-', -zone
	}
	dst = append(append(dst, days[3*weekday:3*weekday+3]...), ", "...)
	dst = append(two(dst, day), ' ')
	dst = append(append(dst, months[3*(month-1):3*month]...), ' ')
	dst = append(two(two(dst, year/100), year%100), ' ')
	dst = append(two(dst, hour), ':')
	dst = append(two(dst, minute), ':')
	dst = append(two(dst, second), ' ', sign)
	return two(two(dst, zone/60), zone%60)
}
