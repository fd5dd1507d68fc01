package luaapi

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// records are rows on their way into a file: whatever a script gives for rows, as
// values in the order of the columns, one row at a time.
type records struct {
	c     *Call
	names []string // of the columns
	given bool     // the script named them, and other values of rows are left out
	pull  func() (lua.LValue, error)
	close func()
	first lua.LValue // read ahead to learn the names, nil where none was
	known *rows.Columns
	row   int64 // the number of the row looked at
}

// recordsHint says what rows can be.
const recordsHint = `rows are a source, a list of rows, or a function that returns one each time; a row is { city = "Paris", sold = 3 }, or { "Paris", 3 } in the order of columns`

// records opens what a script gave for rows. Without names they are those of the source, or
// of the first row.
func (c *Call) records(v lua.LValue, names []string) (*records, error) {
	r := &records{c: c, names: names, given: len(names) > 0, close: func() {}}
	switch v := v.(type) {
	case *lua.LTable:
		at, n := 0, v.MaxN()
		if n == 0 && v.Len() == 0 {
			if key, _ := v.Next(lua.LNil); key != lua.LNil {
				return nil, fmt.Errorf("rows are a list, and have the key %s", c.L.ToStringMeta(key).String())
			}
		}
		r.pull = func() (lua.LValue, error) {
			for at < n {
				at++
				if item := v.RawGetInt(at); item != lua.LNil {
					return item, nil
				}
			}
			return nil, io.EOF
		}
	case *lua.LFunction:
		r.pull = func() (lua.LValue, error) {
			item, err := c.callBack(v)
			if err == nil && item == lua.LNil {
				err = io.EOF
			}
			return item, err
		}
	case *lua.LUserData:
		s, ok := v.Value.(*source)
		if !ok {
			return nil, fmt.Errorf("rows are a %s", engine.TypeName(v))
		}
		reader, err := s.Open(c.Context())
		if err != nil {
			return nil, err
		}
		r.close = sync.OnceFunc(func() { _ = reader.Close() })
		if columns := reader.Columns(); columns != nil {
			if !r.given {
				r.names = columns.Names()
			}
			for _, name := range r.names {
				if _, ok := columns.Index(name); !ok {
					r.close()
					return nil, fmt.Errorf("%s: no column %q%s", s.Name(), name, meant(name, columns.Names()))
				}
			}
		}
		r.pull = func() (lua.LValue, error) {
			row, err := reader.Next()
			if err != nil {
				return nil, err
			}
			return c.object("row", row), nil
		}
	default:
		return nil, fmt.Errorf("rows are missing")
	}
	if len(r.names) == 0 {
		if err := r.learn(); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func meant(name string, known []string) string {
	if near, ok := engine.Closest(name, known); ok {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// learn takes the names from the first row.
func (r *records) learn() error {
	v, err := r.pull()
	if err == io.EOF {
		return errors.New("there are no rows, and columns does not name any columns")
	}
	if err != nil {
		return err
	}
	r.first = v
	switch v := v.(type) {
	case *lua.LUserData:
		if row, ok := v.Value.(*rows.Row); ok {
			r.names = row.Columns().Names()
		}
	case *lua.LTable:
		v.ForEach(func(key, _ lua.LValue) {
			if name, ok := key.(lua.LString); ok {
				r.names = append(r.names, string(name))
			}
		})
		slices.Sort(r.names)
	}
	if len(r.names) == 0 {
		return errors.New("the first row has no names for its values, and columns does not name any")
	}
	return nil
}

// all are the values of each row; an error is the last.
func (r *records) all() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for {
			if err := r.c.Context().Err(); err != nil {
				yield(nil, err)
				return
			}
			v, err := r.first, error(nil)
			if r.first = nil; v == nil {
				v, err = r.pull()
			}
			if err == io.EOF {
				return
			}
			r.row++
			var values []any
			if err == nil {
				if values, err = r.values(v); err != nil {
					err = fmt.Errorf("row %d: %w", r.row, err)
				}
			}
			if !yield(values, err) || err != nil {
				return
			}
		}
	}
}

// values are those of one row, in the order of the columns.
func (r *records) values(v lua.LValue) ([]any, error) {
	switch v := v.(type) {
	case *lua.LUserData:
		if row, ok := v.Value.(*rows.Row); ok {
			return r.ofRow(row)
		}
	case *lua.LTable:
		if v.MaxN() > 0 {
			return r.ofList(v)
		}
		return r.ofTable(v)
	}
	return nil, fmt.Errorf("a row is a table, or a row of a source, not a %s", engine.TypeName(v))
}

func (r *records) ofRow(row *rows.Row) ([]any, error) {
	if columns := row.Columns(); !r.given && columns != r.known { // those of JSON differ from row to row
		for _, name := range columns.Names() {
			if !slices.Contains(r.names, name) {
				return nil, r.stranger(name)
			}
		}
		r.known = columns
	}
	list := make([]any, len(r.names))
	for i, name := range r.names {
		at, ok := row.Columns().Index(name)
		if !ok {
			continue // an object of JSON without it; other sources were asked when they were opened
		}
		value, err := row.At(at)
		if err == nil {
			value, err = fileValue(value)
		}
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
		list[i] = value
	}
	return list, nil
}

func (r *records) stranger(name string) error {
	return fmt.Errorf("it has a value %q, which the first row has not%s; columns = { … } names what is to be written", name, meant(name, r.names))
}

func (r *records) ofTable(t *lua.LTable) ([]any, error) {
	var err error
	t.ForEach(func(key, _ lua.LValue) {
		name, ok := key.(lua.LString)
		switch {
		case err != nil:
		case !ok:
			err = fmt.Errorf("it has the key %s, which is no name", r.c.L.ToStringMeta(key).String())
		case !r.given && !slices.Contains(r.names, string(name)):
			err = r.stranger(string(name))
		}
	})
	if err != nil {
		return nil, err
	}
	list := make([]any, len(r.names))
	for i, name := range r.names {
		if list[i], err = r.value(t.RawGetString(name)); err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
	}
	return list, nil
}

func (r *records) ofList(t *lua.LTable) ([]any, error) {
	if n := t.MaxN(); n > len(r.names) {
		return nil, fmt.Errorf("it has %d values, and there are %s", n, count(len(r.names), "column"))
	}
	var err error
	t.ForEach(func(key, _ lua.LValue) {
		if i, ok := key.(lua.LNumber); err == nil && (!ok || i < 1 || i != lua.LNumber(int(i))) {
			err = fmt.Errorf("it has both values in the order of columns and one with the name %s", r.c.L.ToStringMeta(key).String())
		}
	})
	if err != nil {
		return nil, err
	}
	list := make([]any, len(r.names))
	for i, name := range r.names {
		if list[i], err = r.value(t.RawGetInt(i + 1)); err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
	}
	return list, nil
}

func (r *records) value(v lua.LValue) (any, error) {
	value, err := r.c.toGo(v, r.c.dataOf)
	if err != nil {
		return nil, err
	}
	return fileValue(value)
}

// fileValue is a value that can be written into a cell: nil, string, bool, int64, float64,
// time.Time or rows.Date.
func fileValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		switch {
		case !utf8.ValidString(v):
			return nil, errors.New("the text is not valid UTF-8; convert it, or read it with encoding=")
		case strings.Contains(v, shownSecret):
			return nil, errors.New("the text holds " + shownSecret + ": a secret was put into it")
		}
		return v, nil
	case []any, map[string]any:
		return nil, errors.New("a table is no value of a cell; json.encode makes a text of it")
	}
	return v, nil
}

// recordError raises what ended the reading of rows: an error of the script as it was raised.
func (c *Call) recordError(err error) {
	var raised *engine.LuaError
	var fault *engine.Fault
	switch {
	case errors.As(err, &raised):
		c.rt.Rethrow(c.L, raised)
	case errors.As(err, &fault):
		c.rt.Rethrow(c.L, fault)
	}
	worded := *c.fault(err)
	worded.Message = c.function.full + ": " + strings.TrimPrefix(err.Error(), "workbook: ")
	if worded.Hint == "" && worded.Kind == engine.KindArgument {
		worded.Hint = recordsHint
	}
	c.rt.Raise(c.L, &worded)
}
