package ledger

import "fmt"

// admit looks whether each row of a batch is where it must be. Nobody else can take it
// from there meanwhile: it is the caller's.
func (r *Run) admit(b Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.Messages != nil && len(b.Messages) != len(b.Doubt) {
		return fmt.Errorf("%d rows are to be in doubt and have %d Message-IDs", len(b.Doubt), len(b.Messages))
	}
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
