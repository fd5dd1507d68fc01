package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/ledger"
	"github.com/spf13/cobra"
)

func projectFlag(command *cobra.Command, project *string) {
	command.Flags().StringVar(project, "project", "", "the project folder `DIR` (default that of the current folder)")
}

// projectFolder is the one given, or that of the current folder.
func projectFolder(given string) string {
	if given != "" {
		return given
	}
	return config.Find("")
}

// advised is a command about a run, as a person in the current folder types it.
func advised(command, run, project string) string {
	text := "mailscript " + command
	if run != "" {
		text += " " + quoteArg(run)
	}
	here, err := filepath.Abs(config.Find(""))
	if absolute, wrong := filepath.Abs(project); err == nil && wrong == nil && absolute != here {
		text += " --project " + quoteArg(project)
	}
	return text
}

// oneRun wants the name of a run.
func oneRun(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("the name of one run is wanted"), "mailscript runs lists them"}
	}
	return nil
}

// lookUp opens the ledger for looking at a run, also while a merge goes on. The ledger is
// the caller's to close.
func lookUp(ctx context.Context, project, run string) (*ledger.Ledger, *ledger.Summary, error) {
	book, err := ledger.OpenReadOnly(ctx, project, ledger.Options{})
	if err != nil {
		return nil, nil, err
	}
	summary, err := book.Summary(run)
	if err == nil && summary == nil {
		err = usageError{fmt.Errorf("there is no run %q in %s", run, ledger.Path(project)), advised("runs", "", project) + " lists them"}
	}
	if err != nil {
		book.Close()
		return nil, nil, err
	}
	return book, summary, nil
}

func runsCommand(status *int) *cobra.Command {
	var project string
	var asJSON bool
	command := &cobra.Command{
		Use:   "runs",
		Short: "List the runs of all merges of a project",
		Long: `runs lists what the ledger of the project knows: each run of a merge, when it began,
and how many of its rows stand where. It may be used while a merge runs.

The status is 0, or 64 where there is no ledger.`,
		Example: "  mailscript runs\n  mailscript runs --project letters --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return ofLedger(status, listRuns(c.Context(), projectFolder(project), asJSON, c.OutOrStdout()))
		},
	}
	projectFlag(command, &project)
	command.Flags().BoolVar(&asJSON, "json", false, "report as JSON")
	return command
}

// runSummary is a run in JSON.
type runSummary struct {
	Run        string    `json:"run"`
	Began      time.Time `json:"began"`
	Changed    time.Time `json:"changed"` // its script or template, last
	Rows       int64     `json:"rows"`
	Sent       int64     `json:"sent"`
	Failed     int64     `json:"failed"`
	Deferred   int64     `json:"deferred"`
	InDoubt    int64     `json:"in_doubt"`
	Planned    int64     `json:"planned"`
	Skipped    int64     `json:"skipped"`
	Suppressed int64     `json:"suppressed"`
	Duplicates int64     `json:"duplicates"`
}

func summaryOf(s *ledger.Summary) runSummary {
	n := s.Counts
	return runSummary{
		Run: s.Name, Began: s.Date, Changed: s.Last, Rows: n.Rows, Sent: n.Sent, Failed: n.Failed, Deferred: n.Deferred,
		InDoubt: n.InDoubt + n.Unknown, Planned: n.Planned, Skipped: n.Skipped, Suppressed: n.Suppressed, Duplicates: n.Duplicate,
	}
}

func listRuns(ctx context.Context, project string, asJSON bool, stdout io.Writer) (err error) {
	book, err := ledger.OpenReadOnly(ctx, project, ledger.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	all, err := book.Runs()
	if err != nil {
		return err
	}
	if asJSON {
		list := make([]runSummary, len(all))
		for i := range all {
			list[i] = summaryOf(&all[i])
		}
		return encodeIndented(stdout, list)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(stdout, "no merge has run")
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "BEGAN\tROWS\tSENT\tFAILED\tDEFERRED\tIN DOUBT\tTO SEND\t  RUN")
	for _, s := range slices.Backward(all) {
		n := s.Counts
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\n", shortTime(s.Date), grouped(n.Rows), grouped(n.Sent), grouped(n.Failed),
			grouped(n.Deferred), grouped(n.InDoubt+n.Unknown), grouped(n.Planned), printable(s.Name))
	}
	return table.Flush()
}

func shortTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func longTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func encodeIndented(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
