package ledger

import (
	"bytes"
	"testing"
)

// Rows that are done are known without their recipients, and others are not.
func TestFinished(t *testing.T) {
	folder := t.TempDir()
	l, err := Open(t.Context(), folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Run("autumn", Settings{})
	if err != nil {
		t.Fatal(err)
	}
	var batch []Row
	for i, key := range []string{"sent", "failed", "open", "doubtful", "moved", "edited"} {
		batch = append(batch, Row{Key: key, Number: int64(i + 1), Hash: 7, Recipients: []string{key + "@example.org"}})
	}
	standings, err := r.Plan(batch)
	if err != nil {
		t.Fatal(err)
	}
	var ids []ID
	for _, s := range standings {
		ids = append(ids, s.ID)
	}
	r.Claim(ids)
	if err := r.Doubt(ids); err != nil {
		t.Fatal(err)
	}
	if err := r.Settle([]Outcome{
		{ID: ids[0], State: Sent, Time: l.now()}, {ID: ids[1], State: Failed, Code: 550, Time: l.now()},
		{ID: ids[2], State: Deferred, Time: l.now(), Next: l.now()}, {ID: ids[3], State: Unknown, Time: l.now()},
		{ID: ids[4], State: Sent, Time: l.now()}, {ID: ids[5], State: Sent, Time: l.now()},
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = Open(t.Context(), folder, Options{}); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if r, err = l.Run("autumn", Settings{}); err != nil {
		t.Fatal(err)
	}
	for i := range batch {
		batch[i].Recipients = nil
	}
	batch[4].Number, batch[5].Hash = 8, 8
	batch = append(batch, Row{Key: "new", Number: 9})
	for range 2 {
		found, err := r.Finished(batch)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range found {
			want := Standing{}
			if i < 2 {
				want = Standing{ID: ids[i], State: []State{Sent, Failed}[i]}
			}
			if s.ID != want.ID || s.State != want.State || s.New {
				t.Errorf("%s: %+v", batch[i].Key, s)
			}
		}
	}
	// They count as planned: the same key again is another row's.
	again, err := r.Plan([]Row{{Key: "sent", Number: 10, Hash: 7, Recipients: []string{"sent@example.org"}}})
	if err != nil || again[0].ID != 0 || again[0].Earlier != 1 {
		t.Errorf("%+v, %v", again, err)
	}
}

// What was examined holds until the run has other settings.
func TestExamined(t *testing.T) {
	folder := t.TempDir()
	var r *Run
	with := func(template string) {
		t.Helper()
		l, err := Open(t.Context(), folder, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		if r, err = l.Run("autumn", Settings{Template: template, Changed: AcceptChanges}); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want string) {
		t.Helper()
		if sum, err := r.Examined(); err != nil || string(sum) != want || want == "" && sum != nil {
			t.Errorf("%q, %v, want %q", sum, err, want)
		}
	}
	end := func() {
		t.Helper()
		if err := r.ledger.Close(); err != nil {
			t.Fatal(err)
		}
	}
	with("one")
	is("")
	for _, sum := range []string{"first", "second"} {
		if err := r.NoteExamined([]byte(sum)); err != nil {
			t.Fatal(err)
		}
		is(sum)
	}
	end()
	with("one")
	is("second")
	end()
	with("two")
	is("")
	end()
	with("one")
	is("")
	if err := r.NoteExamined(bytes.Repeat([]byte("x"), 32)); err != nil {
		t.Fatal(err)
	}
	is("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")
}
