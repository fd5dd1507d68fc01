package lualib

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// The checks of gopher-lua name the function by what the caller calls it, which is wrong for a function that
// pcall calls, and take no numeric strings. These take the name, and say what Lua 5.1 says.

// ArgumentError raises "bad argument #n to 'name' (reason)".
func ArgumentError(L *lua.LState, n int, name, reason string) {
	L.RaiseError("%s", fmt.Sprintf("bad argument #%d to '%s' (%s)", n, name, reason))
}

func typeError(L *lua.LState, n int, name, want string) {
	got := "no value"
	if n <= L.GetTop() {
		got = L.Get(n).Type().String()
	}
	ArgumentError(L, n, name, want+" expected, got "+got)
}

// CheckAny is any argument, nil included, that was given.
func CheckAny(L *lua.LState, n int, name string) lua.LValue {
	if n > L.GetTop() {
		ArgumentError(L, n, name, "value expected")
	}
	return L.Get(n)
}

// CheckTable is an argument that must be a table.
func CheckTable(L *lua.LState, n int, name string) *lua.LTable {
	table, ok := L.Get(n).(*lua.LTable)
	if !ok {
		typeError(L, n, name, "table")
	}
	return table
}

// CheckFunction is an argument that must be a function.
func CheckFunction(L *lua.LState, n int, name string) *lua.LFunction {
	fn, ok := L.Get(n).(*lua.LFunction)
	if !ok {
		typeError(L, n, name, "function")
	}
	return fn
}

// CheckString is an argument that must be a string, or a number to be written as one.
func CheckString(L *lua.LState, n int, name string) string {
	switch v := L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return FormatNumber(float64(v))
	}
	typeError(L, n, name, "string")
	return ""
}

// CheckNumber is an argument that must be a number, or a string that reads as one.
func CheckNumber(L *lua.LState, n int, name string) float64 {
	switch v := L.Get(n).(type) {
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		if number, ok := ParseNumber(string(v)); ok {
			return number
		}
	}
	typeError(L, n, name, "number")
	return 0
}

// CheckInt is CheckNumber without its fraction, kept within what an int holds on every platform.
func CheckInt(L *lua.LState, n int, name string) int {
	return clampInt(CheckNumber(L, n, name))
}

// OptInt is CheckInt with a default for nil and nothing.
func OptInt(L *lua.LState, n int, name string, missing int) int {
	if L.Get(n) == lua.LNil {
		return missing
	}
	return CheckInt(L, n, name)
}

func clampInt(f float64) int {
	switch {
	case math.IsNaN(f):
		return 0
	case f > math.MaxInt32:
		return math.MaxInt32
	case f < math.MinInt32:
		return math.MinInt32
	}
	return int(f)
}
