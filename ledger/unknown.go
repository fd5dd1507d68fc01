package ledger

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

// doubt is a message that may be being finished.
type doubt struct {
	since        time.Time
	message, via string // "" where that is not known
}

// doubts are the rows of a run that the database says are in doubt.
func (r *Run) doubts() (map[ID]doubt, error) { return r.ledger.doubts(r.id) }

func (l *Ledger) doubts(run int64) (map[ID]doubt, error) {
	query := "select time, rows, messages, via.text from doubt left join via on via.id = doubt.via where run = ?"
	if l.version < 2 {
		query = "select time, rows, '', '' from doubt where run = ?"
	}
	found := map[ID]doubt{}
	err := l.query(query, func(s *sqlite.Stmt) error {
		one := doubt{since: fromMilliseconds(s.ColumnInt64(0)), via: s.ColumnText(3)}
		for _, id := range unpackIDs(columnBytes(s, 1)) {
			found[id] = one
		}
		eachMessage(s.ColumnText(2), func(id ID, message string) {
			if one, ok := found[id]; ok && one.message == "" {
				one.message = message
				found[id] = one
			}
		})
		return nil
	}, run)
	return found, err
}

// recoverDoubts makes unknown what an earlier process left in doubt: every recipient that
// the message was yet to be sent to.
func (l *Ledger) recoverDoubts() error {
	var names []string
	err := l.query("select distinct name from run join doubt on run.id = doubt.run", func(s *sqlite.Stmt) error {
		names = append(names, s.ColumnText(0))
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := l.point("epoch.doubts"); err != nil {
			return err
		}
		r, err := l.describe(name)
		if err != nil {
			return err
		}
		r.rows = make([]mark, r.last+1)
		doubts, err := r.doubts()
		if err != nil {
			return err
		}
		for _, id := range sortedIDs(doubts) {
			if id > r.last {
				return l.corrupt("a row that was never planned is in doubt")
			}
			if err := r.lose(id, "process", doubts[id]); err != nil {
				return err
			}
		}
		if err := r.writeChanges(); err != nil {
			return err
		}
	}
	return l.run("delete from doubt")
}

// lose notes that the reply to a message will never be known, because what was to read it
// has ended.
func (r *Run) lose(id ID, ended string, d doubt) error {
	rows, err := r.read(nil, id, id)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return r.ledger.corrupt("a row is missing")
	}
	states := rows[0].states
	r.rows[id].set(rows[0].state())
	if len(states) != 1 {
		r.rows[id] |= several
	}
	for i, state := range states {
		if !state.open() {
			continue
		}
		states[i] = Unknown
		text := "the " + ended + " ended before the reply came; the message was sent at " + d.since.Format(time.RFC3339)
		o := Outcome{ID: id, Recipient: i, State: Unknown, Text: text, Message: d.message, Via: d.via}
		if err := r.writeOutcome(&o, 1); err != nil {
			return err
		}
	}
	r.move(id, of(states))
	return nil
}

// Resolve decides what becomes of rows that are unknown: of those named, or of all where
// none is, but for those that somebody has claimed. It returns how many it changed. Hold
// changes none.
func (r *Run) Resolve(policy Policy, ids ...ID) (int, error) {
	if !policy.valid() {
		return 0, fmt.Errorf("ledger: run %q: in doubt: unknown policy %q", r.Name, policy)
	}
	if policy == Hold {
		return 0, nil
	}
	resolved := 0
	err := r.ledger.commit("what becomes of unknown rows", func() error {
		resolved = 0
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(ids) == 0 {
			var err error
			if ids, err = r.unknown(); err != nil {
				return err
			}
		}
		for _, id := range ids {
			if id == 0 || id > r.last || r.rows[id]&(claimed|doubted) != 0 {
				continue
			}
			changed, err := r.resolve(policy, id)
			if err != nil {
				return err
			}
			if changed {
				resolved++
			}
		}
		return nil
	})
	return resolved, err
}

// unknown are the rows with a recipient of which nothing is known.
func (r *Run) unknown() ([]ID, error) {
	var ids []ID
	err := r.ledger.query("select distinct id >> 14 from outcome where id >> 46 = ? and state = 9 and state > 7", func(s *sqlite.Stmt) error {
		_, id := splitRow(s.ColumnInt64(0))
		ids = append(ids, id)
		return nil
	}, r.id)
	return ids, err
}

func (r *Run) resolve(policy Policy, id ID) (bool, error) {
	rows, err := r.read(nil, id, id)
	if err != nil {
		return false, err
	}
	if len(rows) == 0 {
		return false, r.ledger.corrupt("a row is missing")
	}
	states := rows[0].states
	if r.rows[id].state() == 0 {
		r.rows[id].set(rows[0].state())
		if len(states) != 1 {
			r.rows[id] |= several
		}
	}
	changed := false
	for i, state := range states {
		if state != Unknown {
			continue
		}
		o := Outcome{ID: id, Recipient: i, State: Deferred, Next: r.ledger.now(), Text: "no reply came; to be sent again"}
		if policy == AssumeSent {
			o.State, o.Text = Sent, "no reply came; assumed to be sent"
		}
		if err := r.ledger.point("resolve.outcome"); err != nil {
			return false, err
		}
		if err := r.writeOutcome(&o, 0); err != nil {
			return false, err
		}
		states[i] = o.State
		changed = true
	}
	if changed {
		r.forget(id)
		r.move(id, of(states))
	}
	return changed, nil
}
