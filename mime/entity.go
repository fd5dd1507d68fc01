package mime

import "bytes"

// entity is a part in its place within one message: what is particular to the message
// (boundary, Content-ID, disposition) with what is shared (the encoded bytes).
type entity struct {
	part        *Part     // of a leaf that messages can share
	text        string    // of a leaf without a part: UTF-8 with any line ends
	kind        mediaType // of a multipart
	children    []*entity // of a multipart, never empty
	number      int       // of a multipart in its message, from 1, set last
	contentID   string    // without angle brackets, or ""
	disposition Disposition
	name        string // file name, or ""
	encoding    string // what plan found; "" until the text is written
	notASCII    bool   // of a text: there is no use in trying 7bit
}

// newEntity places a part, with what is below it. Parts made to be files get the given
// disposition when they have none of their own.
func newEntity(p *Part, disposition Disposition) *entity {
	e := &entity{part: p, kind: p.kind, disposition: p.disposition, name: p.name, contentID: p.contentID}
	if len(p.parts) > 0 {
		e.part = nil
	}
	if e.disposition == "" && (p.file || p.name != "") {
		e.disposition = disposition
	}
	for _, child := range p.parts {
		e.children = append(e.children, newEntity(child, DispositionAttachment))
	}
	return e
}

// place returns room for an entity of this message, which is in the workshop as long as
// there is some.
func (b *builder) place() *entity {
	if b.used == len(b.entities) {
		return new(entity)
	}
	b.used++
	return &b.entities[b.used-1]
}

// placeMultipart is place for a multipart.
func (b *builder) placeMultipart(name string, children []*entity) *entity {
	e := b.place()
	e.kind.name, e.children = name, children
	return e
}

// walk calls a function for an entity and all below it, in order.
func (e *entity) walk(visit func(*entity)) {
	visit(e)
	for _, child := range e.children {
		child.walk(visit)
	}
}

// isLeaf reports an entity with a body of its own.
func (e *entity) isLeaf() bool { return len(e.children) == 0 }

// plan chooses the encoding of each body for the way the message takes, and returns the
// widest of those below. Text on a way of 7 bits is left to the assembler.
func (e *entity) plan(transfer Transfer) string {
	if !e.isLeaf() {
		e.encoding = encoding7Bit
		for _, child := range e.children {
			e.encoding = wider(e.encoding, child.plan(transfer))
		}
		return e.encoding
	}
	switch {
	case e.part != nil:
		e.encoding = e.part.encodingFor(transfer)
	case transfer != TransferSevenBit:
		e.encoding = encodingForText(e.text, transfer, e.kind.fit())
	}
	return e.encoding
}

// endsLine makes sure that the message ends in a line end, when its body is a single part
// whose bytes do not: base64 does, and does not add one to what arrives.
func (e *entity) endsLine() {
	if e.part == nil || e.part.data == nil || e.encoding == encodingBase64 || e.encoding == encodingBinary || e.part.text && bytes.HasSuffix(e.part.data, crlf) {
		return
	}
	p := &Part{kind: e.part.kind, depth: 1, count: 1}
	p.keepEncoded(e.part.data)
	e.part, e.encoding = p, p.encoding
}

// wider returns the encoding that asks more of the way.
func wider(a, b string) string {
	if a == encodingBinary || b == encodingBinary {
		return encodingBinary
	}
	if a == encoding8Bit || b == encoding8Bit {
		return encoding8Bit
	}
	return encoding7Bit
}
