package engine

import (
	"context"
	"sync/atomic"
)

// threadContext is the context Lua threads get. gopher-lua asks its Done before every instruction and tries to
// receive from what it gets. A context of the standard library answers with a channel; this one answers nil until
// it has ended, which makes Lua 20 % faster. Nobody may wait on it: Runtime.Context is for that.
type threadContext struct {
	context.Context
	signal atomic.Uint32
	done   chan struct{} // closed from the start
	weigh  func()        // of the run, for who asked

	detach func() bool // stops following
}

// What is signalled.
const (
	signalEnded uint32 = 1 << iota
	signalAsked        // what the run holds
)

func newThreadContext(ctx context.Context, weigh func()) *threadContext {
	c := &threadContext{Context: ctx, done: make(chan struct{}), weigh: weigh}
	close(c.done)
	c.detach = context.AfterFunc(ctx, func() { c.signal.Or(signalEnded) })
	return c
}

// ask has the run weigh itself before its next instruction.
func (c *threadContext) ask() { c.signal.Or(signalAsked) }

// Done is nil for "not yet".
func (c *threadContext) Done() <-chan struct{} {
	if c.signal.Load() == 0 {
		return nil
	}
	return c.attend()
}

func (c *threadContext) attend() <-chan struct{} {
	if c.signal.And(^signalAsked)&signalEnded != 0 {
		return c.done
	}
	c.weigh()
	if c.signal.Load()&signalEnded != 0 {
		return c.done
	}
	return nil
}
