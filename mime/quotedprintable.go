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
	enough := min(limit, len(out)-qpSlack) // up to there, a line needs no thought
	for i := 0; i < len(text); {           // a line of the result each
		if at > enough {
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
			enough = min(limit, len(out)-qpSlack)
		}
		begin, full := at, at+qpLine-len("=")
		if text[i] == '.' || text[i] == 'F' && strings.HasPrefix(text[i:], "From ") {
			at = qpEscape(out, at, text[i])
			i++
		}
		soft := false // the line ends, the text's does not
		for i < len(text) {
			n := min(full-at, qpCopy((*[qpRoom]byte)(out[at:at+qpRoom]), text[i:], full-at))
			i, at = i+n, at+n
			if i == len(text) {
				break
			}
			c := text[i]
			if !qpEscaped[c] { // a tab, the last few bytes, or no room
				if soft = at == full; soft {
					break
				}
				out[at] = c
				i, at = i+1, at+1
				continue
			}
			if !literal && (c == '\n' || c == '\r') {
				if i++; c == '\r' && i < len(text) && text[i] == '\n' {
					i++
				}
				break
			}
			if soft = at+len("=XX") > full; soft {
				break
			}
			at = qpEscape(out, at, c)
			i++
		}
		if soft {
			end := out[at : at+len("=\r\n")]
			end[0], end[1], end[2] = '=', '\r', '\n'
			at += len(end)
			continue
		}
		if at > begin && isBlank(out[at-1]) {
			at = qpBlank(out, begin, at)
		}
		end := out[at : at+len("\r\n")]
		end[0], end[1] = '\r', '\n'
		at += len(end)
	}
	return out[:at], at <= limit || !exact && at <= before+base64Length(canonicalLength(text))+slack
}

// qpEscape writes an escaped byte, and returns where to write the next.
func qpEscape(out []byte, at int, c byte) int {
	to := out[at : at+len("=XX")]
	to[0], to[1], to[2] = '=', upperHex[c>>4], upperHex[c&15]
	return at + len(to)
}

// qpBlank escapes the blank at the end of a line, which may not end in one (rule 3).
func qpBlank(out []byte, begin, at int) int {
	c := out[at-1]
	if at--; at-begin+len("=XX") > qpLine-1 {
		at += copy(out[at:], "=\r\n")
	}
	return qpEscape(out, at, c)
}

// qpRoom is room for a line, and for what qpCopy may write behind it.
const qpRoom = 96

// qpCopy copies bytes at the beginning of a text that stand for themselves, and returns how
// many they are. It ends where it has copied enough for the caller, at most a block later,
// and at the latest before a byte that does not stand for itself.
func qpCopy(out *[qpRoom]byte, text string, enough int) int {
	const word, block = 8, 16
	i := 0
	for i < enough && i+block <= len(text) && i <= qpRoom-block {
		in, to := text[i:i+block], out[i:i+block]
		x, y := eight(in, 0), eight(in, word)
		binary.LittleEndian.PutUint64(to, x)
		binary.LittleEndian.PutUint64(to[word:], y)
		x, y = qpMark(x), qpMark(y)
		if x|y == 0 {
			i += block
			continue
		}
		if x == 0 {
			i, x = i+word, y
		}
		return i + bits.TrailingZeros64(x)/8
	}
	for i < enough && i < len(text) && i < qpRoom && !qpEscaped[text[i]] {
		out[i] = text[i]
		i++
	}
	return i
}

// qpMark marks, by its high bit, the first of eight bytes that is below ' ', above 0x7E or
// "=". Bytes behind it may be marked for nothing.
func qpMark(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	return ((x - ' '*ones) | (x + ones) | ((x ^ '='*ones) - ones)) & highs
}

// eight returns the eight bytes at i, the first lowest.
func eight(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
