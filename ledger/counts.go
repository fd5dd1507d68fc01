package ledger

// columns of the counts, in the order of load and writeChanges.
var counted = [...]State{Planned, Sent, Failed, Skipped, Suppressed, Duplicate, Deferred, Unknown}

// Counts are how many rows of a run stand where.
type Counts struct {
	Rows                                                            int64 // all there are
	Planned, Sent, Failed, Skipped, Suppressed, Duplicate, Deferred int64
	// InDoubt are those whose end may be being written, Unknown those whose reply never
	// came.
	InDoubt, Unknown int64
}

// Open is how many are yet to be sent, now or later.
func (c Counts) Open() int64 { return c.Planned + c.Deferred }

// Counts are those of now.
func (r *Run) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.counts
	for id := range r.windows {
		n[r.rows[id].state()]--
	}
	return countsOf(int64(r.last), int64(len(r.windows)), n)
}

func countsOf(rows, inDoubt int64, n [Unknown + 1]int64) Counts {
	return Counts{
		Rows: rows, InDoubt: inDoubt, Planned: n[Planned], Sent: n[Sent], Failed: n[Failed], Skipped: n[Skipped],
		Suppressed: n[Suppressed], Duplicate: n[Duplicate], Deferred: n[Deferred], Unknown: n[Unknown],
	}
}

// move changes the state of a row in memory and in the counts. From 0 it is a new row.
func (r *Run) move(id ID, to State) {
	from := r.rows[id].state()
	if from == to {
		return
	}
	if from != 0 {
		r.counts[from]--
	}
	r.counts[to]++
	r.rows[id].set(to)
	r.changed = true
}

// writeChanges writes what a transaction changed beside the rows themselves.
func (r *Run) writeChanges() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.writeWindows(); err != nil || !r.changed {
		return err
	}
	l := r.ledger
	if err := l.point("counts.write"); err != nil {
		return err
	}
	s, err := l.prepared("update run set last = ?, planned = ?, sent = ?, failed = ?, skipped = ?, suppressed = ?, duplicate = ?, deferred = ?, unknown = ? where id = ?")
	if err != nil {
		return err
	}
	s.BindInt64(1, int64(r.last))
	for i, state := range counted {
		s.BindInt64(i+2, r.counts[state])
	}
	s.BindInt64(len(counted)+2, r.id)
	r.changed = false
	l.pages++
	return execute(s)
}
