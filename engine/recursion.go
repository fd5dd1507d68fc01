package engine

import (
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// frameLayout is where gopher-lua keeps what recursionOf needs: indexes of struct fields. The frames are not
// public. They are read by reflection, which cannot change them; a test tells when a new version keeps them
// elsewhere.
type frameLayout struct {
	known          bool
	current        int // of LState
	parent, fn, pc int // of callFrame
	isGo, proto    int // of LFunction
	code           int // of FunctionProto
}

func (f *frameLayout) learn() {
	index := func(t reflect.Type, name string) int {
		field, ok := t.FieldByName(name)
		if !ok {
			panic("gopher-lua keeps its frames elsewhere: no field " + name + " in " + t.String())
		}
		return field.Index[0]
	}
	state, function := reflect.TypeFor[lua.LState](), reflect.TypeFor[lua.LFunction]()
	f.current = index(state, "currentFrame")
	frame := state.Field(f.current).Type.Elem()
	f.parent, f.fn, f.pc = index(frame, "Parent"), index(frame, "Fn"), index(frame, "Pc")
	f.isGo, f.proto = index(function, "IsG"), index(function, "Proto")
	f.code = index(reflect.TypeFor[lua.FunctionProto](), "Code")
	f.known = true
}

// recursionOf says what recursion in Go the current function of L is in, "" when none: between it and the bottom
// of its thread all calls are calls of Lua functions by Lua code, which gopher-lua runs in one loop.
func (f *frameLayout) recursionOf(L *lua.LState) string {
	if !f.known {
		f.learn()
	}
	callee := reflect.ValueOf(L).Elem().Field(f.current)
	if callee.IsNil() {
		return ""
	}
	for {
		caller := callee.Elem().Field(f.parent)
		if caller.IsNil() {
			return ""
		}
		fn := caller.Elem().Field(f.fn).Elem()
		if fn.Field(f.isGo).Bool() {
			return "a Go function"
		}
		code := fn.Field(f.proto).Elem().Field(f.code)
		pc := int(caller.Elem().Field(f.pc).Int())
		if op := int(code.Index(pc-1).Uint() >> 26); op != lua.OP_CALL && op != lua.OP_TAILCALL {
			return "a metamethod or an iterator"
		}
		callee = caller
	}
}
