package luaapi

import (
	"reflect"
	"testing"

	"github.com/mailscript/mailscript/engine"
	lua "github.com/yuin/gopher-lua"
)

// measured runs source with a function `measure(n, f)` that a benchmark gives,
// and returns when the script ends.
func measured(b *testing.B, source string, measure func(*Call)) {
	b.Helper()
	api := New(Options{Root: b.TempDir(), Rehearsal: true})
	modules := api.Modules()
	probe := &Function{Name: "measure", full: "bench.measure", Params: []Param{{"argument", "any", ""}}, Call: func(c *Call) []lua.LValue {
		measure(c)
		return nil
	}}
	modules = append(modules, engine.Module{Name: "bench", Open: func(rt *engine.Runtime) lua.LValue {
		shared := &bound{API: api, rt: rt, classes: map[string]*lua.LTable{}, kinds: map[string]*Class{}, shapes: map[reflect.Type]*shape{}}
		for _, m := range Modules() {
			for _, class := range m.Classes {
				shared.kinds[class.Name] = class
			}
		}
		return shared.open(&Module{Name: "bench", Functions: []Function{*probe}})
	}})
	rt := engine.New(engine.Options{Modules: modules})
	script, err := engine.LoadSource("bench.lua", source)
	if err == nil {
		err = rt.Run(b.Context(), script)
	}
	if err != nil {
		b.Fatal(err)
	}
	if err := rt.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkDescription reads what a script says of a usual message.
func BenchmarkDescription(b *testing.B) {
	measured(b, `require "bench".measure {
		from = "News <news@bank.example>", to = "ann@example.org", subject = "News for Ann", text = "Hello Ann", html = "<p>Hello Ann",
	}`, func(c *Call) {
		t := c.Arg(0).(*lua.LTable)
		b.ReportAllocs()
		for b.Loop() {
			d := &describer{c: c}
			d.description(t)
		}
	})
}
