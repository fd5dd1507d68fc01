package ledger

import (
	"strings"

	"zombiezen.com/go/sqlite"
)

// bulk are the statements that insert rows into a table several at a time. A statement for
// many takes two thirds of the time of as many statements. One that fails takes the whole
// transaction back, as is done after any error: SQLite need not be able to undo it alone.
type bulk struct {
	parameters int // of a row
	queries    [len(bulkSizes)]string
}

// bulkSizes is how many rows a statement inserts, the most first.
var bulkSizes = [...]int{32, 8, 1}

func newBulk(table, values string) bulk {
	b := bulk{parameters: strings.Count(values, "?")}
	for i, n := range bulkSizes {
		b.queries[i] = "insert or rollback into " + table + " values " + values + strings.Repeat(", "+values, n-1)
	}
	return b
}

// insert inserts n rows. set binds the parameters of one, which come after the first ones.
func (l *Ledger) insert(b *bulk, n int, set func(s *sqlite.Stmt, first, row int) error) error {
	for row, size := 0, 0; row < n; {
		for bulkSizes[size] > n-row {
			size++
		}
		s, err := l.prepared(b.queries[size])
		if err != nil {
			return err
		}
		for i := range bulkSizes[size] {
			if err := set(s, i*b.parameters, row); err != nil {
				return err
			}
			row++
		}
		if err := execute(s); err != nil {
			return err
		}
	}
	return nil
}
