package ledger

import (
	"math"
	"slices"

	"zombiezen.com/go/sqlite"
)

func columns(row *sqlite.Stmt) []any {
	values := make([]any, row.ColumnCount())
	for i := range values {
		switch row.ColumnType(i) {
		case sqlite.TypeInteger:
			values[i] = row.ColumnInt64(i)
		case sqlite.TypeText:
			values[i] = row.ColumnText(i)
		case sqlite.TypeBlob:
			values[i] = columnBytes(row, i)
		}
	}
	return values
}

// gap is a range of identifiers that cannot be read.
type gap struct{ first, last int64 }

func within(gaps []gap, id int64) bool {
	return slices.ContainsFunc(gaps, func(g gap) bool { return g.first <= id && id <= g.last })
}

// scan reads what can be read of a table whose key is an integer, from first to last, and
// returns the gaps between.
func (s *salvage) scan(query string, first, last int64, each func(*sqlite.Stmt) error) (gaps []gap, err error) {
	query += " where id between ? and ? order by id"
	for first <= last {
		reached := first - 1
		err := s.old.query(query, func(row *sqlite.Stmt) error {
			reached = row.ColumnInt64(0)
			return each(row)
		}, first, last)
		if err == nil {
			return gaps, nil
		}
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultCorrupt {
			return nil, err
		}
		bad, good := reached+1, int64(0)
		for step := int64(1); step <= last-bad; step *= 2 {
			if s.readable(query, bad+step, last) {
				good = bad + step
				break
			}
			if step > math.MaxInt64/2 {
				break
			}
		}
		if good == 0 {
			return append(gaps, gap{bad, last}), nil
		}
		low := bad // is not readable, or was
		for low+1 < good {
			middle := low + (good-low)/2
			if s.readable(query, middle, last) {
				good = middle
			} else {
				low = middle
			}
		}
		gaps = append(gaps, gap{bad, good - 1})
		first = good
	}
	return gaps, nil
}

func (s *salvage) readable(query string, first, last int64) bool {
	return s.old.query(query, func(*sqlite.Stmt) error { return errEnough }, first, last) == nil
}
