package ledger

import (
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
)

// stored is a row as the database has it, with the states of its recipients.
type stored struct {
	id         ID
	key        string
	number     int64
	hash       uint64
	recipients []string // nil is the key alone
	states     []State
}

func (s *stored) addresses() []string {
	if s.recipients == nil {
		return []string{s.key}
	}
	return s.recipients
}

// state is that of the row.
func (s *stored) state() State {
	if len(s.states) == 1 {
		return s.states[0]
	}
	return of(s.states)
}

// block are some rows in sequence, read together: a source that is read again asks for
// them in the order it did the last time, and to read one by one takes four times as long.
type block struct {
	first ID
	rows  []stored
	next  ID // what will be asked for if it goes on in sequence
}

// blockRows is how many rows are read together.
const blockRows = 256

// look reads a row.
func (r *Run) look(id ID) (*stored, error) {
	b := &r.block
	if id < b.first || id >= b.first+ID(len(b.rows)) {
		n := ID(1)
		if id == b.next {
			n = blockRows
		}
		rows, err := r.read(b.rows[:0], id, id+n-1)
		if err != nil {
			b.rows = nil
			return nil, err
		}
		b.first, b.rows = id, rows
		if len(rows) == 0 || rows[0].id != id {
			b.rows = nil
			return nil, r.ledger.corrupt("a row is missing")
		}
	}
	b.next = id + 1
	return &b.rows[id-b.first], nil
}

// forget drops what was read of a row that changes.
func (r *Run) forget(id ID) {
	if b := &r.block; id >= b.first && id < b.first+ID(len(b.rows)) {
		b.rows = b.rows[:0]
	}
}

// read appends the rows from first to last.
func (r *Run) read(rows []stored, first, last ID) ([]stored, error) {
	if err := r.insertPlanned(); err != nil {
		return nil, err
	}
	err := r.ledger.query(`select row.id, key, number, hash, recipients, outcome.id, state
		from row left join outcome on outcome.id between row.id << 14 and row.id << 14 | 16383
		where row.id between ? and ? order by row.id, outcome.id`, func(s *sqlite.Stmt) error {
		_, id := splitRow(s.ColumnInt64(0))
		if n := len(rows); n == 0 || rows[n-1].id != id {
			row := stored{id: id, key: s.ColumnText(1), number: s.ColumnInt64(2), hash: uint64(s.ColumnInt64(3))}
			if !s.ColumnIsNull(4) {
				row.recipients = splitRecipients(s.ColumnText(4))
			}
			row.states = slices.Repeat([]State{Planned}, max(1, len(row.addresses())))
			rows = append(rows, row)
		}
		if s.ColumnIsNull(5) {
			return nil
		}
		row := &rows[len(rows)-1]
		recipient := int(s.ColumnInt64(5) & (MaxRecipients - 1))
		if recipient >= len(row.states) {
			return r.ledger.corrupt("an outcome is that of no recipient")
		}
		row.states[recipient] = State(s.ColumnInt64(6))
		return nil
	}, rowID(r.id, first), rowID(r.id, last))
	return rows, err
}

// storedState is the state of a row in the database.
func (r *Run) storedState(id ID) (State, error) {
	rows, err := r.read(nil, id, id)
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return 0, r.ledger.corrupt("a row is missing")
	}
	return rows[0].state(), nil
}

func splitRecipients(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}
