package mime

import (
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// cidRewriter turns the names of inline parts, where an HTML text has them as cid: URLs
// (RFC 2392), into the Content-IDs they got.
//
// It looks where browsers and mail programs look: at the attributes that hold a URL, at
// url() in style attributes and style elements, and in the conditional comments by which
// Outlook gets its own. Text, other comments and scripts are left alone.
type cidRewriter struct {
	ids  map[string]string // name → content ID without angle brackets
	used map[string]bool
	bad  *cidFault

	// image returns the file of a name; nil where names of files mean nothing.
	image func(name string) (*Part, error)
	// place makes a part one that is shown, and returns its content ID.
	place func(*Part) (string, error)
}

// cidFault is the first reference to a name that no inline part has, or, with an error,
// to a file that cannot be shown.
type cidFault struct {
	name   string
	offset int
	err    error
}

// rewrite returns the HTML with all references replaced.
func (c *cidRewriter) rewrite(text string) string {
	if !containsCID(text) && c.image == nil {
		return text
	}
	var out strings.Builder
	out.Grow(len(text) + 256)
	s := htmlScanner{text: text}
	copied := 0
	for s.next() {
		old := text[s.start:s.end]
		replaced := old
		switch {
		case c.image == nil && !containsCID(old) && !strings.Contains(old, "&") && !strings.Contains(old, `\`):
			continue
		case s.kind == htmlStyleElement:
			replaced = c.css(old, s.start)
		case s.attribute == "style":
			replaced = c.attribute(old, func(v string) string { return c.css(v, s.start) })
		case s.attribute == "srcset" || s.attribute == "imagesrcset":
			replaced = c.attribute(old, func(v string) string { return c.srcset(v, s.start, showsPicture(s.tag, s.attribute)) })
		case isURLAttribute(s.attribute):
			replaced = c.attribute(old, func(v string) string {
				if showsPicture(s.tag, s.attribute) {
					if shown, ok := c.local(v, s.start, false); ok {
						return shown
					}
				}
				return c.url(v, s.start)
			})
		}
		if replaced == old {
			continue
		}
		out.WriteString(text[copied:s.start])
		if s.kind == htmlUnquoted {
			replaced = `"` + replaced + `"`
		}
		out.WriteString(replaced)
		copied = s.end
	}
	out.WriteString(text[copied:])
	return out.String()
}

// attribute applies a change to the value of an attribute, which is written with
// character references.
func (c *cidRewriter) attribute(raw string, change func(string) string) string {
	value := html.UnescapeString(raw)
	if changed := change(value); changed != value {
		return html.EscapeString(changed)
	}
	return raw
}

// url replaces a value that is a cid: URL, percent-encoded or not.
func (c *cidRewriter) url(value string, offset int) string {
	trimmed := strings.Trim(value, " \t\r\n\f")
	if len(trimmed) < 4 || !strings.EqualFold(trimmed[:4], "cid:") {
		return value
	}
	name := trimmed[4:]
	id, ok := c.ids[name]
	if !ok {
		decoded, err := url.PathUnescape(name)
		if err == nil {
			name = decoded
		}
		id, ok = c.ids[name]
	}
	if !ok {
		if c.bad == nil {
			c.bad = &cidFault{name: name, offset: offset}
		}
		return value
	}
	c.used[name] = true
	return "cid:" + escapeID(id)
}

// srcset replaces the URLs of a list of image candidates.
func (c *cidRewriter) srcset(value string, offset int, pictures bool) string {
	candidates := strings.Split(value, ",")
	for i, candidate := range candidates {
		trimmed := strings.TrimLeft(candidate, " \t\r\n\f")
		address, descriptor := trimmed, ""
		if end := strings.IndexAny(trimmed, " \t\r\n\f"); end >= 0 {
			address, descriptor = trimmed[:end], trimmed[end:]
		}
		shown, ok := "", false
		if pictures && address != "" {
			shown, ok = c.local(address, offset, false)
		}
		if !ok {
			shown = c.url(address, offset)
		}
		candidates[i] = candidate[:len(candidate)-len(trimmed)] + shown + descriptor
	}
	return strings.Join(candidates, ",")
}

// isURLAttribute reports the attributes whose value is one URL that can be shown.
func isURLAttribute(name string) bool {
	switch name {
	case "src", "href", "background", "poster", "data", "xlink:href", "lowsrc", "dynsrc", "icon":
		return true
	}
	return false
}

// containsCID is the quick look that most texts need only.
func containsCID(s string) bool {
	for {
		i := strings.IndexByte(s, ':')
		if i < 0 {
			return false
		}
		if i >= 3 && s[i-1]|0x20 == 'd' && strings.EqualFold(s[i-3:i], "cid") {
			return true
		}
		s = s[i+1:]
	}
}

// escapeID writes a content ID as the path of a cid: URL (RFC 2392, section 2).
func escapeID(id string) string {
	var b strings.Builder
	for i := 0; i < len(id); i++ {
		if c := id[i]; isAlnum(c) || strings.IndexByte("-._~@", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

// hint says which names there are.
func (c *cidRewriter) hint() string {
	if len(c.ids) == 0 {
		return "give the part: inline = { name = mime.file(…) }"
	}
	return "inline has: " + strings.Join(slices.Sorted(maps.Keys(c.ids)), ", ")
}
