package ledger

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

// Outcome is what an attempt came to for one recipient. Those of all recipients of a row
// are settled at once; one that has none stays as it was.
type Outcome struct {
	ID        ID
	Recipient int // index in the row's
	// State is Sent, Deferred, Failed or Unknown; or Skipped, Suppressed, Duplicate or
	// Failed for a row that is not to be sent after all.
	State    State
	Code     int
	Enhanced string
	Text     string // the reply, or the reason
	Queue    string // the server's name for the message
	Via      string // the server, and how the connection was encrypted
	// Time is when it was so; now where it is zero.
	Time time.Time
	// Next is when to try a deferred one again.
	Next time.Time
	// Message is the Message-ID, and Sum tells whether the octets of another attempt are
	// the same. Where they are empty they stay what they were.
	Message string
	Sum     []byte
	// Assumed marks a row that was unknown and is taken as sent.
	Assumed bool
}

// Batch is what is written at once: first what came of earlier messages, then which are
// about to be finished.
type Batch struct {
	Settled  []Outcome
	Released []ID
	Doubt    []ID
	// Messages are the Message-IDs of those in Doubt, and Via is the connection they go
	// over, as in Outcome: what to look for in the log of a server if this process ends
	// before the answers come. nil and "" where they are not known.
	Messages []string
	Via      string
}

// Claim takes rows for this caller and returns those it got: rows that are to be sent and
// that nobody else has. They come from Plan or Due; what neither has seen since the ledger
// was opened cannot be claimed. It writes nothing; the claims of a process end with it.
func (r *Run) Claim(ids []ID) []ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	won := make([]ID, 0, len(ids))
	for _, id := range ids {
		if id == 0 || id > r.last || r.rows[id]&(claimed|doubted) != 0 || !r.claimable(r.rows[id].state()) {
			continue
		}
		r.rows[id] |= claimed
		won = append(won, id)
	}
	return won
}

// claimable reports whether rows of a state are to be sent, or decided: what is unknown is
// under another policy than Hold.
func (r *Run) claimable(s State) bool {
	return s.open() || s == Unknown && r.settings.InDoubt != Hold
}

// Unclaim gives claims back, and reports whether there was one.
func (r *Run) Unclaim(ids []ID) (held bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if id > 0 && id <= r.last {
			held = held || r.rows[id]&claimed != 0
			r.rows[id] &^= claimed
		}
	}
	return held
}

// Doubt notes that the ends of the messages of claimed rows are about to be written. They
// may be written once it has returned nil.
func (r *Run) Doubt(ids []ID) error { return r.Commit(Batch{Doubt: ids}) }

// Release takes rows back from doubt to claimed: the ends of their messages provably were
// not written.
func (r *Run) Release(ids []ID) error { return r.Commit(Batch{Released: ids}) }

// Settle notes what came of attempts.
func (r *Run) Settle(outcomes []Outcome) error { return r.Commit(Batch{Settled: outcomes}) }

// Commit is Settle, Release and Doubt in one, with one fsync. A batch that makes no sense is
// an error and changes nothing.
func (r *Run) Commit(b Batch) error {
	if len(b.Settled)+len(b.Released)+len(b.Doubt) == 0 {
		return r.ledger.Err()
	}
	if err := r.admit(b); err != nil {
		return fmt.Errorf("ledger: run %q: %w", r.Name, err)
	}
	if err := r.admitRecipients(b.Settled); err != nil {
		return fmt.Errorf("ledger: run %q: %w", r.Name, err)
	}
	return r.ledger.commit("what came of messages", func() error {
		if err := r.settle(b.Settled); err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, id := range b.Released {
			r.leave(id)
		}
		return r.doubt(&b)
	})
}

func (r *Run) settle(outcomes []Outcome) error {
	if len(outcomes) == 0 {
		return nil
	}
	if err := r.ledger.point("settle.before"); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range outcomes {
		o := &outcomes[i]
		m := r.rows[o.ID]
		attempts := 0
		if m&(claimed|doubted) != 0 {
			attempts = 1
		}
		if err := r.ledger.point("settle.outcome"); err != nil {
			return err
		}
		if first := m&several == 0 && m.state() <= Planned; first {
			r.firsts = append(r.firsts, firstOutcome{o, attempts})
		} else if err := r.writeOutcome(o, attempts); err != nil {
			return err
		}
		if i+1 < len(outcomes) && outcomes[i+1].ID == o.ID {
			continue // to the last of its recipients
		}
		state := o.State
		r.forget(o.ID)
		if m&several != 0 {
			var err error
			if state, err = r.storedState(o.ID); err != nil {
				return err
			}
		}
		r.move(o.ID, state)
		r.leave(o.ID)
		r.rows[o.ID] &^= claimed
	}
	if err := r.insertFirsts(); err != nil {
		return err
	}
	return r.ledger.point("settle.after")
}

// firstOutcome is that of a recipient that has none yet.
type firstOutcome struct {
	*Outcome
	attempts int
}

// outcomes inserts first ones.
var outcomes = newBulk("outcome", "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null)")

// insertFirsts writes the outcomes that were gathered.
func (r *Run) insertFirsts() error {
	err := r.ledger.insert(&outcomes, len(r.firsts), func(s *sqlite.Stmt, first, i int) error {
		return r.bindOutcome(s, first, r.firsts[i].Outcome, r.firsts[i].attempts)
	})
	clear(r.firsts)
	r.firsts = r.firsts[:0]
	return err
}

// writeOutcome writes what came of a recipient, over what it was before.
func (r *Run) writeOutcome(o *Outcome, attempts int) error {
	l := r.ledger
	query := outcomes.queries[len(bulkSizes)-1]
	if m := r.rows[o.ID]; m.state() > Planned || m&several != 0 {
		query += ` on conflict do update set first = coalesce(first, iif(attempts > 0, time, null)), state = excluded.state, attempts = attempts + excluded.attempts, next = excluded.next,
			time = excluded.time, epoch = excluded.epoch, code = excluded.code, enhanced = excluded.enhanced,
			text = excluded.text, queue = excluded.queue, via = excluded.via, message = coalesce(excluded.message, message),
			sum = coalesce(excluded.sum, sum)`
	}
	s, err := l.prepared(query)
	if err != nil {
		return err
	}
	if err := r.bindOutcome(s, 0, o, attempts); err != nil {
		return err
	}
	return execute(s)
}

// bindOutcome binds the parameters behind the first ones.
func (r *Run) bindOutcome(s *sqlite.Stmt, first int, o *Outcome, attempts int) (err error) {
	l := r.ledger
	var next, via int64
	if o.State == Deferred {
		next = milliseconds(o.Next)
	}
	if o.Via != "" {
		if via, err = l.viaID(o.Via); err != nil {
			return err
		}
	}
	at := o.Time
	if at.IsZero() {
		at = l.now()
	}
	s.BindInt64(first+1, outcomeID(rowID(r.id, o.ID), o.Recipient))
	s.BindInt64(first+2, int64(o.State))
	s.BindInt64(first+3, int64(attempts))
	bindNumber(s, first+4, next)
	s.BindInt64(first+5, milliseconds(at))
	s.BindInt64(first+6, l.epoch)
	bindNumber(s, first+7, int64(o.Code))
	bindOptional(s, first+8, o.Enhanced)
	bindOptional(s, first+9, o.Text)
	bindOptional(s, first+10, o.Queue)
	bindNumber(s, first+11, via)
	bindOptional(s, first+12, o.Message)
	if len(o.Sum) == 0 {
		s.BindNull(first + 13)
	} else {
		s.BindBytes(first+13, o.Sum)
	}
	if o.ID%32 == 0 {
		l.pages++
	}
	return nil
}

func bindNumber(s *sqlite.Stmt, parameter int, n int64) {
	if n == 0 {
		s.BindNull(parameter)
	} else {
		s.BindInt64(parameter, n)
	}
}

// viaID is the number of a text that most outcomes share.
func (l *Ledger) viaID(text string) (int64, error) {
	if id, ok := l.via[text]; ok {
		return id, nil
	}
	if err := l.run("insert or ignore into via (text) values (?)", text); err != nil {
		return 0, err
	}
	id, err := l.integer("select id from via where text = ?", text)
	l.via[text] = id
	return id, err
}
