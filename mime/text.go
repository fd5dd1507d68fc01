package mime

import (
	"bytes"
	"fmt"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

var crlf = []byte("\r\n")

const encodingHint = "strings are UTF-8; read the file with encoding=, or use mime.bytes for raw bytes"

// textFault finds the first byte at which s is no UTF-8 or holds a control character,
// and says what it is; the offset is -1 when there is none. The tab is left to the caller.
//
// Surrogates and overlong forms are invalid UTF-8 (RFC 3629, section 3), so that nothing
// below has to ask what they might decode to.
func textFault(s string) (offset int, reason string) {
	for i := 0; ; {
		if i += plainLength(s[i:]); i == len(s) {
			return -1, ""
		}
		c := s[i]
		if c < utf8.RuneSelf {
			if c != '\t' {
				return i, controlName(rune(c))
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return i, invalidUTF8(c)
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return i, controlName(r)
		}
		i += size
	}
}

// plainLength returns how many bytes at the beginning of a text are what most texts consist
// of, and what is never at fault: printable ASCII, and characters of two bytes behind the
// controls and blanks of Latin-1, U+00C0 to U+07FF.
func plainLength(s string) int {
	i := 0
	for i < len(s) {
		c := s[i]
		if c >= ' ' && c < 0x7F {
			i++
			continue
		}
		if c < 0xC3 || c > 0xDF || i+1 == len(s) || s[i+1]&0xC0 != 0x80 {
			break
		}
		i += 2
	}
	return i
}

// utf8Fault finds the first byte at which s is no UTF-8, or -1.
func utf8Fault(s string) (offset int, reason string) {
	if isUTF8(s) {
		return -1, ""
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i, invalidUTF8(s[i])
			}
		}
	}
	return -1, ""
}

func invalidUTF8(c byte) string { return fmt.Sprintf("invalid UTF-8 (byte 0x%02X)", c) }

func controlName(r rune) string {
	switch r {
	case '\r':
		return "contains a carriage return"
	case '\n':
		return "contains a line feed"
	case 0:
		return "contains a NUL"
	case '\t':
		return "contains a tab"
	}
	return fmt.Sprintf("contains the control character U+%04X", r)
}

// isBidiOverride reports characters that show the text after them in another order than
// the one it is stored in, which is what makes "gpj.exe" look like a picture.
func isBidiOverride(r rune) bool {
	return (r >= '\u202A' && r <= '\u202E') || (r >= '\u2066' && r <= '\u2069')
}

func isASCII(s string) bool {
	return asciiLength(s) == len(s)
}

// asciiLength returns how many bytes at the beginning of a text are ASCII.
func asciiLength(s string) int {
	i := 0
	for i+32 <= len(s) {
		w := s[i : i+32]
		if (eight(w, 0)|eight(w, 8)|eight(w, 16)|eight(w, 24))&0x8080808080808080 != 0 {
			break
		}
		i += 32
	}
	for i+8 <= len(s) {
		if high := eight(s, i) & 0x8080808080808080; high != 0 {
			return i + bits.TrailingZeros64(high)/8
		}
		i += 8
	}
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// isUTF8 is utf8.ValidString for texts that are ASCII for long stretches.
func isUTF8(s string) bool {
	for {
		if s = s[asciiLength(s):]; s == "" {
			return true
		}
		for s != "" && s[0] >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s)
			if r == utf8.RuneError && size == 1 {
				return false
			}
			s = s[size:]
		}
	}
}

// lines takes the lines off a text one by one, in linear time. CR, LF and CRLF all end a
// line.
type lines struct {
	text    string
	at      int  // where the next line begins
	newline int  // the first LF from there on, or the length of the text
	bare    bool // there is no CR
}

func linesOf(text string) lines {
	return lines{text: text, newline: -1, bare: strings.IndexByte(text, '\r') < 0}
}

func (l *lines) more() bool { return l.at < len(l.text) }

// next returns the next line without its end.
func (l *lines) next() string {
	if l.newline < l.at {
		l.newline = len(l.text)
		if n := strings.IndexByte(l.text[l.at:], '\n'); n >= 0 {
			l.newline = l.at + n
		}
	}
	line, next := l.text[l.at:l.newline], l.newline+1
	if !l.bare {
		if end := strings.IndexByte(line, '\r'); end >= 0 {
			if end < len(line)-1 { // a CR alone
				next = l.at + end + 1
			}
			line = line[:end]
		}
	}
	l.at = next
	return line
}

// appendText appends text with the line ends of RFC 2046, section 4.1.1: CR, LF and CRLF
// all become CRLF, and a last line without an end gets one.
func appendText(dst []byte, text string) []byte {
	for l := linesOf(text); l.more(); {
		dst = append(dst, l.next()...)
		dst = append(dst, '\r', '\n')
	}
	return dst
}

// canonicalText is appendText into bytes of its own.
func canonicalText(text string) []byte {
	if text == "" {
		return nil
	}
	return appendText(make([]byte, 0, canonicalLength(text)), text)
}

// canonicalLength is the length of canonicalText, or two more.
func canonicalLength(text string) int {
	n := len(text) + strings.Count(text, "\n") + 2
	if strings.IndexByte(text, '\r') >= 0 {
		n += strings.Count(text, "\r") - 2*strings.Count(text, "\r\n")
	}
	return n
}

// hasOnlyCRLF reports whether every CR and LF of data stands in a CRLF.
func hasOnlyCRLF(data []byte) bool {
	ends := bytes.Count(data, crlf)
	return bytes.Count(data, crlf[:1]) == ends && bytes.Count(data, crlf[1:]) == ends
}
