package engine

import (
	"runtime"
	"strings"
	"weak"

	lua "github.com/yuin/gopher-lua"

	"github.com/mailscript/mailscript/engine/lualib"
)

const (
	// maxCoroutines is how many coroutines may be suspended or running at once. Each holds a stack.
	maxCoroutines = 1000
	// maxResumes is how deep coroutines may resume each other.
	maxResumes = 100
)

// coroutines counts those that are alive. It holds weak pointers: a coroutine nobody can resume any more does not
// count, and is found out when the list is full.
type coroutines struct {
	started []weak.Pointer[lua.LState]
	running []*lua.LState // innermost last
	body    lua.LValue    // makes of a function what a coroutine runs
	frames  frameLayout
}

func (rt *Runtime) coroutineLibrary() library {
	return library{
		"create":      rt.createCoroutine,
		"isyieldable": rt.isYieldable,
		"resume":      rt.resumeCoroutine,
		"running":     rt.runningCoroutine,
		"status":      rt.coroutineStatus,
		"wrap":        rt.wrapCoroutine,
	}
}

func (rt *Runtime) createCoroutine(L *lua.LState) int {
	L.Push(rt.newCoroutine(L, lualib.CheckFunction(L, 1, "create")))
	return 1
}

// newCoroutine makes a coroutine. Until it is resumed first its function lies at the bottom of its stack.
func (rt *Runtime) newCoroutine(L *lua.LState, fn *lua.LFunction) *lua.LState {
	c := &rt.coroutines
	if len(c.started) >= maxCoroutines && c.sweep() >= maxCoroutines {
		runtime.GC()
		if c.sweep() >= maxCoroutines {
			rt.refuse(L, "too many coroutines: 1000 are alive")
		}
	}
	body := rt.body(L, fn)
	th := rt.makeThread()
	th.Push(body)
	c.started = append(c.started, weak.Make(th))
	return th
}

// sweep forgets the coroutines that are dead or collected and counts the others.
func (c *coroutines) sweep() int {
	alive := c.started[:0]
	for _, p := range c.started {
		if th := p.Value(); th != nil && !th.Dead {
			alive = append(alive, p)
		}
	}
	clear(c.started[len(alive):])
	c.started = alive
	return len(alive)
}

// coroutineSource is what needs doing in Lua. gopher-lua loses the results of a coroutine whose body is a Go
// function, and fills in no nil where a yield gets fewer values than are assigned.
const coroutineSource = `
local start, yield = ...
local function pass(...) return ... end
return function(...) return pass(yield(...)) end, function(f) return function(...) start() return f(...) end end`

// openCoroutines adds what is written in Lua to the library.
func (rt *Runtime) openCoroutines(table *lua.LTable) {
	proto, err := compile(ownChunk, coroutineSource)
	if err != nil {
		panic(err)
	}
	start := rt.NewFunction("coroutine", func(L *lua.LState) int {
		L.Panic = rt.panicPlain // a resume has set another one
		return 0
	})
	values, err := rt.Call(rt.main, rt.main.NewFunctionFromProto(proto), 2,
		start, rt.NewFunction("coroutine.yield", rt.yield))
	if err != nil {
		panic(err)
	}
	table.RawSetString("yield", values[0])
	rt.coroutines.body = values[1]
}

// body makes the function a coroutine runs for fn.
func (rt *Runtime) body(L *lua.LState, fn *lua.LFunction) lua.LValue {
	L.Push(rt.coroutines.body)
	L.Push(fn)
	L.Call(1, 1)
	body := L.Get(-1)
	L.Pop(1)
	return body
}

func (rt *Runtime) resumeCoroutine(L *lua.LState) int {
	th := rt.threadArgument(L, "resume")
	ok, values := rt.resume(L, th, arguments(L, 2))
	L.Push(lua.LBool(ok))
	for _, v := range values {
		L.Push(v)
	}
	return 1 + len(values)
}

func (rt *Runtime) threadArgument(L *lua.LState, name string) *lua.LState {
	th, ok := L.Get(1).(*lua.LState)
	if !ok {
		lualib.ArgumentError(L, 1, name, "coroutine expected")
	}
	return th
}

func (rt *Runtime) wrapCoroutine(L *lua.LState) int {
	th := rt.newCoroutine(L, lualib.CheckFunction(L, 1, "wrap"))
	wrapped := rt.NewFunction("a wrapped coroutine", func(L *lua.LState) int {
		ok, values := rt.resume(L, th, arguments(L, 1))
		if !ok {
			rt.raise(L, values[0])
		}
		for _, v := range values {
			L.Push(v)
		}
		return len(values)
	})
	// Who weighs the run finds what the coroutine holds while it is suspended.
	wrapped.Upvalues = L.NewClosure(func(*lua.LState) int { return 0 }, th).Upvalues
	L.Push(wrapped)
	return 1
}

// resume runs a coroutine up to its next yield, its end or its error. What ends the run passes through.
func (rt *Runtime) resume(L, th *lua.LState, args []lua.LValue) (ok bool, values []lua.LValue) {
	switch status := rt.statusOf(th); {
	case status == "dead":
		return false, []lua.LValue{lua.LString("cannot resume dead coroutine")}
	case status != "suspended":
		return false, []lua.LValue{lua.LString("cannot resume non-suspended coroutine")}
	case len(rt.coroutines.running) >= maxResumes:
		rt.refuse(L, "stack overflow (more than 100 coroutines resume each other)")
	}
	rt.checkNesting(L)
	var fn *lua.LFunction
	if _, started := th.GetStack(0); !started {
		fn, _ = th.Get(1).(*lua.LFunction)
		th.SetTop(0)
	}
	th.SetContext(rt.threadCtx)
	rt.calls = append(rt.calls, call{thread: th, caller: L, name: "coroutine", resume: true})
	rt.coroutines.running = append(rt.coroutines.running, th)
	level := len(rt.calls)

	_, err, values := L.Resume(th, fn, args...)

	clear(rt.calls[level-1:])
	rt.calls = rt.calls[:level-1]
	running := rt.coroutines.running
	running[len(running)-1] = nil
	rt.coroutines.running = running[:len(running)-1]
	rt.stopIfEnded(L)
	if err != nil {
		rt.raised = false
		th.Dead = true
		return false, []lua.LValue{rt.coroutineError(L, err)}
	}
	return true, values
}

// coroutineError is the value a coroutine failed with. gopher-lua makes strings of Go panics in a coroutine; the
// panics of our functions have ended the run already.
func (rt *Runtime) coroutineError(L *lua.LState, err error) lua.LValue {
	failed, ok := err.(*lua.ApiError)
	if !ok {
		return lua.LString(err.Error())
	}
	text, ok := failed.Object.(lua.LString)
	if !ok {
		return failed.Object
	}
	switch {
	case text == callStackOverflow || text == registryOverflow:
		return lua.LString(rt.position(L) + "stack overflow")
	case strings.HasPrefix(string(text), "runtime error: "):
		rt.Abort(L, &InternalError{Function: "coroutine", Value: string(text)})
	case strings.HasPrefix(string(text), " "):
		return text[1:]
	}
	return text
}

// yield is refused wherever a level of Go recursion lies between it and the resume: gopher-lua would go on in the
// wrong frame.
func (rt *Runtime) yield(L *lua.LState) int {
	if len(rt.coroutines.running) == 0 {
		rt.refuse(L, "cannot yield outside a coroutine")
	}
	if across := rt.unyieldable(L); across != "" {
		rt.refuse(L, "cannot yield across "+across)
	}
	return -1
}

func (rt *Runtime) isYieldable(L *lua.LState) int {
	L.Push(lua.LBool(len(rt.coroutines.running) > 0 && rt.unyieldable(L) == ""))
	return 1
}

// unyieldable says what stands between L and the resume of its coroutine, "" if nothing does.
func (rt *Runtime) unyieldable(L *lua.LState) string {
	if c := rt.calls[len(rt.calls)-1]; !c.resume {
		return c.name
	}
	return rt.coroutines.frames.recursionOf(L)
}

func (rt *Runtime) runningCoroutine(L *lua.LState) int {
	if n := len(rt.coroutines.running); n > 0 {
		L.Push(rt.coroutines.running[n-1])
		return 1
	}
	L.Push(lua.LNil)
	return 1
}

func (rt *Runtime) coroutineStatus(L *lua.LState) int {
	L.Push(lua.LString(rt.statusOf(rt.threadArgument(L, "status"))))
	return 1
}

func (rt *Runtime) statusOf(th *lua.LState) string {
	running := rt.coroutines.running
	for i, other := range running {
		switch {
		case other != th:
		case i == len(running)-1:
			return "running"
		default:
			return "normal"
		}
	}
	if th.Dead {
		return "dead"
	}
	return "suspended"
}

func arguments(L *lua.LState, first int) []lua.LValue {
	var args []lua.LValue
	for i := first; i <= L.GetTop(); i++ {
		args = append(args, L.Get(i))
	}
	return args
}
