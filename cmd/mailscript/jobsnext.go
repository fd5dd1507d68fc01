package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/mailscript/mailscript/schedule"
	"github.com/spf13/cobra"
)

// dated is a fire time with its job.
type dated struct {
	job  schedule.Job
	fire schedule.Fire
}

// object is a fire time as JSON.
func (d dated) object() map[string]any {
	object := map[string]any{"job": d.job.Name, "at": d.fire.At, "due": d.fire.Due, "period": d.fire.Period, "wall": d.fire.Wall}
	if d.fire.Mark != "" {
		object["mark"] = d.fire.Mark
	}
	if d.fire.Merged > 0 {
		object["merged"] = d.fire.Merged
	}
	if d.fire.Off {
		object["off"] = true
	}
	return object
}

// remark is what is particular about a fire time.
func (d dated) remark() string {
	switch {
	case d.fire.Off:
		return "day off, no run"
	case d.fire.Mark == schedule.MarkGap && d.fire.Merged > 0:
		return fmt.Sprintf("the clock skips %s, and %d more times", d.fire.Wall[11:], d.fire.Merged)
	case d.fire.Mark == schedule.MarkGap:
		return fmt.Sprintf("the clock skips %s", d.fire.Wall[11:])
	case d.fire.Mark == schedule.MarkOverlap:
		return "the clock reads this twice; the first time"
	}
	return ""
}

func (d dated) row(w io.Writer) {
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.job.Name, d.fire.Due.In(zoneOf(d.job)).Format("Mon 2006-01-02 15:04:05 MST"), d.fire.Period, d.remark())
}

// next is `jobs next`.
func (b *jobBook) next(w io.Writer, jobs []schedule.Job, now time.Time, count int) error {
	var all []dated
	for _, job := range jobs {
		n := 0
		for fire := range job.Fires(now, now.AddDate(30, 0, 0)) {
			all = append(all, dated{job, fire})
			if n++; n == count {
				break
			}
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int { return a.fire.Due.Compare(b.fire.Due) })
	all = all[:min(count, len(all))]
	if b.json {
		for _, d := range all {
			if err := printJSON(w, d.object()); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tAT\tPERIOD\t")
	for _, d := range all {
		d.row(table)
	}
	return table.Flush()
}

func jobsSimulateCommand(flags *jobsFlags) *cobra.Command {
	var length, from string
	var all bool
	command := &cobra.Command{
		Use:   "simulate [NAME]",
		Short: "Show all times of jobs for years ahead: how many, and which are not as usual",
		Long: `simulate goes through all times of jobs, as the clock of their zone will read them, and
says how many there are, which fall on days off, and what the changes of the clock do
to them. It runs nothing.`,
		Example: "  mailscript jobs simulate --for 2y\n  mailscript jobs simulate --for 12w --all weekly-sales",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			start := time.Now()
			if from != "" {
				var err error
				if start, err = time.Parse(time.DateOnly, from); err != nil {
					return usageError{fmt.Errorf("--from %s is no date", from), "write it as 2026-11-26"}
				}
				start = start.Add(-time.Second) // the first second belongs to it
			}
			end, err := later(start, length)
			if err != nil {
				return usageError{fmt.Errorf("--for: %w", err), `write "2y", "6m", "12w" or "90d"`}
			}
			book, err := openBook(*flags, c.ErrOrStderr())
			if err != nil {
				return err
			}
			jobs, err := book.chosen(args)
			if err != nil {
				return err
			}
			return book.simulate(c.OutOrStdout(), jobs, start, end, all)
		},
	}
	f := command.Flags()
	f.StringVar(&length, "for", "1y", "look so far ahead: `2y`, 6m (months), 12w or 90d")
	f.StringVar(&from, "from", "", "begin on `DATE` (default now)")
	f.BoolVar(&all, "all", false, "show each time")
	return command
}

const maxYears = 50

// later is a time some years, months, weeks or days later.
func later(start time.Time, length string) (time.Time, error) {
	if len(length) < 2 {
		return start, fmt.Errorf("%q is no span", length)
	}
	n, err := strconv.Atoi(length[:len(length)-1])
	if err != nil || n < 1 || n > maxYears*366 {
		return start, fmt.Errorf("%q is no span", length)
	}
	end := start
	switch length[len(length)-1] {
	case 'y':
		end = start.AddDate(n, 0, 0)
	case 'm':
		end = start.AddDate(0, n, 0)
	case 'w':
		end = start.AddDate(0, 0, 7*n)
	case 'd':
		end = start.AddDate(0, 0, n)
	default:
		return start, fmt.Errorf("%q is no span", length)
	}
	if end.After(start.AddDate(maxYears, 0, 0)) {
		return start, fmt.Errorf("%s is more than %d years", length, maxYears)
	}
	return end, nil
}

// simulate is `jobs simulate`.
func (b *jobBook) simulate(w io.Writer, jobs []schedule.Job, start, end time.Time, all bool) error {
	var failed error
	for i, job := range jobs {
		if !b.json && i > 0 {
			fmt.Fprintln(w)
		}
		runs, off, moved := 0, 0, 0
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for fire := range job.Fires(start, end) {
			d := dated{job, fire}
			switch {
			case fire.Off:
				off++
			default:
				runs++
			}
			if fire.Mark != "" {
				moved++
			}
			switch {
			case b.json:
				failed = errors.Join(failed, printJSON(w, d.object()))
			case all || fire.Mark != "" || fire.Off && off <= maxShownOff:
				d.row(table)
			}
			if failed != nil {
				return failed
			}
		}
		if b.json {
			continue
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %s, %s, until %s: %s, %d on days off, %d moved by the clock\n", job.Name, job.Spec, zoneOf(job),
			end.In(zoneOf(job)).Format(time.DateOnly), counted(runs, "run"), off, moved)
	}
	return nil
}

// maxShownOff is how many days off are shown where not all times are: a job that
// leaves weekends out has many.
const maxShownOff = 12
