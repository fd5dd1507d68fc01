package lualib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	// maxPattern is how long a pattern may be, in bytes. The matcher recurses once for each item of it.
	maxPattern = 4 << 10
	// maxCaptures is LUA_MAXCAPTURES of PUC Lua 5.1.
	maxCaptures = 32
	// A pattern with several repetitions can take time by any power of the length of the subject. A call may
	// take this many steps, about 0.2 s, and some for each byte that it is given.
	stepsOfCall = 20_000_000
	stepsOfByte = 64
)

const (
	captureOpen     = -1 // length of a capture that has not been closed
	capturePosition = -2 // length of (), which captures its position
)

type capture struct{ start, length int }

// matcher matches one pattern against one subject, as lstrlib.c of Lua 5.1 does. Positions are offsets; -1 is no
// match.
type matcher struct {
	L        *lua.LState
	subject  string
	pattern  string // without the anchor
	anchored bool
	level    int // captures in use
	captures [maxCaptures]capture
	steps    int
}

// prepare sets up the match of a call to name, whose second argument is the pattern. A matcher is a variable of its
// caller, not a pointer: it then lives on the stack of Go.
func (m *matcher) prepare(L *lua.LState, name, subject, pattern string, anchors bool) {
	if len(pattern) > maxPattern {
		L.RaiseError("%s: pattern is longer than 4 KiB", name)
	}
	m.L, m.subject, m.pattern = L, subject, pattern
	if anchors && strings.HasPrefix(pattern, "^") {
		m.pattern, m.anchored = pattern[1:], true
	}
	m.steps = stepsOfCall + stepsOfByte*len(subject)
}

func (m *matcher) fail(text string) { m.L.RaiseError("%s", text) }

func (m *matcher) step() {
	m.steps--
	if m.steps%poll == 0 {
		stopped(m.L)
		if m.steps <= 0 {
			m.fail("pattern is too complex for this string: gave up after 20 million steps")
		}
	}
}

// find looks for the first match at or after start.
func (m *matcher) find(start int) (from, to int) {
	first, literal := m.firstByte()
	for s := start; s <= len(m.subject); s++ {
		if literal && !m.anchored {
			i := strings.IndexByte(m.subject[s:], first)
			if i < 0 {
				return -1, -1
			}
			s += i
		}
		if end := m.at(s); end >= 0 {
			return s, end
		}
		if m.anchored {
			break
		}
	}
	return -1, -1
}

// firstByte is the byte every match begins with, if the pattern says so.
func (m *matcher) firstByte() (byte, bool) {
	p := m.pattern
	if p == "" || strings.IndexByte("^$*+?.([%-)]", p[0]) >= 0 {
		return 0, false
	}
	if len(p) > 1 && strings.IndexByte("*?-", p[1]) >= 0 {
		return 0, false
	}
	return p[0], true
}

// at matches at one position and returns where the match ends.
func (m *matcher) at(s int) int {
	m.level = 0
	return m.match(s, 0)
}

// match matches the pattern from p on against the subject from s on.
func (m *matcher) match(s, p int) int {
	for p < len(m.pattern) {
		m.step()
		switch c := m.pattern[p]; {
		case c == '(':
			if p+1 < len(m.pattern) && m.pattern[p+1] == ')' {
				return m.open(s, p+2, capturePosition)
			}
			return m.open(s, p+1, captureOpen)
		case c == ')':
			return m.close(s, p+1)
		case c == '$' && p+1 == len(m.pattern):
			if s == len(m.subject) {
				return s
			}
			return -1
		case c == '%' && p+1 < len(m.pattern) && m.pattern[p+1] == 'b':
			if s = m.balance(s, p+2); s < 0 {
				return -1
			}
			p += 4
			continue
		case c == '%' && p+1 < len(m.pattern) && m.pattern[p+1] == 'f':
			var ok bool
			if p, ok = m.frontier(s, p+2); !ok {
				return -1
			}
			continue
		case c == '%' && p+1 < len(m.pattern) && isDigit(m.pattern[p+1]):
			if s = m.backReference(s, m.pattern[p+1]); s < 0 {
				return -1
			}
			p += 2
			continue
		}
		next := m.itemEnd(p)
		suffix := byte(0)
		if next < len(m.pattern) {
			suffix = m.pattern[next]
		}
		switch suffix {
		case '?':
			if s < len(m.subject) && m.single(m.subject[s], p, next) {
				if end := m.match(s+1, next+1); end >= 0 {
					return end
				}
			}
			p = next + 1
		case '*':
			return m.longest(s, p, next, 0)
		case '+':
			return m.longest(s, p, next, 1)
		case '-':
			return m.shortest(s, p, next)
		default:
			if s >= len(m.subject) || !m.single(m.subject[s], p, next) {
				return -1
			}
			s, p = s+1, next
		}
	}
	return s
}

// longest takes as many of an item as there are, at least the given number, and gives back one at a time.
func (m *matcher) longest(s, p, next, least int) int {
	n := 0
	for s+n < len(m.subject) && m.single(m.subject[s+n], p, next) {
		n++
		m.step()
	}
	for ; n >= least; n-- {
		if end := m.match(s+n, next+1); end >= 0 {
			return end
		}
		m.step()
	}
	return -1
}

// shortest takes as few of an item as will do.
func (m *matcher) shortest(s, p, next int) int {
	for {
		if end := m.match(s, next+1); end >= 0 {
			return end
		}
		if s >= len(m.subject) || !m.single(m.subject[s], p, next) {
			return -1
		}
		s++
		m.step()
	}
}

func (m *matcher) open(s, p, length int) int {
	if m.level >= maxCaptures {
		m.fail("too many captures")
	}
	m.captures[m.level] = capture{s, length}
	m.level++
	end := m.match(s, p)
	if end < 0 {
		m.level--
	}
	return end
}

func (m *matcher) close(s, p int) int {
	n := m.level - 1
	for n >= 0 && m.captures[n].length != captureOpen {
		n--
	}
	if n < 0 {
		m.fail("invalid pattern capture")
	}
	m.captures[n].length = s - m.captures[n].start
	end := m.match(s, p)
	if end < 0 {
		m.captures[n].length = captureOpen
	}
	return end
}

// balance matches %bxy, whose two bytes are at p.
func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pattern) {
		m.fail("unbalanced pattern")
	}
	open, shut := m.pattern[p], m.pattern[p+1]
	if s >= len(m.subject) || m.subject[s] != open {
		return -1
	}
	for depth := 1; ; {
		s++
		if s >= len(m.subject) {
			return -1
		}
		m.step()
		switch m.subject[s] {
		case shut:
			if depth--; depth == 0 {
				return s + 1
			}
		case open:
			depth++
		}
	}
}

// frontier matches %f[set], whose set is at p, and returns what follows the set.
func (m *matcher) frontier(s, p int) (int, bool) {
	if p >= len(m.pattern) || m.pattern[p] != '[' {
		m.fail("missing '[' after '%f' in pattern")
	}
	next := m.itemEnd(p)
	var before, after byte // NUL at both ends of the subject
	if s > 0 {
		before = m.subject[s-1]
	}
	if s < len(m.subject) {
		after = m.subject[s]
	}
	return next, !m.inSet(before, p, next-1) && m.inSet(after, p, next-1)
}

func (m *matcher) backReference(s int, digit byte) int {
	n := int(digit) - '1'
	if n < 0 || n >= m.level || m.captures[n].length == captureOpen {
		m.fail("invalid capture index")
	}
	c := m.captures[n]
	if c.length == capturePosition || !strings.HasPrefix(m.subject[s:], m.subject[c.start:c.start+c.length]) {
		return -1
	}
	return s + c.length
}

// itemEnd is where the single-character item at p ends.
func (m *matcher) itemEnd(p int) int {
	c := m.pattern[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pattern) {
			m.fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		if p < len(m.pattern) && m.pattern[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.pattern) || m.pattern[p] != ']'; first = false {
			if p >= len(m.pattern) {
				m.fail("malformed pattern (missing ']')")
			}
			p++
			if m.pattern[p-1] == '%' {
				if p >= len(m.pattern) {
					m.fail("malformed pattern (missing ']')")
				}
				p++ // an escaped byte, "%]" for one
			}
		}
		return p + 1
	}
	return p
}

// single says whether a byte matches the item from p to next.
func (m *matcher) single(c byte, p, next int) bool {
	switch m.pattern[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pattern[p+1])
	case '[':
		return m.inSet(c, p, next-1)
	}
	return m.pattern[p] == c
}

// inSet says whether a byte is in the set from the '[' at p to the ']' at last.
func (m *matcher) inSet(c byte, p, last int) bool {
	in := true
	if m.pattern[p+1] == '^' {
		in = false
		p++
	}
	for p++; p < last; p++ {
		switch {
		case m.pattern[p] == '%':
			p++
			if inClass(c, m.pattern[p]) {
				return in
			}
		case p+2 < last && m.pattern[p+1] == '-':
			if m.pattern[p] <= c && c <= m.pattern[p+2] {
				return in
			}
			p += 2
		case m.pattern[p] == c:
			return in
		}
	}
	return !in
}

// inClass says whether a byte is in a class such as %a, in the C locale. An upper case letter is the complement.
func inClass(c, class byte) bool {
	var in bool
	switch class | 0x20 {
	case 'a':
		in = isAlpha(c)
	case 'c':
		in = c < 0x20 || c == 0x7f
	case 'd':
		in = isDigit(c)
	case 'l':
		in = 'a' <= c && c <= 'z'
	case 'p':
		in = '!' <= c && c <= '~' && !isAlpha(c) && !isDigit(c)
	case 's':
		in = c == ' ' || '\t' <= c && c <= '\r'
	case 'u':
		in = 'A' <= c && c <= 'Z'
	case 'w':
		in = isAlpha(c) || isDigit(c)
	case 'x':
		in = isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if !isAlpha(class) {
		return class == c
	}
	return in != ('A' <= class && class <= 'Z')
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// value is capture n of the match from one offset to another, which is capture 0 of a pattern without any.
func (m *matcher) value(n, from, to int) lua.LValue {
	if n >= m.level {
		if n != 0 {
			m.fail("invalid capture index")
		}
		return lua.LString(m.subject[from:to])
	}
	switch c := m.captures[n]; c.length {
	case captureOpen:
		m.fail("unfinished capture")
		return lua.LNil
	case capturePosition:
		return lua.LNumber(c.start + 1)
	default:
		return lua.LString(m.subject[c.start : c.start+c.length])
	}
}

// push pushes all captures, the whole match if there are none and whole is set, and returns their number.
func (m *matcher) push(from, to int, whole bool) int {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		m.L.Push(m.value(i, from, to))
	}
	return n
}
