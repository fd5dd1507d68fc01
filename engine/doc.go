// Package engine runs Lua scripts. It is the only owner of an LState: everything else reaches Lua through a
// Runtime.
//
// Scripts come from people who retry in loops, leave an endless loop behind, or run what somebody sent them. A Lua
// state as gopher-lua makes it is not up to that, so that this package is mostly about five promises:
//
//   - An error that is caught harms nothing. gopher-lua detaches the closures of every function that survives a
//     caught error. Here whatever is protected runs on a thread of its own, and an error always unwinds one whole
//     thread. See thread.go.
//   - What ends a run cannot be caught: the end of the context, os.exit, too much memory, a panic in our own code.
//     Ending is cancelling the context of the run with a cause; whatever catches errors asks for that first. See
//     abort.go.
//   - No script can hang the process or kill it. Every size has a limit: source, nesting, strings, patterns,
//     coroutines, memory. What Go cannot recover from, the overflow of its own stack above all, is kept out of
//     reach. See nesting.go, thread.go and lualib.
//   - A script gets at nothing it is not given: no files but modules beside it and in its project, no programs, no
//     environment, no inside of the runtime. See globals.go, removed.go and require.go.
//   - A message says where, and what to do. Faults, usage errors and plain Lua errors leave Run as Go errors that
//     carry position, hint and traceback. See fault.go, luaerror.go and position.go.
//
// Modules are not registered but passed in, through Options.
//
// # Where it differs from Lua 5.1
//
// pcall of something that cannot be called raises. assert keeps the error value. Reading an undefined global
// raises. Whole numbers print without an exponent up to 1e15. A coroutine cannot yield across pcall, xpcall, try,
// metamethods, iterators and functions written in Go. A list holds 2^24 elements.
package engine
