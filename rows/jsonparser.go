package rows

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonParser checks and reads one value of RFC 8259, and is stricter where readers
// differ (section 8 and RFC 7493): names of one object are unique, text is valid
// UTF-8, and an escape that is half of a character is an error.
type jsonParser struct {
	text  []byte
	pos   int
	depth int
}

// jsonError is a fault in a value.
type jsonError struct {
	offset int
	text   string
	// syntax: nothing can be said about what follows.
	syntax bool
}

func (e *jsonError) Error() string { return e.text }

func (p *jsonParser) syntax(format string, args ...any) error {
	return &jsonError{p.pos, fmt.Sprintf(format, args...), true}
}

// unexpected is a byte that does not fit.
func (p *jsonParser) unexpected(wanted string) error {
	if p.pos >= len(p.text) {
		return p.syntax("ends where %s should be", wanted)
	}
	r, _ := utf8.DecodeRune(p.text[p.pos:])
	return p.syntax("%q where %s should be", r, wanted)
}

// blank passes over white space and returns the byte behind it, or 0 at the end.
func (p *jsonParser) blank() byte {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

// whole makes the value that the text is.
func (p *jsonParser) whole() (any, error) {
	value, err := p.value()
	if err == nil {
		err = p.end()
	}
	return value, err
}

// end makes sure that only white space is left.
func (p *jsonParser) end() error {
	if p.blank(); p.pos < len(p.text) {
		return p.unexpected("the end")
	}
	return nil
}

// value makes the next value.
func (p *jsonParser) value() (any, error) {
	switch c := p.blank(); {
	case c == '{':
		object := map[string]any{}
		err := p.members(func(name []byte) error {
			value, err := p.value()
			object[string(name)] = value
			return err
		})
		return object, err
	case c == '[':
		list := []any{}
		err := p.items(func() error {
			value, err := p.value()
			list = append(list, value)
			return err
		})
		return list, err
	case c == '"':
		text, err := p.string()
		return string(text), err
	case c == '-' || c >= '0' && c <= '9':
		start := p.pos
		if err := p.number(); err != nil {
			return nil, err
		}
		value, err := jsonNumber(string(p.text[start:p.pos]))
		if err != nil {
			return nil, &jsonError{start, err.Error(), false}
		}
		return value, nil
	case c == 't':
		return true, p.word("true")
	case c == 'f':
		return false, p.word("false")
	case c == 'n':
		return nil, p.word("null")
	}
	return nil, p.unexpected("a value")
}

// skip checks the next value without making it.
func (p *jsonParser) skip() error {
	switch c := p.blank(); {
	case c == '{':
		return p.members(func([]byte) error { return p.skip() })
	case c == '[':
		return p.items(p.skip)
	case c == '"':
		_, err := p.string()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return p.word("true")
	case c == 'f':
		return p.word("false")
	case c == 'n':
		return p.word("null")
	}
	return p.unexpected("a value")
}

func (p *jsonParser) enter() error {
	p.pos++
	if p.depth++; p.depth > MaxDepth {
		return &jsonError{p.pos, fmt.Sprintf("more than %d lists and objects inside each other", MaxDepth), false}
	}
	return nil
}

// members reads an object; member reads the value behind a name, and keeps the name no
// longer than the call.
func (p *jsonParser) members(member func(name []byte) error) error {
	if err := p.enter(); err != nil {
		return err
	}
	seen := memberNames{}
	for first := true; ; first = false {
		c := p.blank()
		if first && c == '}' {
			break
		}
		if c != '"' {
			return p.unexpected("a name in quotes")
		}
		start := p.pos
		name, err := p.string()
		if err != nil {
			return err
		}
		if seen.again(name) {
			return &jsonError{start, fmt.Sprintf("two values with the name %s in one object", excerpt(string(name))), false}
		}
		if p.blank() != ':' {
			return p.unexpected("a colon")
		}
		p.pos++
		if err := member(name); err != nil {
			return err
		}
		if c = p.blank(); c == '}' {
			break
		}
		if c != ',' {
			return p.unexpected("a comma or the end of the object")
		}
		p.pos++
	}
	p.pos++
	p.depth--
	return nil
}

// memberNames are those of an object so far. Most have few.
type memberNames struct {
	few   [16][]byte
	count int
	many  map[string]bool
}

// again adds a name, and says whether it was there.
func (m *memberNames) again(name []byte) bool {
	if m.many != nil {
		if m.many[string(name)] {
			return true
		}
		m.many[string(name)] = true
		return false
	}
	for _, other := range m.few[:m.count] {
		if bytes.Equal(name, other) {
			return true
		}
	}
	if m.count < len(m.few) {
		m.few[m.count] = name
		m.count++
		return false
	}
	m.many = map[string]bool{string(name): true}
	for _, name := range m.few {
		m.many[string(name)] = true
	}
	return false
}

// items reads a list; item reads one of its values.
func (p *jsonParser) items(item func() error) error {
	if err := p.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if first && p.blank() == ']' {
			break
		}
		if err := item(); err != nil {
			return err
		}
		c := p.blank()
		if c == ']' {
			break
		}
		if c != ',' {
			return p.unexpected("a comma or the end of the list")
		}
		p.pos++
	}
	p.pos++
	p.depth--
	return nil
}

func (p *jsonParser) word(word string) error {
	if !bytes.HasPrefix(p.text[p.pos:], []byte(word)) {
		return p.unexpected("a value")
	}
	p.pos += len(word)
	return nil
}

// number checks the grammar of RFC 8259, section 6.
func (p *jsonParser) number() error {
	digits := func() bool {
		start := p.pos
		for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
			p.pos++
		}
		return p.pos > start
	}
	next := func() byte {
		if p.pos < len(p.text) {
			return p.text[p.pos]
		}
		return 0
	}
	if next() == '-' {
		p.pos++
	}
	if next() == '0' {
		p.pos++
		if c := next(); c >= '0' && c <= '9' {
			return p.syntax("a number that begins with 0")
		}
	} else if !digits() {
		return p.unexpected("a digit")
	}
	if next() == '.' {
		p.pos++
		if !digits() {
			return p.unexpected("a digit")
		}
	}
	if c := next(); c == 'e' || c == 'E' {
		p.pos++
		if c := next(); c == '+' || c == '-' {
			p.pos++
		}
		if !digits() {
			return p.unexpected("a digit")
		}
	}
	return nil
}

var errLargeNumber = errors.New("a number too large")

// jsonNumber is the value of a number that has been checked.
func jsonNumber(text string) (any, error) {
	for i := range len(text) {
		if c := text[i]; c == '.' || c == 'e' || c == 'E' {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil || math.IsInf(value, 0) {
				return nil, errLargeNumber
			}
			return value, nil
		}
	}
	return integer(text), nil
}

// string reads text and its quotes. Without escapes it is part of the input.
func (p *jsonParser) string() ([]byte, error) {
	p.pos++
	start := p.pos
	escaped, ascii := false, true
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '"':
			text := p.text[start:p.pos]
			if !ascii && !utf8.Valid(text) {
				at := invalidAt(text)
				return nil, &jsonError{start + at, fmt.Sprintf("byte 0x%02X is no UTF-8", text[at]), false}
			}
			p.pos++
			if escaped {
				return unescaped(text, start)
			}
			return text, nil
		case c == '\\':
			escaped = true
			p.pos++ // whatever follows is looked at in the end
		case c < ' ':
			return nil, p.syntax("control character 0x%02X in a text", c)
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	p.pos = len(p.text)
	return nil, p.unexpected("the closing quotes of a text")
}

// unescaped resolves the escapes of RFC 8259, section 7. The text begins at start of
// the value, for errors.
func unescaped(text []byte, start int) ([]byte, error) {
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' {
			plain = append(plain, c)
			continue
		}
		i++ // there is one: the quotes were not escaped
		switch text[i] {
		case '"', '\\', '/':
			plain = append(plain, text[i])
		case 'b':
			plain = append(plain, '\b')
		case 'f':
			plain = append(plain, '\f')
		case 'n':
			plain = append(plain, '\n')
		case 'r':
			plain = append(plain, '\r')
		case 't':
			plain = append(plain, '\t')
		case 'u':
			r, ok := hexRune(text[i+1:])
			if !ok {
				return nil, &jsonError{start + i - 1, "\\u without four digits behind it", true}
			}
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if rest := text[i+5:]; bytes.HasPrefix(rest, []byte(`\u`)) {
					low, ok = hexRune(rest[2:])
				}
				whole := utf16.DecodeRune(r, low)
				if !ok || whole == utf8.RuneError {
					return nil, &jsonError{start + i - 1, fmt.Sprintf("%s is half of a character", text[i-1:i+5]), false}
				}
				r = whole
				i += 6
			}
			i += 4
			plain = utf8.AppendRune(plain, r)
		default:
			return nil, &jsonError{start + i - 1, fmt.Sprintf("unknown escape \\%c", text[i]), true}
		}
	}
	return plain, nil
}

func hexRune(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range text[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
