package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
)

// Every row arrives once, and its result comes in order, over several connections.
func TestRun(t *testing.T) {
	const n = 3000
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{Messages: 200})
	var got results
	counts, err := Run(t.Context(), numbered(n, nil), Options{Pool: pool, OnResult: got.add})
	if err != nil {
		t.Fatal(err)
	}
	if counts.Sent != n || counts.Rows != n || counts.Attempts != n {
		t.Errorf("counts: %+v", counts)
	}
	got.check(t, n)
	got.checkOrder(t)
	for i := 1; i <= n; i++ {
		if times := p.times(fmt.Sprintf("to%d@example.net", i)); times != 1 {
			t.Errorf("row %d arrived %d times", i, times)
		}
	}
}

// Rows end in all the ways that are no fault of the run.
func TestOutcomes(t *testing.T) {
	const n = 400
	p := &post{rcpt: func(to string, _ int) server.Reply {
		if numberIn(to)%7 == 0 {
			return server.Reply{Code: 550, Enhanced: "5.1.1", Text: "no such user"}
		}
		return server.Reply{}
	}}
	bad := errors.New("no such column")
	want := func(n int64) Outcome {
		switch {
		case n%10 == 1:
			return Skipped
		case n%10 == 2, n%10 == 3:
			return Failed
		case n%10 == 4:
			return Suppressed
		case n%7 == 0:
			return Failed
		}
		return Sent
	}
	source := numbered(n, func(j *Job) {
		switch j.Number % 10 {
		case 1:
			j.Skip = "not now"
		case 2:
			j.Err = bad
		case 3:
			j.Build = func(context.Context) (Letter, error) { return Letter{}, bad }
		case 4:
			j.Suppressed = "has left"
		}
	})
	var got results
	counts, err := Run(t.Context(), source, Options{Pool: p.pool(t, smtp.PoolOptions{}), OnResult: got.add})
	if err != nil {
		t.Fatal(err)
	}
	got.check(t, n)
	got.checkOrder(t)
	for _, r := range got.all {
		if r.Outcome != want(r.Job.Number) {
			t.Errorf("row %d: %s, want %s (%v, %v)", r.Job.Number, r.Outcome, want(r.Job.Number), r.Err, r.Sent.Reply)
		}
		if r.Job.Number%10 == 2 && !errors.Is(r.Err, bad) {
			t.Errorf("row %d: %v", r.Job.Number, r.Err)
		}
	}
	if counts.Skipped != n/10 || counts.Suppressed != n/10 || counts.Rows != n {
		t.Errorf("counts: %+v", counts)
	}
}

// A source that ends in an error ends the run; what was read before is sent.
func TestSourceFails(t *testing.T) {
	broken := errors.New("people.csv:31: a quote is open")
	source := func(ctx context.Context, need Need) (Rows, error) {
		rows, err := numbered(100, nil)(ctx, need)
		next := rows.Next
		n := 0
		rows.Next = func() (Job, error) {
			if n++; n > 30 {
				return Job{}, broken
			}
			return next()
		}
		return rows, err
	}
	p := &post{}
	counts, err := Run(t.Context(), source, Options{Pool: p.pool(t, smtp.PoolOptions{})})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if counts.Sent+counts.Untried != counts.Rows || counts.Rows > 30 {
		t.Errorf("counts: %+v", counts)
	}
}

// An error of OnResult stops the run, which waits for what is on its way.
func TestOnResultFails(t *testing.T) {
	raised := errors.New("raised")
	p := &post{}
	calls := 0
	counts, err := Run(t.Context(), numbered(15_000, nil), Options{Pool: p.pool(t, smtp.PoolOptions{}), OnResult: func(Result) error {
		if calls++; calls == 5 {
			return raised
		}
		return nil
	}})
	if !errors.Is(err, raised) || calls != 5 {
		t.Errorf("%v after %d calls", err, calls)
	}
	if counts.Sent != int64(p.count()) || counts.Sent < 5 || counts.Rows > 10_000 {
		t.Errorf("%d arrived; counts: %+v", p.count(), counts)
	}
}

// A panic of a builder reaches the caller, and nothing is left behind.
func TestBuildPanics(t *testing.T) {
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	defer func() {
		value := recover()
		if text := fmt.Sprint(value); !strings.Contains(text, "out of range") || !strings.Contains(text, "run_test.go") {
			t.Errorf("recovered %.200v", value)
		}
	}()
	_, err := Run(t.Context(), numbered(1000, func(j *Job) {
		if j.Number == 500 {
			j.Build = func(context.Context) (Letter, error) { var none []Letter; return none[j.Number], nil }
		}
	}), Options{Pool: pool})
	t.Errorf("no panic: %v", err)
}

// Stop ends a run early: what is on its way is awaited.
func TestStop(t *testing.T) {
	stop := make(chan struct{})
	p := &post{}
	calls := 0
	counts, err := Run(t.Context(), numbered(15_000, nil), Options{Pool: p.pool(t, smtp.PoolOptions{}), Stop: stop, OnResult: func(Result) error {
		if calls++; calls == 100 {
			close(stop)
		}
		return nil
	}})
	if !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
	if counts.Sent != int64(p.count()) || counts.Sent < 100 || counts.Sent+counts.Untried != counts.Rows || int64(calls) != counts.Sent {
		t.Errorf("%d arrived, %d calls; counts: %+v", p.count(), calls, counts)
	}
}
