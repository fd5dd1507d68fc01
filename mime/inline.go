package mime

import (
	"fmt"
	"strings"
)

// inline gives the inline parts their Content-IDs and returns the HTML that refers to
// them by these. Files that it shows by name become inline parts, where the description
// has a folder for them. Parts that are equal under two names are sent once.
func (b *builder) inline() (html string, shown []*entity, err *Error) {
	if len(b.d.Inline) > 0 && b.d.HTML == "" {
		return "", nil, &Error{Field: "inline", Offset: -1, Reason: "inline parts without html",
			Hint: `they are shown by <img src="cid:name"> in the html; what is not goes into attach`}
	}
	if len(b.d.Inline) == 0 && b.d.LocalImages == nil && !containsCID(b.d.HTML) {
		return b.d.HTML, nil, nil // most messages need no more
	}
	return b.show()
}

func (b *builder) show() (html string, shown []*entity, err *Error) {
	s := shelf{domain: b.from[0].Domain(), placed: map[string]bool{}}
	c := cidRewriter{ids: map[string]string{}, used: map[string]bool{}, place: s.place}
	if b.d.LocalImages != nil {
		c.image = b.d.LocalImages.image
	}
	for _, in := range b.d.Inline {
		place := "inline." + in.Name
		offset, reason := textFault(in.Name)
		switch {
		case offset >= 0:
			return "", nil, &Error{Field: "inline", Value: in.Name, Offset: offset, Reason: "the name " + reason, Hint: hintFor(reason)}
		case in.Name == "" || strings.TrimSpace(in.Name) != in.Name:
			return "", nil, &Error{Field: "inline", Value: in.Name, Offset: -1, Reason: "an inline part needs a name without blanks around it"}
		case in.Part == nil:
			return "", nil, &Error{Field: place, Offset: -1, Reason: "no part"}
		case len(in.Part.parts) > 0:
			return "", nil, &Error{Field: place, Offset: -1, Reason: "a multipart cannot be shown inline"}
		case c.ids[in.Name] != "":
			return "", nil, &Error{Field: place, Offset: -1, Reason: "two inline parts of this name"}
		}
		id, fault := s.place(in.Part)
		if fault != nil {
			return "", nil, &Error{Field: place, Offset: -1, Reason: "reading the part", Err: fault}
		}
		c.ids[in.Name] = id
	}
	html = c.rewrite(b.d.HTML)
	if c.bad != nil && c.bad.err != nil {
		return "", nil, &Error{Field: "html", Value: c.bad.name, Offset: -1, Reason: "the picture: " + pathReason(c.bad.err), Err: c.bad.err,
			Hint: "it is looked for in the folder of pictures, and nowhere else"}
	}
	if c.bad != nil {
		return "", nil, &Error{Field: "html", Value: b.d.HTML, Offset: c.bad.offset,
			Reason: fmt.Sprintf("cid:%s has no inline part", c.bad.name), Hint: c.hint()}
	}
	for _, in := range b.d.Inline {
		if !c.used[in.Name] {
			return "", nil, &Error{Field: "inline." + in.Name, Offset: -1, Reason: "the html does not show it",
				Hint: fmt.Sprintf(`refer to it as <img src="cid:%s">, or put it into attach`, in.Name)}
		}
	}
	return html, s.shown, nil
}

// shelf holds the parts that the HTML shows.
type shelf struct {
	domain string
	placed map[string]bool // by content ID
	shown  []*entity
}

// place puts a part on the shelf, unless it is there, and returns its content ID.
//
// Names are local to the description; on the wire the ID must be unique in the world (RFC
// 2045, section 7), and the same in each retry.
func (s *shelf) place(p *Part) (string, error) {
	digest, err := p.digest()
	if err != nil {
		return "", err
	}
	id := digest + "@" + s.domain
	if s.placed[id] {
		return id, nil
	}
	s.placed[id] = true
	e := newEntity(p, DispositionInline)
	e.contentID = id
	if e.disposition == "" {
		e.disposition = DispositionInline
	}
	s.shown = append(s.shown, e)
	return id, nil
}
