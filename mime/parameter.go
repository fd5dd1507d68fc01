package mime

import (
	"strconv"
	"strings"
)

// parameter is one of Content-Type or Content-Disposition (RFC 2045, section 5.1). The
// value is text as people read it.
type parameter struct{ name, value string }

// parameter writes "; name=value": as a token or quoted-string where that is possible and
// short, else in the extended form of RFC 2231, in pieces where it is long.
func (h *headerWriter) parameter(p parameter) {
	h.glue(";")
	if isToken(p.value) && len(p.name)+len(p.value) < foldAt-2 {
		h.room(len(" =") + len(p.name) + len(p.value))
		h.glue(" ")
		h.glue(p.name)
		h.glue("=")
		h.glue(p.value)
		return
	}
	switch quoted := quoteString(p.value); {
	case isASCII(p.value) && !strings.Contains(p.value, "=?") && len(p.name)+len(quoted) < foldAt-2:
		// A literal =? is left to RFC 2231, because readers decode it where they
		// should not (RFC 2047, section 5, forbids encoded-words in quotes).
		h.word(p.name + "=" + quoted)
	default:
		h.extended(p)
	}
}

// extended writes a parameter as RFC 2231, sections 3 and 4, want it: percent-encoded
// UTF-8, numbered when it is more than a line. Escapes of one code point stay together,
// for the sake of readers which decode the pieces one by one.
func (h *headerWriter) extended(p parameter) {
	value := percentEncode(p.value)
	const charset = "utf-8''"
	if len(p.name)+len("*=")+len(charset)+len(value) < foldAt-2 {
		h.word(p.name + "*=" + charset + value)
		return
	}
	rest, prefix := p.value, charset
	for n := 0; rest != ""; n++ {
		label := p.name + "*" + strconv.Itoa(n) + "*=" + prefix
		size := runesWithin(rest, foldAt-2-len(label), percentCost)
		if n > 0 {
			h.glue(";")
		}
		h.word(label + percentEncode(rest[:size]))
		rest, prefix = rest[size:], ""
	}
}

// legacyName writes the name parameter of Content-Type, for readers that know neither
// Content-Disposition nor RFC 2231.
//
// QUIRK: encoded-words inside a quoted-string are what RFC 2047, section 5, forbids and
// what those readers expect; all others take filename.
func (h *headerWriter) legacyName(name string) {
	if isASCII(name) && !strings.Contains(name, "=?") && len(quoteString(name)) < foldAt-len("name=")-2 {
		h.parameter(parameter{"name", name})
		return
	}
	h.glue(";")
	h.fold()
	h.glue(` name="`)
	// The first word stands against the quote, and later ones behind a blank.
	mark := len(h.buf)
	h.encoded(name, len(`"`))
	h.buf = append(h.buf[:mark], h.buf[mark+1:]...)
	h.glue(`"`)
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// isTokenByte reports the bytes of a token (RFC 2045, section 5.1) that are safe
// unquoted with every reader: without ' * %, to which RFC 2231 gives a meaning.
func isTokenByte(c byte) bool {
	return isAlnum(c) || (c != 0 && strings.IndexByte("!#$&+-.^_`{|}~", c) >= 0)
}

func percentEncode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; isTokenByte(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

func percentCost(c byte) int {
	if isTokenByte(c) {
		return 1
	}
	return 3
}
