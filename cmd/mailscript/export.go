package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

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
	out    exportWriter
	wrong  error // of writing
}

// exported is one recipient of a row.
type exported struct {
	Key       string            `json:"key"`
	Row       int64             `json:"row"`
	Address   string            `json:"address"`
	Outcome   string            `json:"outcome"`
	Code      int               `json:"code,omitempty"`
	Enhanced  string            `json:"enhanced,omitempty"`
	Text      string            `json:"text,omitempty"`
	Time      *time.Time        `json:"time,omitempty"`
	Attempts  int               `json:"attempts"`
	Next      *time.Time        `json:"next,omitempty"`
	MessageID string            `json:"message_id,omitempty"`
	Via       string            `json:"via,omitempty"`
	Columns   map[string]string `json:"columns,omitempty"`

	source *luaapi.ExportedRow
}

func exportedOf(item *ledger.Item, to *ledger.Recipient) exported {
	return exported{
		Key: item.Key, Row: item.Number, Address: to.Address, Outcome: outcomeName(to.State), Code: to.Code, Enhanced: to.Enhanced, Text: to.Text,
		Time: known(to.Time), Attempts: to.Attempts, Next: known(to.Next), MessageID: to.Message, Via: to.Via,
	}
}

// known is a time, nil where there is none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// exportWriter writes lines of one form.
type exportWriter struct {
	line func(*exported) error
	end  func() error
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
	if e.flags.json {
		e.out = jsonWriter(buffered)
	} else {
		e.out = csvWriter(buffered, joined, e.stderr)
	}
	items := book.Items(ctx, summary.Name, ledger.Filter{})
	if joined {
		err = e.join(ctx, o, project, items)
	} else {
		err = e.all(items)
	}
	return errors.Join(err, e.out.end(), buffered.Flush())
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
		line := exportedOf(item, to)
		line.source = source
		if err := e.out.line(&line); err != nil {
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

func jsonWriter(w io.Writer) exportWriter {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return exportWriter{
		line: func(line *exported) error {
			if line.source != nil {
				line.Columns = make(map[string]string, len(line.source.Columns))
				for i, name := range line.source.Columns {
					line.Columns[name] = line.source.Cells[i]
				}
			}
			return encoder.Encode(line)
		},
		end: func() error { return nil },
	}
}

// exportColumns are those of the ledger.
var exportColumns = [...]string{"key", "row", "address", "outcome", "code", "enhanced", "text", "time", "attempts", "next", "message_id", "via"}

// csvWriter writes the columns of the source, those of the first row it sees, and then
// those of the ledger, so that the file can be a source again.
func csvWriter(w io.Writer, joined bool, stderr io.Writer) exportWriter {
	out := csv.NewWriter(w)
	var columns, left []string
	begun := false
	begin := func(source *luaapi.ExportedRow) error {
		begun = true
		if source != nil {
			columns = source.Columns
		}
		header := slices.Clone(columns)
		for _, name := range exportColumns {
			if slices.Contains(columns, name) {
				name = "mail_" + name
			}
			header = append(header, name)
		}
		return out.Write(header)
	}
	var early []exported // rows that the source has no more, before any that it has
	line := func(one *exported) error {
		if !begun && joined && one.source == nil {
			early = append(early, *one)
			return nil
		}
		if !begun {
			if err := begin(one.source); err != nil {
				return err
			}
		}
		cells := make([]string, len(columns), len(columns)+len(exportColumns))
		if one.source != nil {
			for i, name := range one.source.Columns {
				if at := slices.Index(columns, name); at >= 0 {
					cells[at] = one.source.Cells[i]
				} else if !slices.Contains(left, name) {
					left = append(left, name)
				}
			}
		}
		return out.Write(append(cells, one.Key, strconv.FormatInt(one.Row, 10), one.Address, one.Outcome, number(one.Code), one.Enhanced,
			harmless(one.Text), stamp(one.Time), strconv.Itoa(one.Attempts), stamp(one.Next), one.MessageID, one.Via))
	}
	return exportWriter{line, func() error {
		if !begun {
			if err := begin(nil); err != nil {
				return err
			}
		}
		for i := range early {
			if err := line(&early[i]); err != nil {
				return err
			}
		}
		out.Flush()
		if len(left) > 0 {
			fmt.Fprintf(stderr, "mailscript: warning: some rows have columns that the first has not, which were left out: %s; --json has them\n", strings.Join(left, ", "))
		}
		return out.Error()
	}}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// harmless keeps spreadsheets from taking what a server wrote as a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
