package schedule

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A job that a person runs has the timeout, the attempts and the pauses that it has in
// an engine.
func TestOnce(t *testing.T) {
	obeys := func(ctx context.Context, _ Run) Result {
		<-ctx.Done()
		return Result{Err: context.Cause(ctx)}
	}
	for _, test := range []struct {
		name     string
		do       func(context.Context, Run) Result
		attempts int
		want     Outcome
		began    int
		pauses   []time.Duration
		took     time.Duration
	}{
		{"all is well", takes(time.Minute), 3, OutcomeOK, 1, nil, time.Minute},
		{"too long", obeys, 1, OutcomeTimeout, 1, nil, time.Hour},
		{"deaf", wedged(nil), 1, OutcomeTimeout, 1, nil, time.Hour + 30*time.Second},
		{"too long, twice", obeys, 2, OutcomeTimeout, 2, []time.Duration{5 * time.Minute}, 2*time.Hour + 5*time.Minute},
		{"fails twice", fails(2), 4, OutcomeOK, 3, []time.Duration{5 * time.Minute, 8 * time.Minute}, 13 * time.Minute},
		{"always fails", fails(9), 3, OutcomeFailed, 3, []time.Duration{5 * time.Minute, 8 * time.Minute}, 13 * time.Minute},
		{"something was sent", func(context.Context, Run) Result { return Result{Err: errors.New("no"), Final: true} }, 3, OutcomeFailed, 1, nil, 0},
		{"panic", func(context.Context, Run) Result { panic("no") }, 1, OutcomeFailed, 1, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				let := make(chan struct{})
				began := 0
				job := Job{Name: "a", Timeout: time.Hour, Retry: Retry{Attempts: test.attempts, Wait: 5 * time.Minute, MaxWait: 8 * time.Minute}}
				job.Run = func(ctx context.Context, r Run) Result {
					began++
					if test.name == "deaf" {
						return wedged(let)(ctx, r)
					}
					return test.do(ctx, r)
				}
				var pauses []time.Duration
				start := time.Now()
				r := job.Once(t.Context(), Fire{Period: "2026-11-26"}, func(_ Record, pause time.Duration) { pauses = append(pauses, pause) })
				if r.Outcome != test.want || began != test.began || r.Attempt != began || !slices.Equal(pauses, test.pauses) || time.Since(start) != test.took {
					t.Errorf("%d began, pauses %v, took %v, %+v", began, pauses, time.Since(start), r)
				}
				close(let)
			})
		})
	}
}

// Who ends it while it waits does not wait for another attempt.
func TestOnceInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		job := Job{Name: "a", Retry: Retry{Attempts: 3, Wait: time.Hour}, Run: fails(9)}
		start := time.Now()
		if r := job.Once(ctx, Fire{}, nil); r.Outcome != OutcomeFailed || r.Attempt != 1 || time.Since(start) != time.Minute {
			t.Errorf("after %v: %+v", time.Since(start), r)
		}
	})
}
