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

// appendQP appends text as quoted-printable, its line ends as CRLF or, with literal,
// escaped, so that they arrive as they are. It gives up, with false, as soon as what it
// appends is more than slack bytes longer than base64 of the same would be.
//
// Beyond what RFC 2045, section 6.7, requires, an encoded line never begins with a dot or
// with "From ", as RFC 2049, section 3, advises.
func appendQP(dst []byte, text string, slack int, literal bool) ([]byte, bool) {
	before := len(dst)
	// Most texts are far from the limit, and their line ends need not be counted.
	limit, exact := before+base64Length(len(text))+slack, false
	dst = slices.Grow(dst, len(text)+len(text)/16+qpSlack)
	out, at := dst[:cap(dst)], before
	for i := 0; i < len(text); { // a line of the result each
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
		begin := at
		if text[i] == '.' || text[i] == 'F' && strings.HasPrefix(text[i:], "From ") {
			at = qpEscape(out, at, text[i])
			i++
		}
		soft := false // the line ends, the text's does not
		for i < len(text) {
			n := qpCopy(out[at:], text[i:], qpLine-1-(at-begin))
			if i, at = i+n, at+n; i == len(text) {
				break
			}
			if !literal && (text[i] == '\n' || text[i] == '\r') {
				if i++; text[i-1] == '\r' && i < len(text) && text[i] == '\n' {
					i++
				}
				break
			}
			if soft = at-begin+len("=XX") > qpLine-1; soft {
				break
			}
			at = qpEscape(out, at, text[i])
			i++
		}
		if soft {
			end := out[at : at+len("=\r\n")]
			end[0], end[1], end[2] = '=', '\r', '\n'
			at += len(end)
		} else {
			at = qpEndLine(out, begin, at)
		}
	}
	return out[:at], at <= limit || !exact && at <= before+base64Length(canonicalLength(text))+slack
}

// qpEscape writes an escaped byte, and returns where to write the next.
func qpEscape(out []byte, at int, c byte) int {
	to := out[at : at+len("=XX")]
	to[0], to[1], to[2] = '=', upperHex[c>>4], upperHex[c&15]
	return at + len(to)
}

// qpEndLine ends a line of out, which may not end in a blank (rule 3).
func qpEndLine(out []byte, begin, at int) int {
	if at > begin && isBlank(out[at-1]) {
		c := out[at-1]
		if at--; at-begin+len("=XX") > qpLine-1 {
			at += copy(out[at:], "=\r\n")
		}
		at = qpEscape(out, at, c)
	}
	out[at], out[at+1] = '\r', '\n'
	return at + len(crlf)
}

// qpCopy copies the bytes at the beginning of text that stand for themselves, at most a
// number of them, and returns how many they are. It may write a few bytes more.
func qpCopy(out []byte, text string, most int) int {
	const word, block = 8, 32
	const highs = 0x8080808080808080
	i := 0
	for i < most && i+block <= len(text) && i+block <= len(out) {
		in, to := text[i:i+block], out[i:i+block]
		a, b, c, d := eight(in, 0), eight(in, word), eight(in, 2*word), eight(in, 3*word)
		binary.LittleEndian.PutUint64(to, a)
		binary.LittleEndian.PutUint64(to[word:], b)
		binary.LittleEndian.PutUint64(to[2*word:], c)
		binary.LittleEndian.PutUint64(to[3*word:], d)
		a, b, c, d = qpMark(a), qpMark(b), qpMark(c), qpMark(d)
		if (a|b|c|d)&highs == 0 {
			i += block
			continue
		}
		switch {
		case a&highs != 0:
		case b&highs != 0:
			i, a = i+word, b
		case c&highs != 0:
			i, a = i+2*word, c
		default:
			i, a = i+3*word, d
		}
		if i += bits.TrailingZeros64(a&highs) / 8; i >= most || text[i] != '\t' {
			return min(i, most)
		}
		i++
	}
	for i < most && i < len(text) && !qpEscaped[text[i]] {
		out[i] = text[i]
		i++
	}
	return min(i, most)
}

// qpMark marks, by its high bit, the first of eight bytes that is below ' ', above 0x7E or
// "=". Bytes behind it may be marked for nothing; other bits mean nothing.
func qpMark(x uint64) uint64 {
	const ones = 0x0101010101010101
	return x | (x - ' '*ones) | (x + ones) | ((x ^ '='*ones) - ones)
}

// eight returns the eight bytes at i, the first lowest.
func eight(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
