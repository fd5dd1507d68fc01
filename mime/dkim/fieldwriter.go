package dkim

import "encoding/base64"

// lineLength is the number of columns at which fields are folded (RFC 5322, section
// 2.1.1). A domain may be longer than that, and cannot be folded.
const lineLength = 78

// fieldWriter writes a field and folds it where it would be too long.
type fieldWriter struct {
	buf    []byte
	column int
}

// text writes something that cannot be cut, after a space or on a line of its own.
func (f *fieldWriter) text(text string) {
	switch {
	case f.column == 0:
	case f.column+1+len(text) > lineLength:
		f.fold()
	default:
		f.buf = append(f.buf, ' ')
		f.column++
	}
	f.buf = append(f.buf, text...)
	f.column += len(text)
}

// names writes the h= tag. It may be folded around its colons (RFC 6376, section 3.5).
func (f *fieldWriter) names(names []string) {
	f.text("h=" + names[0])
	for _, name := range names[1:] {
		// One column more for the semicolon that may follow.
		if f.column+1+len(name)+1 > lineLength {
			f.fold()
		}
		f.buf = append(append(f.buf, ':'), name...)
		f.column += 1 + len(name)
	}
	f.buf = append(f.buf, ';')
	f.column++
}

func (f *fieldWriter) fold() {
	f.buf = append(f.buf, "\r\n\t"...)
	f.column = 1
}

// appendFolded adds base64 in lines, of which the first begins at a column.
func appendFolded(b []byte, data []byte, column int) []byte {
	text := make([]byte, base64.StdEncoding.EncodedLen(len(data)))
	base64.StdEncoding.Encode(text, data)
	for len(text) > 0 {
		n := min(lineLength-column, len(text))
		b = append(b, text[:n]...)
		if text = text[n:]; len(text) > 0 {
			b = append(b, "\r\n\t"...)
			column = 1
		}
	}
	return b
}
