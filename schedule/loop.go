package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// loop is the one goroutine of an engine that decides. It sleeps until a run
// ends, somebody asks or its alarm rings, and then looks at everything there is.
type loop struct {
	*Engine
	state State
	clock Clock
	log   *slog.Logger
	alarm Alarm
	tasks []*task

	running   int // attempts under way that were not given up
	ended     chan ended
	unsettled []Record // outcomes that the state did not take
	settle    moment   // when to try again

	outbox  outbox
	sent    chan error
	sending *letter // the notice on its way
	late    moment  // when sending it is told to end
	cancel  context.CancelFunc

	stopping bool
	grace    moment // when runs are told to end
	drain    moment // when notices are left

	wall time.Time // as of the last look
	mono moment
}

// stateWait is the pause before the state is tried again.
const stateWait = 30 * time.Second

// jumps is by how much the clocks must disagree for the wall clock to have been
// set; less is an adjustment, or a machine under load.
const jumps = 2 * time.Second

func newLoop(e *Engine) *loop {
	o := e.options
	return &loop{
		Engine: e, state: o.State, clock: o.Clock, log: o.Log,
		ended: make(chan ended), settle: never,
		outbox: outbox{log: o.Log, most: o.Notices, recipients: map[string]*recipient{}},
		sent:   make(chan error), late: never, grace: never, drain: never,
	}
}

// begin takes up what the state knows.
func (l *loop) begin(jobs []Job) error {
	l.look()
	for _, job := range jobs {
		t, err := l.newTask(job)
		if err != nil {
			return err
		}
		l.tasks = append(l.tasks, t)
	}
	open, err := l.state.Open()
	if err != nil {
		return fmt.Errorf("schedule: reading which periods are open: %w", err)
	}
	for _, record := range open {
		l.takeUp(record)
	}
	return nil
}

// newTask is a job from where its records end.
func (l *loop) newTask(job Job) (*task, error) {
	known, err := l.state.Known(job.Name, job.when(), l.wall)
	if err != nil {
		return nil, fmt.Errorf("schedule: reading since when job %s is known: %w", job.Name, err)
	}
	last, err := l.state.History(job.Name, l.wall, 1)
	if err != nil {
		return nil, fmt.Errorf("schedule: reading the last period of job %s: %w", job.Name, err)
	}
	from := known
	if len(last) > 0 && last[0].At.After(from) {
		from = last[0].At
	}
	if from.After(l.wall) {
		from = l.wall // known by a clock that was ahead
		if len(last) > 0 {
			from = last[0].At
		}
	}
	t := &task{Job: job, held: never}
	t.seek(from)
	return t, nil
}

// takeUp decides about a period that another process left open.
func (l *loop) takeUp(r Record) {
	i := slices.IndexFunc(l.tasks, func(t *task) bool { return t.Name == r.Job })
	if i < 0 {
		l.doubt(nil, r)
		return
	}
	t := l.tasks[i]
	timely := t.MaxLate == 0 || l.wall.Sub(r.At) <= t.MaxLate
	again := r.Outcome == OutcomeRetry || t.Doubt == DoubtRerun && r.Attempt < doubtAttempts
	switch {
	case t.run == nil && again && timely:
		fire := Fire{At: r.At, Due: r.At, Period: r.Period}
		t.run = &run{task: t, fire: fire, record: r, rest: true, again: l.mono}
		l.expect(t, fire)
	case r.Outcome == OutcomeRetry:
		r.Outcome, r.Ended = OutcomeFailed, l.wall
		l.conclude(t, r)
	default:
		l.doubt(t, r)
	}
}

// doubt settles a period that nobody can know about.
func (l *loop) doubt(t *task, r Record) {
	r.Outcome, r.Ended = OutcomeInDoubt, l.wall
	r.Error = "the process ended during the run"
	r.Hint = "look whether the report went out before running it again"
	l.conclude(t, r)
}

// look reads the clocks.
func (l *loop) look() {
	wall, mono := l.clock.Now(), l.clock.Elapsed()
	if !l.wall.IsZero() {
		if jump := wall.Sub(l.wall) - (mono - l.mono); jump.Abs() >= jumps {
			l.log.Warn("the clock was set, or the machine slept", "by", jump.Round(time.Second))
		}
	}
	l.wall, l.mono = wall, mono
}

// run is the loop.
func (l *loop) run(ctx context.Context) {
	l.alarm = l.clock.Alarm()
	defer l.alarm.Close()
	stop := ctx.Done()
	// Runs and notices end by themselves, or by a decision of the loop.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	for {
		l.look()
		l.pass(ctx)
		if l.stopping && l.over() {
			return
		}
		l.alarm.Set(l.wake())
		select {
		case <-l.alarm.C():
		case e := <-l.ended:
			l.look()
			l.finish(e)
			l.finishMore()
		case err := <-l.sent:
			l.look()
			l.delivered(err)
		case r := <-l.reload:
			l.look()
			r.done <- l.replace(r.jobs)
		case reply := <-l.status:
			reply <- l.report()
		case <-stop:
			l.look()
			stop = nil
			l.stopping = true
			l.grace = l.mono + l.options.Grace
			l.log.Info("ending", "running", l.running)
		}
	}
}

// finishMore takes the other runs that have ended: of jobs that begin at the same
// time many do, and each look at everything is as long as there are jobs.
func (l *loop) finishMore() {
	for {
		select {
		case e := <-l.ended:
			l.finish(e)
		default:
			return
		}
	}
}

// pass does all that is due.
func (l *loop) pass(ctx context.Context) {
	for _, t := range l.tasks {
		if l.wall.Before(t.from) {
			// The clock was set back. What it reads again is claimed already.
			t.seek(l.wall)
		}
		if !l.stopping && !t.removed {
			l.collect(t)
		}
		l.expire(t)
	}
	if l.mono >= l.settle {
		l.settleAgain()
	}
	if !l.stopping {
		l.start(ctx)
	}
	l.tasks = slices.DeleteFunc(l.tasks, func(t *task) bool { return t.removed && t.run == nil })
	l.outbox.release(l.mono)
	if l.mono >= l.late {
		l.late = never
		l.cancel()
	}
	l.post(ctx)
}

// over says that an engine that is to end has nothing left to do.
func (l *loop) over() bool {
	for _, t := range l.tasks {
		if t.run != nil && !t.run.rest && !t.run.given {
			return false
		}
	}
	if l.drain == never {
		l.drain = l.mono + noticeDrain
	}
	return l.mono >= l.drain || l.sending == nil && l.outbox.ready(l.mono) < 0
}

// wake is the time of the next thing to do; zero when there is none.
func (l *loop) wake() time.Time {
	at := l.outbox.wake(l.mono)
	at = min(at, l.settle, l.late)
	if l.stopping {
		at = min(at, l.drain)
		if l.grace > l.mono {
			at = min(at, l.grace)
		}
	}
	var wall time.Time
	for _, t := range l.tasks {
		if !l.stopping && !t.removed && (wall.IsZero() || t.next.Due.Before(wall)) {
			wall = t.next.Due
		}
		at = min(at, l.wakeTask(t))
	}
	if at != never {
		if soon := l.wall.Add(at - l.mono); wall.IsZero() || soon.Before(wall) {
			wall = soon
		}
	}
	return wall
}

func (l *loop) wakeTask(t *task) moment {
	at := never
	for _, d := range t.deadlines {
		at = min(at, d.at)
	}
	// Past it, it waits for a place and not for a time.
	if len(t.waiting) > 0 && t.run == nil && !l.stopping && t.held > l.mono {
		at = min(at, t.held)
	}
	if r := t.run; r != nil {
		switch {
		case r.rest:
			if r.again > l.mono && !l.stopping {
				at = min(at, r.again)
			}
		case r.given:
		case r.cause == nil:
			at = min(at, r.timeout)
		default:
			at = min(at, r.watchdog)
		}
	}
	return at
}
