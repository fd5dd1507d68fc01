package engine

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// modules is what `require` knows. It is kept out of reach of scripts: PUC Lua's package.loaded lets a module
// replace another for everybody after it.
type modules struct {
	loaded  map[string]lua.LValue
	loading []string // names, outermost first
	folders []folder // where files are looked for, in order
	main    string   // the path of the script, "" where it is no file
}

// folder is a place for Lua files. Nothing outside of it can be reached: no "..", no symbolic link that leads out.
type folder struct {
	path string
	root *os.Root
}

func (rt *Runtime) openModules() {
	rt.modules.loaded = map[string]lua.LValue{}
	globals := rt.main.G.Global
	for _, name := range []string{"_G", "coroutine", "debug", "io", "math", "os", "string", "table"} {
		rt.modules.loaded[name] = globals.RawGetString(name)
	}
	packages := rt.main.CreateTable(0, 8)
	mt := rt.main.CreateTable(0, 8)
	mt.RawSetString("__metatable", lua.LFalse)
	mt.RawSetString("__index", rt.NewFunction("package", func(L *lua.LState) int {
		name := lua.LVAsString(L.Get(2))
		rt.refuseName(L, "package."+name)
		if name != "loaded" {
			L.Push(lua.LNil)
			return 1
		}
		view := L.NewTable() // a copy: writing to it changes nothing
		for name, value := range rt.modules.loaded {
			view.RawSetString(name, value)
		}
		L.Push(view)
		return 1
	}))
	packages.Metatable = mt
	globals.RawSetString("package", packages)
}

// begin sets where the files of a script are: beside it, then in the project folder.
func (m *modules) begin(rt *Runtime, s *Script) {
	m.loading, m.main = nil, s.Path
	if s.Path != "" {
		m.folders = append(m.folders, folder{path: filepath.Dir(s.Path)})
	}
	if root := rt.opts.Root; root != "" && (len(m.folders) == 0 || !sameFolder(root, m.folders[0].path)) {
		m.folders = append(m.folders, folder{path: root})
	}
}

func sameFolder(a, b string) bool {
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}

func (m *modules) end() {
	for _, f := range m.folders {
		if f.root != nil {
			f.root.Close()
		}
	}
	m.folders = nil
}

// read finds the source of a module. The error satisfies fs.ErrNotExist when no folder has it.
func (m *modules) read(file string) (source string, err error) {
	for i := range m.folders {
		f := &m.folders[i]
		if f.root == nil {
			if f.root, err = os.OpenRoot(f.path); err != nil {
				return "", err
			}
		}
		open := func(name string) (io.ReadCloser, error) { return f.root.Open(name) }
		source, err = readScript(f.root.Stat, open, file)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return source, err
		}
	}
	return "", fs.ErrNotExist
}

// require is require(name) → value. A built-in module wins over a file of the same name: a stray smtp.lua beside
// the script must not decide where mail goes.
func (rt *Runtime) require(L *lua.LState) int {
	name := L.CheckString(1)
	value, ok := rt.modules.loaded[name]
	if !ok {
		value = rt.loadModule(L, name)
		rt.modules.loaded[name] = value
	}
	L.Push(value)
	return 1
}

func (rt *Runtime) loadModule(L *lua.LState, name string) lua.LValue {
	m := &rt.modules
	for i, other := range m.loading {
		if other == name {
			chain := append(append([]string{}, m.loading[i:]...), name)
			rt.RaiseUsage(L, "", "require: modules need each other in a circle: %s", strings.Join(chain, " → "))
		}
	}
	m.loading = append(m.loading, name)
	defer func() { m.loading = m.loading[:len(m.loading)-1] }()

	for _, module := range rt.opts.Modules {
		if module.Name == name {
			rt.warnShadowed(name)
			return optionalValue(module.Open(rt))
		}
	}
	file, ok := moduleFile(name)
	if !ok {
		rt.RaiseUsage(L, "", "require: %q is not the name of a module: names are words with dots between them", name)
	}
	source, err := m.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		rt.raiseNoModule(L, name, file)
	}
	if err != nil {
		rt.Raise(L, &Fault{Kind: KindFile, Message: "require " + name + ": " + err.Error(), Err: err})
	}
	proto, err := compile(file, source)
	if err != nil {
		rt.noteSyntax(err)
		rt.raise(L, lua.LString(err.Error()))
	}
	rt.files[file] = true
	L.Push(rt.main.NewFunctionFromProto(proto))
	L.Push(lua.LString(name))
	L.Call(1, 1)
	value := L.Get(-1)
	L.Pop(1)
	if value == lua.LNil {
		value = lua.LTrue
	}
	return value
}

// moduleFile maps "lib.letters" to "lib/letters.lua". Names that would lead anywhere else have no file.
func moduleFile(name string) (string, bool) {
	path := strings.ReplaceAll(name, ".", "/")
	return path + ".lua", fs.ValidPath(path) && !strings.ContainsAny(name, "\\:\x00")
}

// isMain reports whether the file of a module is the script itself, which runs without being required. Its
// folder comes first.
func (m *modules) isMain(file string) bool {
	if m.main == "" {
		return false
	}
	found, err := m.folders[0].root.Stat(file)
	if err != nil {
		return false
	}
	main, err := os.Stat(m.main)
	return err == nil && os.SameFile(found, main)
}

func (rt *Runtime) warnShadowed(name string) {
	file, ok := moduleFile(name)
	if !ok {
		return
	}
	if _, err := rt.modules.read(file); err == nil && !rt.modules.isMain(file) {
		rt.Warn(file + " is not used: " + name + " is a built-in module")
	}
}

func (rt *Runtime) raiseNoModule(L *lua.LState, name, file string) {
	names := make([]string, 0, len(rt.opts.Modules))
	for _, module := range rt.opts.Modules {
		names = append(names, module.Name)
	}
	sortNames(names)
	hint := "built-in modules are " + strings.Join(names, ", ") + "; " + file + " is looked for beside the script, then in the project folder"
	if near, ok := Closest(name, names); ok {
		rt.RaiseUsage(L, hint, "module %q not found (did you mean %q?)", name, near)
	}
	rt.RaiseUsage(L, hint, "module %q not found", name)
}

// noteSyntax lets Run return the *SyntaxError behind a text the script did not catch.
func (rt *Runtime) noteSyntax(err error) {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		rt.notes.add(note{text: err.Error(), syntax: syntax})
	}
}
