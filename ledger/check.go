package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
)

// Report is what Check found.
type Report struct {
	Path     string
	Bytes    int64
	Runs     int
	Rows     int64
	Problems []string // none where all is well
	InUse    bool     // by another process, meanwhile
}

// maxProblems is how many are listed.
const maxProblems = 50

// Check reads the whole ledger of a project folder and says what is wrong with it: with the
// file, and with what it says. It changes nothing. The error is one that kept it from
// looking.
func Check(ctx context.Context, project string, options Options) (*Report, error) {
	l := newLedger(Path(project), options)
	report := &Report{Path: l.path}
	info, err := os.Stat(l.path)
	if err != nil {
		return nil, l.missing(err)
	}
	report.Bytes = info.Size()
	if held, _, err := acquire(folderOf(l.path)); err == nil {
		// Only where nobody writes can the log be looked at from outside.
		if err := l.inspectLog(); err != nil {
			report.add(err)
		}
		held.release()
	} else if locked := (*LockedError)(nil); errors.As(err, &locked) {
		report.InUse = true
	}
	c := &check{report: report}
	if err := c.open(ctx, project, options); err != nil {
		if damaged(err) {
			report.add(err)
			return report, nil
		}
		return nil, err
	}
	defer c.l.Close()
	c.l.conn.SetInterrupt(ctx.Done())
	// One transaction, so that all parts are of the same moment.
	if err := c.l.run("begin"); err != nil {
		return nil, c.l.explain(err)
	}
	defer c.l.run("rollback")
	for _, step := range []func() error{c.structure, c.runs, c.outcomes, c.doubts} {
		if err := step(); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err = c.l.explain(err); !damaged(err) {
				return nil, err
			}
			report.add(err)
		}
	}
	return report, nil
}

// damaged reports whether an error is about what Check looks for.
func damaged(err error) bool { return errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNotLedger) }

func (r *Report) add(problem error) {
	if explained := (*Error)(nil); errors.As(problem, &explained) {
		r.addf("%s", explained.Text)
		return
	}
	r.addf("%v", problem)
}

func (r *Report) addf(format string, arguments ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, arguments...))
	}
}

type check struct {
	l      *Ledger
	report *Report
}

func (c *check) open(ctx context.Context, project string, options Options) (err error) {
	c.l, err = OpenReadOnly(ctx, project, options)
	return err
}

// structure is what SQLite itself can say.
func (c *check) structure() error {
	return c.l.query(fmt.Sprintf("pragma integrity_check(%d)", maxProblems), func(s *sqlite.Stmt) error {
		if text := s.ColumnText(0); text != "ok" {
			c.report.addf("the file: %s", text)
		}
		return nil
	})
}

// runs compares each run with its rows, their hashes and their counts.
func (c *check) runs() error {
	var names []string
	err := c.l.query("select name from run order by id", func(s *sqlite.Stmt) error {
		names = append(names, s.ColumnText(0))
		return nil
	})
	if err != nil {
		return err
	}
	c.report.Runs = len(names)
	for _, name := range names {
		r, err := c.l.describe(name)
		if err != nil {
			return err
		}
		if err := c.run(r); err != nil {
			return err
		}
	}
	if n, err := c.l.integer("select count(*) from row where id >> 32 not in (select id from run)"); err != nil || n > 0 {
		c.report.addf("%d rows belong to no run", n)
		return err
	}
	return nil
}

func (c *check) run(r *Run) error {
	l := c.l
	hashes := make([]uint32, r.last+1)
	err := l.query("select first, hashes, others from chunk where run = ? order by first", func(s *sqlite.Stmt) error {
		keys := chunk{first: ID(s.ColumnInt64(0)), hashes: columnBytes(s, 1)}
		eachHash(keys, func(h uint32, id ID) {
			if id <= r.last {
				hashes[id] = h
			}
		})
		eachHash(keys, r.keys.add)
		eachHash(chunk{others: columnBytes(s, 2)}, r.keys.add)
		return nil
	}, r.id)
	if err != nil {
		return err
	}
	var counts [Unknown + 1]int64
	next := ID(1)
	for first := ID(1); first <= r.last; first += blockRows {
		rows, err := r.read(nil, first, min(r.last, first+blockRows-1))
		if err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			for ; next < row.id; next++ {
				c.report.addf("run %q: row %d is missing", r.Name, next)
			}
			next = row.id + 1
			c.report.Rows++
			c.row(r, row, hashes[row.id])
			if state := row.state(); int(state) < len(counts) {
				counts[state]++
			}
		}
		if maxOrdinal-first < blockRows {
			break
		}
	}
	for ; next <= r.last; next++ {
		c.report.addf("run %q: row %d is missing", r.Name, next)
	}
	for _, state := range counted {
		if counts[state] != r.counts[state] {
			c.report.addf("run %q: %d rows are %s, and %d are counted", r.Name, counts[state], state, r.counts[state])
		}
	}
	return nil
}

// row looks whether a row can be found: by its key, and by each of its addresses.
func (c *check) row(r *Run, row *stored, hash uint32) {
	if row.lost() {
		return // and found by a hash that is not that of its key
	}
	folded := fold(row.key)
	if h := c.l.hash(folded); h != hash {
		c.report.addf("run %q: row %d cannot be found by its key", r.Name, row.id)
	} else {
		r.keys.find(h, func(id ID) bool {
			if id >= row.id {
				return true
			}
			if other, err := r.look(id); err == nil && other.key == row.key {
				c.report.addf("run %q: rows %d and %d have the same key", r.Name, id, row.id)
			}
			return true
		})
	}
	for _, a := range row.addresses() {
		f := fold(a)
		if f == folded {
			continue
		}
		found := false
		r.keys.find(c.l.hash(f), func(id ID) bool {
			found = found || id == row.id
			return !found
		})
		if !found {
			c.report.addf("run %q: row %d cannot be found by the address %s", r.Name, row.id, a)
		}
	}
}

// outcomes looks at what became of rows.
func (c *check) outcomes() error {
	for query, problem := range map[string]string{
		"select count(*) from outcome where id >> 14 not in (select id from row)":                                                                  "outcomes are those of no row",
		"select count(*) from outcome where state not in (2, 3, 4, 5, 6, 8, 9)":                                                                    "outcomes have a state that there is not",
		"select count(*) from outcome where state = 8 and next is null":                                                                            "deferred rows have no next attempt",
		"select count(*) from outcome where epoch > (select epoch from ledger)":                                                                    "outcomes are from the future",
		"select count(*) from outcome where via is not null and via not in (select id from via)":                                                   "outcomes have a server that there is not",
		"select count(*) from run where id not in (select run from edition)":                                                                       "runs have no settings",
		"select (select count(*) from ledger) <> 1":                                                                                                "ledgers in it are too many or too few",
		"select count(*) from opening where epoch > (select epoch from ledger)":                                                                    "openings are from the future",
		"select count(*) from chunk where run not in (select id from run)":                                                                         "hashes belong to no run",
		"select count(*) from row where id >> 32 in (select id from run) and id & 4294967295 > (select last from run where run.id = row.id >> 32)": "rows are behind the end of their run",
	} {
		n, err := c.l.integer(query)
		if err != nil {
			return err
		}
		if n > 0 {
			c.report.addf("%d %s", n, problem)
		}
	}
	return nil
}

// doubts looks whether what is in doubt can be.
func (c *check) doubts() error {
	var names []string
	err := c.l.query("select coalesce(name, '') from doubt left join run on run.id = doubt.run group by name", func(s *sqlite.Stmt) error {
		names = append(names, s.ColumnText(0))
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		r, err := c.l.describe(name)
		if err != nil {
			return err
		}
		if r == nil {
			c.report.addf("rows of no run are in doubt")
			continue
		}
		doubts, err := r.doubts()
		if err != nil {
			return err
		}
		for _, id := range sortedIDs(doubts) {
			rows, err := r.read(nil, id, id)
			if err != nil {
				return err
			}
			if len(rows) == 0 || !rows[0].state().open() {
				c.report.addf("run %q: row %d is in doubt and was not to be sent", r.Name, id)
			}
		}
	}
	return nil
}
