package mime

import (
	"io"
	"slices"
)

// Part makes the message one that another encloses, to be forwarded: message/rfc822 (RFC
// 2046, section 5.2.1). The bytes stay shared. A message that needs SMTPUTF8 becomes
// message/global (RFC 6532, section 3.7); one that needs 8BITMIME or BINARYMIME is
// refused, since what encloses it may have to go without.
func (m *Message) Part(opts PartOptions) (*Part, error) {
	if m.EightBit() {
		return nil, &Error{Field: "part", Offset: -1, Reason: "the enclosed message is not 7-bit", Hint: "build it without a transfer"}
	}
	p := &Part{file: true, depth: 1, count: 1}
	opts.Type = "message/rfc822"
	if m.utf8 {
		opts.Type = "message/global"
	}
	if err := p.describe(opts); err != nil {
		err.Field = "part"
		return nil, err
	}
	if m.utf8 {
		p.keepEncoded(m.Bytes())
		return p, nil
	}
	p.enclosed = m.chunks
	return p, nil
}

// Tree is the finished body of a message: its Content- fields, a blank line, and the
// parts. It is 7-bit, and no byte of it changes any more, so that it can be signed (RFC
// 1847, section 2.1).
type Tree struct {
	chunks []chunk
	kind   mediaType
}

// WriteTo writes the tree with CRLF line ends, as what is signed or encrypted. It
// implements io.WriterTo.
func (t *Tree) WriteTo(w io.Writer) (int64, error) { return writeChunks(w, t.chunks) }

// Part makes the tree a part that appears in a message byte for byte as WriteTo wrote it.
func (t *Tree) Part() *Part {
	return &Part{kind: t.kind, enclosed: slices.Clone(t.chunks), whole: true, depth: 1, count: 1}
}

// protect lets the description put something around the finished tree.
func (b *builder) protect(root *entity) (*entity, *Error) {
	if _, err := b.prepare(root, TransferSevenBit); err != nil {
		return nil, err
	}
	a := assembler{random: b.delimiter}
	a.entity(root)
	if a.err != nil {
		return nil, a.err
	}
	p, err := b.d.Protect(&Tree{a.finish(nil), root.kind})
	if err != nil {
		return nil, &Error{Field: "protect", Offset: -1, Reason: err.Error(), Err: err}
	}
	if p == nil || p.whole {
		return nil, &Error{Field: "protect", Offset: -1, Reason: "returned no part around the tree"}
	}
	return newEntity(p, ""), nil
}
