package dkim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// headerField is one field of a message, as it stands.
type headerField struct {
	name string
	raw  []byte // with name, colon, folds and the CRLF at the end
}

// value returns what follows the colon, still folded.
func (f headerField) value() []byte {
	return f.raw[bytes.IndexByte(f.raw, ':')+1 : len(f.raw)-len("\r\n")]
}

// parseHeader splits a header into fields and refuses what a verifier could read in
// another way than we do: line breaks that are not CRLF, NULs, lines without a name.
func parseHeader(header []byte) ([]headerField, error) {
	fields := make([]headerField, 0, 24)
	names := string(header) // which all names share
	for rest, line := header, 1; len(rest) > 0; line++ {
		end := bytes.IndexByte(rest, '\n') + 1
		if end < 2 || rest[end-2] != '\r' {
			return nil, headerFault(line, "does not end in CRLF")
		}
		text := rest[:end]
		if i := bytes.IndexByte(text, '\r'); i < end-2 {
			return nil, headerFault(line, "holds a bare CR")
		}
		if bytes.IndexByte(text, 0) >= 0 {
			return nil, headerFault(line, "holds a NUL")
		}
		switch {
		case end == 2:
			if len(rest) > end {
				return nil, headerFault(line, "is empty, but the header goes on")
			}
			return fields, nil
		case text[0] == ' ' || text[0] == '\t':
			if len(fields) == 0 {
				return nil, headerFault(line, "continues nothing")
			}
			last := &fields[len(fields)-1]
			last.raw = last.raw[:len(last.raw)+end] // the lines follow each other in header
		default:
			length, reason := nameLength(text)
			if reason != "" {
				return nil, headerFault(line, reason)
			}
			begin := len(header) - len(rest)
			fields = append(fields, headerField{name: names[begin : begin+length], raw: text})
		}
		rest = rest[end:]
	}
	return fields, nil
}

func headerFault(line int, reason string) *Error {
	return &Error{Field: "header", Reason: fmt.Sprintf("line %d %s", line, reason)}
}

// nameLength finds the colon. White space before it is obsolete (RFC 5322, section 4.5.1)
// and never written by anybody who signs.
func nameLength(line []byte) (length int, reason string) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return 0, "is no field"
	}
	for _, c := range line[:colon] {
		if !isFieldNameByte(c) {
			return 0, "has a name with a byte that names cannot have"
		}
	}
	return colon, ""
}

// isFieldNameByte is ftext of RFC 5322, section 3.6.8, without the semicolon, which
// would end the h= tag (RFC 6376, section 3.5).
func isFieldNameByte(c byte) bool { return c > ' ' && c < 0x7F && c != ':' && c != ';' }

// appendCanonical adds a field in canonical form, with its CRLF.
func appendCanonical(b []byte, c Canonicalization, raw []byte) []byte {
	if c == Simple {
		return append(b, raw...) // RFC 6376, section 3.4.1
	}
	// RFC 6376, section 3.4.2.
	colon := bytes.IndexByte(raw, ':')
	for _, c := range bytes.TrimRight(raw[:colon], " \t") {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	b = append(b, ':')
	space, begun := false, false
	for _, c := range raw[colon+1:] {
		switch c {
		case ' ', '\t', '\r', '\n':
			space = begun
		default:
			if space {
				b = append(b, ' ')
				space = false
			}
			b, begun = append(b, c), true
		}
	}
	return append(b, '\r', '\n')
}

// appendSigned adds the canonical form of the named fields. A name that occurs n times
// in names takes the last n fields of that name, the last first; those that do not exist
// are nothing (RFC 6376, section 5.4.2).
func appendSigned(b []byte, c Canonicalization, fields []headerField, names []string) []byte {
	for i, name := range names {
		skip := 0
		for _, before := range names[:i] {
			if sameName(before, name) {
				skip++
			}
		}
		for j := len(fields) - 1; j >= 0; j-- {
			if !sameName(fields[j].name, name) {
				continue
			}
			if skip == 0 {
				b = appendCanonical(b, c, fields[j].raw)
				break
			}
			skip--
		}
	}
	return b
}

// sameName compares names of fields. Most differ in length, which is quick to see.
func sameName(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

func listed(names []string, name string) bool {
	return slices.ContainsFunc(names, func(other string) bool { return sameName(other, name) })
}
