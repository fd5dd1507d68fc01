package luaapi

import (
	"io/fs"
	"reflect"

	"github.com/mailscript/mailscript/engine"
	lua "github.com/yuin/gopher-lua"
)

// bound is the API inside one Runtime.
type bound struct {
	*API
	rt      *engine.Runtime
	classes map[string]*lua.LTable // metatables, made when first needed
	kinds   map[string]*Class
	shapes  map[reflect.Type]*shape

	arrayMark *lua.LTable // see arrays
	files     fs.FS       // see projectFiles
	given     description // see describer.read
	from      parsedFrom  // see describer.addresses
	caller    *lua.LState // on whose behalf rows are read, nil where nobody does
}

// Modules returns the modules for engine.Options.
func (a *API) Modules() []engine.Module {
	described := Modules()
	kinds := map[string]*Class{}
	for _, m := range described {
		for _, class := range m.Classes {
			kinds[class.Name] = class
		}
	}
	// One Runtime opens its modules once each; they share classes and pool.
	var shared *bound
	modules := make([]engine.Module, len(described))
	for i, m := range described {
		modules[i] = engine.Module{Name: m.Name, Open: func(rt *engine.Runtime) lua.LValue {
			if shared == nil || shared.rt != rt {
				shared = &bound{API: a, rt: rt, classes: map[string]*lua.LTable{}, kinds: kinds, shapes: map[reflect.Type]*shape{}}
			}
			return shared.open(m)
		}}
	}
	return modules
}

// open makes the table of a module. It is read-only, so that a misspelt name
// is an error and no script changes what another one requires.
func (b *bound) open(m *Module) lua.LValue {
	functions := map[string]lua.LValue{}
	var names []string
	for i := range m.Functions {
		f := &m.Functions[i]
		functions[f.Name] = b.function(f, nil)
		names = append(names, f.Name)
	}
	for _, f := range m.Fields {
		functions[f.Name] = f.Get(&Call{bound: b, L: b.rt.State()})
		names = append(names, f.Name)
	}
	table, meta := b.rt.State().NewTable(), b.rt.State().NewTable()
	meta.RawSetString("__index", b.rt.NewFunction(m.Name, func(L *lua.LState) int {
		name := lua.LVAsString(L.Get(2))
		value, ok := functions[name]
		if !ok {
			b.unknown(L, "module "+m.Name, "function", name, names)
		}
		L.Push(value)
		return 1
	}))
	meta.RawSetString("__newindex", b.rt.NewFunction(m.Name, func(L *lua.LState) int {
		b.rt.RaiseUsage(L, "", "module %s is read-only: %q cannot be set", m.Name, lua.LVAsString(L.Get(2)))
		return 0
	}))
	meta.RawSetString("__metatable", lua.LString(m.Name))
	table.Metatable = meta
	return table
}

// unknown raises a misspelt name.
func (b *bound) unknown(L *lua.LState, owner, what, name string, known []string) {
	if near, ok := engine.Closest(name, known); ok {
		b.rt.RaiseUsage(L, "", "%s has no %s %q (did you mean %q?)", owner, what, name, near)
	}
	b.rt.RaiseUsage(L, "", "%s has no %s %q", owner, what, name)
}

// function binds a descriptor; class is that of a method's object.
func (b *bound) function(f *Function, class *Class) *lua.LFunction {
	return b.rt.NewFunction(f.full, func(L *lua.LState) int {
		c := &Call{bound: b, L: L, function: f}
		first := 1
		if class != nil {
			c.Self = b.self(L, f, class)
			first = 2
		}
		c.args = make([]lua.LValue, 0, max(0, L.GetTop()+1-first))
		for i := first; i <= L.GetTop(); i++ {
			c.args = append(c.args, L.Get(i))
		}
		if !variadic(f.Params) {
			// Trailing nils are what a call of a function without results leaves.
			for len(c.args) > len(f.Params) && c.args[len(c.args)-1] == lua.LNil {
				c.args = c.args[:len(c.args)-1]
			}
		}
		c.check()
		results := f.Call(c)
		for _, v := range results {
			L.Push(v)
		}
		return len(results)
	})
}

func (b *bound) self(L *lua.LState, f *Function, class *Class) any {
	ud, ok := L.Get(1).(*lua.LUserData)
	if !ok || engine.TypeName(ud) != class.Name {
		b.rt.RaiseUsage(L, "write "+f.Signature()+", with a colon", "%s: expected a %s before the colon, got %s", f.full, class.Name, engine.TypeName(L.Get(1)))
	}
	return ud.Value
}

// object makes the Lua value of self.
func (b *bound) object(class string, self any) lua.LValue {
	meta, ok := b.classes[class]
	if !ok {
		meta = b.metatable(b.kinds[class])
		b.classes[class] = meta
	}
	return &lua.LUserData{Value: self, Env: b.rt.State().G.Global, Metatable: meta}
}

func (b *bound) metatable(class *Class) *lua.LTable {
	fields := map[string]*Field{}
	methods := map[string]lua.LValue{}
	for i := range class.Fields {
		fields[class.Fields[i].Name] = &class.Fields[i]
	}
	for i := range class.Methods {
		methods[class.Methods[i].Name] = b.function(&class.Methods[i], class)
	}
	names := class.names()
	meta := b.rt.State().NewTable()
	set := func(name string, f func(*lua.LState) int) {
		meta.RawSetString(name, b.rt.NewFunction(class.Name+"."+name, f))
	}
	meta.RawSetString("__name", lua.LString(class.Name))
	meta.RawSetString("__metatable", lua.LString(class.Name))
	set("__index", func(L *lua.LState) int {
		name := lua.LVAsString(L.Get(2))
		if class.Index != nil {
			L.Push(class.Index(b, L, L.CheckUserData(1).Value, name))
			return 1
		}
		if method, ok := methods[name]; ok {
			L.Push(method)
			return 1
		}
		field, ok := fields[name]
		if !ok {
			b.unknown(L, class.Name, "field", name, names)
		}
		L.Push(field.Get(&Call{bound: b, L: L, Self: L.CheckUserData(1).Value}))
		return 1
	})
	if class.Call != nil {
		class.Call.full = class.Name
		meta.RawSetString("__call", b.function(class.Call, class))
	}
	if class.Compare != nil {
		b.setComparison(meta, class)
	}
	set("__newindex", func(L *lua.LState) int {
		b.rt.RaiseUsage(L, "", "%s is read-only: field %q cannot be set", class.Name, lua.LVAsString(L.Get(2)))
		return 0
	})
	text := func(v lua.LValue) string {
		if ud, ok := v.(*lua.LUserData); ok && engine.TypeName(v) == class.Name {
			return class.Text(ud.Value)
		}
		return lua.LVAsString(v)
	}
	set("__tostring", func(L *lua.LState) int {
		L.Push(lua.LString(text(L.Get(1))))
		return 1
	})
	set("__concat", func(L *lua.LState) int {
		if class.Name == "secret" {
			L.Push(b.joinSecret(L))
			return 1
		}
		for i := 1; i <= 2; i++ {
			switch L.Get(i).Type() {
			case lua.LTString, lua.LTNumber, lua.LTUserData:
			default:
				b.rt.RaiseUsage(L, "", "attempt to concatenate a %s value", engine.TypeName(L.Get(i)))
			}
		}
		L.Push(lua.LString(L.ToStringMeta(L.Get(1)).String() + L.ToStringMeta(L.Get(2)).String()))
		return 1
	})
	return meta
}

// setComparison makes objects of a class comparable with each other.
func (b *bound) setComparison(meta *lua.LTable, class *Class) {
	for name, holds := range map[string]func(order int) bool{
		"__eq": func(order int) bool { return order == 0 },
		"__lt": func(order int) bool { return order < 0 },
		"__le": func(order int) bool { return order <= 0 },
	} {
		meta.RawSetString(name, b.rt.NewFunction(class.Name+"."+name, func(L *lua.LState) int {
			one, other := L.Get(1), L.Get(2)
			if engine.TypeName(one) != class.Name || engine.TypeName(other) != class.Name {
				b.rt.RaiseUsage(L, "", "attempt to compare a %s with a %s", engine.TypeName(one), engine.TypeName(other))
			}
			order := class.Compare(one.(*lua.LUserData).Value, other.(*lua.LUserData).Value)
			L.Push(lua.LBool(holds(order)))
			return 1
		}))
	}
}

// list makes a Lua list of what item returns for each index.
func (b *bound) list(n int, item func(i int) lua.LValue) *lua.LTable {
	t := b.rt.State().CreateTable(n, 0)
	for i := range n {
		t.RawSetInt(i+1, item(i))
	}
	return t
}

func optional(text string) lua.LValue {
	if text == "" {
		return lua.LNil
	}
	return lua.LString(text)
}

func optionalNumber(n int64) lua.LValue {
	if n == 0 {
		return lua.LNil
	}
	return lua.LNumber(n)
}
