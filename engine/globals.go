package engine

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// library is one table of functions.
type library map[string]func(L *lua.LState) int

// openGlobals sets up the standard library. Every Runtime builds its own, so that nothing a script does to a
// library outlives the run.
func (rt *Runtime) openGlobals() {
	globals := rt.main.G.Global
	globals.RawSetString("_G", globals)
	globals.RawSetString("_VERSION", lua.LString("Lua 5.1"))
	rt.fill(globals, "", rt.baseLibrary())
	rt.openStrings(globals)
	rt.openTables(globals)
	rt.openMath(globals)
	for name, functions := range map[string]library{
		"coroutine": rt.coroutineLibrary(),
		"debug":     {"traceback": rt.traceback},
		"os":        rt.osLibrary(),
		"io":        rt.ioLibrary(),
	} {
		table := rt.main.CreateTable(0, len(functions))
		rt.fill(table, name+".", functions)
		globals.RawSetString(name, table)
	}
	rt.openCoroutines(globals.RawGetString("coroutine").(*lua.LTable))
	rt.openStreams(globals.RawGetString("io").(*lua.LTable))
	for _, name := range []string{"debug", "os", "io", "string"} {
		rt.refuseRemoved(name, globals.RawGetString(name).(*lua.LTable))
	}
	rt.makeStrict(globals)
}

func (rt *Runtime) fill(table *lua.LTable, prefix string, functions library) {
	for name, fn := range functions {
		table.RawSetString(name, rt.NewFunction(prefix+name, fn))
	}
}

// makeStrict makes reading an undefined global an error: `attach = { misspelt }` would be an empty list
// otherwise. Writing stays legal, and so does rawget(_G, name).
func (rt *Runtime) makeStrict(globals *lua.LTable) {
	mt := rt.main.CreateTable(0, 8)
	mt.RawSetString("__metatable", lua.LString("_G"))
	mt.RawSetString("__index", rt.NewFunction("_G", func(L *lua.LState) int {
		name, ok := L.Get(2).(lua.LString)
		if !ok {
			L.Push(lua.LNil)
			return 1
		}
		rt.refuseName(L, string(name))
		rt.refuseUndefined(L, string(name))
		return 0
	}))
	globals.Metatable = mt
}

func (rt *Runtime) refuseUndefined(L *lua.LState, name string) {
	for _, m := range rt.opts.Modules {
		if m.Name == name {
			rt.RaiseUsage(L, `write: local `+name+` = require "`+name+`"`, "undefined variable %q (a module: it needs require)", name)
		}
	}
	var names []string
	rt.main.G.Global.ForEach(func(key, _ lua.LValue) {
		if s, ok := key.(lua.LString); ok {
			names = append(names, string(s))
		}
	})
	sortNames(names)
	if near, ok := Closest(name, names); ok {
		rt.RaiseUsage(L, "", "undefined variable %q (did you mean %q?)", name, near)
	}
	rt.RaiseUsage(L, "", "undefined variable %q", name)
}

// openMath takes the library of gopher-lua, which is pure, and replaces what panics on bad arguments or shares
// its state with the process.
func (rt *Runtime) openMath(globals *lua.LTable) {
	rt.openUpstream(lua.OpenMath)
	table := globals.RawGetString("math").(*lua.LTable)
	table.RawSetString("huge", lua.LNumber(math.Inf(1))) // gopher-lua has the largest finite number
	// Seeded per Runtime and at random: PUC Lua starts every run with the same numbers, which nobody wants of a
	// mail program.
	source := rand.NewPCG(rand.Uint64(), rand.Uint64())
	random := rand.New(source)
	rt.fill(table, "math.", library{
		"random": func(L *lua.LState) int {
			low, high := 1, 0
			switch L.GetTop() {
			case 0:
				L.Push(lua.LNumber(random.Float64()))
				return 1
			case 1:
				high = L.CheckInt(1)
			default:
				low, high = L.CheckInt(1), L.CheckInt(2)
			}
			if low > high || uint64(high-low) > 1<<53 {
				L.ArgError(L.GetTop(), "interval is empty")
			}
			L.Push(lua.LNumber(low + random.IntN(high-low+1)))
			return 1
		},
		"randomseed": func(L *lua.LState) int {
			source.Seed(uint64(int64(L.CheckNumber(1))), 0)
			return 0
		},
	})
}

// openUpstream opens a library of gopher-lua.
func (rt *Runtime) openUpstream(open lua.LGFunction) {
	open(rt.main)
	rt.main.SetTop(0)
}
