package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A message that was in doubt when the process ended can be looked for in the log of the
// server: its Message-ID and the server are known before its end is written.
func TestDoubtNames(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	ids := idsOf(plan(t, r, people(1, 5)))
	claim(t, r, ids)
	var messages []string
	for _, id := range ids {
		messages = append(messages, fmt.Sprintf("<%d@bank.example>", id))
	}
	do(t, r.Commit(Batch{Doubt: ids[:3], Messages: messages[:3], Via: "mx.example:25 TLS 1.3"}))
	do(t, r.Commit(Batch{Doubt: ids[3:4], Messages: messages[3:4]}))
	do(t, r.Doubt(ids[4:]))
	do(t, r.Settle([]Outcome{{ID: ids[1], State: Sent, Message: messages[1]}})) // the record shrinks
	look := func(l *Ledger, state State) {
		t.Helper()
		found := 0
		for item, err := range l.Items(context.Background(), "news", Filter{States: []State{state}}) {
			do(t, err)
			want, via := fmt.Sprintf("<%d@bank.example>", item.ID), ""
			if item.ID <= 3 {
				via = "mx.example:25 TLS 1.3"
			}
			if item.ID == 5 {
				want = ""
			}
			found++
			audited, err := l.Audit(context.Background(), item.Key)
			do(t, err)
			for _, i := range []Item{item, audited[0]} {
				if to := i.Recipients[0]; to.Message != want || to.Via != via || to.State != state {
					t.Errorf("row %d: %s, %q, %q", item.ID, to.State, to.Message, to.Via)
				}
			}
		}
		if found != 4 {
			t.Errorf("%d rows are %s", found, state)
		}
	}
	look(l, InDoubt)
	dead, err := OpenReadOnly(context.Background(), folder, Options{})
	do(t, err)
	look(dead, InDoubt)
	do(t, dead.Close())
	do(t, l.Close())
	look(open(t, folder, Options{}), Unknown)
}

// A ledger of the version before, with rows in doubt, is read as it is and brought up to
// date by the next who writes.
func TestUpgrade(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	ids := idsOf(plan(t, r, people(1, 2)))
	claim(t, r, ids)
	do(t, r.Doubt(ids))
	do(t, l.Close())
	alter(t, folder, "alter table doubt drop column messages; alter table doubt drop column via; pragma user_version = 1")
	for range 2 {
		report := checked(t, folder)
		if len(report.Problems) > 0 {
			t.Fatal(report.Problems)
		}
		old, err := OpenReadOnly(context.Background(), folder, Options{})
		do(t, err)
		s, err := old.Summary("news")
		do(t, err)
		if s.Counts.InDoubt+s.Counts.Unknown != 2 {
			t.Fatalf("%+v", s.Counts)
		}
		do(t, old.Close())
		l = open(t, folder, Options{})
		if n, err := l.integer("pragma user_version"); err != nil || n != schemaVersion {
			t.Fatal(n, err)
		}
		r = begin(t, l)
		if c := r.Counts(); c.Unknown != 2 {
			t.Fatalf("%+v", c)
		}
		do(t, l.Close())
	}
}

// The record of a batch that is settled is that of the next: what is known of the old one
// does not come back with it.
func TestDoubtRecordAgain(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	name := func(id ID) string { return fmt.Sprintf("<%d@bank.example>", id) }
	var settled []Outcome
	for first := 1; first <= 40; first += 4 {
		ids := claim(t, r, idsOf(plan(t, r, people(first, 4))))
		b := Batch{Settled: settled, Doubt: ids[:3], Via: "mx.example:25"}
		for _, id := range b.Doubt {
			b.Messages = append(b.Messages, name(id))
		}
		if first%8 == 1 {
			b.Messages = nil
		}
		do(t, r.Commit(b))
		if n, err := l.integer("select count(*) from doubt"); err != nil || n != 1 {
			t.Fatalf("%d records, %v", n, err)
		}
		settled = sent(ids[:3])
	}
	do(t, r.Settle(settled[1:]))
	_, r = crashNow(t, l, folder)
	if c := r.Counts(); c != (Counts{Rows: 40, Planned: 10, Sent: 29, Unknown: 1}) {
		t.Fatalf("%+v", c)
	}
	item, err := r.Item(settled[0].ID)
	if to := item.Recipients[0]; err != nil || to.State != Unknown || to.Message != name(item.ID) || to.Via != "mx.example:25" {
		t.Fatalf("%+v %v", item, err)
	}
}

// What is packed for a record comes out again, and so does what earlier versions packed.
func TestPackMessages(t *testing.T) {
	for _, messages := range [][]string{
		{"<a@x.example>", "<b@x.example>", "<c@x.example>"},
		{"<a@x.example>", "<b@y.example>", "<c@x.example>"},
		{"<a@x.example>", "", "<c@x.example>"},
		{"", "<b@x.example>", "<c@x.example>"},
		{"<a@x example>", "<b@x example>", "<c@x example>"},
		{"<a>", "<a>", "<a>"},
		{"@x", "@x", "@x"},
		{"<a@\n>", "<b@\n>", "<c@\n>"},
		{"<a@x.example>"},
	} {
		ids := []ID{7, 4294967295, 9}[:len(messages)]
		got := make([]string, len(messages))
		eachMessage(packMessages(ids, messages), func(id ID, message string) {
			got[slices.Index(ids, id)] = message
		})
		for i, message := range messages {
			if strings.Contains(message, "\n") {
				message = "" // is not kept
			}
			if got[i] != message {
				t.Errorf("%q: got %q", messages, got)
			}
		}
	}
	found := ""
	eachMessage("7 <a@x.example>\n9 <c@y.example>\n", func(id ID, message string) { found += fmt.Sprint(id, message, ";") })
	if found != "7<a@x.example>;9<c@y.example>;" {
		t.Errorf("an earlier version's: %s", found)
	}
}
