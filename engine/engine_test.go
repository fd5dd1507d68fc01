package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a Runtime with what the tests need around it.
type testRuntime struct {
	*Runtime
	out, err *bytes.Buffer
	warnings []string
}

func newRuntime(t testing.TB, opts Options) *testRuntime {
	t.Helper()
	rt := &testRuntime{out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	opts.Stdout, opts.Stderr = rt.out, rt.err
	opts.Warn = func(text string) { rt.warnings = append(rt.warnings, text) }
	globals := map[string]func(*Runtime) lua.LValue{"check": checkFunction, "fault": faultFunction}
	for name, open := range opts.Globals {
		globals[name] = open
	}
	opts.Globals = globals
	rt.Runtime = New(opts)
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return rt
}

// checkFunction is check(got, want), which the Lua tests use.
func checkFunction(rt *Runtime) lua.LValue {
	return rt.NewFunction("check", func(L *lua.LState) int {
		got, want := L.Get(1), L.Get(2)
		if !L.RawEqual(got, want) {
			rt.raise(L, lua.LString(fmt.Sprintf("%s: got %s, want %s", rt.Where(L), L.ToStringMeta(got), L.ToStringMeta(want))))
		}
		return 0
	})
}

// faultFunction is fault(kind, message), which raises.
func faultFunction(rt *Runtime) lua.LValue {
	return rt.NewFunction("fault", func(L *lua.LState) int {
		rt.Raise(L, &Fault{Kind: Kind(L.CheckString(1)), Message: L.CheckString(2)})
		return 0
	})
}

func (rt *testRuntime) run(t testing.TB, source string) error {
	t.Helper()
	s, err := LoadSource("test.lua", source)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return rt.Run(ctx, s)
}

// runText runs source in a fresh Runtime and returns what it printed.
func runText(t testing.TB, source string) string {
	t.Helper()
	rt := newRuntime(t, Options{})
	if err := rt.run(t, source); err != nil {
		t.Fatalf("%v\n%s", err, tracebackOf(err))
	}
	return strings.TrimSuffix(rt.out.String(), "\n")
}

func tracebackOf(err error) string {
	var luaError *LuaError
	if errors.As(err, &luaError) {
		return luaError.Traceback
	}
	var internal *InternalError
	if errors.As(err, &internal) {
		return string(internal.Stack)
	}
	return ""
}

// Every file of testdata checks itself.
func TestLuaFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			rt := newRuntime(t, Options{Root: "testdata"})
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := rt.Run(ctx, s); err != nil {
				t.Fatalf("%v\n%s", err, tracebackOf(err))
			}
		})
	}
}
