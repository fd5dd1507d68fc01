package luaapi

import (
	"errors"
	"slices"
	"time"

	"github.com/mailscript/mailscript/civil"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// rowClass is a row as scripts see it: a field for each column, its value made
// when it is asked for.
func rowClass() *Class {
	return &Class{
		Name:  "row",
		Doc:   "One row of a source, with a field for each column. It never changes and may be kept. An empty cell, NULL and null are nil; a column that is not there is an error.",
		Index: rowValue,
		Text:  func(self any) string { return self.(*rows.Row).Place().String() },
	}
}

// rowValue is the value of one column. It is called for every field of every row
// of a merge.
func rowValue(b *bound, L *lua.LState, self any, name string) lua.LValue {
	row := self.(*rows.Row)
	i, ok := row.Columns().Index(name)
	if !ok {
		_, err := row.Get(name)
		b.refuseRow(L, err)
	}
	if text, ok := row.Text(i); ok {
		return lua.LString(text)
	}
	value, err := row.At(i)
	if err != nil {
		b.rt.Raise(L, b.fault(err))
	}
	return b.toLua(value)
}

// refuseRow raises a column that is not there: a bug of the script.
func (b *bound) refuseRow(L *lua.LState, err error) {
	hint := ""
	var fault *rows.Error
	if errors.As(err, &fault) {
		hint = fault.Hint
	}
	b.rt.RaiseUsage(L, hint, "%v", err)
}

// rowMaker makes rows of what scripts give: a row as it is, a table by its names.
type rowMaker struct {
	*bound
	rows.Maker
}

func (m *rowMaker) row(number int64, v lua.LValue) (*rows.Row, error) {
	switch v := v.(type) {
	case *lua.LUserData:
		if row, ok := v.Value.(*rows.Row); ok {
			return row, nil
		}
	case *lua.LTable:
		names, cells, err := m.cells(v)
		if err != nil {
			return nil, &rows.Error{Place: rows.Place{File: m.Name, Row: number}, Text: err.Error()}
		}
		return m.Row(number, names, cells)
	}
	return nil, &rows.Error{
		Place: rows.Place{File: m.Name, Row: number},
		Text:  "a row is a table with names, or a row of a source, not a " + engine.TypeName(v),
	}
}

// cells are the names of a table, sorted, and their values.
func (m *rowMaker) cells(t *lua.LTable) (names []string, cells []any, err error) {
	t.ForEach(func(key, _ lua.LValue) {
		name, ok := key.(lua.LString)
		if !ok && err == nil {
			err = errors.New("a row has names for its values, not numbers: { email = \"ann@example.org\" }")
		}
		names = append(names, string(name))
	})
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		value, err := m.toGo(t.RawGetString(name), m.dataOf)
		if err != nil {
			return nil, nil, beneath("."+name, err)
		}
		cells = append(cells, value)
	}
	return names, cells, nil
}

// dataOf makes data of the objects that stand for some.
func (b *bound) dataOf(v *lua.LUserData) (any, bool) {
	switch value := v.Value.(type) {
	case null:
		return nil, true
	case civil.Time:
		if value.IsDate() {
			f := value.Fields()
			return rows.Date{Year: f.Year, Month: time.Month(f.Month), Day: f.Day}, true
		}
		return value.Instant().In(value.Zone()), true
	case *mime.Address:
		return value.Mailbox, true
	case *rows.Row:
		fields, err := value.Map()
		return fields, err == nil
	}
	return nil, false
}
