package plaintext

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLinkText is the number of bytes of a link's text that are kept to compare it with
// its address.
const maxLinkText = 2048

// link is the link that is being read.
type link struct {
	node   int
	url    string // "" for one without a number
	text   []byte
	number string // "[1]" once it has one

	outer *link // of a table within a link

	// Where it began.
	flow                          *flow
	lines, words, offset, columns int
}

// notes are the addresses that stand at the end.
type notes struct {
	urls    []string
	numbers map[string]int
}

// number returns the number of an address, in brackets.
func (n *notes) number(url string) string {
	number, known := n.numbers[url]
	if !known {
		if n.numbers == nil {
			n.numbers = map[string]int{}
		}
		n.urls = append(n.urls, url)
		number = len(n.urls)
		n.numbers[url] = number
	}
	return "[" + strconv.Itoa(number) + "]"
}

// markers begin what a later step fills in.
var markers = []string{"{{", "{%", "${", "<%", "*|", "%%"}

// target returns the address of a link as it is shown, or "" for one that leads nowhere
// outside the message. An address that a later step fills in is kept.
func target(href string) string {
	var b strings.Builder
	template := slices.ContainsFunc(markers, func(marker string) bool { return strings.Contains(href, marker) })
	for _, r := range strings.TrimSpace(href) {
		switch {
		case r == ' ' && template:
			b.WriteByte(' ')
		case r == ' ':
			b.WriteString("%20")
		case r == utf8.RuneError, unicode.IsControl(r), unicode.IsSpace(r), classify(r) != visible:
		default:
			b.WriteRune(r)
		}
	}
	url := b.String()
	scheme, rest, found := strings.Cut(url, ":")
	if found && rest != "" {
		switch strings.ToLower(scheme) {
		case "http", "https", "mailto", "tel", "sms", "ftp":
			return url
		}
	}
	if slices.ContainsFunc(markers, func(marker string) bool { return strings.HasPrefix(url, marker) }) {
		return url
	}
	return ""
}

// sameAddress reports whether a text is the address it leads to, to a reader.
func sameAddress(text, url string) bool {
	scheme, _, _ := strings.Cut(url, ":")
	switch strings.ToLower(scheme) {
	case "tel", "sms":
		return digits(text) == digits(url)
	case "mailto":
		url, _, _ = strings.Cut(url, "?")
	}
	return bare(text) == bare(url)
}

func bare(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	for _, prefix := range []string{"https://", "http://", "mailto:"} {
		address = strings.TrimPrefix(address, prefix)
	}
	return strings.TrimSuffix(strings.TrimPrefix(address, "www."), "/")
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// complete reports whether the text of a link works in a mail program without its address.
func complete(text string) bool {
	return strings.Contains(text, "://") || strings.Contains(text, "@") || strings.HasPrefix(strings.ToLower(text), "www.")
}

// openLink begins a link.
func (r *renderer) openLink(n int) {
	l := &link{node: n, url: target(r.nodes[n].attribute("href")), outer: r.link, flow: r.flow, words: len(r.flow.words), lines: len(r.flow.lines)}
	if f := r.flow; f.pending == visible {
		l.offset, l.columns = len(f.current), f.columns
	} else if len(f.current) > 0 {
		l.words++ // the word before it ends
	}
	r.link = l
}

// closeLink ends a link: with its address in place of its text, with a number, or
// with nothing.
func (r *renderer) closeLink() {
	l := r.link
	r.link = l.outer
	if l.url == "" || l.number != "" {
		return
	}
	text := strings.TrimSpace(string(l.text))
	f := r.flow
	switch {
	case text == "":
		if title := r.nodes[l.node].attribute("title"); strings.TrimSpace(title) != "" {
			f.write(title)
		}
		f.attach(r.notes.number(l.url))
	case !sameAddress(text, l.url):
		f.attach(r.notes.number(l.url))
	case complete(text) || strings.HasPrefix(l.url, "tel:") || strings.HasPrefix(l.url, "sms:"):
	default:
		r.replaceLink(l)
	}
}

// replaceLink puts the address where the text of the link stands, "example.com" mostly.
func (r *renderer) replaceLink(l *link) {
	f := r.flow
	if l.flow != f || l.lines != len(f.lines) || l.words != len(f.words) || len(f.current) < l.offset {
		f.attach(r.notes.number(l.url))
		return
	}
	pending, spaced := f.pending, f.spaced
	f.current, f.columns, f.pending = f.current[:l.offset], l.columns, visible
	f.writeURL(l.url)
	f.pending, f.spaced = pending, spaced
}

// numberLink gives a link its number at the end of its first paragraph, where it has
// several.
func (r *renderer) numberLink() {
	l := r.link
	if l == nil || l.url == "" || l.number != "" || len(l.text) == 0 || r.flow.empty() {
		return
	}
	if text := strings.TrimSpace(string(l.text)); text != "" && !sameAddress(text, l.url) {
		l.number = r.notes.number(l.url)
		r.flow.attach(l.number)
	}
}
