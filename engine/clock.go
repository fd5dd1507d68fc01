package engine

import (
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/mailscript/mailscript/engine/lualib"
)

func (rt *Runtime) osLibrary() library {
	started := time.Now()
	return library{
		"clock": func(L *lua.LState) int {
			L.Push(lua.LNumber(time.Since(started).Seconds()))
			return 1
		},
		"date": lualib.Date,
		"difftime": func(L *lua.LState) int {
			L.Push(L.CheckNumber(1) - L.OptNumber(2, 0))
			return 1
		},
		"exit": rt.exit,
		"time": lualib.Time,
	}
}

// exit ends the run; what was deferred to its end still happens.
func (rt *Runtime) exit(L *lua.LState) int {
	code := 0
	switch v := L.Get(1).(type) {
	case lua.LBool:
		if !v {
			code = 1
		}
	case *lua.LNilType:
	default:
		code = L.CheckInt(1)
	}
	rt.Abort(L, &ExitError{Code: code})
	return 0
}
