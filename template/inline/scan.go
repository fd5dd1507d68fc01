package inline

import (
	"strings"
)

// tag is one start or end tag of the source.
type tag struct {
	start, end int // of the whole tag
	nameEnd    int
	name       string // in lower case
	closing    bool
	selfClosed bool
	attributes []attribute
	// strange is set where an action is part of the name; unknown where one may write
	// attributes.
	strange, unknown bool
	// unsure are the attributes whose value depends on the data, twice those that stand
	// there more than once.
	unsure, twice map[string]bool
	branched      bool // some attributes stand in an if

	// rawEnd is where the text of a style, title or the like ends, which is no markup;
	// 0 for other elements.
	rawEnd int
}

// attribute is one attribute of a start tag. The value is source[valueStart:valueEnd], in
// quotes of which kind quote says, 0 for none.
type attribute struct {
	start, end           int
	name                 string
	valueStart, valueEnd int
	quote                byte
	conditional          bool // it stands in an if
}

// piece is what a source consists of.
type piece struct {
	kind       pieceKind
	start, end int
	tag        *tag
	action     *action
}

type pieceKind uint8

const (
	pieceText pieceKind = iota
	pieceTag
	pieceComment
	pieceDoctype
	pieceAction
)

type scanner struct {
	source  string
	actions *actions
	next    int // the first action not passed yet
	pieces  []piece
}

// scan splits a source as the tokeniser of the HTML standard does (section 13.2.5), but
// passes over actions wherever they stand.
func scan(source string, actions *actions) []piece {
	s := &scanner{source: source, actions: actions}
	text := 0
	flush := func(end int) {
		if end > text {
			s.pieces = append(s.pieces, piece{kind: pieceText, start: text, end: end})
		}
	}
	for i := 0; i < len(source); {
		if a := s.action(i); a != nil {
			flush(i)
			s.pieces = append(s.pieces, piece{kind: pieceAction, start: a.start, end: a.end, action: a})
			i, text = a.end, a.end
			continue
		}
		if source[i] != '<' || i+1 >= len(source) {
			i++
			continue
		}
		rest := source[i+1:]
		var p piece
		switch {
		case strings.HasPrefix(rest, "!--"):
			p = piece{kind: pieceComment, end: s.comment(i + 4)}
		case rest[0] == '!' && len(rest) >= 8 && strings.EqualFold(rest[1:8], "doctype"):
			p = piece{kind: pieceDoctype, end: s.until(i+2, '>')}
		case rest[0] == '!' || rest[0] == '?' || rest[0] == '/' && len(rest) > 1 && !isLetter(rest[1]) && s.action(i+2) == nil:
			p = piece{kind: pieceComment, end: s.until(i+2, '>')}
		case isLetter(rest[0]) || rest[0] == '/' && len(rest) > 1 && isLetter(rest[1]) || s.tagOfAction(i+1):
			t := s.tag(i)
			if t == nil { // cut off by the end: nothing
				i = len(source)
				continue
			}
			p = piece{kind: pieceTag, end: t.end, tag: t}
			if rawText(t) {
				t.rawEnd = s.raw(t)
				p.end = t.rawEnd
			}
		default:
			i++
			continue
		}
		flush(i)
		p.start = i
		s.pieces = append(s.pieces, p)
		i, text = p.end, p.end
	}
	flush(len(source))
	return s.pieces
}

// action returns the action that starts at i. Asked in ascending order it takes no
// searching.
func (s *scanner) action(i int) *action {
	for s.next < len(s.actions.list) && s.actions.list[s.next].start < i {
		s.next++
	}
	if s.next < len(s.actions.list) && s.actions.list[s.next].start == i {
		return &s.actions.list[s.next]
	}
	return nil
}

// tagOfAction says whether a tag begins whose name an action writes: <{{.Name}}> or
// </{{.Name}}>.
func (s *scanner) tagOfAction(i int) bool {
	if s.source[i] == '/' {
		i++
	}
	a := s.actions.at(i)
	return a != nil && a.start == i && a.kind == actionOutput
}

// until returns the offset behind the first c that is in no action.
func (s *scanner) until(i int, c byte) int {
	for i < len(s.source) {
		if a := s.action(i); a != nil {
			i = a.end
			continue
		}
		if s.source[i] == c {
			return i + 1
		}
		i++
	}
	return len(s.source)
}

// comment returns the end of a comment whose text starts at i: at --> or --!>, and at
// once for <!--> and <!--->.
func (s *scanner) comment(i int) int {
	for _, short := range []string{">", "->"} {
		if strings.HasPrefix(s.source[i:], short) {
			return i + len(short)
		}
	}
	for i < len(s.source) {
		if a := s.action(i); a != nil {
			i = a.end
			continue
		}
		if s.source[i] == '-' {
			for _, end := range []string{"-->", "--!>"} {
				if strings.HasPrefix(s.source[i:], end) {
					return i + len(end)
				}
			}
		}
		i++
	}
	return len(s.source)
}

// tag reads the tag that starts at i, nil where the source ends within.
func (s *scanner) tag(start int) *tag {
	t := &tag{start: start}
	i := start + 1
	if s.source[i] == '/' {
		t.closing = true
		i++
	}
	name := i
	for i < len(s.source) {
		if a := s.action(i); a != nil {
			if a.kind != actionSilent && !(a.kind.control() && a.end < len(s.source) && isSpace(s.source[a.end])) {
				t.strange = true
				i = a.end
				continue
			}
			break
		}
		if c := s.source[i]; isSpace(c) || c == '/' || c == '>' {
			break
		}
		i++
	}
	t.nameEnd = i
	t.name = lower(s.source[name:i])
	if !s.attributes(t, i) {
		return nil
	}
	t.unsure, t.twice = map[string]bool{}, map[string]bool{}
	seen := map[string]bool{}
	for i := range t.attributes {
		a := &t.attributes[i]
		if a.conditional || s.actions.any(a.start, a.end) {
			t.unsure[a.name] = true
		}
		t.twice[a.name] = t.twice[a.name] || seen[a.name]
		seen[a.name] = true
	}
	return t
}

// attributes reads up to the end of the tag.
func (s *scanner) attributes(t *tag, i int) bool {
	depth := 0
	for i < len(s.source) {
		if a := s.action(i); a != nil {
			switch a.kind {
			case actionOpen, actionDefine:
				depth++
				t.branched = true
			case actionEnd:
				depth--
				t.branched = true
			case actionElse, actionSilent:
			default:
				t.unknown = true
			}
			i = a.end
			continue
		}
		switch c := s.source[i]; {
		case c == '>':
			t.end = i + 1
			t.selfClosed = s.source[i-1] == '/' && (len(t.attributes) == 0 || t.attributes[len(t.attributes)-1].end < i)
			return true
		case isSpace(c) || c == '/':
			i++
		default:
			i = s.attribute(t, i, depth != 0)
		}
	}
	return false
}

// attribute reads the attribute at i and returns where it ends.
func (s *scanner) attribute(t *tag, i int, conditional bool) int {
	a := attribute{start: i, conditional: conditional}
	strange := false
	for i < len(s.source) {
		if act := s.action(i); act != nil {
			if act.kind.control() { // <td {{if .X}}nowrap{{end}}>
				break
			}
			strange = strange || act.kind != actionSilent
			i = act.end
			continue
		}
		if c := s.source[i]; isSpace(c) || c == '/' || c == '>' || c == '=' && i > a.start {
			break
		}
		i++
	}
	a.name = lower(s.source[a.start:i])
	if strange && !strings.HasPrefix(a.name, "data-") && !strings.HasPrefix(a.name, "aria-") {
		t.unknown = true
	}
	a.end = i
	for i < len(s.source) && isSpace(s.source[i]) {
		i++
	}
	if i >= len(s.source) || s.source[i] != '=' {
		t.attributes = append(t.attributes, a)
		return a.end
	}
	for i++; i < len(s.source) && isSpace(s.source[i]); {
		i++
	}
	if i < len(s.source) && (s.source[i] == '"' || s.source[i] == '\'') {
		a.quote = s.source[i]
		a.valueStart = i + 1
		i = s.until(i+1, a.quote)
		a.valueEnd = max(i-1, a.valueStart)
	} else {
		a.valueStart = i
		for i < len(s.source) && !isSpace(s.source[i]) && s.source[i] != '>' {
			if act := s.action(i); act != nil {
				if conditional && act.kind.control() { // {{if .X}}width=1{{end}}
					break
				}
				i = act.end
				continue
			}
			i++
		}
		a.valueEnd = i
	}
	a.end = i
	t.attributes = append(t.attributes, a)
	return i
}

// rawText says whether what follows the tag is text up to its end tag.
func rawText(t *tag) bool {
	if t.closing || t.strange {
		return false
	}
	switch t.name {
	case "style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "plaintext":
		return true
	}
	return false
}

// raw returns where the text of an element ends that has no markup inside.
func (s *scanner) raw(t *tag) int {
	if t.name == "plaintext" {
		return len(s.source)
	}
	for i := t.end; i < len(s.source); {
		if a := s.action(i); a != nil {
			i = a.end
			continue
		}
		if s.source[i] == '<' && i+2+len(t.name) < len(s.source) && s.source[i+1] == '/' &&
			strings.EqualFold(s.source[i+2:i+2+len(t.name)], t.name) {
			if c := s.source[i+2+len(t.name)]; isSpace(c) || c == '/' || c == '>' {
				return i
			}
		}
		i++
	}
	return len(s.source)
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

func isLetter(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z'
}

// lower changes the letters of ASCII only, as HTML and CSS do.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
