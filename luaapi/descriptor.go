package luaapi

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// Module is what `require` returns: functions under one noun.
type Module struct {
	Name      string
	Doc       string
	Fields    []Field // values beside the functions
	Functions []Function
	Classes   []*Class
}

// Function describes a function of a module, or a method of a class.
type Function struct {
	Name   string // without its module or class
	Params []Param
	// Options is the zero value of the struct the last parameter decodes into,
	// nil without one. Its tags hold the options' names and documentation.
	Options any
	Returns string // LuaLS types, separated by commas; "" returns nothing
	Doc     string // a sentence, then what else must be said
	Example string // Lua that runs in the test of examples
	Call    func(*Call) []lua.LValue

	full string // "smtp.connect" or "session:send"
}

// Param is one parameter.
type Param struct {
	Name string
	Type string // LuaLS: "string", "message|description", "fun(session): any", "string[]"
	Doc  string
}

// Optional reports whether the argument may be left out: "name?".
func (p Param) Optional() bool { return p.Name[len(p.Name)-1] == '?' }

// Label is the name without the mark of optional ones.
func (p Param) Label() string {
	if p.Optional() {
		return p.Name[:len(p.Name)-1]
	}
	return p.Name
}

// Class describes a kind of read-only object.
type Class struct {
	Name    string
	Doc     string
	Fields  []Field
	Methods []Function
	// Text is what tostring gives.
	Text func(self any) string
	// Index is the value of any other name, where an object has names of its own.
	Index func(b *bound, L *lua.LState, self any, name string) lua.LValue
	// Call is what calling the object does, nil where it cannot be called.
	Call *Function
	// Compare is -1, 0 or 1 as a lies before, at or behind b; nil where objects are
	// compared by what they are.
	Compare func(a, b any) int
}

// Field is one field of an object.
type Field struct {
	Name string
	Type string // LuaLS
	Doc  string
	Get  func(c *Call) lua.LValue // c.Self is the object
}

// names lists what an object of the class has, for "did you mean".
func (k *Class) names() []string {
	var names []string
	for _, field := range k.Fields {
		names = append(names, field.Name)
	}
	for _, method := range k.Methods {
		names = append(names, method.Name)
	}
	return names
}

// Modules returns the descriptors of everything scripts can require, in the
// order of the manual.
func Modules() []*Module {
	modules := []*Module{smtpModule(), mimeModule(), mergeModule(), csvModule(), jsonModule(), xlsxModule(), sqlModule(), secretModule(), templateModule(), timeModule(), httpModule(), chartModule(), logModule(), jobModule()}
	for _, m := range modules {
		for i := range m.Functions {
			m.Functions[i].full = m.Name + "." + m.Functions[i].Name
		}
		for _, class := range m.Classes {
			for i := range class.Methods {
				class.Methods[i].full = class.Name + ":" + class.Methods[i].Name
			}
		}
	}
	return modules
}

// Find returns the descriptor of "smtp", "smtp.connect", "session" or
// "session:send" (a dot for the colon will do), and the names there are.
func Find(name string) (found any, names []string) {
	for _, m := range Modules() {
		names = append(names, m.Name)
		if m.Name == name {
			found = m
		}
		for i, f := range m.Functions {
			names = append(names, f.full)
			if f.full == name {
				found = &m.Functions[i]
			}
		}
		for i, f := range m.Fields {
			full := m.Name + "." + f.Name
			names = append(names, full)
			if full == name {
				found = &m.Fields[i]
			}
		}
		for _, class := range m.Classes {
			names = append(names, class.Name)
			if class.Name == name && found == nil {
				found = class
			}
			for i, f := range class.Methods {
				names = append(names, f.full)
				if f.full == name || class.Name+"."+f.Name == name {
					found = &class.Methods[i]
				}
			}
			for i, field := range class.Fields {
				full := class.Name + "." + field.Name
				names = append(names, full)
				if full == name {
					found = &class.Fields[i]
				}
			}
		}
	}
	slices.Sort(names)
	return found, slices.Compact(names)
}

// Full is the name with its module or class.
func (f *Function) Full() string { return f.full }
