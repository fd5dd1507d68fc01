package mime

// entity is a part in its place within one message: what is particular to the message
// (boundary, Content-ID, disposition) with what is shared (the encoded bytes).
type entity struct {
	part        *Part     // of a leaf
	kind        mediaType // of a multipart
	children    []*entity // of a multipart, never empty
	boundary    string    // of a multipart, set last
	contentID   string    // without angle brackets, or ""
	disposition Disposition
	name        string // file name, or ""
}

// newEntity places a part, with what is below it. Parts made to be files get the given
// disposition when they have none of their own.
func newEntity(p *Part, disposition Disposition) *entity {
	e := &entity{part: p, kind: p.kind, disposition: p.disposition, name: p.name}
	if e.disposition == "" && (p.file || p.name != "") {
		e.disposition = disposition
	}
	for _, child := range p.parts {
		e.children = append(e.children, newEntity(child, DispositionAttachment))
	}
	return e
}

// newMultipart places entities in a multipart, and leaves a single one as it is.
func newMultipart(subtype string, children ...*entity) *entity {
	if len(children) == 1 {
		return children[0]
	}
	return &entity{kind: mediaType{name: "multipart/" + subtype}, children: children}
}

// newRelated places an entity before those it shows. The type of the first is a required
// parameter (RFC 2387, section 3.1).
func newRelated(root *entity, shown []*entity) *entity {
	if len(shown) == 0 {
		return root
	}
	kind := mediaType{name: "multipart/related", parameters: []parameter{{"type", root.kind.name}}}
	return &entity{kind: kind, children: append([]*entity{root}, shown...)}
}

// isLeaf reports an entity with a body of its own.
func (e *entity) isLeaf() bool { return len(e.children) == 0 }

// shareFrom is the size from which on a body is referred to, not copied, in bytes.
const shareFrom = 4 << 10

// assembler puts a message together: header fields and small bodies in one buffer, large
// bodies beside it.
type assembler struct {
	headerWriter
	pieces []piece
	cut    int // what of buf is in pieces
}

// piece is a stretch of the buffer, or bytes shared with a part.
type piece struct {
	from, to int
	shared   []byte
}

// body appends the bytes of a body.
func (a *assembler) body(data []byte) {
	if len(data) < shareFrom {
		a.buf = append(a.buf, data...)
		return
	}
	a.flush()
	a.pieces = append(a.pieces, piece{shared: data})
}

func (a *assembler) flush() {
	if a.cut < len(a.buf) {
		a.pieces = append(a.pieces, piece{from: a.cut, to: len(a.buf)})
		a.cut = len(a.buf)
	}
}

// finish returns everything in order. It is called once, when buf moves no more.
func (a *assembler) finish() [][]byte {
	a.flush()
	chunks := make([][]byte, len(a.pieces))
	for i, p := range a.pieces {
		if chunks[i] = p.shared; p.shared == nil {
			chunks[i] = a.buf[p.from:p.to:p.to]
		}
	}
	return chunks
}

// entityFields writes the Content- fields of an entity (RFC 2045, sections 5 to 7).
func (a *assembler) entityFields(e *entity) {
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
		a.word(`boundary="` + e.boundary + `"`)
	} else if e.name != "" {
		a.legacyName(e.name)
	}
	a.end()
	if e.isLeaf() {
		a.field("Content-Transfer-Encoding", e.part.encoded().encoding)
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
}

// entityBody writes the body of an entity behind the blank line. The CRLF before a
// delimiter belongs to the delimiter (RFC 2046, section 5.1.1), so that bodies arrive
// without one added.
func (a *assembler) entityBody(e *entity) {
	if e.isLeaf() {
		a.body(e.part.encoded().data)
		return
	}
	for i, child := range e.children {
		if i > 0 {
			a.buf = append(a.buf, '\r', '\n')
		}
		a.buf = append(a.buf, "--"+e.boundary+"\r\n"...)
		a.entityFields(child)
		a.buf = append(a.buf, '\r', '\n')
		a.entityBody(child)
	}
	a.buf = append(a.buf, "\r\n--"+e.boundary+"--\r\n"...)
}
