package lint

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/publicsuffix"
)

// clipped is where Gmail cuts HTML off, in octets.
const clipped = 102 << 10

// maxLinkText is how much of a link's text is looked at; no address is longer.
const maxLinkText = 1000

// page is an HTML part and the parts that it shows.
type page struct {
	entity *entity
	shows  []string
}

// checkHTML looks at one page.
func (c *checker) checkHTML(e *entity, text string) *page {
	p := &page{entity: e}
	if len(text) > clipped {
		c.add("html-clipped", e.here(), "the HTML has %d kB, Gmail shows 102 of them", len(text)>>10)
	}
	var href, linkText string
	inLink, inStyle, markers := false, false, 0
	endLink := func() {
		if inLink {
			c.checkLink(e, href, linkText)
		}
		inLink, href, linkText = false, "", ""
	}
	mark := func(text string) {
		if markers < maxFindings && c.marker(e.here(), text) {
			markers++
		}
	}
	for z := html.NewTokenizer(strings.NewReader(text)); ; {
		switch z.Next() {
		case html.ErrorToken:
			endLink()
			return p
		case html.TextToken:
			content := string(z.Text())
			if inStyle {
				p.showStyle(content)
				continue
			}
			mark(content)
			if inLink && len(linkText) < maxLinkText {
				linkText += content[:min(len(content), maxLinkText)]
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if string(name) == "a" {
				endLink()
			}
			inStyle = false
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			inStyle = token.Data == "style" || token.Data == "script"
			alt := false
			for _, a := range token.Attr {
				p.show(a.Key, a.Val)
				mark(unescaped(a.Val))
				alt = alt || a.Key == "alt"
				if a.Key == "src" && token.Data == "img" && hasPrefixFold(strings.TrimSpace(a.Val), "http:") {
					c.add("image-http", e.here(), "the picture %s is fetched without TLS", shown(a.Val))
				}
			}
			switch token.Data {
			case "img":
				if !alt {
					c.add("image-alt", e.here(), "the picture %s has no alt text", shown(attribute(token, "src")))
				}
			case "a":
				endLink()
				inLink, href = true, attribute(token, "href")
			}
		}
	}
}

func attribute(token html.Token, name string) string {
	for _, a := range token.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// unescaped undoes percent-encoding, which templates apply to what they do not fill in.
func unescaped(value string) string {
	if text, err := url.PathUnescape(value); err == nil {
		return text
	}
	return value
}

// show remembers the cid: URLs of an attribute.
func (p *page) show(name, value string) {
	switch name {
	case "style":
		p.showStyle(value)
	case "srcset":
		for candidate := range strings.SplitSeq(value, ",") {
			p.showURL(strings.TrimSpace(candidate))
		}
	case "src", "background", "poster", "data", "href", "xlink:href":
		p.showURL(strings.TrimSpace(value))
	}
}

// showURL takes a URL, and what may follow behind a space.
func (p *page) showURL(value string) {
	if hasPrefixFold(value, "cid:") {
		id, _, _ := strings.Cut(value[len("cid:"):], " ")
		p.shows = append(p.shows, unescaped(id))
	}
}

// showStyle finds url(cid:…) in a style sheet.
func (p *page) showStyle(style string) {
	for {
		i := strings.Index(style, "(")
		if i < 0 {
			return
		}
		style = strings.TrimLeft(style[i+1:], " \t\r\n\"'")
		if !hasPrefixFold(style, "cid:") {
			continue
		}
		end := strings.IndexAny(style, ")\"' ")
		if end < 0 {
			end = len(style)
		}
		p.showURL(style[:end])
		style = style[end:]
	}
}

// checkContentIDs compares what pages show with the parts there are.
func (c *checker) checkContentIDs(pages []*page) {
	used := map[string]bool{}
	there := map[string]bool{}
	for _, e := range c.leaves {
		if e.contentID != "" {
			there[e.contentID] = true
		}
	}
	for _, p := range pages {
		for _, id := range p.shows {
			if !there[id] && !used[id] {
				c.add("cid-dangling", p.entity.here(), "no part has the Content-ID <%s>", id)
			}
			used[id] = true
		}
	}
	for _, e := range c.leaves {
		if e.contentID == "" || used[e.contentID] || e.attached() || e.mediaType == "text/html" {
			continue
		}
		related := e.parent != nil && e.parent.mediaType == "multipart/related" && e.parent.children[0] != e
		if related || e.disposition == "inline" {
			c.add("cid-unused", place{e.line, "", e.path}, "no HTML shows the part with the Content-ID <%s>", e.contentID)
		}
	}
}

// checkLink compares the text of a link with where it leads.
func (c *checker) checkLink(e *entity, href, text string) {
	target, err := url.Parse(strings.TrimSpace(href))
	if err != nil || (target.Scheme != "http" && target.Scheme != "https") {
		return
	}
	named := hostIn(text)
	if named == "" || organization(named) == organization(strings.ToLower(target.Hostname())) {
		return
	}
	c.add("link-mismatch", e.here(), "a link names %s and leads to %s", named, shown(target.Hostname()))
}

// hostIn returns the domain that a text names if it is an address and nothing else, or "".
func hostIn(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	address := strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://")
	scheme := address != text
	if end := strings.IndexAny(address, "/?#:"); end >= 0 {
		address = address[:end]
	}
	if address == "" || strings.ContainsAny(address, " \t\r\n@,;!()\"'<>") || !strings.Contains(address, ".") {
		return ""
	}
	// "e.g." and "v1.2" are no domains: the last label must be one that the public suffix
	// list knows, unless the text says that it is a URL.
	suffix, icann := publicsuffix.PublicSuffix(address)
	if suffix == address || (!scheme && !icann && !strings.Contains(suffix, ".")) {
		return ""
	}
	return address
}

func organization(host string) string {
	if organization, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return organization
	}
	return host
}

// markers are how the usual template languages begin and end what they fill in.
var markers = []struct{ begin, end string }{{"{{", "}}"}, {"{%", "%}"}, {"${", "}"}, {"<%", "%>"}, {"*|", "|*"}}

// maxMarker is how long a marker may be, in octets.
const maxMarker = 200

// namesSomething reports whether a text can be what a template fills in: on one line, with
// a letter, and no bracket of its own.
func namesSomething(inside string) bool {
	return !strings.ContainsAny(inside, "\r\n{") && strings.ContainsFunc(inside, unicode.IsLetter)
}

// marker looks for a template's marker and reports whether there is one.
func (c *checker) marker(at place, text string) bool {
	for _, m := range markers {
		for rest := text; ; {
			i := strings.Index(rest, m.begin)
			if i < 0 {
				break
			}
			rest = rest[i:]
			inside := rest[len(m.begin):min(len(rest), maxMarker)]
			if end := strings.Index(inside, m.end); end > 0 && namesSomething(inside[:end]) {
				c.add("template-marker", at, "%s was not filled in", shown(rest[:len(m.begin)+end+len(m.end)]))
				return true
			}
			rest = rest[len(m.begin):]
		}
	}
	return false
}
