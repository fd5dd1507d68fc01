package plaintext

import (
	"strconv"
	"strings"
)

// pageWidth is the number of columns that text is filled to.
const pageWidth = 72

// maxCaptured is how many tables within each other have their cells set side by side.
// Those within are read cell after cell.
const maxCaptured = 4

// maxHeading is how many lines a heading may have. What has more is text that somebody
// forgot to end, and is not looked through for its widest line.
const maxHeading = 8

// FromHTML returns the text of an HTML document or fragment, in lines that end in LF;
// "" when there is nothing to read. The result is UTF-8 and has no control character but
// LF. It takes any input.
func FromHTML(html string) string {
	r := renderer{nodes: parse(strings.ToValidUTF8(html, "\uFFFD")), flow: &flow{width: pageWidth}}
	r.walk()
	r.flow.flush()
	lines := trimEmpty(r.flow.lines)
	if len(r.notes.urls) > 0 {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		for i, url := range r.notes.urls {
			lines = append(lines, "["+strconv.Itoa(i+1)+"] "+url)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// trimEmpty leaves out what is empty before and behind the text: preformatted spaces
// make lines with nothing on them.
func trimEmpty(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// renderer walks over the tree and writes what is to be read.
type renderer struct {
	nodes  []node
	flow   *flow
	pages  []*flow // outside of flow
	lists  []list
	tables []*table
	pre    int
	link   *link
	notes  notes
	// headings are where the lines of the open headings begin.
	headings []int
}

// list is a list of which items are being read.
type list struct {
	ordered bool
	next    int
}

// walk enters and leaves every node that is not hidden, in the order of the document.
func (r *renderer) walk() {
	for i := 0; ; {
		n := &r.nodes[i]
		if !n.hidden {
			r.enter(i)
			if n.first != none {
				i = n.first
				continue
			}
			r.leave(i)
		}
		for r.nodes[i].next == none {
			if i = r.nodes[i].parent; i == none {
				return
			}
			r.leave(i)
		}
		i = r.nodes[i].next
	}
}

// space ends the paragraph.
func (r *renderer) space(n int) {
	r.numberLink()
	r.flow.space(n)
}

func (r *renderer) enter(i int) {
	n := &r.nodes[i]
	f := r.flow
	switch n.tag {
	case "":
		r.text(i)
	case "a":
		r.openLink(i)
	case "img":
		r.picture(n)
	case "br":
		if r.pre > 0 {
			f.writePreformatted("\n")
		} else {
			f.breakLine()
		}
	case "wbr":
		if r.pre == 0 && f.pending == visible {
			f.endWord()
		}
	case "hr":
		r.space(2)
		f.rule = true
	case "p", "figure", "dl", "address", "article", "aside", "fieldset", "footer", "form", "header", "main", "nav", "section":
		r.space(2)
	case "h1", "h2", "h3", "h4", "h5", "h6":
		r.space(2)
		r.headings = append(r.headings, len(f.lines))
	case "pre":
		r.space(2)
		r.pre++
	case "blockquote":
		r.space(2)
		f.push("> ", "> ")
	case "ul", "ol", "menu", "dir":
		r.openList(n)
	case "li":
		r.space(1)
		mark := r.mark(n)
		f.push(mark, strings.Repeat(" ", len(mark)))
	case "dd":
		r.space(1)
		f.push("    ", "    ")
	case "table":
		r.openTable(n)
	case "tr":
		r.openRow(n)
	case "td", "th":
		r.openCell(n)
	default:
		if _, block := blocks[n.tag]; block {
			r.space(1)
		}
	}
}

func (r *renderer) leave(i int) {
	n := &r.nodes[i]
	switch n.tag {
	case "a":
		r.closeLink()
	case "p", "figure", "dl", "address", "article", "aside", "fieldset", "footer", "form", "header", "main", "nav", "section":
		r.space(2)
	case "h1", "h2", "h3", "h4", "h5", "h6":
		r.closeHeading(n)
	case "pre":
		r.space(2)
		r.pre--
	case "blockquote":
		r.space(2)
		r.flow.pop()
	case "ul", "ol", "menu", "dir":
		r.closeList()
	case "li", "dd":
		r.space(1)
		r.flow.pop()
	case "table":
		r.closeTable()
	case "tr":
		r.closeRow()
	case "td", "th":
		r.closeCell()
	default:
		if _, block := blocks[n.tag]; block && n.tag != "hr" {
			r.space(1)
		}
	}
}

func (r *renderer) text(i int) {
	n := &r.nodes[i]
	if r.link != nil && len(r.link.text) < maxLinkText {
		r.link.text = append(r.link.text, n.text[:min(len(n.text), maxLinkText)]...)
	}
	if r.pre == 0 {
		r.flow.write(n.text)
		return
	}
	text := n.text
	if parent := n.parent; r.nodes[parent].tag == "pre" && r.nodes[parent].first == i {
		// HTML standard, section 13.2.6.4.7: the first line break is for the author.
		text = strings.TrimPrefix(strings.TrimPrefix(text, "\r"), "\n")
	}
	r.flow.writePreformatted(text)
}

// picture writes the alt text, but not that of the dots that count readers.
func (r *renderer) picture(n *node) {
	alt := strings.TrimSpace(n.attribute("alt"))
	if alt == "" || isDot(n.attribute("width")) || isDot(n.attribute("height")) {
		return
	}
	if r.link != nil && len(r.link.text) < maxLinkText {
		r.link.text = append(r.link.text, alt[:min(len(alt), maxLinkText)]...)
	}
	r.flow.write(" " + alt + " ") // pictures do not touch the words beside them
}

func isDot(length string) bool {
	length = strings.TrimSuffix(strings.TrimSpace(length), "px")
	return length == "0" || length == "1"
}

// closeHeading underlines the two levels that structure a letter.
func (r *renderer) closeHeading(n *node) {
	begin := r.headings[len(r.headings)-1]
	r.headings = r.headings[:len(r.headings)-1]
	r.space(2)
	f := r.flow
	underline := map[string]string{"h1": "=", "h2": "-"}[n.tag]
	if underline == "" || begin >= len(f.lines) || len(f.lines)-begin > maxHeading || f.width == unlimited {
		return
	}
	indent := 0
	for _, i := range f.indents {
		indent += len(i.rest)
	}
	widest := 0
	for _, line := range f.lines[begin:] {
		widest = max(widest, textColumns(line)-indent)
	}
	f.gap = 0
	f.line(strings.Repeat(underline, min(max(widest, 1), f.room())))
	f.space(2)
}

func (r *renderer) openList(n *node) {
	nested := 1
	if len(r.lists) == 0 {
		nested = 2
	}
	r.space(nested)
	start, err := strconv.Atoi(strings.TrimSpace(n.attribute("start")))
	if err != nil || start < 0 || start > 1e6 {
		start = 1
	}
	r.lists = append(r.lists, list{ordered: n.tag == "ol", next: start})
}

func (r *renderer) closeList() {
	r.lists = r.lists[:len(r.lists)-1]
	nested := 1
	if len(r.lists) == 0 {
		nested = 2
	}
	r.space(nested)
}

// mark returns what an item begins with.
func (r *renderer) mark(n *node) string {
	if len(r.lists) == 0 {
		return "- "
	}
	l := &r.lists[len(r.lists)-1]
	if !l.ordered {
		return "- "
	}
	if value, err := strconv.Atoi(strings.TrimSpace(n.attribute("value"))); err == nil && value >= 0 && value <= 1e6 {
		l.next = value
	}
	mark := strconv.Itoa(l.next) + ". "
	l.next++
	return mark
}
