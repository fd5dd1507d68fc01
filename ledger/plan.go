package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
)

// Row is one of the source.
type Row struct {
	Key    string
	Number int64  // in the source, from 1
	Hash   uint64 // of its content
	// Recipients are the envelope addresses. There may be none where State is given.
	Recipients []string
	// State is Skipped or Failed where the row is not to be sent, for the Reason given;
	// else 0.
	State  State
	Reason string
}

// Standing is what the ledger knows of a row of the source.
type Standing struct {
	ID ID // 0 where the row was not planned, see Earlier and Taken
	// State is that of the row. Planned and Deferred are to be sent, also where a worker
	// has it. What is known of attempts, Item tells.
	State State
	// New tells that the row was not in the ledger before.
	New bool
	// Edit tells whether the content is what it was.
	Edit Edit
	// Open are the indexes of the recipients that the message is yet to be sent to. It is
	// nil where that is all of them, or none.
	Open []int
	// Earlier is the number of the row of this source that has the same key; 0 where
	// there is none.
	Earlier int64
	// Taken is an address that another row of the run has: it was sent there, or may have
	// been, or is to be. TakenBy is that row's number when it was planned, and TakenKey its
	// key, "" where a damaged ledger does not know it any more.
	Taken    string
	TakenBy  int64
	TakenKey string
}

// Edit says what became of a row whose content changed since it was planned.
type Edit string

const (
	// Unedited is a row whose content is what it was.
	Unedited Edit = ""
	// Adopted is one whose new content will be sent: nobody can have got the old one.
	Adopted Edit = "adopted"
	// Kept is one whose old content was sent, or may have been, to somebody.
	Kept Edit = "kept"
)

// Plan notes rows of the source, and says of each what the ledger knows: rows that were
// planned before keep their state. The same row, of the same key and number, may be planned
// again; another one with its key is not planned, nor is one with an address that is taken
// if the settings of the run say so.
//
// Rows that are to be sent are on disk with the next commit, such as Doubt, and after a second
// at the latest; those that have ended are when it returns.
func (r *Run) Plan(batch []Row) ([]Standing, error) {
	for i := range batch {
		if err := batch[i].check(); err != nil {
			return nil, fmt.Errorf("ledger: run %q: row %d: %w", r.Name, batch[i].Number, err)
		}
	}
	standings := make([]Standing, len(batch))
	w := &request{what: "what is planned", waits: true}
	w.op = func() error {
		for i := range batch {
			s := &standings[i]
			if err := r.planRow(&batch[i], s); err != nil {
				return err
			}
			if s.New && !s.State.open() || s.State == Suppressed {
				w.waits = false // it has ended, and the caller tells of it
			}
		}
		if err := r.insertPlanned(); err != nil {
			return err
		}
		return r.writeChunk()
	}
	if err := r.ledger.write(w); err != nil {
		return nil, err
	}
	return standings, nil
}

func (p *Row) check() error {
	if p.Key == "" {
		return errors.New("the key is empty")
	}
	if p.Key[0] == 0 {
		return errors.New("the key begins with NUL") // as those of lost rows do
	}
	if p.State != 0 && p.State != Skipped && p.State != Failed {
		return fmt.Errorf("it cannot be planned as %s", p.State)
	}
	if len(p.Recipients) == 0 && p.State == 0 {
		return errors.New("it has no recipient")
	}
	if len(p.Recipients) > MaxRecipients {
		return fmt.Errorf("it has %d recipients, and %d are all there can be", len(p.Recipients), MaxRecipients)
	}
	for _, a := range p.Recipients {
		if a == "" || strings.Contains(a, "\n") {
			return fmt.Errorf("%q cannot be an address", a)
		}
	}
	return nil
}

func (r *Run) planRow(p *Row, s *Standing) error {
	folded := fold(p.Key)
	hash := r.ledger.hash(folded)
	known, alone, err := r.lookup(p, hash)
	if err != nil {
		return err
	}
	if known != nil && known.lost() {
		if err := r.recognise(p, known.id); err != nil {
			return err
		}
		if known, err = r.look(known.id); err != nil {
			return err
		}
	}
	hashes := r.hashes(p, folded, hash)
	if known != nil {
		return r.planKnown(p, s, known, hashes)
	}
	state, reason := p.State, p.Reason
	if state == 0 && !(alone && len(hashes) == 1 && hashes[0] == hash) {
		taken, err := r.taken(p, s, hashes, 0)
		if err != nil {
			return err
		}
		if taken && r.settings.Addresses == UniqueAddress {
			s.State = Duplicate
			return nil
		}
		if taken {
			state, reason = Duplicate, fmt.Sprintf("row %d has the same address", s.TakenBy)
		}
	}
	if r.last == maxOrdinal {
		return fmt.Errorf("%d rows are all there can be", r.last)
	}
	return r.insertRow(p, s, hash, hashes, state, reason)
}

func (r *Run) insertRow(p *Row, s *Standing, hash uint32, hashes []uint32, state State, reason string) error {
	l := r.ledger
	if err := l.point("plan.row"); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.last + 1
	r.planned = append(r.planned, p)
	l.pages += len(p.Recipients) / 64
	if id%32 == 0 {
		l.pages++
	}
	r.last = id
	r.rows = append(r.rows, seen)
	if len(p.Recipients) != 1 {
		r.rows[id] |= several
	}
	if err := r.addKey(hash, id); err != nil {
		return err
	}
	for _, h := range hashes {
		if h != hash {
			r.addAddress(h, id)
		}
	}
	states := []State{Planned}
	if state != 0 {
		states[0] = state
		if err := r.insertFinal(id, 0, state, reason); err != nil {
			return err
		}
		for i := 1; i < len(p.Recipients); i++ {
			states = append(states, state)
			if err := r.insertFinal(id, i, state, reason); err != nil {
				return err
			}
		}
	} else {
		var err error
		if states, err = r.suppressNew(id, p.Recipients); err != nil {
			return err
		}
	}
	r.move(id, of(states))
	s.ID, s.New, s.State = id, true, of(states)
	s.Open = openOnes(states)
	return nil
}

// plannedRows inserts new rows.
var plannedRows = newBulk("row", "(?, ?, ?, ?, ?)")

// insertPlanned writes the new rows that were gathered, which are the last ones.
func (r *Run) insertPlanned() error {
	if len(r.planned) == 0 {
		return nil
	}
	id := rowID(r.id, r.last-ID(len(r.planned)))
	err := r.ledger.insert(&plannedRows, len(r.planned), func(s *sqlite.Stmt, first, i int) error {
		p := r.planned[i]
		id++
		s.BindInt64(first+1, id)
		s.BindText(first+2, p.Key)
		s.BindInt64(first+3, p.Number)
		s.BindInt64(first+4, int64(p.Hash))
		bindRecipients(s, first+5, p)
		return nil
	})
	clear(r.planned)
	r.planned = r.planned[:0]
	return err
}

// suppressNew finds which recipients of a new row get nothing.
func (r *Run) suppressNew(id ID, recipients []string) ([]State, error) {
	if r.ledger.never == 0 {
		if len(recipients) == 1 {
			return []State{Planned}, nil
		}
		return slices.Repeat([]State{Planned}, len(recipients)), nil
	}
	states := make([]State, len(recipients))
	for i, a := range recipients {
		states[i] = Planned
		reason, found, err := r.ledger.suppressed(a)
		if err != nil {
			return nil, err
		}
		if found {
			states[i] = Suppressed
			if err := r.insertFinal(id, i, Suppressed, reason); err != nil {
				return nil, err
			}
		}
	}
	return states, nil
}

// insertFinal notes why a recipient gets nothing, without an attempt.
func (r *Run) insertFinal(id ID, recipient int, state State, reason string) error {
	if err := r.ledger.point("plan.outcome"); err != nil {
		return err
	}
	return r.writeOutcome(&Outcome{ID: id, Recipient: recipient, State: state, Text: reason}, 0)
}

// openOnes are the indexes of those that are yet to be sent to, nil where it is all.
func openOnes(states []State) []int {
	if !slices.ContainsFunc(states, func(s State) bool { return !s.open() }) {
		return nil
	}
	var open []int
	for i, s := range states {
		if s.open() {
			open = append(open, i)
		}
	}
	return open
}

func bindRecipients(s *sqlite.Stmt, parameter int, p *Row) {
	if len(p.Recipients) == 1 && p.Recipients[0] == p.Key {
		s.BindNull(parameter)
		return
	}
	s.BindText(parameter, strings.Join(p.Recipients, "\n"))
}
