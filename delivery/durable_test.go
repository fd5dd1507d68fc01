package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/smtp"
)

// opened is a ledger and a run in it.
func opened(t *testing.T, folder string, policy DoubtPolicy) (Journal, *ledger.Run, func()) {
	t.Helper()
	return openedFor(t, folder, policy, ledger.AnyAddress)
}

func openedFor(t *testing.T, folder string, policy DoubtPolicy, addresses ledger.AddressRule) (Journal, *ledger.Run, func()) {
	t.Helper()
	l, err := ledger.Open(t.Context(), folder, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := l.Run("autumn", ledger.Settings{InDoubt: ledger.Policy(policy), Addresses: addresses})
	if err != nil {
		t.Fatal(err)
	}
	return Durable(run, policy), run, func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A run with a ledger that is stopped and run again sends each message once.
func TestDurableResume(t *testing.T) {
	const n = 2000
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	folder := t.TempDir()
	var counts Counts
	for times := 0; ; times++ {
		journal, _, end := opened(t, folder, Hold)
		stop := make(chan struct{})
		var got results
		var err error
		counts, err = Run(t.Context(), numbered(n, nil), Options{Pool: pool, Journal: journal, Stop: stop, OnResult: func(r Result) error {
			if len(got.all) == times*150+250 {
				close(stop)
			}
			return got.add(r)
		}})
		end()
		if err == nil || errors.Is(err, ErrFinished) {
			got.check(t, n)
			break
		}
		if !errors.Is(err, ErrStopped) || times > 100 {
			t.Fatal(err)
		}
	}
	if counts.AlreadySent+counts.Sent != n || counts.AlreadySent == 0 {
		t.Errorf("%+v", counts)
	}
	for i := 1; i <= n; i++ {
		if times := p.times(fmt.Sprintf("to%d@example.net", i)); times != 1 {
			t.Errorf("row %d arrived %d times", i, times)
		}
	}
	journal, run, end := opened(t, folder, Hold)
	defer end()
	if _, err := Run(t.Context(), numbered(n, nil), Options{Pool: pool, Journal: journal}); !errors.Is(err, ErrFinished) {
		t.Error(err)
	}
	if c := run.Counts(); c.Rows != n || c.Sent != n {
		t.Errorf("%+v", c)
	}
	var edited *EditError
	if _, err := Run(t.Context(), numbered(n+1, func(j *Job) {
		if j.Number == 77 {
			j.Hash++
		}
	}), Options{Pool: pool, Journal: journal}); !errors.As(err, &edited) || edited.Total != 1 {
		t.Error(err)
	}
}

// A row that an earlier run has deferred, and whose time has not come, is waited for and sent.
func TestDurableNotDue(t *testing.T) {
	p := &post{}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		folder := t.TempDir()
		_, run, end := opened(t, folder, Hold)
		j := jobOf(1)
		planned, err := run.Plan([]ledger.Row{{Key: j.Key, Number: 1, Hash: j.Hash, Recipients: j.Envelope.To}})
		if err != nil {
			t.Fatal(err)
		}
		next := time.Now().Add(10 * time.Minute)
		run.Claim([]ledger.ID{planned[0].ID})
		if err := run.Settle([]ledger.Outcome{{ID: planned[0].ID, State: ledger.Deferred, Code: 450, Next: next}}); err != nil {
			t.Fatal(err)
		}
		end()
		journal, _, end := opened(t, folder, Hold)
		defer end()
		counts, err := Run(t.Context(), numbered(2, nil), Options{Pool: pool, Journal: journal})
		if err != nil || counts.Sent != 2 || time.Now().Before(next) {
			t.Errorf("%+v, %v, at %v", counts, err, time.Now())
		}
	})
}

// A recipient who is suppressed while the row waits gets nothing.
func TestDurableSuppressedMeanwhile(t *testing.T) {
	p := &post{}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		book, err := ledger.Open(t.Context(), t.TempDir(), ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		run, err := book.Run("autumn", ledger.Settings{Addresses: ledger.AnyAddress})
		if err != nil {
			t.Fatal(err)
		}
		j := jobOf(1)
		planned, err := run.Plan([]ledger.Row{{Key: j.Key, Number: 1, Hash: j.Hash, Recipients: j.Envelope.To}})
		if err != nil {
			t.Fatal(err)
		}
		run.Claim([]ledger.ID{planned[0].ID})
		if err := run.Settle([]ledger.Outcome{{ID: planned[0].ID, State: ledger.Deferred, Code: 450, Next: time.Now().Add(10 * time.Minute)}}); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(5 * time.Minute)
			if err := book.Suppress([]ledger.Suppression{{Address: j.Envelope.To[0]}}); err != nil {
				t.Error(err)
			}
		}()
		counts, err := Run(t.Context(), numbered(2, nil), Options{Pool: pool, Journal: Durable(run, Hold)})
		if err != nil || counts.Sent != 1 || counts.Suppressed != 1 {
			t.Errorf("%+v, %v", counts, err)
		}
	})
}

// Rows that have changed since they were sent stay what they were where that is wanted, and
// those that may have been sent stay in doubt.
func TestDurableIgnoredEdits(t *testing.T) {
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	folder := t.TempDir()
	journal, run, end := opened(t, folder, Hold)
	if _, err := Run(t.Context(), numbered(3, nil), Options{Pool: pool, Journal: journal}); err != nil {
		t.Fatal(err)
	}
	j := jobOf(4)
	planned, err := run.Plan([]ledger.Row{{Key: j.Key, Number: 4, Hash: j.Hash, Recipients: j.Envelope.To}})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Doubt(run.Claim([]ledger.ID{planned[0].ID})); err != nil {
		t.Fatal(err)
	}
	end()
	journal, _, end = opened(t, folder, Hold)
	defer end()
	var got results
	counts, err := Run(t.Context(), numbered(5, func(j *Job) { j.Hash += 1000 }), Options{Pool: pool, Journal: journal, Edits: IgnoreEdits, OnResult: got.add})
	if err != nil || counts.AlreadySent != 3 || counts.InDoubt != 1 || counts.Sent != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
	for _, r := range got.all {
		if (r.Outcome == AlreadySent) != (r.Sent.Outcome == "") {
			t.Errorf("row %d: %s, %s", r.Job.Number, r.Outcome, r.Sent.Outcome)
		}
	}
	if p.times("to4@example.net") != 0 || p.times("to5@example.net") != 1 || p.times("to1@example.net") != 1 {
		t.Error("the wrong ones were sent")
	}
}

// What a ledger says of a run is what its results said, whatever the server does.
func TestDurableAnyServer(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			folder := t.TempDir()
			anyServer(t, 100+seed, "", func(policy DoubtPolicy) Journal {
				journal, run, end := opened(t, folder, policy)
				t.Cleanup(func() {
					t.Logf("%+v", run.Counts())
					end()
				})
				return journal
			})
		})
	}
}

// An address that a run has written to gets no second message of it as another key: that
// is found before anything is sent, and where the source changes behind that, it is not
// sent all the same.
func TestDurableOtherKey(t *testing.T) {
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	folder := t.TempDir()
	journal, _, end := openedFor(t, folder, Hold, ledger.UniqueAddress)
	if _, err := Run(t.Context(), numbered(10, nil), Options{Pool: pool, Journal: journal}); err != nil {
		t.Fatal(err)
	}
	end()
	renamed := func(j *Job) {
		switch j.Number {
		case 3, 7:
			j.Key = fmt.Sprint("new", j.Number)
		}
	}
	journal, run, end := openedFor(t, folder, Hold, ledger.UniqueAddress)
	defer end()
	connections := p.connections()
	_, err := Run(t.Context(), numbered(12, renamed), Options{Pool: pool, Journal: journal})
	var taken *TakenError
	want := `2 rows are to go to addresses that this run has written to already: row 3: this run has a message to to3@example.net already, under the key "key3"; here the key is "new3"; row 7: `
	if !errors.As(err, &taken) || taken.Total != 2 || !strings.HasPrefix(err.Error(), want) {
		t.Fatalf("%v\nwant %s", err, want)
	}
	if p.times("to11@example.net") != 0 || p.connections() != connections {
		t.Error("something was sent")
	}
	// The second reading has what the first had not.
	passes := 0
	var got results
	counts, err := Run(t.Context(), func(ctx context.Context, need Need) (Rows, error) {
		if passes++; passes == 1 {
			return numbered(12, nil)(ctx, need)
		}
		return numbered(12, renamed)(ctx, need)
	}, Options{Pool: pool, Journal: journal, OnResult: got.add})
	if err != nil || counts.Sent != 2 || counts.Failed != 2 || counts.AlreadySent != 8 {
		t.Errorf("%+v, %v", counts, err)
	}
	for _, r := range got.all {
		var one Taken
		if bad := r.Job.Number == 3 || r.Job.Number == 7; bad != errors.As(r.Err, &one) {
			t.Errorf("row %d: %s, %v", r.Job.Number, r.Outcome, r.Err)
		}
	}
	for i := 1; i <= 12; i++ {
		if times := p.times(fmt.Sprintf("to%d@example.net", i)); times != 1 {
			t.Errorf("row %d arrived %d times", i, times)
		}
	}
	if c := run.Counts(); c.Rows != 12 || c.Sent != 12 {
		t.Errorf("%+v", c)
	}
}
