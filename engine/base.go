package engine

import (
	"io"
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/mailscript/mailscript/engine/lualib"
)

func sortNames(names []string) { sort.Strings(names) }

func (rt *Runtime) baseLibrary() library {
	return library{
		"assert":         rt.assert,
		"collectgarbage": collectGarbage,
		"error":          rt.error,
		"getfenv":        rt.getEnvironment,
		"getmetatable":   getMetatable,
		"ipairs":         rt.ipairs(),
		"load":           rt.load,
		"loadstring":     rt.load,
		"next":           next,
		"pairs":          rt.pairs(),
		"pcall":          rt.pcall,
		"print":          rt.print,
		"rawequal":       rawEqual,
		"rawget":         rawGet,
		"rawset":         rawSet,
		"require":        rt.require,
		"select":         selectArguments,
		"setfenv":        rt.setEnvironment,
		"setmetatable":   rt.setMetatable,
		"try":            rt.try,
		"type":           typeName,
		"xpcall":         rt.xpcall,
	}
}

// assert keeps an error value of any type, as Lua 5.3 does, so that assert(try(f)) raises the fault itself.
func (rt *Runtime) assert(L *lua.LState) int {
	if lua.LVAsBool(lualib.CheckAny(L, 1, "assert")) {
		return L.GetTop()
	}
	value := L.Get(2)
	if L.GetTop() < 2 {
		value = lua.LString("assertion failed!")
	}
	if text, ok := value.(lua.LString); ok {
		rt.notes.add(note{text: string(text), where: rt.Where(L)})
	}
	rt.raise(L, value)
	return 0
}

// error prefixes strings, and nothing else, with the position of the function at the level asked for.
func (rt *Runtime) error(L *lua.LState) int {
	value, level := L.Get(1), lualib.OptInt(L, 2, "error", 1)
	text, ok := value.(lua.LString)
	if !ok {
		if number, isNumber := value.(lua.LNumber); isNumber {
			text, ok = lua.LString(number.String()), true
		}
	}
	if ok && level > 0 {
		value = lua.LString(positionAt(L, level)) + text
	}
	rt.raise(L, value)
	return 0
}

// collectGarbage leaves collecting to Go, which does it better than a script can know. count works.
func collectGarbage(L *lua.LState) int {
	kib := lua.LNumber(0)
	if L.OptString(1, "collect") == "count" {
		kib = lua.LNumber(heapSize(newHeapSample())) / 1024
	}
	L.Push(kib)
	return 1
}

func getMetatable(L *lua.LState) int {
	L.Push(L.GetMetatable(lualib.CheckAny(L, 1, "getmetatable")))
	return 1
}

func (rt *Runtime) setMetatable(L *lua.LState) int {
	table := lualib.CheckTable(L, 1, "setmetatable")
	if mt := L.Get(2); mt.Type() != lua.LTTable && (mt != lua.LNil || L.GetTop() < 2) {
		lualib.ArgumentError(L, 2, "setmetatable", "nil or table expected")
	}
	if mt, ok := table.Metatable.(*lua.LTable); ok && mt.RawGetString("__metatable") != lua.LNil {
		rt.refuse(L, "cannot change a protected metatable")
	}
	L.SetMetatable(table, L.Get(2))
	L.SetTop(1)
	return 1
}

func (rt *Runtime) ipairs() lua.LGFunction {
	step := rt.NewFunction("ipairs", func(L *lua.LState) int {
		i := lualib.CheckInt(L, 2, "ipairs") + 1
		value := lualib.CheckTable(L, 1, "ipairs").RawGetInt(i)
		if value == lua.LNil || value == nil {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(i))
		L.Push(value)
		return 2
	})
	return func(L *lua.LState) int {
		table := lualib.CheckTable(L, 1, "ipairs")
		L.Push(step)
		L.Push(table)
		L.Push(lua.LNumber(0))
		return 3
	}
}

func (rt *Runtime) pairs() lua.LGFunction {
	step := rt.NewFunction("next", next)
	return func(L *lua.LState) int {
		table := lualib.CheckTable(L, 1, "pairs")
		L.Push(step)
		L.Push(table)
		L.Push(lua.LNil)
		return 3
	}
}

func next(L *lua.LState) int {
	key, value := lualib.CheckTable(L, 1, "next").Next(L.Get(2))
	if key == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(key)
	L.Push(value)
	return 2
}

func (rt *Runtime) print(L *lua.LState) int {
	var b strings.Builder
	for i := 1; i <= L.GetTop(); i++ {
		if i > 1 {
			b.WriteByte('\t')
		}
		b.WriteString(lualib.ToString(L, L.Get(i)))
	}
	b.WriteByte('\n')
	rt.output(L, rt.opts.Stdout, b.String())
	return 0
}

// output writes for a script. A reader that went away, as `| head` does, is the script's to know.
func (rt *Runtime) output(L *lua.LState, w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		rt.Raise(L, &Fault{Kind: KindFile, Message: "write: " + err.Error(), Err: err})
	}
}

func rawEqual(L *lua.LState) int {
	L.Push(lua.LBool(L.RawEqual(lualib.CheckAny(L, 1, "rawequal"), lualib.CheckAny(L, 2, "rawequal"))))
	return 1
}

func rawGet(L *lua.LState) int {
	L.Push(lualib.CheckTable(L, 1, "rawget").RawGet(lualib.CheckAny(L, 2, "rawget")))
	return 1
}

func rawSet(L *lua.LState) int {
	L.RawSet(lualib.CheckTable(L, 1, "rawset"), lualib.CheckAny(L, 2, "rawset"), lualib.CheckAny(L, 3, "rawset"))
	L.SetTop(1)
	return 1
}

func selectArguments(L *lua.LState) int {
	if s, ok := L.Get(1).(lua.LString); ok && s == "#" {
		L.Push(lua.LNumber(L.GetTop() - 1))
		return 1
	}
	n, count := lualib.CheckInt(L, 1, "select"), L.GetTop()-1
	if n < 0 {
		n = count + n + 1
	}
	if n < 1 {
		lualib.ArgumentError(L, 1, "select", "index out of range")
	}
	return max(count-n+1, 0)
}

func typeName(L *lua.LState) int {
	L.Push(lua.LString(lualib.CheckAny(L, 1, "type").Type().String()))
	return 1
}

// getEnvironment answers for Lua functions only: the environment of ours is nobody's business.
func (rt *Runtime) getEnvironment(L *lua.LState) int {
	fn := rt.environmentOf(L, "getfenv", L.Get(1))
	if fn == nil {
		L.Push(rt.main.G.Global)
		return 1
	}
	L.Push(fn.Env)
	return 1
}

func (rt *Runtime) setEnvironment(L *lua.LState) int {
	env := lualib.CheckTable(L, 2, "setfenv")
	fn := rt.environmentOf(L, "setfenv", lualib.CheckAny(L, 1, "setfenv"))
	if fn == nil {
		rt.RaiseUsage(L, "", "setfenv: cannot change the environment of the whole run")
	}
	fn.Env = env
	L.Push(fn)
	return 1
}

// environmentOf finds the Lua function that getfenv and setfenv are about, nil for the thread.
func (rt *Runtime) environmentOf(L *lua.LState, name string, which lua.LValue) *lua.LFunction {
	fn, ok := which.(*lua.LFunction)
	if !ok {
		level := 1
		if which != lua.LNil {
			n, isNumber := which.(lua.LNumber)
			if !isNumber || n < 0 || n > fullStackSize {
				rt.RaiseUsage(L, "", "%s: expected a function or a level, got %s", name, TypeName(which))
			}
			level = int(n)
		}
		if level == 0 {
			return nil
		}
		debug, ok := L.GetStack(level)
		if !ok {
			rt.RaiseUsage(L, "", "%s: invalid level", name)
		}
		value, _ := L.GetInfo("f", debug, lua.LNil)
		fn, _ = value.(*lua.LFunction)
	}
	if fn == nil || fn.IsG {
		rt.RaiseUsage(L, "", "%s: this function has no environment of its own", name)
	}
	return fn
}

// load is load(text | function, name?, mode?, env?) → function | nil, message; loadstring is the same.
func (rt *Runtime) load(L *lua.LState) int {
	var source string
	switch chunk := lualib.CheckAny(L, 1, "load").(type) {
	case lua.LString:
		source = string(chunk)
	case *lua.LFunction:
		var b strings.Builder
		for {
			L.Push(chunk)
			L.Call(0, 1)
			piece := L.Get(-1)
			L.Pop(1)
			if !lua.LVCanConvToString(piece) || lua.LVAsString(piece) == "" {
				break
			}
			b.WriteString(lua.LVAsString(piece))
			if b.Len() > maxSource {
				break // compile refuses it
			}
		}
		source = b.String()
	default:
		rt.RaiseUsage(L, "", "load: expected a string or a function, got %s", TypeName(chunk))
	}
	name := strings.TrimLeft(L.OptString(2, chunkName(source)), "=@")
	proto, err := compile(name, source)
	if err != nil {
		rt.noteSyntax(err)
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	rt.files[name] = true
	fn := rt.main.NewFunctionFromProto(proto)
	if env, ok := L.Get(4).(*lua.LTable); ok {
		fn.Env = env
	}
	L.Push(fn)
	return 1
}

// chunkName names source that has no file by its beginning, as Lua does.
func chunkName(source string) string {
	line := firstLine(source)
	if len(line) > 40 {
		line = line[:40] + "..."
	} else if len(line) < len(source) {
		line += "..."
	}
	return `[string "` + line + `"]`
}
