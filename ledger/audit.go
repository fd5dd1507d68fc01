package ledger

import (
	"context"
	"slices"

	"zombiezen.com/go/sqlite"
)

// Audit finds all rows of all runs that have an address as a recipient, the first run
// first. It looks through the hashes of keys and addresses, four octets a row.
func (l *Ledger) Audit(ctx context.Context, address string) ([]Item, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	folded := fold(address)
	hash := l.hash(folded)
	var rows []int64
	err := l.query("select run, first, hashes, others from chunk order by run, first", func(s *sqlite.Stmt) error {
		run := s.ColumnInt64(0)
		eachHash(chunk{first: ID(s.ColumnInt64(1)), hashes: columnBytes(s, 2), others: columnBytes(s, 3)}, func(h uint32, id ID) {
			if h == hash {
				rows = append(rows, rowID(run, id))
			}
		})
		return ctx.Err()
	})
	if err != nil {
		return nil, l.explain(err)
	}
	slices.Sort(rows)
	var found []Item
	for _, row := range slices.Compact(rows) {
		run, _ := splitRow(row)
		name := ""
		err := l.query("select name from run where id = ?", func(s *sqlite.Stmt) error {
			name = s.ColumnText(0)
			return nil
		}, run)
		if err != nil {
			return nil, l.explain(err)
		}
		items, err := l.items(name, "where row.id = ?", row)
		if err != nil {
			return nil, l.explain(err)
		}
		doubts, err := (&Run{ledger: l, id: run}).doubts()
		if err != nil {
			return nil, l.explain(err)
		}
		doubtful(items, doubts)
		found = append(found, slices.DeleteFunc(items, func(i Item) bool {
			return !slices.ContainsFunc(i.Recipients, func(r Recipient) bool { return fold(r.Address) == folded })
		})...)
	}
	return found, nil
}
