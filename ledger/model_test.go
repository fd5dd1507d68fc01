package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// world is what is true, whatever the ledger says: what the server took, and in which
// states each row may be found after a crash.
type world struct {
	rng    *rand.Rand
	clock  time.Time
	policy Policy
	truths []*truth
	byID   map[ID]*truth
}

// truth is that of one row.
type truth struct {
	row      Row
	id       ID
	states   []State   // of the recipients; nil where it is not planned
	maybe    [][]State // others that are possible, after an error
	pending  bool      // planned, and nothing was committed since
	claimed  bool
	doubted  bool
	finished []int // how many times the server took it for each recipient
	resent   []int // how many times somebody asked for it to be sent once more
	assumed  []bool
}

func newWorld(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), policy: []Policy{Hold, Resend}[seed%2], clock: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), byID: map[ID]*truth{}}
	for i := range 60 {
		row := Row{Key: fmt.Sprintf("k%d@example.org", i), Number: int64(i + 1), Hash: uint64(i)}
		row.Recipients = []string{row.Key}
		if i%7 == 3 {
			row.Recipients = []string{fmt.Sprintf("a%d@example.org", i), fmt.Sprintf("b%d@example.org", i), fmt.Sprintf("c%d@example.org", i)}
		}
		n := len(row.Recipients)
		w.truths = append(w.truths, &truth{row: row, finished: make([]int, n), resent: make([]int, n), assumed: make([]bool, n)})
	}
	return w
}

func (t *truth) open() bool {
	return slices.ContainsFunc(t.states, State.open)
}

// sendable reports whether a row may be claimed.
func (w *world) sendable(t *truth) bool {
	return t.open() || w.policy == Resend && of(t.states) == Unknown
}

// due reports whether an attempt is for a recipient.
func (w *world) due(s State) bool { return s.open() || w.policy == Resend && s == Unknown }

func (t *truth) lost() []State {
	after := slices.Clone(t.states)
	for i, s := range after {
		if s.open() {
			after[i] = Unknown
		}
	}
	return after
}

// step does something at random and returns the ledger's error. What may have become of
// the rows then is noted.
func (w *world) step(r *Run) error {
	w.clock = w.clock.Add(time.Duration(w.rng.IntN(600)) * time.Second)
	switch w.rng.IntN(6) {
	case 0:
		return w.plan(r)
	case 1, 2:
		w.claim(r)
		return w.commit(r)
	case 3, 4:
		return w.commit(r)
	}
	return w.resolve(r)
}

func (w *world) plan(r *Run) error {
	first := w.rng.IntN(len(w.truths))
	batch := w.truths[first:min(len(w.truths), first+1+w.rng.IntN(20))]
	var rows []Row
	for _, t := range batch {
		rows = append(rows, t.row)
	}
	standings, err := r.Plan(rows)
	for i, t := range batch {
		if t.states != nil {
			continue
		}
		planned := slices.Repeat([]State{Planned}, len(t.row.Recipients))
		if err != nil {
			t.maybe = [][]State{planned}
			continue
		}
		t.states, t.id, t.pending = planned, standings[i].ID, true
		w.byID[t.id] = t
	}
	return err
}

// committed notes that what was planned is on disk with what came after it.
func (w *world) committed(err error) {
	for _, t := range w.truths {
		t.pending = t.pending && err != nil
	}
}

// claim takes what is planned and some of what is due.
func (w *world) claim(r *Run) {
	var ids []ID
	for _, t := range w.truths {
		if w.sendable(t) && !t.claimed && !t.doubted && w.rng.IntN(3) == 0 {
			ids = append(ids, t.id)
		}
	}
	due, err := r.Due(w.clock, 5)
	if err != nil {
		return
	}
	for _, item := range due {
		if !slices.Contains(ids, item.ID) {
			ids = append(ids, item.ID)
		}
	}
	for _, id := range r.Claim(ids) {
		w.byID[id].claimed = true
	}
}

func (w *world) commit(r *Run) error {
	var b Batch
	type change struct {
		t     *truth
		after []State
	}
	var changes []change
	ids := slices.Sorted(maps.Keys(w.byID))
	w.rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for _, id := range ids {
		t := w.byID[id]
		switch {
		case t.doubted && w.rng.IntN(2) == 0:
			if w.rng.IntN(8) == 0 && !slices.ContainsFunc(t.finished, func(n int) bool { return n > 0 }) {
				b.Released = append(b.Released, id)
				changes = append(changes, change{t, t.states})
				continue
			}
			after := slices.Clone(t.states)
			for n, s := range after {
				if !w.due(s) {
					continue
				}
				o := Outcome{ID: id, Recipient: n, State: Sent, Code: 250, Text: "ok"}
				switch {
				case t.finished[n] == t.resent[n]: // it was not taken this time
					o = Outcome{ID: id, Recipient: n, State: []State{Deferred, Failed, Unknown}[w.rng.IntN(3)], Code: 450, Next: w.clock.Add(time.Minute)}
				case w.rng.IntN(5) == 0:
					o.State = Unknown
				}
				after[n] = o.State
				b.Settled = append(b.Settled, o)
			}
			changes = append(changes, change{t, after})
		case t.claimed && w.rng.IntN(3) > 0:
			b.Doubt = append(b.Doubt, id)
		}
	}
	err := r.Commit(b)
	if len(b.Settled)+len(b.Released)+len(b.Doubt) > 0 {
		w.committed(err)
	}
	for _, c := range changes {
		if err != nil {
			c.t.maybe = [][]State{c.after, c.t.lost()}
			continue
		}
		if slices.Contains(b.Released, c.t.id) {
			c.t.claimed, c.t.doubted = true, false
			continue
		}
		c.t.states, c.t.claimed, c.t.doubted = c.after, false, false
	}
	for _, id := range b.Doubt {
		t := w.byID[id]
		if err != nil {
			t.maybe = [][]State{t.lost()}
			continue
		}
		// Its end is written now, and the server takes it or not.
		t.claimed, t.doubted = false, true
		for n, s := range t.states {
			if s == Unknown && w.policy == Resend {
				t.resent[n] = t.finished[n] // the policy asks for it
			}
			if w.due(s) && w.rng.IntN(4) > 0 {
				t.finished[n]++
			}
		}
	}
	return err
}

func (w *world) resolve(r *Run) error {
	policy := []Policy{Hold, Resend, AssumeSent}[w.rng.IntN(3)]
	_, err := r.Resolve(policy)
	if policy == Hold {
		return err
	}
	w.committed(err)
	for _, t := range w.truths {
		if !slices.Contains(t.states, Unknown) || t.claimed || t.doubted {
			continue
		}
		after := slices.Clone(t.states)
		for n, s := range after {
			if s != Unknown {
				continue
			}
			if after[n] = Sent; policy == Resend {
				after[n] = Deferred
			}
		}
		if err != nil {
			t.maybe = append(t.maybe, after)
			continue
		}
		t.settle(after)
	}
	return err
}

// settle notes what became of a row by a person's decision.
func (t *truth) settle(after []State) {
	for n, s := range after {
		if t.states[n] != Unknown || s == Unknown {
			continue
		}
		if s == Sent {
			t.assumed[n] = true
		} else {
			t.resent[n] = max(t.finished[n], t.resent[n])
		}
	}
	t.states = after
}

// reopened compares the ledger after a crash with what is possible.
func (w *world) reopened(t testing.TB, l *Ledger, r *Run) {
	t.Helper()
	found := map[string]Item{}
	for item, err := range l.Items(context.Background(), r.Name, Filter{}) {
		do(t, err)
		found[item.Key] = item
	}
	w.byID = map[ID]*truth{}
	for _, tr := range w.truths {
		item, ok := found[tr.row.Key]
		var states []State
		if ok {
			for _, rec := range item.Recipients {
				states = append(states, rec.State)
			}
		}
		possible := tr.maybe
		if tr.pending {
			possible = append(possible, nil) // it is new once more
		}
		if tr.doubted {
			possible = append(possible, tr.lost())
		} else {
			possible = append(possible, tr.states)
		}
		if !slices.ContainsFunc(possible, func(p []State) bool { return slices.Equal(p, states) }) {
			t.Fatalf("row %s is %v after a crash, and may be %v", tr.row.Key, states, possible)
		}
		if tr.states != nil && states != nil && slices.Contains(tr.states, Unknown) {
			tr.settle(states)
		}
		tr.states, tr.maybe, tr.pending, tr.claimed, tr.doubted = states, nil, false, false, false
		if ok {
			tr.id = item.ID
			w.byID[item.ID] = tr
		}
	}
	w.invariants(t, r)
}

// invariants hold at all times.
func (w *world) invariants(t testing.TB, r *Run) {
	t.Helper()
	counts := map[State]int64{}
	for _, tr := range w.truths {
		for n, s := range tr.states {
			if tr.finished[n] > tr.resent[n]+1 {
				t.Fatalf("row %s was sent %d times, and nobody asked for that", tr.row.Key, tr.finished[n])
			}
			if s == Sent && tr.finished[n] == 0 && !tr.assumed[n] {
				t.Fatalf("row %s is sent, and the server never took it", tr.row.Key)
			}
			if s.open() && !tr.doubted && tr.finished[n] > tr.resent[n] {
				t.Fatalf("row %s was sent and would be sent again", tr.row.Key)
			}
		}
		if tr.states != nil {
			if tr.doubted {
				counts[InDoubt]++
			} else {
				counts[of(tr.states)]++
			}
		}
	}
	c := r.Counts()
	want := Counts{
		Rows: c.Rows, Planned: counts[Planned], Sent: counts[Sent], Failed: counts[Failed], Deferred: counts[Deferred],
		InDoubt: counts[InDoubt], Unknown: counts[Unknown],
	}
	if c != want {
		t.Fatalf("counts are %+v, should be %+v", c, want)
	}
}

var errCrash = errors.New("crash")

// crashAfter returns a failpoint that fails from the nth time on.
func crashAfter(n int) (failpoint func(string) error, where *string) {
	where = new(string)
	return func(name string) error {
		if n--; n > 0 {
			return nil
		}
		if *where == "" {
			*where = name
		}
		return errCrash
	}, where
}

// live runs steps until there is an error or there were n.
func (w *world) live(t testing.TB, r *Run, n int) error {
	t.Helper()
	for range n {
		if err := w.step(r); err != nil {
			return err
		}
		w.invariants(t, r)
	}
	return nil
}

func (w *world) options(failpoint func(string) error) Options {
	return Options{Takeover: TakeOver, Failpoint: failpoint, Clock: func() time.Time { return w.clock }}
}

// crashes lives a life with n crashes at failpoints, and returns where they were.
func crashes(t testing.TB, seed uint64, n int) []string {
	t.Helper()
	w := newWorld(seed)
	folder := t.TempDir()
	var hit []string
	for range n {
		failpoint, where := crashAfter(1 + w.rng.IntN([]int{20, 500}[w.rng.IntN(2)]))
		l, err := Open(context.Background(), folder, w.options(failpoint))
		if err == nil {
			var r *Run
			if r, err = l.Run("news", Settings{InDoubt: w.policy}); err == nil {
				w.reopened(t, l, r)
				err = w.live(t, r, 200)
			}
			if err == nil {
				err = l.Close()
			}
		}
		hit = append(hit, *where)
		if err != nil && !errors.Is(err, errCrash) {
			t.Fatalf("at %s: %v", *where, err)
		}
		if err != nil && l != nil && l.Err() != nil {
			if _, again := l.Run("other", Settings{}); again == nil {
				t.Fatalf("after the crash at %s it writes", *where)
			}
		}
		next := t.TempDir()
		afterKill(t, folder, next)
		folder = next
		if l != nil {
			l.bury()
		}
		// What the crash left has to be looked at without another one.
		l = open(t, folder, w.options(nil))
		r, err := l.Run("news", Settings{InDoubt: w.policy})
		do(t, err)
		w.reopened(t, l, r)
		do(t, l.Close())
	}
	return hit
}

// afterKill copies what a killed process leaves: all it wrote, synced or not.
func afterKill(t testing.TB, from, to string) {
	t.Helper()
	do(t, os.MkdirAll(filepath.Join(to, FolderName), 0o700))
	for _, name := range []string{databaseName, databaseName + "-wal", lockName} {
		text, err := os.ReadFile(filepath.Join(from, FolderName, name))
		if err == nil {
			do(t, os.WriteFile(filepath.Join(to, FolderName, name), text, 0o600))
		}
	}
}

// bury gets rid of a ledger that crashed, for tests: its files were copied.
func (l *Ledger) bury() {
	if l.conn != nil && !errors.Is(l.failed, ErrClosed) {
		l.conn.Close()
		l.lock.release()
	}
	l.failed = ErrClosed
}

// TestCrashes compares what the ledger knows after crashes with all that can be true.
func TestCrashes(t *testing.T) {
	hit := map[string]bool{}
	lives := uint64(5)
	if raceDetector {
		lives = 2
	}
	if os.Getenv("CRASH") != "" {
		lives = 100
	}
	for seed := range lives {
		for _, where := range crashes(t, seed, 8) {
			hit[where] = true
		}
	}
	delete(hit, "")
	t.Logf("crashed at %v", slices.Sorted(maps.Keys(hit)))
	if !raceDetector && len(hit) < 12 {
		t.Fatalf("only %d failpoints were hit", len(hit))
	}
}

func FuzzCrashes(f *testing.F) {
	f.Add(uint64(100))
	f.Fuzz(func(t *testing.T, seed uint64) { crashes(t, seed, 4) })
}
