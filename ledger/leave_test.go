package ledger

import (
	"context"
	"strings"
	"testing"
)

// A run that is left in a ledger which stays open is as if the ledger had been closed:
// what was claimed can be claimed again, what was in doubt is unknown, and rows may come
// in another order.
func TestLeave(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	other, err := l.Run("other", Settings{})
	do(t, err)
	busy := idsOf(plan(t, other, people(1, 3)))
	do(t, other.Doubt(claim(t, other, busy)))

	r := begin(t, l)
	rows := people(1, 10)
	ids := idsOf(plan(t, r, rows))
	claim(t, r, ids)
	do(t, r.Doubt(ids[:6]))
	do(t, r.Settle(sent(ids[:4])))
	do(t, r.Leave())

	again := begin(t, l)
	if again == r || !again.Resumed {
		t.Fatal("the run that was left goes on")
	}
	want := Counts{Rows: 10, Planned: 4, Sent: 4, Unknown: 2}
	if c := again.Counts(); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
	for i := range rows {
		rows[i].Number += 100
	}
	standings := plan(t, again, rows)
	for i, s := range standings {
		if s.Earlier != 0 || s.ID != ids[i] {
			t.Errorf("row %d: %+v", i, s)
		}
	}
	item, err := again.Item(ids[5])
	do(t, err)
	if text := item.Recipients[0].Text; !strings.HasPrefix(text, "the run ended before the reply came") {
		t.Errorf("it says %q", text)
	}
	do(t, again.Doubt(claim(t, again, ids[6:])))
	do(t, again.Settle(sent(ids[6:])))
	do(t, again.Leave()) // with nothing left to write

	// The other one did not notice.
	do(t, other.Settle(sent(busy)))
	do(t, l.Close())
	report, err := Check(context.Background(), folder, Options{})
	do(t, err)
	if len(report.Problems) > 0 {
		t.Errorf("%+v", report.Problems)
	}
}
