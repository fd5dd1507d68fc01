package schedule

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// collect decides about the fire times that have come.
func (l *loop) collect(t *task) {
	for !t.next.Due.After(l.wall) {
		if l.wall.Sub(t.next.Due) > punctual {
			l.catchUp(t)
			return
		}
		fire := t.next
		t.step()
		l.arrive(t, waiting{fire: fire})
	}
}

// catchUp decides about fire times that were missed.
func (l *loop) catchUp(t *task) {
	n := 1
	if t.Missed == MissedAll {
		n = Backlog
	}
	m := t.missing(t.from, l.wall, n)
	t.seek(m.until)
	run, left, last := t.wanted(m, l.wall)
	l.log.Warn("fire times were missed", "job", t.Name, "run", len(run), "left", left)
	switch {
	case left == 0:
	case len(run) > 0 && t.Missed != MissedAll:
		run[0].missed = left // it stands for them
	default:
		l.skip(t, waiting{fire: last, missed: left - 1}, ReasonLate)
	}
	for _, w := range run {
		l.arrive(t, w)
	}
}

// arrive takes a period that is to be run now.
func (l *loop) arrive(t *task, w waiting) {
	if w.fire.Off {
		l.skip(t, w, ReasonDayOff)
		return
	}
	idle := t.run == nil && len(t.waiting) == 0
	if !idle && !w.late && l.recorded(t, w.fire) {
		// It comes again because the clock was set back. Nothing must be ended or
		// awaited for it.
		return
	}
	l.expect(t, w.fire)
	queues := w.late || t.catchesUp() || t.Overlap == OverlapQueue
	switch {
	case idle, queues && len(t.waiting) < Backlog:
		t.waiting = append(t.waiting, w)
	case t.held != never && !queues:
		// The state keeps no records: the newest is what is wanted then.
		w.missed += len(t.waiting)
		t.waiting = append(t.waiting[:0], w)
	case t.Overlap == OverlapKill && !queues && (t.run == nil || !t.run.given):
		l.supersede(t, w)
	default:
		l.skip(t, w, ReasonOverlap)
	}
}

// catchesUp says that the job is busy with what was missed. What comes meanwhile
// has not met a run that takes too long, and waits.
func (t *task) catchesUp() bool {
	return t.run != nil && t.run.late && !t.run.given ||
		slices.ContainsFunc(t.waiting, func(w waiting) bool { return w.late })
}

// supersede ends the run for a new period.
func (l *loop) supersede(t *task, w waiting) {
	// In their order, see skip.
	for i := range t.waiting {
		if t.waiting[i].reason == "" {
			t.waiting[i].reason = ReasonOverlap
		}
	}
	l.flush(t)
	t.waiting = append(t.waiting, w)
	switch {
	case t.run == nil:
	case t.run.rest:
		l.surrender(t)
	default:
		t.run.end(ErrKilled, l.mono)
	}
}

// recorded says that a period has a record.
func (l *loop) recorded(t *task, f Fire) bool {
	records, err := l.state.History(t.Name, f.At, 1)
	if err != nil {
		l.log.Error("the state cannot be read", "job", t.Name, "err", err)
		return false // the claim will tell
	}
	return len(records) > 0 && records[0].Period == f.Period
}

// surrender gives up the attempts that are left.
func (l *loop) surrender(t *task) {
	r := t.run.record
	t.run = nil
	r.Outcome, r.Ended = OutcomeFailed, l.wall
	l.conclude(t, r)
}

// record is what is kept when a period is claimed.
func (l *loop) record(t *task, w waiting) Record {
	return Record{
		Job: t.Name, Period: w.fire.Period, At: w.fire.At, Claimed: l.wall,
		Attempt: 1, Outcome: OutcomeClaimed, Missed: w.missed,
	}
}

// skip sees to it that a period is recorded as not run, and told of. The record
// waits for its turn: a new process takes up where the records end, and would
// leave out what still waits before it.
func (l *loop) skip(t *task, w waiting, reason Reason) {
	w.reason = reason
	if n := len(t.waiting); n > 0 {
		l.tellSkipped(t, w)
		w.told = true
		if last := t.waiting[n-1]; n > Backlog && last.reason != "" {
			w.missed += last.missed + 1
			t.waiting = t.waiting[:n-1]
		}
	}
	t.waiting = append(t.waiting, w)
	l.flush(t)
}

// flush records the skipped periods whose turn has come. It is false when the
// state keeps no records.
func (l *loop) flush(t *task) bool {
	for len(t.waiting) > 0 && t.waiting[0].reason != "" {
		w := t.waiting[0]
		fresh, err := l.state.Claim(l.skipped(t, w))
		if err != nil {
			l.log.Error("a skipped period could not be recorded", "job", t.Name, "period", w.fire.Period, "err", err)
			t.held = l.mono + stateWait
			return false
		}
		t.held = never
		t.waiting = slices.Delete(t.waiting, 0, 1)
		if !fresh {
			t.done(w.fire.Period)
			continue // it was run before the clock was set back
		}
		if !w.told {
			l.tellSkipped(t, w)
		}
	}
	return true
}

func (l *loop) tellSkipped(t *task, w waiting) {
	l.log.Info("period skipped", "job", t.Name, "period", w.fire.Period, "reason", w.reason)
	t.done(w.fire.Period)
	if w.reason != ReasonDayOff {
		l.tell(t, NoticeSkipped, l.skipped(t, w))
	}
}

// skipped is the record of a period that is not run.
func (l *loop) skipped(t *task, w waiting) Record {
	r := l.record(t, w)
	r.Outcome, r.Reason, r.Ended, r.Attempt = OutcomeSkipped, w.reason, l.wall, 0
	return r
}

// start begins what waits, the longest due first, as far as there are places.
func (l *loop) start(ctx context.Context) {
	var ready []*task
	for _, t := range l.tasks {
		if t.run != nil && t.run.rest && t.run.again <= l.mono ||
			t.run == nil && len(t.waiting) > 0 && (t.held == never || t.held <= l.mono) {
			ready = append(ready, t)
		}
	}
	slices.SortStableFunc(ready, func(a, b *task) int { return a.first().Due.Compare(b.first().Due) })
	for _, t := range ready {
		if l.options.Running > 0 && l.running >= l.options.Running {
			return
		}
		if t.run != nil {
			l.attempt(ctx, t)
		} else {
			l.claim(ctx, t)
		}
	}
}

func (t *task) first() Fire {
	if t.run != nil {
		return t.run.fire
	}
	return t.waiting[0].fire
}

// claim begins the first period that waits and was not run before.
func (l *loop) claim(ctx context.Context, t *task) {
	for len(t.waiting) > 0 {
		w := t.waiting[0]
		if t.held != never && w.reason == "" && t.MaxLate > 0 && l.wall.Sub(w.fire.Due) > t.MaxLate {
			t.waiting[0].reason = ReasonLate
		}
		if t.waiting[0].reason != "" {
			if !l.flush(t) {
				return
			}
			continue
		}
		record := l.record(t, w)
		fresh, err := l.state.Claim(record)
		if err != nil {
			l.trouble(t, err)
			return
		}
		t.held = never
		t.waiting = slices.Delete(t.waiting, 0, 1)
		if !fresh {
			l.log.Info("period has a record already", "job", t.Name, "period", record.Period)
			t.done(record.Period)
			continue
		}
		t.run = &run{task: t, fire: w.fire, record: record, late: w.late}
		l.launch(ctx, t.run)
		l.flush(t)
		return
	}
	t.held = never
}

// attempt begins another run in a period.
func (l *loop) attempt(ctx context.Context, t *task) {
	r := t.run
	record := r.record
	record.Attempt++
	record.Outcome, record.Claimed, record.Ended = OutcomeClaimed, l.wall, time.Time{}
	record.Error, record.Hint, record.Log = "", "", ""
	if err := l.state.Settle(record); err != nil {
		l.log.Error("another attempt could not be recorded", "job", t.Name, "period", record.Period, "err", err)
		r.again = l.mono + stateWait
		return
	}
	l.settled(record)
	r.record, r.rest, r.cause = record, false, nil
	l.launch(ctx, r)
}

func (l *loop) launch(ctx context.Context, r *run) {
	ctx, r.cancel = context.WithCancelCause(ctx)
	r.timeout = l.mono + r.task.Timeout
	l.running++
	l.log.Info("run begins", "job", r.task.Name, "period", r.record.Period, "attempt", r.record.Attempt)
	runner := r.task.Run
	told := Run{Job: r.task.Name, Fire: r.fire, Attempt: r.record.Attempt, Missed: r.record.Missed}
	go func() {
		result := call(ctx, runner, told)
		select {
		case l.ended <- ended{r, result}:
		case <-l.gone:
		}
	}()
}

// trouble waits with a period that could not be claimed: what is not recorded is
// not run.
func (l *loop) trouble(t *task, err error) {
	w := &t.waiting[0]
	l.log.Error("a period could not be claimed", "job", t.Name, "period", w.fire.Period, "err", err)
	if !w.waits {
		w.waits = true
		r := l.record(t, *w)
		r.Outcome, r.Attempt = OutcomeFailed, 0
		r.Error = tail(fmt.Sprintf("the run was not begun, because it could not be recorded: %v", err), maxError)
		r.Hint = "it begins when records can be kept again, if it is not too late then"
		l.tell(t, NoticeFailed, r)
	}
	t.held = l.mono + stateWait
}
