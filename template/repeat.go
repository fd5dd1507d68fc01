package template

import "time"

// A merge gives its templates the very value again where a table of the script is the same for
// the next row: a list of offers, say. What a loop makes of such a list, and of nothing else,
// is then the same too, and is written again as octets.

// repeated is what a loop made of a list.
type repeated struct {
	list []any
	// out is that, once it is known; turns are how many were counted.
	out   []byte
	known bool
	turns int
	// from is where out begins in what the machine writes, -1 unless it is being made.
	from, before int
}

// maxRepeated bounds what is kept of a loop, in octets.
const maxRepeated = 64 << 10

// repeat writes what a loop made of the list before, and reports whether it has. When a list
// comes for the second time, it begins to keep that.
func (m *machine) repeat(s *step, v any) bool {
	r := &m.repeated[s.repeated]
	r.from = -1
	list, _ := v.([]any)
	switch {
	case len(list) == 0:
	case len(list) != len(r.list) || &list[0] != &r.list[0]:
		r.list, r.known = list, false
	case !r.known:
		if isFixed(list, maxFixed) {
			r.from, r.before = len(m.out), m.run.steps
		}
	case m.run.steps+r.turns <= m.program.part.template.maxSteps:
		m.run.skip(r.turns)
		m.out = append(m.out, r.out...)
		return true
	}
	return false
}

// keep ends what repeat has begun.
func (m *machine) keep(s *step) {
	r := &m.repeated[s.repeated]
	if r.from >= 0 && len(m.out)-r.from <= maxRepeated {
		r.out, r.turns, r.known = append(r.out[:0], m.out[r.from:]...), m.run.steps-r.before, true
	}
	r.from = -1
}

// maxFixed is how deep tables in a list may lie.
const maxFixed = 4

// isFixed reports whether a value consists of what never changes: a record may make another
// field each time, and notes what is wrong with it.
func isFixed(v any, depth int) bool {
	switch v := v.(type) {
	case nil, string, bool, int64, float64, time.Time:
		return true
	case []any:
		for _, item := range v {
			if depth == 0 || !isFixed(item, depth-1) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, item := range v {
			if depth == 0 || !isFixed(item, depth-1) {
				return false
			}
		}
		return true
	}
	return false
}

// repeats reports whether the body of a loop uses nothing but the items: no variable from
// outside, which have the slots before first, and not the time.
func repeats(body []step, first int) bool {
	for i := range body {
		s := &body[i]
		assigned := [2]int{-1, -1}
		switch s.operation {
		case set, unless, enter:
			assigned[0] = s.variable
		case loop:
			assigned = [2]int{s.key, s.item}
		}
		for _, slot := range assigned {
			if slot >= 0 && slot < first {
				return false
			}
		}
		if s.value != nil && !s.value.isWithin(first) {
			return false
		}
	}
	return true
}

// isWithin reports whether an expression uses only what is the loop's own.
func (e *expression) isWithin(first int) bool {
	if e.evaluation == variableValue && e.variable < first || e.function != nil && e.function.name == "now" {
		return false
	}
	for _, a := range e.args {
		if !a.isWithin(first) {
			return false
		}
	}
	return true
}
