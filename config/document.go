package config

import "strings"

// document says where the keys and values of a TOML text stand. The TOML
// library checks the text and reads its values, but names the place only of
// what it cannot read. Text that is not TOML is followed as far as it makes
// sense, so that an excerpt of it can be shown with its secrets hidden.
type document struct {
	text    string
	root    *entry
	hidden  []cover // ascending, not overlapping
	tooDeep *span   // the first place that is nested too deep
	twice   *span   // the first key that is given a second value
	endless *span   // the quotes of a long string without an end
}

// span is a part of the text, in bytes.
type span struct{ start, end int }

// cover is a span that is never shown, and what stands in its place.
type cover struct {
	span
	mark string
}

const (
	hiddenMark  = "‹hidden›"
	commentMark = "# …"
)

// entry is one key, or one element of an array.
type entry struct {
	name       string
	key, value span // of an element, both are the value
	given      bool // by key = value, which is then complete
	entries    map[string]*entry
	elements   []*entry
}

// child returns the entry of a key, and makes it where it is new. In an array
// of tables it belongs to the last of them.
func (e *entry) child(name string, key span) *entry {
	if n := len(e.elements); n > 0 {
		return e.elements[n-1].child(name, key)
	}
	if found, ok := e.entries[name]; ok {
		return found
	}
	if e.entries == nil {
		e.entries = map[string]*entry{}
	}
	made := &entry{name: name, key: key, value: key}
	e.entries[name] = made
	return made
}

// maxNesting is how deep arrays, inline tables and dotted keys may go.
const maxNesting = 32

// scanner walks over the text once.
type scanner struct {
	*document
	pos   int
	depth int
}

// locate finds the keys of a text without byte order mark.
func locate(text string) *document {
	s := &scanner{document: &document{text: text, root: &entry{}}}
	table := s.root
	for s.blank(); s.pos < len(text); s.blank() {
		if s.peek() == '[' {
			if found := s.header(); found != nil {
				table = found
			}
		} else {
			s.pair(table)
		}
		s.endLine()
	}
	return s.document
}

func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) accept(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// note keeps the first place of its kind.
func note(first **span, at span) {
	if *first == nil {
		*first = &at
	}
}

// hide covers a span, and with it all that was covered since its start.
func (s *scanner) hide(start, end int, mark string) {
	n := len(s.hidden)
	for n > 0 && s.hidden[n-1].start >= start {
		n--
	}
	s.hidden = s.hidden[:n]
	if start < end {
		s.hidden = append(s.hidden, cover{span{start, end}, mark})
	}
}

// spaces skips to the next token of the line.
func (s *scanner) spaces() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.pos++
	}
}

// blank skips spaces, line ends and comments. What a comment says is not
// shown: old passwords live there.
func (s *scanner) blank() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '#':
			end := s.lineEnd()
			s.hide(s.pos, end, commentMark)
			s.pos = end
		default:
			return
		}
	}
}

func (s *scanner) lineEnd() int {
	end := len(s.text)
	if n := strings.IndexByte(s.text[s.pos:], '\n'); n >= 0 {
		end = s.pos + n
	}
	if end > s.pos && s.text[end-1] == '\r' {
		end--
	}
	return end
}

// endLine leaves the line; whatever is left on it made no sense and is hidden.
func (s *scanner) endLine() {
	s.spaces()
	end := s.lineEnd()
	if s.peek() != '#' {
		s.hide(s.pos, end, hiddenMark)
		s.pos = end
	}
}

// header reads [a.b] or [[a.b]] and returns the table it opens.
func (s *scanner) header() *entry {
	s.pos++
	array := s.accept('[')
	s.spaces()
	found, _ := s.path(s.root)
	if found == nil {
		return nil
	}
	if s.accept(']') && array {
		s.accept(']')
		found.elements = append(found.elements, &entry{key: found.key, value: found.key})
	}
	return found
}

// path reads a key, dotted or not. last is the span of its last part.
func (s *scanner) path(from *entry) (found *entry, last span) {
	for depth := 1; ; depth++ {
		start := s.pos
		name, ok := s.key()
		if !ok {
			return nil, span{start, s.pos}
		}
		if depth > maxNesting {
			note(&s.tooDeep, span{start, start + 1})
			return nil, span{start, s.pos}
		}
		last = span{start, s.pos}
		if from.given {
			note(&s.twice, last)
		}
		from = from.child(name, last)
		s.spaces()
		if !s.accept('.') {
			return from, last
		}
		s.spaces()
	}
}

// key reads one part of a key: bare, "basic" or 'literal'.
func (s *scanner) key() (string, bool) {
	start := s.pos
	switch s.peek() {
	case '"', '\'':
		quote := s.peek()
		if !s.quoted() {
			s.pos = start
			return "", false
		}
		if isGuarded(s.text[start:s.pos]) {
			s.hide(start, s.pos, hiddenMark)
		}
		inner := s.text[start+1 : s.pos-1]
		if quote == '"' {
			inner = unescape(inner)
		}
		return inner, true
	}
	for s.pos < len(s.text) && isBare(s.text[s.pos]) {
		s.pos++
	}
	return s.text[start:s.pos], s.pos > start
}

func isBare(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c >= 0x80
}

// quoted skips a string of one line; false where it is not closed.
func (s *scanner) quoted() bool {
	quote := s.text[s.pos]
	for i := s.pos + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == quote:
			s.pos = i + 1
			return true
		case c == '\n':
			return false
		case c == '\\' && quote == '"':
			i++
			if i < len(s.text) && s.text[i] == '\n' {
				return false
			}
		}
	}
	return false
}
