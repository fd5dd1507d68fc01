package engine

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// Why threads: when gopher-lua raises an error it closes the upvalues of every frame of the thread it is on, of
// those that survive the error too, whose closures are detached from their variables from then on
// (yuin/gopher-lua#448). So the rule of this package is: an error always unwinds the whole thread it was raised
// on. Whatever is protected runs on a thread of its own. A thread that returned is reused; one that failed is
// left to the garbage collector untouched, because closures that escaped from it may still live in its registry.

const (
	// maxNesting is how deep protected calls, callbacks and resumes may nest in each other, LUAI_MAXCCALLS of
	// PUC Lua 5.1. Each level is a level of Go recursion.
	maxNesting = 200

	// fullStacks is how many levels get a full call stack. A metamethod costs about 1 KiB of Go stack a frame,
	// and the Go runtime kills the process at 512 MiB: 4 full and 196 small stacks stay below.
	fullStacks     = 4
	fullStackSize  = 16384 // frames
	smallStackSize = 1024  // frames

	registrySize    = 256     // values; 16 bytes each
	registryMaxSize = 1 << 20 // values; what unpack and varargs can hold
	registryStep    = 4096    // values
)

func mainSizes() lua.Options {
	return lua.Options{
		CallStackSize:       fullStackSize,
		RegistrySize:        registrySize,
		RegistryMaxSize:     registryMaxSize,
		RegistryGrowStep:    registryStep,
		SkipOpenLibs:        true,
		MinimizeStackMemory: true,
	}
}

// maxArrayIndex bounds what one assignment such as t[6e7] = 1 can allocate: 256 MiB. Keys beyond it live in the
// hash part, which `#` does not see, so it must stay above the length of any list that fits in memory sensibly.
const maxArrayIndex = 1 << 24

var limitTablesOnce sync.Once

// limitTables sets the one limit gopher-lua keeps in a package variable. It is set once, before the first state
// exists, to a constant: no Runtime can see another's value, and no state can be reading it meanwhile.
func limitTables() {
	limitTablesOnce.Do(func() { lua.MaxArrayIndex = maxArrayIndex })
}

// call is one level of nesting.
type call struct {
	thread *lua.LState
	caller *lua.LState
	name   string // of what protects: pcall, try, …
	resume bool   // a coroutine, which may yield; everything else may not
}

// failure is an error that ended a thread. The frames of the thread are still in place.
type failure struct {
	value  lua.LValue
	thread *lua.LState
}

// enter makes ready a thread for a protected call made by L. It raises on L when calls nest too deep.
func (rt *Runtime) enter(L *lua.LState, name string) *lua.LState {
	rt.checkNesting(L)
	th := rt.newThread()
	rt.calls = append(rt.calls, call{thread: th, caller: L, name: name})
	return th
}

// leave ends the call that enter began. The thread is reused unless the call failed.
func (rt *Runtime) leave(th *lua.LState, failed *failure) {
	level := len(rt.calls) - 1
	rt.calls[level] = call{}
	rt.calls = rt.calls[:level]
	if failed == nil {
		th.SetTop(0)
		size := stackClass(level)
		rt.idle[size] = append(rt.idle[size], th)
	}
}

func (rt *Runtime) checkNesting(L *lua.LState) {
	if len(rt.calls) >= maxNesting {
		rt.raise(L, lua.LString(rt.position(L)+
			"stack overflow (more than 200 nested calls of pcall, try, callbacks and coroutines)"))
	}
}

func stackClass(level int) int {
	if level < fullStacks {
		return 0
	}
	return 1
}

// newThread returns an idle or a new thread for the next level of nesting, with the context of the run.
func (rt *Runtime) newThread() *lua.LState {
	class := stackClass(len(rt.calls))
	if n := len(rt.idle[class]); n > 0 {
		th := rt.idle[class][n-1]
		rt.idle[class] = rt.idle[class][:n-1]
		th.SetContext(rt.threadCtx)
		return th
	}
	return rt.makeThread()
}

func (rt *Runtime) makeThread() *lua.LState {
	rt.seed.Options.CallStackSize = fullStackSize
	if stackClass(len(rt.calls)) != 0 {
		rt.seed.Options.CallStackSize = smallStackSize
	}
	th, _ := rt.seed.NewThread()
	th.SetContext(rt.threadCtx)
	th.Panic = rt.panicPlain
	return th
}

// panicPlain is what a thread does with an error: the default builds a traceback as text, whether anybody will
// read it or not.
func (rt *Runtime) panicPlain(L *lua.LState) {
	rt.raised = true
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: L.Get(-1)})
}

// invoke calls the function that lies below nargs arguments on the thread. The results are left on the thread.
func (rt *Runtime) invoke(th *lua.LState, nargs int) (failed *failure) {
	returned := false
	defer func() {
		if returned {
			return
		}
		failed = &failure{value: lua.LNil, thread: th}
		r := recover()
		rt.raised = false
		switch r := r.(type) {
		case *lua.ApiError:
			failed.value = r.Object
		case nil: // runtime.Goexit, as testing.T.FailNow does: let it go on
		default:
			stack := debug.Stack()
			if isOverflow(r, stack) {
				failed.value = lua.LString(rt.position(th) + "stack overflow")
				return
			}
			rt.end(&InternalError{Value: r, Stack: stack})
		}
	}()
	th.Call(nargs, lua.MultRet)
	returned = true
	return nil
}

// What gopher-lua panics with when a stack of its own is full: the call stack that grows by itself, and the
// registry while it enters a function, when it looks for the line of a function that has not begun.
const (
	callStackOverflow = "lua callstack overflow"
	registryOverflow  = "runtime error: index out of range [-1]"
)

// isOverflow says whether a panic is a stack overflow of Lua. stack is that of the goroutine.
func isOverflow(r any, stack []byte) bool {
	if r == callStackOverflow {
		return true
	}
	err, ok := r.(runtime.Error)
	return ok && err.Error() == registryOverflow && bytes.Contains(stack, []byte("gopher-lua.(*LState).where("))
}

// raise raises a value on L as it is.
func (rt *Runtime) raise(L *lua.LState, value lua.LValue) { L.Error(value, 0) }
