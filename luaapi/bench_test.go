package luaapi

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// measured runs source with a function `measure(argument)` that a benchmark or a test gives,
// and returns when the script ends.
func measured(b testing.TB, source string, measure func(*Call)) {
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

// tenFields reads ten fields of a row and sets five of a table.
const tenFields = `require "bench".measure(function(row)
	local f, g, h, i, j = row.c6, row.c7, row.c8, row.c9, row.c10
	return { from = row.c1, to = row.c2, subject = row.c3, text = row.c4, html = row.c5 }
end)`

// BenchmarkPlainTable is what gopher-lua takes for BenchmarkRow alone: the row is a table
// that was made before, and nothing is protected.
func BenchmarkPlainTable(b *testing.B) {
	measured(b, tenFields, func(c *Call) {
		row := c.L.NewTable()
		for i := range 10 {
			row.RawSetString(fmt.Sprint("c", i+1), lua.LString("ann@example.org"))
		}
		b.ReportAllocs()
		for b.Loop() {
			c.L.Push(c.Arg(0))
			c.L.Push(row)
			c.L.Call(1, 1)
			c.L.Pop(1)
		}
	})
}

// BenchmarkRow takes a row through a function that reads ten fields and sets five.
func BenchmarkRow(b *testing.B) {
	const line = "ann@example.org,Ann,Example,Paris,FR,gold,2026-11-01,12.50,abcdef,7\n"
	path := filepath.Join(b.TempDir(), "rows.csv")
	content := "c1,c2,c3,c4,c5,c6,c7,c8,c9,c10\n" + strings.Repeat(line, 1000)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
	measured(b, tenFields, func(c *Call) {
		reader, err := rows.CSV(path, rows.CSVOptions{}).Open(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		defer reader.Close()
		row, err := reader.Next()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.rt.Call(c.L, c.Arg(0), 1, c.object("row", row)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// withOffers is the data of a row beside a list that all rows have.
const withOffers = `
local offers = {}
for i = 1, 4 do offers[i] = { Title = "Title " .. i, URL = "https://bank.example/" .. i, Price = i + 0.5 } end
require "bench".measure(function() return { name = "Ann", Offers = offers } end)`

// BenchmarkData makes values of that data, for a merge.
func BenchmarkData(b *testing.B) {
	measured(b, withOffers, func(c *Call) {
		data, err := c.rt.Call(c.L, c.Arg(0), 1)
		if err != nil {
			b.Fatal(err)
		}
		var same constants
		b.ReportAllocs()
		for b.Loop() {
			c.templateData("data", data[0], &same)
		}
	})
}
