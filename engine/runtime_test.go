package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

func TestErrorsOutOfRun(t *testing.T) {
	cause := errors.New("cause")
	globals := map[string]func(*Runtime) lua.LValue{
		"crash": func(rt *Runtime) lua.LValue {
			return rt.NewFunction("test.crash", func(*lua.LState) int { panic("boom") })
		},
		"usage": func(rt *Runtime) lua.LValue {
			return rt.NewFunction("test.usage", func(L *lua.LState) int {
				rt.RaiseUsage(L, "a hint", "unknown option %q", "prot")
				return 0
			})
		},
		"abort": func(rt *Runtime) lua.LValue {
			return rt.NewFunction("test.abort", func(L *lua.LState) int { rt.Abort(L, cause); return 0 })
		},
	}
	for name, test := range map[string]struct{ source, want string }{
		"nothing":             {`local x = 1`, "nil"},
		"exit":                {`os.exit()`, "*engine.ExitError exit status 0"},
		"exit 3":              {`os.exit(3)`, "*engine.ExitError exit status 3"},
		"exit true":           {`os.exit(true)`, "*engine.ExitError exit status 0"},
		"exit false":          {`os.exit(false)`, "*engine.ExitError exit status 1"},
		"exit in pcall":       {`pcall(os.exit, 4) print "no"`, "*engine.ExitError exit status 4"},
		"exit in xpcall":      {`xpcall(function() os.exit(5) end, print) print "no"`, "*engine.ExitError exit status 5"},
		"exit in handler":     {`xpcall(error, function() os.exit(5) end) print "no"`, "*engine.ExitError exit status 5"},
		"exit in try":         {`try(function() os.exit(6) end) print "no"`, "*engine.ExitError exit status 6"},
		"exit in coroutine":   {`coroutine.resume(coroutine.create(function() pcall(os.exit, 7) end)) print "no"`, "*engine.ExitError exit status 7"},
		"exit in wrap":        {`pcall(coroutine.wrap(function() os.exit(8) end)) print "no"`, "*engine.ExitError exit status 8"},
		"exit in comparison":  {`pcall(table.sort, {1, 2}, function() os.exit(9) end) print "no"`, "*engine.ExitError exit status 9"},
		"panic":               {`crash()`, "*engine.InternalError internal error in test.crash: boom"},
		"panic in pcall":      {`pcall(crash) print "no"`, "*engine.InternalError internal error in test.crash: boom"},
		"panic in coroutine":  {`coroutine.wrap(crash)() print "no"`, "*engine.InternalError internal error in test.crash: boom"},
		"abort":               {`xpcall(abort, print) print "no"`, "*errors.errorString cause"},
		"error":               {`error "m"`, "*engine.LuaError test.lua:1: m"},
		"error without place": {`error("m", 0)`, "*engine.LuaError m"},
		"error with a place":  {`error("smtp:25: m", 0)`, "*engine.LuaError smtp:25: m"},
		"error table":         {"\nerror {}", "*engine.LuaError test.lua:2: (error object is a table value)"},
		"error nil":           {"\nerror()", "*engine.LuaError test.lua:2: (error object is a nil value)"},
		"error tostring":      {`error(setmetatable({}, {__tostring = function() return "T" end}))`, "*engine.LuaError test.lua:1: T"},
		"error tostring bad":  {`error(setmetatable({}, {__tostring = error}))`, "*engine.LuaError test.lua:1: (error object is a table value)"},
		"usage":               {"\n\nusage()", `*engine.LuaError test.lua:3: unknown option "prot" (hint: a hint)`},
		"assert":              {"\nassert(false, 'm')", "*engine.LuaError test.lua:2: m"},
		"assert in try":       {"\ntry(function()\nassert(nil) end)", "*engine.LuaError test.lua:3: assertion failed!"},
		"usage in pcall":      {"local ok, e = pcall(usage) error(e, 0)", `*engine.LuaError test.lua:1: unknown option "prot" (hint: a hint)`},
		"usage in try":        {"try(usage) print 'no'", `*engine.LuaError test.lua:1: unknown option "prot" (hint: a hint)`},
		"usage in coroutine":  {"coroutine.wrap(usage)()", `*engine.LuaError test.lua:1: unknown option "prot" (hint: a hint)`},
		"fault":               {"\nfault('dns', 'no such host')", "*engine.Fault dns test.lua:2: no such host"},
		"fault from try":      {"local _, f = try(fault, 'dns', 'no such host')\n\nerror(f)", "*engine.Fault dns test.lua:1: no such host"},
		"syntax":              {"x = = 1", `*engine.SyntaxError test.lua:1: syntax error near "="`},
		"syntax in load":      {"assert(load('x = = 1', '=chunk'))", `*engine.SyntaxError chunk:1: syntax error near "="`},
		"VM error":            {"\nlocal x\nx.y = 1", "*engine.LuaError test.lua:3: attempt to index a nil value with 'y'"},
	} {
		t.Run(name, func(t *testing.T) {
			rt := newRuntime(t, Options{Globals: globals})
			err := rt.run(t, test.source)
			got := "nil"
			if err != nil {
				got = fmt.Sprintf("%T %v", err, err)
			}
			var luaError *LuaError
			if errors.As(err, &luaError) && luaError.Usage {
				got += " (hint: " + luaError.Hint + ")"
			}
			var fault *Fault
			if errors.As(err, &fault) {
				got = fmt.Sprintf("%T %s %s: %v", err, fault.Kind, fault.Where, err)
				if !strings.Contains(fault.Traceback(), "test.lua:1: in the main chunk") && !strings.Contains(fault.Traceback(), "test.lua:2: in the main chunk") && name == "fault" {
					t.Errorf("traceback is %q", fault.Traceback())
				}
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if rt.out.Len() > 0 {
				t.Errorf("went on and printed %q", rt.out)
			}
		})
	}
}

func TestTracebackCrossesThreads(t *testing.T) {
	rt := newRuntime(t, Options{})
	err := rt.run(t, `
local function inner() error "boom" end
local function middle() inner() end
local co = coroutine.wrap(function() try(middle) end)
co()`)
	var luaError *LuaError
	if !errors.As(err, &luaError) {
		t.Fatal(err)
	}
	want := `	test.lua:2: in function inner
	test.lua:3: in function <test.lua:3>
	test.lua:4: in function <test.lua:4>
	test.lua:5: in the main chunk`
	if diff := cmp.Diff(want, luaError.Traceback); diff != "" {
		t.Error(diff)
	}
	if luaError.File != "test.lua" || luaError.Line != 2 || luaError.Message != "boom" {
		t.Errorf("error is %+v", luaError)
	}
}

func TestCall(t *testing.T) {
	rt := newRuntime(t, Options{})
	if err := rt.run(t, `
		n = 0
		local function inc() n = n + 1 end
		function fine(a, b) inc() return b, a end
		function bad() inc() error "bad" end
		function lost() inc() fault("lost", "gone") end
		function deep(f) return f() end`); err != nil {
		t.Fatal(err)
	}
	global := func(name string) lua.LValue { return rt.State().GetGlobal(name) }
	call := func(nret int, name string, args ...lua.LValue) ([]lua.LValue, error) {
		return rt.Call(rt.State(), global(name), nret, args...)
	}
	for i := range 3 {
		values, err := call(3, "fine", lua.LNumber(1), nil)
		if err != nil || len(values) != 3 || values[0] != lua.LNil || values[1] != lua.LNumber(1) || values[2] != lua.LNil {
			t.Errorf("got %v, %v", values, err)
		}
		if values, err = call(lua.MultRet, "fine", lua.LNumber(1)); err != nil || len(values) != 2 {
			t.Errorf("got %v, %v", values, err)
		}
		_, err = call(1, "bad")
		var luaError *LuaError
		if !errors.As(err, &luaError) || luaError.Message != "bad" || luaError.Line != 5 {
			t.Errorf("got %v", err)
		}
		_, err = call(1, "lost")
		var fault *Fault
		if !errors.As(err, &fault) || fault.Kind != KindLost {
			t.Errorf("got %v", err)
		}
		if n := global("n"); n != lua.LNumber(4*(i+1)) {
			t.Errorf("n is %v", n)
		}
	}
	if _, err := rt.Call(rt.State(), lua.LNil, 1); err == nil {
		t.Error("nil was called")
	}
}

// A Go function that calls back and hands on what went wrong.
func TestRethrow(t *testing.T) {
	globals := map[string]func(*Runtime) lua.LValue{"with": func(rt *Runtime) lua.LValue {
		return rt.NewFunction("with", func(L *lua.LState) int {
			values, err := rt.Call(L, L.Get(1), lua.MultRet)
			if err != nil {
				rt.Rethrow(L, err)
			}
			for _, v := range values {
				L.Push(v)
			}
			return len(values)
		})
	}}
	rt := newRuntime(t, Options{Globals: globals})
	err := rt.run(t, `
		local n = 0
		local t = {}
		for i = 1, 3 do
			check(select(2, pcall(with, function() n = n + 1 error(t) end)), t)
			check(select(2, pcall(with, function() n = n + 1 error "m" end)), "test.lua:6: m")
			check(select(2, try(with, function() n = n + 1 fault("dns", "m") end)).kind, "dns")
			check(with(function() n = n + 1 return 1 end), 1)
			check(select(2, pcall(with, function() n = n + 1 return with() end)):sub(1, 12), "test.lua:9: ")
		end
		check(n, 15)
		with(function()
			error "last"
		end)`)
	var luaError *LuaError
	if !errors.As(err, &luaError) || luaError.Line != 13 || !strings.HasPrefix(luaError.Traceback, "\ttest.lua:13: in function <test.lua:12>\n\ttest.lua:12: in the main chunk") {
		t.Errorf("got %v\n%s", err, tracebackOf(err))
	}
	rt2 := newRuntime(t, Options{Globals: globals})
	var exit *ExitError
	if err := rt2.run(t, `pcall(with, function() with(function() pcall(os.exit, 3) end) end) print "no"`); !errors.As(err, &exit) || rt2.out.Len() > 0 {
		t.Errorf("got %v, %q", err, rt2.out)
	}
}

func TestWhere(t *testing.T) {
	got := ""
	globals := map[string]func(*Runtime) lua.LValue{"where": func(rt *Runtime) lua.LValue {
		return rt.NewFunction("where", func(L *lua.LState) int { got = rt.Where(L); return 0 })
	}}
	for name, source := range map[string]string{
		"direct":    "\nwhere()",
		"tail":      "\n(function() return where() end)()",
		"pcall":     "\npcall(where)",
		"nested":    "\npcall(pcall, pcall, where)",
		"coroutine": "\ncoroutine.wrap(where)()",
		"both":      "\npcall(coroutine.wrap(function() pcall(where) end))",
		"sort":      "\npcall(table.sort, {1, 2}, function() where() end)",
		"try":       "\ntry(where)",
		"xpcall":    "\nxpcall(error, where)",
	} {
		t.Run(name, func(t *testing.T) {
			rt := newRuntime(t, Options{Globals: globals})
			if got = ""; rt.run(t, source) != nil || got != "test.lua:2" {
				t.Errorf("got %q", got)
			}
		})
	}
	if rt := newRuntime(t, Options{}); rt.Where(rt.State()) != "" {
		t.Error("a position without a script")
	}
}

func TestFaultInLua(t *testing.T) {
	var handled []string
	cause := errors.New("cause")
	globals := map[string]func(*Runtime) lua.LValue{"connect": func(rt *Runtime) lua.LValue {
		return rt.NewFunction("connect", func(L *lua.LState) int {
			rt.Raise(L, &Fault{Kind: KindRefused, Message: "m", Hint: "h", Command: "EHLO x", Code: 550, Enhanced: "5.7.1",
				Temporary: true, Err: cause, Cause: lua.LString("c"), Replies: L.NewTable(), Result: lua.LNumber(1),
				Handled: func(reason string) { handled = append(handled, reason) }})
			return 0
		})
	}}
	rt := newRuntime(t, Options{Globals: globals})
	err := rt.run(t, `
		local _, f = try(connect)
		check(f.kind, "refused") check(f.message, "m") check(f.hint, "h") check(f.command, "EHLO x") check(f.code, 550)
		check(f.enhanced, "5.7.1") check(f.temporary, true) check(f.cause, "c") check(type(f.replies), "table") check(f.result, 1)
		f:handled() f:handled("reason")
		print(f, "x" .. f, f .. f, f .. 1, string.format("%s", tostring(f)))
		check(pcall(function() return f .. nil end), false)
		check(pcall(setmetatable, f, {}), false)
		error(f)`)
	var fault *Fault
	if !errors.As(err, &fault) || !errors.Is(err, cause) || fault.Where != "test.lua:2" {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"", "reason"}, handled); diff != "" {
		t.Error(diff)
	}
	if got, want := rt.out.String(), "test.lua:2: m\txtest.lua:2: m\ttest.lua:2: mtest.lua:2: m\ttest.lua:2: m1\ttest.lua:2: m\n"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestDeferredFunctions(t *testing.T) {
	rt := New(Options{})
	var order []int
	first, second := errors.New("first"), errors.New("second")
	rt.Defer(func(context.Context) error { order = append(order, 1); return first })
	rt.Defer(func(context.Context) error { order = append(order, 2); return second })
	rt.Defer(func(ctx context.Context) error { order = append(order, 3); return ctx.Err() })
	err := rt.Close(context.Background())
	if !errors.Is(err, first) || !errors.Is(err, second) || cmp.Diff([]int{3, 2, 1}, order) != "" {
		t.Errorf("order %v, error %v", order, err)
	}
	if err := rt.Close(context.Background()); err != nil {
		t.Errorf("second close: %v", err)
	}
}

// FAULTS row X8.
func TestX8RemovedFunctions(t *testing.T) {
	for name, instead := range removedNames() {
		rt := newRuntime(t, Options{})
		err := rt.run(t, "local f = "+name)
		var luaError *LuaError
		want := fmt.Sprintf("test.lua:1: %s is not available in mailscript: %s", name, instead)
		if !errors.As(err, &luaError) || err.Error() != want || !luaError.Usage {
			t.Errorf("%s: got %v", name, err)
		}
	}
	got := runText(t, `
		for _, lib in ipairs { _G, string, table, math, os, io, debug, coroutine, package } do
			local names = {}
			for name in pairs(lib) do names[#names + 1] = tostring(name) end
			table.sort(names)
			print(table.concat(names, " "))
		end`)
	want := `_G _VERSION arg assert check collectgarbage coroutine debug error fault getfenv getmetatable io ipairs load loadstring math next os package pairs pcall print rawequal rawget rawset require select setfenv setmetatable string table tonumber tostring try type unpack xpcall
byte char find format gfind gmatch gsub len lower match rep reverse sub upper
concat foreach foreachi getn insert maxn remove sort
abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max min mod modf pi pow rad random randomseed sin sinh sqrt tan tanh
clock date difftime exit time
read stderr stdin stdout type write
traceback
create isyieldable resume running status wrap yield
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the sandbox has changed:\n%s", diff)
	}
}

// FAULTS row X10.
func TestX10Poisoning(t *testing.T) {
	modules := []Module{{Name: "smtp", Open: func(rt *Runtime) lua.LValue {
		table := rt.State().NewTable()
		table.RawSetString("name", lua.LString("built in"))
		return table
	}}}
	rt := newRuntime(t, Options{Modules: modules})
	if err := rt.run(t, `
		check(getmetatable(""), false)
		check(pcall(function() getmetatable("").__index = {} end), false)
		check(pcall(setmetatable, "", {}), false)
		check(pcall(setmetatable, _G, nil), false)
		check(pcall(setmetatable, os, {}), false)
		check(getmetatable(_G), "_G")
		package.loaded.smtp = { name = "poisoned" }
		check(require("smtp").name, "built in")
		package.loaded.smtp = { name = "poisoned" }
		check(require("smtp").name, "built in")
		for _, f in ipairs { print, pcall, require, string.upper, os.time } do
			check(pcall(setfenv, f, {}), false)
			check(pcall(getfenv, f), false)
		end
		check(pcall(setfenv, 0, {}), false)
		check(getfenv(function() end), _G) check(getfenv(), _G) check(getfenv(0), _G)
		local f = setfenv(function() return x end, { x = 5 }) check(f(), 5)
		local function g() setfenv(1, { y = 6 }) return y end check(g(), 6)
		string.upper = nil _G.print = nil os.time = nil math.pi = 3 tostring = nil`); err != nil {
		t.Fatal(err)
	}
	if got := runText(t, `print(("x"):upper(), type(os.time()), tostring(math.pi):sub(1, 4))`); got != "X\tnumber\t3.14" {
		t.Errorf("a fresh Runtime has got %q", got)
	}
}

func TestStrictGlobals(t *testing.T) {
	modules := []Module{{Name: "smtp", Open: func(*Runtime) lua.LValue { return lua.LTrue }}}
	for source, want := range map[string]string{
		`defined = 1 print(defined)`:                `nil`,
		`local t = { misspelt }`:                    `test.lua:1: undefined variable "misspelt"`,
		`prnt "x"`:                                  `test.lua:1: undefined variable "prnt" (did you mean "print"?)`,
		`recipients = {} print(recipient)`:          `test.lua:1: undefined variable "recipient" (did you mean "recipients"?)`,
		`smtp.connect()`:                            `test.lua:1: undefined variable "smtp" (a module: it needs require)`,
		`check(rawget(_G, "x"), nil)`:               `nil`,
		`x = nil print(x)`:                          `test.lua:1: undefined variable "x"`,
		`local ok = pcall(function() return x end)`: `nil`,
		`local f = load("return nope", "=m") f()`:   `m:1: undefined variable "nope"`,
		`print(_G[1])`:                              `nil`,
	} {
		rt := newRuntime(t, Options{Modules: modules})
		if got := fmt.Sprint(rt.run(t, source)); got != strings.Replace(want, "nil", "<nil>", 1) {
			t.Errorf("%s\ngot  %s\nwant %s", source, got, want)
		}
	}
}

func writeFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRequire(t *testing.T) {
	root := t.TempDir()
	outside := t.TempDir()
	writeFiles(t, outside, map[string]string{"secret.lua": `return "outside"`})
	writeFiles(t, root, map[string]string{
		"jobs/main.lua":      ``,
		"jobs/near.lua":      `count = (rawget(_G, "count") or 0) + 1 return { name = ... }`,
		"jobs/both.lua":      `return "beside"`,
		"both.lua":           `return "root"`,
		"lib/letters.lua":    `return "letters"`,
		"nothing.lua":        ``,
		"no.lua":             `return false`,
		"broken.lua":         "local x\nlocal = 1",
		"failing.lua":        "\nerror 'failing'",
		"one.lua":            `return require "two"`,
		"two.lua":            `return require "three"`,
		"three.lua":          `return require "one"`,
		"smtp.lua":           `return "file"`,
		"undefined.lua":      "\nreturn misspelt",
		"folder.lua/x.lua":   ``,
		"jobs/with-dash.lua": `return "dash"`,
	})
	if err := os.Symlink(filepath.Join(outside, "secret.lua"), filepath.Join(root, "link.lua")); err != nil {
		t.Logf("no symbolic links here: %v", err)
	}
	modules := []Module{{Name: "smtp", Open: func(*Runtime) lua.LValue { return lua.LString("built in") }}}
	for source, want := range map[string]string{
		`check(require("near").name, "near") check(require "near", require "near") check(count, 1)`: `<nil>`,
		`check(require "both", "beside")`:                           `<nil>`,
		`check(require "lib.letters", "letters")`:                   `<nil>`,
		`check(require "lib/letters", "letters")`:                   `<nil>`,
		`check(require "with-dash", "dash")`:                        `<nil>`,
		`check(require "nothing", true) check(require "no", false)`: `<nil>`,
		`check(require "string", string)`:                           `<nil>`,
		`check(require "smtp", "built in")`:                         `<nil>`,
		`require "smpt"`:                                            `main.lua:1: module "smpt" not found (did you mean "smtp"?)`,
		`require "zzz"`:                                             `main.lua:1: module "zzz" not found`,
		`require "broken"`:                                          `broken.lua:2: syntax error near "="`,
		`require "failing"`:                                         `failing.lua:2: failing`,
		`require "undefined"`:                                       `undefined.lua:2: undefined variable "misspelt"`,
		`require "one"`:                                             `three.lua:1: require: modules need each other in a circle: one → two → three → one`,
		`pcall(require, "failing") require "failing"`:               `failing.lua:2: failing`,
		`require "link"`:                                            `main.lua:1: require link: `,
		`require "../main"`:                                         `main.lua:1: require: "../main" is not the name of a module: names are words with dots between them`,
		`require "..main"`:                                          `main.lua:1: require: "..main" is not the name of a module: names are words with dots between them`,
		`require "/etc/passwd"`:                                     `main.lua:1: require: "/etc/passwd" is not the name of a module: names are words with dots between them`,
		`require ""`:                                                `main.lua:1: require: "" is not the name of a module: names are words with dots between them`,
		`require "a\\b"`:                                            `main.lua:1: require: "a\\b" is not the name of a module: names are words with dots between them`,
		`require "folder"`:                                          `main.lua:1: require folder: read folder.lua: not a regular file`,
	} {
		writeFiles(t, root, map[string]string{"jobs/main.lua": source})
		s, err := Load(filepath.Join(root, "jobs", "main.lua"))
		if err != nil {
			t.Fatal(err)
		}
		rt := newRuntime(t, Options{Root: root, Modules: modules})
		err = rt.Run(context.Background(), s)
		got := fmt.Sprint(err)
		var fault *Fault
		if errors.As(err, &fault) {
			got = fault.Where + ": " + got
		}
		if got != want && (!strings.HasSuffix(want, ": ") || !strings.HasPrefix(got, want)) {
			t.Errorf("%s\ngot  %s\nwant %s", source, got, want)
		}
		if shadowed := strings.Contains(source, `"built in"`); shadowed != (len(rt.warnings) == 1) {
			t.Errorf("%s: warnings are %q", source, rt.warnings)
		}
		var syntax *SyntaxError
		if strings.Contains(source, "broken") && (!errors.As(err, &syntax) || syntax.SourceLine != "local = 1" || syntax.Column != 7) {
			t.Errorf("%s: %#v", source, err)
		}
	}
}

// A script that is called like a built-in module is not what it asks for, and does not want
// to be.
func TestRequireOwnName(t *testing.T) {
	root := t.TempDir()
	writeFiles(t, root, map[string]string{"smtp.lua": `check(require "smtp", "built in") check(require "mime", "built in")`, "mime.lua": ""})
	s, err := Load(filepath.Join(root, "smtp.lua"))
	if err != nil {
		t.Fatal(err)
	}
	var modules []Module
	for _, name := range []string{"smtp", "mime"} {
		modules = append(modules, Module{Name: name, Open: func(*Runtime) lua.LValue { return lua.LString("built in") }})
	}
	rt := newRuntime(t, Options{Root: root, Modules: modules})
	if err := rt.Run(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if len(rt.warnings) != 1 || !strings.HasPrefix(rt.warnings[0], "mime.lua is not used") {
		t.Errorf("warnings are %q", rt.warnings)
	}
}

func TestArgumentsAndStreams(t *testing.T) {
	rt := newRuntime(t, Options{Args: []string{"a", "b"}, Stdin: strings.NewReader("line one\n12 0x1f\nrest\nof it")})
	s, err := LoadSource("test.lua", `
		check(arg[0], "test.lua") check(arg[1], "a") check(arg[2], "b") check(#arg, 2)
		check(select("#", ...), 2) check((...), "a")
		check(io.read(), "line one") check(io.read("*n"), 12) check(io.read(0), "") check(io.read(1), " ")
		check(io.read("*l"), "0x1f") check(io.stdin:read(3), "res")
		for line in io.stdin:lines() do check(line, "t") break end
		check(io.read("*a"), "of it") check(io.read("*l"), nil) check(io.read("*a"), "") check(io.read(1), nil)
		io.write("a", 1, 2.5, "\n") io.stdout:write("b"):write("c\n") io.stderr:write("err") print(1, nil, true, "x")
		check(io.type(io.stdout), "file") check(tostring(io.stderr), "file (stderr)")
		check(pcall(io.write, {}), false) check(pcall(io.stdout.write, 1), false)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Run(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if got, want := rt.out.String(), "a12.5\nbc\n1\tnil\ttrue\tx\n"; got != want || rt.err.String() != "err" {
		t.Errorf("got %q and %q", got, rt.err)
	}
	broken := New(Options{Stdout: brokenWriter{}})
	defer broken.Close(context.Background())
	var fault *Fault
	s, _ = LoadSource("test.lua", `print "x"`)
	if err := broken.Run(context.Background(), s); !errors.As(err, &fault) || fault.Kind != KindFile || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestSeveralRuns(t *testing.T) {
	rt := newRuntime(t, Options{})
	if err := rt.run(t, `kept = 1 co = coroutine.wrap(function() while true do coroutine.yield(kept) end end) co()`); err != nil {
		t.Fatal(err)
	}
	if err := rt.run(t, `os.exit(1)`); err == nil {
		t.Fatal("no exit")
	}
	if err := rt.run(t, `check(kept, 1) check(co(), 1)`); err != nil {
		t.Fatal(err)
	}
}

func TestClosest(t *testing.T) {
	names := []string{"host", "port", "timeout", "username", "password", "connections"}
	for name, want := range map[string]string{
		"prot": "port", "hots": "host", "Host": "host", "user": "", "usrname": "username", "pasword": "password",
		"conections": "connections", "x": "", "": "", "zzzz": "", "tiemout": "timeout", "post": "host",
	} {
		if got, _ := Closest(name, names); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
