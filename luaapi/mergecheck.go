package luaapi

import (
	"errors"
	"strings"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/template"
	lua "github.com/yuin/gopher-lua"
)

// Problem is what is wrong with one row of a merge.
type Problem struct {
	Run    string     // the name of the merge
	Place  rows.Place // of the row
	Column string     // whose cell is at fault, "" where that cannot be told
	Key    string     // of the row, "" where it has none
	Reason string
	Hint   string // "" where nothing is likely
	// Warning is true where the message can be sent all the same.
	Warning bool
}

func problemClass() *Class {
	of := func(c *Call) *Problem { return c.Self.(*Problem) }
	return &Class{
		Name: "problem",
		Doc:  "What is wrong with one row of a merge.",
		Fields: []Field{
			{"file", "string", "the source", func(c *Call) lua.LValue { return lua.LString(of(c).Place.File) }},
			{"sheet", "string?", "of a workbook", func(c *Call) lua.LValue { return optional(of(c).Place.Sheet) }},
			{"row", "integer", "as a spreadsheet counts: the header is row 1", func(c *Call) lua.LValue { return lua.LNumber(of(c).Place.Row) }},
			{"column", "string?", "whose cell is at fault, where that can be told", func(c *Call) lua.LValue { return optional(of(c).Column) }},
			{"key", "string?", "of the row", func(c *Call) lua.LValue { return optional(of(c).Key) }},
			{"reason", "string", "what is wrong", func(c *Call) lua.LValue { return lua.LString(of(c).Reason) }},
			{"hint", "string?", "what to do", func(c *Call) lua.LValue { return optional(of(c).Hint) }},
			{"warning", "boolean", "the message can be sent all the same", func(c *Call) lua.LValue { return lua.LBool(of(c).Warning) }},
		},
		Text: func(self any) string {
			p := self.(*Problem)
			return p.Place.String() + ": " + p.Reason
		},
	}
}

// check looks at the messages of all rows and sends none.
func (m *merge) check() (delivery.Counts, []*Problem, error) {
	return delivery.Counts{}, nil, errors.New("not there yet")
}

// problem words what is wrong with a row.
func (m *merge) problem(job *delivery.Job, err error) *Problem {
	p := &Problem{Run: m.name, Key: job.Key}
	if place, ok := job.Place.(rows.Place); ok {
		p.Place = place
	}
	var cell *rows.Error
	var blank *template.Error
	var fault *engine.Fault
	var raised *engine.LuaError
	var placed *rowError
	if errors.As(err, &placed) {
		err = placed.err
	}
	p.Reason = err.Error()
	switch {
	case errors.As(err, &cell):
		p.Place, p.Column, p.Reason, p.Hint = cell.Place, cell.Column, cell.Text, cell.Hint
		return p
	case errors.As(err, &blank):
		bare := *blank
		bare.Row, bare.Hint = "", ""
		p.Reason, p.Hint = bare.Error(), blank.Hint
	case errors.As(err, &fault):
		p.Reason, p.Hint = fault.Message, fault.Hint
	case errors.As(err, &raised):
		p.Reason, p.Hint = raised.Message, raised.Hint
	default:
		worded := m.bound.fault(err)
		p.Reason, p.Hint = worded.Message, worded.Hint
	}
	if errors.Is(err, delivery.ErrDuplicate) {
		p.Column = m.key
		return p
	}
	if row, ok := job.Row.(*rows.Row); ok {
		p.Column = columnOf(row, p.Reason)
	}
	return p
}

// columnOf is the column whose cell a reason quotes: the longest one that it holds.
func columnOf(row *rows.Row, reason string) (column string) {
	const least = 3 // shorter texts are in every sentence
	longest := least - 1
	for i := range row.Len() {
		text, ok := row.Text(i)
		if ok && len(text) > longest && strings.Contains(reason, text) {
			column, longest = row.Columns().Name(i), len(text)
		}
	}
	return column
}
