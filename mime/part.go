package mime

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
)

// Limits of parts. The first is of Bytes and NewPart, in bytes before encoding; what File
// reads has none.
const (
	MaxPartSize   = 128 << 20
	maxPartDepth  = 32
	maxPartsInAll = 10_000
)

// Disposition says how a reader presents a part (RFC 2183).
type Disposition string

const (
	// DispositionAttachment is for parts that are saved or opened on demand.
	DispositionAttachment Disposition = "attachment"
	// DispositionInline is for parts that are shown with the text.
	DispositionInline Disposition = "inline"
)

// PartOptions describe a part. The zero value leaves everything to detection.
type PartOptions struct {
	// Name is the file name a reader shows and saves under. Directories before it are
	// cut off; control characters and bidirectional overrides are refused. For File,
	// "" is the base name of the path.
	Name string
	// Type is a media type, with parameters if it needs them: "application/pdf",
	// "text/calendar; method=REQUEST". "" is detected from the name, then the bytes.
	Type string
	// Charset declares the encoding of a text part. The bytes are not converted. ""
	// declares "utf-8" for text that is valid UTF-8, and nothing for other text.
	Charset string
	// Disposition is where the part is presented. "" is "attachment" for File and Bytes
	// under Description.Attach, "inline" under Description.Inline, and none for NewPart.
	Disposition Disposition
	// ContentID is what cid: URLs in an explicit tree refer to: id@domain. Parts under
	// Description.Inline get theirs from Build.
	ContentID string
}

// Part is one body of a message, or a multipart tree of them. It is immutable and may
// be part of any number of messages at once; it is encoded only once.
type Part struct {
	kind        mediaType
	name        string
	disposition Disposition
	contentID   string
	file        bool    // made by File or Bytes: to be presented as a file
	parts       []*Part // of a multipart
	data        []byte  // of any other, unless
	source      *source // it is too large, or
	encodedOnly bool    // only body is kept, and
	size        int64   // how long data was
	enclosed    []chunk // or of a message or a tree built before, as it is
	whole       bool    // enclosed has the Content- fields too
	text        bool    // line ends are CRLF; may go as it is

	depth, count int // of the tree below, itself included

	rawOnce    sync.Once
	decoded    []byte // from body, where encodedOnly
	fitOnce    sync.Once
	fit        fit // of text
	encodeOnce sync.Once
	encoding   string // quoted-printable or base64
	body       []byte // in that
	digestOnce sync.Once
	sum        string
	sumErr     error
}

// describe takes over the options that all kinds of parts share.
func (p *Part) describe(opts PartOptions) (err *Error) {
	if opts.Name != "" {
		if p.name, err = fileName(opts.Name); err != nil {
			return err
		}
	}
	if opts.Type != "" {
		if p.kind, err = parseMediaType(opts.Type); err != nil {
			return err
		}
	}
	if opts.Charset != "" {
		charset := charsetName(opts.Charset)
		if charset == "" {
			return &Error{Value: opts.Charset, Offset: -1, Reason: "unknown charset"}
		}
		p.kind.charset = charset
	}
	if opts.ContentID != "" {
		id, err := checkMessageID("", opts.ContentID)
		if err != nil {
			return err
		}
		p.contentID = id[1 : len(id)-1]
	}
	switch opts.Disposition {
	case "", DispositionAttachment, DispositionInline:
		p.disposition = opts.Disposition
	default:
		return &Error{Value: string(opts.Disposition), Offset: -1, Reason: "unknown disposition",
			Hint: `"attachment" or "inline"`}
	}
	return nil
}

// keepEncoded takes bytes that are not text. Only their encoded form is kept, since it is
// all that most messages want of them.
func (p *Part) keepEncoded(data []byte) {
	p.encodedOnly, p.size = true, int64(len(data))
	p.encodeOnce.Do(func() { p.encoding, p.body = encodingBase64, encodeBase64(data) })
}

// raw returns the bytes as they are.
func (p *Part) raw() []byte {
	if !p.encodedOnly {
		return p.data
	}
	p.rawOnce.Do(func() { p.decoded = decodeBase64(p.body, int(p.size)) })
	return p.decoded
}

// encodingFor returns how the body goes over the way.
func (p *Part) encodingFor(transfer Transfer) string {
	if p.enclosed != nil {
		return encoding7Bit
	}
	if p.text {
		p.fitOnce.Do(func() { p.fit = fitOf(string(p.data), fits8Bit, p.kind.fit()) })
		switch {
		case p.fit == fits7Bit:
			return encoding7Bit
		case p.fit == fits8Bit && transfer != TransferSevenBit:
			return encoding8Bit
		}
	}
	if transfer == TransferBinary {
		return encodingBinary
	}
	p.encode()
	return p.encoding
}

// encode encodes the body, at the first call.
func (p *Part) encode() {
	p.encodeOnce.Do(func() {
		switch {
		case p.source != nil:
			p.encoding = encodingBase64
		case p.kind.isText():
			p.encoding, p.body = encodeText(p.data)
		default:
			p.encoding, p.body = encodingBase64, encodeBase64(p.data)
		}
	})
}

// encoded returns the body as encodingFor wants it.
func (p *Part) encoded(encoding string) chunk {
	asItIs := encoding == encoding7Bit || encoding == encoding8Bit || encoding == encodingBinary
	switch {
	case p.source != nil:
		return chunk{file: p.source, raw: asItIs}
	case asItIs:
		return chunk{data: p.raw()}
	}
	return chunk{data: p.body}
}

// digest identifies the part by what a reader sees of it: type, name and bytes.
func (p *Part) digest() (string, error) {
	p.digestOnce.Do(func() {
		h := sha256.New()
		fmt.Fprintf(h, "%q %q %q %q\n", p.kind.name, p.kind.charset, p.kind.parameters, p.name)
		switch {
		case p.source != nil:
			p.sumErr = p.source.read(func(block []byte) error { h.Write(block); return nil })
		case p.enclosed != nil:
			_, p.sumErr = writeChunks(h, p.enclosed)
		case p.encodedOnly:
			h.Write(p.body)
		default:
			h.Write(p.data)
		}
		p.sum = hex.EncodeToString(h.Sum(nil)[:16])
	})
	return p.sum, p.sumErr
}

// Name returns the file name, or "".
func (p *Part) Name() string { return p.name }

// Type returns the media type without parameters, in lower case.
func (p *Part) Type() string { return p.kind.name }

// Size returns the number of bytes before encoding; of a multipart, of all its parts.
func (p *Part) Size() int64 {
	size := max(p.size, int64(len(p.data)))
	if p.source != nil {
		size = p.source.info.Size()
	}
	for _, child := range p.parts {
		size += child.Size()
	}
	for _, c := range p.enclosed {
		size += c.size()
	}
	return size
}

// String describes the part on one line: «part "terms.pdf", application/pdf, 14.2 kB».
func (p *Part) String() string {
	name := ""
	if p.name != "" {
		name = fmt.Sprintf("%q, ", p.name)
	}
	return fmt.Sprintf("«part %s%s, %s»", name, p.kind.name, humanSize(p.Size()))
}
