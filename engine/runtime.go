package engine

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

// Module is a built-in Lua module. Open builds what `require NAME` returns; it runs once per Runtime, when the
// script asks for the module first, so that a module nobody uses costs nothing.
type Module struct {
	Name string
	Open func(rt *Runtime) lua.LValue
}

// Options says what a Runtime offers to scripts. The zero value is a bare Lua without input, output or files.
type Options struct {
	// Modules are found by `require` before any file of the same name.
	Modules []Module
	// Globals are set before the first script runs.
	Globals map[string]func(rt *Runtime) lua.LValue
	// Args become arg[1], arg[2] and so on; arg[0] is the path of the script.
	Args []string
	// Stdin feeds io.read; nil reads as empty.
	Stdin io.Reader
	// Stdout takes print and io.write, Stderr takes io.stderr; nil discards.
	Stdout, Stderr io.Writer
	// Root is the project folder, the second and last place where `require` looks for files.
	Root string
	// Warn takes one-line notices; nil discards.
	Warn func(text string)
	// Memory bounds the Go heap, together with the other runtimes of the process that have it; nil is 2 GiB for
	// this one alone.
	Memory *Memory
}

// defaultMaxMemory is far above what a merge needs (64 MiB) and below what makes a small machine swap to death.
const defaultMaxMemory = 2 << 30

func (o Options) withDefaults() Options {
	if o.Stdin == nil {
		o.Stdin = strings.NewReader("")
	}
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Memory == nil {
		o.Memory = NewMemory(0)
	}
	return o
}

// Runtime runs scripts in one Lua state. It belongs to the goroutine that calls Run: nothing here may be called
// from another one, except that the context of Run may be cancelled from anywhere.
type Runtime struct {
	opts Options
	main *lua.LState // owns globals and metatables; no script code ever runs on it
	seed *lua.LState // where new threads copy their sizes from; has no context, so that they start without one

	ctx       context.Context
	cancel    context.CancelCauseFunc
	threadCtx *threadContext
	thread    atomic.Pointer[threadContext] // the same, for other goroutines
	asked     atomic.Pointer[weight]        // what the run holds is to be noted here
	number    int64                         // of the run, of Memory: who is not to keep it alive

	calls      []call           // protected calls and resumes in progress, outermost first
	idle       [2][]*lua.LState // threads to reuse, one list per size of call stack
	coroutines coroutines
	modules    modules
	files      map[string]bool // names of the chunks that were loaded
	notes      notes
	traces     traces

	stdin  *input
	faults *lua.LTable // metatable of faults

	running  bool
	raised   bool // a Lua error is on its way to what catches it
	deferred []func(context.Context) error
}

// New makes a Runtime. It takes about 0.2 ms and starts no goroutine.
func New(opts Options) *Runtime {
	limitTables()
	rt := &Runtime{opts: opts.withDefaults(), files: map[string]bool{}}
	rt.follow(context.Background())
	rt.main = lua.NewState(mainSizes())
	// The state that makes the first call becomes the main thread; ours never makes one.
	rt.main.G.MainThread, rt.main.G.CurrentThread = rt.main, rt.main
	rt.seed, _ = rt.main.NewThread()
	rt.stdin = newInput(rt.opts.Stdin)
	rt.faults = rt.faultMetatable()
	rt.openGlobals()
	rt.openModules()
	for name, open := range rt.opts.Globals {
		rt.main.G.Global.RawSetString(name, open(rt))
	}
	return rt
}

// State is the main Lua state. Use it to make tables, userdata and metatables; call Lua functions through Call.
func (rt *Runtime) State() *lua.LState { return rt.main }

// Context is the context of the current Run. It ends when the caller of Run gives up, when a limit is hit, or
// when the script ends the run.
func (rt *Runtime) Context() context.Context { return rt.ctx }

// Warn passes a one-line notice to Options.Warn.
func (rt *Runtime) Warn(text string) { rt.opts.Warn(text) }

// Defer has f called by Close. Functions deferred last are called first.
func (rt *Runtime) Defer(f func(ctx context.Context) error) {
	rt.deferred = append(rt.deferred, f)
}

// Close calls the deferred functions, all of them even if one fails, and frees the state. The errors are joined.
// Closing twice does nothing.
func (rt *Runtime) Close(ctx context.Context) error {
	var errs []error
	for len(rt.deferred) > 0 {
		last := len(rt.deferred) - 1
		f := rt.deferred[last]
		rt.deferred = rt.deferred[:last]
		if err := f(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	rt.letGo()
	if !rt.main.IsClosed() {
		rt.main.Close()
	}
	rt.opts.Memory.closed(rt)
	return errors.Join(errs...)
}
