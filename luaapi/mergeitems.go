package luaapi

import (
	"bufio"
	"context"
	"io"
	"iter"
	"slices"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// itemsOptions are the options of run:items.
type itemsOptions struct {
	Outcome []string `lua:"outcome" doc:"which rows: one or several of \"sent\", \"failed\", \"deferred\", \"in_doubt\", \"planned\", \"skipped\", \"suppressed\" and \"duplicate\"; default all"`
}

func runMethods() []Function {
	of := func(c *Call) *mergeRun { return c.Self.(*mergeRun) }
	return []Function{
		{
			Name: "items", Params: []Param{{"opts?", "items.options", ""}}, Options: itemsOptions{}, Returns: "source",
			Doc: "What became of each row, one for each recipient, from the ledger: key, row (its number in the source), address, outcome, code, enhanced, text, time, attempts, next, message_id and via. " +
				"It is a source like any other: a loop reads it anew, and another merge may have it as its rows. A rehearsal remembers nothing, and has none.",
			Example: "local run = merge.open(\"news-2026-11\")\nif run then\n  for row in run:items { outcome = { \"failed\", \"in_doubt\" } } do print(row.key, row.address, row.code, row.text) end\nend",
			Call: func(c *Call) []lua.LValue {
				var o itemsOptions
				c.Options(0, &o)
				return values(c.sourceObject(c.ledgerSource(of(c).name, c.statesOf(o.Outcome))))
			},
		},
		{
			Name: "export", Params: []Param{{"path", "string", "a file inside the project folder"}}, Returns: "integer",
			Doc: "Write what became of each row as CSV, as mailscript export does, and return how many lines there are below that of the names. The file is there when all of it is. " +
				"A rehearsal remembers nothing, and has no lines.",
			Example: "local run = merge.open(\"news-2026-11\")\nif run then print(run:export(\"news-2026-11.csv\")) end",
			Call: func(c *Call) []lua.LValue {
				file := &ledgerFile{rows: c.ledgerSource(of(c).name, nil).each(c.Context())}
				if err := writeWhole(c.writtenPath(0), file); err != nil {
					c.Fail(err)
				}
				return values(lua.LNumber(file.lines))
			},
		},
	}
}

// statesOf are the states that outcomes name; none is all.
func (c *Call) statesOf(outcomes []string) []ledger.State {
	var states []ledger.State
	for _, name := range outcomes {
		before := len(states)
		var names []string
		for _, s := range ledgerStates {
			names = append(names, OutcomeName(s))
			if OutcomeName(s) == name {
				states = append(states, s)
			}
		}
		if len(states) == before {
			if near, ok := engine.Closest(name, names); ok {
				c.Usage("", `option "outcome": there is no outcome %q (did you mean %q?)`, name, near)
			}
			c.Usage(`"sent", "failed", "deferred", "in_doubt", "planned", "skipped", "suppressed", "duplicate"`, `option "outcome": there is no outcome %q`, name)
		}
	}
	return states
}

// ledgerSource is what the ledger knows of a run, as a source of rows.
type ledgerSource struct {
	book   *ledger.Ledger // nil in a rehearsal
	run    string
	states []ledger.State // of recipients; none is all
}

func (c *Call) ledgerSource(run string, states []ledger.State) *ledgerSource {
	s := &ledgerSource{run: run, states: states}
	if c.options.Ledger != "" {
		s.book = c.book()
	}
	return s
}

func (s *ledgerSource) Name() string { return "run " + s.run }

// each goes through the recipients, in the order of rows.
func (s *ledgerSource) each(ctx context.Context) iter.Seq2[LedgerRow, error] {
	return func(yield func(LedgerRow, error) bool) {
		if s.book == nil {
			return
		}
		if summary, err := s.book.Summary(s.run); err != nil || summary == nil {
			if err != nil {
				yield(LedgerRow{}, err)
			}
			return
		}
		for item, err := range s.book.Items(ctx, s.run, ledger.Filter{States: s.states}) {
			if err != nil {
				yield(LedgerRow{}, err)
				return
			}
			for i := range item.Recipients {
				to := &item.Recipients[i]
				if len(s.states) > 0 && !slices.Contains(s.states, to.State) {
					continue
				}
				if !yield(LedgerRowOf(&item, to), nil) {
					return
				}
			}
		}
	}
}

func (s *ledgerSource) Open(ctx context.Context) (rows.Reader, error) {
	maker := rows.Maker{Name: s.Name()}
	model, err := maker.Row(0, ledgerColumns[:], make([]any, len(ledgerColumns)))
	if err != nil {
		return nil, err
	}
	next, stop := iter.Pull2(s.each(ctx))
	return &ledgerReader{next: next, stop: stop, maker: maker, columns: model.Columns()}, nil
}

type ledgerReader struct {
	next    func() (LedgerRow, error, bool)
	stop    func()
	maker   rows.Maker
	columns *rows.Columns
	number  int64
}

func (r *ledgerReader) Columns() *rows.Columns { return r.columns }

func (r *ledgerReader) Next() (*rows.Row, error) {
	one, err, more := r.next()
	if !more {
		return nil, io.EOF
	}
	if err != nil {
		return nil, err
	}
	r.number++
	return r.maker.Row(r.number, ledgerColumns[:], one.cells())
}

func (r *ledgerReader) Close() error {
	r.stop()
	return nil
}

// ledgerFile writes an export and counts its lines.
type ledgerFile struct {
	rows  iter.Seq2[LedgerRow, error]
	lines int
}

func (f *ledgerFile) WriteTo(to io.Writer) (int64, error) {
	buffered := bufio.NewWriter(to)
	table := NewLedgerCSV(buffered)
	for row, err := range f.rows {
		if err == nil {
			err = table.Row(&row)
		}
		if err != nil {
			return 0, err
		}
		f.lines++
	}
	if err := table.End(); err != nil {
		return 0, err
	}
	return 0, buffered.Flush()
}
