package engine

import (
	lua "github.com/yuin/gopher-lua"
)

// removedNames are the parts of Lua 5.1's standard library that scripts do not get, each with what to use
// instead. Reading one is an error that says so: nil would only move the error to the next line, and away from
// its reason. They would let a script that somebody sent run programs, read any file, or take the runtime apart.
func removedNames() map[string]string {
	return map[string]string{
		"dofile":             `use require "name"`,
		"loadfile":           `use require "name"`,
		"module":             "return a table from the file instead",
		"newproxy":           "use a table with a metatable",
		"channel":            "scripts run on one thread",
		"_printregs":         "use print",
		"os.execute":         "scripts cannot run programs",
		"os.remove":          "scripts do not change files",
		"os.rename":          "scripts do not change files",
		"os.tmpname":         "scripts do not change files",
		"os.getenv":          `use the module "secret" for credentials, and arg for everything else`,
		"os.setenv":          "scripts do not change the environment",
		"os.setlocale":       "the locale is always C",
		"io.open":            `use mime.file, csv.rows or template.load, which know the project folder`,
		"io.popen":           "scripts cannot run programs",
		"io.lines":           `use csv.rows for files, io.read() in a loop for standard input`,
		"io.input":           "io.read always reads standard input",
		"io.output":          "io.write always writes standard output",
		"io.close":           "standard streams stay open",
		"io.tmpfile":         "scripts do not change files",
		"debug.debug":        "only debug.traceback is left",
		"debug.getinfo":      "only debug.traceback is left",
		"debug.getlocal":     "only debug.traceback is left",
		"debug.sethook":      "only debug.traceback is left",
		"debug.gethook":      "only debug.traceback is left",
		"debug.setlocal":     "only debug.traceback is left",
		"debug.getfenv":      "only debug.traceback is left",
		"debug.setfenv":      "only debug.traceback is left",
		"debug.getupvalue":   "only debug.traceback is left",
		"debug.setupvalue":   "only debug.traceback is left",
		"debug.getregistry":  "only debug.traceback is left",
		"debug.getmetatable": "use getmetatable",
		"debug.setmetatable": "use setmetatable",
		"package.path":       "require looks beside the script, then in the project folder",
		"package.cpath":      "there are no C modules",
		"package.loadlib":    "there are no C modules",
		"package.loaders":    "require looks beside the script, then in the project folder",
		"package.preload":    "require looks beside the script, then in the project folder",
		"package.seeall":     "return a table from the file instead",
		"string.dump":        "compiled Lua is not accepted, only source",
	}
}

// refuseRemoved gives a library table a metatable that explains what is missing from it. Other missing names stay
// nil, as in `table.unpack or unpack`.
func (rt *Runtime) refuseRemoved(library string, table *lua.LTable) {
	mt := rt.main.CreateTable(0, 8)
	mt.RawSetString("__metatable", lua.LFalse)
	mt.RawSetString("__index", rt.NewFunction(library, func(L *lua.LState) int {
		name, ok := L.Get(2).(lua.LString)
		if !ok {
			L.Push(lua.LNil)
			return 1
		}
		rt.refuseName(L, library+"."+string(name))
		L.Push(lua.LNil)
		return 1
	}))
	table.Metatable = mt
}

// refuseName raises if the name was removed.
func (rt *Runtime) refuseName(L *lua.LState, name string) {
	if instead, removed := removedNames()[name]; removed {
		rt.RaiseUsage(L, instead, "%s is not available in mailscript: %s", name, instead)
	}
}
