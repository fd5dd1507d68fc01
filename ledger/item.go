package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"
)

// Item is a row of a run with all that is known of it.
type Item struct {
	Run        string
	ID         ID
	Key        string
	Number     int64 // in the source, when it was last planned
	Hash       uint64
	State      State
	Recipients []Recipient // one at least; where the row has none, one without an address
}

// Recipient is one of the envelope and what became of it.
type Recipient struct {
	Address  string
	State    State
	Attempts int
	Next     time.Time // of the next attempt, where there will be one
	Time     time.Time // when it came to be so
	Code     int
	Enhanced string
	Text     string // the reply, or the reason
	Queue    string
	Via      string    // the server, and how the connection was encrypted
	Message  string    // Message-ID
	Sum      []byte    // of the message's octets, where it may be sent again
	First    time.Time // of the first attempt
}

// Filter chooses rows. The zero value is all.
type Filter struct {
	// States are those of rows, or of one of their recipients.
	States []State
	// After is the row before the first.
	After ID
}

func (f Filter) takes(i *Item) bool {
	return len(f.States) == 0 || slices.Contains(f.States, i.State) ||
		slices.ContainsFunc(i.Recipients, func(r Recipient) bool { return slices.Contains(f.States, r.State) })
}

const itemColumns = `select row.id, key, number, hash, recipients, outcome.id, state, attempts, next, outcome.time, code, enhanced, outcome.text, queue, via.text, message, sum, first
	from row left join outcome on outcome.id between row.id << 14 and row.id << 14 | 16383 left join via on via.id = outcome.via `

// items reads rows that where, with its parameters, chooses.
func (l *Ledger) items(run string, where string, arguments ...any) ([]Item, error) {
	var items []Item
	err := l.query(itemColumns+where+" order by row.id, outcome.id", func(s *sqlite.Stmt) error {
		_, id := splitRow(s.ColumnInt64(0))
		if n := len(items); n == 0 || items[n-1].ID != id {
			item := Item{Run: run, ID: id, Key: s.ColumnText(1), Number: s.ColumnInt64(2), Hash: uint64(s.ColumnInt64(3))}
			addresses := []string{item.Key}
			if !s.ColumnIsNull(4) {
				addresses = splitRecipients(s.ColumnText(4))
			}
			if len(addresses) == 0 {
				addresses = []string{""}
			}
			item.Recipients = make([]Recipient, len(addresses))
			for i, a := range addresses {
				item.Recipients[i] = Recipient{Address: a, State: Planned}
			}
			items = append(items, item)
		}
		if s.ColumnIsNull(5) {
			return nil
		}
		item := &items[len(items)-1]
		n := int(s.ColumnInt64(5) & (MaxRecipients - 1))
		if n >= len(item.Recipients) {
			return l.corrupt("an outcome is that of no recipient")
		}
		r := &item.Recipients[n]
		r.State, r.Attempts = State(s.ColumnInt64(6)), int(s.ColumnInt64(7))
		r.Next, r.Time = fromMilliseconds(s.ColumnInt64(8)), fromMilliseconds(s.ColumnInt64(9))
		r.Code, r.Enhanced, r.Text = int(s.ColumnInt64(10)), s.ColumnText(11), s.ColumnText(12)
		r.Queue, r.Via, r.Message, r.Sum = s.ColumnText(13), s.ColumnText(14), s.ColumnText(15), columnBytes(s, 16)
		if r.First = fromMilliseconds(s.ColumnInt64(17)); r.First.IsZero() && r.Attempts > 0 {
			r.First = r.Time
		}
		return nil
	}, arguments...)
	for i := range items {
		states := make([]State, len(items[i].Recipients))
		for n, r := range items[i].Recipients {
			states[n] = r.State
		}
		items[i].State = of(states)
	}
	return items, err
}

// doubtful marks the rows whose message may be being finished.
func doubtful(items []Item, doubts map[ID]doubt) {
	for i := range items {
		d, ok := doubts[items[i].ID]
		if !ok {
			continue
		}
		items[i].State = InDoubt
		for n := range items[i].Recipients {
			r := &items[i].Recipients[n]
			if !r.State.open() {
				continue
			}
			r.State, r.Time = InDoubt, d.since
			if d.message != "" {
				r.Message = d.message
			}
			if d.via != "" {
				r.Via = d.via
			}
		}
	}
}

// pageItems is how many rows are read before others may use the ledger again.
const pageItems = 256

// Items are the rows of a run, in order. What is written meanwhile may be seen or not. An
// error is the last pair.
func (l *Ledger) Items(ctx context.Context, run string, f Filter) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for after := f.After; ; {
			items, last, err := l.page(run, f, after)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Item{}, err)
				return
			}
			for i := range items {
				if !yield(items[i], nil) {
					return
				}
			}
			if last == 0 {
				return
			}
			after = last
		}
	}
}

// page reads some rows after one, and returns where to go on; 0 at the end.
func (l *Ledger) page(name string, f Filter, after ID) ([]Item, ID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, 0, err
	}
	r, err := l.describe(name)
	if err != nil {
		return nil, 0, l.explain(err)
	}
	if r == nil {
		return nil, 0, fmt.Errorf("ledger %s: there is no run %q", l.path, name)
	}
	doubts, err := r.doubts()
	if err != nil {
		return nil, 0, l.explain(err)
	}
	last := ID(min(int64(after)+pageItems, int64(r.last)))
	var items []Item
	if rare(f.States) && len(doubts) == 0 {
		// There is an index of these.
		if items, err = l.rareItems(r, after); err == nil {
			last = r.last
			if len(items) >= pageItems {
				last = items[len(items)-1].ID
			}
		}
	} else {
		items, err = l.items(name, "where row.id between ? and ?", rowID(r.id, after+1), rowID(r.id, last))
	}
	if err != nil {
		return nil, 0, l.explain(err)
	}
	doubtful(items, doubts)
	items = slices.DeleteFunc(items, func(i Item) bool { return !f.takes(&i) })
	if last >= r.last {
		last = 0
	}
	return items, last, nil
}

// rare reports whether an index finds rows of these states.
func rare(states []State) bool {
	return len(states) > 0 && !slices.ContainsFunc(states, func(s State) bool { return s != Unknown && s != Deferred && s != InDoubt })
}

func (l *Ledger) rareItems(r *Run, after ID) ([]Item, error) {
	return l.items(r.Name, `where row.id in (select distinct id >> 14 from outcome
		where id >> 46 = ? and state in (8, 9) and state > 7 and id >> 14 > ? order by 1 limit ?)`, r.id, rowID(r.id, after), pageItems)
}

// Item is one row of the run.
func (r *Run) Item(id ID) (Item, error) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return Item{}, err
	}
	items, err := l.items(r.Name, "where row.id = ?", rowID(r.id, id))
	if err != nil {
		return Item{}, l.explain(err)
	}
	if len(items) == 0 {
		return Item{}, fmt.Errorf("ledger: run %q: there is no row %d", r.Name, id)
	}
	r.mu.Lock()
	busy := r.rows[id]&doubted != 0
	r.mu.Unlock()
	if !busy {
		return items[0], nil // what earlier processes left in doubt is unknown by now
	}
	doubts, err := r.doubts()
	doubtful(items, doubts)
	return items[0], l.explain(err)
}
