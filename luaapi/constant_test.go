package luaapi

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp/smtptest"
	lua "github.com/yuin/gopher-lua"
)

// dataRows looks at the data of one row after the other, each with constants and without.
type dataRows struct {
	t      testing.TB
	c      *Call
	same   constants
	got    []any // of each row
	want   []any // made anew of the same table at the same time
	reused int   // how often a table in the data had the value that it had in the row before
}

// look is a row. It reports whether its data can be made values.
func (r *dataRows) look(data lua.LValue) bool {
	r.t.Helper()
	w := toGo{bound: r.c.bound, object: r.c.dataOf, constants: &r.same}
	r.same.begin()
	got, err := w.value(data, 0)
	want, fault := r.c.toGo(data, r.c.dataOf)
	if (err == nil) != (fault == nil) {
		r.t.Fatalf("row %d: %v, want %v", len(r.got), err, fault)
	}
	if err != nil {
		return false
	}
	if !reflect.DeepEqual(got, want) {
		r.t.Fatalf("row %d: %v, want %v", len(r.got), got, want)
	}
	if n := len(r.got); n > 0 {
		before, _ := r.got[n-1].(map[string]any)
		for name, value := range got.(map[string]any) {
			if holds(value) && holds(before[name]) && reflect.ValueOf(value).UnsafePointer() == reflect.ValueOf(before[name]).UnsafePointer() {
				r.reused++
			}
		}
	}
	r.got, r.want = append(r.got, got), append(r.want, want)
	return true
}

func holds(v any) bool {
	kind := reflect.ValueOf(v).Kind()
	return kind == reflect.Map || kind == reflect.Slice
}

// end checks that no row has seen what came later.
func (r *dataRows) end() {
	r.t.Helper()
	for i := range r.got {
		if !reflect.DeepEqual(r.got[i], r.want[i]) {
			r.t.Fatalf("row %d has become %v, and was %v", i, r.got[i], r.want[i])
		}
	}
}

// A table that a script changes between rows is in the data of each row as it was then.
func TestConstantsChange(t *testing.T) {
	for _, test := range []struct{ name, table, change string }{
		{"field", `{ a = 1 }`, `it.a = 2`},
		{"kind of value", `{ a = 1 }`, `it.a = "1"`},
		{"field added", `{ a = 1 }`, `it.b = 1`},
		{"field removed", `{ a = 1, b = 2 }`, `it.a = nil`},
		{"fields swapped", `{ a = 1, b = 2 }`, `it.a, it.b = it.b, it.a`},
		{"field renamed", `{ a = 1 }`, `it.a, it.b = nil, 1`},
		{"element", `{ 1, 2, 3 }`, `it[2] = 5`},
		{"element added", `{ 1, 2, 3 }`, `it[4] = 4`},
		{"element removed", `{ 1, 2, 3 }`, `it[3] = nil`},
		{"element taken out", `{ 1, 2, 3 }`, `table.remove(it, 1)`},
		{"element put in", `{ 1, 2, 3 }`, `table.insert(it, 1, 0)`},
		{"hole", `{ 1, 2, 3 }`, `it[2] = nil`},
		{"hole filled", `{ 1, nil, 3 }`, `it[2] = 2`},
		{"emptied", `{ 1, 2 }`, `it[1], it[2] = nil, nil`},
		{"filled", `{}`, `it[1] = 1`},
		{"list to map", `{ 1, 2 }`, `it[1], it[2], it.a = nil, nil, 1`},
		{"map to list", `{ a = 1 }`, `it.a, it[1] = nil, 1`},
		{"list and map", `{ 1, 2 }`, `it.a = 1`},
		{"marked as a list", `{}`, `look { mark = it }`},
		{"inside", `{ { a = { b = { 1 } } } }`, `it[1].a.b[1] = 2`},
		{"inside, added", `{ x = { y = {} } }`, `it.x.y.z = 1`},
		{"inside, another", `{ x = { y = 1 } }`, `it.x = { y = 2 }`},
		{"inside, the same", `{ x = { y = 1 } }`, `it.x = { y = 1 }`},
		{"inside itself", `{ x = { y = 1 } }`, `it.x.y = it`},
		{"time", `{ at = time.new { year = 2026, month = 1, day = 2 } }`, `it.at = time.new { year = 2026, month = 1, day = 3 }`},
		{"function", `{ a = 1 }`, `it.a = print`},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := fmt.Sprintf(`local time, look = require "time", require "bench".measure
				local it = %s
				for i = 1, 4 do look { it = it, also = it, n = i } end
				%s
				for i = 1, 24 do look { it = it, also = it, n = i } end`, test.table, test.change)
			r := &dataRows{t: t}
			measured(t, source, func(c *Call) {
				r.c = c
				if marked, ok := c.Arg(0).(*lua.LTable).RawGetString("mark").(*lua.LTable); ok {
					marked.Metatable = c.arrays()
					return
				}
				r.look(c.Arg(0))
			})
			r.end()
			// Both, in rows 3 and 4; and again once it has rested, where it still is data.
			if first, least := 2, len(r.got) > 4; r.reused < first || least && r.reused < first+4 {
				t.Errorf("a table was made values anew in all but %d of %d rows", r.reused, len(r.got))
			}
		})
	}
}

// Whatever happens to tables, rows see what they hold.
func TestConstantsAtRandom(t *testing.T) {
	measured(t, `require "bench".measure(true)`, func(c *Call) {
		dice := rand.New(rand.NewPCG(1, 2))
		r := &dataRows{t: t, c: c}
		tables := make([]*lua.LTable, 6)
		for i := range tables {
			tables[i] = c.L.NewTable()
		}
		bad := 0
		for range 20_000 {
			if dice.IntN(4) == 0 {
				r.change(dice, tables)
			}
			if dice.IntN(50) == 0 {
				tables[dice.IntN(len(tables))] = c.L.NewTable()
			}
			data := c.L.NewTable()
			for i, name := range []string{"a", "b", "c"} {
				data.RawSetString(name, tables[i])
			}
			if !r.look(data) {
				bad++
			}
			for i := range r.same.kept {
				r.same.kept[i].rest = 0
			}
		}
		r.end()
		if r.reused < 1000 || bad < 100 || len(r.got) < 1000 {
			t.Errorf("%d tables reused in %d rows, and %d that are no data", r.reused, len(r.got), bad)
		}
	})
}

// change sets a key of a table, and seldom so that it is no data.
func (r *dataRows) change(dice *rand.Rand, tables []*lua.LTable) {
	at := dice.IntN(len(tables))
	values := []lua.LValue{lua.LNil, lua.LNil, lua.LNumber(dice.IntN(3)), lua.LString("x"), lua.LBool(dice.IntN(2) == 0)}
	if at+1 < len(tables) {
		values = append(values, tables[at+1+dice.IntN(len(tables)-at-1)])
	}
	if dice.IntN(40) == 0 {
		values = append(values, tables[0])
	}
	value := values[dice.IntN(len(values))]
	list := tables[at].MaxN() > 0
	if dice.IntN(40) == 0 {
		list = !list
	}
	if empty, _ := tables[at].Next(lua.LNil); empty == lua.LNil {
		list = dice.IntN(2) == 0
	}
	if list {
		tables[at].RawSetInt(1+dice.IntN(4), value)
	} else {
		tables[at].RawSetString([]string{"a", "b", "c"}[dice.IntN(3)], value)
	}
}

// What is remembered has bounds, and tables that are made for each row are none of it.
func TestConstantsBounds(t *testing.T) {
	const source = `local look = require "bench".measure
		local large, wide, deep, many = {}, {}, {}, {}
		for i = 1, 2000 do large[i], wide["f" .. i], deep[i % 100 + 1] = i, i, { { {}, {}, {}, {} }, { {}, {}, {}, {} } } end
		for i = 1, 40 do many["t" .. i] = { i } end
		for i = 1, 10 do look { large = large, wide = wide, deep = deep, fresh = { i }, more = { { i } } } end
		for i = 1, 100 do look(many) end
		for i = 1, 100 do look { large = large, fresh = { i }, other = deep[1] } end`
	r := &dataRows{t: t}
	var last lua.LValue
	measured(t, source, func(c *Call) {
		r.c, last = c, c.Arg(0)
		r.look(last)
		kept := 0
		for i := range r.same.kept {
			k := &r.same.kept[i]
			if n := k.size(); n > mostHeld {
				t.Fatalf("row %d: %d elements and fields are kept", len(r.got), n)
			}
			if k.table != nil {
				kept++
			}
		}
		if kept > 3 && len(r.got) <= 10 {
			t.Fatalf("row %d: %d tables are kept", len(r.got), kept)
		}
		if len(r.same.now) > len(r.same.kept) {
			t.Fatalf("row %d: %d tables are known of", len(r.got), len(r.same.now))
		}
	})
	r.end()
	// More of them than are remembered do not take the place of each other.
	if least := 90 * (len(r.same.kept) - 3); r.reused < least {
		t.Errorf("%d tables are reused, want %d at least", r.reused, least)
	}
	before := r.reused
	if r.look(last); r.reused == before {
		t.Error("a table is not remembered, though others have not been there for long")
	}
}

// size is how many keys are held.
func (p *part) size() int {
	n := len(p.list) + len(p.fields)
	for _, h := range append(p.list[:len(p.list):len(p.list)], p.fields...) {
		if h.inner != nil {
			n += h.inner.size()
		}
	}
	return n
}

// A list that is built up while a merge runs is in each message as it was for its row,
// though messages are built later, and by others.
func TestMergeConstants(t *testing.T) {
	p := streamTo(t, smtptest.Server{}, Options{}, `
		local merge, template = require "merge", require "template"
		local letter = template.new { text = "{{range .Offers}}<{{.Title}}>{{end}} of {{.n}}" }
		local offers, rows = { { Title = "first" } }, {}
		for i = 1, 200 do rows[i] = { id = i } end
		merge.run { name = "t", key = "id", rows = rows, connections = 1, account = { host = "mx.example", port = 25, tls = "off", local_name = "client.example" }, message = function(row)
			if row.id == 1 then -- rows are read twice
				for i = #offers, 2, -1 do offers[i] = nil end
				offers[1].Title = "first"
			end
			if row.id % 50 == 0 then offers[#offers + 1] = { Title = "from " .. row.id } end
			if row.id == 120 then offers[1].Title = "other" end
			return { from = "a@bank.example", to = ("p%d@example.org"):format(row.id), subject = "x", template = letter, data = { n = row.id, Offers = offers } }
		end }`)
	if p.err != nil || p.tally.Sent != 200 {
		t.Fatal(p.err, p.tally)
	}
	offers := "<first>"
	want := map[string]string{}
	for i := 1; i <= 200; i++ {
		if i%50 == 0 {
			offers += fmt.Sprintf("<from %d>", i)
		}
		if i == 120 {
			offers = strings.Replace(offers, "first", "other", 1)
		}
		want[fmt.Sprintf("p%d@example.org", i)] = fmt.Sprintf("%s of %d", offers, i)
	}
	for _, seen := range p.seen {
		for _, m := range seen.Messages {
			if _, body, _ := strings.Cut(string(m.Text), "\r\n\r\n"); strings.TrimSpace(body) != want[m.To[0]] {
				t.Fatalf("%s: %s, want %s", m.To[0], body, want[m.To[0]])
			}
		}
	}
}
