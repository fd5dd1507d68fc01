package engine

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// pcall is pcall(f, …) → true, values | false, error.
func (rt *Runtime) pcall(L *lua.LState) int {
	rt.checkCallee(L, "pcall")
	nargs := L.GetTop() - 1
	th := rt.enter(L, "pcall")
	move(L, th, 1, nargs+1)
	failed := rt.invoke(th, nargs)
	return rt.finish(L, th, failed)
}

// xpcall is xpcall(f, handler, …) → true, values | false, what the handler returned. The handler runs while the
// frames of the failed call are still in place, so that debug.traceback shows them.
func (rt *Runtime) xpcall(L *lua.LState) int {
	rt.checkCallee(L, "xpcall")
	handler := L.Get(2)
	if !callable(L, handler) {
		rt.RaiseUsage(L, "", "xpcall: expected a function as the second argument, got %s", TypeName(handler))
	}
	nargs := max(L.GetTop()-2, 0)
	th := rt.enter(L, "xpcall")
	th.Push(L.Get(1))
	move(L, th, 3, nargs)
	failed := rt.invoke(th, nargs)
	if failed == nil {
		return rt.finish(L, th, nil)
	}
	if rt.ended() != nil {
		return rt.finish(L, th, failed)
	}
	values, failed := rt.handle(handler, failed)
	rt.leave(th, &failure{})
	rt.stopIfEnded(L)
	L.Push(lua.LFalse)
	if failed != nil {
		L.Push(lua.LString("error in error handler: " + rt.text(failed.value)))
		return 2
	}
	for _, v := range values {
		L.Push(v)
	}
	return 1 + len(values)
}

// handle calls the handler of xpcall on top of the thread that failed.
func (rt *Runtime) handle(handler lua.LValue, cause *failure) ([]lua.LValue, *failure) {
	if len(rt.calls) >= maxNesting {
		return []lua.LValue{cause.value}, nil
	}
	th := rt.enter(cause.thread, "xpcall")
	th.Push(handler)
	th.Push(rt.caught(cause))
	failed := rt.invoke(th, 1)
	var values []lua.LValue
	if failed == nil {
		values = take(th)
	}
	rt.leave(th, failed)
	return values, failed
}

// try is try(f, …) → values | nil, fault. It catches faults only: a typo, a wrong argument or a limit must not
// look like a server that refused.
func (rt *Runtime) try(L *lua.LState) int {
	rt.checkCallee(L, "try")
	nargs := L.GetTop() - 1
	th := rt.enter(L, "try")
	move(L, th, 1, nargs+1)
	failed := rt.invoke(th, nargs)
	if failed == nil {
		top := L.GetTop()
		move(th, L, 1, th.GetTop())
		rt.leave(th, nil)
		return L.GetTop() - top
	}
	if rt.ended() != nil {
		return rt.finish(L, th, failed)
	}
	value := rt.caught(failed)
	if _, ok := FaultOf(value); ok {
		rt.leave(th, failed)
		L.Push(lua.LNil)
		L.Push(value)
		return 2
	}
	rt.pass(L, th, value)
	return 0
}

// finish hands the outcome of a protected call to the script, unless the run has ended.
func (rt *Runtime) finish(L, th *lua.LState, failed *failure) int {
	if failed != nil {
		value := lua.LNil
		if rt.ended() == nil {
			value = rt.caught(failed)
		}
		rt.leave(th, failed)
		rt.stopIfEnded(L)
		L.Push(lua.LFalse)
		L.Push(value)
		return 2
	}
	top := L.GetTop()
	L.Push(lua.LTrue)
	move(th, L, 1, th.GetTop())
	rt.leave(th, nil)
	return L.GetTop() - top
}

// pass raises on L what a thread failed with, and keeps where that was for the traceback.
func (rt *Runtime) pass(L, th *lua.LState, value lua.LValue) {
	rt.traces.keep(value, rt.frames(th))
	rt.leave(th, &failure{})
	rt.raise(L, value)
}

// Call calls a Lua function, or anything callable, from Go on behalf of L and returns nret results, all of them
// when nret is lua.MultRet. The call runs on a thread of its own, so that an error leaves the closures and the
// stack of L as they are. The error is a *Fault, a *LuaError, or what ended the run: a function that gets the
// latter should return, whatever it returns is dropped.
func (rt *Runtime) Call(L *lua.LState, fn lua.LValue, nret int, args ...lua.LValue) ([]lua.LValue, error) {
	if err := rt.ended(); err != nil {
		return nil, err
	}
	if !callable(L, fn) {
		return nil, &LuaError{Message: fmt.Sprintf("attempt to call a %s value", TypeName(fn)), Value: lua.LNil}
	}
	th := rt.enter(L, "a function called by mailscript")
	th.Push(fn)
	for _, arg := range args {
		if arg == nil {
			arg = lua.LNil
		}
		th.Push(arg)
	}
	failed := rt.invoke(th, len(args))
	if failed != nil {
		err := rt.ended()
		if err == nil {
			err = rt.report(failed)
		}
		rt.leave(th, failed)
		return nil, err
	}
	if nret != lua.MultRet {
		th.SetTop(nret)
	}
	values := take(th)
	rt.leave(th, nil)
	return values, nil
}

// Rethrow raises on L what Call returned: the value the script raised, with its first traceback. Errors that are
// not from Lua are raised as text. It does not return.
func (rt *Runtime) Rethrow(L *lua.LState, err error) {
	rt.stopIfEnded(L)
	switch err := err.(type) {
	case *Fault:
		value := rt.FaultValue(err)
		rt.traces.keepText(value, err.traceback)
		rt.raise(L, value)
	case *LuaError:
		value := err.Value
		if value == nil || value == lua.LNil {
			value = lua.LString(rt.position(L) + err.Message)
		}
		rt.traces.keepText(value, err.Traceback)
		rt.raise(L, value)
	}
	rt.raise(L, lua.LString(rt.position(L)+err.Error()))
}

// checkCallee refuses what cannot be called. PUC Lua returns false and a message; a script that writes
// pcall(session:send(m)) would then have sent its message and be told it failed.
func (rt *Runtime) checkCallee(L *lua.LState, name string) {
	if L.GetTop() == 0 {
		rt.RaiseUsage(L, "", "%s: expected a function, got nothing; write %s(function() return … end)", name, name)
	}
	if f := L.Get(1); !callable(L, f) {
		rt.RaiseUsage(L, "", "%s: expected a function, got %s; write %s(function() return … end)",
			name, TypeName(f), name)
	}
}

// callable says whether a value can be called. Other types than these have a __call, but one that fails.
func callable(L *lua.LState, v lua.LValue) bool {
	switch v.(type) {
	case *lua.LFunction:
		return true
	case *lua.LTable, *lua.LUserData:
		return L.GetMetaField(v, "__call").Type() == lua.LTFunction
	}
	return false
}

// move pushes n values of one thread, from index first on, onto another. Only the copy counts: the caller is
// about to leave the frame they are in.
func move(from, to *lua.LState, first, n int) {
	for i := first; i < first+n; i++ {
		to.Push(from.Get(i))
	}
}

func take(th *lua.LState) []lua.LValue {
	values := make([]lua.LValue, th.GetTop())
	for i := range values {
		values[i] = th.Get(i + 1)
	}
	return values
}
