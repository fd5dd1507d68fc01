package plaintext

import (
	"strings"

	"golang.org/x/net/html"
)

// maxFirstNodes is how many nodes are made room for before there are any.
const maxFirstNodes = 4096

// none is the index of no node.
const none = -1

// node is an element or a text. The tree is kept in one slice, and walked without
// recursion: mail may be nested as deep as it is long.
type node struct {
	tag                       string // "" for text
	text                      string
	attributes                []html.Attribute
	parent, first, last, next int

	hidden bool
	cells  int  // of a row
	header bool // a table with a th of its own
	plain  bool // a table with a td of its own
	outer  bool // a table with another in it
}

// attribute returns the value of an attribute, or "".
func (n *node) attribute(name string) string {
	for _, a := range n.attributes {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// has reports whether there is an attribute of that name, whatever its value.
func (n *node) has(name string) bool {
	for _, a := range n.attributes {
		if a.Key == name {
			return true
		}
	}
	return false
}

// blocks are the elements that stand on lines of their own. Those whose value is true
// end a paragraph that is open (HTML standard, section 13.2.6.4.7).
var blocks = map[string]bool{
	"address": true, "article": true, "aside": true, "blockquote": true, "body": false, "button": false, "caption": false,
	"center": true, "dd": true, "details": true, "dialog": true, "dir": true, "div": true, "dl": true, "dt": true,
	"fieldset": true, "figcaption": true, "figure": true, "footer": true, "form": true, "h1": true, "h2": true,
	"h3": true, "h4": true, "h5": true, "h6": true, "header": true, "hr": true, "html": false, "legend": false, "li": true,
	"main": true, "menu": true, "nav": true, "ol": true, "p": true, "pre": true, "search": true, "section": true,
	"summary": true, "table": true, "tbody": false, "td": false, "tfoot": false, "th": false, "thead": false, "tr": false,
	"ul": true,
}

// unseen are the elements of which nothing is shown.
var unseen = map[string]bool{
	"audio": true, "canvas": true, "datalist": true, "iframe": true, "math": true, "noembed": true, "noframes": true,
	"script": true, "select": true, "style": true, "svg": true, "template": true, "textarea": true, "title": true,
	"video": true,
}

// void are the elements without an end tag that matter, or that must not be opened.
var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true,
	"link": true, "meta": true, "param": true, "source": true, "track": true, "wbr": true,
}

var headings = []string{"h1", "h2", "h3", "h4", "h5", "h6"}

func isHeading(tag string) bool {
	return len(tag) == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6'
}

// builder makes the tree. It closes what HTML lets authors leave open, as far as that
// changes what is read. Each question about open elements takes constant time.
type builder struct {
	nodes     []node
	stack     []int            // open elements, the outermost first
	positions map[string][]int // where in stack the open elements of each name are
	blocks    []int            // where the blocks are
	cells     []int            // where what keeps its content apart is: tables and their cells
}

// parse reads HTML. The first node is the root.
func parse(text string) []node {
	b := builder{nodes: make([]node, 0, min(2*strings.Count(text, "<")+2, maxFirstNodes)), positions: map[string][]int{}}
	b.nodes = append(b.nodes, node{tag: "html", parent: none, first: none, last: none, next: none})
	b.open(0)
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken: // a reader of a string has no other error than its end
			return b.nodes
		case html.TextToken:
			b.add(node{text: string(z.Text())})
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			if token.Data == "noscript" {
				z.NextIsNotRawText() // no mail program runs scripts
			}
			b.start(token)
		case html.EndTagToken:
			name, _ := z.TagName()
			b.end(string(name))
		}
	}
}

// add puts a node at the end of the innermost open element.
func (b *builder) add(n node) int {
	i, parent := len(b.nodes), b.stack[len(b.stack)-1]
	n.parent, n.first, n.last, n.next = parent, none, none, none
	b.nodes = append(b.nodes, n)
	if last := b.nodes[parent].last; last != none {
		b.nodes[last].next = i
	} else {
		b.nodes[parent].first = i
	}
	b.nodes[parent].last = i
	return i
}

func (b *builder) open(i int) {
	tag, position := b.nodes[i].tag, len(b.stack)
	b.stack = append(b.stack, i)
	b.positions[tag] = append(b.positions[tag], position)
	if _, block := blocks[tag]; block {
		b.blocks = append(b.blocks, position)
	}
	if tag == "table" || tag == "td" || tag == "th" || tag == "caption" {
		b.cells = append(b.cells, position)
	}
}

// closeTo closes the element at a position and all within it.
func (b *builder) closeTo(position int) {
	for len(b.stack) > position {
		last := len(b.stack) - 1
		tag := b.nodes[b.stack[last]].tag
		b.stack = b.stack[:last]
		b.positions[tag] = b.positions[tag][:len(b.positions[tag])-1]
		b.blocks = without(b.blocks, last)
		b.cells = without(b.cells, last)
	}
}

func without(positions []int, last int) []int {
	if n := len(positions); n > 0 && positions[n-1] == last {
		return positions[:n-1]
	}
	return positions
}

// innermost returns the position of the innermost open element of one of these names.
func (b *builder) innermost(tags ...string) int {
	position := none
	for _, tag := range tags {
		if p := b.positions[tag]; len(p) > 0 {
			position = max(position, p[len(p)-1])
		}
	}
	return position
}

func top(positions []int) int {
	if len(positions) == 0 {
		return none
	}
	return positions[len(positions)-1]
}

// closeInnermost closes the innermost of these elements, if it is inside of what is at
// the position outside.
func (b *builder) closeInnermost(outside int, tags ...string) {
	if position := b.innermost(tags...); position > outside {
		b.closeTo(position)
	}
}

func (b *builder) start(token html.Token) {
	tag := token.Data
	switch tag {
	case "html", "head", "body":
		return
	case "a":
		b.closeInnermost(top(b.cells), "a") // links are not nested
	case "li":
		b.closeInnermost(max(b.innermost("ul", "ol", "menu", "dir"), top(b.cells)), "li")
	case "dt", "dd":
		b.closeInnermost(max(b.innermost("dl"), top(b.cells)), "dt", "dd")
	case "caption", "thead", "tbody", "tfoot", "tr", "td", "th":
		if b.innermost("table") == none {
			tag = "div"
			break
		}
		b.startInTable(tag)
	}
	if blocks[tag] {
		b.closeInnermost(top(b.cells), "p")
	}
	if isHeading(tag) {
		b.closeInnermost(top(b.cells), headings...)
	}
	n := node{tag: tag, attributes: token.Attr}
	n.hidden = unseen[tag] || n.has("hidden") || hides(n.attribute("style"))
	i := b.add(n)
	b.count(tag)
	// A slash at the end of a start tag means nothing in HTML, but in SVG.
	if !void[tag] && (token.Type != html.SelfClosingTagToken || !unseen[tag]) {
		b.open(i)
	}
}

// startInTable closes what the next part of a table ends, and begins a row for a cell
// that has none.
func (b *builder) startInTable(tag string) {
	table := b.innermost("table")
	switch tag {
	case "td", "th":
		b.closeInnermost(max(table, b.innermost("tr")), "td", "th")
		if b.innermost("tr") < table {
			b.closeInnermost(table, "td", "th", "caption")
			b.open(b.add(node{tag: "tr"}))
		}
	case "tr":
		b.closeInnermost(table, "caption")
		b.closeInnermost(table, "td", "th")
		b.closeInnermost(table, "tr")
	default:
		b.closeInnermost(table, "td", "th")
		b.closeInnermost(table, "tr")
		b.closeInnermost(table, "caption", "thead", "tbody", "tfoot")
	}
}

// count tells tables and rows what is in them, so that nobody has to look for it.
func (b *builder) count(tag string) {
	tables := b.positions["table"]
	if len(tables) == 0 {
		return
	}
	table := &b.nodes[b.stack[tables[len(tables)-1]]]
	switch tag {
	case "table":
		table.outer = true
	case "th":
		table.header = true
	case "td":
		table.plain = true
	}
	if tag == "td" || tag == "th" {
		if row := b.innermost("tr"); row != none {
			b.nodes[b.stack[row]].cells++
		}
	}
}

func (b *builder) end(tag string) {
	var position, outside int
	switch _, block := blocks[tag]; {
	case tag == "html" || tag == "body" || tag == "head":
		return
	case tag == "br": // HTML standard, section 13.2.6.4.7
		b.add(node{tag: "br"})
		return
	case tag == "table":
		position, outside = b.innermost(tag), none
	case tag == "td" || tag == "th" || tag == "tr" || tag == "thead" || tag == "tbody" || tag == "tfoot" || tag == "caption":
		position, outside = b.innermost(tag), b.innermost("table")
	case isHeading(tag): // any ends any
		position, outside = b.innermost(headings...), top(b.cells)
	case block:
		position, outside = b.innermost(tag), top(b.cells)
	default:
		position, outside = b.innermost(tag), top(b.blocks)
	}
	if position > outside {
		b.closeTo(position)
	}
}

// hides reports whether a style attribute takes an element out of sight. A font size of
// nothing is no sign of it: containers have it, to remove the gaps between their columns.
func hides(style string) bool {
	if style == "" {
		return false
	}
	low, clipped := false, false
	for declaration := range strings.SplitSeq(strings.ToLower(style), ";") {
		property, value, _ := strings.Cut(declaration, ":")
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		switch strings.TrimSpace(property) {
		case "display":
			if value == "none" {
				return true
			}
		case "visibility":
			if value == "hidden" || value == "collapse" {
				return true
			}
		case "opacity":
			if value == "0" || value == "0.0" || value == "0%" {
				return true
			}
		case "max-height", "height":
			low = low || value == "0" || value == "0px"
		case "overflow":
			clipped = value == "hidden"
		}
	}
	return low && clipped
}
