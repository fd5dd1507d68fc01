package schedule

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestState is what any state must do.
func TestState(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) State{
		"memory": func(*testing.T) State { return &Memory{} },
		"file": func(t *testing.T) State {
			f, err := OpenFile(filepath.Join(t.TempDir(), "state"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			return f
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			at := time.Date(2026, 11, 26, 7, 0, 0, 0, time.UTC)
			for later := range 2 {
				if known, err := s.Known("a", "@daily UTC", at.Add(time.Duration(later)*time.Hour)); err != nil || !known.Equal(at) {
					t.Error(known, err)
				}
			}
			if known, err := s.Known("a", "@hourly UTC", at.Add(time.Minute)); err != nil || !known.Equal(at.Add(time.Minute)) {
				t.Error(known, err)
			}
			r := Record{Job: "a", Period: "2026-11-26", At: at, Claimed: at, Attempt: 1, Outcome: OutcomeClaimed}
			for i := range 2 {
				if fresh, err := s.Claim(r); err != nil || fresh != (i == 0) {
					t.Error(fresh, err)
				}
			}
			other := r
			other.Job, other.Claimed = "b", at.Add(-time.Second)
			s.Claim(other)
			if open, err := s.Open(); err != nil || len(open) != 2 || open[0].Job != "b" || open[1] != r {
				t.Error(open, err)
			}
			r.Outcome = OutcomeOK
			if err := s.Settle(r); err != nil {
				t.Error(err)
			}
			if err := s.Settle(Record{Job: "a", Period: "never"}); err == nil {
				t.Error("a period was settled that nobody claimed")
			}
			later := r
			later.Period, later.At = "2026-11-27", at.AddDate(0, 0, 1)
			s.Claim(later)
			if h, err := s.History("a", at, 5); err != nil || len(h) != 1 || h[0] != r {
				t.Error(h, err)
			}
			if h, err := s.History("a", at.AddDate(1, 0, 0), 1); err != nil || len(h) != 1 || h[0].Period != "2026-11-27" {
				t.Error(h, err)
			}
			if h, err := s.History("c", at, 5); err != nil || len(h) != 0 {
				t.Error(h, err)
			}
		})
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	at := time.Date(2026, 11, 26, 7, 0, 0, 0, time.UTC)
	open := func() *File {
		t.Helper()
		f, err := OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := open()
	f.Known("a", "@daily", at)
	r := Record{Job: "a", Period: "p1", At: at, Claimed: at, Attempt: 1, Outcome: OutcomeClaimed, Log: "a\nb\u2028"}
	f.Claim(r)
	r.Outcome = OutcomeFailed
	f.Settle(r)
	f.Close()
	if _, err := f.Claim(Record{Job: "a", Period: "p2"}); err == nil {
		t.Error("a closed file was written")
	}
	// The process dies in the middle of a line.
	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	torn.WriteString(`{"record":{"job":"a","period":"p2","outco`)
	torn.Close()
	f = open()
	if h, _ := f.History("a", at, 5); len(h) != 1 || h[0] != r {
		t.Errorf("%+v", h)
	}
	if known, _ := f.Known("a", "@daily", at.Add(time.Hour)); !known.Equal(at) {
		t.Errorf("known since %s", known)
	}
	if fresh, err := f.Claim(Record{Job: "a", Period: "p2", At: at, Claimed: at, Outcome: OutcomeOK}); !fresh || err != nil {
		t.Error(fresh, err)
	}
	f.Close()
	f = open()
	if h, _ := f.History("a", at, 5); len(h) != 2 {
		t.Errorf("%+v", h)
	}
	// It does not grow for ever.
	for i := range 12_000 {
		r := Record{Job: "a", Period: at.Format(time.RFC3339), At: at, Claimed: at, Outcome: OutcomeOK}
		if i%100 > 0 {
			f.lines++ // as if, without a hundred thousand writes
			continue
		}
		if _, err := f.Claim(r); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Hour)
	}
	if f.lines > 11_000 {
		t.Errorf("%d lines", f.lines)
	}
	f.Close()
	os.WriteFile(path, []byte("{\"job\":\"a\"}\nnonsense\n"), 0o600)
	if _, err := OpenFile(path); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Error(err)
	}
}

// broken is a state that keeps nothing while it is full.
type broken struct {
	Memory
	full atomic.Bool
}

var errFull = errors.New("the disk is full")

func (b *broken) Claim(r Record) (bool, error) {
	if b.full.Load() {
		return false, errFull
	}
	return b.Memory.Claim(r)
}

func (b *broken) Settle(r Record) error {
	if b.full.Load() {
		return errFull
	}
	return b.Memory.Settle(r)
}

// TestStateBroken: what cannot be recorded is not run; it is told once, and run
// when it can be.
func TestStateBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:00")
		state := &broken{}
		w.state = state
		during := w.job("during", "0 7 * * *", takes(5*time.Minute))
		a := w.job("a", "5 7 * * *", nil)
		late := w.job("late", "5 7 * * *", nil)
		late.MaxLate = 5 * time.Minute
		often := w.job("often", "*/10 * * * *", nil)
		w.begin(during, a, late, often)
		w.pass(2 * time.Minute) // 07:01
		state.full.Store(true)
		w.pass(20 * time.Minute) // 07:21
		w.wantRan("a")
		w.wantTold("a 2026-11-26 failed", "late 2026-11-26 failed", "often 2026-11-26T07:10 failed", "often 2026-11-26T07:20 failed")
		w.wantOutcome("during", "2026-11-26", OutcomeClaimed, "")
		state.full.Store(false)
		w.pass(time.Minute)
		w.wantOutcome("during", "2026-11-26", OutcomeOK, "")
		w.wantRan("a", "2026-11-26")
		w.wantOutcome("late", "2026-11-26", OutcomeSkipped, ReasonLate)
		w.wantRan("often", "2026-11-26T07:00", "2026-11-26T07:20")
		if w.clock.rings > 60 {
			t.Errorf("woke %d times", w.clock.rings)
		}
		w.stop()
	})
}

// TestMemoryFlat: what the engine holds does not grow with what it did.
func TestMemoryFlat(t *testing.T) {
	const days = 30
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-01 00:00:30")
		w.options.Notify = func(context.Context, Notice) error { return nil }
		var all []Job
		for i := range memoryJobs {
			job := Job{Name: "job" + string(rune('0'+i)), Spec: mustSpec(t, "*/10 * * * *"), Notify: []string{"a@example.org"}}
			if i == 0 {
				job.Spec = mustSpec(t, "* * * * *")
			}
			job.Run = func(context.Context, Run) Result {
				if i%5 == 0 {
					return Result{Err: errors.New("no rows"), Log: strings.Repeat("x", 4000)}
				}
				return Result{}
			}
			all = append(all, job)
		}
		w.begin(all...)
		// The most of half a day: what is forgotten is forgotten now and then.
		heap := func() (most uint64) {
			for range 12 {
				w.pass(time.Hour)
				runtime.GC()
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
			return most
		}
		w.pass(3 * 24 * time.Hour)
		early := heap()
		w.pass((days - 3) * 24 * time.Hour)
		late := heap()
		t.Logf("%d KiB after 3 days, %d KiB after %d", early>>10, late>>10, days)
		if late > early+early/8+256<<10 {
			t.Errorf("%d bytes after 3 days, %d after %d", early, late, days)
		}
		w.stop()
	})
}
