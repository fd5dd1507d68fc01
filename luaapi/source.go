package luaapi

import (
	"context"
	"errors"
	"io"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// source is a source of rows as scripts hold it.
type source struct {
	rows.Source
	reading []*reading // loops over it that are not over, the last begun last
}

// reading is one loop over a source.
type reading struct {
	reader rows.Reader
	end    context.CancelFunc
	last   *lua.LUserData // the row that the loop got last
}

// maxReadings is how many loops over one source may be under way. One that was left
// early cannot be told from one that goes on later, so the oldest makes room.
const maxReadings = 64

func sourceClass() *Class {
	of := func(c *Call) *source { return c.Self.(*source) }
	return &Class{
		Name: "source",
		Doc:  "Rows from a file, a database or a script. Each loop reads them anew, one at a time, so that any number of them fits: `for row, number in source do`.",
		Call: &Function{
			Params: []Param{{"state?", "any", ""}, {"last?", "any", ""}}, Returns: "row?, integer?",
			Call: func(c *Call) []lua.LValue { return of(c).next(c) },
		},
		Methods: []Function{
			{
				Name: "all", Returns: "row[]", Doc: "Every row, in a list. A source may be larger than memory: a loop is not.",
				Example: `print(#source:all())`,
				Call: func(c *Call) []lua.LValue {
					list := c.rt.State().NewTable()
					c.eachRow(of(c), func(row *rows.Row) { list.Append(c.object("row", row)) })
					return values(list)
				},
			},
			{
				Name: "count", Returns: "integer", Doc: "How many rows there are. All are read, and the first bad one raises.",
				Example: `print(source:count())`,
				Call: func(c *Call) []lua.LValue {
					n := 0
					c.eachRow(of(c), func(*rows.Row) { n++ })
					return values(lua.LNumber(n))
				},
			},
			{
				Name: "where", Params: []Param{{"keep", "fun(row): boolean", "true or false for each row"}}, Returns: "source",
				Doc:     "A source of those rows that keep says true to. It is called when the rows are read.",
				Example: `print(source:where(function(row) return row.city == "Paris" end):count())`,
				Call: func(c *Call) []lua.LValue {
					keep := c.Arg(0)
					return values(c.sourceObject(rows.Where(of(c).Source, func(row *rows.Row) (bool, error) {
						v, err := c.callBack(keep, c.object("row", row))
						if err != nil {
							return false, err
						}
						kept, ok := v.(lua.LBool)
						if !ok {
							return false, &rows.Error{Place: row.Place(), Fatal: true, Text: "source:where: the function must return true or false, got " + engine.TypeName(v)}
						}
						return bool(kept), nil
					})))
				},
			},
			{
				Name: "map", Params: []Param{{"change", "fun(row): table|row", "what stands in the place of each row"}}, Returns: "source",
				Doc:     "A source of what change makes of each row: a table with names, which becomes a row with these columns alone.",
				Example: `for row in source:map(function(row) return { email = row.email:lower() } end) do print(row.email) end`,
				Call: func(c *Call) []lua.LValue {
					return values(c.sourceObject(&mapped{Source: of(c).Source, b: c.bound, change: c.Arg(0)}))
				},
			},
		},
		Fields: []Field{
			{"name", "string", "what errors call it", func(c *Call) lua.LValue { return lua.LString(of(c).Name()) }},
			{"columns", "string[]?", "the names of its columns, in order; nil where each row has its own, as in JSON", func(c *Call) lua.LValue { return of(c).columns(c) }},
		},
		Text: func(self any) string { return self.(*source).Name() },
	}
}

func (b *bound) sourceObject(s rows.Source) lua.LValue {
	return b.object("source", &source{Source: s})
}

// next is one step of a loop: a source is called like the function that other
// loops are over.
func (s *source) next(c *Call) []lua.LValue {
	last, _ := c.Arg(1).(*lua.LUserData)
	r, err := s.readingBehind(c, last)
	if err != nil {
		c.Fail(err)
	}
	row, err := c.read(r.reader)
	if err != nil {
		s.close(r)
		if err == io.EOF {
			return nil
		}
		c.failRow(err)
	}
	r.last = c.object("row", row).(*lua.LUserData)
	return values(r.last, lua.LNumber(row.Number()))
}

// readingBehind is the loop that got a row last; without one it begins.
func (s *source) readingBehind(c *Call, last *lua.LUserData) (*reading, error) {
	if last != nil {
		for _, r := range s.reading {
			if r.last == last {
				return r, nil
			}
		}
		c.Usage("the loops that are under way hold files open; leave the inner ones, or collect rows with :all()",
			"this loop over %s is one of more than %d that were begun and not ended", s.Name(), maxReadings)
	}
	ctx, cancel := context.WithCancel(c.Context())
	reader, err := s.Open(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	if len(s.reading) == maxReadings {
		s.close(s.reading[0])
	}
	r := &reading{reader: reader, end: cancel}
	if len(s.reading) == 0 {
		c.rt.Defer(func(context.Context) error {
			for len(s.reading) > 0 {
				s.close(s.reading[0])
			}
			return nil
		})
	}
	s.reading = append(s.reading, r)
	return r, nil
}

func (s *source) close(r *reading) {
	_ = r.reader.Close()
	r.end()
	for i, other := range s.reading {
		if other == r {
			s.reading = append(s.reading[:i], s.reading[i+1:]...)
			break
		}
	}
}

func (s *source) columns(c *Call) lua.LValue {
	reader, err := s.Open(c.Context())
	if err != nil {
		c.Fail(err)
	}
	defer reader.Close()
	columns := reader.Columns()
	if columns == nil {
		return lua.LNil
	}
	return c.list(columns.Len(), func(i int) lua.LValue { return lua.LString(columns.Name(i)) })
}

// eachRow reads a source to its end; the first bad row raises.
func (c *Call) eachRow(s *source, visit func(*rows.Row)) {
	reader, err := s.Open(c.Context())
	if err != nil {
		c.Fail(err)
	}
	defer reader.Close()
	for {
		row, err := c.read(reader)
		if err == io.EOF {
			return
		}
		if err != nil {
			c.failRow(err)
		}
		visit(row)
	}
}

// read takes the next row. Functions of the script that take part in it are called
// on behalf of c.
func (c *Call) read(reader rows.Reader) (*rows.Row, error) {
	defer func(before *lua.LState) { c.caller = before }(c.caller)
	c.caller = c.L
	return reader.Next()
}

// callBack calls a function of the script that takes part in reading.
func (b *bound) callBack(f lua.LValue, args ...lua.LValue) (lua.LValue, error) {
	L := b.caller
	if L == nil {
		L = b.rt.State()
	}
	results, err := b.rt.Call(L, f, 1, args...)
	if err != nil {
		return nil, err
	}
	return results[0], nil
}

// failRow raises what came in the place of a row: an error of the script as the
// script raised it.
func (c *Call) failRow(err error) {
	var raised *engine.LuaError
	var fault *engine.Fault
	if errors.As(err, &raised) || errors.As(err, &fault) {
		c.rt.Rethrow(c.L, err)
	}
	c.Fail(err)
}

// mapped is a source whose rows a function of the script changes.
type mapped struct {
	rows.Source
	b      *bound
	change lua.LValue
}

func (m *mapped) Open(ctx context.Context) (rows.Reader, error) {
	reader, err := m.Source.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &mappedReader{Reader: reader, mapped: m, maker: rowMaker{bound: m.b, Maker: rows.Maker{Name: m.Name()}}}, nil
}

type mappedReader struct {
	rows.Reader
	mapped *mapped
	maker  rowMaker
}

// Columns are not known before the function was called.
func (m *mappedReader) Columns() *rows.Columns { return nil }

func (m *mappedReader) Next() (*rows.Row, error) {
	row, err := m.Reader.Next()
	if err != nil {
		return nil, err
	}
	v, err := m.mapped.b.callBack(m.mapped.change, m.mapped.b.object("row", row))
	if err != nil {
		return nil, err
	}
	return m.maker.row(row.Number(), v)
}
