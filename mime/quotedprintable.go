package mime

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// qpLine is the longest line of quoted-printable, the "=" of a soft break included
// (RFC 2045, section 6.7 (5)).
const qpLine = 76

// qpEscaped tells the bytes that never stand for themselves.
var qpEscaped = func() (escaped [256]bool) {
	for c := range escaped {
		escaped[c] = c != '\t' && (c < ' ' || c >= 0x7F || c == '=')
	}
	return escaped
}()

// qpSlack is more than what one round of appendQP writes.
const qpSlack = 256

// appendQP appends text as quoted-printable, its line ends as CRLF. It gives up, with
// false, as soon as what it appends is more than slack bytes longer than base64 of the
// same would be.
//
// Beyond what RFC 2045, section 6.7, requires, an encoded line never begins with a dot or
// with "From ", as RFC 2049, section 3, advises.
func appendQP(dst []byte, text string, slack int) ([]byte, bool) {
	before := len(dst)
	// Most texts are far from the limit, and their line ends need not be counted.
	limit, exact := before+base64Length(len(text))+slack, false
	dst = slices.Grow(dst, len(text)+len(text)/16+qpSlack)
	out := dst[:cap(dst)]
	at, begin := before, before // where to write, and where the line has begun
	for i := 0; i < len(text); {
		if at > limit && !exact {
			limit, exact = before+base64Length(canonicalLength(text))+slack, true
		}
		if at > limit {
			return dst[:before], false
		}
		if at+qpSlack > len(out) {
			dst = slices.Grow(out[:at], (limit-at)/4+qpSlack)
			out = dst[:cap(dst)]
		}
		// Bytes that stand for themselves, as far as the line has room.
		col := at - begin
		full := min(len(text), i+qpLine-1-col)
		if col > 0 || !(text[i] == '.' || text[i] == 'F' && strings.HasPrefix(text[i:], "From ")) {
			n := qpCopy(out[at:], text[i:], full-i)
			i, at, col = i+n, at+n, col+n
		}
		if i == len(text) {
			break
		}
		c := text[i]
		switch {
		case c == '\n' || c == '\r':
			at = qpEndLine(out, begin, at)
			begin = at
			if i++; c == '\r' && i < len(text) && text[i] == '\n' {
				i++
			}
		case i == full || col+len("=XX") > qpLine-1:
			at += copy(out[at:], "=\r\n")
			begin = at
		default:
			for more := true; more; more = i < len(text) && text[i] >= 0x80 && at-begin+len("=XX") < qpLine {
				out[at], out[at+1], out[at+2] = '=', upperHex[text[i]>>4], upperHex[text[i]&15]
				i, at = i+1, at+len("=XX")
			}
		}
	}
	if at > begin {
		at = qpEndLine(out, begin, at)
	}
	return out[:at], at <= limit || !exact && at <= before+base64Length(canonicalLength(text))+slack
}

// qpEndLine ends a line of out, which may not end in a blank (rule 3).
func qpEndLine(out []byte, begin, at int) int {
	if at > begin && isBlank(out[at-1]) {
		c := out[at-1]
		if at--; at-begin+len("=XX") > qpLine-1 {
			at += copy(out[at:], "=\r\n")
		}
		out[at], out[at+1], out[at+2] = '=', upperHex[c>>4], upperHex[c&15]
		at += len("=XX")
	}
	return at + copy(out[at:], crlf)
}

// qpCopy copies the bytes at the beginning of text that stand for themselves, at most a
// number of them, and returns how many they are. It may write a few bytes more.
func qpCopy(out []byte, text string, most int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for i < most && i+8 <= len(text) {
		x := eight(text, i)
		binary.LittleEndian.PutUint64(out[i:], x)
		equals := x ^ '='*ones
		// The first byte that is below ' ', above 0x7E or "=" gets its high bit set; those
		// behind it may get it for nothing.
		if found := unusual(x) | (equals-ones)&highs; found != 0 {
			if i += bits.TrailingZeros64(found) / 8; i < most && text[i] == '\t' {
				i++
				continue
			}
			return min(i, most)
		}
		i += 8
	}
	for i < most && !qpEscaped[text[i]] {
		out[i] = text[i]
		i++
	}
	return min(i, most)
}

// eight returns the eight bytes at i, the first lowest.
func eight(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
