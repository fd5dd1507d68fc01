package delivery

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp"
)

// doubledRows has rows 30 and 40 with the keys of 3 and 4, and rows 50 and 60 with the
// addresses of 5 and 6.
func doubledRows(n int64) Source {
	return numbered(n, func(j *Job) {
		switch j.Number {
		case 30, 40:
			j.Key = fmt.Sprint("key", j.Number/10)
		case 50:
			j.Envelope.To = []string{"TO5@example.net"}
		case 60:
			j.Envelope.To = []string{"other@example.net", "to6@example.net", "other@example.net"}
		}
	})
}

// Rows with the same key or address are found before anything is sent.
func TestClashes(t *testing.T) {
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	_, err := Run(t.Context(), doubledRows(100), Options{Pool: pool})
	var clash *ClashError
	if !errors.As(err, &clash) || clash.Total != 4 || p.connections() != 0 {
		t.Fatalf("%v, %d connections", err, p.connections())
	}
	for i, want := range []Clash{
		{SameKey, "key3", 30, "row 30", 3, "row 3"}, {SameKey, "key4", 40, "row 40", 4, "row 4"},
		{SameAddress, "TO5@example.net", 50, "row 50", 5, "row 5"}, {SameAddress, "to6@example.net", 60, "row 60", 6, "row 6"},
	} {
		if clash.Clashes[i] != want {
			t.Errorf("clash %+v, want %+v", clash.Clashes[i], want)
		}
	}
	if text := err.Error(); !strings.HasPrefix(text, `4 rows have a key or an address that an earlier row has: row 30: the key "key3" is that of row 3; `) {
		t.Error(text)
	}
	counts, err := Run(t.Context(), doubledRows(100), Options{Pool: pool, Duplicates: FirstDuplicate, Addresses: AnyAddresses})
	if err != nil || counts.Sent != 98 || counts.Duplicates != 2 {
		t.Errorf("%+v, %v", counts, err)
	}
	_, err = Run(t.Context(), doubledRows(100), Options{Pool: pool, Duplicates: FirstDuplicate})
	if !errors.As(err, &clash) || clash.Total != 2 {
		t.Error(err)
	}
	_, err = Run(t.Context(), doubledRows(100), Options{Pool: pool, Addresses: AnyAddresses})
	if !errors.As(err, &clash) || clash.Total != 2 {
		t.Error(err)
	}
}

// Keys that are addresses as well clash as others do.
func TestClashesOfAddressKeys(t *testing.T) {
	names := []string{"a@x", "b@x", "A@x", "c", "d@x", "e@x", "f@x", "g", "h@x"}
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		var all []Job
		want := map[int64]ClashKind{}
		keys, addresses := map[string]bool{}, map[string]bool{}
	rows:
		for n := range int64(1 + random.IntN(5)) {
			j := jobOf(n + 1)
			j.Key, j.Envelope.To = names[random.IntN(len(names))], nil
			for range 1 + random.IntN(2) {
				to := j.Key
				if random.IntN(2) == 0 {
					to = names[random.IntN(len(names))]
				}
				j.Envelope.To = append(j.Envelope.To, to)
			}
			all = append(all, j)
			if keys[j.Key] {
				want[j.Number] = SameKey
				continue
			}
			keys[j.Key] = true
			own := map[string]bool{}
			for _, to := range j.Envelope.To {
				if to = strings.ToLower(to); addresses[to] && !own[to] {
					want[j.Number] = SameAddress
					continue rows
				}
				addresses[to], own[to] = true, true
			}
		}
		e := &examination{o: Options{}.withDefaults(), ctx: t.Context(), most: keptClashes}
		e.o.Journal = nil
		if err := e.run((&teller{rows: all}).source); err != nil {
			t.Fatal(err)
		}
		got := map[int64]ClashKind{}
		for _, c := range e.found.Clashes {
			got[c.Number] = c.Kind
		}
		if !maps.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}

// Check finds every bad row, and connects nowhere.
func TestCheck(t *testing.T) {
	const n = 20_000
	bad := errors.New("bad")
	wrong := map[int64]bool{}
	for _, number := range []int64{1, 17, 64, 65, 128, 9999, 20_000, 30, 40, 50, 60} {
		wrong[number] = true
	}
	source := doubledRows(n)
	broken := func(ctx context.Context, need Need) (Rows, error) {
		rows, err := source(ctx, need)
		next := rows.Next
		rows.Next = func() (Job, error) {
			j, err := next()
			switch j.Number {
			case 1, 17:
				j.Err = bad
			case 64, 65:
				j.Build = func(context.Context) (Letter, error) { return Letter{}, bad }
			}
			return j, err
		}
		return rows, err
	}
	var got results
	counts, err := Check(t.Context(), broken, CheckOptions{OnResult: got.add, Inspect: func(_ context.Context, j *Job, l *Letter) error {
		if j.Number == 128 || j.Number == 9999 || j.Number == 20_000 || l.Content.Size == 0 {
			return bad
		}
		return nil
	}})
	if err != nil || counts.Failed != int64(len(wrong)) || counts.Good != n-counts.Failed {
		t.Errorf("%+v, %v", counts, err)
	}
	got.check(t, n)
	got.checkOrder(t)
	for _, r := range got.all {
		if (r.Err != nil) != wrong[r.Job.Number] || (r.Outcome == Failed) != wrong[r.Job.Number] {
			t.Errorf("row %d: %s, %v", r.Job.Number, r.Outcome, r.Err)
		}
	}
}

// A hash is found exactly where it was added.
func TestHashSet(t *testing.T) {
	var s hashSet
	seed := maphash.MakeSeed()
	for i := range 100_000 {
		if !s.add(maphash.Comparable(seed, i)) {
			t.Fatalf("%d was there already", i)
		}
	}
	for i := range 200_000 {
		if s.has(maphash.Comparable(seed, i)) != (i < 100_000) {
			t.Fatalf("%d: %v", i, i >= 100_000)
		}
	}
	if s.add(maphash.Comparable(seed, 7)) || s.count != 100_000 {
		t.Error(s.count)
	}
	var octets int
	for i := range s.parts {
		octets += 8 * cap(s.parts[i].slots)
	}
	if each := octets / 100_000; each > 12 {
		t.Errorf("%d octets each", each)
	}
}
