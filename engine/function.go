package engine

import (
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"
)

// NewFunction makes a Lua function of fn. name is how scripts know it, "smtp.connect".
//
// gopher-lua turns a Go panic into a Lua error and loses the stack; here it ends the run with an *InternalError
// that no pcall can swallow. fn is not called when the run has ended, and its results are dropped when the run
// ended meanwhile, so that a function which ignores its context delays the end but cannot prevent it.
func (rt *Runtime) NewFunction(name string, fn func(L *lua.LState) int) *lua.LFunction {
	return rt.main.NewFunction(func(L *lua.LState) int {
		rt.stopIfEnded(L)
		returned := false
		defer func() {
			// A Lua error is let through without recover: to panic again at each of thousands of nested calls
			// takes time by their square.
			if !returned && !rt.raised {
				rt.contain(L, name, recover())
			}
		}()
		n := fn(L)
		returned = true
		rt.stopIfEnded(L)
		return n
	})
}

// contain goes on with a panic of Go that came out of a function: as the end of the run, unless it is the way
// gopher-lua says that the call stack is full.
func (rt *Runtime) contain(L *lua.LState, name string, r any) {
	switch r := r.(type) {
	case nil: // runtime.Goexit
	case *lua.ApiError:
		panic(r)
	default:
		stack := debug.Stack()
		if isOverflow(r, stack) {
			rt.refuse(L, "stack overflow")
		}
		rt.Abort(L, &InternalError{Function: name, Value: r, Stack: stack})
	}
}
