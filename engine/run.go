package engine

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"
)

// Run runs the main chunk of a script with the script's arguments. It returns nil when the chunk returned,
// or one of
//
//   - *ExitError: the script called os.exit
//   - *LuaError: an error the script did not catch
//   - *SyntaxError: a module or a text given to load that does not compile
//   - *Fault: a fault the script did not catch
//   - *LimitError: too much memory
//   - *InternalError: a panic in our own code
//   - *Interrupted: ctx ended; errors.Is finds both the context's error and its cause
//   - or what was given to Abort.
//
// A Runtime runs one script at a time; what a script leaves in globals is there for the next.
func (rt *Runtime) Run(ctx context.Context, s *Script) error {
	if rt.running {
		return errors.New("engine: a script is running already")
	}
	rt.begin(ctx)
	defer rt.finishRun()
	if err := rt.ended(); err != nil {
		return err
	}
	rt.opts.Memory.enter(rt)
	defer rt.opts.Memory.leave(rt)

	rt.modules.begin(rt, s)
	rt.files[s.Name] = true
	args := rt.setArguments(s)
	th := rt.enter(rt.main, "main chunk")
	th.Push(rt.main.NewFunctionFromProto(s.proto))
	for _, arg := range args {
		th.Push(arg)
	}
	failed := rt.invoke(th, len(args))
	var err error
	if failed != nil {
		if err = rt.ended(); err == nil {
			err = rt.report(failed)
		}
	}
	rt.leave(th, failed)
	return err
}

func (rt *Runtime) begin(ctx context.Context) {
	rt.running = true
	rt.follow(ctx)
}

// finishRun leaves a context behind that has not ended, for what is called between runs.
func (rt *Runtime) finishRun() {
	rt.follow(context.Background())
	rt.running = false
	rt.traces = traces{}
	rt.modules.end()
}

// follow makes everything that runs from now on end with ctx, and lets go of the context before.
func (rt *Runtime) follow(ctx context.Context) {
	rt.letGo()
	rt.ctx, rt.cancel = context.WithCancelCause(ctx)
	rt.threadCtx = newThreadContext(rt.ctx, rt.weigh)
	rt.thread.Store(rt.threadCtx)
}

func (rt *Runtime) letGo() {
	if rt.threadCtx != nil {
		rt.threadCtx.detach()
		rt.cancel(nil)
	}
}

// setArguments sets the global arg and returns the arguments, which the chunk also gets as `…`.
func (rt *Runtime) setArguments(s *Script) []lua.LValue {
	arg := rt.main.CreateTable(len(rt.opts.Args), 1)
	path := s.Path
	if path == "" {
		path = s.Name
	}
	arg.RawSetInt(0, lua.LString(path))
	args := make([]lua.LValue, len(rt.opts.Args))
	for i, a := range rt.opts.Args {
		args[i] = lua.LString(a)
		arg.RawSetInt(i+1, args[i])
	}
	rt.main.G.Global.RawSetString("arg", arg)
	return args
}
