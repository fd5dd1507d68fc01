package lualib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// find is string.find(s, pattern, init?, plain?) → from, to, captures | nil.
func find(L *lua.LState) int {
	subject, pattern := CheckString(L, 1, "find"), CheckString(L, 2, "find")
	start := startOf(L, subject, "find")
	if lua.LVAsBool(L.Get(4)) || !strings.ContainsAny(pattern, "^$*+?.([%-") {
		i := strings.Index(subject[start:], pattern)
		if i < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(start + i + 1))
		L.Push(lua.LNumber(start + i + len(pattern)))
		return 2
	}
	var m matcher
	m.prepare(L, "find", subject, pattern, true)
	from, to := m.find(start)
	if from < 0 {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(from + 1))
	L.Push(lua.LNumber(to))
	return 2 + m.push(from, to, false)
}

// match is string.match(s, pattern, init?) → captures | nil.
func match(L *lua.LState) int {
	subject, pattern := CheckString(L, 1, "match"), CheckString(L, 2, "match")
	var m matcher
	m.prepare(L, "match", subject, pattern, true)
	from, to := m.find(startOf(L, subject, "match"))
	if from < 0 {
		L.Push(lua.LNil)
		return 1
	}
	return m.push(from, to, true)
}

// startOf is the offset the third argument names.
func startOf(L *lua.LState, subject, name string) int {
	start := OptInt(L, 3, name, 1)
	if start < 0 {
		start += len(subject) + 1
	}
	return min(max(start-1, 0), len(subject))
}

// gmatch is string.gmatch(s, pattern) → an iterator of captures. Anchors mean themselves in it.
func gmatch(newFunction Maker) Function {
	return func(L *lua.LState) int {
		subject, pattern := CheckString(L, 1, "gmatch"), CheckString(L, 2, "gmatch")
		next := 0
		L.Push(newFunction("gmatch", func(L *lua.LState) int {
			if next > len(subject) {
				L.Push(lua.LNil)
				return 1
			}
			var m matcher
			m.prepare(L, "gmatch", subject, pattern, false)
			from, to := m.find(next)
			if from < 0 {
				next = len(subject) + 1
				L.Push(lua.LNil)
				return 1
			}
			next = to
			if to == from { // an empty match: go on, or it is found for ever
				next++
			}
			return m.push(from, to, true)
		}))
		return 1
	}
}

// gsub is string.gsub(s, pattern, replacement, n?) → text, count.
func gsub(L *lua.LState) int {
	subject, pattern := CheckString(L, 1, "gsub"), CheckString(L, 2, "gsub")
	replacement := L.Get(3)
	switch replacement.(type) {
	case lua.LString, lua.LNumber, *lua.LTable, *lua.LFunction:
	default:
		ArgumentError(L, 3, "gsub", "string/function/table expected")
	}
	limit := OptInt(L, 4, "gsub", len(subject)+1)
	var m matcher
	m.prepare(L, "gsub", subject, pattern, true)
	var b strings.Builder
	at, copied, count := 0, 0, 0 // the subject up to copied has been written, or replaced
	for count < limit {
		from, to := m.find(at)
		if from < 0 {
			break
		}
		count++
		b.WriteString(subject[copied:from])
		copied = to
		m.replace(&b, replacement, from, to)
		if at = to; to == from {
			at++ // the byte that is passed over is written with what comes before the next match
		}
		if m.anchored || at > len(subject) {
			break
		}
	}
	if count == 0 {
		L.Push(lua.LString(subject))
	} else {
		b.WriteString(subject[copied:])
		L.Push(lua.LString(b.String()))
	}
	L.Push(lua.LNumber(count))
	return 2
}

// replace writes what a match is replaced with.
func (m *matcher) replace(b *strings.Builder, replacement lua.LValue, from, to int) {
	L := m.L
	var value lua.LValue
	switch r := replacement.(type) {
	case lua.LString:
		m.expand(b, string(r), from, to)
		return
	case lua.LNumber:
		b.WriteString(FormatNumber(float64(r)))
		return
	case *lua.LTable:
		value = L.GetTable(r, m.value(0, from, to))
	case *lua.LFunction:
		L.Push(r)
		n := m.push(from, to, true)
		L.Call(n, 1)
		value = L.Get(-1)
		L.Pop(1)
	}
	switch v := value.(type) {
	case lua.LString:
		m.write(b, string(v))
	case lua.LNumber:
		b.WriteString(FormatNumber(float64(v)))
	default:
		if lua.LVAsBool(value) {
			m.fail("invalid replacement value (a " + value.Type().String() + ")")
		}
		b.WriteString(m.subject[from:to])
	}
}

// write writes text if it is not too much.
func (m *matcher) write(b *strings.Builder, text string) {
	if b.Len()+len(text) > MaxString {
		tooLong(m.L, "gsub")
	}
	b.WriteString(text)
}

// expand writes a replacement string, in which %1 is a capture and %0 the whole match.
func (m *matcher) expand(b *strings.Builder, text string, from, to int) {
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 || i+1 >= len(text) {
			m.write(b, text)
			return
		}
		m.write(b, text[:i])
		switch c := text[i+1]; {
		case c == '0':
			m.write(b, m.subject[from:to])
		case isDigit(c):
			switch v := m.value(int(c)-'1', from, to).(type) {
			case lua.LString:
				m.write(b, string(v))
			case lua.LNumber:
				b.WriteString(FormatNumber(float64(v)))
			}
		default:
			b.WriteByte(c)
		}
		text = text[i+2:]
	}
}
