package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/daemon"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/schedule"
	"github.com/spf13/cobra"
)

func jobsRunCommand(flags *jobsFlags, status *int) *cobra.Command {
	var how runFlags
	command := &cobra.Command{
		Use:   "run NAME",
		Short: "Run a job now",
		Long: `run runs the script of a job now, as serve would, with its arguments and its account.
It counts for no period: what is due runs at its time all the same. Its timeout ends it,
and where it fails its retries run it again. It is recorded, and shown by mailscript jobs
history, unless --sink, --dry-run or --to make it a rehearsal, which is run once. Nobody
gets a notice about it: you see what it does.`,
		Example: "  mailscript jobs run --sink weekly-sales\n  mailscript jobs run --to me@example.org weekly-sales",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("one job must be named"), "mailscript jobs lists them"}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			book, err := openBook(*flags, c.ErrOrStderr())
			if err != nil {
				return err
			}
			if _, err := book.chosen(args); err != nil {
				return err
			}
			how.json = flags.json
			return book.runNow(c, args[0], how, status)
		},
	}
	f := command.Flags()
	f.StringVar(&how.sink, "sink", "", "keep all mail in `DIR` (default a new folder) instead of sending it")
	f.Lookup("sink").NoOptDefVal = newFolder
	f.BoolVar(&how.dryRun, "dry-run", false, "build everything and send nothing")
	f.StringVar(&how.to, "to", "", "send everything to `ADDRESS` and to nobody else, whatever the script says")
	f.BoolVar(&how.trace, "trace", false, "show what crosses each connection on standard error, credentials replaced")
	return command
}

// runNow runs a job in the place of serve.
func (b *jobBook) runNow(c *cobra.Command, name string, how runFlags, status *int) error {
	var job config.Job
	for _, known := range b.project.file.Jobs {
		if known.Name == name {
			job = known
		}
	}
	rehearsal := how.sink != "" || how.dryRun || how.to != ""
	if last, ok := b.last(name); ok && !rehearsal && last.Outcome == schedule.OutcomeClaimed && b.serving != nil {
		return usageError{fmt.Errorf("job %s is running, since %s", name, short(last.Claimed, zoneOf(job.Job))), "wait until it ends"}
	}
	told := b.asked(job, time.Now())
	if rehearsal {
		told.Mode, job.Retry.Attempts = luaapi.JobRehearsed, 1 // who rehearses does it again by himself
	}
	how.project, how.account = &b.project, job.Account
	how.adapt = func(options *luaapi.Options) {
		options.Job = told
		options.Log = luaapi.PlainLog(c.ErrOrStderr(), slog.LevelInfo)
	}
	record := schedule.Record{Job: name, At: time.Now().Truncate(time.Second), Claimed: time.Now(), Attempt: 1, Outcome: schedule.OutcomeClaimed}
	// No key of a period looks like this one.
	record.Period = "manual " + record.At.UTC().Format(time.RFC3339)
	if !rehearsal {
		if err := b.recordManual(record, (*schedule.File).Claim); err != nil {
			return err
		}
	}
	var failed error
	job.Run = func(ctx context.Context, _ schedule.Run) schedule.Result {
		mail := jobMail{ctx: ctx}
		this := how
		this.checked, this.nothing = mail.look, mail.skip
		*status, failed = run(ctx, job.Script, job.Args, this, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		return mail.result(*status, failed)
	}
	record = job.Once(c.Context(), schedule.Fire{At: record.At, Period: record.Period}, func(r schedule.Record, pause time.Duration) {
		if r.Outcome == schedule.OutcomeTimeout {
			failed = timedOut(job)
		}
		if failed != nil {
			complain(c.ErrOrStderr(), failed)
		}
		fmt.Fprintf(c.ErrOrStderr(), "mailscript: attempt %d of %d follows in %s\n", r.Attempt+1, job.Retry.Attempts, pause)
	})
	if record.Outcome == schedule.OutcomeTimeout {
		*status, failed = exitInterrupt, timedOut(job)
	}
	if rehearsal {
		return failed
	}
	settle := func(f *schedule.File, r schedule.Record) (bool, error) { return true, f.Settle(r) }
	return errors.Join(failed, b.recordManual(record, settle))
}

// timedOut is the error of a run that took too long.
func timedOut(job config.Job) error {
	return interruptedError{fmt.Errorf("job %s took longer than its timeout, %s, and was ended", job.Name, job.Timeout), "timeout in mailscript.toml says how long it may take"}
}

// asked is what a script is told that a person begins: its period is that of the last
// time that came, so that it reports what the last run did, or was to.
func (b *jobBook) asked(job config.Job, now time.Time) *luaapi.Job {
	var last schedule.Fire
	for window := time.Minute; last.Period == "" && window < 10*366*24*time.Hour; window *= 8 {
		for fire := range job.Fires(now.Add(-window), now) {
			if !fire.Off {
				last = fire
			}
		}
	}
	told := scriptJob(job.Job, last, b.state)
	told.Mode, told.Scheduled = luaapi.JobManual, time.Time{}
	return told
}

// recordManual keeps a record of a run that a person began. Those of serve are not
// for other processes to write.
func (b *jobBook) recordManual(r schedule.Record, write func(*schedule.File, schedule.Record) (bool, error)) error {
	if err := folderFor(b.project); err != nil {
		return err
	}
	lock, err := daemon.Acquire(inProject(b.project, manualLock))
	if err != nil {
		return err
	}
	defer lock.Release()
	file, err := schedule.OpenFile(inProject(b.project, manualFile))
	if err != nil {
		return err
	}
	defer file.Close()
	fresh, err := write(file, r)
	if err == nil && !fresh {
		return usageError{fmt.Errorf("job %s was begun by hand within this second already", r.Job), "run it again"}
	}
	return err
}
