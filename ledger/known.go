package ledger

import "slices"

// Look says of rows of the source what Plan would, and plans nothing. Addresses that are
// taken it does not see.
func (r *Run) Look(batch []Row) ([]Standing, error) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	standings := make([]Standing, len(batch))
	for i := range batch {
		p, s := &batch[i], &standings[i]
		folded := fold(p.Key)
		known, _, err := r.lookup(p, l.hash(folded), folded)
		if err != nil {
			return nil, l.explain(err)
		}
		if known == nil {
			s.New, s.State = true, Planned
			continue
		}
		r.mu.Lock()
		s.ID, s.State, s.Open = known.id, known.state(), openOnes(known.states)
		if r.rows[known.id]&seen != 0 && known.number != p.Number {
			s.ID, s.Earlier = 0, known.number
		} else if !known.same(p) && !known.lost() {
			if s.Edit = Kept; known.replaceable(p) {
				s.Edit = Adopted
			}
		}
		r.mu.Unlock()
	}
	return standings, nil
}

// same reports whether the content of a row is what it was.
func (s *stored) same(p *Row) bool {
	return s.hash == p.Hash && (p.State != 0 || slices.Equal(s.addresses(), p.Recipients))
}

// lookup finds the row with a key, and one that has it as its address.
func (r *Run) lookup(p *Row, hash uint32, folded string) (known, other *stored, err error) {
	r.keys.find(hash, func(id ID) bool {
		var row *stored
		if row, err = r.look(id); err != nil {
			return false
		}
		if row.key == p.Key || row.lost() {
			known, other = row, nil
			return false
		}
		if other == nil && r.settings.Addresses != AnyAddress && row.has(folded) {
			copied := *row
			other = &copied
		}
		return true
	})
	return known, other, err
}

// has reports whether a row is to be sent to an address.
func (s *stored) has(folded string) bool {
	if s.state() == Duplicate || s.state() == Skipped {
		return false
	}
	return slices.ContainsFunc(s.addresses(), func(a string) bool { return fold(a) == folded })
}

// whoHas finds a row that is to be sent to an address, other than one.
func (r *Run) whoHas(folded string, hash uint32, but ID) (other *stored, err error) {
	r.keys.find(hash, func(id ID) bool {
		if id == but {
			return true
		}
		var row *stored
		if row, err = r.look(id); err != nil {
			return false
		}
		if row.has(folded) {
			copied := *row
			other = &copied
		}
		return other == nil
	})
	return other, err
}

// planKnown compares a row of the source with what was planned.
func (r *Run) planKnown(p *Row, s *Standing, known *stored) error {
	id := known.id
	r.mu.Lock()
	defer r.mu.Unlock()
	s.ID, s.State, s.Open = id, known.state(), openOnes(known.states)
	m := &r.rows[id]
	if *m&seen != 0 && known.number != p.Number {
		s.ID, s.Earlier = 0, known.number
		return nil
	}
	busy := *m&(claimed|doubted) != 0
	if m.state() == 0 {
		m.set(known.state())
		if len(known.addresses()) != 1 {
			*m |= several
		}
	}
	*m |= seen
	if !known.same(p) {
		s.Edit = Kept
		if known.replaceable(p) && !busy {
			s.Edit = Adopted
			return r.replace(p, s, known)
		}
	}
	if known.number != p.Number {
		r.forget(id)
		if err := r.ledger.run("update row set number = ? where id = ?", p.Number, rowID(r.id, id)); err != nil {
			return err
		}
	}
	if r.ledger.never > 0 && !busy && known.state().open() {
		return r.suppressKnown(s, known)
	}
	return nil
}

// replaceable reports whether nobody can have got what a row was, and it can still be
// something else.
func (s *stored) replaceable(p *Row) bool {
	if p.State != 0 {
		return false // Settle says so
	}
	for _, state := range s.states {
		if !state.open() {
			return false
		}
	}
	return len(s.states) == len(p.Recipients) || !slices.Contains(s.states, Deferred)
}

func (r *Run) replace(p *Row, s *Standing, known *stored) error {
	l := r.ledger
	if err := l.point("plan.replace"); err != nil {
		return err
	}
	r.forget(known.id)
	update, err := l.prepared("update row set number = ?, hash = ?, recipients = ? where id = ?")
	if err != nil {
		return err
	}
	update.BindInt64(1, p.Number)
	update.BindInt64(2, int64(p.Hash))
	bindRecipients(update, 3, p)
	update.BindInt64(4, rowID(r.id, known.id))
	if err := execute(update); err != nil {
		return err
	}
	l.pages++
	before := known.addresses()
	for _, a := range p.Recipients {
		if fold(a) != fold(p.Key) && !slices.Contains(before, a) {
			r.addAddress(l.hash(fold(a)), known.id)
		}
	}
	m := &r.rows[known.id]
	*m &^= several
	if len(p.Recipients) != 1 {
		*m |= several
	}
	if slices.Equal(before, p.Recipients) {
		return nil
	}
	s.Open = nil
	return nil
}

// suppressKnown finds recipients of a row that were suppressed after it was planned.
func (r *Run) suppressKnown(s *Standing, known *stored) error {
	addresses, states := known.addresses(), slices.Clone(known.states)
	for i, a := range addresses {
		if !states[i].open() {
			continue
		}
		reason, found, err := r.ledger.suppressed(a)
		if err != nil {
			return err
		}
		if found {
			states[i] = Suppressed
			if err := r.insertFinal(known.id, i, Suppressed, reason); err != nil {
				return err
			}
		}
	}
	if slices.Equal(states, known.states) {
		return nil
	}
	r.forget(known.id)
	r.move(known.id, of(states))
	s.State, s.Open = of(states), openOnes(states)
	return nil
}
