package engine

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/mailscript/mailscript/engine/lualib"
)

func (rt *Runtime) openStrings(globals *lua.LTable) {
	functions := lualib.Strings(rt.NewFunction)
	table := rt.main.CreateTable(0, len(functions))
	rt.fill(table, "string.", functions)
	globals.RawSetString("string", table)
	rt.openOperators(table)
	rt.fill(globals, "", library{
		"tonumber": lualib.ToNumber,
		"tostring": func(L *lua.LState) int {
			L.Push(lua.LString(lualib.ToString(L, lualib.CheckAny(L, 1, "tostring"))))
			return 1
		},
		"unpack": lualib.Unpack,
	})
}

func (rt *Runtime) openTables(globals *lua.LTable) {
	functions := lualib.Tables()
	table := rt.main.CreateTable(0, len(functions))
	rt.fill(table, "table.", functions)
	globals.RawSetString("table", table)
}
