package mime

import (
	"math/bits"
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

// appendQP appends text as quoted-printable, its line ends as CRLF. It gives up, with
// false, as soon as what it appends is longer than limit bytes.
//
// Beyond what RFC 2045, section 6.7, requires, an encoded line never begins with a dot or
// with "From ", as RFC 2049, section 3, advises.
func appendQP(dst []byte, text string, limit int) ([]byte, bool) {
	limit += len(dst)
	for l := linesOf(text); l.more() && len(dst) <= limit; {
		dst = append(appendQPLine(dst, l.next(), limit), '\r', '\n')
	}
	return dst, len(dst) <= limit
}

// appendQPLine encodes one line without its end. It stops soon beyond the limit.
func appendQPLine(dst []byte, line string, limit int) []byte {
	for i, col := 0, 0; i < len(line) && len(dst) <= limit; {
		// A run of bytes that stand for themselves is copied as one.
		run, full := i, min(len(line), i+qpLine-1-col)
		if col > 0 || !(line[i] == '.' || strings.HasPrefix(line[i:], "From ")) {
			run = qpRun(line, run, full)
			if run == len(line) && isBlank(line[run-1]) {
				run-- // a blank may not end a line (rule 3)
			}
		}
		dst = append(dst, line[i:run]...)
		i, col = run, col+run-i
		switch {
		case i == len(line):
		case run == full || col+len("=XX") > qpLine-1:
			dst = append(dst, '=', '\r', '\n')
			col = 0
		default:
			for more := true; more; more = i < len(line) && line[i] >= 0x80 && col+len("=XX") < qpLine {
				dst = append(dst, '=', upperHex[line[i]>>4], upperHex[line[i]&15])
				i, col = i+1, col+len("=XX")
			}
		}
	}
	return dst
}

// qpRun returns the end of the run of bytes from i that stand for themselves.
func qpRun(line string, i, end int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for i+8 <= end {
		x := eight(line, i)
		equals := x ^ '='*ones
		// The first byte that is below ' ', above 0x7E or "=" gets its high bit set; those
		// behind it may get it for nothing.
		if found := unusual(x) | (equals-ones)&highs; found != 0 {
			if i += bits.TrailingZeros64(found) / 8; qpEscaped[line[i]] {
				return i
			}
			i++ // a tab
			continue
		}
		i += 8
	}
	for i < end && !qpEscaped[line[i]] {
		i++
	}
	return i
}

// eight returns the eight bytes at i, the first lowest.
func eight(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
