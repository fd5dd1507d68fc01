package ledger

import (
	"context"
	"os"

	"zombiezen.com/go/sqlite"
)

// Sizes in bytes up to which the structure of a database is looked at when it is opened:
// always, and after a process that did not end in good order. Larger ones would take
// more than a moment; mailscript ledger check looks at any.
const (
	quickSize        = 4 << 20
	quickSizeCrashed = 32 << 20
)

func (l *Ledger) quickCheck(ctx context.Context, last holder) error {
	info, err := os.Stat(l.path)
	if err != nil {
		return &Error{Path: l.path, Text: "cannot be used", Err: err}
	}
	if info.Size() > quickSizeCrashed || info.Size() > quickSize && !last.Open {
		return nil
	}
	l.conn.SetInterrupt(ctx.Done())
	defer l.conn.SetInterrupt(nil)
	found := ""
	err = l.query("pragma quick_check(1)", func(s *sqlite.Stmt) error {
		found = s.ColumnText(0)
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && found != "ok" {
		return l.corrupt(found)
	}
	return l.explain(err)
}
