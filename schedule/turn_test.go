package schedule

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSkippedInTurn: a period is skipped while one before it waits for a place,
// and the process dies. The next one must not take the record of the later one
// for the end of what is dealt with.
func TestSkippedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:00")
		w.options.Running = 1
		memory := w.state
		first := &mortal{state: memory, died: make(chan struct{})}
		w.state = first
		job := w.job("a", "0 * * * *", nil)
		job.Missed = MissedAll
		w.begin(w.job("long", "0 7 * * *", takes(24*time.Hour)), job)
		w.pass(3 * time.Hour) // 09:59: 07:00 waits, 08:00 and 09:00 are skipped
		w.wantTold("a 2026-11-26T08:00 skipped overlap", "a 2026-11-26T09:00 skipped overlap")
		first.kill()
		w.stop()
		w.state = memory
		w.options.Running = 0
		w.begin(job)
		w.pass(10 * time.Second)
		w.wantRan("a", "2026-11-26T07:00", "2026-11-26T08:00", "2026-11-26T09:00")
		w.stop()
	})
}

// TestRepeatWaits: the clock is set back, and a period that was run comes again and
// has to wait. It does nothing there, and its deadline does not count.
func TestRepeatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:00")
		var length atomic.Int64
		length.Store(int64(time.Minute))
		job := w.job("a", "0 * * * *", nil)
		job.Run = w.runner(func(ctx context.Context, r Run) Result { return takes(time.Duration(length.Load()))(ctx, r) })
		job.Overlap, job.Deadline = OverlapQueue, 20*time.Minute
		w.begin(job)
		w.pass(30 * time.Minute) // 07:29
		length.Store(int64(2 * time.Hour))
		w.pass(35 * time.Minute) // 08:04
		w.set(-70 * time.Minute) // 06:54
		w.pass(3 * time.Hour)
		w.wantTold("a 2026-11-26T08:00 deadline", "a 2026-11-26T09:00 deadline")
		w.stop()
	})
}

// TestPlaceAndState: what waits for a place does not wake the engine, not even
// after the state kept no records for a while.
func TestPlaceAndState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:30")
		w.options.Running = 1
		state := &broken{}
		w.state = state
		slow := takes(10 * time.Minute)
		w.begin(w.job("blocks", "0 7 * * *", takes(time.Hour)), w.job("waits", "0 7 * * *", slow), w.job("held", "1 7 * * *", slow))
		w.pass(time.Minute)
		state.full.Store(true)
		w.pass(time.Hour) // 08:00:30: two could begin, and are held
		w.wantRan("waits")
		// One of them takes the place, and the other's pause ends meanwhile.
		state.full.Store(false)
		w.pass(2 * time.Hour)
		w.wantRan("waits", "2026-11-26")
		w.wantRan("held", "2026-11-26")
		if w.clock.rings > 20 {
			t.Errorf("woke %d times", w.clock.rings)
		}
		w.stop()
	})
}

// TestStopBeginsNothing: what waits for a place when the engine is to end is left
// to the next one.
func TestStopBeginsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:30")
		w.options.Running = 1
		jobs := []Job{w.job("a", "0 7 * * *", takes(20*time.Second)), w.job("b", "0 7 * * *", nil)}
		w.begin(jobs...)
		w.pass(40 * time.Second)
		w.stop()
		w.wantOutcome("a", "2026-11-26", OutcomeOK, "")
		w.wantRan("b")
		w.begin(jobs...)
		w.pass(time.Second)
		w.wantRan("a", "2026-11-26")
		w.wantRan("b", "2026-11-26")
		w.stop()
	})
}
