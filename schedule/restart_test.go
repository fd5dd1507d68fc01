package schedule

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// mortal is the state as one process sees it: it dies at a certain call, before or
// after what it was asked to do, and whatever the process does from then on
// reaches nothing.
type mortal struct {
	mu    sync.Mutex
	state State
	calls int // until it dies; negative never
	after bool
	dead  bool
	died  chan struct{}
}

var errDead = errors.New("the process is dead")

// try does something unless the process is dead, or dies at it.
func (m *mortal) try(do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	m.calls--
	if m.calls == 0 {
		if m.after {
			do()
		}
		m.die()
		return errDead
	}
	return do()
}

func (m *mortal) die() {
	if !m.dead {
		m.dead = true
		close(m.died)
	}
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.die()
}

func (m *mortal) alive() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.dead
}

func (m *mortal) Known(job, spec string, now time.Time) (known time.Time, err error) {
	err = m.try(func() error { known, err = m.state.Known(job, spec, now); return err })
	return known, err
}

func (m *mortal) Claim(r Record) (fresh bool, err error) {
	err = m.try(func() error { fresh, err = m.state.Claim(r); return err })
	return fresh, err
}

func (m *mortal) Settle(r Record) error {
	return m.try(func() error { return m.state.Settle(r) })
}

func (m *mortal) Open() (open []Record, err error) {
	err = m.try(func() error { open, err = m.state.Open(); return err })
	return open, err
}

func (m *mortal) History(job string, until time.Time, limit int) (records []Record, err error) {
	err = m.try(func() error { records, err = m.state.History(job, until, limit); return err })
	return records, err
}

// TestRestarts kills the process at any instant, at any call of the state, over and
// over, sets the clock, and looks at what went out: in each period at most one
// report, and one exactly or a record that says otherwise.
func TestRestarts(t *testing.T) {
	for seed := range restartWorlds {
		synctest.Test(t, func(t *testing.T) { restarts(t, uint64(seed)) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func restarts(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 9))
	clock := newVirtual(t, "2026-03-27 12:00:00")
	// Everything is kept for ever here, so that it can be looked at in the end.
	memory := &Memory{keep: 1 << 20}
	jumps := seed%3 == 2
	sent := map[string]int{}
	var mu sync.Mutex
	jobs := []Job{
		{Name: "hourly", Spec: mustSpec(t, "0 * * * *"), Overlap: OverlapQueue},
		{Name: "half", Spec: mustSpec(t, "*/30 * * * *"), Overlap: OverlapQueue, Jitter: 20 * time.Minute},
		{Name: "daily", Spec: mustSpec(t, "30 2 * * *"), Retry: Retry{Attempts: 3, Wait: time.Minute}, Overlap: OverlapQueue},
		{Name: "killed", Spec: mustSpec(t, "*/15 * * * *"), Overlap: OverlapKill},
	}
	for i := range jobs {
		jobs[i].Zone = mustZone(t, "Europe/Paris")
		jobs[i].Missed = MissedAll
	}
	var engines sync.WaitGroup
	for range 25 {
		state := &mortal{state: memory, calls: 1 + random.IntN(120), after: random.IntN(2) == 0, died: make(chan struct{})}
		ready := make([]Job, len(jobs))
		lengths := rand.New(rand.NewPCG(random.Uint64(), 1))
		for i, job := range jobs {
			job.Run = func(ctx context.Context, r Run) Result {
				mu.Lock()
				length := time.Duration(lengths.IntN(400)) * time.Second
				fail := r.Job == "daily" && lengths.IntN(2) == 0
				mu.Unlock()
				if takes(length)(ctx, r).Err != nil {
					return Result{Err: context.Cause(ctx)}
				}
				if fail {
					return Result{Err: errors.New("no rows")}
				}
				if !state.alive() {
					return Result{Err: errDead}
				}
				mu.Lock()
				sent[r.Job+" "+r.Fire.Period]++
				mu.Unlock()
				takes(length/7)(ctx, r)
				return Result{}
			}
			ready[i] = job
		}
		engine, err := New(Options{State: state, Clock: clock}, ready)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		engines.Go(func() { engine.Run(ctx) })
		select {
		case <-state.died:
		case <-time.After(time.Duration(random.IntN(8*3600)) * time.Second):
			state.kill()
		}
		cancel() // nothing of it is seen any more
		time.Sleep(time.Duration(random.IntN(2*3600)) * time.Second)
		if jumps {
			clock.set(time.Duration(random.IntN(3)-1) * time.Hour)
		}
	}
	engines.Wait()
	// One that lives puts everything in order.
	for i := range jobs {
		jobs[i].Run = func(_ context.Context, r Run) Result {
			mu.Lock()
			defer mu.Unlock()
			sent[r.Job+" "+r.Fire.Period]++
			return Result{}
		}
	}
	engine, err := New(Options{State: memory, Clock: clock}, jobs)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	engines.Go(func() { engine.Run(ctx) })
	time.Sleep(2 * time.Hour)
	cancel()
	engines.Wait()
	end := clock.Now().Add(-time.Hour)

	doubts := 0
	for _, job := range jobs {
		records := map[string]Record{}
		all, _ := memory.History(job.Name, clock.Now().AddDate(1, 0, 0), 1<<20)
		for _, r := range all {
			records[r.Period] = r
		}
		// It may have died before it could even say that it knows the job.
		known, _ := memory.Known(job.Name, job.when(), end)
		for fire := range job.Fires(known, end) {
			key := job.Name + " " + fire.Period
			r, n := records[fire.Period], sent[key]
			fault := ""
			switch {
			case n > 1:
				fault = "went out more than once"
			case r.Outcome == OutcomeOK && n != 1, r.Outcome == OutcomeFailed && n != 0, r.Outcome == OutcomeSkipped && n != 0:
				fault = "has another outcome than it had"
			case r.Outcome.open():
				fault = "is still open"
			case r.Outcome == "" && !jumps:
				fault = "was missed"
			case r.Outcome == OutcomeSkipped && job.Overlap != OverlapKill && r.Reason != ReasonLate:
				fault = "was skipped"
			}
			if fault != "" && !t.Failed() {
				t.Errorf("%s %s: sent %d times, record %+v", key, fault, n, r)
			}
			if r.Outcome == OutcomeInDoubt {
				doubts++
			}
		}
	}
	if doubts == 0 && seed == 0 {
		t.Error("no process died during a run: the test tries nothing")
	}
}

// TestDoubt: what a process left open, by the job's policy.
func TestDoubt(t *testing.T) {
	for _, test := range []struct {
		doubt   Doubt
		left    Outcome
		attempt int
		retries int
		late    time.Duration
		outcome Outcome
		ran     int
		told    string
	}{
		{DoubtReport, OutcomeClaimed, 1, 3, 0, OutcomeInDoubt, 0, "[a 2026-11-26 in doubt]"},
		{DoubtRerun, OutcomeClaimed, 1, 1, 0, OutcomeOK, 1, "[]"},
		{DoubtRerun, OutcomeClaimed, 3, 1, 0, OutcomeInDoubt, 0, "[a 2026-11-26 in doubt]"},
		{DoubtRerun, OutcomeClaimed, 1, 1, time.Minute, OutcomeInDoubt, 0, "[a 2026-11-26 in doubt]"},
		{DoubtReport, OutcomeRetry, 1, 3, 0, OutcomeOK, 1, "[]"},
		{DoubtReport, OutcomeRetry, 1, 3, time.Minute, OutcomeFailed, 0, "[a 2026-11-26 failed]"},
	} {
		t.Run(fmt.Sprint(test.doubt, test.left, test.attempt, test.late), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-11-26 07:05:00")
				at := moment2026(t, "2026-11-26 07:00:00")
				w.state.Known("a", "0 7 * * * UTC", at.AddDate(0, 0, -1))
				w.state.Claim(Record{Job: "a", Period: "2026-11-26", At: at, Claimed: at, Attempt: test.attempt, Outcome: test.left})
				w.state.Claim(Record{Job: "gone", Period: "2026-11-26", At: at, Claimed: at, Attempt: 1, Outcome: OutcomeClaimed})
				job := w.job("a", "0 7 * * *", nil)
				job.Doubt, job.MaxLate, job.Retry.Attempts = test.doubt, test.late, test.retries
				w.begin(job)
				w.pass(time.Hour)
				w.wantOutcome("a", "2026-11-26", test.outcome, "")
				w.wantOutcome("gone", "2026-11-26", OutcomeInDoubt, "")
				if n := len(w.ran("a")); n != test.ran || n == 1 && w.runs["a"][0].attempt != test.attempt+1 {
					t.Errorf("ran %v", w.runs["a"])
				}
				if got := fmt.Sprint(w.told()); got != test.told {
					t.Errorf("notices %s, want %s", got, test.told)
				}
				w.stop()
			})
		})
	}
}
