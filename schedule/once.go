package schedule

import (
	"context"
	"fmt"
	"time"
)

// Once runs a job at once, outside of an engine and for no period of its own: as
// often as Retry says where it fails, with the timeout and the watchdog of the job.
// Before each pause it calls waits, which may be nil, with what became of the attempt.
// The record is that of the last attempt.
//
// It ends when the context does and the run has ended. What Once gave up after the
// watchdog's time is left behind: the process should end.
func (j Job) Once(ctx context.Context, fire Fire, waits func(r Record, pause time.Duration)) Record {
	j = j.withDefaults()
	r := &run{task: &task{Job: j}, fire: fire, record: Record{Job: j.Name, Period: fire.Period, At: fire.At}}
	for {
		r.record.Attempt++
		r.record.Claimed = time.Now()
		result := r.attempt(ctx)
		r.record.Ended = time.Now()
		r.conclude(result)
		if ctx.Err() != nil || !r.fails(result) {
			return r.record
		}
		pause := j.Retry.wait(r.record.Attempt)
		if waits != nil {
			waits(r.record, pause)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return r.record
		}
	}
}

// attempt is one attempt of Once.
func (r *run) attempt(ctx context.Context) Result {
	j := &r.task.Job
	r.cause = nil
	ctx, cancel := context.WithTimeoutCause(ctx, j.Timeout, ErrTimeout)
	defer cancel()
	done := make(chan Result, 1)
	told := Run{Job: j.Name, Fire: r.fire, Attempt: r.record.Attempt}
	go func() { done <- call(ctx, j.Run, told) }()
	select {
	case result := <-done:
		return result
	case <-ctx.Done():
	}
	if context.Cause(ctx) != ErrTimeout {
		return <-done // who asked for it can ask in other ways
	}
	r.cause = ErrTimeout
	select {
	case result := <-done:
		return result
	case <-time.After(j.Watchdog):
		return Result{
			Outcome: OutcomeFailed, Final: true,
			Err: fmt.Errorf("%w, and did not end within %s of being told to", ErrTimeout, j.Watchdog),
		}
	}
}
