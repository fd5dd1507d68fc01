package ledger

import (
	"time"

	"zombiezen.com/go/sqlite"
)

// Suppression is an address that gets nothing, from no run.
type Suppression struct {
	Address string
	Reason  string
	Since   time.Time
}

// Suppress puts addresses on the list. Rows that are planned from then on, and rows yet to
// be sent when they are planned again, are not sent to them.
func (l *Ledger) Suppress(list []Suppression) error {
	return l.commit("suppressed addresses", func() error {
		for _, s := range list {
			if err := l.point("suppress.write"); err != nil {
				return err
			}
			since := s.Since
			if since.IsZero() {
				since = l.now()
			}
			if err := l.run("insert into suppression values (?, ?, ?) on conflict do nothing", fold(s.Address), s.Reason, milliseconds(since)); err != nil {
				return err
			}
			l.pages++
		}
		return l.countSuppressed()
	})
}

// Unsuppress takes addresses off the list.
func (l *Ledger) Unsuppress(addresses []string) error {
	return l.commit("suppressed addresses", func() error {
		for _, a := range addresses {
			if err := l.run("delete from suppression where address = ?", fold(a)); err != nil {
				return err
			}
			l.pages++
		}
		return l.countSuppressed()
	})
}

func (l *Ledger) countSuppressed() (err error) {
	l.never, err = l.integer("select count(*) from suppression")
	return err
}

// suppressed looks an address up.
func (l *Ledger) suppressed(address string) (reason string, found bool, err error) {
	err = l.query("select reason from suppression where address = ?", func(s *sqlite.Stmt) error {
		reason, found = s.ColumnText(0), true
		return nil
	}, fold(address))
	return reason, found, err
}

// Suppressions are all addresses on the list, in order.
func (l *Ledger) Suppressions() ([]Suppression, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	var list []Suppression
	err := l.query("select address, reason, time from suppression order by address", func(s *sqlite.Stmt) error {
		list = append(list, Suppression{s.ColumnText(0), s.ColumnText(1), fromMilliseconds(s.ColumnInt64(2))})
		return nil
	})
	return list, l.explain(err)
}
