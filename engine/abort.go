package engine

import (
	"context"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// ExitError is what Run returns when the script called os.exit.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit status %d", e.Code) }

// LimitError is what Run returns when the script used more of something than it may.
type LimitError struct {
	Resource string // "memory"
	Limit    int64  // bytes
	Used     int64  // bytes, of the process
	Own      int64  // bytes of Used that are this script's, about; 0 where it ran alone
}

func (e *LimitError) Error() string {
	text := fmt.Sprintf("script used too much %s: %d MiB, the limit is %d MiB", e.Resource, e.Used>>20, e.Limit>>20)
	if e.Own > 0 {
		text += fmt.Sprintf("; of all scripts that run it has the most, %d MiB or more", e.Own>>20)
	}
	return text
}

// InternalError is a Go panic in a function that Lua called: a fault of ours, never the script's.
type InternalError struct {
	Function string // the Lua name, "smtp.connect"; "" when unknown
	Value    any    // of the panic
	Stack    []byte // of the goroutine, as debug.Stack returns it
}

func (e *InternalError) Error() string {
	if e.Function == "" {
		return fmt.Sprintf("internal error: %v", e.Value)
	}
	return fmt.Sprintf("internal error in %s: %v", e.Function, e.Value)
}

// Unwrap gives the value of the panic when it was an error.
func (e *InternalError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Interrupted is what Run returns when its context ended. It is both the context's error and its cause, so that
// errors.Is works with context.Canceled whatever the cause says.
type Interrupted struct {
	Cause error
	err   error
}

func (e *Interrupted) Error() string { return e.Cause.Error() }

// Unwrap gives the cause and the error of the context.
func (e *Interrupted) Unwrap() []error { return []error{e.Cause, e.err} }

// aborted marks the cause of a run that was ended from inside.
type aborted struct{ error }

// end ends the run with err. The first end wins. It may be called from any goroutine.
func (rt *Runtime) end(err error) { rt.cancel(aborted{err}) }

// ended says with what the run ended, nil while it goes on. It is asked before any error is handed to the script:
// what ends a run must not be caught.
func (rt *Runtime) ended() error {
	err := rt.ctx.Err()
	if err == nil {
		return nil
	}
	cause := context.Cause(rt.ctx)
	var a aborted
	if errors.As(cause, &a) {
		return a.error
	}
	return &Interrupted{Cause: cause, err: err}
}

// Abort ends the run with err, whatever pcall, try or coroutines stand between. It does not return.
func (rt *Runtime) Abort(L *lua.LState, err error) {
	rt.end(err)
	rt.unwind(L)
}

// unwind leaves the thread L. The value that is raised does not matter: everything that catches asks ended first.
func (rt *Runtime) unwind(L *lua.LState) { rt.raise(L, lua.LString("the run has ended")) }

// stopIfEnded leaves L when the run has ended.
func (rt *Runtime) stopIfEnded(L *lua.LState) {
	if rt.ctx.Err() != nil {
		rt.unwind(L)
	}
}
