package mime

import "bytes"

// qpLine is the longest line of quoted-printable, the "=" of a soft break included
// (RFC 2045, section 6.7 (5)).
const qpLine = 76

var fromSpace = []byte("From ")

// encodeQP encodes text with CRLF line ends as quoted-printable. It gives up, with false,
// as soon as the result would be longer than limit bytes.
//
// Beyond what RFC 2045, section 6.7, requires, an encoded line never begins with a dot or
// with "From ", as RFC 2049, section 3, advises.
func encodeQP(text []byte, limit int) ([]byte, bool) {
	dst := make([]byte, 0, min(limit, len(text)+len(text)/4+16))
	col := 0
	for i := 0; i < len(text); {
		if len(dst) > limit {
			return nil, false
		}
		c := text[i]
		if c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			dst = append(dst, '\r', '\n')
			col = 0
			i += 2
			continue
		}
		// A run of bytes that stand for themselves is copied as one.
		if col > 0 {
			run := i
			for stop := min(len(text), i+qpLine-1-col); run < stop && isQPLiteral(text[run]); {
				run++
			}
			if run > i {
				dst = append(dst, text[i:run]...)
				col += run - i
				i = run
				continue
			}
		}
		literal := isQPLiteral(c)
		switch {
		case c == ' ' || c == '\t':
			// A blank may not end a line (rule 3).
			literal = !endsLine(text[i+1:])
		case col > 0:
		case c == '.':
			literal = false
		case c == 'F':
			literal = !bytes.HasPrefix(text[i:], fromSpace)
		}
		width := 3
		if literal {
			width = 1
		}
		if col+width > qpLine-1 {
			dst = append(dst, '=', '\r', '\n')
			col = 0
			continue // what begins a line follows other rules
		}
		if literal {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
		col += width
		i++
	}
	return dst, len(dst) <= limit
}

// endsLine reports whether nothing but a line end follows.
func endsLine(rest []byte) bool {
	return len(rest) == 0 || (rest[0] == '\r' && len(rest) > 1 && rest[1] == '\n')
}

// isQPLiteral reports the bytes that stand for themselves wherever they stand.
func isQPLiteral(c byte) bool { return c > ' ' && c < 0x7F && c != '=' }
