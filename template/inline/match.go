package inline

// truth is an answer of three: whether a selector matches may depend on the data.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func (t truth) not() truth { return yes - t }

// matcher says which elements a selector matches, in time that grows with the elements
// times the compounds, however deep the page is.
type matcher struct {
	document *document
	known    map[string][]truth // of each compound; nil where no element matches
	work     int                // what is left of the limit
}

// settle takes from the names that readers are known for those that the page has itself.
func (m *matcher) settle(s *selector) {
	s.hook = false
	for _, c := range s.compounds {
		c.hook = false
		for i := range c.simples {
			p := &c.simples[i]
			if p.hook && (p.kind == simpleID || p.kind == simpleClass) && m.document.names[unescaped(p.match.String())] {
				p.hook = false
			}
			c.hook = c.hook || p.hook
		}
		s.hook = s.hook || c.hook
	}
}

// selector returns an answer for each element, nil where none matches. ok is false where
// the limit is used up.
func (m *matcher) selector(s *selector) (answer []truth, ok bool) {
	m.settle(s)
	elements := m.document.elements
	var current []truth
	for i, c := range s.compounds {
		own, ok := m.compound(c)
		if !ok {
			return nil, false
		}
		if own == nil && !(c.hook && i+1 < len(s.compounds)) {
			return nil, true
		}
		if i == 0 || s.compounds[i].hook && i+1 < len(s.compounds) {
			current = own
			continue
		}
		if m.work -= len(elements); m.work < 0 {
			return nil, false
		}
		next := make([]truth, len(elements))
		if s.compounds[i-1].hook { // what the reader adds may be anywhere
			for e := range next {
				next[e] = maybe
			}
		} else {
			m.relate(current, next, s.combinators[i-1])
		}
		for e := range next {
			next[e] = min(next[e], own[e])
		}
		current = next
	}
	m.work -= len(elements) // to read the answer
	return current, m.work >= 0
}

// relate says of each element whether one that it stands to as the combinator says is in
// from.
func (m *matcher) relate(from, to []truth, combinator byte) {
	elements := m.document.elements
	for i, e := range elements {
		switch combinator {
		case ' ':
			if e.parent >= 0 {
				to[i] = to[e.parent]
				above := from[e.parent]
				if e.loose {
					above = min(above, maybe)
				}
				to[i] = max(to[i], above)
			}
			switch {
			case e.root:
				to[i] = maybe
			case e.loose:
				to[i] = max(to[i], maybe)
			}
		case '>':
			if e.parent >= 0 {
				to[i] = from[e.parent]
			}
			if e.root || e.loose {
				to[i] = maybe
			}
		case '+', '~':
			if e.previous >= 0 {
				to[i] = from[e.previous]
				if combinator == '~' {
					to[i] = max(to[i], to[e.previous])
				}
			}
			if e.root || e.parent >= 0 && elements[e.parent].changing {
				to[i] = maybe
			}
		}
	}
}

// compound returns an answer for each element, nil where none matches.
func (m *matcher) compound(c *compound) (answer []truth, ok bool) {
	if answer, known := m.known[c.text]; known {
		return answer, true
	}
	if m.absent(c) {
		m.known[c.text] = nil
		return nil, true
	}
	elements := m.document.elements
	if m.work -= len(elements) * len(c.simples); m.work < 0 {
		return nil, false
	}
	if added(c) {
		m.known[c.text] = nil
		return nil, true
	}
	answer = make([]truth, len(elements))
	found := false
	for i := range elements {
		if answer[i] = m.element(c, i); answer[i] != no {
			found = true
		}
	}
	if !found {
		answer = nil
	}
	m.known[c.text] = answer
	return answer, true
}

// added says that a compound asks only for what a reader adds to pages.
func added(c *compound) bool {
	for _, p := range c.simples {
		if !p.hook {
			return false
		}
	}
	return len(c.simples) > 0
}

// absent says that the page has nothing of a name that a compound asks for.
func (m *matcher) absent(c *compound) bool {
	if m.document.anyName {
		return false
	}
	for _, p := range c.simples {
		switch p.kind {
		case simpleType, simpleClass, simpleID:
			if p.hook {
				continue
			}
			if name := p.match.String(); name != "*" && name != "" && !m.document.names[unescaped(name)] {
				return true
			}
		}
	}
	return false
}

// unescaped takes away the backslashes that cascadia puts into names.
func unescaped(name string) string {
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+1 < len(name) {
			i++
		}
		out = append(out, name[i])
	}
	return string(out)
}

func (m *matcher) element(c *compound, i int) truth {
	answer := yes
	for k := range c.simples {
		if answer = min(answer, m.simple(&c.simples[k], i)); answer == no {
			break
		}
	}
	return answer
}

func (m *matcher) simple(p *simple, i int) truth {
	e := m.document.elements[i]
	if p.hook {
		return maybe
	}
	switch p.kind {
	case simpleReader:
		return maybe
	case simpleRoot:
		if e.root {
			return maybe
		}
	case simpleNot:
		any := no
		for _, c := range p.not {
			any = max(any, m.element(c, i))
		}
		return any.not()
	case simplePosition:
		if e.root || e.loose || e.parent >= 0 && (m.document.elements[e.parent].changing || m.document.elements[e.parent].children > crowd) {
			return maybe
		}
	case simpleType:
		if e.tag != nil && e.tag.strange && p.name != "*" {
			return maybe
		}
	case simpleID, simpleClass, simpleAttribute:
		if e.tag != nil && e.tag.unknown {
			return maybe
		}
		if e.unsure[p.name] {
			if p.kind == simpleClass && p.match.Match(e.node) || p.kind == simpleAttribute && e.present[p.name] && presence(p) {
				return yes
			}
			return maybe
		}
	}
	if p.match.Match(e.node) {
		return yes
	}
	return no
}

// presence says whether a selector asks only that an attribute is there: [href].
func presence(p *simple) bool {
	for i := 0; i < len(p.text); i++ {
		if p.text[i] == '=' {
			return false
		}
	}
	return true
}
