package schedule

import (
	"context"
	"fmt"
	"slices"
)

// finish deals with the end of an attempt.
func (l *loop) finish(e ended) {
	r, t := e.run, e.run.task
	r.cancel(nil)
	if t.run == r {
		t.run = nil
	}
	if r.given {
		l.log.Warn("a run that was given up has ended", "job", t.Name, "period", r.record.Period, "outcome", e.result.Outcome, "err", e.result.Err)
		if r.settled && e.result.Outcome.done() {
			// The report went out after all, and nobody should send it again.
			r.conclude(e.result)
			r.record.Ended = l.wall
			l.keep(r.record)
		}
		return
	}
	l.running--
	r.conclude(e.result)
	r.record.Ended = l.wall
	if l.retries(r, e.result) {
		r.record.Outcome = OutcomeRetry
		l.keep(r.record)
		r.rest, r.again = true, l.mono+t.Retry.wait(r.record.Attempt)
		t.run = r
		l.log.Warn("run failed, another attempt follows", "job", t.Name, "period", r.record.Period, "attempt", r.record.Attempt, "err", r.record.Error)
		return
	}
	l.conclude(t, r.record)
}

// retries says whether there is another attempt.
func (l *loop) retries(r *run, result Result) bool {
	return r.fails(result) && r.cause != ErrKilled && !r.task.removed
}

// fails says whether an attempt failed and the job allows another.
func (r *run) fails(result Result) bool {
	failed := r.record.Outcome == OutcomeFailed || r.record.Outcome == OutcomeTimeout
	return failed && !result.Final && r.record.Attempt < r.task.Retry.Attempts
}

// conclude records the outcome of a period and tells of it. The task is nil when
// the job is gone.
func (l *loop) conclude(t *task, r Record) {
	l.keep(r)
	if r.Outcome.done() {
		l.log.Info("run ended", "job", r.Job, "period", r.Period, "outcome", r.Outcome, "took", r.Ended.Sub(r.Claimed))
	} else {
		l.log.Error("run ended", "job", r.Job, "period", r.Period, "outcome", r.Outcome, "reason", r.Reason, "err", r.Error)
	}
	if t == nil {
		return
	}
	t.done(r.Period)
	switch {
	case r.Outcome.done():
	case r.Outcome == OutcomeInDoubt:
		l.tell(t, NoticeInDoubt, r)
	case r.Outcome == OutcomeSkipped:
		l.tell(t, NoticeSkipped, r)
	default:
		l.tell(t, NoticeFailed, r)
	}
}

// keep records an outcome, later if it cannot be now.
func (l *loop) keep(r Record) {
	l.settled(r)
	if err := l.state.Settle(r); err != nil {
		l.log.Error("an outcome could not be recorded", "job", r.Job, "period", r.Period, "outcome", r.Outcome, "err", err)
		l.unsettled = append(l.unsettled, r)
		l.settle = min(l.settle, l.mono+stateWait)
	}
}

// settled forgets an older outcome of the period that waits to be recorded.
func (l *loop) settled(r Record) {
	l.unsettled = slices.DeleteFunc(l.unsettled, func(u Record) bool { return u.Job == r.Job && u.Period == r.Period })
}

func (l *loop) settleAgain() {
	l.settle = never
	for _, r := range slices.Clone(l.unsettled) {
		l.keep(r)
	}
}

// expire ends what takes too long, gives up what does not end, and notices
// deadlines.
func (l *loop) expire(t *task) {
	if r := t.run; r != nil && !r.rest && !r.given {
		if l.mono >= r.timeout {
			r.end(ErrTimeout, l.mono)
		}
		if l.mono >= l.grace {
			r.end(ErrStopped, l.mono)
		}
		if r.cause != nil && l.mono >= r.watchdog {
			l.giveUp(r)
		}
	}
	t.deadlines = slices.DeleteFunc(t.deadlines, func(d deadline) bool {
		if l.mono < d.at {
			return false
		}
		l.dead(t, d.fire)
		return true
	})
}

// giveUp stops waiting for a run that does not end, so that its place is free. In
// an engine that ends its outcome stays open: it may still send.
func (l *loop) giveUp(r *run) {
	l.running--
	r.given = true
	if r.cause == ErrStopped {
		l.log.Error("run does not end, and is left in doubt", "job", r.task.Name, "period", r.record.Period)
		return
	}
	r.settled = true
	r.conclude(Result{
		Outcome: OutcomeFailed,
		Err:     fmt.Errorf("%w, and did not end within %s of being told to", r.cause, r.task.Watchdog),
		Hint:    "the job does not run again until this run has ended; if it does not, restart the scheduler",
	})
	r.record.Ended = l.wall
	l.conclude(r.task, r.record)
	if r.cause == ErrKilled {
		// What it was to make room for cannot run either.
		waiting := r.task.waiting
		r.task.waiting = nil
		for _, w := range waiting {
			l.skip(r.task, w, ReasonOverlap)
		}
	}
}

// expect sets the deadline of a period.
func (l *loop) expect(t *task, f Fire) {
	if t.Deadline > 0 {
		t.done(f.Period)
		t.deadlines = append(t.deadlines, deadline{f, l.mono + f.At.Add(t.Deadline).Sub(l.wall)})
	}
}

// dead tells that a period's report is not out, unless its record says that it is:
// where the clock was set back a period can come twice.
func (l *loop) dead(t *task, f Fire) {
	record := Record{Job: t.Name, Period: f.Period, At: f.At}
	if t.run != nil && t.run.record.Period == f.Period {
		record = t.run.record
	} else {
		records, err := l.state.History(t.Name, f.At, 1)
		if err == nil && len(records) > 0 && records[0].Period == f.Period {
			record = records[0]
		}
	}
	if record.Outcome.done() {
		return
	}
	l.log.Error("the report is not out at its deadline", "job", t.Name, "period", f.Period)
	l.tell(t, NoticeDeadline, record)
}

// tell hands a notice to each recipient.
func (l *loop) tell(t *task, kind NoticeKind, r Record) {
	if l.options.Notify == nil {
		return
	}
	for _, to := range t.Notify {
		l.outbox.add(Notice{Kind: kind, To: to, Job: t.Name, Record: r}, l.mono)
	}
}

// post begins to send the next notice, if none is on its way.
func (l *loop) post(ctx context.Context) {
	i := l.outbox.ready(l.mono)
	if i < 0 || l.sending != nil {
		return
	}
	next := l.outbox.letters[i]
	l.outbox.letters = slices.Delete(l.outbox.letters, i, i+1)
	ctx, l.cancel = context.WithCancel(ctx)
	l.sending, l.late = &next, l.mono+noticeTimeout
	go func() {
		err := notify(ctx, l.options.Notify, next.Notice)
		select {
		case l.sent <- err:
		case <-l.gone:
		}
	}()
}

func notify(ctx context.Context, send func(context.Context, Notice) error, n Notice) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return send(ctx, n)
}

// delivered takes what became of a notice.
func (l *loop) delivered(err error) {
	l.cancel()
	tried := *l.sending
	l.sending, l.late = nil, never
	if err != nil {
		l.outbox.again(tried, l.mono, err)
	}
}
