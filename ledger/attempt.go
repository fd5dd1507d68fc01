package ledger

import (
	"encoding/binary"
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

// Unclaim gives claims back.
func (r *Run) Unclaim(ids []ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if id > 0 && id <= r.last {
			r.rows[id] &^= claimed
		}
	}
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
		return r.doubt(b.Doubt)
	})
}

// admit looks whether each row of a batch is where it must be. Nobody else can take it
// from there meanwhile: it is the caller's.
func (r *Run) admit(b Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	once := newOnce(b)
	for i := range b.Settled {
		o := &b.Settled[i]
		if o.ID == 0 || o.ID > r.last {
			return fmt.Errorf("there is no row %d", o.ID)
		}
		if i > 0 && b.Settled[i-1].ID == o.ID {
			if b.Settled[i-1].Recipient >= o.Recipient {
				return fmt.Errorf("row %d: recipients are not in order", o.ID)
			}
		} else if !once.first(o.ID) {
			return fmt.Errorf("row %d is in the batch twice", o.ID)
		}
		m := r.rows[o.ID]
		switch {
		case !o.State.stored():
			return fmt.Errorf("row %d cannot be settled as %s", o.ID, o.State)
		case o.Recipient < 0 || o.Recipient >= MaxRecipients || m&several == 0 && o.Recipient > 0:
			return fmt.Errorf("row %d has no recipient %d", o.ID, o.Recipient)
		case o.Assumed && o.State == Sent && m&claimed != 0 && m.state() == Unknown:
		case (o.State == Sent || o.State == Unknown) && m&doubted == 0:
			return fmt.Errorf("row %d is to be settled as %s and was not in doubt", o.ID, o.State)
		case m&(doubted|claimed) == 0 && (o.State == Deferred || !m.state().open()):
			return fmt.Errorf("row %d is to be settled as %s and was not claimed", o.ID, o.State)
		}
	}
	for _, id := range b.Released {
		if id == 0 || id > r.last || r.rows[id]&doubted == 0 || !once.first(id) {
			return fmt.Errorf("row %d is to be released and was not in doubt", id)
		}
	}
	for _, id := range b.Doubt {
		if id == 0 || id > r.last || r.rows[id]&(claimed|doubted) != claimed || !once.first(id) {
			return fmt.Errorf("row %d is to be in doubt and was not claimed", id)
		}
	}
	return nil
}

// once finds rows that are in a batch twice. Those that come in order, as nearly all do, it
// need not remember.
type once struct {
	seen map[ID]struct{}
}

func newOnce(b Batch) *once {
	var last ID
	for _, o := range b.Settled {
		if o.ID < last {
			return &once{seen: map[ID]struct{}{}}
		}
		last = o.ID
	}
	for _, ids := range [][]ID{b.Released, b.Doubt} {
		for _, id := range ids {
			if id <= last {
				return &once{seen: map[ID]struct{}{}}
			}
			last = id
		}
	}
	return &once{}
}

func (o *once) first(id ID) bool {
	if o.seen == nil {
		return true
	}
	_, known := o.seen[id]
	o.seen[id] = struct{}{}
	return !known
}

// admitRecipients looks whether rows with several recipients have those that are settled.
func (r *Run) admitRecipients(outcomes []Outcome) error {
	l := r.ledger
	for _, o := range outcomes {
		r.mu.Lock()
		m := r.rows[o.ID]
		r.mu.Unlock()
		if m&several == 0 {
			continue
		}
		l.mu.Lock()
		err := l.readable()
		if err == nil {
			var row *stored
			if row, err = r.look(o.ID); err == nil && o.Recipient >= max(1, len(row.addresses())) {
				err = fmt.Errorf("row %d has no recipient %d", o.ID, o.Recipient)
			}
		}
		l.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
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
		if err := r.writeOutcome(o, attempts); err != nil {
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
	return r.ledger.point("settle.after")
}

// writeOutcome writes what came of a recipient, over what it was before.
func (r *Run) writeOutcome(o *Outcome, attempts int) error {
	l := r.ledger
	query := "insert into outcome values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null)"
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
	s.BindInt64(1, outcomeID(rowID(r.id, o.ID), o.Recipient))
	s.BindInt64(2, int64(o.State))
	s.BindInt64(3, int64(attempts))
	bindNumber(s, 4, next)
	s.BindInt64(5, milliseconds(at))
	s.BindInt64(6, l.epoch)
	bindNumber(s, 7, int64(o.Code))
	bindOptional(s, 8, o.Enhanced)
	bindOptional(s, 9, o.Text)
	bindOptional(s, 10, o.Queue)
	bindNumber(s, 11, via)
	bindOptional(s, 12, o.Message)
	if len(o.Sum) == 0 {
		s.BindNull(13)
	} else {
		s.BindBytes(13, o.Sum)
	}
	if o.ID%32 == 0 {
		l.pages++
	}
	return execute(s)
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

// window is a batch of rows in doubt: one record, which shrinks as they are settled.
type window struct {
	id    int64
	rows  []ID
	dirty bool
}

func (r *Run) doubt(ids []ID) error {
	if len(ids) == 0 {
		return nil
	}
	l := r.ledger
	if err := l.point("doubt.before"); err != nil {
		return err
	}
	w := &window{rows: append([]ID(nil), ids...)}
	err := l.run("insert into doubt (run, epoch, time, rows) values (?, ?, ?, ?)", r.id, l.epoch, milliseconds(l.now()), packIDs(w.rows))
	if err != nil {
		return err
	}
	w.id = l.conn.LastInsertRowID()
	for _, id := range ids {
		r.rows[id] |= doubted
		r.windows[id] = w
	}
	l.pages += 2
	return l.point("doubt.after")
}

// leave takes a row out of doubt.
func (r *Run) leave(id ID) {
	w := r.windows[id]
	if w == nil {
		return
	}
	delete(r.windows, id)
	r.rows[id] &^= doubted
	for i, other := range w.rows {
		if other == id {
			w.rows[i] = w.rows[len(w.rows)-1]
			w.rows = w.rows[:len(w.rows)-1]
			break
		}
	}
	if !w.dirty {
		w.dirty = true
		r.dirty = append(r.dirty, w)
	}
}

// writeWindows writes what is left of batches.
func (r *Run) writeWindows() error {
	l := r.ledger
	for _, w := range r.dirty {
		w.dirty = false
		var err error
		if len(w.rows) == 0 {
			if err = l.point("window.delete"); err == nil {
				err = l.run("delete from doubt where id = ?", w.id)
			}
		} else if err = l.point("window.update"); err == nil {
			err = l.run("update doubt set rows = ? where id = ?", packIDs(w.rows), w.id)
		}
		if err != nil {
			return err
		}
	}
	r.dirty = r.dirty[:0]
	return nil
}

func packIDs(ids []ID) []byte {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	return b
}

func unpackIDs(b []byte) []ID {
	ids := make([]ID, 0, len(b)/4)
	for ; len(b) >= 4; b = b[4:] {
		ids = append(ids, ID(binary.LittleEndian.Uint32(b)))
	}
	return ids
}
