package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Missed says what becomes of fire times that passed while nothing could run:
// the process was down, the machine slept, the clock was set.
type Missed string

const (
	// MissedOnce runs the last of them, if it is not too late. The default.
	MissedOnce Missed = "once"
	// MissedSkip runs none.
	MissedSkip Missed = "skip"
	// MissedAll runs each that is not too late, one after the other; [Backlog] at
	// the most, the latest.
	MissedAll Missed = "all"
)

// Overlap says what becomes of a fire time while the job still runs, or waits for
// another attempt.
type Overlap string

const (
	// OverlapSkip leaves the new one out and says so. The default.
	OverlapSkip Overlap = "skip"
	// OverlapQueue runs the new one afterwards; [Backlog] wait at the most.
	OverlapQueue Overlap = "queue"
	// OverlapKill ends the run, and then begins the new one.
	OverlapKill Overlap = "kill"
)

// Doubt says what becomes of a period that a process claimed and did not settle
// before it died.
type Doubt string

const (
	// DoubtReport reports it and does not run it again. The default.
	DoubtReport Doubt = "report"
	// DoubtRerun runs it again, three times in all at the most: a job that takes
	// the process with it must not do so for ever.
	DoubtRerun Doubt = "rerun"
)

// Backlog is how many periods of one job wait at the most.
const Backlog = 100

const (
	// punctual is how late a fire time may be noticed without counting as missed.
	punctual        = time.Minute
	defaultTimeout  = 24 * time.Hour
	defaultWatchdog = 30 * time.Second
	defaultWait     = time.Minute
	defaultMaxWait  = time.Hour
	doubtAttempts   = 3
)

// Retry says how often a job that fails is run again, as a whole, in the same
// period. Failed and timed out are failures; a run that was killed is not.
type Retry struct {
	// Attempts is how many runs there are in all; default 1.
	Attempts int
	// Wait is the pause after the first; each one after it is twice as long.
	// Default 1 minute.
	Wait time.Duration
	// MaxWait is the longest pause; default 1 hour.
	MaxWait time.Duration
}

// wait is the pause after an attempt, counted from 1.
func (r Retry) wait(attempt int) time.Duration {
	wait := r.Wait
	for ; attempt > 1 && wait < r.MaxWait; attempt-- {
		wait *= 2
	}
	return min(wait, r.MaxWait)
}

// Job is something to do at certain times.
type Job struct {
	// Name is what its periods are kept under: a job with another name is another
	// job.
	Name string
	// Spec says when.
	Spec Spec
	// Zone is where the clock is that the specification reads; nil is UTC.
	Zone *time.Location
	// Jitter delays each period by an amount below it, always the same one for a
	// job and period. It never reaches the next fire time.
	Jitter time.Duration
	// DaysOff are dates without a run.
	DaysOff DaysOff
	// Missed is for fire times that passed; default [MissedOnce].
	Missed Missed
	// MaxLate is how late a missed fire time may be run; default is as long as no
	// other has come after it, and for [MissedAll] without a limit.
	MaxLate time.Duration
	// Overlap is for fire times that come while the job runs; default
	// [OverlapSkip].
	Overlap Overlap
	// Timeout is how long one run may take; default 24 hours.
	Timeout time.Duration
	// Watchdog is how long a run that was told to end may take to do so, before it
	// is given up; default 30 seconds. While a run that was given up still exists
	// the job does not run.
	Watchdog time.Duration
	// Retry is for runs that fail.
	Retry Retry
	// Doubt is for runs that a process left open; default [DoubtReport].
	Doubt Doubt
	// Deadline is how long after the fire time the report must be out; if it is
	// not, there is a dead-man notice, also where the run itself begins late. 0 has
	// none.
	Deadline time.Duration
	// Notify are the recipients of notices.
	Notify []string
	// Run does it.
	Run Runner
}

// Runner runs a job. It ends soon after its context does, whose cause says why.
// A panic is a failure.
type Runner func(context.Context, Run) Result

// Run is what a [Runner] is told about the run.
type Run struct {
	Job  string
	Fire Fire
	// Attempt counts runs in the period, from 1.
	Attempt int
	// Missed is how many fire times before this one were missed and are not run.
	Missed int
}

func (j *Job) zone() *time.Location {
	if j.Zone == nil {
		return time.UTC
	}
	return j.Zone
}

// when is what its fire times follow from.
func (j *Job) when() string { return j.Spec.text + " " + j.zone().String() }

func (j Job) withDefaults() Job {
	j.Zone = j.zone()
	if j.Missed == "" {
		j.Missed = MissedOnce
	}
	if j.Overlap == "" {
		j.Overlap = OverlapSkip
	}
	if j.Doubt == "" {
		j.Doubt = DoubtReport
	}
	if j.Timeout == 0 {
		j.Timeout = defaultTimeout
	}
	if j.Watchdog == 0 {
		j.Watchdog = defaultWatchdog
	}
	if j.Retry.Attempts == 0 {
		j.Retry.Attempts = 1
	}
	if j.Retry.Wait == 0 {
		j.Retry.Wait = defaultWait
	}
	if j.Retry.MaxWait == 0 {
		j.Retry.MaxWait = max(defaultMaxWait, j.Retry.Wait)
	}
	return j
}

// check says what is wrong with a job, with its defaults.
func (j *Job) check() error {
	if j.Name == "" {
		return errors.New("schedule: a job without a name")
	}
	if err := j.fault(); err != nil {
		return fmt.Errorf("schedule: job %s: %w", j.Name, err)
	}
	return nil
}

func (j *Job) fault() error {
	switch {
	case j.Spec.text == "":
		return errors.New("no cron specification")
	case j.Run == nil:
		return errors.New("nothing to run")
	case j.Missed != MissedOnce && j.Missed != MissedSkip && j.Missed != MissedAll:
		return fmt.Errorf("missed %q is not once, skip or all", j.Missed)
	case j.Overlap != OverlapSkip && j.Overlap != OverlapQueue && j.Overlap != OverlapKill:
		return fmt.Errorf("overlap %q is not skip, queue or kill", j.Overlap)
	case j.Doubt != DoubtReport && j.Doubt != DoubtRerun:
		return fmt.Errorf("doubt %q is not report or rerun", j.Doubt)
	case j.Retry.Attempts < 1:
		return fmt.Errorf("retry attempts %d is not at least 1", j.Retry.Attempts)
	}
	for _, span := range []struct {
		name  string
		value time.Duration
	}{
		{"jitter", j.Jitter}, {"maximal lateness", j.MaxLate}, {"timeout", j.Timeout}, {"watchdog", j.Watchdog},
		{"retry wait", j.Retry.Wait}, {"longest retry wait", j.Retry.MaxWait}, {"deadline", j.Deadline},
	} {
		if span.value < 0 {
			return fmt.Errorf("%s %s is negative", span.name, span.value)
		}
	}
	return j.DaysOff.check()
}
