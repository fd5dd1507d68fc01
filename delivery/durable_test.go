package delivery

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/smtp"
)

// opened is a ledger and a run in it.
func opened(t *testing.T, folder string, policy DoubtPolicy) (Journal, *ledger.Run, func()) {
	t.Helper()
	l, err := ledger.Open(t.Context(), folder, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := l.Run("autumn", ledger.Settings{InDoubt: ledger.Policy(policy), Addresses: ledger.AnyAddress})
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
