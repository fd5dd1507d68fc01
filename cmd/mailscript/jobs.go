package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/daemon"
	"github.com/mailscript/mailscript/schedule"
	"github.com/spf13/cobra"
)

// jobsFlags are those that all commands about jobs have.
type jobsFlags struct {
	project string
	json    bool
}

func jobsCommand(status *int) *cobra.Command {
	flags := &jobsFlags{}
	command := &cobra.Command{
		Use:   "jobs",
		Short: "Show the jobs of mailscript.toml: when they run next, and what became of them",
		Long: `jobs lists the jobs of a project, with the next time of each and what became of the
last. It may be used while mailscript serve runs.`,
		Example: "  mailscript jobs\n  mailscript jobs next --count 5\n  mailscript jobs run weekly-sales",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			book, err := openBook(*flags, c.ErrOrStderr())
			if err != nil {
				return err
			}
			return book.list(c.OutOrStdout(), time.Now())
		},
	}
	f := command.PersistentFlags()
	f.StringVar(&flags.project, "project", "", "the jobs of the project in `DIR` (default that of the current folder)")
	f.BoolVar(&flags.json, "json", false, "print JSON, a line for each item")
	command.AddCommand(jobsNextCommand(flags), jobsRunCommand(flags, status), jobsHistoryCommand(flags), jobsSimulateCommand(flags))
	return command
}

func jobsNextCommand(flags *jobsFlags) *cobra.Command {
	var count int
	command := &cobra.Command{
		Use:     "next [NAME]",
		Short:   "Show the next times of jobs, the soonest first",
		Example: "  mailscript jobs next --count 5\n  mailscript jobs next weekly-sales",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if count < 1 || count > maxNext {
				return usageError{fmt.Errorf("--count %d is not between 1 and %d", count, maxNext), ""}
			}
			book, err := openBook(*flags, c.ErrOrStderr())
			if err != nil {
				return err
			}
			jobs, err := book.chosen(args)
			if err != nil {
				return err
			}
			return book.next(c.OutOrStdout(), jobs, time.Now(), count)
		},
	}
	command.Flags().IntVar(&count, "count", 10, "show the next `N` times")
	return command
}

const maxNext = 10_000

// jobBook is the jobs of a project with what is known of them.
type jobBook struct {
	project project
	jobs    []schedule.Job
	state   *schedule.Memory
	manual  *schedule.Memory
	serving *daemon.Holder // nil where nobody runs the jobs
	json    bool
}

func openBook(flags jobsFlags, stderr io.Writer) (*jobBook, error) {
	p, err := openJobs(flags.project, func(text string) { fmt.Fprintln(stderr, "mailscript: warning:", text) })
	if err != nil {
		return nil, err
	}
	if len(p.file.Jobs) == 0 {
		return nil, &config.Error{Path: p.file.Path, Text: "there are no jobs", Hint: "a job is a table [job.NAME] with script and cron; see docs/reports.md"}
	}
	b := &jobBook{project: p, json: flags.json}
	for _, job := range p.file.Jobs {
		ready, err := job.Scheduled()
		if err != nil {
			return nil, err
		}
		b.jobs = append(b.jobs, ready)
	}
	if b.state, err = schedule.ReadFile(inProject(p, jobsState)); err != nil {
		return nil, err
	}
	if b.manual, err = schedule.ReadFile(inProject(p, manualFile)); err != nil {
		return nil, err
	}
	if holder, held := daemon.Held(inProject(p, jobsLock)); held {
		b.serving = &holder
	}
	return b, nil
}

// chosen are the jobs that were named; all where none was.
func (b *jobBook) chosen(names []string) ([]schedule.Job, error) {
	if len(names) == 0 {
		return b.jobs, nil
	}
	known := make([]string, len(b.jobs))
	for i, job := range b.jobs {
		if job.Name == names[0] {
			return b.jobs[i : i+1], nil
		}
		known[i] = job.Name
	}
	return nil, usageError{fmt.Errorf("there is no job %q", names[0]), b.project.file.Path + " has " + strings.Join(known, ", ")}
}

// upcoming is the next time of a job on which it runs.
func upcoming(job schedule.Job, now time.Time) (schedule.Fire, bool) {
	for fire := range job.Fires(now, now.AddDate(30, 0, 0)) {
		if !fire.Off {
			return fire, true
		}
	}
	return schedule.Fire{}, false
}

// last is the latest record of a job; false where there is none.
func (b *jobBook) last(name string) (schedule.Record, bool) {
	records, err := b.state.History(name, farFuture, 1)
	if err != nil || len(records) == 0 {
		return schedule.Record{}, false
	}
	return records[0], true
}

// farFuture is after every fire time.
var farFuture = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// outcome is what became of a record, as far as one can know from outside.
func (b *jobBook) outcome(r schedule.Record, manual bool) string {
	switch {
	case r.Outcome == schedule.OutcomeClaimed && (manual || b.serving != nil):
		return "running"
	case r.Outcome == schedule.OutcomeClaimed:
		return string(schedule.OutcomeInDoubt)
	case r.Outcome == schedule.OutcomeRetry:
		return fmt.Sprintf("failed, attempt %d follows", r.Attempt+1)
	}
	return described(r)
}

// list is `jobs`.
func (b *jobBook) list(w io.Writer, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if !b.json {
		fmt.Fprintln(table, "JOB\tCRON\tZONE\tNEXT\tIN\tLAST\tOUTCOME")
	}
	for _, job := range b.jobs {
		zone := zoneOf(job)
		fire, fires := upcoming(job, now)
		r, ran := b.last(job.Name)
		if b.json {
			object := map[string]any{"job": job.Name, "cron": job.Spec.String(), "timezone": zone.String(), "serving": b.serving != nil}
			if fires {
				object["next"], object["period"] = fire.Due.UTC(), fire.Period
			}
			if ran {
				object["last"], object["outcome"] = r, b.outcome(r, false)
			}
			if err := printJSON(w, object); err != nil {
				return err
			}
			continue
		}
		next, in, last, outcome := "never", "", "", "never ran"
		if fires {
			next, in = short(fire.Due, zone), span(fire.Due.Sub(now))
		}
		if ran {
			last, outcome = r.Period, b.outcome(r, false)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", job.Name, job.Spec, zone, next, in, dash(last), outcome)
	}
	if b.json {
		return nil
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if b.serving == nil {
		_, err := fmt.Fprintln(w, "\nNothing runs these jobs at the moment: mailscript serve does.")
		return err
	}
	_, err := fmt.Fprintf(w, "\nProcess %d on %s runs them, since %s.\n", b.serving.PID, b.serving.Host, b.serving.Since.Local().Format(time.DateTime))
	return err
}

// folderFor makes the folder of a project's own files.
func folderFor(p project) error { return os.MkdirAll(inProject(p, ""), 0o755) }
