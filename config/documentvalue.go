package config

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// pair reads key = value into a table. False where it makes no sense.
func (s *scanner) pair(table *entry) bool {
	start := s.pos
	found, last := s.path(table)
	if found == nil {
		s.hide(start, s.pos, hiddenMark)
		return false
	}
	s.spaces()
	if !s.accept('=') {
		// It may be the rest of a password that was broken over two lines.
		if !isKnown(found.name) {
			s.hide(start, s.pos, hiddenMark)
		}
		return false
	}
	s.spaces()
	found.key = last
	found.value.start = s.pos
	if found.given || found.entries != nil || found.elements != nil {
		// QUIRK: the TOML library takes "a.b = 1" and "a = 2", and drops the latter.
		note(&s.twice, last)
	}
	ok := s.value(found, found.name)
	found.value.end, found.given = s.pos, true
	return ok
}

// value reads any value of a key. What is not to be shown hides itself.
func (s *scanner) value(e *entry, key string) bool {
	switch start := s.pos; s.peek() {
	case '[':
		return s.nested(func() bool { return s.array(e, key) })
	case '{':
		return s.nested(func() bool { return s.inline(e) })
	case '"', '\'':
		ok, whole := false, true
		if fence := strings.Repeat(s.text[start:start+1], 3); strings.HasPrefix(s.text[start:], fence) {
			// Where a long string has no end, everything below would seem a part of it.
			if ok, whole = s.long(fence), false; !ok {
				note(&s.endless, span{start, start + len(fence)})
			}
		} else if ok = s.quoted(); !ok {
			s.pos = s.lineEnd()
			whole = !strings.Contains(s.text[start:s.pos], "=")
		}
		if !whole || !isShown(key, s.text[start:s.pos]) {
			s.hide(start, s.pos, hiddenMark)
		}
		return ok
	default:
		s.bare()
		if !isShown(key, s.text[start:s.pos]) {
			s.hide(start, s.pos, hiddenMark)
		}
		return s.pos > start
	}
}

func (s *scanner) nested(read func() bool) bool {
	if s.depth == maxNesting {
		note(&s.tooDeep, span{s.pos, s.pos + 1})
		return false
	}
	s.depth++
	defer func() { s.depth-- }()
	s.pos++
	return read()
}

// array reads the elements behind a [, and the ].
func (s *scanner) array(e *entry, key string) bool {
	for {
		s.blank()
		if s.accept(']') {
			return true
		}
		element := &entry{}
		element.value.start = s.pos
		if !s.value(element, key) {
			return false
		}
		element.value.end = s.pos
		element.key = element.value
		e.elements = append(e.elements, element)
		s.blank()
		if !s.accept(',') && s.peek() != ']' {
			return false
		}
	}
}

// inline reads the pairs behind a {, and the }.
func (s *scanner) inline(e *entry) bool {
	for {
		s.blank()
		if s.accept('}') {
			return true
		}
		if !s.pair(e) {
			return false
		}
		s.blank()
		if !s.accept(',') && s.peek() != '}' {
			return false
		}
	}
}

// long skips a string fenced by three quotes; to the end of the text where it
// is not closed.
func (s *scanner) long(fence string) bool {
	i := s.pos + len(fence)
	for ; i < len(s.text); i++ {
		if s.text[i] == '\\' && fence == `"""` {
			i++
			continue
		}
		if !strings.HasPrefix(s.text[i:], fence) {
			continue
		}
		i += len(fence)
		// One or two quotes may stand right before the fence.
		for n := 0; n < 2 && i < len(s.text) && s.text[i] == fence[0]; n++ {
			i++
		}
		s.pos = i
		return true
	}
	s.pos = len(s.text)
	return false
}

// bare skips a number, a date, true or false.
func (s *scanner) bare() {
	start := s.pos
	for s.pos < len(s.text) && !strings.ContainsRune(" \t\r\n,]}#=\"'", rune(s.text[s.pos])) {
		s.pos++
	}
	// A date may be parted from its time by one space.
	if word := s.text[start:s.pos]; len(word) == 10 && word[4] == '-' && word[7] == '-' && s.peek() == ' ' &&
		s.pos+1 < len(s.text) && '0' <= s.text[s.pos+1] && s.text[s.pos+1] <= '9' {
		s.pos++
		s.bare()
	}
}

// unescape resolves what may be escaped in a basic string.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		// The letter's place in the string is how many digits follow it; of an x, two.
		if digits := strings.IndexByte("x...u...U", text[i]); digits >= 0 && text[i] != '.' {
			digits = max(digits, 2)
			if i+digits < len(text) {
				if code, err := strconv.ParseUint(text[i+1:i+1+digits], 16, 32); err == nil {
					b.WriteRune(rune(min(code, utf8.MaxRune+1)))
					i += digits
					continue
				}
			}
		}
		if n := strings.IndexByte("btnfre", text[i]); n >= 0 {
			b.WriteByte("\b\t\n\f\r\x1b"[n])
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
