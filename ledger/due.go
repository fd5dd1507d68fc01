package ledger

import (
	"time"

	"zombiezen.com/go/sqlite"
)

// Due are rows to try again at a time, those that have waited longest first, at most
// limit of them. Rows that somebody has claimed are not among them.
func (r *Run) Due(now time.Time, limit int) ([]Item, error) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	var ids []ID
	chosen := map[ID]bool{} // a row with several recipients is due several times
	err := r.waiting(func(id ID, next time.Time) error {
		if len(ids) >= limit || next.After(now) {
			return errEnough
		}
		if !chosen[id] {
			chosen[id] = true
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		return nil, l.explain(err)
	}
	due := make([]Item, 0, len(ids))
	for _, id := range ids {
		items, err := l.items(r.Name, "where row.id = ?", rowID(r.id, id))
		if err != nil {
			return nil, l.explain(err)
		}
		for _, item := range items {
			r.learn(&item)
			due = append(due, item)
		}
	}
	return due, nil
}

// NextDue is when the next row is to be tried again; false where none waits.
func (r *Run) NextDue() (time.Time, bool, error) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return time.Time{}, false, err
	}
	var first time.Time
	found := false
	err := r.waiting(func(_ ID, next time.Time) error {
		first, found = next, true
		return errEnough
	})
	return first, found, l.explain(err)
}

// waiting calls each with the deferred recipients of rows that nobody has, the longest
// waiting first, until it returns errEnough.
func (r *Run) waiting(each func(ID, time.Time) error) error {
	return r.ledger.query("select id >> 14, next from outcome where id >> 46 = ? and state = 8 and state > 7 order by next", func(s *sqlite.Stmt) error {
		_, id := splitRow(s.ColumnInt64(0))
		r.mu.Lock()
		busy := r.rows[id]&(claimed|doubted) != 0
		r.mu.Unlock()
		if busy {
			return nil
		}
		return each(id, fromMilliseconds(s.ColumnInt64(1)))
	}, r.id)
}

// learn takes a row that was read to memory, so that it can be claimed.
func (r *Run) learn(item *Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &r.rows[item.ID]
	if m.state() != 0 {
		return
	}
	m.set(item.State)
	if len(item.Recipients) != 1 {
		*m |= several
	}
}
