package ledger

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// foundElsewhere is how many rows of a run another process finds.
func foundElsewhere(t testing.TB, folder string) int64 {
	t.Helper()
	reader, err := OpenReadOnly(context.Background(), folder, Options{})
	do(t, err)
	defer reader.Close()
	s, err := reader.Summary("news")
	do(t, err)
	items := int64(0)
	for _, err := range reader.Items(context.Background(), "news", Filter{}) {
		do(t, err)
		items++
	}
	if items != s.Counts.Rows {
		t.Errorf("%d rows, and %d are counted", items, s.Counts.Rows)
	}
	return items
}

// TestPendingSeen: what is planned is found at once by who shares the ledger, by others with
// the next commit, and after a while where none comes.
func TestPendingSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		l := open(t, folder, Options{})
		r := begin(t, l)
		ids := idsOf(plan(t, r, people(1, 3)))
		if n := foundElsewhere(t, folder); n != 0 {
			t.Fatalf("%d rows were written before the end of a message", n)
		}
		s, err := l.Summary("news")
		if want := (Counts{Rows: 3, Planned: 3}); err != nil || s.Counts != want || r.Counts() != want {
			t.Fatalf("%+v %+v %v", s.Counts, r.Counts(), err)
		}
		if item, err := r.Item(ids[2]); err != nil || item.State != Planned {
			t.Fatalf("%+v %v", item, err)
		}
		plan(t, r, people(4, 3))
		do(t, r.Doubt(claim(t, r, ids[:1])))
		if n := foundElsewhere(t, folder); n != 6 {
			t.Fatalf("%d rows, and one of 6 is in doubt", n)
		}
		plan(t, r, people(7, 3))
		time.Sleep(longestPending / 2)
		synctest.Wait()
		plan(t, r, people(10, 3)) // which does not put it off
		time.Sleep(longestPending / 2)
		synctest.Wait()
		if n := foundElsewhere(t, folder); n != 12 {
			t.Fatalf("%d of 12 rows after %v", n, longestPending)
		}
		do(t, l.Close())
	})
}

// TestPendingEnds: who ends what is done with the ledger, or with a run of it, leaves nothing
// that others do not see. Rows that end when they are planned are written with that.
func TestPendingEnds(t *testing.T) {
	for name, c := range map[string]struct {
		rows []Row
		end  func(l *Ledger, r *Run) error
	}{
		"close":      {people(1, 3), func(l *Ledger, _ *Run) error { return l.Close() }},
		"leave":      {people(1, 3), func(_ *Ledger, r *Run) error { return r.Leave() }},
		"other run":  {people(1, 3), func(l *Ledger, _ *Run) error { _, err := l.Run("other", Settings{}); return err }},
		"resolve":    {people(1, 3), func(_ *Ledger, r *Run) error { _, err := r.Resolve(AssumeSent); return err }},
		"skipped":    {[]Row{{Key: "1", Number: 1, State: Skipped, Reason: "no address"}}, nil},
		"failed":     {[]Row{{Key: "1", Number: 1, State: Failed, Reason: "no address"}}, nil},
		"suppressed": {[]Row{{Key: "nobody@example.org", Number: 1, Recipients: []string{"nobody@example.org"}}}, nil},
		"duplicate":  {append(people(1, 1), Row{Key: "1", Number: 2, Recipients: people(1, 1)[0].Recipients}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			l := open(t, folder, Options{})
			do(t, l.Suppress([]Suppression{{Address: "nobody@example.org"}}))
			r, err := l.Run("news", Settings{Addresses: FirstAddress})
			do(t, err)
			plan(t, r, c.rows)
			if c.end != nil {
				if n := foundElsewhere(t, folder); n != 0 {
					t.Fatalf("%d rows were written before", n)
				}
				do(t, c.end(l, r))
			}
			if n := foundElsewhere(t, folder); n != int64(len(c.rows)) {
				t.Fatalf("%d of %d rows are written", n, len(c.rows))
			}
		})
	}
}

// TestPendingFails: a commit that fails takes what was planned before along, and nothing is
// written any more. Rows that were planned are new to the next process.
func TestPendingFails(t *testing.T) {
	for name, end := range map[string]func(l *Ledger, r *Run, ids []ID) error{
		"doubt": func(_ *Ledger, r *Run, ids []ID) error { return r.Doubt(ids) },
		"leave": func(_ *Ledger, r *Run, _ []ID) error { return r.Leave() },
		"alarm": func(l *Ledger, _ *Run, _ []ID) error { l.writePending(); return l.Err() },
		"close": func(l *Ledger, _ *Run, _ []ID) error { return l.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			failing := false
			l := open(t, folder, Options{Failpoint: func(name string) error {
				if failing && name == "commit.before" {
					return errCrash
				}
				return nil
			}})
			r := begin(t, l)
			done := claim(t, r, idsOf(plan(t, r, people(1, 2))))
			do(t, r.Doubt(done))
			ids := claim(t, r, idsOf(plan(t, r, people(3, 3))))
			failing = true
			if err := end(l, r, ids); !errors.Is(err, errCrash) {
				t.Fatalf("got %v", err)
			}
			failing = false
			for _, err := range []error{r.Doubt(ids), r.Settle(sent(done))} {
				if err == nil {
					t.Error("it writes after a fault")
				}
			}
			_, r = crashNow(t, l, folder)
			if c := r.Counts(); c != (Counts{Rows: 2, Unknown: 2}) {
				t.Errorf("%+v", c)
			}
			for _, s := range plan(t, r, people(3, 3)) {
				if !s.New || s.State != Planned {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

// TestPendingTakenBack is a transaction that SQLite ends by itself, as it does when the disk
// cannot be read: what comes next is not written as if the rows were there.
func TestPendingTakenBack(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	ids := claim(t, r, idsOf(plan(t, r, people(1, 3))))
	l.mu.Lock()
	do(t, l.run("rollback"))
	l.mu.Unlock()
	if err := r.Doubt(ids); err == nil || l.Err() == nil {
		t.Fatalf("rows that are not there are in doubt: %v", err)
	}
	_, r = crashNow(t, l, folder)
	if c := r.Counts(); c != (Counts{}) {
		t.Errorf("%+v", c)
	}
}

// TestPendingFenced: a transaction that was left open keeps others from taking the ledger
// over until it ends; it cannot end after they have.
func TestPendingFenced(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	ids := claim(t, r, idsOf(plan(t, r, people(1, 3))))
	do(t, l.lock.release())              // as a file system over a network may lose it
	second := open(t, folder, Options{}) // waits for the alarm
	if err := r.Doubt(ids); !errors.Is(err, ErrFenced) {
		t.Fatalf("got %v", err)
	}
	l.bury()
	if c := begin(t, second).Counts(); c != (Counts{Rows: 3, Planned: 3}) {
		t.Fatalf("%+v", c)
	}
}
