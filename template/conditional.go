package template

import (
	"regexp"
	"strconv"
	"strings"
	"text/template/parse"
)

// Conditional comments are how a letter speaks to Outlook alone, or to all others: what
// stands between <!--[if mso]> and <![endif]--> is a comment to everybody else, and
// HTML to Outlook. html/template drops comments, so each delimiter is an action while
// html/template looks at the document: what is between is escaped as the HTML that it
// is, and the escaper that the action gets tells where the delimiter stands.

// conditionalFunction writes a delimiter, its argument, as it is.
const conditionalFunction = "_conditional"

// delimiterPattern finds delimiters; its groups are the kinds of them, in order.
var delimiterPattern = regexp.MustCompile(`(?i)` +
	`(<!--\[if` + condition + `\]>(?:\s*<!-*)?\s*-->)|(<!--\s*<!\[endif\]\s*-->)|` +
	`(<!--\[if` + condition + `\]>)|(<!\[endif\]\s*-->)|(<!\[(?:if` + condition + `|endif)\]>)`)

const condition = `[^\[\]<>\x00-\x1f]*`

// valuePattern finds a condition that goes on behind the end of its text.
var valuePattern = regexp.MustCompile(`(?i)<!(?:--)?\[if` + condition + `$`)

type delimiterKind int

const (
	// revealing begins what all but some read: <!--[if !mso]><!-->.
	revealing delimiterKind = iota
	// revealed ends it: <!--<![endif]-->.
	revealed
	// hiding begins what only some read, in a comment: <!--[if mso]>.
	hiding
	// hidden ends it: <![endif]-->.
	hidden
	// unhidden is <![if !mso]> or <![endif]>, which are no comments.
	unhidden
)

// strayEnd is the argument for an end where nothing began, which may stand in a
// comment. The end of that comment stays behind it.
const strayEnd = "<![endif]"

// delimiter is one that a text has.
type delimiter struct {
	kind delimiterKind
	// from and until are where it lies in the segment of the index.
	segment, from, until int
	text                 string
	// source and offset say where it was written; source is nil where that is unknown.
	source *source
	offset int
}

func delimiters(segments []segment) []delimiter {
	var found []delimiter
	for i := range segments {
		s := &segments[i]
		if s.keyword != "" {
			continue
		}
		for _, m := range delimiterPattern.FindAllStringSubmatchIndex(s.text, -1) {
			d := delimiter{segment: i, from: m[0], until: m[1], text: s.text[m[0]:m[1]], source: s.source, offset: s.offset + m[0]}
			for kind := revealing; kind <= unhidden; kind++ {
				if m[2+2*int(kind)] >= 0 {
					d.kind = kind
				}
			}
			found = append(found, d)
		}
	}
	return found
}

// conditionals returns the segments with delimiters as actions. written are the
// delimiters that the sources had: an inliner loses where they were.
func conditionals(root *source, segments []segment, written []delimiter) ([]segment, error) {
	found := delimiters(segments)
	same := len(found) == len(written)
	for i := 0; same && i < len(found); i++ {
		same = found[i].text == written[i].text
	}
	fail := func(d delimiter, what, hint string) error {
		cause := mistakef("%s", what).withHint(hint)
		if d.source == nil {
			e := &Error{File: root.name}
			e.explain(cause)
			return e
		}
		return d.source.errorAt(d.offset, cause)
	}
	var out []segment
	var open *delimiter
	from, reveals, next := 0, 0, 0
	for i := range segments {
		s := segments[i]
		if s.keyword != "" {
			out = append(out, s)
			continue
		}
		from = 0
		text := func(until int) {
			if from < until {
				piece := s
				piece.text, piece.offset = s.text[from:until], s.offset+from
				out = append(out, piece)
			}
			from = until
		}
		for ; next < len(found) && found[next].segment == i; next++ {
			d := &found[next]
			if same {
				d.source, d.offset = written[next].source, written[next].offset
			}
			argument, until := d.text, d.until
			switch d.kind {
			case hiding:
				if open != nil {
					return nil, fail(*d, "a conditional comment within a conditional comment", "end the one before it with <![endif]-->")
				}
				open = d
			case hidden:
				if open == nil && reveals == 0 {
					argument, until = strayEnd, d.from+len(strayEnd)
				}
				open = nil
			case revealing, revealed:
				if open != nil {
					return nil, fail(*d, "this ends the conditional comment that it stands in", "end the one before it with <![endif]-->")
				}
				if reveals = 1; d.kind == revealed {
					reveals = 0
				}
			}
			text(d.from)
			out = append(out, segment{keyword: "output", text: conditionalFunction + " " + strconv.Quote(argument), source: d.source, offset: d.offset})
			from = until
		}
		if m := valuePattern.FindStringIndex(s.text[from:]); m != nil && i+1 < len(segments) && segments[i+1].keyword != "" {
			return nil, fail(delimiter{source: s.source, offset: s.offset + from + m[0]}, "a condition for Outlook with an action in it",
				"put {{if}} around the conditional comment")
		}
		text(len(s.text))
	}
	if open != nil {
		return nil, fail(*open, "a conditional comment that does not end", "end it with <![endif]-->")
	}
	return out, nil
}

// conditionalOf returns the delimiter that an action writes, and the escaper it got.
func conditionalOf(n parse.Node) (delimiter, escaper string, ok bool) {
	a, ok := n.(*parse.ActionNode)
	if !ok || !isConditional(a) {
		return "", "", false
	}
	text, ok := a.Pipe.Cmds[0].Args[1].(*parse.StringNode)
	if !ok {
		return "", "", false
	}
	for _, c := range a.Pipe.Cmds[1:] {
		escaper += strings.TrimPrefix(c.Args[0].String(), "_html_template_")
	}
	return text.Text, escaper, true
}

func isConditional(n *parse.ActionNode) bool {
	id, ok := n.Pipe.Cmds[0].Args[0].(*parse.IdentifierNode)
	return ok && id.Ident == conditionalFunction
}

// textEscaper is the escaper of text, and commentEscaper that of comments.
const (
	textEscaper    = "htmlescaper"
	commentEscaper = "commentescaper"
)

// place is a set of places that a reader can be in, seen from one that knows nothing
// of conditions (HTML, section 13.2.5.43 and following): one bit each.
type place uint8

const (
	// outside is no comment, inside is one.
	outside place = 1 << iota
	inside
	// afterDash, afterDashes and afterBang are inside, behind -, -- and --!.
	afterDash
	afterDashes
	afterBang
	// afterAngle is inside, behind what <![endif] begins with.
	afterAngle
)

// enclosures finds conditional comments that end where they should not, or might for
// some value or branch. What it looks at is what html/template made of the document: a
// value has neither < nor > wherever it stands, so that it ends a comment only
// together with text beside it.
type enclosures struct {
	document *document
	// open is where the last conditional comment began.
	open  int
	loops []*exits
	// known are the ends of loops, so that loops in loops take no time to speak of.
	known map[loopFrom]place
	err   error
}

// loopFrom is a loop that is come to from places.
type loopFrom struct {
	loop *parse.RangeNode
	at   place
}

// exits are where break and continue leave a loop from.
type exits struct{ breaks, continues place }

// enclose checks an escaped tree.
func (d *document) enclose(tree *parse.Tree) error {
	e := &enclosures{document: d, known: map[loopFrom]place{}}
	if at := e.list(tree.Root, outside); at&^outside != 0 {
		e.fail(e.open, "a conditional comment that does not end", "end it with <![endif]-->")
	}
	return e.err
}

func (e *enclosures) fail(position int, what, hint string) {
	if e.err == nil {
		e.err = e.document.errorAt(position, mistakef("%s", what).withHint(hint))
	}
}

func (e *enclosures) list(l *parse.ListNode, at place) place {
	if l == nil {
		return at
	}
	for _, n := range l.Nodes {
		at = e.node(n, at)
	}
	return at
}

func (e *enclosures) node(n parse.Node, at place) place {
	switch n := n.(type) {
	case *parse.TextNode:
		return e.text(n, at)
	case *parse.ActionNode:
		if text, escaper, ok := conditionalOf(n); ok {
			return e.delimiter(n, text, escaper, at)
		}
		if len(n.Pipe.Decl) > 0 || at&^outside == 0 {
			return at
		}
		return e.value(n, at)
	case *parse.IfNode:
		return e.join(n, e.list(n.List, at), e.list(n.ElseList, at))
	case *parse.WithNode:
		return e.join(n, e.list(n.List, at), e.list(n.ElseList, at))
	case *parse.RangeNode:
		return e.loop(n, at)
	case *parse.BreakNode:
		e.loops[len(e.loops)-1].breaks |= at
		return 0
	case *parse.ContinueNode:
		e.loops[len(e.loops)-1].continues |= at
		return 0
	}
	return at
}

// join is where two ways meet.
func (e *enclosures) join(n parse.Node, a, b place) place {
	at := a | b
	if at&outside != 0 && at != outside {
		e.fail(int(n.Position()), "a conditional comment that ends, or begins, in one branch only", "begin and end it in the same branch")
	}
	return at
}

func (e *enclosures) loop(n *parse.RangeNode, at place) place {
	from := loopFrom{n, at}
	if end, ok := e.known[from]; ok {
		return end
	}
	x := &exits{}
	e.loops = append(e.loops, x)
	head := at
	for {
		next := e.join(n, head, e.list(n.List, head)|x.continues)
		if next == head {
			break
		}
		head = next
	}
	e.loops = e.loops[:len(e.loops)-1]
	end := e.join(n, head|x.breaks, e.list(n.ElseList, at))
	e.known[from] = end
	return end
}

func (e *enclosures) delimiter(n *parse.ActionNode, text, escaper string, at place) place {
	position := int(n.Position())
	switch {
	case escaper == commentEscaper && text == strayEnd:
		return at
	case escaper == commentEscaper:
		e.fail(position, "a conditional comment within a comment", "remove the comment around it")
	case escaper != textEscaper:
		e.fail(position, "a conditional comment within a tag, a style, a script or a title", "put it between elements")
	case text == strayEnd:
		e.fail(position, "the end of a conditional comment that did not begin", "remove it, or begin with <!--[if mso]>")
	case at == 0:
		return at // No way leads here.
	}
	kind := delimiterPattern.FindStringSubmatchIndex(text)
	switch {
	case kind == nil:
		return at
	case kind[2+2*int(hiding)] >= 0:
		e.open = position
		return inside
	case kind[2+2*int(hidden)] >= 0:
		return outside
	case at != outside:
		return inside
	}
	return at
}

// value is where a value leads: to anywhere inside, or nowhere if it is empty.
func (e *enclosures) value(n *parse.ActionNode, at place) place {
	if at&afterAngle != 0 {
		e.fail(int(n.Position()), "a value that could end the conditional comment, together with the < before it", "write &lt;")
	}
	if last := n.Pipe.Cmds[len(n.Pipe.Cmds)-1]; last.Args[0].String() == "_html_template_htmlnamefilter" {
		return at | inside // Letters and digits.
	}
	return at | inside | afterDash | afterDashes | afterBang
}

func (e *enclosures) text(n *parse.TextNode, at place) place {
	if at&^outside == 0 {
		return at
	}
	for i, c := range n.Text {
		next := at & outside
		switch rest := at &^ outside; {
		case c == '>' && rest&(afterDashes|afterBang) != 0:
			position := int(n.Position())
			if strings.HasPrefix(e.document.text[position:], string(n.Text[:i+1])) {
				position += i
			}
			e.fail(position, "this > ends the conditional comment, or would with a value before it",
				"put the values of attributes in quotes, and write &gt; in text")
			next |= inside
		case c == '-':
			if rest&(afterDash|afterDashes) != 0 {
				next |= afterDashes
			}
			if rest&^(afterDash|afterDashes) != 0 {
				next |= afterDash
			}
		case c == '<':
			next |= afterAngle
		case c == '!':
			if rest&afterDashes != 0 {
				next |= afterBang
			}
			if rest&afterAngle != 0 {
				next |= afterAngle
			}
			if rest&^(afterDashes|afterAngle) != 0 {
				next |= inside
			}
		case c == '[' && rest&afterAngle != 0:
			next |= afterAngle | inside
		default:
			next |= inside
		}
		at = next
	}
	return at
}
