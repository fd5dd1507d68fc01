package luaapi

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime/lint"
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
func (m *merge) check(duplicates delivery.DuplicatePolicy, addresses delivery.AddressPolicy) (delivery.Counts, []*Problem, error) {
	var problems []*Problem
	looked := &inspection{merge: m}
	counts, err := delivery.Check(m.context(), m.open, delivery.CheckOptions{
		Inspect: looked.inspect, Duplicates: duplicates, Addresses: addresses, Stop: m.Context().Done(),
		OnResult: func(r delivery.Result) error {
			problems = append(problems, looked.warnings(r.Job.Number)...)
			if r.Err != nil {
				problems = append(problems, m.problem(&r.Job, r.Err))
			}
			return nil
		},
	})
	return counts, problems, err
}

// inspection looks at built messages, on any goroutine.
type inspection struct {
	merge *merge
	mu    sync.Mutex
	found map[int64][]*Problem // warnings, by the number of their row
	seen  map[string]bool      // rules that have warned: what a template has, all rows have
}

// inspect lints a message. What breaks it is an error of its row; what is unwise is
// said once, since it is of the template more often than of the row.
func (i *inspection) inspect(ctx context.Context, job *delivery.Job, made *delivery.Letter) error {
	var text bytes.Buffer
	text.Grow(int(made.Content.Size))
	if _, err := made.Content.Writer.WriteTo(&text); err != nil {
		return err
	}
	if d := i.merge.sample; d != nil {
		if err := d.keep(job, text.Bytes()); err != nil {
			return err
		}
	}
	found, err := lint.Check(text.Bytes(), lint.Options{})
	if err != nil {
		return err
	}
	for n := range found {
		f := &found[n]
		switch f.Severity {
		case lint.Error:
			return &remarkError{f}
		case lint.Warning:
			i.warn(job, f)
		}
	}
	return nil
}

func (i *inspection) warn(job *delivery.Job, f *lint.Finding) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.seen[f.Rule] {
		return
	}
	if i.seen == nil {
		i.seen, i.found = map[string]bool{}, map[int64][]*Problem{}
	}
	i.seen[f.Rule] = true
	p := i.merge.problem(job, &remarkError{f})
	p.Warning = true
	i.found[job.Number] = append(i.found[job.Number], p)
}

func (i *inspection) warnings(number int64) []*Problem {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.found[number]
}

// remarkError is what lint has found in a message.
type remarkError struct{ *lint.Finding }

func (e *remarkError) Error() string { return e.Text + " (" + e.Rule + ")" }

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
	var clash delivery.Clash
	var remark *remarkError
	if errors.As(err, &placed) {
		err = placed.err
	}
	p.Reason = err.Error()
	switch {
	case errors.As(err, &cell):
		p.Place, p.Column, p.Reason, p.Hint = cell.Place, cell.Column, cell.Text, cell.Hint
		return p
	case errors.As(err, &clash):
		p.Hint = `duplicates = "first" takes the first of them`
		if p.Column = m.key; clash.Kind == delivery.SameAddress {
			p.Hint = "unique_address = false allows more than one message to an address"
			if row, ok := job.Row.(*rows.Row); ok {
				p.Column = columnOf(row, clash.Value)
			}
		}
		return p
	case errors.As(err, &remark):
		p.Hint = remark.Hint
	case errors.As(err, &blank):
		bare := *blank
		bare.Row, bare.Hint = "", ""
		p.Reason, p.Hint = bare.Error(), blank.Hint
	case errors.As(err, &fault):
		p.Reason, p.Hint = fault.Message, fault.Hint
	case errors.As(err, &raised):
		p.Reason, p.Hint = strings.TrimPrefix(raised.Message, p.Place.String()+": "), raised.Hint
	default:
		worded := m.bound.fault(err)
		p.Reason, p.Hint = worded.Message, worded.Hint
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
		if !ok || len(text) <= longest {
			continue
		}
		quoted := strconv.Quote(text)
		if strings.Contains(reason, text) || strings.Contains(reason, quoted[1:len(quoted)-1]) {
			column, longest = row.Columns().Name(i), len(text)
		}
	}
	return column
}
