package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/spf13/cobra"
)

type checkFlags struct {
	compile         bool
	limit           int
	sample          int
	folder          string
	csv             string
	json            bool
	config, account string
}

func checkCommand(status *int) *cobra.Command {
	var flags checkFlags
	command := &cobra.Command{
		Use:   "check SCRIPT [-- ARGUMENT...]",
		Short: "Find out what is wrong with a script and its rows, and send nothing",
		Long: `check runs a script in a rehearsal: nothing leaves the machine. Merges read all
their rows, fill, build and look at every message, and send none; what is wrong
with rows is listed, all of it at once, with file, row, column and reason. Mail
that the script sends otherwise is thrown away.

What the script does besides mail, it does: a check of a script that changes a
database changes it. With --compile nothing runs.

The status is 76 where a row has an error, 0 where there are only warnings.`,
		Example: "  mailscript check newsletter.lua\n  mailscript check --csv bad.csv --sample 5 newsletter.lua -- november.csv\n  mailscript check --compile *.lua",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("no script given"), "mailscript check SCRIPT"}
			}
			return nil
		},
		ValidArgsFunction: luaFiles,
		RunE: func(c *cobra.Command, args []string) error {
			if flags.compile {
				return compileAll(args, c.OutOrStdout(), c.ErrOrStderr())
			}
			scriptArgs := args[1:]
			if n := c.ArgsLenAtDash(); n != 1 && len(args) > 1 {
				return usageError{fmt.Errorf("one script at a time, and not %q too", args[1]), "what stands behind -- is the script's arg; --compile takes several scripts"}
			}
			var err error
			*status, err = check(c.Context(), args[0], scriptArgs, flags, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
			return err
		},
	}
	f := command.Flags()
	f.BoolVar(&flags.compile, "compile", false, "only compile the scripts")
	f.IntVar(&flags.limit, "limit", 0, "look at the first `N` rows of each merge")
	f.IntVar(&flags.sample, "sample", 0, "keep the messages of the first `N` rows as files")
	f.StringVar(&flags.folder, "sample-dir", "sample", "keep them in `DIR`")
	f.StringVar(&flags.csv, "csv", "", "also write what is wrong to `FILE`, a row each")
	f.BoolVar(&flags.json, "json", false, "report as JSON")
	f.StringVar(&flags.config, "config", "", "use the configuration in `FILE`")
	f.StringVar(&flags.account, "account", "", "use account `NAME` where the script names none")
	return command
}

func compileAll(paths []string, stdout, stderr io.Writer) error {
	var first error
	for _, path := range paths {
		_, err := engine.Load(path)
		switch {
		case err == nil:
			fmt.Fprintf(stdout, "%s: ok\n", path)
		case first == nil:
			first = err
		default:
			complain(stderr, err)
		}
	}
	return first
}

// check runs a script whose merges look at their rows. What it prints goes to standard
// error.
func check(ctx context.Context, path string, args []string, flags checkFlags, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if flags.limit < 0 || flags.sample < 0 {
		return 0, usageError{errors.New("--limit and --sample are numbers of rows"), ""}
	}
	rehearsal := runFlags{dryRun: true, unreported: true, config: flags.config, account: flags.account}
	looked := &checkReport{Problems: []checkProblem{}}
	rehearsal.check = &luaapi.Checking{Rows: int64(flags.limit)}
	if flags.sample > 0 {
		rehearsal.check.Sample = &luaapi.Sample{Folder: flags.folder, Most: flags.sample}
	}
	rehearsal.checked = looked.take
	status, failed := run(ctx, path, args, rehearsal, stdin, stderr, stderr)
	if looked.Errors > 0 && failed == nil {
		status = exitFound
	}
	if flags.csv != "" {
		if err := looked.writeCSV(flags.csv); err != nil {
			return status, errors.Join(failed, err)
		}
	}
	if flags.json {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return status, errors.Join(failed, encoder.Encode(looked))
	}
	if failed != nil && looked.merges == 0 {
		return status, failed
	}
	err := looked.writeTable(stdout)
	if s := rehearsal.check.Sample; s != nil && s.Kept() > 0 {
		fmt.Fprintf(stdout, "%s in %s\n", counted(s.Kept(), "message"), flags.folder)
	}
	return status, errors.Join(failed, err)
}

// checkReport is what was found in all merges of a script.
type checkReport struct {
	Rows     int64          `json:"rows"`
	Good     int64          `json:"good"`
	Errors   int            `json:"errors"`
	Warnings int            `json:"warnings"`
	Problems []checkProblem `json:"problems"`

	merges int
}

// checkProblem is one of them.
type checkProblem struct {
	Run      string `json:"run"`
	File     string `json:"file"`
	Sheet    string `json:"sheet,omitempty"`
	Row      int64  `json:"row"`
	Line     int64  `json:"line,omitempty"`
	Column   string `json:"column,omitempty"`
	Key      string `json:"key,omitempty"`
	Severity string `json:"severity"`
	Reason   string `json:"reason"`
	Hint     string `json:"hint,omitempty"`
}

func (r *checkReport) take(api *luaapi.API) {
	r.Rows, r.Good = api.Checked()
	r.merges = api.Merges()
	for _, p := range api.Problems() {
		one := checkProblem{
			Run: p.Run, File: p.Place.File, Sheet: p.Place.Sheet, Row: p.Place.Row, Line: p.Place.Line,
			Column: p.Column, Key: p.Key, Severity: "error", Reason: p.Reason, Hint: p.Hint,
		}
		if p.Warning {
			one.Severity = "warning"
			r.Warnings++
		} else {
			r.Errors++
		}
		r.Problems = append(r.Problems, one)
	}
}

// maxShown is how many problems a terminal gets; a file gets them all.
const maxShown = 200

// writeTable is the report for a terminal. A hint is said once.
func (r *checkReport) writeTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(r.Problems) > 0 {
		fmt.Fprintln(table, "FILE\tROW\tCOLUMN\t\tREASON")
	}
	var hints []string
	said := map[string]bool{}
	for i, p := range r.Problems {
		if i == maxShown {
			break
		}
		file := p.File
		if p.Sheet != "" {
			file += " " + strconv.Quote(p.Sheet)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\n", file, p.Row, p.Column, p.Severity, oneLine(p.Reason))
		if p.Hint != "" && !said[p.Hint] {
			said[p.Hint] = true
			hints = append(hints, p.Hint)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if more := len(r.Problems) - maxShown; more > 0 {
		fmt.Fprintf(w, "and %d more; --csv FILE writes them all\n", more)
	}
	for _, hint := range hints {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
	if r.merges == 0 {
		_, err := fmt.Fprintln(w, "ok, and no merge ran: there were no rows to look at")
		return err
	}
	_, err := fmt.Fprintf(w, "%s: %d good, %s, %s\n", counted(int(r.Rows), "row"), r.Good, counted(r.Errors, "error"), counted(r.Warnings, "warning"))
	return err
}

// oneLine is a text for a cell.
func oneLine(text string) string {
	for i, c := range text {
		if c == '\n' {
			return text[:i]
		}
	}
	return text
}

func (r *checkReport) writeCSV(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	_ = w.Write([]string{"run", "file", "sheet", "row", "column", "key", "severity", "reason", "hint"})
	for _, p := range r.Problems {
		_ = w.Write([]string{p.Run, p.File, p.Sheet, strconv.FormatInt(p.Row, 10), p.Column, p.Key, p.Severity, p.Reason, p.Hint})
	}
	w.Flush()
	return errors.Join(w.Error(), f.Close())
}
