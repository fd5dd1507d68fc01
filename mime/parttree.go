package mime

import (
	"bytes"
	"fmt"
	"strings"
)

// NewPart makes a part of a media type and a body, shown as its type says: no name and no
// disposition unless the options give them. Text is text: its line ends become CRLF, and
// without a charset it must be UTF-8. Any other body arrives byte for byte.
func NewPart(mediaType string, body []byte, opts PartOptions) (*Part, error) {
	if len(body) > MaxPartSize {
		return nil, &Error{Field: "part", Offset: -1, Reason: fmt.Sprintf("larger than %d MiB", MaxPartSize>>20)}
	}
	p := &Part{depth: 1, count: 1}
	opts.Type = mediaType
	if err := p.describe(opts); err != nil {
		err.Field = "part"
		return nil, err
	}
	switch {
	case p.kind.name == "":
		return nil, &Error{Field: "part.type", Offset: -1, Reason: "a part needs a type"}
	case p.kind.isMultipart():
		return nil, &Error{Field: "part.type", Value: mediaType, Offset: -1,
			Reason: "a multipart has parts, not a body", Hint: "{type = …, parts = {…}}"}
	case !p.kind.isText():
		if err := p.checkEnclosed("part", body, true); err != nil {
			return nil, err
		}
		if p.text {
			p.data = bytes.Clone(body)
		} else {
			p.keepEncoded(body)
		}
		return p, nil
	}
	if p.kind.charset == "" || p.kind.charset == "utf-8" {
		if offset, reason := utf8Fault(string(body)); offset >= 0 {
			return nil, &Error{Field: "part.body", Value: string(body), Offset: offset, Reason: reason, Hint: encodingHint}
		}
		p.kind.charset = "utf-8"
	}
	p.text = true
	if strings.HasPrefix(p.kind.charset, "utf-16") {
		// RFC 2781, section 4: UTF-16 has no line ends that mail would know.
		p.text = false
		p.keepEncoded(body)
		return p, nil
	}
	p.data = canonicalText(string(body))
	return p, nil
}

// NewMultipart makes a part of others (RFC 2046, section 5.1), of a type such as
// "multipart/alternative". Boundaries are made when a message is built. A tree is at most
// 32 deep and has at most 10,000 parts, each counted as often as it occurs.
func NewMultipart(mediaType string, parts []*Part, opts PartOptions) (*Part, error) {
	p := &Part{depth: 1, count: 1}
	opts.Type = mediaType
	if err := p.describe(opts); err != nil {
		err.Field = "part"
		return nil, err
	}
	if !p.kind.isMultipart() {
		return nil, &Error{Field: "part.type", Value: mediaType, Offset: -1,
			Reason: "only a multipart has parts", Hint: `such as "multipart/mixed"`}
	}
	if p.kind.charset != "" {
		return nil, &Error{Field: "part.type", Value: mediaType, Offset: -1, Reason: "a multipart has no charset"}
	}
	if len(parts) == 0 {
		return nil, &Error{Field: "part.parts", Offset: -1, Reason: "a multipart needs a part"}
	}
	for i, child := range parts {
		if child == nil {
			return nil, &Error{Field: fmt.Sprintf("part.parts[%d]", i+1), Offset: -1, Reason: "no part"}
		}
		p.depth = max(p.depth, child.depth+1)
		p.count += child.count
		if p.depth > maxPartDepth || p.count > maxPartsInAll {
			return nil, &Error{Field: "part.parts", Offset: -1, Reason: "the tree is deeper than 32 or has more than 10,000 parts"}
		}
	}
	p.parts = append(p.parts, parts...)
	return p, nil
}

// checkEnclosed looks at messages inside messages, which no encoding may change (RFC
// 2046, section 5.2.1): one that is not 7-bit goes as plain bytes, under a type that says
// so, unless the type was asked for.
func (p *Part) checkEnclosed(field string, data []byte, asked bool) error {
	if !strings.HasPrefix(p.kind.name, "message/") {
		return nil
	}
	if p.source == nil && hasOnlyCRLF(data) && fitOf(string(data), fits7Bit, 0) == fits7Bit {
		p.text = true
		return nil
	}
	if asked {
		return &Error{Field: field + ".type", Value: p.kind.name, Offset: -1,
			Reason: "the enclosed message is not 7-bit with CRLF line ends",
			Hint:   "without a type it is attached as application/octet-stream"}
	}
	p.kind = mediaType{name: "application/octet-stream"}
	return nil
}
