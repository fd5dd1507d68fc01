package inline

import (
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/tdewolff/parse/v2/css"
)

// selector is one of a rule's selectors, without commas.
type selector struct {
	text        string
	compounds   []*compound
	combinators []byte // between the compounds: ' ', '>', '+' or '~'
	specificity cascadia.Specificity
	// elsewhere is set where it selects pseudo-elements: boxes that no style attribute
	// reaches, and with which none competes.
	elsewhere bool
	// hook is set where it looks for what one mail reader adds to the page.
	hook bool
	// positional is set where it depends on what stands beside an element.
	positional bool
}

// compound is what stands between combinators: "td.price:first-child".
type compound struct {
	text    string
	simples []simple
	hook    bool
}

// simple is the smallest part of a selector, and how it is told whether it matches.
type simple struct {
	kind  simpleKind
	text  string
	name  string // the attribute it asks for, or the type
	hook  bool
	match cascadia.Sel // nil where nothing can be told
	not   []*compound
}

type simpleKind uint8

const (
	simpleType simpleKind = iota
	simpleID
	simpleClass
	simpleAttribute
	simplePosition // :first-child and the like
	simpleRoot
	simpleNot
	simpleReader // :hover and the like: only the reader knows
)

// positions are the pseudo-classes that ask where an element stands.
var positions = map[string]bool{
	"first-child": true, "last-child": true, "only-child": true,
	"first-of-type": true, "last-of-type": true, "only-of-type": true,
	"nth-child(": true, "nth-last-child(": true, "nth-of-type(": true, "nth-last-of-type(": true,
}

// states are the pseudo-classes that a style attribute cannot follow, or on which
// cascadia and browsers differ (:empty, :lang), or which it does not know (:is).
var states = map[string]bool{
	"hover": true, "active": true, "focus": true, "focus-within": true, "focus-visible": true, "link": true,
	"visited": true, "any-link": true, "target": true, "enabled": true, "disabled": true, "checked": true,
	"default": true, "indeterminate": true, "required": true, "optional": true, "valid": true, "invalid": true,
	"in-range": true, "out-of-range": true, "read-only": true, "read-write": true, "placeholder-shown": true,
	"autofill": true, "fullscreen": true, "defined": true, "open": true, "empty": true,
	"lang(": true, "dir(": true, "has(": true, "is(": true, "where(": true, "-webkit-any(": true, "matches(": true,
}

// boxes are the pseudo-elements of CSS. Any that starts with -webkit- is valid too.
var boxes = map[string]bool{
	"before": true, "after": true, "first-line": true, "first-letter": true, "selection": true, "marker": true,
	"placeholder": true, "backdrop": true, "file-selector-button": true,
}

// hooks are what readers add to pages, and style sheets look for, to reach one of them.
var hooks = []string{
	".externalclass", ".readmsgbody", "#outlook", ".yshortcuts", "#messageviewbody", "#messagewebviewdiv",
	"[data-ogsc", "[data-ogsb", "[data-ogac", "[data-ogab", "[owa", "[office365", "[x-apple-data-detectors",
	".moz-text-html", ".moz-text-flowed", ".gmail", ".aolmail", ".msonormal", ".apple-link", ".im", "[x-webkit",
	".a6s", ".gmx", ".ii", ".adn",
}

func isHook(kind simpleKind, text string) bool {
	for _, hook := range hooks {
		if text == hook || (kind == simpleAttribute || hook == ".gmail") && strings.HasPrefix(text, hook) {
			return true
		}
	}
	return false
}

// selectors reads a rule's list of selectors. nil says that one of them is none that a
// browser would know: then it passes over the whole rule (Selectors Level 4, section 3.9).
func selectors(sheet string, list []token) []*selector {
	var found []*selector
	for _, part := range split(list, css.CommaToken) {
		s := newSelector(sheet, trim(part))
		if s == nil {
			return nil
		}
		found = append(found, s)
	}
	return found
}

// newSelector reads one selector, nil for none.
func newSelector(sheet string, list []token) *selector {
	s := &selector{text: text(sheet, list)}
	var current []token
	finish := func() bool {
		c, ok := s.compound(sheet, current)
		current = nil
		if ok {
			s.compounds = append(s.compounds, c)
		}
		return ok
	}
	for i := 0; i < len(list); i++ {
		t := list[i]
		if !t.blank() && !isCombinator(sheet, t) {
			end := i
			if t.opens() {
				end = min(blockEnd(list, i), len(list)-1)
			}
			current = append(current, list[i:end+1]...)
			i = end
			continue
		}
		combinator := byte(0)
		for ; i < len(list) && (list[i].blank() || isCombinator(sheet, list[i])); i++ {
			switch {
			case list[i].kind == css.CommentToken:
			case list[i].kind == css.WhitespaceToken:
				combinator = max(combinator, ' ')
			case combinator > ' ':
				return nil // two of them
			default:
				combinator = sheet[list[i].start]
			}
		}
		i--
		if combinator == 0 { // a comment within a compound
			continue
		}
		if !finish() {
			return nil
		}
		s.combinators = append(s.combinators, combinator)
	}
	if !finish() {
		return nil
	}
	for i, c := range s.compounds {
		// u + .body: Gmail puts <u></u> before what was the body.
		if c.text == "u" && i+1 < len(s.compounds) && s.combinators[i] == '+' {
			c.hook, c.simples[0].hook = true, true
		}
		s.hook = s.hook || c.hook
	}
	for _, c := range s.combinators {
		s.positional = s.positional || c == '+' || c == '~'
	}
	return s
}

func isCombinator(sheet string, t token) bool {
	if t.kind != css.DelimToken {
		return false
	}
	c := sheet[t.start]
	return c == '>' || c == '+' || c == '~'
}

// compound reads what stands between two combinators, and adds its specificity.
func (s *selector) compound(sheet string, list []token) (*compound, bool) {
	if len(list) == 0 || s.elsewhere {
		return nil, false
	}
	c := &compound{text: sheet[list[0].start:list[len(list)-1].end]}
	for i := 0; i < len(list); i++ {
		start, end := i, i
		p := simple{}
		switch t := list[i]; {
		case t.kind == css.IdentToken, t.kind == css.DelimToken && sheet[t.start] == '*':
			if i != 0 {
				return nil, false
			}
			p.kind, p.name = simpleType, lower(sheet[t.start:t.end])
		case t.kind == css.HashToken:
			p.kind, p.name = simpleID, "id"
		case t.kind == css.DelimToken && sheet[t.start] == '.' && i+1 < len(list) && list[i+1].kind == css.IdentToken:
			p.kind, p.name = simpleClass, "class"
			end++
		case t.kind == css.LeftBracketToken:
			end = blockEnd(list, i)
			if end == len(list) {
				return nil, false
			}
			inner := trim(list[i+1 : end])
			if len(inner) == 0 || inner[0].kind != css.IdentToken {
				return nil, false
			}
			for _, t := range inner {
				if t.kind == css.DelimToken && (sheet[t.start] == '!' || sheet[t.start] == '#') {
					return nil, false // cascadia's own
				}
			}
			p.kind, p.name = simpleAttribute, lower(sheet[inner[0].start:inner[0].end])
		case t.kind == css.ColonToken:
			end++
			double := end < len(list) && list[end].kind == css.ColonToken
			if double {
				end++
			}
			if end >= len(list) || list[end].kind != css.IdentToken && list[end].kind != css.FunctionToken {
				return nil, false
			}
			first := end
			name := lower(sheet[list[end].start:list[end].end])
			if list[end].kind == css.FunctionToken {
				if end = blockEnd(list, end); end == len(list) {
					return nil, false
				}
			}
			switch legacy := name == "before" || name == "after" || name == "first-line" || name == "first-letter"; {
			case double || legacy:
				if !boxes[name] && !strings.HasPrefix(name, "-webkit-") {
					return nil, false
				}
				s.elsewhere = true
				s.specificity[2]++
				i = end
				continue
			case name == "root":
				p.kind = simpleRoot
			case positions[name]:
				p.kind = simplePosition
				s.positional = true
			case name == "not(":
				p.kind = simpleNot
				var ok bool
				if p.not, ok = s.negated(sheet, list[first+1:end]); !ok {
					return nil, false
				}
			case states[name]:
				p.kind = simpleReader
				s.positional = s.positional || name == "empty"
				s.specificity = s.specificity.Add(stateSpecificity(sheet, name, list[min(first+1, end):end]))
			default:
				return nil, false
			}
		default:
			return nil, false
		}
		p.text = sheet[list[start].start:list[end].end]
		switch p.kind {
		case simpleReader, simpleNot:
		default:
			match, err := cascadia.Parse(p.text)
			if err != nil {
				return nil, false
			}
			p.match = match
			s.specificity = s.specificity.Add(match.Specificity())
		}
		if p.kind == simpleID || p.kind == simpleClass || p.kind == simpleAttribute {
			p.hook = isHook(p.kind, lower(p.text))
			c.hook = c.hook || p.hook
		}
		c.simples = append(c.simples, p)
		i = end
	}
	return c, true
}

// negated reads what is in :not(). It counts as much as the most specific of them.
func (s *selector) negated(sheet string, list []token) ([]*compound, bool) {
	var most cascadia.Specificity
	var found []*compound
	for _, part := range split(list, css.CommaToken) {
		inner := newSelector(sheet, trim(part))
		if inner == nil || len(inner.compounds) != 1 || inner.elsewhere {
			return nil, false
		}
		if most.Less(inner.specificity) {
			most = inner.specificity
		}
		s.positional = s.positional || inner.positional
		found = append(found, inner.compounds[0])
	}
	s.specificity = s.specificity.Add(most)
	return found, true
}

// stateSpecificity is that of a pseudo-class, or of what is in it (Selectors Level 4,
// section 15).
func stateSpecificity(sheet, name string, list []token) cascadia.Specificity {
	switch name {
	case "where(":
		return cascadia.Specificity{}
	case "is(", "has(", "-webkit-any(", "matches(":
		var most cascadia.Specificity
		for _, part := range split(list, css.CommaToken) {
			part = trim(part)
			for len(part) > 0 && (part[0].blank() || isCombinator(sheet, part[0])) {
				part = part[1:]
			}
			if inner := newSelector(sheet, part); inner != nil && most.Less(inner.specificity) {
				most = inner.specificity
			}
		}
		return most
	}
	return cascadia.Specificity{0, 1, 0}
}
