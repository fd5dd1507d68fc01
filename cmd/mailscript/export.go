package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/spf13/cobra"
)

type exportFlags struct {
	project                                string
	failed, deferred, inDoubt, sent, every bool
	columns                                bool
	script                                 string
	csv                                    string
	json                                   bool
}

func exportCommand(status *int) *cobra.Command {
	var flags exportFlags
	command := &cobra.Command{
		Use:   "export RUN [-- ARGUMENT...]",
		Short: "Write what became of each row of a run",
		Long: `export writes a line for each recipient of each row of a run, as CSV or JSON: key, row,
address, outcome, the server's reply, when, how often it was tried, Message-ID, and
the server. It may be used while the run goes on.

With --columns, each line also has what the source has in that row. The script that
made the run is run again for that, in a rehearsal that reads the rows of the merge
and ends there: nothing is sent, and what the script does before the merge, it does.
What stands behind -- is its arg then, in place of the one it had.

Rows that could not be read or described are not in the ledger, and those that could
not be built are still planned: mailscript check lists them.

The status is 0, 64 where there is no such run, or that of the script.`,
		Example: "  mailscript export news-2026-11 > news.csv\n  mailscript export --failed --columns --csv again.csv news-2026-11",
		Args: func(c *cobra.Command, args []string) error {
			if n := c.ArgsLenAtDash(); n >= 0 {
				return oneRun(c, args[:n])
			}
			return oneRun(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			e := &export{flags: flags, run: args[0], args: args[1:], given: c.ArgsLenAtDash() >= 0, stdin: c.InOrStdin(), stderr: c.ErrOrStderr()}
			err := e.write(c.Context(), c.OutOrStdout())
			if e.status != 0 {
				*status = e.status
			}
			return ofLedger(status, err)
		},
	}
	f := command.Flags()
	projectFlag(command, &flags.project)
	f.BoolVar(&flags.failed, "failed", false, "what was refused for good")
	f.BoolVar(&flags.deferred, "deferred", false, "what was refused for now")
	f.BoolVar(&flags.inDoubt, "in-doubt", false, "what may have arrived")
	f.BoolVar(&flags.sent, "sent", false, "what was accepted")
	f.BoolVar(&flags.every, "all", false, "everything (default)")
	f.BoolVar(&flags.columns, "columns", false, "also what the source has in each row")
	f.StringVar(&flags.script, "script", "", "read the source with script `FILE`, which implies --columns")
	f.StringVar(&flags.csv, "csv", "", "write to `FILE` (default standard output)")
	f.BoolVar(&flags.json, "json", false, "write JSON, a line each")
	return command
}

// export joins what the ledger knows with what the source has.
type export struct {
	flags  exportFlags
	run    string
	args   []string // of the script
	given  bool     // rather than those it had
	stdin  io.Reader
	stderr io.Writer
	status int // of the script

	states []ledger.State // of recipients that are wanted
	out    luaapi.LedgerWriter
	wrong  error // of writing
}

func (e *export) write(ctx context.Context, stdout io.Writer) (err error) {
	if e.flags.json && e.flags.csv != "" {
		return usageError{errors.New("--json and --csv exclude each other"), "--json writes to standard output"}
	}
	project := projectFolder(e.flags.project)
	book, summary, err := lookUp(ctx, project, e.run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	e.choose()
	var o origin
	joined := e.flags.columns || e.flags.script != ""
	if joined {
		if o, err = e.origin(project); err != nil {
			return err
		}
	}
	to, end := stdout, func(error) error { return nil }
	if e.flags.csv != "" {
		if to, end, err = beginFile(e.flags.csv); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, end(err)) }()
	buffered := bufio.NewWriter(to)
	table := luaapi.NewLedgerCSV(buffered)
	table.Joined = joined
	e.out = table
	if e.flags.json {
		e.out = luaapi.NewLedgerJSON(buffered)
	}
	items := book.Items(ctx, summary.Name, ledger.Filter{})
	if joined {
		err = e.join(ctx, o, project, items)
	} else {
		err = e.all(items)
	}
	err = errors.Join(err, e.out.End(), buffered.Flush())
	if len(table.Left) > 0 {
		fmt.Fprintf(e.stderr, "mailscript: warning: some rows have columns that the first has not, which were left out: %s; --json has them\n", strings.Join(table.Left, ", "))
	}
	return err
}

// beginFile begins a file that takes its name when it is complete: what is there stays
// until then.
func beginFile(path string) (io.Writer, func(error) error, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // such as /dev/stdout
		if err != nil {
			return nil, nil, err
		}
		return f, func(error) error { return f.Close() }, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".mailscript-export-*")
	if err != nil {
		return nil, nil, err
	}
	return f, func(failed error) error {
		err := f.Close()
		if err == nil && failed == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil || failed != nil {
			os.Remove(f.Name())
		}
		return err
	}, nil
}

// choose makes the states of the flags.
func (e *export) choose() {
	if e.flags.every {
		return
	}
	for _, choice := range []struct {
		wanted bool
		states []ledger.State
	}{
		{e.flags.failed, []ledger.State{ledger.Failed}}, {e.flags.deferred, []ledger.State{ledger.Deferred}},
		{e.flags.inDoubt, []ledger.State{ledger.Unknown, ledger.InDoubt}}, {e.flags.sent, []ledger.State{ledger.Sent}},
	} {
		if choice.wanted {
			e.states = append(e.states, choice.states...)
		}
	}
}

// origin is the script that reads the source.
func (e *export) origin(project string) (origin, error) {
	if e.flags.script != "" {
		return origin{Script: e.flags.script, Args: e.args}, nil
	}
	o, err := originOfRun(project, e.run)
	if err != nil {
		var usage usageError
		if errors.As(err, &usage) {
			usage.hint = "--script FILE says which one, and what stands behind -- is its arg"
			err = usage
		}
		return o, err
	}
	o.Script = o.path(project)
	if e.given {
		o.Args = e.args
	}
	return o, nil
}

// all writes what the ledger has.
func (e *export) all(items iter.Seq2[ledger.Item, error]) error {
	for item, err := range items {
		if err != nil {
			return err
		}
		if err := e.item(&item, nil); err != nil {
			return err
		}
	}
	return nil
}

// item writes the recipients of a row that are wanted.
func (e *export) item(item *ledger.Item, source *luaapi.ExportedRow) error {
	for i := range item.Recipients {
		to := &item.Recipients[i]
		if len(e.states) > 0 && !slices.Contains(e.states, to.State) {
			continue
		}
		row := luaapi.LedgerRowOf(item, to)
		row.Source = source
		if err := e.out.Row(&row); err != nil {
			return err
		}
	}
	return nil
}

// join reads source and ledger side by side. Both have the same order as a rule, so that
// little waits for its other half, however many rows there are.
func (e *export) join(ctx context.Context, o origin, project string, items iter.Seq2[ledger.Item, error]) error {
	next, stop := iter.Pull2(items)
	defer stop()
	remembered := map[string]*ledger.Item{}    // whose row has not come
	waiting := map[string]luaapi.ExportedRow{} // whose item has not come
	over := false
	step := func() error {
		item, err, ok := next()
		if !ok || err != nil {
			over = true
			return err
		}
		row, found := waiting[item.Key]
		if !found {
			remembered[item.Key] = &item
			return nil
		}
		delete(waiting, item.Key)
		return e.item(&item, &row)
	}
	take := func(row luaapi.ExportedRow) error {
		if item := remembered[row.Key]; item != nil {
			delete(remembered, row.Key)
			e.wrong = e.item(item, &row)
		} else if !over {
			waiting[row.Key] = row
		}
		if e.wrong == nil && !over {
			e.wrong = step()
		}
		return e.wrong
	}
	flags := runFlags{dryRun: true, unreported: true, account: o.Account, config: o.Config, export: &luaapi.Export{Merge: e.run, Row: take}}
	seen := false
	flags.export.Row = func(row luaapi.ExportedRow) error { seen = true; return take(row) }
	status, err := run(ctx, o.Script, o.Args, flags, e.stdin, e.stderr, e.stderr)
	if e.wrong != nil {
		return e.wrong
	}
	if err != nil {
		e.status = status
		return err
	}
	if !seen {
		e.status = exitData
		return usageError{fmt.Errorf("%s has no row for a merge %q", o.Script, e.run), "the name may have changed with the script, or with the date"}
	}
	for !over {
		if err := step(); err != nil {
			return err
		}
	}
	return e.gone(remembered)
}

// gone writes rows that the source has no more.
func (e *export) gone(remembered map[string]*ledger.Item) error {
	rest := make([]*ledger.Item, 0, len(remembered))
	for _, item := range remembered {
		rest = append(rest, item)
	}
	slices.SortFunc(rest, func(a, b *ledger.Item) int { return int(int64(a.ID) - int64(b.ID)) })
	for _, item := range rest {
		if err := e.item(item, nil); err != nil {
			return err
		}
	}
	return nil
}
