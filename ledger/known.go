package ledger

import "slices"

// Look says of rows of the source what Plan would, and plans nothing. Of rows that clash
// with each other it says nothing.
func (r *Run) Look(batch []Row) ([]Standing, error) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	standings := make([]Standing, len(batch))
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	for i := range batch {
		if last == 0 { // a run that begins knows nobody
			standings[i].New, standings[i].State = true, Planned
			continue
		}
		if err := r.lookAt(&batch[i], &standings[i]); err != nil {
			return nil, l.explain(err)
		}
	}
	return standings, nil
}

func (r *Run) lookAt(p *Row, s *Standing) error {
	folded := fold(p.Key)
	hash := r.ledger.hash(folded)
	found, _, err := r.lookup(p, hash)
	if err != nil {
		return err
	}
	if found == nil {
		s.New, s.State = true, Planned
		_, err := r.taken(p, s, r.hashes(p, folded, hash), 0)
		return err
	}
	known := *found // looking at other rows drops it
	r.mu.Lock()
	m := r.rows[known.id]
	r.mu.Unlock()
	s.ID, s.State, s.Open = known.id, known.state(), openOnes(known.states)
	if m&seen != 0 && known.number != p.Number {
		s.ID, s.Earlier = 0, known.number
		return nil
	}
	if !known.same(p) && !known.lost() {
		if s.Edit = Kept; known.replaceable(p) {
			s.Edit = Adopted
		}
	}
	if s.Edit == Kept || m&(claimed|doubted) != 0 || !known.unsent() {
		return nil
	}
	_, err = r.taken(p, s, r.hashes(p, folded, hash), known.id)
	return err
}

// unsent reports whether there is a recipient that the message is yet to be sent to.
func (s *stored) unsent() bool { return slices.ContainsFunc(s.states, State.open) }

// same reports whether the content of a row is what it was.
func (s *stored) same(p *Row) bool {
	return s.hash == p.Hash && (p.State != 0 || slices.Equal(s.addresses(), p.Recipients))
}

// lookup finds the row with a key; alone is true where no row has a key or an address with
// its hash.
func (r *Run) lookup(p *Row, hash uint32) (known *stored, alone bool, err error) {
	alone = true
	r.keys.find(hash, func(id ID) bool {
		alone = false
		var row *stored
		if row, err = r.look(id); err != nil {
			return false
		}
		if row.key == p.Key || row.lost() {
			known = row
		}
		return known == nil
	})
	return known, alone, err
}

// taken looks whether another row than one, which is 0 where it is new, has an address
// that this one is to be sent to, and says so.
func (r *Run) taken(p *Row, s *Standing, hashes []uint32, but ID) (bool, error) {
	if r.settings.Addresses == AnyAddress {
		return false, nil
	}
	for i, a := range p.Recipients {
		if s.Open != nil && !slices.Contains(s.Open, i) {
			continue
		}
		other, err := r.whoHas(a, hashes[i], but)
		if err != nil {
			return false, err
		}
		if other == nil {
			continue
		}
		s.ID, s.Taken, s.TakenBy, s.TakenKey = 0, a, other.number, other.key
		if other.lost() {
			s.TakenKey = ""
		}
		return true, nil
	}
	return false, nil
}

// whoHas finds a row that has an address, other than one.
func (r *Run) whoHas(address string, hash uint32, but ID) (other *stored, err error) {
	r.keys.find(hash, func(id ID) bool {
		if id == but {
			return true
		}
		var row *stored
		if row, err = r.look(id); err != nil {
			return false
		}
		if r.has(row, fold(address)) {
			other = row
		}
		return other == nil
	})
	return other, err
}

// has reports whether a row was sent to an address, or may have been, or is to be by this
// opening of the ledger. One that an earlier opening planned and nobody got keeps no other
// from being sent: it may have another address by now, or be gone from the source.
func (r *Run) has(s *stored, folded string) bool {
	if s.lost() {
		return true // what is left of it is a hash, and that is the same
	}
	r.mu.Lock()
	ours := r.rows[s.id]&seen != 0
	r.mu.Unlock()
	for i, a := range s.addresses() {
		if state := s.states[i]; (state == Sent || state == Unknown || state.open() && ours) && fold(a) == folded {
			return true
		}
	}
	return false
}

// planKnown compares a row of the source with what was planned.
func (r *Run) planKnown(p *Row, s *Standing, found *stored, hashes []uint32) error {
	known, id := *found, found.id // looking at other rows drops it
	s.ID, s.State, s.Open = id, known.state(), openOnes(known.states)
	r.mu.Lock()
	before := r.rows[id]
	r.mu.Unlock()
	if before&seen != 0 && known.number != p.Number {
		s.ID, s.Earlier = 0, known.number
		return nil
	}
	if p.State == 0 && before&(claimed|doubted) == 0 && known.unsent() && (known.same(p) || known.replaceable(p)) {
		if taken, err := r.taken(p, s, hashes, id); err != nil || taken {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &r.rows[id]
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
			return r.replace(p, s, &known)
		}
	}
	if known.number != p.Number {
		r.forget(id)
		if err := r.ledger.run("update row set number = ? where id = ?", p.Number, rowID(r.id, id)); err != nil {
			return err
		}
	}
	if r.ledger.never > 0 && !busy && known.state().open() {
		return r.suppressKnown(s, &known)
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
