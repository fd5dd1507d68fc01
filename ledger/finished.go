package ledger

// Finished says of rows of the source whether they are done, without asking whom they are
// for: rows that have the number and the content they had. Of these it says what Plan
// would, and they count as planned in this opening; the standing of any other is empty.
func (r *Run) Finished(batch []Row) ([]Standing, error) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	standings := make([]Standing, len(batch))
	for i := range batch {
		p := &batch[i]
		folded := fold(p.Key)
		known, _, err := r.lookup(p, l.hash(folded))
		if err != nil {
			return nil, l.explain(err)
		}
		if known == nil || known.lost() || known.number != p.Number || known.hash != p.Hash {
			continue
		}
		switch known.state() {
		case Sent, Failed, Suppressed:
			standings[i] = r.see(known)
		}
	}
	return standings, nil
}

// see marks a row as one the source still has.
func (r *Run) see(known *stored) Standing {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &r.rows[known.id]
	if m.state() == 0 {
		m.set(known.state())
		if len(known.addresses()) != 1 {
			*m |= several
		}
	}
	*m |= seen
	return Standing{ID: known.id, State: known.state(), Open: openOnes(known.states)}
}
