package inline

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// document is what is known of the tree that the source will be.
type document struct {
	source   string
	actions  *actions
	tags     []*tag // the start tags
	elements []*element
	styles   []*element
	comments []commentDepth
	// foreign is set where another template's tags may come in.
	foreign bool
	names   map[string]bool // which types, .classes and #ids there are
	anyName bool            // some are written by actions
}

// element is one element of the tree. Elements come in document order.
type element struct {
	node     *html.Node
	tag      *tag // nil where the parser made the element without one
	parent   int  // -1 for none
	previous int  // the element before it below the same parent, -1 for none

	// changing is set where actions may add or remove children.
	changing bool
	children int
	// root is set where an element's ancestors are not known: a define begins here.
	root bool
	// loose is set where a branch opens an element and leaves it open: the relation to
	// those outside of the region is known, that to those within is not.
	loose bool

	// unsure are the attributes that an action writes or may leave out, in whole or in
	// part. present has those of them that are there in any case.
	unsure  map[string]bool
	present map[string]bool

	style    *attribute
	styles   []*attribute // those that stand in an if
	fixed    bool         // no style can be written into it
	hidden   bool         // it is never seen: no style is needed
	excluded bool         // within one that is not part of the page
}

// marker is the name of the attribute that leads from a node to its tag.
const marker = "mailscript-inline-tag"

// crowd is how many children an element may have for :nth-child and the like to be told
// for each of them, which takes the square of it.
const crowd = 2000

// newDocument lets x/net/html parse a copy of the source, without texts and with a
// comment in place of each action, and looks up where everything came from.
func newDocument(source string, actions *actions) (*document, *Error) {
	d := &document{source: source, actions: actions, names: map[string]bool{}}
	pieces := scan(source, actions)
	var out strings.Builder
	if !hasFrame(pieces) {
		out.WriteString("<!doctype html><body>")
	}
	for _, p := range pieces {
		switch p.kind {
		case pieceText:
			if strings.TrimSpace(source[p.start:p.end]) == "" {
				out.WriteByte(' ')
			} else {
				out.WriteByte('x')
			}
		case pieceComment:
			d.comment(p)
		case pieceDoctype:
			if !actions.any(p.start, p.end) {
				out.WriteString(source[p.start:p.end])
			}
		case pieceAction:
			if p.action.kind == actionTemplate || p.action.kind == actionDefine {
				d.foreign = true
			}
			if p.action.kind != actionSilent {
				out.WriteString("<!--" + strconv.Itoa(actions.before(p.start)) + "-->")
			}
		case pieceTag:
			d.writeTag(&out, p.tag)
		}
	}
	root, err := html.ParseWithOptions(strings.NewReader(out.String()), html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, errorAt(source, 0, strings.TrimPrefix(err.Error(), "html: "))
	}
	d.collect(root)
	return d, nil
}

// commentDepth is how many conditional comments are open from an offset on that show
// their text to other readers: <!--[if !mso]><!--> … <!--<![endif]-->.
type commentDepth struct {
	offset, depth int
}

func (d *document) comment(p piece) {
	depth := 0
	if n := len(d.comments); n > 0 {
		depth = d.comments[n-1].depth
	}
	text := lower(d.source[p.start:p.end])
	opens := strings.HasPrefix(text, "<!--[if") || strings.HasPrefix(text, "<![if")
	closes := strings.Contains(text, "<![endif]")
	switch {
	case opens && !closes:
		depth++
	case closes && !opens && depth > 0:
		depth--
	}
	d.comments = append(d.comments, commentDepth{p.start, depth})
}

// hasFrame says whether the source has any of the tags that stand around a page.
func hasFrame(pieces []piece) bool {
	for _, p := range pieces {
		switch {
		case p.kind == pieceDoctype:
			return true
		case p.kind == pieceTag && (p.tag.name == "html" || p.tag.name == "head" || p.tag.name == "body"):
			return true
		}
	}
	return false
}

// writeTag writes a tag for the parser: with the attributes that are certain.
func (d *document) writeTag(out *strings.Builder, t *tag) {
	name := t.name
	if t.strange {
		name = "mailscript-strange"
	}
	if t.closing {
		out.WriteString("</" + name + ">")
		return
	}
	out.WriteString("<" + name + " " + marker + `="` + strconv.Itoa(len(d.tags)) + `"`)
	d.tags = append(d.tags, t)
	seen := map[string]bool{}
	for i := range t.attributes {
		a := &t.attributes[i]
		if seen[a.name] || t.unknown || a.name == marker || strings.ContainsAny(a.name, "<\"'{") {
			continue
		}
		seen[a.name] = true
		if t.unsure[a.name] {
			if a.name == "class" && !a.conditional && !t.twice["class"] {
				out.WriteString(` class="` + html.EscapeString(d.sureClasses(a)) + `"`)
			}
			continue
		}
		out.WriteString(" " + a.name + `="` + html.EscapeString(d.value(a)) + `"`)
	}
	if t.selfClosed {
		out.WriteByte('/')
	}
	out.WriteByte('>')
	// The text of a style or title stays out: nothing in it can be taken for a tag.
}

// value returns an attribute's value without its entities.
func (d *document) value(a *attribute) string {
	return html.UnescapeString(d.source[a.valueStart:a.valueEnd])
}

// sureClasses returns the classes of an attribute that no action has a part in.
func (d *document) sureClasses(a *attribute) string {
	var out strings.Builder
	depth := 0
	for i := a.valueStart; i < a.valueEnd; {
		act := d.actions.at(i)
		if act == nil {
			if depth == 0 {
				out.WriteByte(d.source[i])
			}
			i++
			continue
		}
		switch act.kind {
		case actionOpen:
			depth++
		case actionEnd:
			depth--
		}
		if act.kind != actionSilent {
			out.WriteByte(0) // what touches it is no class
		}
		i = act.end
	}
	var sure []string
	for _, class := range strings.Fields(html.UnescapeString(out.String())) {
		if strings.IndexByte(class, 0) < 0 {
			sure = append(sure, class)
		}
	}
	return strings.Join(sure, " ")
}

// collect lists the elements of the tree and says of each what is known.
func (d *document) collect(root *html.Node) {
	index := map[*html.Node]int{}
	uses := map[*tag]int{} // </b></i> makes a second element of <i>
	var marks []mark
	for node := root; node != nil; node = following(node, root) {
		switch node.Type {
		case html.CommentNode:
			if i, err := strconv.Atoi(node.Data); err == nil && i < len(d.actions.list) {
				marks = append(marks, mark{action: i, parent: parentOf(index, node)})
			}
		case html.ElementNode:
			e := d.element(node)
			e.parent, e.previous = parentOf(index, node), -1
			for s := node.PrevSibling; s != nil; s = s.PrevSibling {
				if s.Type == html.ElementNode {
					e.previous = index[s]
					break
				}
			}
			index[node] = len(d.elements)
			if e.parent >= 0 {
				parent := d.elements[e.parent]
				parent.children++
				e.excluded = parent.excluded || parent.node.Data == "template"
			}
			d.elements = append(d.elements, e)
			if e.tag != nil {
				uses[e.tag]++
			}
			if node.Data == "style" && node.Namespace == "" && e.tag != nil && !e.excluded {
				d.styles = append(d.styles, e)
			}
		}
	}
	for _, e := range d.elements {
		if e.tag == nil || uses[e.tag] > 1 {
			e.fixed = true
		}
	}
	d.mark(marks)
}

func following(node, root *html.Node) *html.Node {
	if node.FirstChild != nil {
		return node.FirstChild
	}
	for ; node != root; node = node.Parent {
		if node.NextSibling != nil {
			return node.NextSibling
		}
	}
	return nil
}

func parentOf(index map[*html.Node]int, node *html.Node) int {
	if i, ok := index[node.Parent]; ok {
		return i
	}
	return -1
}

// element says what is known of one node.
func (d *document) element(node *html.Node) *element {
	e := &element{node: node}
	switch node.Data {
	case "head", "title", "base", "link", "style", "meta", "script", "template":
		e.hidden = node.Namespace == ""
	}
	kept := node.Attr[:0]
	for _, a := range node.Attr {
		if a.Key == marker {
			if i, err := strconv.Atoi(a.Val); err == nil && i < len(d.tags) && e.tag == nil {
				e.tag = d.tags[i]
			}
			continue
		}
		kept = append(kept, a)
	}
	node.Attr = kept
	d.names[node.Data] = true
	for _, a := range node.Attr {
		switch a.Key {
		case "id":
			d.names["#"+a.Val] = true
		case "class":
			for _, class := range strings.Fields(a.Val) {
				d.names["."+class] = true
			}
		}
	}
	if e.tag == nil {
		return e
	}
	if e.tag.name != node.Data && !e.tag.strange && node.Namespace == "" && e.tag.name != "image" {
		e.tag = nil // the attributes of a second html or body
		return e
	}
	if e.tag.strange || e.tag.unknown {
		e.fixed = true
		d.anyName = true
	}
	for i := range e.tag.attributes {
		a := &e.tag.attributes[i]
		if a.name == "style" {
			switch {
			case a.conditional:
				e.fixed, e.styles = true, append(e.styles, a)
			case e.style == nil:
				e.style = a
			}
		}
		if !e.tag.unsure[a.name] {
			continue
		}
		if e.unsure == nil {
			e.unsure, e.present = map[string]bool{}, map[string]bool{}
		}
		e.unsure[a.name] = true
		if !a.conditional {
			e.present[a.name] = true
		}
		if a.name == "class" || a.name == "id" {
			d.anyName = true
		}
	}
	return e
}

// mark is where an action stands in the tree.
type mark struct {
	action, parent int
}

// mark notes what the actions between the tags leave unknown.
func (d *document) mark(marks []mark) {
	blocks := make([][]int, d.actions.blocks+1) // the parents of each block's actions
	for _, m := range marks {
		// The first row makes a tbody, where what comes before it stands in the table.
		parent := m.parent
		for parent >= 0 && d.elements[parent].tag == nil {
			d.elements[parent].changing = true
			parent = d.elements[parent].parent
		}
		if parent >= 0 {
			d.elements[parent].changing = true
		}
		if a := &d.actions.list[m.action]; a.kind.control() {
			blocks[a.block] = append(blocks[a.block], parent)
		}
	}
	for _, e := range d.elements {
		if e.tag == nil && e.parent >= 0 && d.elements[e.parent].changing {
			e.changing = true
		}
	}
	loose := map[int]bool{} // the tops of the regions
	for block, parents := range blocks[1:] {
		for _, p := range parents {
			if p != parents[0] {
				loose[d.region(block+1, parents)] = true
				break
			}
		}
	}
	if loose[-1] {
		for _, e := range d.elements {
			e.loose, e.changing = true, true
		}
	}
	for i, e := range d.elements {
		if loose[i] {
			e.changing = true
			if e.parent >= 0 {
				d.elements[e.parent].changing = true
			}
		}
		if e.parent < 0 {
			continue
		}
		if loose[e.parent] || d.elements[e.parent].loose {
			e.loose, e.changing = true, true
		}
		if e.tag != nil && d.elements[e.parent].tag != nil {
			e.root = d.actions.defineAt(e.tag.start) != d.actions.defineAt(d.elements[e.parent].tag.start)
		} else if e.tag != nil {
			e.root = d.actions.defineAt(e.tag.start) != 0
		}
	}
}

// common returns the innermost element that all are in.
func (d *document) common(elements []int) int {
	at := elements[0]
	for _, other := range elements[1:] {
		above := map[int]bool{}
		for e := other; e >= 0; e = d.elements[e].parent {
			above[e] = true
		}
		for at >= 0 && !above[at] {
			at = d.elements[at].parent
		}
	}
	return at
}

// region returns the top of what a block leaves unclear that opens or closes elements
// without the others' share: the innermost table around it, from which no end tag but its
// own leads out (HTML, section 13.2.4.2, "table scope"), or -1, the page, where there is
// none or where the block has tags of tables.
func (d *document) region(block int, parents []int) int {
	span := d.actions.spans[block]
	if text := lower(d.source[span[0]:span[1]]); strings.Contains(text, "<table") || strings.Contains(text, "</table") {
		return -1
	}
	for e := d.common(parents); e >= 0; e = d.elements[e].parent {
		if d.elements[e].node.Data == "table" {
			return e
		}
	}
	return -1
}
