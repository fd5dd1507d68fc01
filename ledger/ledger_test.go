package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// open opens the ledger of a folder for a test.
func open(t testing.TB, folder string, options Options) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), folder, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func begin(t testing.TB, l *Ledger) *Run {
	t.Helper()
	r, err := l.Run("news", Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// people are n rows whose key is their address.
func people(first, n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		key := fmt.Sprintf("customer%07d@example.org", (first+i)*7919%10_000_000)
		rows[i] = Row{Key: key, Number: int64(first + i), Hash: uint64(first + i), Recipients: []string{key}}
	}
	return rows
}

func plan(t testing.TB, r *Run, rows []Row) []Standing {
	t.Helper()
	standings, err := r.Plan(rows)
	if err != nil {
		t.Fatal(err)
	}
	return standings
}

func idsOf(standings []Standing) []ID {
	var ids []ID
	for _, s := range standings {
		ids = append(ids, s.ID)
	}
	return ids
}

func sent(ids []ID) []Outcome {
	var outcomes []Outcome
	for _, id := range ids {
		outcomes = append(outcomes, Outcome{
			ID: id, State: Sent, Code: 250, Enhanced: "2.0.0", Text: "2.0.0 Ok: queued as 4bXyZt1Qz9zDr", Queue: "4bXyZt1Qz9zDr",
			Via: "TLS 1.3, TLS_AES_128_GCM_SHA256",
		})
	}
	return outcomes
}

// claim claims all, or fails.
func claim(t testing.TB, r *Run, ids []ID) []ID {
	t.Helper()
	if won := r.Claim(ids); len(won) != len(ids) {
		t.Fatalf("claimed %v of %v", won, ids)
	}
	return ids
}

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWholeWay(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	ids := idsOf(plan(t, r, people(1, 100)))
	claim(t, r, ids)
	if won := r.Claim(ids); len(won) != 0 {
		t.Fatalf("claimed twice: %v", won)
	}
	if err := r.Settle(sent(ids[:1])); err == nil {
		t.Fatal("a row that was not in doubt was settled as sent")
	}
	do(t, r.Doubt(ids))
	if c := r.Counts(); c.InDoubt != 100 || c.Planned != 0 {
		t.Fatalf("in doubt: %+v", c)
	}
	do(t, r.Release(ids[90:]))
	do(t, r.Settle(sent(ids[:90])))
	later := l.now().Add(time.Hour)
	do(t, r.Settle([]Outcome{{ID: ids[90], State: Deferred, Code: 450, Text: "4.7.1 greylisted", Next: later}}))
	want := Counts{Rows: 100, Planned: 9, Sent: 90, Deferred: 1}
	if c := r.Counts(); c != want {
		t.Fatalf("got %+v, want %+v", c, want)
	}
	do(t, l.Close())

	l = open(t, folder, Options{})
	r = begin(t, l)
	if !r.Resumed || r.Counts() != want {
		t.Fatalf("resumed %v with %+v", r.Resumed, r.Counts())
	}
	standings := plan(t, r, people(1, 110))
	for i, s := range standings {
		want := Sent
		switch {
		case i == 90:
			want = Deferred
		case i > 90:
			want = Planned
		}
		if s.State != want || s.New != (i >= 100) || s.Edit != Unedited || s.Earlier != 0 || s.Taken != "" {
			t.Fatalf("row %d: %+v", i+1, s)
		}
	}
	if due, err := r.Due(l.now(), 10); err != nil || len(due) != 0 {
		t.Fatalf("due too early: %v %v", due, err)
	}
	if next, ok, err := r.NextDue(); err != nil || !ok || next.UnixMilli() != later.UnixMilli() {
		t.Fatalf("next due %v %v %v", next, ok, err)
	}
	due, err := r.Due(later, 10)
	if err != nil || len(due) != 1 || due[0].ID != ids[90] || due[0].Recipients[0].Code != 450 || due[0].Recipients[0].Attempts != 1 {
		t.Fatalf("due %+v %v", due, err)
	}
	claim(t, r, ids[90:91])
	if due, _ := r.Due(later, 10); len(due) != 0 {
		t.Fatal("a claimed row is due")
	}
	do(t, r.Doubt(ids[90:91]))
	do(t, r.Settle(sent(ids[90:91])))
	item, err := r.Item(ids[90])
	if err != nil || item.State != Sent || item.Recipients[0].Attempts != 2 || item.Recipients[0].Via != "TLS 1.3, TLS_AES_128_GCM_SHA256" {
		t.Fatalf("%+v %v", item, err)
	}
}

func TestSeveralRecipients(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	s := plan(t, r, []Row{
		{Key: "1", Number: 1, Recipients: []string{"a@example.org", "b@example.org", "c@example.org"}},
		{Key: "2", Number: 2, State: Skipped, Reason: "no address"},
	})
	if s[0].State != Planned || s[1].State != Skipped {
		t.Fatalf("%+v", s)
	}
	id := s[0].ID
	claim(t, r, []ID{id})
	do(t, r.Doubt([]ID{id}))
	if err := r.Settle([]Outcome{{ID: id, Recipient: 3, State: Sent}}); err == nil {
		t.Fatal("a recipient that does not exist was settled")
	}
	next := l.now()
	do(t, r.Settle([]Outcome{{ID: id, State: Sent, Code: 250}, {ID: id, Recipient: 1, State: Deferred, Code: 450, Next: next}, {ID: id, Recipient: 2, State: Failed, Code: 550}}))
	if c := r.Counts(); c.Deferred != 1 || c.Skipped != 1 || c.Rows != 2 {
		t.Fatalf("%+v", c)
	}
	do(t, l.Close())
	l = open(t, folder, Options{})
	r = begin(t, l)
	s = plan(t, r, []Row{{Key: "1", Number: 1, Recipients: []string{"a@example.org", "b@example.org", "c@example.org"}}})
	if s[0].State != Deferred || !slices.Equal(s[0].Open, []int{1}) {
		t.Fatalf("%+v", s)
	}
	claim(t, r, []ID{id})
	do(t, r.Doubt([]ID{id}))
	do(t, r.Settle([]Outcome{{ID: id, Recipient: 1, State: Sent}}))
	if c := r.Counts(); c.Failed != 1 || c.Skipped != 1 {
		t.Fatalf("%+v", c)
	}
	found, err := l.Audit(context.Background(), "B@Example.org")
	if err != nil || len(found) != 1 || found[0].Recipients[1].State != Sent {
		t.Fatalf("%+v %v", found, err)
	}
}

func TestSuppressed(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	if s := plan(t, r, people(1, 1)); s[0].State != Planned {
		t.Fatalf("%+v", s)
	}
	all := people(1, 3)
	do(t, l.Suppress([]Suppression{{Address: all[0].Key, Reason: "unsubscribed"}, {Address: "Customer0015838@example.org", Reason: "bounced"}}))
	s := plan(t, r, all)
	if s[0].State != Suppressed || s[1].State != Suppressed || s[2].State != Planned {
		t.Fatalf("%+v", s)
	}
	item, err := r.Item(s[1].ID)
	if err != nil || item.Recipients[0].Text != "bounced" {
		t.Fatalf("%+v %v", item, err)
	}
	do(t, l.Unsuppress([]string{all[0].Key}))
	list, err := l.Suppressions()
	if err != nil || len(list) != 1 || list[0].Address != all[1].Key {
		t.Fatalf("%+v %v", list, err)
	}
}

func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other permissions")
	}
	folder := t.TempDir()
	l := open(t, folder, Options{})
	begin(t, l)
	for _, name := range []string{"", databaseName, databaseName + "-wal", lockName} {
		info, err := os.Stat(filepath.Join(folder, FolderName, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v", name, info.Mode())
		}
	}
	do(t, l.Close())
	do(t, os.Chmod(Path(folder), 0o640))
	if _, err := Open(context.Background(), folder, Options{}); !errors.Is(err, ErrPermission) {
		t.Fatalf("got %v", err)
	}
}

// TestGroupCommit: workers that commit at the same time do not get in each other's way.
func TestGroupCommit(t *testing.T) {
	const workers, batches, size = 8, 5, 16
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for b := range batches {
				standings, err := r.Plan(people(1+(w*batches+b)*size, size))
				if err != nil {
					t.Error(err)
					return
				}
				ids := r.Claim(idsOf(standings))
				if err := errors.Join(r.Doubt(ids), r.Settle(sent(ids))); err != nil || len(ids) != size {
					t.Errorf("%d claimed, %v", len(ids), err)
					return
				}
			}
		})
	}
	all.Wait()
	want := Counts{Rows: workers * batches * size, Sent: workers * batches * size}
	if c := r.Counts(); c != want {
		t.Fatalf("got %+v", c)
	}
	do(t, l.Close())
	if report := checked(t, folder); len(report.Problems) > 0 {
		t.Fatal(report.Problems)
	}
}

// TestAttempts: what is kept of attempts, so that the next one can send the same.
func TestAttempts(t *testing.T) {
	folder := t.TempDir()
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	options := Options{Clock: func() time.Time { return now }}
	l := open(t, folder, options)
	r := begin(t, l)
	first, sum := now, []byte("12345678")
	ids := claim(t, r, idsOf(plan(t, r, people(1, 1))))
	do(t, r.Doubt(ids))
	do(t, r.Settle([]Outcome{{ID: ids[0], State: Deferred, Code: 450, Next: now, Message: "<1@example.org>", Sum: sum, Via: "mx:25 TLS 1.3"}}))
	for range 2 {
		now = now.Add(time.Hour)
		claim(t, r, ids)
		do(t, r.Doubt(ids))
		do(t, r.Settle([]Outcome{{ID: ids[0], State: Deferred, Code: 451, Next: now, Time: now.Add(time.Second), Via: "mx:25"}}))
	}
	do(t, l.Close())
	l = open(t, folder, options)
	r = begin(t, l)
	if s, err := r.Look(people(1, 2)); err != nil || s[0].State != Deferred || s[0].New || !s[1].New || s[1].ID != 0 || r.Counts().Rows != 1 {
		t.Fatalf("%+v %v", s, err)
	}
	item, err := r.Item(ids[0])
	do(t, err)
	got := item.Recipients[0]
	want := Recipient{
		Address: item.Key, State: Deferred, Attempts: 3, Next: now, Time: now.Add(time.Second), Code: 451, Via: "mx:25",
		Message: "<1@example.org>", Sum: sum, First: first,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

// TestClaimUnknown: a row that is unknown is claimed only where the policy of the run is to
// decide by itself.
func TestClaimUnknown(t *testing.T) {
	for _, policy := range []Policy{Hold, Resend, AssumeSent} {
		folder := t.TempDir()
		l := open(t, folder, Options{})
		r := begin(t, l)
		ids := claim(t, r, idsOf(plan(t, r, people(1, 2))))
		do(t, r.Doubt(ids))
		do(t, l.Close())
		l = open(t, folder, Options{})
		r, err := l.Run("news", Settings{InDoubt: policy})
		do(t, err)
		plan(t, r, people(1, 2))
		won := r.Claim(ids)
		if (policy == Hold) != (len(won) == 0) {
			t.Fatalf("%s: claimed %v", policy, won)
		}
		if policy == Hold {
			if err := r.Settle([]Outcome{{ID: ids[0], State: Sent, Assumed: true}}); err == nil {
				t.Fatal("assumed without a claim")
			}
			continue
		}
		if err := r.Settle(sent(ids[:1])); err == nil {
			t.Fatal("sent without being in doubt")
		}
		do(t, r.Settle([]Outcome{{ID: ids[0], State: Sent, Assumed: true}}))
		do(t, r.Doubt(ids[1:]))
		do(t, l.Close()) // and once more nobody knows
		l = open(t, folder, Options{})
		if c := begin(t, l).Counts(); c != (Counts{Rows: 2, Sent: 1, Unknown: 1}) {
			t.Fatalf("%s: %+v", policy, c)
		}
		do(t, l.Close())
	}
}

// TestFaultL12: what a run of many rows takes in memory. TestMillion has the times.
func TestFaultL12(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory too")
	}
	const rows, perRow = 60_000, 16
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	before := heap()
	for first := 1; first <= rows; first += 2000 {
		plan(t, r, people(first, 2000))
	}
	if grown := heap() - before; grown > rows*perRow {
		t.Errorf("%d octets a row in memory", grown/rows)
	}
	runtime.KeepAlive(r)
	do(t, l.Close())
	l, r = nil, nil
	before = heap()
	l = open(t, folder, Options{})
	r = begin(t, l)
	if grown := heap() - before; grown > rows*perRow {
		t.Errorf("resumed: %d octets a row in memory", grown/rows)
	}
	if c := r.Counts(); c.Planned != rows {
		t.Fatalf("%+v", c)
	}
	runtime.KeepAlive(r)
}
