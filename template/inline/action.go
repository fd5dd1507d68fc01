package inline

import (
	"sort"
	"strings"
)

// action is one {{…}} of a template.
type action struct {
	start, end int
	kind       actionKind
	block      int // number of the block that a control action belongs to, from 1
}

type actionKind uint8

const (
	actionOutput   actionKind = iota // writes a value
	actionSilent                     // a comment or an assignment: writes nothing
	actionOpen                       // if, with, range
	actionElse                       // else, else if, else with
	actionEnd                        // end
	actionDefine                     // define and block: the text goes elsewhere too
	actionTemplate                   // template: another's text, with tags
)

func (k actionKind) control() bool {
	return k == actionOpen || k == actionElse || k == actionEnd || k == actionDefine
}

// actions are the actions of a source in order, and what follows from how they nest.
type actions struct {
	list   []action
	blocks int
	// define has, for each block, whether define or block opens it.
	define []bool
	// depth[i] is how many blocks are open behind action i, and within[i] the innermost.
	depth, within []int
	parent        []int // of each block
	// spans are where the first action of each block starts and its last one ends.
	spans [][2]int
}

// findActions finds the actions of a source, as text/template's lexer does: strings,
// raw strings and comments may hold braces.
func findActions(source string) (*actions, *Error) {
	a := &actions{define: []bool{false}, parent: []int{0}, spans: make([][2]int, 1)}
	var open []int
	for from := 0; ; {
		i := strings.Index(source[from:], "{{")
		if i < 0 {
			break
		}
		start := from + i
		end := actionEndOf(source, start)
		if end < 0 {
			return nil, errorAt(source, start, "the action is not closed")
		}
		act := action{start: start, end: end, kind: kindOf(source[start+2 : end-2])}
		switch act.kind {
		case actionOpen, actionDefine:
			a.blocks++
			a.define = append(a.define, act.kind == actionDefine)
			a.parent = append(a.parent, last(open))
			a.spans = append(a.spans, [2]int{start, end})
			open = append(open, a.blocks)
			act.block = a.blocks
		case actionElse, actionEnd:
			act.block = last(open)
			a.spans[act.block][1] = end
		}
		if act.kind == actionEnd {
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
		a.list = append(a.list, act)
		a.depth = append(a.depth, len(open))
		a.within = append(a.within, last(open))
		from = end
	}
	return a, nil
}

func last(stack []int) int {
	if len(stack) == 0 {
		return 0
	}
	return stack[len(stack)-1]
}

// actionEndOf returns the offset behind the action that starts at start, -1 for none.
func actionEndOf(source string, start int) int {
	i := start + 2
	comment := i
	if strings.HasPrefix(source[i:], "- ") {
		comment += 2
	}
	if strings.HasPrefix(source[comment:], "/*") {
		end := strings.Index(source[comment+2:], "*/")
		if end < 0 {
			return -1
		}
		i = comment + 2 + end + 2
	}
	for i < len(source) {
		switch c := source[i]; c {
		case '}':
			if strings.HasPrefix(source[i:], "}}") {
				return i + 2
			}
			i++
		case '`':
			end := strings.IndexByte(source[i+1:], '`')
			if end < 0 {
				return -1
			}
			i += end + 2
		case '"', '\'':
			for i++; i < len(source) && source[i] != c && source[i] != '\n'; i++ {
				if source[i] == '\\' {
					i++
				}
			}
			i++
		default:
			i++
		}
	}
	return -1
}

func kindOf(inner string) actionKind {
	inner = strings.TrimPrefix(inner, "- ")
	inner = strings.TrimSuffix(inner, " -")
	inner = strings.TrimSpace(inner)
	word := inner
	if i := strings.IndexAny(inner, " \t\r\n(\"`"); i >= 0 {
		word = inner[:i]
	}
	switch word {
	case "if", "with", "range":
		return actionOpen
	case "else":
		return actionElse
	case "end":
		return actionEnd
	case "define", "block":
		return actionDefine
	case "template":
		return actionTemplate
	case "break", "continue", "":
		return actionSilent
	}
	if strings.HasPrefix(inner, "/*") {
		return actionSilent
	}
	if word[0] == '$' {
		rest := strings.TrimSpace(inner[len(word):])
		if strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ":=") {
			return actionSilent
		}
	}
	return actionOutput
}

// at returns the action that covers the offset, nil for none.
func (a *actions) at(offset int) *action {
	if i := a.before(offset); i >= 0 && offset < a.list[i].end {
		return &a.list[i]
	}
	return nil
}

// before returns the number of the last action that starts at the offset or before it, -1
// for none.
func (a *actions) before(offset int) int {
	return sort.Search(len(a.list), func(i int) bool { return a.list[i].start > offset }) - 1
}

// any says whether an action starts within [start, end).
func (a *actions) any(start, end int) bool {
	i := a.before(start-1) + 1
	return i < len(a.list) && a.list[i].start < end
}

// depthAt returns how many blocks are open at the offset.
func (a *actions) depthAt(offset int) int {
	if i := a.before(offset); i >= 0 {
		return a.depth[i]
	}
	return 0
}

// defineAt returns the innermost define or block that the offset is in, 0 for none.
func (a *actions) defineAt(offset int) int {
	i := a.before(offset)
	if i < 0 {
		return 0
	}
	for b := a.within[i]; b != 0; b = a.parent[b] {
		if a.define[b] {
			return b
		}
	}
	return 0
}

// mask returns source[start:end] with its actions replaced by as many letters, or spaces
// where they write nothing.
func (a *actions) mask(source string, start, end int) string {
	if !a.any(start, end) {
		return source[start:end]
	}
	masked := []byte(source[start:end])
	for i := a.before(start-1) + 1; i < len(a.list) && a.list[i].start < end; i++ {
		fill := byte('x')
		if k := a.list[i].kind; k.control() || k == actionSilent {
			fill = ' '
		}
		for j := a.list[i].start; j < min(a.list[i].end, end); j++ {
			masked[j-start] = fill
		}
	}
	return string(masked)
}
