// Package luaapi is what scripts call. Every function, method and field is a
// descriptor: a value that holds its name, its parameters, its options struct,
// its result, a sentence of documentation, an example and the Go function behind
// it. The binding, the checking of arguments, the LuaLS definitions, the
// reference manual and `mailscript doc` all come from the same values, so none
// of them can disagree with another.
//
// A Go function here takes a *Call, which hands it checked arguments, and
// returns Lua values. It never panics for the script's sake: Call.Usage raises a
// bug of the script, Call.Fail raises what prevented an answer.
package luaapi
