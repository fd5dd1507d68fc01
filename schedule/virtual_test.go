package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// virtual is a clock in a bubble of synctest: its monotonic part is the bubble's,
// its wall part can be set.
type virtual struct {
	mu     sync.Mutex
	start  time.Time
	offset time.Duration
	alarms []*virtualAlarm
	rings  int // how often an alarm rang by itself
}

// newVirtual reads a time, as time.DateTime writes it, in UTC.
func newVirtual(t testing.TB, text string) *virtual {
	t.Helper()
	return &virtual{start: time.Now(), offset: time.Until(moment2026(t, text))}
}

func moment2026(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (v *virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return time.Now().Round(0).Add(v.offset).UTC()
}

func (v *virtual) Elapsed() time.Duration { return time.Since(v.start) }

func (v *virtual) Alarm() Alarm {
	v.mu.Lock()
	defer v.mu.Unlock()
	a := &virtualAlarm{clock: v, c: make(chan struct{}, 1)}
	v.alarms = append(v.alarms, a)
	return a
}

// set moves the wall clock and tells alarms, as Linux does.
func (v *virtual) set(by time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.offset += by
	for _, a := range v.alarms {
		a.ring()
	}
}

type virtualAlarm struct {
	clock *virtual
	c     chan struct{}
	timer *time.Timer
}

func (a *virtualAlarm) ring() {
	select {
	case a.c <- struct{}{}:
	default:
	}
}

func (a *virtualAlarm) Set(at time.Time) {
	if a.timer != nil {
		a.timer.Stop()
	}
	if !at.IsZero() {
		a.timer = time.AfterFunc(at.Sub(a.clock.Now()), func() {
			a.clock.mu.Lock()
			a.clock.rings++
			a.clock.mu.Unlock()
			a.ring()
		})
	}
}

func (a *virtualAlarm) C() <-chan struct{} { return a.c }

func (a *virtualAlarm) Close() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// began is a run that began.
type began struct {
	period  string
	at      time.Time
	attempt int
	missed  int
}

// world is an engine in a bubble, with what it did.
type world struct {
	t       *testing.T
	clock   *virtual
	state   State
	mu      sync.Mutex
	runs    map[string][]began
	notices []Notice
	engine  *Engine
	stop    func()
	options Options
}

func newWorld(t *testing.T, at string) *world {
	t.Helper()
	return &world{t: t, clock: newVirtual(t, at), state: &Memory{}, runs: map[string][]began{}}
}

// job is one with a runner that notes that it ran and then does what do says.
func (w *world) job(name, cron string, do func(context.Context, Run) Result) Job {
	w.t.Helper()
	return Job{Name: name, Spec: mustSpec(w.t, cron), Notify: []string{"ops@bank.example"}, Run: w.runner(do)}
}

func (w *world) runner(do func(context.Context, Run) Result) Runner {
	return func(ctx context.Context, r Run) Result {
		w.mu.Lock()
		w.runs[r.Job] = append(w.runs[r.Job], began{r.Fire.Period, w.clock.Now(), r.Attempt, r.Missed})
		w.mu.Unlock()
		if do == nil {
			return Result{}
		}
		return do(ctx, r)
	}
}

// begin starts an engine.
func (w *world) begin(jobs ...Job) {
	w.t.Helper()
	o := w.options
	o.State, o.Clock = w.state, w.clock
	if o.Notify == nil {
		o.Notify = func(_ context.Context, n Notice) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.notices = append(w.notices, n)
			return nil
		}
	}
	engine, err := New(o, jobs)
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = engine
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx) }()
	w.stop = func() {
		w.t.Helper()
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
	synctest.Wait()
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// set moves the wall clock.
func (w *world) set(by time.Duration) {
	w.clock.set(by)
	synctest.Wait()
}

// ran are the periods that a job began runs in.
func (w *world) ran(job string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var periods []string
	for _, r := range w.runs[job] {
		periods = append(periods, r.period)
	}
	return periods
}

func (w *world) wantRan(job string, want ...string) {
	w.t.Helper()
	if got := w.ran(job); !slices.Equal(got, want) {
		w.t.Errorf("%s ran in %v, want %v", job, got, want)
	}
}

// told are the notices so far, in short.
func (w *world) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, n := range w.notices {
		text := fmt.Sprintf("%s %s %s", n.Job, n.Record.Period, n.Kind)
		if n.Record.Reason != "" {
			text += " " + string(n.Record.Reason)
		}
		all = append(all, text)
	}
	return all
}

func (w *world) wantTold(want ...string) {
	w.t.Helper()
	if got := w.told(); !slices.Equal(got, want) {
		w.t.Errorf("notices %q, want %q", got, want)
	}
}

// outcome is that of a period.
func (w *world) record(job, period string) Record {
	w.t.Helper()
	records, err := w.state.History(job, time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range records {
		if r.Period == period {
			return r
		}
	}
	return Record{}
}

func (w *world) wantOutcome(job, period string, outcome Outcome, reason Reason) {
	w.t.Helper()
	if r := w.record(job, period); r.Outcome != outcome || r.Reason != reason {
		w.t.Errorf("%s in %s: %q %q, want %q %q", job, period, r.Outcome, r.Reason, outcome, reason)
	}
}

func takes(d time.Duration) func(context.Context, Run) Result {
	return func(ctx context.Context, _ Run) Result {
		select {
		case <-time.After(d):
			return Result{}
		case <-ctx.Done():
			return Result{Err: context.Cause(ctx)}
		}
	}
}

func fails(times int) func(context.Context, Run) Result {
	return func(_ context.Context, r Run) Result {
		if r.Attempt <= times {
			return Result{Err: errors.New("no rows"), Hint: "look at the query", Log: "select 1\n"}
		}
		return Result{}
	}
}

// wedged runs until it is let go, whatever it is told.
func wedged(let <-chan struct{}) func(context.Context, Run) Result {
	return func(context.Context, Run) Result {
		<-let
		return Result{}
	}
}
