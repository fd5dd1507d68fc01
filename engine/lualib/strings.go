package lualib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Strings is the table string.
func Strings(newFunction Maker) map[string]Function {
	iterator := gmatch(newFunction)
	return map[string]Function{
		"byte":    bytesOf,
		"char":    char,
		"find":    find,
		"format":  format,
		"gfind":   iterator,
		"gmatch":  iterator,
		"gsub":    gsub,
		"len":     length,
		"lower":   mapBytes("lower", 'A', 'Z'),
		"match":   match,
		"rep":     rep,
		"reverse": reverse,
		"sub":     sub,
		"upper":   mapBytes("upper", 'a', 'z'),
	}
}

// maxValues is how many values one function may return. The stack of a thread holds about a million.
const maxValues = 1_000_000

// slice is the half-open range of offsets that positions i to j name; negative ones count from the end.
func slice(length, i, j int) (from, to int) {
	if i < 0 {
		i = max(i+length+1, 1)
	}
	if j < 0 {
		j += length + 1
	}
	from, to = max(i, 1)-1, min(j, length)
	if from >= to {
		return 0, 0
	}
	return from, to
}

func bytesOf(L *lua.LState) int {
	s, i := CheckString(L, 1, "byte"), OptInt(L, 2, "byte", 1)
	from, to := slice(len(s), i, OptInt(L, 3, "byte", i))
	if to-from > maxValues {
		L.RaiseError("string slice too long")
	}
	for _, c := range []byte(s[from:to]) {
		L.Push(lua.LNumber(c))
	}
	return to - from
}

func char(L *lua.LState) int {
	b := make([]byte, L.GetTop())
	for i := range b {
		n := CheckInt(L, i+1, "char")
		if n < 0 || n > 255 {
			ArgumentError(L, i+1, "char", "invalid value")
		}
		b[i] = byte(n)
	}
	L.Push(lua.LString(b))
	return 1
}

func length(L *lua.LState) int {
	L.Push(lua.LNumber(len(CheckString(L, 1, "len"))))
	return 1
}

// mapBytes switches the case of the ASCII letters from first to last, as the C locale does. Bytes of UTF-8 stay.
func mapBytes(name string, first, last byte) Function {
	return func(L *lua.LState) int {
		s := CheckString(L, 1, name)
		for i := range len(s) {
			if first <= s[i] && s[i] <= last {
				b := []byte(s)
				for ; i < len(b); i++ {
					if first <= b[i] && b[i] <= last {
						b[i] ^= 0x20
					}
				}
				s = string(b)
				break
			}
		}
		L.Push(lua.LString(s))
		return 1
	}
}

// rep is string.rep(s, n, separator?); the separator is of Lua 5.2.
func rep(L *lua.LState) int {
	s, n := CheckString(L, 1, "rep"), CheckInt(L, 2, "rep")
	separator := ""
	if L.Get(3) != lua.LNil {
		separator = CheckString(L, 3, "rep")
	}
	if n <= 0 {
		L.Push(lua.LString(""))
		return 1
	}
	if one := len(s) + len(separator); one > 0 && n > MaxString/one {
		tooLong(L, "rep")
	}
	if separator == "" {
		L.Push(lua.LString(strings.Repeat(s, n)))
	} else {
		L.Push(lua.LString(strings.Repeat(s+separator, n-1) + s))
	}
	return 1
}

func reverse(L *lua.LState) int {
	s := CheckString(L, 1, "reverse")
	b := make([]byte, len(s))
	for i := range len(s) {
		b[len(s)-1-i] = s[i]
	}
	L.Push(lua.LString(b))
	return 1
}

func sub(L *lua.LState) int {
	s := CheckString(L, 1, "sub")
	from, to := slice(len(s), CheckInt(L, 2, "sub"), OptInt(L, 3, "sub", -1))
	L.Push(lua.LString(s[from:to]))
	return 1
}
