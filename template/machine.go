package template

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// machine executes a program, once at a time.
type machine struct {
	program   *program
	run       run
	out       []byte // with what was there before
	limit     int    // of its length
	dot       any
	variables []any
	loops     []turns
	repeated  []repeated
	// stack holds the arguments of calls.
	stack []any
	// scratch are for what one escaper hands to the next.
	scratch [2][]byte
	// at is the position of what failed.
	at int
}

// turns is how far a loop is.
type turns struct {
	list  []any
	table map[string]any
	keys  []string
	// count is how many there are, of numbers too.
	count, done int
}

// maxKept bounds the buffers, in octets, that are kept for the next message.
const maxKept = 1 << 20

// render executes the program, and appends what it makes.
func (p *program) render(ctx context.Context, data any, out []byte) (_ []byte, err error) {
	if err := ctx.Err(); err != nil {
		return out, err
	}
	m, _ := p.machines.Get().(*machine)
	if m == nil {
		m = &machine{program: p, variables: make([]any, p.variables), loops: make([]turns, p.loops), repeated: make([]repeated, p.repeated), stack: make([]any, 0, 16)}
	}
	m.run = run{part: p.part, ends: ctx}
	m.out, m.limit = out, len(out)+p.part.template.options.MaxSize
	m.dot, m.variables[0] = data, data
	defer func() {
		if v := recover(); v != nil {
			err = p.part.document.errorAt(m.at, mistakef("rendering: %v", v))
		}
	}()
	err = m.execute()
	switch {
	case m.run.err != nil:
		err = m.run.err
	case err == errTooLarge:
		err = p.part.tooLarge()
	case err != nil:
		err = p.part.document.errorAt(m.at, err)
	}
	out = m.out
	if m.reset(); err != nil {
		clear(m.stack[:cap(m.stack)])
		m.stack = m.stack[:0]
	}
	p.machines.Put(m)
	return out, err
}

// reset forgets the data.
func (m *machine) reset() {
	m.run = run{}
	m.out, m.dot = nil, nil
	clear(m.variables)
	clear(m.loops)
	for i := range m.scratch {
		if b := &m.scratch[i]; cap(*b) > maxKept {
			*b = nil
		}
	}
}

func (m *machine) execute() error {
	limit, steps := m.limit, m.program.steps
	for i := 0; i < len(steps); i++ {
		s := &steps[i]
		switch s.operation {
		case writeText:
			if m.out = append(m.out, s.text...); len(m.out) > limit {
				return errTooLarge
			}
		case writeValue:
			text, isText, err := m.field(s)
			if isText {
				m.writeText(s, text)
			} else if err == nil {
				var v any
				if v, err = m.evaluate(s.value); err == nil {
					if err = m.write(s, v); err != nil {
						m.at = s.at
					}
				}
			}
			if err != nil {
				return err
			}
			if len(m.out) > limit {
				return errTooLarge
			}
		case jump:
			i = s.to - 1
		case keep:
			m.keep(s)
		case restoreDot:
			m.dot = m.variables[s.saved]
		case next:
			l := &m.loops[s.loop]
			if l.done == l.count {
				m.dot = m.variables[s.saved]
				*l = turns{}
				i = s.to - 1
				continue
			}
			m.take(s, l)
			if err := m.run.step(); err != nil {
				m.at = s.at
				return err
			}
		case loop:
			v, err := m.evaluate(s.value)
			if err != nil {
				return err
			}
			if s.repeated >= 0 && m.repeat(s, v) {
				if m.run.err != nil {
					return m.run.err
				}
				if i = s.ended; len(m.out) > limit {
					return errTooLarge
				}
				continue
			}
			some, err := m.begin(s, v)
			if err != nil {
				m.at = s.at
				return err
			}
			if !some {
				i = s.to - 1
			}
		default:
			v, err := m.evaluate(s.value)
			if err != nil {
				return err
			}
			if s.variable >= 0 {
				m.variables[s.variable] = v
			}
			if s.operation == set {
				continue
			}
			if !truth(v) {
				i = s.to - 1
			} else if s.operation == enter {
				m.variables[s.saved] = m.dot
				m.dot = v
			}
		}
	}
	return nil
}

// begin prepares a loop, and says whether there is anything to go through.
func (m *machine) begin(s *step, v any) (bool, error) {
	l := &m.loops[s.loop]
	*l = turns{}
	for _, variable := range [2]int{s.key, s.item} {
		if variable >= 0 {
			m.variables[variable] = v
		}
	}
	switch v := v.(type) {
	case []any:
		l.list, l.count = v, len(v)
	case map[string]any:
		l.table, l.count = v, len(v)
		for key := range v {
			l.keys = append(l.keys, key)
		}
		slices.Sort(l.keys)
	case int:
		if l.count = max(0, v); s.key >= 0 {
			return false, mistakef("can't use %v to iterate over more than one variable", v)
		}
	}
	m.variables[s.saved] = m.dot
	return l.count > 0, nil
}

// take makes the next item the dot.
func (m *machine) take(s *step, l *turns) {
	var key any
	switch n := l.done; {
	case l.list != nil:
		m.dot = l.list[n]
		if s.key >= 0 {
			key = int64(n)
		}
	case l.table != nil:
		m.dot = l.table[l.keys[n]]
		if s.key >= 0 {
			key = l.keys[n]
		}
	default:
		m.dot = int64(n)
	}
	l.done++
	if s.item >= 0 {
		m.variables[s.item] = m.dot
	}
	if s.key >= 0 {
		m.variables[s.key] = key
	}
}

func (m *machine) evaluate(e *expression) (any, error) {
	switch e.evaluation {
	case constant:
		return e.constant, nil
	case dot:
		return m.dot, nil
	case variableValue:
		return m.variables[e.variable], nil
	case field, optionalField:
		of := m.dot
		if base := e.args[0]; base.evaluation != dot {
			var err error
			if of, err = m.evaluate(base); err != nil {
				return nil, err
			}
		}
		if e.evaluation == optionalField {
			return maybe(of, e.name), nil
		}
		v, err := lookup(of, e.name)
		if err != nil {
			m.at = e.at
		}
		return v, err
	case conjunction, disjunction:
		return m.choose(e)
	}
	return m.call(e)
}

// choose evaluates and and or: no argument behind the one that decides, but for a
// piped one, which is there already.
func (m *machine) choose(e *expression) (any, error) {
	args := e.args
	var piped any
	if e.piped {
		var err error
		if piped, err = m.evaluate(args[len(args)-1]); err != nil {
			return nil, err
		}
		args = args[:len(args)-1]
	}
	var v any
	for _, a := range args {
		var err error
		if v, err = m.evaluate(a); err != nil {
			return nil, err
		}
		if truth(v) == (e.evaluation == disjunction) {
			return v, nil
		}
	}
	if e.piped {
		return piped, nil
	}
	return v, nil
}

func (m *machine) call(e *expression) (any, error) {
	base := len(m.stack)
	for range e.args {
		m.stack = append(m.stack, nil)
	}
	n := len(e.args)
	if e.piped {
		v, err := m.evaluate(e.args[n-1])
		if err != nil {
			return nil, err
		}
		n--
		m.stack[base+n] = v
	}
	for i, a := range e.args[:n] {
		v, err := m.evaluate(a)
		if err != nil {
			return nil, err
		}
		m.stack[base+i] = v
	}
	v, err := e.function.call(&m.run, m.stack[base:])
	clear(m.stack[base:])
	m.stack = m.stack[:base]
	if err != nil {
		m.at = e.at
	}
	if n, ok := v.(int); ok && e.function.name != itemsFunction {
		v = int64(n)
	}
	return v, err
}

// field is the text that a step writes where that is a field of a record, which makes texts
// without making values of them.
func (m *machine) field(s *step) (text string, ok bool, err error) {
	e := s.value
	if e.evaluation != field || s.script {
		return "", false, nil
	}
	of := m.dot
	switch base := e.args[0]; base.evaluation {
	case dot:
	case variableValue, field:
		if of, err = m.evaluate(base); err != nil {
			return "", false, err
		}
	default:
		return "", false, nil
	}
	if r, isText := of.(textRecord); isText {
		text, ok = r.Text(e.name)
	}
	return text, ok, nil
}

// write appends a value through the escapers of the step.
func (m *machine) write(s *step, v any) (err error) {
	if s.script {
		if m.scratch[0], err = appendScript(m.scratch[0][:0], v); err != nil {
			return err
		}
		m.escape(s.escapers, m.scratch[0], 0)
		return nil
	}
	if text, ok := v.(string); ok {
		m.writeText(s, text)
		return nil
	}
	if len(s.escapers) == 0 {
		m.out, err = appendText(m.out, v)
		return err
	}
	if m.scratch[0], err = appendText(m.scratch[0][:0], v); err != nil {
		return err
	}
	m.escape(s.escapers, m.scratch[0], 0)
	return nil
}

func (m *machine) writeText(s *step, text string) {
	switch len(s.escapers) {
	case 0:
		m.out = append(m.out, text...)
	case 1:
		m.out = s.escapers[0].text(m.out, text)
	default:
		m.scratch[0] = s.escapers[0].text(m.scratch[0][:0], text)
		m.escape(s.escapers[1:], m.scratch[0], 0)
	}
}

// escape sends octets, which are in the scratch buffer of the index, through escapers.
func (m *machine) escape(escapers []escaper, b []byte, used int) {
	if len(escapers) == 0 {
		m.out = append(m.out, b...)
		return
	}
	for _, e := range escapers[:len(escapers)-1] {
		used = 1 - used
		m.scratch[used] = e.octets(m.scratch[used][:0], b)
		b = m.scratch[used]
	}
	m.out = escapers[len(escapers)-1].octets(m.out, b)
}

// appendScript appends a value as a script reads it, as html/template does: JSON, with
// space around what could run into a word beside it.
func appendScript(out []byte, v any) ([]byte, error) {
	v, err := show(v)
	if err != nil {
		return out, err
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return out, fmt.Errorf("encoding a value for a script: %w", err)
	}
	if len(encoded) == 0 {
		return append(out, " null "...), nil
	}
	first, _ := utf8.DecodeRune(encoded)
	last, _ := utf8.DecodeLastRune(encoded)
	if !inScriptWord(first) && !inScriptWord(last) {
		return append(out, encoded...), nil
	}
	return append(append(append(out, ' '), encoded...), ' '), nil
}

func inScriptWord(r rune) bool {
	return r == '$' || r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}
