package ledger

// Leave ends what this process does with a run while the ledger stays open, as Close does
// for all: claims end, and what is still in doubt is unknown from now on. No method of the
// run may be called after it; Ledger.Run begins anew with what the database holds.
func (r *Run) Leave() error {
	l := r.ledger
	if !r.left() {
		l.mu.Lock()
		pending := l.pending
		if !pending {
			delete(l.runs, r.Name)
		}
		l.mu.Unlock()
		if !pending {
			return nil
		}
	}
	return l.commit("what is left in doubt", func() error {
		if err := r.loseDoubts(); err != nil {
			return err
		}
		// As the ledger does for the runs it knows, of which this is none any more.
		delete(l.runs, r.Name)
		return r.writeChanges()
	})
}

// left reports whether there is something to be written.
func (r *Run) left() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.windows) > 0 || len(r.dirty) > 0 || r.changed
}

// loseDoubts makes unknown what is in doubt.
func (r *Run) loseDoubts() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	doubts, err := r.doubts()
	if err != nil {
		return err
	}
	for _, id := range sortedIDs(r.windows) {
		if err := r.lose(id, "run", doubts[id]); err != nil {
			return err
		}
		r.leave(id)
	}
	return nil
}
