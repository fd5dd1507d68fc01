// Package lualib holds the parts of Lua 5.1's standard library that gopher-lua gets wrong, or does in a way that
// takes a hostile argument from slow to never: strings, patterns, tables, numbers as text, dates.
//
// The rule for all of them: what PUC Lua 5.1 does is right; every size has a limit that is checked before
// anything is allocated; no loop whose length a script chooses runs without looking at the context of its thread.
package lualib

import lua "github.com/yuin/gopher-lua"

// MaxString is how long a string that a library function builds may be, in bytes. Mail is smaller.
const MaxString = 128 << 20

// Function is a Lua function written in Go.
type Function = func(L *lua.LState) int

// Maker makes a Lua function that looks after panics and the end of the run.
type Maker = func(name string, fn Function) *lua.LFunction

// poll is how many steps a loop takes between looks at the context. 65,536 steps of a pattern take 0.5 ms.
const poll = 1 << 16

// stopped leaves the function when the context of the thread has ended.
func stopped(L *lua.LState) {
	if ctx := L.Context(); ctx != nil && ctx.Err() != nil {
		L.RaiseError("%s", ctx.Err().Error())
	}
}

func tooLong(L *lua.LState, name string) {
	L.RaiseError("%s: resulting string too large", name)
}
