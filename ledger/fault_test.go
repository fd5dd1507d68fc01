package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// crashNow leaves a ledger as a kill would, and opens what is found.
func crashNow(t testing.TB, l *Ledger, from string) (*Ledger, *Run) {
	t.Helper()
	to := t.TempDir()
	afterKill(t, from, to)
	l.bury()
	l = open(t, to, Options{Takeover: TakeOver})
	return l, begin(t, l)
}

// TestFaultL1: a kill before the claim leaves a row that is planned, or new once more where
// nothing was committed since, and it is sent once. A kill after it does the same: a claim
// ends with its process.
func TestFaultL1(t *testing.T) {
	for i := range 4 {
		claimed, written := i&1 != 0, i&2 != 0
		folder := t.TempDir()
		l := open(t, folder, Options{})
		r := begin(t, l)
		ids := idsOf(plan(t, r, people(1, 3)))
		if claimed {
			claim(t, r, ids)
		}
		if written {
			l.writePending()
		}
		l, r = crashNow(t, l, folder)
		if s := plan(t, r, people(1, 3)); s[0].State != Planned || s[0].New == written {
			t.Fatalf("%+v", s[0])
		}
		claim(t, r, ids)
		do(t, r.Doubt(ids))
		do(t, r.Settle(sent(ids)))
		if c := r.Counts(); c != (Counts{Rows: 3, Sent: 3}) {
			t.Fatalf("%+v", c)
		}
		do(t, l.Close())
	}
}

// TestFaultL2: a kill between the commit of in doubt and the end of the message leaves a row
// that is unknown; it is not sent again by itself.
func TestFaultL2(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	ids := claim(t, r, idsOf(plan(t, r, people(1, 3))))
	do(t, r.Doubt(ids[:2]))
	_, r = crashNow(t, l, folder)
	s := plan(t, r, people(1, 3))
	if s[0].State != Unknown || s[1].State != Unknown || s[2].State != Planned {
		t.Fatalf("%+v", s)
	}
	if won := r.Claim(ids); len(won) != 1 || won[0] != ids[2] {
		t.Fatalf("claimed %v", won)
	}
	if due, err := r.Due(time.Now().Add(time.Hour), 10); err != nil || len(due) != 0 {
		t.Fatalf("due: %v %v", due, err)
	}
	if n, err := r.Resolve(Hold); n != 0 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	if c := r.Counts(); c != (Counts{Rows: 3, Planned: 1, Unknown: 2}) {
		t.Fatalf("%+v", c)
	}
}

// TestFaultL3: a kill between the reply and its commit leaves a row that is unknown. With
// resend it is due at once, under the same date and seed, of which the Message-ID is made.
func TestFaultL3(t *testing.T) {
	folder := t.TempDir()
	crash := false
	l := open(t, folder, Options{Failpoint: func(name string) error {
		if crash && name == "commit.before" {
			return errCrash
		}
		return nil
	}})
	r := begin(t, l)
	date, seed := r.Date, string(r.Seed)
	ids := claim(t, r, idsOf(plan(t, r, people(1, 2))))
	do(t, r.Doubt(ids))
	crash = true
	if err := r.Settle(sent(ids)); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	_, r = crashNow(t, l, folder)
	if !r.Date.Equal(date) || string(r.Seed) != seed {
		t.Fatal("date or seed changed")
	}
	if c := r.Counts(); c.Unknown != 2 {
		t.Fatalf("%+v", c)
	}
	if n, err := r.Resolve(Resend, ids[0]); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	if n, err := r.Resolve(AssumeSent); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	due, err := r.Due(time.Now(), 10)
	if err != nil || len(due) != 1 || due[0].ID != ids[0] {
		t.Fatalf("%+v %v", due, err)
	}
	if c := r.Counts(); c != (Counts{Rows: 2, Deferred: 1, Sent: 1}) {
		t.Fatalf("%+v", c)
	}
}

// TestFaultL7: of two processes one gets the ledger, and the other is told who has it.
func TestFaultL7(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	begin(t, l)
	_, err := Open(context.Background(), folder, Options{})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || locked.Host == "" || time.Since(locked.Since) > time.Minute {
		t.Fatalf("got %v", err)
	}
	if want := fmt.Sprintf("process %d on ", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Fatalf("%q does not say %q", err, want)
	}
	// Looking at it is still possible.
	reader, err := OpenReadOnly(context.Background(), folder, Options{})
	do(t, err)
	runs, err := reader.Runs()
	if err != nil || len(runs) != 1 {
		t.Fatalf("%v %v", runs, err)
	}
	if _, err := reader.Run("news", Settings{}); err == nil {
		t.Fatal("wrote to a ledger that was opened for reading")
	}
	do(t, reader.Close())
	do(t, l.Close())
	open(t, folder, Options{})
}

// TestFaultL7Fencing: who lost the ledger to another process, however that came about, does
// not commit another end of a message.
func TestFaultL7Fencing(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	ids := claim(t, r, idsOf(plan(t, r, people(1, 2))))
	do(t, r.Doubt(ids[:1]))
	do(t, l.lock.release()) // as a file system over a network may lose it
	second := open(t, folder, Options{})
	if second.Epoch() != l.Epoch()+1 {
		t.Fatalf("epochs %d and %d", l.Epoch(), second.Epoch())
	}
	if err := r.Doubt(ids[1:]); !errors.Is(err, ErrFenced) {
		t.Fatalf("got %v", err)
	}
	if err := r.Settle(sent(ids[:1])); !errors.Is(err, ErrFenced) {
		t.Fatalf("got %v", err)
	}
	l.bury()
	if c := begin(t, second).Counts(); c != (Counts{Rows: 2, Planned: 1, Unknown: 1}) {
		t.Fatalf("%+v", c)
	}
}

// TestFaultL8: a ledger that was copied, restored or comes from another machine is not
// written to unless it is taken over.
func TestFaultL8(t *testing.T) {
	prepare := func(t *testing.T) string {
		folder := t.TempDir()
		l := open(t, folder, Options{Host: "here"})
		plan(t, begin(t, l), people(1, 1))
		do(t, l.Close())
		return folder
	}
	copyFile := func(t *testing.T, from, to string) {
		text, err := os.ReadFile(from)
		do(t, err)
		do(t, os.MkdirAll(filepath.Dir(to), 0o700))
		do(t, os.WriteFile(to, text, 0o600))
	}
	for name, move := range map[string]func(t *testing.T, folder string) (string, string){
		"other machine": func(t *testing.T, folder string) (string, string) { return folder, "there" },
		"copied": func(t *testing.T, folder string) (string, string) {
			other := t.TempDir()
			copyFile(t, Path(folder), Path(other))
			return other, "here"
		},
		"restored to a new file": func(t *testing.T, folder string) (string, string) {
			copyFile(t, Path(folder), Path(folder)+".old")
			do(t, os.Remove(Path(folder)))
			do(t, os.Rename(Path(folder)+".old", Path(folder)))
			return folder, "here"
		},
		"restored into the file": func(t *testing.T, folder string) (string, string) {
			copyFile(t, Path(folder), Path(folder)+".old")
			l := open(t, folder, Options{Host: "here"})
			do(t, l.Close())
			copyFile(t, Path(folder)+".old", Path(folder))
			return folder, "here"
		},
		"journal removed": func(t *testing.T, folder string) (string, string) {
			l := open(t, folder, Options{Host: "here"})
			r := begin(t, l)
			ids := claim(t, r, idsOf(plan(t, r, people(1, 1))))
			l.writePending()
			l.mu.Lock()
			do(t, l.checkpoint())
			l.mu.Unlock()
			do(t, r.Doubt(ids))
			// A kill: the file is the same, and the log is not there any more.
			text, err := os.ReadFile(Path(folder))
			do(t, err)
			held, err := os.ReadFile(filepath.Join(folder, FolderName, lockName))
			do(t, err)
			do(t, l.Close())
			do(t, os.WriteFile(Path(folder), text, 0o600))
			do(t, os.WriteFile(filepath.Join(folder, FolderName, lockName), held, 0o600))
			return folder, "here"
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder, host := move(t, prepare(t))
			before, err := os.ReadFile(Path(folder))
			do(t, err)
			_, err = Open(context.Background(), folder, Options{Host: host})
			var explained *Error
			if !errors.Is(err, ErrForeign) || !errors.As(err, &explained) || !strings.Contains(explained.Hint, "--takeover") {
				t.Fatalf("got %v", err)
			}
			t.Log(err)
			if after, err := os.ReadFile(Path(folder)); err != nil || string(after) != string(before) {
				t.Fatal("it was changed")
			}
			l := open(t, folder, Options{Host: host, Takeover: TakeOver})
			do(t, l.Close())
			open(t, folder, Options{Host: host}) // and is at home from then on
		})
	}
	t.Run("renamed", func(t *testing.T) {
		folder := prepare(t)
		to := filepath.Join(t.TempDir(), "moved")
		do(t, os.Rename(folder, to))
		open(t, to, Options{Host: "here"})
	})
	t.Run("begun again", func(t *testing.T) {
		folder := prepare(t)
		do(t, os.Remove(Path(folder)))
		open(t, folder, Options{Host: "here"})
	})
}

// TestFaultL9: a source that is edited, put in another order or has rows twice.
func TestFaultL9(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	rows := people(1, 6)
	ids := idsOf(plan(t, r, rows))
	claim(t, r, ids[:2])
	do(t, r.Doubt(ids[:2]))
	do(t, r.Settle([]Outcome{sent(ids[:1])[0], {ID: ids[1], State: Deferred, Code: 450, Next: l.now()}}))
	do(t, l.Close())

	l = open(t, folder, Options{})
	r = begin(t, l)
	edited := []Row{rows[5], rows[4], rows[3], rows[2], rows[1], rows[0], rows[5]}
	for i := range edited {
		edited[i].Number = int64(i + 1)
	}
	edited[1].Hash, edited[1].Recipients = 77, []string{"new@example.org"} // planned before
	edited[4].Hash = 78                                                    // deferred
	edited[5].Hash = 79                                                    // sent
	s := plan(t, r, edited)
	want := []Standing{
		{ID: 6, State: Planned},
		{ID: 5, State: Planned, Edit: Adopted},
		{ID: 4, State: Planned},
		{ID: 3, State: Planned},
		{ID: 2, State: Deferred, Edit: Adopted},
		{ID: 1, State: Sent, Edit: Kept},
		{State: Planned, Earlier: 1},
	}
	for i := range want {
		if fmt.Sprint(s[i]) != fmt.Sprint(want[i]) {
			t.Errorf("row %d: got %+v, want %+v", i+1, s[i], want[i])
		}
	}
	if again := plan(t, r, edited[:6]); again[0].Earlier != 0 || again[1].Edit != Unedited || again[5].Edit != Kept {
		t.Errorf("planned again: %+v", again)
	}
	item, err := r.Item(5)
	if err != nil || item.Number != 2 || item.Hash != 77 || item.Recipients[0].Address != "new@example.org" {
		t.Fatalf("%+v %v", item, err)
	}
	if found, err := l.Audit(context.Background(), "new@example.org"); err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
}

// TestFaultL9Addresses: a second row with an address.
func TestFaultL9Addresses(t *testing.T) {
	rows := []Row{
		{Key: "1", Number: 1, Recipients: []string{"ann@example.org"}},
		{Key: "2", Number: 2, Recipients: []string{"bob@example.org", "Ann@example.org"}},
		{Key: "bob@example.org", Number: 3, Recipients: []string{"bob@example.org"}},
		{Key: "ann@example.org", Number: 4, Recipients: []string{"carol@example.org"}},
	}
	for rule, want := range map[AddressRule]string{
		UniqueAddress: "planned 0; duplicate 1 Ann@example.org; planned 0; planned 0; ",
		FirstAddress:  "planned 0; duplicate 1 Ann@example.org; planned 0; planned 0; ",
		AnyAddress:    "planned 0; planned 0; planned 0; planned 0; ",
	} {
		l := open(t, t.TempDir(), Options{})
		r, err := l.Run("news", Settings{Addresses: rule})
		do(t, err)
		got := ""
		for _, s := range plan(t, r, rows) {
			got += strings.TrimRight(fmt.Sprintf("%v %d %s", s.State, s.TakenBy, s.Taken), " ") + "; "
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", rule, got, want)
		}
		if c := r.Counts(); rule == FirstAddress && (c.Duplicate != 1 || c.Rows != 4) || rule == UniqueAddress && c.Rows != 3 {
			t.Errorf("%q: %+v", rule, c)
		}
		do(t, l.Close())
	}
}

// TestFaultL10: a run does not go on with another template or other settings unless that
// is said.
func TestFaultL10(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	_, err := l.Run("news", Settings{Settings: "a", Template: "x"})
	do(t, err)
	do(t, l.Close())
	l = open(t, folder, Options{})
	_, err = l.Run("news", Settings{Settings: "a", Template: "y"})
	var changed *ChangedError
	if !errors.As(err, &changed) || fmt.Sprint(changed.What) != "[template]" {
		t.Fatalf("got %v", err)
	}
	_, err = l.Run("news", Settings{Settings: "b", Template: "y"})
	if err == nil || err.Error() != `ledger: run "news": the settings and the template have changed since it began` {
		t.Fatalf("got %v", err)
	}
	_, err = l.Run("news", Settings{Settings: "a", Template: "y", Changed: AcceptChanges})
	do(t, err)
	_, err = l.Run("news", Settings{Settings: "a", Template: "y"})
	do(t, err)
}

// TestFaultL11: what is damaged, newer or something else is not written to.
func TestFaultL11(t *testing.T) {
	prepare := func(t *testing.T) string {
		folder := t.TempDir()
		l := open(t, folder, Options{})
		r := begin(t, l)
		wholeWay(t, r, 1, 3000, 64)
		do(t, l.Close())
		return folder
	}
	overwrite := func(t *testing.T, path string, offset int64, text string) {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		do(t, err)
		_, err = f.WriteAt([]byte(text), offset)
		do(t, err)
		do(t, f.Close())
	}
	for name, c := range map[string]struct {
		harm func(t *testing.T, folder string)
		want error
	}{
		"newer":       {func(t *testing.T, f string) { alter(t, f, "pragma user_version = 99") }, ErrNewer},
		"other":       {func(t *testing.T, f string) { alter(t, f, "pragma application_id = 5") }, ErrNotLedger},
		"no database": {func(t *testing.T, f string) { overwrite(t, Path(f), 0, "Dear customers, ") }, ErrNotLedger},
		"page":        {func(t *testing.T, f string) { overwrite(t, Path(f), 40*4096, strings.Repeat("\xff", 4096)) }, ErrCorrupt},
		"short":       {func(t *testing.T, f string) { do(t, os.Truncate(Path(f), 20*4096)) }, ErrCorrupt},
		"log": {func(t *testing.T, f string) {
			l := open(t, f, Options{})
			wholeWay(t, begin(t, l), 5000, 300, 64)
			log, err := os.ReadFile(Path(f) + "-wal")
			do(t, err)
			held, err := os.ReadFile(filepath.Join(f, FolderName, lockName))
			do(t, err)
			do(t, l.Close())
			do(t, os.WriteFile(Path(f)+"-wal", log, 0o600))
			do(t, os.WriteFile(filepath.Join(f, FolderName, lockName), held, 0o600))
			overwrite(t, Path(f)+"-wal", 20_000, "\x00\xff\x00\xff\x00")
		}, ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			folder := prepare(t)
			c.harm(t, folder)
			before, err := os.ReadFile(Path(folder))
			do(t, err)
			_, err = Open(context.Background(), folder, Options{})
			var explained *Error
			if !errors.Is(err, c.want) || !errors.As(err, &explained) || explained.Hint == "" {
				t.Fatalf("got %v", err)
			}
			t.Log(err)
			if after, err := os.ReadFile(Path(folder)); err != nil || string(after) != string(before) {
				t.Fatal("it was changed")
			}
		})
	}
	t.Run("torn log", func(t *testing.T) {
		// The end of a transaction that was being written when the power went is no damage.
		folder := t.TempDir()
		l := open(t, folder, Options{})
		r := begin(t, l)
		plan(t, r, people(1, 10))
		to := t.TempDir()
		afterKill(t, folder, to)
		do(t, l.Close())
		info, err := os.Stat(Path(to) + "-wal")
		do(t, err)
		overwrite(t, Path(to)+"-wal", info.Size()-100, "\x00\xff\x00\xff\x00")
		l = open(t, to, Options{Takeover: TakeOver})
		if c := begin(t, l).Counts(); c.Rows != 0 {
			t.Fatalf("%+v", c)
		}
	})
}

// TestFaultL13: a clock that jumps. Claims do not end, nothing that was sent is sent again,
// and what waited goes on waiting.
func TestFaultL13(t *testing.T) {
	folder := t.TempDir()
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	options := Options{Clock: func() time.Time { return now }}
	l := open(t, folder, options)
	r := begin(t, l)
	ids := claim(t, r, idsOf(plan(t, r, people(1, 4))))
	do(t, r.Doubt(ids[:3]))
	do(t, r.Settle(append(sent(ids[:1]), Outcome{ID: ids[1], State: Deferred, Next: now.Add(10 * time.Minute)})))
	now = now.AddDate(10, 0, 0)
	if won := r.Claim(ids); len(won) != 1 || won[0] != ids[1] {
		t.Fatalf("claimed %v", won)
	}
	r.Unclaim(ids[1:2])
	do(t, l.Close())
	l = open(t, folder, options)
	r = begin(t, l)
	want := Counts{Rows: 4, Planned: 1, Sent: 1, Deferred: 1, Unknown: 1}
	if c := r.Counts(); c != want {
		t.Fatalf("%+v", c)
	}
	if due, err := r.Due(now, 10); err != nil || len(due) != 1 || due[0].ID != ids[1] {
		t.Fatalf("due: %+v %v", due, err)
	}
	claim(t, r, ids[1:2])
	do(t, r.Settle([]Outcome{{ID: ids[1], State: Deferred, Next: now.Add(10 * time.Minute)}}))
	do(t, l.Close())
	now = now.AddDate(-10, 0, 0)
	l = open(t, folder, options)
	r = begin(t, l)
	if c := r.Counts(); c != want {
		t.Fatalf("%+v", c)
	}
	if next, ok, err := r.NextDue(); err != nil || !ok || !next.Equal(now.Add(10*time.Minute)) {
		t.Fatalf("after the clock was set back the next attempt is at %v, now is %v (%v)", next, now, err)
	}
	if s := plan(t, r, people(1, 4)); s[0].State != Sent || s[1].State != Deferred || s[2].State != Unknown || s[3].State != Planned {
		t.Fatalf("%+v", s)
	}
}

// TestFaultL15: of a thousand workers that want a row one gets it.
func TestFaultL15(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	r := begin(t, l)
	ids := idsOf(plan(t, r, people(1, 20)))
	var won [1000][]ID
	var all sync.WaitGroup
	for i := range won {
		all.Go(func() { won[i] = r.Claim(ids) })
	}
	all.Wait()
	times := map[ID]int{}
	for _, got := range won {
		for _, id := range got {
			times[id]++
		}
	}
	for _, id := range ids {
		if times[id] != 1 {
			t.Fatalf("row %d was claimed %d times", id, times[id])
		}
	}
}

// TestFaultL9OtherKey: an address that a run has written to under one key, and that comes
// under another one in a later opening.
func TestFaultL9OtherKey(t *testing.T) {
	row := func(key string, number int64, recipients ...string) Row {
		return Row{Key: key, Number: number, Hash: uint64(len(recipients[0])), Recipients: recipients}
	}
	for _, test := range []struct {
		name          string
		before, after Row
		state         State // of the row before; Planned is one that was never tried
		taken         bool
	}{
		{"sent", row("1", 1, "ann@example.org"), row("2", 1, "Ann@example.org"), Sent, true},
		{"in doubt", row("1", 1, "ann@example.org"), row("2", 1, "ann@example.org"), Unknown, true},
		{"the address was the key", row("ann@example.org", 1, "ann@example.org"), row("2", 1, "ann@example.org"), Sent, true},
		{"the address is the key", row("1", 1, "ann@example.org"), row("ann@example.org", 1, "ann@example.org"), Sent, true},
		{"one of several", row("1", 1, "bob@example.org", "ann@example.org"), row("2", 1, "carol@example.org", "ann@example.org"), Sent, true},
		{"never tried", row("1", 1, "ann@example.org"), row("2", 1, "ann@example.org"), Planned, false},
		{"refused for good", row("1", 1, "ann@example.org"), row("2", 1, "ann@example.org"), Failed, false},
		{"refused for now", row("1", 1, "ann@example.org"), row("2", 1, "ann@example.org"), Deferred, false},
		{"the same key", row("1", 1, "ann@example.org"), row("1", 1, "ann@example.org"), Sent, false},
		{"another address", row("1", 1, "ann@example.org"), row("ann@example.org", 1, "bob@example.org"), Sent, false},
	} {
		for _, rule := range []AddressRule{UniqueAddress, AnyAddress} {
			folder := t.TempDir()
			l := open(t, folder, Options{})
			r := begin(t, l)
			id := idsOf(plan(t, r, []Row{test.before}))
			if test.state != Planned {
				claim(t, r, id)
				do(t, r.Doubt(id))
				var outcomes []Outcome
				for i := range test.before.Recipients {
					outcomes = append(outcomes, Outcome{ID: id[0], Recipient: i, State: test.state, Next: l.now()})
				}
				do(t, r.Settle(outcomes))
			}
			do(t, l.Close())
			l = open(t, folder, Options{})
			r, err := l.Run("news", Settings{Addresses: rule})
			do(t, err)
			before := r.Counts()
			looked, err := r.Look([]Row{test.after})
			do(t, err)
			for _, s := range []Standing{looked[0], plan(t, r, []Row{test.after})[0]} {
				taken := test.taken && rule == UniqueAddress
				if taken != (s.Taken != "") || taken && (s.ID != 0 || s.Taken != test.after.Recipients[len(test.after.Recipients)-1] || s.TakenKey != test.before.Key || s.TakenBy != 1) {
					t.Errorf("%s, %q: %+v", test.name, rule, s)
				}
			}
			if c := r.Counts(); test.taken && rule == UniqueAddress && c != before {
				t.Errorf("%s: %+v became %+v", test.name, before, c)
			}
			do(t, l.Close())
		}
	}
}

// TestFaultL9Swapped: addresses that change between runs clash with what is sent, and not
// with what was to be sent.
func TestFaultL9Swapped(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	row := func(key string, hash uint64, address string) Row {
		return Row{Key: key, Number: int64(key[0] - '0'), Hash: hash, Recipients: []string{address}}
	}
	ids := idsOf(plan(t, r, []Row{row("1", 1, "ann@example.org"), row("2", 1, "bob@example.org"), row("3", 1, "carol@example.org"), row("4", 1, "dan@example.org")}))
	claim(t, r, ids[3:])
	do(t, r.Doubt(ids[3:]))
	do(t, r.Settle(sent(ids[3:])))
	do(t, l.Close())
	l = open(t, folder, Options{})
	r = begin(t, l)
	swapped := []Row{row("1", 2, "bob@example.org"), row("2", 2, "ann@example.org"), row("3", 2, "Dan@example.org")}
	for _, p := range swapped {
		looked, err := r.Look([]Row{p})
		do(t, err)
		s := plan(t, r, []Row{p})[0]
		if taken := p.Key == "3"; taken != (s.Taken != "") || taken != (looked[0].Taken != "") || !taken && s.Edit != Adopted {
			t.Errorf("key %s: %+v, looked %+v", p.Key, s, looked[0])
		}
	}
	// What was refused is as it was, and may still be put right.
	if s := plan(t, r, []Row{row("3", 3, "carla@example.org")})[0]; s.ID != ids[2] || s.Edit != Adopted {
		t.Errorf("%+v", s)
	}
	// What is to be sent by this opening has its address.
	if s := plan(t, r, []Row{row("5", 1, "ann@example.org")})[0]; s.TakenKey != "2" {
		t.Errorf("%+v", s)
	}
}
