package schedule

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// Causes why the context of a run ends.
var (
	ErrTimeout = errors.New("schedule: the run took longer than it may")
	ErrKilled  = errors.New("schedule: the next period of the job began")
	ErrStopped = errors.New("schedule: the scheduler ends")
)

// run is a run under way, or one whose next attempt is waited for.
type run struct {
	task     *task
	fire     Fire
	record   Record
	cancel   context.CancelCauseFunc
	cause    error  // why it was told to end
	timeout  moment // when it is to be told to end
	watchdog moment // when it is given up
	late     bool
	// rest says that no attempt is under way and when the next one begins.
	rest    bool
	again   moment
	given   bool // given up
	settled bool // given up, and its outcome recorded
}

// end tells the run to end.
func (r *run) end(cause error, now moment) {
	if r.cause == nil {
		r.cause = cause
		r.watchdog = now + r.task.Watchdog
		r.cancel(cause)
	}
}

type ended struct {
	run    *run
	result Result
}

// call runs a runner; what panics in it fails.
func call(ctx context.Context, runner Runner, r Run) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			result = Result{Outcome: OutcomeFailed, Err: fmt.Errorf("panic: %v", p), Log: string(debug.Stack())}
		}
	}()
	result = runner(ctx, r)
	switch result.Outcome {
	case OutcomeOK, OutcomeNothing, OutcomeFailed:
	case "":
		result.Outcome = OutcomeOK
		if result.Err != nil {
			result.Outcome = OutcomeFailed
		}
	default:
		result.Err = errors.Join(fmt.Errorf("the run returned the outcome %q", result.Outcome), result.Err)
		result.Outcome = OutcomeFailed
	}
	return result
}

// conclude writes into the record what became of an attempt.
func (r *run) conclude(result Result) {
	r.record.Outcome = result.Outcome
	r.record.Hint = tail(result.Hint, maxError)
	r.record.Log = tail(result.Log, maxLog)
	r.record.Error, r.record.Reason = "", ""
	if result.Err != nil {
		r.record.Error = tail(result.Err.Error(), maxError)
	}
	if result.Outcome.done() || r.cause == nil {
		return // a run that did it all the same has done it
	}
	r.record.Outcome = OutcomeKilled
	switch r.cause {
	case ErrTimeout:
		r.record.Outcome = OutcomeTimeout
	case ErrKilled:
		r.record.Reason = ReasonOverlap
	case ErrStopped:
		r.record.Reason = ReasonStop
	}
	if r.record.Error == "" {
		r.record.Error = r.cause.Error()
	}
}
