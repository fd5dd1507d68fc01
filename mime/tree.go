package mime

import (
	"fmt"

	"github.com/mailscript/mailscript/mime/plaintext"
)

// tree arranges the bodies.
func (b *builder) tree() (*entity, *Error) {
	body, file, err := b.bodies()
	if err != nil {
		return nil, err
	}
	if body != nil && file == nil && len(b.d.Attach) == 0 {
		return body, nil
	}
	mixed := make([]*entity, 0, 2+len(b.d.Attach))
	for _, e := range []*entity{body, file} {
		if e != nil {
			mixed = append(mixed, e)
		}
	}
	count := len(mixed)
	for i, p := range b.d.Attach {
		if p == nil {
			return nil, &Error{Field: fmt.Sprintf("attach[%d]", i+1), Offset: -1, Reason: "no part"}
		}
		if count += p.count; count > maxPartsInAll {
			return nil, &Error{Field: fmt.Sprintf("attach[%d]", i+1), Offset: -1, Reason: "more than 10,000 parts"}
		}
		mixed = append(mixed, newEntity(p, DispositionAttachment))
	}
	// Around a single attachment too: a body behind the header alone would have to end
	// in a line end, and the attachment's bytes may not.
	return b.placeMultipart("multipart/mixed", mixed), nil
}

// bodies returns what is read first, if there is anything, and with an event its file.
func (b *builder) bodies() (body, file *entity, err *Error) {
	if b.d.Body != nil {
		body, err = b.explicit()
		return body, nil, err
	}
	var ascii [3]bool
	for i, f := range [...]struct{ name, text string }{{"text", b.d.Text}, {"html", b.d.HTML}, {"amp", b.d.AMP}} {
		n := asciiLength(f.text)
		if ascii[i] = n == len(f.text); ascii[i] || isUTF8(f.text[n:]) {
			continue
		}
		offset, reason := utf8Fault(f.text)
		return nil, nil, &Error{Field: f.name, Value: f.text, Offset: offset, Reason: reason, Hint: encodingHint}
	}
	html, shown, err := b.inline()
	if err != nil {
		return nil, nil, err
	}
	text := b.d.Text
	if text == "" && b.d.TextFromHTML {
		text = plaintext.FromHTML(b.d.HTML)
		ascii[0] = isASCII(text)
	}
	// The last is the one that readers prefer (RFC 2046, section 5.1.4).
	alternatives := b.children[:0]
	if text != "" || (html == "" && len(b.d.Attach) == 0 && b.d.Event == nil) {
		e, err := b.plain(text, ascii[0])
		if err != nil {
			return nil, nil, err
		}
		alternatives = append(alternatives, e)
	}
	if b.d.AMP != "" {
		if html == "" {
			return nil, nil, &Error{Field: "amp", Offset: -1, Reason: "without html", Hint: "most readers do not know AMP, and show the html"}
		}
		// Before the HTML, since those who do not know it may show what comes last.
		alternatives = append(alternatives, b.textEntity("text/x-amp-html", b.d.AMP, ascii[2]))
	}
	if html != "" {
		e, err := b.charsetEntity("html", "text/html", html, ascii[1])
		if err != nil {
			return nil, nil, err
		}
		alternatives = append(alternatives, e)
	}
	if b.d.Event != nil {
		var calendar *entity
		if calendar, file, err = b.eventParts(); err != nil {
			return nil, nil, err
		}
		alternatives = append(alternatives, calendar)
	}
	if len(alternatives) == 0 {
		return nil, nil, nil
	}
	body = alternatives[0]
	if len(alternatives) > 1 {
		body = b.placeMultipart("multipart/alternative", alternatives)
	}
	if len(shown) > 0 {
		// The type of the first is a required parameter (RFC 2387, section 3.1).
		kind := body.kind.name
		body = b.placeMultipart("multipart/related", append([]*entity{body}, shown...))
		body.kind.parameters = []parameter{{"type", kind}}
	}
	return body, file, nil
}

func (b *builder) textEntity(kind, text string, ascii bool) *entity {
	e := b.place()
	e.kind.name, e.kind.charset, e.text, e.notASCII = kind, "utf-8", text, !ascii
	return e
}

// plain makes the entity of the plain text.
func (b *builder) plain(text string, ascii bool) (*entity, *Error) {
	if b.d.Flowed {
		text = flow(text)
	}
	e, err := b.charsetEntity("text", "text/plain", text, ascii)
	if err == nil && b.d.Flowed {
		e.kind.parameters = []parameter{{"format", "flowed"}}
	}
	return e, err
}

// explicit places a tree that was given as it is.
func (b *builder) explicit() (*entity, *Error) {
	if b.d.Text != "" || b.d.HTML != "" || b.d.AMP != "" || b.d.Event != nil || len(b.d.Inline) > 0 {
		return nil, &Error{Field: "body", Offset: -1, Reason: "given together with text, html, amp, event or inline",
			Hint: "the tree is the whole; what is missing belongs into it"}
	}
	root := newEntity(b.d.Body, "")
	ids := map[string]string{}
	root.walk(func(e *entity) {
		if e.contentID != "" {
			ids[e.contentID] = e.contentID
		}
	})
	var err *Error
	root.walk(func(e *entity) {
		if e.part == nil || e.kind.name != "text/html" || e.part.source != nil || err != nil {
			return
		}
		c := cidRewriter{ids: ids, used: map[string]bool{}}
		text := string(e.part.raw())
		if c.rewrite(text); c.bad != nil {
			err = &Error{Field: "body", Value: text, Offset: c.bad.offset,
				Reason: fmt.Sprintf("cid:%s is the content_id of no part", c.bad.name)}
		}
	})
	return root, err
}
