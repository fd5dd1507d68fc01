package ledger

import (
	"time"

	"zombiezen.com/go/sqlite"
)

// Runs are all runs of the ledger, the last one first.
func (l *Ledger) Runs() ([]Summary, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	var names []string
	err := l.query("select name from run order by id desc", func(s *sqlite.Stmt) error {
		names = append(names, s.ColumnText(0))
		return nil
	})
	if err != nil {
		return nil, l.explain(err)
	}
	var all []Summary
	for _, name := range names {
		s, err := l.summary(name)
		if err != nil {
			return nil, err
		}
		all = append(all, *s)
	}
	return all, nil
}

// Summary is a run as status and runs show it.
type Summary struct {
	Name     string
	Date     time.Time
	Settings Settings
	Counts   Counts
	// Last is when it was last opened for sending with other settings than before, or
	// first.
	Last time.Time
}

// Summary is what the ledger knows of a run; nil where there is none of that name.
func (l *Ledger) Summary(name string) (*Summary, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	return l.summary(name)
}

func (l *Ledger) summary(name string) (*Summary, error) {
	r, err := l.describe(name)
	if err != nil || r == nil {
		return nil, l.explain(err)
	}
	s := &Summary{Name: name, Date: r.Date, Settings: r.settings}
	doubts, err := r.doubts()
	if err != nil {
		return nil, l.explain(err)
	}
	for id := range doubts {
		state, err := r.storedState(id)
		if err != nil {
			return nil, l.explain(err)
		}
		r.counts[state]--
	}
	s.Counts = countsOf(int64(r.last), int64(len(doubts)), r.counts)
	last, err := l.integer("select max(time) from edition where run = ?", r.id)
	s.Last = fromMilliseconds(last)
	return s, l.explain(err)
}
