package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/mailscript/mailscript/schedule"
	"github.com/spf13/cobra"
)

func jobsHistoryCommand(flags *jobsFlags) *cobra.Command {
	var count int
	command := &cobra.Command{
		Use:   "history [NAME]",
		Short: "Show what became of jobs, the latest first",
		Long: `history shows what became of the periods of jobs, and of runs that were begun by hand,
the latest first. Of one job it shows errors, hints and the end of what it printed too.`,
		Example: "  mailscript jobs history\n  mailscript jobs history weekly-sales",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if count < 1 {
				return usageError{fmt.Errorf("--count %d is less than 1", count), ""}
			}
			book, err := openBook(*flags, c.ErrOrStderr())
			if err != nil {
				return err
			}
			jobs, err := book.chosen(args)
			if err != nil {
				return err
			}
			return book.history(c.OutOrStdout(), jobs, count, len(args) == 1)
		},
	}
	command.Flags().IntVar(&count, "count", 20, "show the last `N`")
	return command
}

// entry is a record as history shows it.
type entry struct {
	schedule.Record
	job    schedule.Job
	manual bool
}

// records are the last of some jobs, whoever began them, the latest first.
func (b *jobBook) records(jobs []schedule.Job, count int) ([]entry, error) {
	var entries []entry
	for _, job := range jobs {
		for _, from := range []struct {
			memory *schedule.Memory
			manual bool
		}{{b.state, false}, {b.manual, true}} {
			records, err := from.memory.History(job.Name, farFuture, count)
			if err != nil {
				return nil, err
			}
			for _, r := range records {
				entries = append(entries, entry{r, job, from.manual})
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return b.Claimed.Compare(a.Claimed) })
	return entries[:min(count, len(entries))], nil
}

// history is `jobs history`.
func (b *jobBook) history(w io.Writer, jobs []schedule.Job, count int, details bool) error {
	entries, err := b.records(jobs, count)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if !b.json {
		fmt.Fprintln(table, "JOB\tPERIOD\tBEGAN\tTOOK\tATTEMPTS\tOUTCOME")
	}
	for _, e := range entries {
		if b.json {
			object := map[string]any{"job": e.Job, "record": e.Record, "outcome": b.outcome(e.Record, e.manual), "manual": e.manual}
			if err := printJSON(w, object); err != nil {
				return err
			}
			continue
		}
		began, took, attempts := moment(e.Claimed, zoneOf(e.job)), "", fmt.Sprint(max(e.Attempt, 1))
		if !e.Ended.IsZero() {
			took = span(e.Ended.Sub(e.Claimed))
		}
		if e.Outcome == schedule.OutcomeSkipped {
			began, took, attempts = "", "", ""
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", e.Job, e.Period, dash(began), dash(took), dash(attempts), b.outcome(e.Record, e.manual))
	}
	if b.json {
		return nil
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintln(w, "nothing yet")
		return err
	}
	if details {
		return writeDetails(w, entries)
	}
	return nil
}

// writeDetails says why runs failed, and what the last of them printed.
func writeDetails(w io.Writer, entries []entry) error {
	for i, e := range entries {
		if e.Error == "" && (e.Log == "" || i > 0) {
			continue
		}
		name := "error"
		if e.Outcome == schedule.OutcomeNothing {
			name = "why"
		}
		fmt.Fprintf(w, "\n%s: %s\n", e.Period, described(e.Record))
		for _, part := range []struct{ name, text string }{{name, e.Error}, {"hint", e.Hint}, {"log", e.Log}} {
			if part.text != "" {
				text := printableLines(strings.TrimRight(part.text, "\n"))
				fmt.Fprintf(w, "  %-6s %s\n", part.name, strings.ReplaceAll(text, "\n", "\n         "))
			}
		}
	}
	return nil
}
