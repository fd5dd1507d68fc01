package engine

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/mailscript/mailscript/engine/lualib"
)

// concat is what a .. b .. c calls, with the names of the operands before them.
func (rt *Runtime) concat(L *lua.LState) int {
	top := L.GetTop()
	length := 0
	for i := 2; i <= top; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			length += len(v)
		case lua.LNumber:
			length += 24 // at most; the limit need not be exact
		default:
			return rt.concatValues(L, top)
		}
	}
	rt.checkLength(L, length)
	var b strings.Builder
	b.Grow(length)
	for i := 2; i <= top; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			b.WriteString(string(v))
		case lua.LNumber:
			b.WriteString(lualib.FormatNumber(float64(v)))
		}
	}
	L.Push(lua.LString(b.String()))
	return 1
}

func (rt *Runtime) checkLength(L *lua.LState, length int) {
	if length > lualib.MaxString {
		rt.refuse(L, "string is too long: a script may build up to 128 MiB")
	}
}

// concatValues goes from right to left, two at a time, because objects may have an opinion.
func (rt *Runtime) concatValues(L *lua.LState, top int) int {
	right := L.Get(top)
	for i := top - 1; i >= 2; i-- {
		left := L.Get(i)
		a, okLeft := plainText(left)
		b, okRight := plainText(right)
		if okLeft && okRight {
			rt.checkLength(L, len(a)+len(b))
			right = lua.LString(a + b)
			continue
		}
		f := L.GetMetaField(left, "__concat")
		if f == lua.LNil {
			f = L.GetMetaField(right, "__concat")
		}
		if f == lua.LNil {
			wrong := i
			if okLeft {
				wrong, left = i+1, right
			}
			rt.refuseConcat(L, wrong, left)
		}
		L.Push(f)
		L.Push(left)
		L.Push(right)
		L.Call(2, 1)
		right = L.Get(-1)
		L.Pop(1)
	}
	L.Push(right)
	return 1
}

func plainText(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return lualib.FormatNumber(float64(v)), true
	}
	return "", false
}

// refuseConcat names the operand, which is argument n, if it has a name: most of all that are nil are fields.
func (rt *Runtime) refuseConcat(L *lua.LState, n int, v lua.LValue) {
	names := strings.Split(lua.LVAsString(L.Get(1)), "\n")
	if name := names[n-2]; name != "" {
		rt.refuse(L, "attempt to concatenate "+name+" (a "+TypeName(v)+" value)")
	}
	rt.refuse(L, "attempt to concatenate a "+TypeName(v)+" value")
}
