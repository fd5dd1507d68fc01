package template

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	reading "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdownToHTML converts segments of Markdown (GitHub Flavored) to segments of HTML.
// While Markdown is read, each action is a word of letters and digits, which has no
// meaning in Markdown and comes out unchanged wherever it stands: in text, code,
// addresses of links or raw HTML. Values are put into the HTML that results, by
// html/template, and never pass through Markdown.
func markdownToHTML(segments []segment) ([]segment, error) {
	words := newWords(segments)
	source := words.markdown(segments)
	converter := goldmark.New(
		goldmark.WithExtensions(extension.GFM),
		goldmark.WithParserOptions(
			parser.WithBlockParsers(util.Prioritized(&controlParser{words.line}, 10)),
			parser.WithASTTransformers(util.Prioritized(&controlTransformer{words, segments}, 1000)),
		),
		// Raw HTML is the author's, as in a template of HTML; what data could bring is
		// escaped later.
		goldmark.WithRendererOptions(html.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(controlRenderer{}, 10))),
	)
	var out bytes.Buffer
	if err := converter.Convert([]byte(source), &out); err != nil {
		return nil, fmt.Errorf("converting Markdown: %w", err)
	}
	return words.restore(out.String(), segments), nil
}

// words stand for actions.
type words struct {
	prefix string
	// word matches one; line matches a line of those that control a block, and alone one
	// of those at the end of a line.
	word, line, alone *regexp.Regexp
}

// newWords finds words that occur nowhere in the text.
func newWords(segments []segment) *words {
	prefix := "qaction"
	for used := true; used; {
		used = false
		for i := range segments {
			if segments[i].keyword == "" && strings.Contains(segments[i].text, prefix) {
				used = true
				prefix = "q" + prefix
				break
			}
		}
	}
	return &words{
		prefix: prefix,
		word:   regexp.MustCompile(prefix + `[icr]([0-9]+)z`),
		alone:  regexp.MustCompile(`(` + prefix + `[cr][0-9]+z)\n`),
		line:   regexp.MustCompile(`^[ \t]*(?:` + prefix + `c[0-9]+z[ \t]*)+\r?\n?$`),
	}
}

// markdown returns the text with words for actions. Lines of nothing but control
// actions get words of kind c, which end a paragraph, or, behind a line of a table,
// of kind r, which become a row of it.
func (w *words) markdown(segments []segment) string {
	var b strings.Builder
	for i := range segments {
		if segments[i].keyword == "" {
			b.WriteString(segments[i].text)
		} else {
			b.WriteString(w.prefix + "i" + strconv.Itoa(i) + "z")
		}
	}
	lines := strings.SplitAfter(b.String(), "\n")
	inTable := false
	for n, line := range lines {
		if !w.controls(line, segments) {
			for _, s := range w.actions(line, segments) {
				s.inline = true
			}
			inTable = strings.HasPrefix(strings.TrimLeft(line, quoting), "|")
			continue
		}
		kind := "c"
		if inTable {
			kind = "r"
		}
		lines[n] = strings.ReplaceAll(line, w.prefix+"i", w.prefix+kind)
	}
	return strings.Join(lines, "")
}

// controls tells whether a line consists of control actions.
func (w *words) controls(line string, segments []segment) bool {
	found := w.actions(line, segments)
	for _, s := range found {
		if s.keyword == "output" && !s.assigns() {
			return false
		}
	}
	return len(found) > 0 && strings.Trim(w.word.ReplaceAllString(line, ""), quoting+"\r\n") == ""
}

// quoting is what may stand before a control action on a line of its own.
const quoting = " \t>"

// actions returns those whose words are in the text.
func (w *words) actions(text string, segments []segment) []*segment {
	var found []*segment
	for _, m := range w.word.FindAllStringSubmatch(text, -1) {
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(segments) {
			found = append(found, &segments[i])
		}
	}
	return found
}

// restore cuts HTML into segments again.
func (w *words) restore(html string, segments []segment) []segment {
	// Where Markdown keeps lines, those of control actions vanish.
	return restore(w.alone.ReplaceAllString(html, "$1"), w.word, segments)
}

// restore cuts text into segments at the words that stand for actions. The last
// group of the pattern is the number of the action.
func restore(text string, word *regexp.Regexp, segments []segment) []segment {
	var out []segment
	at := 0
	for _, m := range word.FindAllStringSubmatchIndex(text, -1) {
		i, err := strconv.Atoi(text[m[len(m)-2]:m[len(m)-1]])
		if err != nil || i >= len(segments) {
			continue
		}
		if at < m[0] {
			out = append(out, segment{text: text[at:m[0]]})
		}
		out = append(out, segments[i])
		at = m[1]
	}
	if at < len(text) {
		out = append(out, segment{text: text[at:]})
	}
	return out
}

// control is a block of words that stand for control actions.
type control struct {
	ast.BaseBlock
	words string
}

var kindControl = ast.NewNodeKind("TemplateControl")

func (c *control) Kind() ast.NodeKind { return kindControl }

func (c *control) Dump(source []byte, level int) { ast.DumpHelper(c, source, level, nil, nil) }

type controlParser struct {
	line *regexp.Regexp
}

func (p *controlParser) Trigger() []byte { return nil }

func (p *controlParser) Open(_ ast.Node, reader reading.Reader, _ parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	if !p.line.Match(line) {
		return nil, parser.NoChildren
	}
	reader.Advance(segment.Len() - 1)
	return &control{words: strings.TrimSpace(string(line))}, parser.NoChildren
}

func (p *controlParser) Continue(ast.Node, reading.Reader, parser.Context) parser.State {
	return parser.Close
}

func (p *controlParser) Close(ast.Node, reading.Reader, parser.Context) {}

func (p *controlParser) CanInterruptParagraph() bool { return true }

func (p *controlParser) CanAcceptIndentedLine() bool { return false }

type controlRenderer struct{}

func (controlRenderer) RegisterFuncs(register renderer.NodeRendererFuncRegisterer) {
	register.Register(kindControl, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		_, _ = w.WriteString(n.(*control).words)
		// The renderer of rows ends the body behind the last child of a table if
		// that is a row.
		if table := n.Parent(); table.Kind() == tables.KindTable && table.LastChild() == n {
			_, _ = w.WriteString("</tbody>\n")
		}
		return ast.WalkContinue, nil
	})
}

// controlTransformer puts control actions where they give whole lists and tables:
// {{range}} around items makes one list of many items.
type controlTransformer struct {
	words    *words
	segments []segment
}

func (t *controlTransformer) Transform(document *ast.Document, reader reading.Reader, _ parser.Context) {
	var found []*tables.Table
	var parents []ast.Node
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if table, ok := n.(*tables.Table); ok {
			found = append(found, table)
		} else if n.Type() != ast.TypeInline && n.HasChildren() {
			parents = append(parents, n)
		}
		return ast.WalkContinue, nil
	})
	for _, table := range found {
		t.rows(table, reader.Source())
	}
	for _, parent := range parents {
		t.lists(parent)
	}
}

// rows replaces the rows that hold nothing but control actions.
func (t *controlTransformer) rows(table *tables.Table, source []byte) {
	for row := table.FirstChild(); row != nil; {
		next := row.NextSibling()
		content := strings.TrimSpace(textOf(row, source))
		if content != "" && row.Kind() == tables.KindTableRow && t.words.controls(content, t.segments) {
			table.ReplaceChild(table, row, &control{words: content})
		}
		row = next
	}
}

func textOf(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// lists makes one list of lists that only control actions part.
func (t *controlTransformer) lists(parent ast.Node) {
	var children []ast.Node
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		children = append(children, n)
	}
	for i := 0; i < len(children); i++ {
		end := t.run(children[i:])
		if end < 2 {
			continue
		}
		merge(parent, children[i:i+end])
		i += end - 1
	}
}

// run returns how many of the nodes make one list.
func (t *controlTransformer) run(nodes []ast.Node) int {
	var first *ast.List
	depth, lists, end, returns := 0, 0, 0, 0
	opener := ""
scan:
	for i, n := range nodes {
		switch n := n.(type) {
		case *ast.List:
			if first == nil {
				first = n
			}
			if n.Marker != first.Marker || n.IsOrdered() != first.IsOrdered() {
				break scan
			}
			lists++
		case *control:
			for _, a := range t.words.actions(n.words, t.segments) {
				switch {
				case a.keyword == "template" || a.keyword == "block":
					break scan
				case a.opens():
					if opener == "" {
						opener = a.keyword
					}
					depth++
				case a.keyword == "end":
					depth--
				}
				if depth < 0 || depth == 0 && a.keyword != "end" {
					break scan
				}
			}
		default:
			break scan
		}
		if depth == 0 {
			returns++
			if lists > 0 {
				end = i + 1
			}
		}
	}
	// A whole list that is there or not stays whole: no empty list without it.
	if _, begins := nodes[0].(*control); begins && returns == 1 && opener != "range" {
		return 0
	}
	return end
}

// merge moves all of the nodes into the first list among them.
func merge(parent ast.Node, nodes []ast.Node) {
	var list *ast.List
	for _, n := range nodes {
		if l, ok := n.(*ast.List); ok {
			list = l
			break
		}
	}
	merged := ast.NewList(list.Marker)
	merged.Start, merged.IsTight = list.Start, true
	parent.InsertBefore(parent, nodes[0], merged)
	for _, n := range nodes {
		l, ok := n.(*ast.List)
		if !ok {
			merged.AppendChild(merged, n)
			continue
		}
		merged.IsTight = merged.IsTight && l.IsTight
		for item := l.FirstChild(); item != nil; {
			next := item.NextSibling()
			merged.AppendChild(merged, item)
			item = next
		}
		parent.RemoveChild(parent, l)
	}
}
