//go:build unix

package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
)

// story opens a ledger on a disk, works for a while, and ends at the first error.
func story(t testing.TB, w *world, folder string, d *disk) (l *Ledger, err error) {
	t.Helper()
	options := w.options(nil)
	options.vfs = d.name
	if l, err = Open(context.Background(), folder, options); err != nil {
		return nil, err
	}
	r, err := l.Run("news", Settings{InDoubt: w.policy})
	if err != nil {
		return l, err
	}
	w.reopened(t, l, r)
	for range 25 {
		if err := w.step(r); err != nil {
			return l, err
		}
	}
	// So that the log goes into the database once in the middle of it.
	l.mu.Lock()
	l.pages = checkpointPages
	l.mu.Unlock()
	for range 5 {
		if err := w.step(r); err != nil {
			return l, err
		}
	}
	return l, l.Close()
}

// everyChange tells the story on a disk whose changes fail, one after the other, and
// looks each time what is left.
func everyChange(t *testing.T, kind string, leave func(w *world, d *disk, from, to string)) map[string]int {
	t.Helper()
	step := 9
	if raceDetector {
		step = 80
	}
	if os.Getenv("CRASH") != "" {
		step = 1
	}
	failed := map[string]int{}
	// CRASH makes it each change; else it is every ninth.
	for k := 1 + rand.IntN(step); ; k += step {
		w := newWorld(7)
		d := newDisk(t)
		d.failAt, d.kind = k, kind
		folder := t.TempDir()
		l, err := story(t, w, folder, d)
		if d.n < k {
			do(t, err)
			return failed
		}
		failed[d.failed]++
		if d.failed == "delete .db-wal" {
			continue // at the very end; one that is empty does no harm
		}
		if err == nil {
			t.Fatalf("%s at change %d (%s) was not noticed", kind, k, d.failed)
		}
		before := d.n
		if l != nil {
			refusesAll(t, l)
			l.Close()
			if d.n != before {
				t.Fatalf("%s at change %d (%s): the disk was changed after it: %v", kind, k, d.failed, d.log[before:])
			}
		}
		next := t.TempDir()
		leave(w, d, folder, next)
		if l != nil {
			l.bury()
		}
		l = open(t, next, w.options(nil))
		r, err := l.Run("news", Settings{InDoubt: w.policy})
		if err != nil {
			t.Fatalf("%s at change %d (%s): %v", kind, k, d.failed, err)
		}
		w.reopened(t, l, r)
		do(t, l.Close())
	}
}

// refusesAll tries everything that writes.
func refusesAll(t testing.TB, l *Ledger) {
	t.Helper()
	if l.Err() == nil {
		t.Fatal("the ledger has not failed")
	}
	r := &Run{ledger: l, keys: keySet{}, rows: []mark{0, mark(Planned) | claimed}, last: 1, windows: map[ID]*window{}}
	_, err := l.Run("other", Settings{})
	_, planned := r.Plan(people(1, 1))
	_, resolved := r.Resolve(Resend)
	for _, err := range []error{err, planned, resolved, r.Doubt([]ID{1}), l.Suppress([]Suppression{{Address: "a@example.org"}})} {
		if err == nil {
			t.Fatal("it writes after a fault")
		}
	}
}

func kill(t testing.TB) func(w *world, d *disk, from, to string) {
	return func(_ *world, _ *disk, from, to string) { afterKill(t, from, to) }
}

// TestFaultL4: after a power cut nothing is lost that was committed, whatever part of the
// rest reached the disk.
func TestFaultL4(t *testing.T) {
	cut := func(w *world, d *disk, from, to string) {
		d.afterPowerCut(t, from, to, rand.New(rand.NewPCG(uint64(d.failAt), 2)))
	}
	t.Log(everyChange(t, "power", cut))
}

// TestFaultL5: a disk that is full, or cannot be written to, ends the writing. Nothing is
// lost, and later it goes on.
func TestFaultL5(t *testing.T) {
	for _, kind := range []string{"ENOSPC", "EIO"} {
		t.Run(kind, func(t *testing.T) {
			failed := everyChange(t, kind, kill(t))
			t.Log(failed)
			if failed["write .db-wal"] == 0 || os.Getenv("CRASH") != "" && (failed["write .db"] == 0 || failed["sync .db"] == 0 || failed["sync .db-wal"] == 0) {
				t.Fatalf("not all kinds of writes failed: %v", failed)
			}
		})
	}
}

// TestFaultL6: after fsync returned an error once, nothing is written any more: neither is
// it asked again, nor is the log copied into the database.
func TestFaultL6(t *testing.T) {
	for _, file := range []string{".db-wal", ".db"} {
		d := newDisk(t)
		w := newWorld(3)
		folder := t.TempDir()
		// The same story is told twice; the first time to find the change.
		l, err := story(t, w, folder, d)
		do(t, err)
		_ = l
		for i, what := range d.log {
			if what != "sync "+file {
				continue
			}
			d := newDisk(t)
			d.failAt, d.kind = i+1, "EIO"
			l, err := story(t, newWorld(3), t.TempDir(), d)
			if l == nil {
				if err == nil {
					t.Fatal("opened in spite of it")
				}
				continue
			}
			var failed *FailedError
			if !errors.As(l.Err(), &failed) && !errors.Is(l.Err(), ErrClosed) || err == nil {
				t.Fatalf("%s at %d: %v, %v", what, i, l.Err(), err)
			}
			before := d.n
			l.Close()
			if d.n != before {
				t.Fatalf("after fsync of %s failed: %v", file, d.log[before:])
			}
			l.bury()
		}
	}
}

// TestFaultL5ReadOnly: a ledger on a file system that cannot be written to.
func TestFaultL5ReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	folder := t.TempDir()
	l := open(t, folder, Options{})
	begin(t, l)
	do(t, l.Close())
	do(t, os.Chmod(Path(folder), 0o400))
	if _, err := Open(context.Background(), folder, Options{}); err == nil {
		t.Fatal("opened for writing")
	}
}

// TestFaultL7Busy: another program that writes to the database ends the writing with a
// message, where it does not end itself.
func TestFaultL7Busy(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	other, err := sqlite.OpenConn(Path(folder), sqlite.OpenReadWrite)
	do(t, err)
	defer other.Close()
	begin, _, err := other.PrepareTransient("begin immediate")
	do(t, err)
	defer begin.Finalize()
	_, err = begin.Step()
	do(t, err)
	l.mu.Lock()
	l.conn.SetBusyTimeout(time.Millisecond)
	l.mu.Unlock()
	_, err = r.Plan(people(1, 1))
	var failed *FailedError
	if !errors.As(err, &failed) || sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy {
		t.Fatalf("got %v", err)
	}
	if want := "writing what is planned: another program is writing to it; nothing more is written to it"; !strings.HasSuffix(fmt.Sprint(err), want) || !strings.Contains(failed.Hint(), "sqlite3") {
		t.Fatalf("got %v, hint %s", err, failed.Hint())
	}
}
