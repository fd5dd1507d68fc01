package luaapi

import (
	"context"
	"fmt"
	"io"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// listed is a source of the tables in a list.
type listed struct {
	b    *bound
	name string
	list *lua.LTable
}

func (l *listed) Name() string { return l.name }

func (l *listed) Open(ctx context.Context) (rows.Reader, error) {
	return &listedReader{listed: l, ctx: ctx, maker: rowMaker{bound: l.b, Maker: rows.Maker{Name: l.name}}}, nil
}

type listedReader struct {
	*listed
	ctx   context.Context
	maker rowMaker
	at    int
}

func (l *listedReader) Columns() *rows.Columns { return nil }

func (l *listedReader) Close() error { return nil }

func (l *listedReader) Next() (*rows.Row, error) {
	if err := l.ctx.Err(); err != nil {
		return nil, err
	}
	for l.at < l.list.MaxN() {
		l.at++
		if v := l.list.RawGetInt(l.at); v != lua.LNil {
			return l.maker.row(int64(l.at), v)
		}
	}
	return nil, io.EOF
}

// spooled is a source of what a function of the script returns until it returns nil.
// It gives its rows once, so they are kept for the readings behind the first.
type spooled struct {
	b    *bound
	name string
	pull lua.LValue
	kept []*rows.Row
	end  error // what came behind the rows kept, nil while more may come
}

// maxSpooled bounds what is kept of a function's rows.
const maxSpooled = 200_000

func (s *spooled) Name() string { return s.name }

func (s *spooled) Open(ctx context.Context) (rows.Reader, error) {
	return &spooledReader{spooled: s, ctx: ctx, maker: rowMaker{bound: s.b, Maker: rows.Maker{Name: s.name}}}, nil
}

type spooledReader struct {
	*spooled
	ctx   context.Context
	maker rowMaker
	at    int
}

func (s *spooledReader) Columns() *rows.Columns { return nil }

func (s *spooledReader) Close() error { return nil }

func (s *spooledReader) Next() (*rows.Row, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	for s.at == len(s.kept) {
		if s.end != nil {
			return nil, s.end
		}
		s.fetch(&s.maker)
	}
	s.at++
	return s.kept[s.at-1], nil
}

// fetch gets one more row, or the end.
func (s *spooled) fetch(maker *rowMaker) {
	number := int64(len(s.kept) + 1)
	v, err := s.b.callBack(s.pull)
	switch {
	case err != nil:
		s.end = err
	case v == lua.LNil:
		s.end = io.EOF
	case len(s.kept) == maxSpooled:
		s.end = &rows.Error{
			Place: rows.Place{File: s.name, Row: number}, Fatal: true,
			Text: fmt.Sprintf("a function gives its rows only once, and no more than %d of them are kept", maxSpooled),
			Hint: "write the rows to a file first, and read it with csv.rows or json.rows",
		}
	default:
		row, err := maker.row(number, v)
		if err != nil {
			s.end = err
			return
		}
		s.kept = append(s.kept, row)
	}
}

// rowsOf is what a script gives for rows: a source, a list of tables, or a function
// that returns one after the other.
func (c *Call) rowsOf(v lua.LValue) rows.Source {
	switch v := v.(type) {
	case *lua.LUserData:
		if s, ok := v.Value.(*source); ok {
			return s.Source
		}
	case *lua.LTable:
		return &listed{b: c.bound, name: "rows", list: v}
	case *lua.LFunction:
		return &spooled{b: c.bound, name: "rows", pull: v}
	}
	c.Usage("csv.rows, json.rows, xlsx.rows and db:rows make sources; a list of tables or a function that returns one each time will do too",
		`option "rows" must be a source, a list or a function, got %s`, engine.TypeName(v))
	return nil
}
