package engine

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"github.com/mailscript/mailscript/engine/lualib"
)

// Metatables are the one place where gopher-lua asks us what an operator means. The string type gets arithmetic,
// because gopher-lua reads "010" as eight and "0b1" as one. The types that have no operators get some that fail,
// because its own messages do not say what was nil.

// operators are the arithmetic events and what they compute.
func operators() map[string]func(a, b float64) float64 {
	return map[string]func(a, b float64) float64{
		"__add": func(a, b float64) float64 { return a + b },
		"__sub": func(a, b float64) float64 { return a - b },
		"__mul": func(a, b float64) float64 { return a * b },
		"__div": func(a, b float64) float64 { return a / b },
		"__mod": modulo,
		"__pow": math.Pow,
		"__unm": func(a, _ float64) float64 { return -a },
	}
}

func modulo(a, b float64) float64 {
	r := math.Mod(a, b)
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r
}

// openOperators sets the metatables. Scripts cannot reach them: getmetatable gives false.
func (rt *Runtime) openOperators(methods *lua.LTable) {
	text, number, other := rt.main.CreateTable(0, 16), rt.main.CreateTable(0, 8), rt.main.CreateTable(0, 16)
	for _, mt := range []*lua.LTable{text, number, other} {
		mt.RawSetString("__metatable", lua.LFalse)
		rt.setFailing(mt, rt.refuseIndex, "__index", "__newindex")
		rt.setFailing(mt, rt.refuseCall, "__call")
	}
	rt.setFailing(number, rt.refuseLength, "__len")
	rt.setFailing(other, rt.refuseLength, "__len")
	rt.setFailing(other, rt.refuseComparison, "__lt", "__le")
	for event, compute := range operators() {
		operator := rt.NewFunction(event, func(L *lua.LState) int { return rt.arithmetic(L, event, compute) })
		text.RawSetString(event, operator)
		other.RawSetString(event, operator)
	}
	text.RawSetString("__index", methods)

	rt.main.SetMetatable(lua.LString(""), text)
	rt.main.SetMetatable(lua.LNumber(0), number)
	rt.main.SetMetatable(lua.LNil, other)
	rt.main.SetMetatable(lua.LTrue, rt.booleanMetatable(other))
	rt.main.SetMetatable(rt.main.NewFunction(nil), other)
	rt.main.SetMetatable(rt.seed, other)
}

// booleanMetatable is the one that concatenations find their function in.
func (rt *Runtime) booleanMetatable(other *lua.LTable) *lua.LTable {
	boolean, hidden, outer := rt.main.CreateTable(0, 16), rt.main.CreateTable(0, 1), rt.main.CreateTable(0, 1)
	other.ForEach(func(event, f lua.LValue) { boolean.RawSet(event, f) })
	hidden.RawSetString(concatKey, rt.main.NewFunction(rt.concat))
	rt.setFailing(outer, func(L *lua.LState) int {
		L.Replace(1, lua.LTrue) // what was indexed, seen from the script
		return rt.refuseIndex(L)
	}, "__index")
	hidden.Metatable = outer
	boolean.RawSetString("__index", hidden)
	return boolean
}

func (rt *Runtime) setFailing(mt *lua.LTable, fn func(L *lua.LState) int, events ...string) {
	f := rt.NewFunction(events[0], fn)
	for _, event := range events {
		mt.RawSetString(event, f)
	}
}

// arithmetic is an operator whose operands are not both numbers.
func (rt *Runtime) arithmetic(L *lua.LState, event string, compute func(a, b float64) float64) int {
	a, b := L.Get(1), L.Get(2)
	if event == "__unm" {
		b = lua.LNumber(0)
	}
	for _, v := range []lua.LValue{a, b} {
		switch v.(type) {
		case *lua.LTable, *lua.LUserData: // 1 + object asks the number first; the object knows better
			if f := L.GetMetaField(v, event); f.Type() == lua.LTFunction {
				L.Push(f)
				L.Push(a)
				L.Push(b)
				L.Call(2, 1)
				return 1
			}
		}
	}
	x, ok := operand(a)
	if !ok {
		rt.refuse(L, "attempt to perform arithmetic on a "+TypeName(a)+" value")
	}
	y, ok := operand(b)
	if !ok {
		rt.refuse(L, "attempt to perform arithmetic on a "+TypeName(b)+" value")
	}
	L.Push(lua.LNumber(compute(x, y)))
	return 1
}

func operand(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return lualib.ParseNumber(string(v))
	}
	return 0, false
}

// refuse raises a plain Lua error with a position.
func (rt *Runtime) refuse(L *lua.LState, text string) {
	rt.raise(L, lua.LString(rt.position(L)+text))
}

func (rt *Runtime) refuseIndex(L *lua.LState) int {
	text := "attempt to index a " + TypeName(L.Get(1)) + " value"
	if key, ok := L.Get(2).(lua.LString); ok {
		text += " with '" + string(key) + "'"
	}
	rt.refuse(L, text)
	return 0
}

func (rt *Runtime) refuseCall(L *lua.LState) int {
	value := TypeName(L.Get(1))
	if f, kind := frameAt(L, 0); kind == goFrame && f.function != "" && f.function[0] != '<' && f.function[0] != '(' && f.function != "?" {
		rt.refuse(L, "attempt to call '"+f.function+"' (a "+value+" value)")
	}
	rt.refuse(L, "attempt to call a "+value+" value")
	return 0
}

func (rt *Runtime) refuseLength(L *lua.LState) int {
	rt.refuse(L, "attempt to get length of a "+TypeName(L.Get(1))+" value")
	return 0
}

func (rt *Runtime) refuseComparison(L *lua.LState) int {
	rt.refuse(L, "attempt to compare two "+TypeName(L.Get(1))+" values")
	return 0
}
