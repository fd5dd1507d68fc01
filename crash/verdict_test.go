//go:build crash && unix

package crash

import (
	"context"
	"errors"
	"testing"

	"github.com/mailscript/mailscript/ledger"
)

// settle holds the ledger against the witness once a process has ended, and returns
// how many rows are yet to be sent.
func (s *series) settle(t *testing.T, w *witness, killed bool) (open int) {
	t.Helper()
	w.quiet()
	states := s.states(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	doubts := 0
	for row := 1; row <= s.rows; row++ {
		seen, state := &w.rows[row], states[row]
		switch state {
		case ledger.InDoubt:
			doubts++
			s.doubted[row]++
		case 0, ledger.Planned, ledger.Deferred:
			open++
		}
		switch {
		case seen.wrong != "":
			t.Fatalf("%s: row %d came with %s", s, row, seen.wrong)
		case state == ledger.Sent && seen.taken == 0:
			t.Fatalf("%s: after %d kills the ledger says that row %d was sent, and the server has not taken it", s, s.killed, row)
		case s.policy == "hold" && seen.taken > 1:
			t.Fatalf("%s: after %d kills the server has taken row %d %d times", s, s.killed, row, seen.taken)
		case s.policy == "hold" && seen.taken > 0 && state != ledger.Sent && state != ledger.InDoubt && state != ledger.Unknown:
			t.Fatalf("%s: after %d kills the server has taken row %d, and the ledger says %s", s, s.killed, row, state)
		case seen.taken > 1+s.doubted[row]+seen.mute:
			t.Fatalf("%s: the server has taken row %d %d times; it was in doubt %d times", s, row, seen.taken, s.doubted[row]+seen.mute)
		case state == ledger.Failed && seen.refused == 0:
			t.Fatalf("%s: the ledger says that row %d failed, and the server never refused it", s, row)
		}
	}
	if killed || s.disturbed {
		s.breaks++
		s.doubts += doubts
		s.most = max(s.most, doubts)
		if bound := s.connections * s.width; doubts > bound {
			t.Errorf("%s: one kill left %d rows in doubt, and %d connections have %d messages on their way at most", s, doubts, s.connections, bound)
		}
	} else if doubts > 0 {
		t.Errorf("%s: the process has ended by itself and left %d rows that it is sending\n%s", s, doubts, s.stderr.Bytes())
	}
	return open
}

// states are those of all rows, by number; 0 is a row the ledger does not have.
func (s *series) states(t *testing.T) []ledger.State {
	t.Helper()
	states := make([]ledger.State, s.rows+1)
	l, err := ledger.OpenReadOnly(context.Background(), s.folder, ledger.Options{})
	if errors.Is(err, ledger.ErrMissing) {
		return states // killed before there was one
	}
	if err != nil {
		if s.unborn() {
			return states
		}
		t.Fatal(err)
	}
	defer l.Close()
	if summary, err := l.Summary("crash"); err != nil {
		t.Fatal(err)
	} else if summary == nil {
		return states
	}
	for item, err := range l.Items(context.Background(), "crash", ledger.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		states[rowOf(item.Recipients[0].Address)] = item.State
	}
	return states
}

// tally is what a series came to.
type tally struct {
	transfer, policy     string
	rows, messages       int // messages the server has taken
	kills, starts, upset int // upset are connections that the server ended badly
	sent, failed, held   int // as the ledger says
	lost, phantom, twice int
	doubted              int // rows by kills and connections that ended, each time
	unknown, most, bound int // in doubt after kills; after the worst; what there may be after one
}

// total counts how all ended.
func (s *series) total(t *testing.T, w *witness) tally {
	t.Helper()
	states := s.states(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	n := tally{
		transfer: s.transfer, policy: s.policy, rows: s.rows, messages: w.total, kills: s.killed, starts: s.starts, most: s.most, bound: s.connections * s.width, upset: w.upset, unknown: s.doubts,
	}
	for row := 1; row <= s.rows; row++ {
		seen, state := w.rows[row], states[row]
		if seen.taken > 1 {
			n.twice += seen.taken - 1
		}
		n.doubted += s.doubted[row] + seen.mute
		switch state {
		case ledger.Sent:
			n.sent++
			if seen.taken == 0 {
				n.phantom++
			}
		case ledger.Failed:
			n.failed++
		case ledger.Unknown:
			n.held++
		default:
			t.Errorf("%s: row %d is %s at the end", s, row, state)
			if seen.taken == 0 {
				n.lost++
			}
		}
	}
	switch {
	case n.lost > 0 || n.phantom > 0:
		t.Errorf("%s: %d lost, %d sent by no account but the ledger's", s, n.lost, n.phantom)
	case s.policy == "resend" && n.held > 0:
		t.Errorf("%s: %d rows are still in doubt", s, n.held)
	case n.twice > n.doubted:
		t.Errorf("%s: %d messages more than rows, and %d were in doubt", s, n.twice, n.doubted)
	case n.unknown > s.breaks*n.bound:
		t.Errorf("%s: %d rows were in doubt after %d kills", s, n.unknown, n.kills)
	}
	return n
}
