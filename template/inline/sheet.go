package inline

import (
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// rule is one rule of a style element, with its places in the source.
type rule struct {
	start, end int // from the selectors to behind the closing brace
	units      []*unit
	// declarations are what it sets.
	declarations []declaration
	// conditional is set where it depends on more than the tree: @media, an if around it.
	conditional bool
}

// unit is one selector of a rule. Rules are moved and kept unit by unit.
type unit struct {
	rule     *rule
	selector *selector
	order    int
	answer   []truth
	// kept and raised say, for each declaration, whether it stays in the style element,
	// and whether !important is added to it there. frozen forbids the latter.
	kept, raised, frozen []bool
}

// sheet is one style element.
type sheet struct {
	element *element
	text    string // masked
	offset  int
	rules   []*rule
	order   *int
	actions *actions
}

// nested are the at-rules that hold rules and only say when they are in force.
// @layer changes what wins: it is left alone, as all other at-rules are.
var nested = map[string]bool{"@media": true, "@supports": true, "@container": true, "@document": true, "@-moz-document": true}

// newSheet reads a style element. conditional says that all of it depends on something.
func newSheet(d *document, e *element, conditional conditionality, order *int) *sheet {
	s := &sheet{element: e, offset: e.tag.end, order: order, actions: d.actions}
	s.text = d.actions.mask(d.source, e.tag.end, e.tag.rawEnd)
	s.parse(tokens(s.text), conditional)
	return s
}

type conditionality bool

const (
	always    conditionality = false
	sometimes conditionality = true
)

// parse reads a list of rules (CSS Syntax Level 3, section 5.4.1).
func (s *sheet) parse(list []token, conditional conditionality) {
	for i := 0; i < len(list); {
		switch kind := list[i].kind; {
		case list[i].blank(), kind == css.CDOToken, kind == css.CDCToken:
			i++
		case kind == css.AtKeywordToken:
			i = s.at(list, i)
		default:
			i = s.qualified(list, i, conditional)
		}
	}
}

// at reads an at-rule and returns where it ends.
func (s *sheet) at(list []token, i int) int {
	name := lower(s.text[list[i].start:list[i].end])
	for ; i < len(list); i++ {
		switch {
		case list[i].kind == css.SemicolonToken:
			return i + 1
		case list[i].kind == css.LeftBraceToken:
			end := blockEnd(list, i)
			if nested[name] {
				s.parse(list[i+1:end], sometimes)
			}
			return min(end+1, len(list))
		case list[i].opens():
			i = blockEnd(list, i)
		}
	}
	return len(list)
}

// qualified reads a rule and returns where it ends.
func (s *sheet) qualified(list []token, start int, conditional conditionality) int {
	i := start
	for ; i < len(list) && list[i].kind != css.LeftBraceToken; i++ {
		if list[i].opens() {
			i = blockEnd(list, i)
		}
	}
	if i >= len(list) {
		return len(list) // no block: no rule
	}
	end := blockEnd(list, i)
	stop := len(s.text)
	if end < len(list) {
		stop = list[end].end
	} else if n := len(list); n > 0 {
		stop = list[n-1].end
	}
	r := &rule{start: s.offset + list[start].start, end: s.offset + stop}
	found, plain := declarations(s.text, list[i+1:end])
	prelude := trim(list[start:i])
	if !plain || s.actions.any(r.start, s.offset+list[i].end) {
		return min(end+1, len(list))
	}
	depth := s.actions.depthAt(r.start)
	r.conditional = bool(conditional) || depth > 0
	for k := range found {
		d := &found[k]
		d.action = s.actions.any(s.offset+d.start, s.offset+d.end) || s.actions.depthAt(s.offset+d.start) != depth
		d.start += s.offset
		d.end += s.offset
	}
	r.declarations = found
	for _, selector := range selectors(s.text, prelude) {
		*s.order++
		u := &unit{rule: r, selector: selector, order: *s.order}
		u.kept, u.raised, u.frozen = make([]bool, len(found)), make([]bool, len(found)), make([]bool, len(found))
		r.units = append(r.units, u)
	}
	if len(r.units) > 0 {
		s.rules = append(s.rules, r)
	}
	return min(end+1, len(list))
}

// edits returns what changes in the style element.
func (s *sheet) edits(source string) []edit {
	var edits []edit
	for _, r := range s.rules {
		text, same := r.remains(source)
		if same {
			continue
		}
		e := edit{start: r.start, end: r.end, text: text}
		if text == "" {
			// What follows the rule on its line, and the line's end, go with it.
			for e.end < s.element.tag.rawEnd && isSpace(source[e.end]) {
				e.end++
			}
		}
		edits = append(edits, e)
	}
	return edits
}

// remains writes what is left of a rule: its selectors, grouped by what they keep. same
// says that it stays as it was written.
func (r *rule) remains(source string) (text string, same bool) {
	same = len(r.declarations) > 0 || r.conditional
	for _, u := range r.units {
		for i := range u.kept {
			same = same && u.kept[i] && !u.raised[i]
		}
	}
	if same {
		return "", true
	}
	var parts []string
	done := make([]bool, len(r.units))
	for i, u := range r.units {
		if done[i] {
			continue
		}
		names := []string{}
		for k := i; k < len(r.units); k++ {
			if !done[k] && equal(u.kept, r.units[k].kept) && equal(u.raised, r.units[k].raised) {
				done[k] = true
				names = append(names, r.units[k].selector.text)
			}
		}
		var body []string
		for k, d := range r.declarations {
			if !u.kept[k] {
				continue
			}
			line := source[d.start:d.end]
			if u.raised[k] {
				line += " !important"
			}
			body = append(body, line)
		}
		if len(body) > 0 {
			parts = append(parts, strings.Join(names, ", ")+" { "+strings.Join(body, "; ")+" }")
		}
	}
	return strings.Join(parts, " "), false
}

func equal(a, b []bool) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
