package engine

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/mailscript/mailscript/engine/lualib"
)

func (rt *Runtime) openStrings(globals *lua.LTable) {
	rt.openUpstream(lua.OpenString)
	strings := globals.RawGetString("string").(*lua.LTable)
	strings.RawSetString("__index", lua.LNil)
	strings.RawSetString("dump", lua.LNil)
	mt := rt.main.NewTable()
	mt.RawSetString("__index", strings)
	mt.RawSetString("__metatable", lua.LFalse)
	rt.main.SetMetatable(lua.LString(""), mt)
	rt.fill(globals, "", library{
		"tostring": func(L *lua.LState) int {
			L.Push(lua.LString(lualib.ToString(L, lualib.CheckAny(L, 1, "tostring"))))
			return 1
		},
		"tonumber": lualib.ToNumber,
	})
}

func (rt *Runtime) openTables(globals *lua.LTable) {
	rt.openUpstream(lua.OpenTable)
	rt.fill(globals, "", library{
		"unpack": func(L *lua.LState) int {
			tb := L.CheckTable(1)
			i, j := L.OptInt(2, 1), L.OptInt(3, tb.Len())
			for k := i; k <= j; k++ {
				L.Push(tb.RawGetInt(k))
			}
			return max(j-i+1, 0)
		},
	})
}
