package mime

import "slices"

// shareFrom is the size from which on a body is referred to, not copied, in bytes.
const shareFrom = 4 << 10

// assembler puts a message together: header fields and small bodies in one buffer, large
// bodies beside it.
type assembler struct {
	headerWriter
	random string // digits of the boundaries
	head   int    // octets up to the end of the first header, the blank line not counted
	pieces []piece
	cut    int // what of buf is in pieces
}

// piece is a stretch of the buffer, or something shared with a part.
type piece struct {
	from, to int
	shared   chunk
}

// body appends a body that others share.
func (a *assembler) body(c chunk) {
	if c.file == nil && len(c.data) < shareFrom {
		a.buf = append(a.buf, c.data...)
		return
	}
	a.flush()
	a.pieces = append(a.pieces, piece{shared: c})
}

func (a *assembler) flush() {
	if a.cut < len(a.buf) {
		a.pieces = append(a.pieces, piece{from: a.cut, to: len(a.buf)})
		a.cut = len(a.buf)
	}
}

// finish appends everything in order. It is called once, when buf moves no more.
func (a *assembler) finish(chunks []chunk) []chunk {
	if len(a.pieces) == 0 {
		return append(chunks, chunk{data: a.buf})
	}
	a.flush()
	chunks = slices.Grow(chunks, len(a.pieces))
	for _, p := range a.pieces {
		if p.to > 0 {
			p.shared = chunk{data: a.buf[p.from:p.to:p.to]}
		}
		chunks = append(chunks, p.shared)
	}
	return chunks
}

// entity writes an entity: its Content- fields, a blank line, its body.
func (a *assembler) entity(e *entity) {
	switch {
	case !e.isLeaf():
		a.entityFields(e, e.encoding)
		a.children(e)
	case e.part != nil && e.part.enclosed != nil:
		if !e.part.whole {
			a.entityFields(e, e.encoding)
		}
		for _, c := range e.part.enclosed {
			a.body(c)
		}
	case e.part != nil:
		a.entityFields(e, e.encoding)
		a.body(e.part.encoded(e.encoding))
	case e.encoding != "":
		a.entityFields(e, e.encoding)
		a.buf = appendText(a.buf, e.text)
	default:
		a.text7Bit(e)
	}
}

// text7Bit writes an entity of text for a way of 7 bits: as it is where nothing on the
// way would change it, else as quoted-printable or base64, whichever is shorter. It finds
// out by trying.
func (a *assembler) text7Bit(e *entity) {
	buf, head := len(a.buf), a.head
	var ok bool
	if !e.notASCII {
		a.entityFields(e, encoding7Bit)
		if a.buf, ok = appendPlain(a.buf, e.text, e.kind.fit()); ok {
			return
		}
		a.buf, a.head = a.buf[:buf], head
	}
	a.entityFields(e, encodingQP)
	if a.buf, ok = appendQP(a.buf, e.text, 0, false); ok {
		return
	}
	a.buf, a.head = a.buf[:buf], head
	a.entityFields(e, encodingBase64)
	a.buf = appendBase64(a.buf, canonicalText(e.text))
}

// children writes the body of a multipart. The CRLF before a delimiter belongs to the
// delimiter (RFC 2046, section 5.1.1), so that bodies arrive without one added.
func (a *assembler) children(e *entity) {
	for i, child := range e.children {
		if i > 0 {
			a.buf = append(a.buf, '\r', '\n')
		}
		a.delimiter(e, "\r\n")
		a.entity(child)
	}
	a.buf = append(a.buf, '\r', '\n')
	a.delimiter(e, "--\r\n")
}

func (a *assembler) delimiter(e *entity, end string) {
	a.buf = a.appendBoundary(append(a.buf, "--"...), e)
	a.buf = append(a.buf, end...)
}

// entityFields writes the Content- fields of an entity (RFC 2045, sections 5 to 7) and
// the blank line behind them.
func (a *assembler) entityFields(e *entity, encoding string) {
	a.contentType(e)
	if e.isLeaf() || encoding != encoding7Bit {
		// A multipart says so when one of its parts is not 7-bit (RFC 2045, section 6.4).
		a.constant("Content-Transfer-Encoding", encoding)
	}
	if e.contentID != "" {
		a.field("Content-ID", "<"+e.contentID+">")
	}
	if e.disposition != "" {
		a.begin("Content-Disposition")
		a.word(string(e.disposition))
		if e.name != "" {
			a.parameter(parameter{"filename", e.name})
		}
		a.end()
	}
	if a.head == 0 {
		a.head = len(a.buf)
	}
	a.buf = append(a.buf, '\r', '\n')
}

func (a *assembler) contentType(e *entity) {
	if e.part == nil && e.isLeaf() && e.kind.charset == "utf-8" && len(e.kind.parameters) == 0 && e.name == "" {
		// The texts of most messages: all of it is ours.
		a.buf = append(append(a.buf, "Content-Type: "...), e.kind.name...)
		a.buf = append(a.buf, "; charset=utf-8\r\n"...)
		return
	}
	a.begin("Content-Type")
	a.word(e.kind.name)
	if e.kind.charset != "" {
		a.parameter(parameter{"charset", e.kind.charset})
	}
	for _, p := range e.kind.parameters {
		a.parameter(p)
	}
	if !e.isLeaf() {
		// Always quoted: RFC 2045, section 5.1, wants it for the "=".
		a.glue(";")
		var room [64]byte
		boundary := a.appendBoundary(room[:0], e)
		a.room(len(` boundary=""`) + len(boundary))
		a.glue(` boundary="`)
		a.buf = append(a.buf, boundary...)
		a.col += len(boundary)
		a.glue(`"`)
	} else if e.name != "" {
		a.legacyName(e.name)
	}
	a.end()
}
