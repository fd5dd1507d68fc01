package luaapi

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/mailscript/mailscript/civil"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// Values that come from data and go into templates, JSON and messages cross here:
// nil, bool, string, int64, float64, []any and map[string]any, one way and the other.

// maxNesting is how deep values may hold each other.
const maxNesting = 100

// maxExact is up to where each whole number has a float64 of its own; what is
// beyond reaches Lua as text, digit for digit.
const maxExact = 1 << 53

// toLua makes the Lua value of one that came from data.
func (b *bound) toLua(v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return lua.LNil
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case int64:
		if v > maxExact || v < -maxExact {
			return lua.LString(strconv.FormatInt(v, 10))
		}
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case json.Number:
		return numberToLua(v)
	case time.Time:
		return b.object("time", civil.At(v, v.Location()))
	case rows.Date:
		day, err := civil.NewDate(civil.Fields{Year: v.Year, Month: int(v.Month), Day: v.Day}, time.UTC)
		if err != nil {
			return lua.LString(v.String()) // no day of any calendar
		}
		return b.object("time", day)
	case []any:
		t := b.rt.State().CreateTable(len(v), 0)
		for i, item := range v {
			t.RawSetInt(i+1, b.toLua(item))
		}
		return t
	case map[string]any:
		t := b.rt.State().CreateTable(0, len(v))
		for name, item := range v {
			t.RawSetString(name, b.toLua(item))
		}
		return t
	}
	panic(fmt.Sprintf("luaapi: a %T came from data", v))
}

// numberToLua keeps what a float64 cannot hold as text.
func numberToLua(n json.Number) lua.LValue {
	f, err := n.Float64()
	if err != nil || f == math.Trunc(f) && math.Abs(f) >= maxExact {
		return lua.LString(n.String())
	}
	return lua.LNumber(f)
}

// numberText is a number as scripts print it: %.14g of C.
func numberText(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 14, 64)
}

// toGo makes a Go value of a Lua one: whole numbers are int64, a table is a list
// where its keys are 1, 2, 3 … and a map where they are texts. object may make a
// value of an object, or say that it cannot.
func (b *bound) toGo(v lua.LValue, object func(v *lua.LUserData) (any, bool)) (any, error) {
	w := toGo{bound: b, object: object}
	return w.value(v, 0)
}

type toGo struct {
	*bound
	object func(v *lua.LUserData) (any, bool)
	inside []*lua.LTable // the tables that hold the one looked at
	// constants make values of the tables right in the data, nil where each is made anew.
	constants *constants
	filling   *data // is made, where a template is to be filled; else nil
}

func (w *toGo) value(v lua.LValue, depth int) (any, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LString:
		return string(v), nil
	case lua.LNumber:
		f := float64(v)
		if f == math.Trunc(f) && math.Abs(f) <= maxExact {
			return int64(f), nil
		}
		return f, nil
	case *lua.LTable:
		if depth == 1 && w.constants != nil {
			return w.constants.value(w, v)
		}
		return w.table(v, depth)
	case *lua.LUserData:
		if w.filling != nil {
			if value, ok := w.filling.object(v, depth); ok {
				return value, nil
			}
		}
		if value, ok := w.object(v); ok {
			return value, nil
		}
	}
	return nil, fmt.Errorf("a %s cannot be part of data", engine.TypeName(v))
}

func (w *toGo) table(t *lua.LTable, depth int) (any, error) {
	if depth >= maxNesting {
		return nil, fmt.Errorf("tables are nested more than %d deep", maxNesting)
	}
	for _, other := range w.inside {
		if other == t {
			return nil, fmt.Errorf("a table holds itself")
		}
	}
	w.inside = append(w.inside, t)
	value, err := w.contents(t, depth)
	w.inside = w.inside[:len(w.inside)-1]
	return value, err
}

func (w *toGo) contents(t *lua.LTable, depth int) (any, error) {
	n := t.MaxN()
	if n > 0 || t.Metatable == w.arrays() {
		list := make([]any, n)
		seen := 0
		var err error
		t.ForEach(func(key, item lua.LValue) {
			if err != nil {
				return
			}
			i, ok := key.(lua.LNumber)
			if !ok || i < 1 || i > lua.LNumber(n) || i != lua.LNumber(int(i)) {
				err = fmt.Errorf("a table has both elements of a list and the key %s", lua.LVAsString(key))
				return
			}
			if list[int(i)-1], err = w.value(item, depth+1); err != nil {
				err = beneath(fmt.Sprintf("[%d]", int(i)), err)
			}
			seen++
		})
		if err == nil && seen > 0 && n > 4*seen+16 {
			err = fmt.Errorf("a list has %d elements and the highest index %d", seen, n)
		}
		return list, err
	}
	fields := map[string]any{}
	for key, item := t.Next(lua.LNil); key != lua.LNil; key, item = t.Next(key) {
		name, ok := key.(lua.LString)
		if !ok {
			return fields, fmt.Errorf("a table has the key %s, which is neither a text nor an element of a list", lua.LVAsString(key))
		}
		value, err := w.value(item, depth+1)
		if err != nil {
			return fields, beneath("."+string(name), err)
		}
		fields[string(name)] = value
	}
	return fields, nil
}

// placed is an error with the way to its value: ".rows[3].price".
type placed struct {
	path string
	err  error
}

func beneath(step string, err error) error {
	if inner, ok := err.(*placed); ok {
		return &placed{step + inner.path, inner.err}
	}
	return &placed{step, err}
}

func (p *placed) Error() string { return p.path + ": " + p.err.Error() }

func (p *placed) Unwrap() error { return p.err }

// arrays marks tables that are lists even when they are empty.
func (b *bound) arrays() *lua.LTable {
	if b.arrayMark == nil {
		b.arrayMark = b.rt.State().NewTable()
		b.arrayMark.RawSetString("__name", lua.LString("array"))
		b.arrayMark.RawSetString("__metatable", lua.LString("array"))
	}
	return b.arrayMark
}
