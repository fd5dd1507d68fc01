package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
)

// Settings are those of a run. Settings and Template tell what was configured from what
// was configured before; hashes do.
type Settings struct {
	Settings string
	Template string
	// InDoubt is what Resolve does unless told otherwise; Hold where it is empty.
	InDoubt Policy
	// Addresses says whether several rows may go to the same address.
	Addresses AddressRule
	// Changed says whether the run may go on with other settings or another template.
	Changed ChangeRule
}

// AddressRule says whether several rows may go to the same address.
type AddressRule string

const (
	// UniqueAddress does not plan a second row with an address that was written to, may
	// have been, or is about to be by this opening of the ledger. It is the default.
	UniqueAddress AddressRule = ""
	// FirstAddress plans it as a duplicate.
	FirstAddress AddressRule = "first"
	// AnyAddress lets it be sent.
	AnyAddress AddressRule = "any"
)

// ChangeRule says whether a run may go on with other settings or another template.
type ChangeRule string

const (
	// RefuseChanges returns a *ChangedError. It is the default.
	RefuseChanges ChangeRule = ""
	// AcceptChanges notes the new ones beside the old.
	AcceptChanges ChangeRule = "accept"
)

// ID is the ordinal of a row in its run: from 1, in the order in which they were planned.
type ID uint32

// Run is one run of a merge, begun or resumed. Its methods may be called from several
// goroutines.
type Run struct {
	ledger   *Ledger
	id       int64
	settings Settings

	// Name is that of the run.
	Name string
	// Date is when it began, in whole seconds. Messages are dated so.
	Date time.Time
	// Seed is random and stays that of the run: what is drawn from it, such as
	// boundaries, is the same at every attempt.
	Seed []byte
	// Resumed tells that it began in an earlier opening of the ledger.
	Resumed bool

	mu      sync.Mutex // guards all below
	last    ID
	rows    []mark // by ordinal; the first is of none
	keys    keySet
	counts  [Unknown + 1]int64
	changed bool // counts are to be written
	windows map[ID]*window
	dirty   []*window
	tail    chunk
	block   block    // guarded by the ledger's lock
	hashed  []uint32 // room for the hashes of a row, guarded by the ledger's lock
	// planned and firsts are gathered to be inserted, in a transaction.
	planned []*Row
	firsts  []firstOutcome
}

// mark is what memory knows of a row: its state in the database, 0 where that was not read
// yet, and what is going on with it.
type mark uint8

const (
	stateBits mark = 0x0f
	claimed   mark = 1 << 4
	doubted   mark = 1 << 5
	seen      mark = 1 << 6 // by Plan, in this opening
	several   mark = 1 << 7 // recipients, or none
)

func (m mark) state() State { return State(m & stateBits) }

func (m *mark) set(s State) { *m = *m&^stateBits | mark(s) }

// Run begins a run, or resumes the one of that name. The error is a *ChangedError where
// settings or template are not those of the last time.
func (l *Ledger) Run(name string, settings Settings) (*Run, error) {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return nil, fmt.Errorf("ledger: %q cannot be the name of a run", name)
	}
	if settings.InDoubt == "" {
		settings.InDoubt = Hold
	}
	if !settings.InDoubt.valid() {
		return nil, fmt.Errorf("ledger: in doubt: unknown policy %q", settings.InDoubt)
	}
	var found *Run
	var refused error // which is no error of the database
	err := l.commit("the run", func() (err error) {
		if found, err = l.load(name); err != nil {
			return err
		}
		if refused, err = l.refuses(found, name, settings); err != nil || refused != nil {
			return err
		}
		if err := l.point("run.insert"); err != nil {
			return err
		}
		if found == nil {
			if found, err = l.insertRun(name, settings); err != nil {
				return err
			}
		} else if found.settings != settings {
			if err := l.run("update run set in_doubt = ? where id = ?", string(settings.InDoubt), found.id); err != nil {
				return err
			}
			if found.changes(settings) != nil {
				if err := l.insertEdition(found.id, settings); err != nil {
					return err
				}
			}
		}
		found.mu.Lock()
		found.settings = settings
		found.mu.Unlock()
		l.runs[name] = found
		return nil
	})
	if err = errors.Join(err, refused); err != nil {
		return nil, err
	}
	return found, nil
}

// refuses says why a run is not begun or resumed with these settings.
func (l *Ledger) refuses(found *Run, name string, settings Settings) (refused, err error) {
	if settings.Changed == AcceptChanges {
		return nil, nil
	}
	if found != nil {
		return found.changes(settings), nil
	}
	nameless, err := l.integer("select count(*) from run where name like ? || '%'", salvagedRun)
	if err != nil || nameless == 0 {
		return nil, err
	}
	return &Error{
		Path: l.path, Text: fmt.Sprintf("the name of a run was lost when it was salvaged, and may have been %q", name), Err: ErrCorrupt,
		Hint: "see what mailscript runs lists; another name begins a new run, and so does accepting the change",
	}, nil
}

func (r *Run) changes(s Settings) error {
	var what []string
	if r.settings.Settings != s.Settings {
		what = append(what, "settings")
	}
	if r.settings.Template != s.Template {
		what = append(what, "template")
	}
	if what == nil {
		return nil
	}
	return &ChangedError{Run: r.Name, What: what}
}

func (l *Ledger) insertRun(name string, settings Settings) (*Run, error) {
	last, err := l.integer("select max(id) from run")
	if err != nil {
		return nil, err
	}
	if last >= maxRun {
		return nil, fmt.Errorf("%d runs are all there can be", maxRun)
	}
	r := newRun(l, last+1, name)
	r.Date = l.now().Truncate(time.Second).UTC()
	r.Seed = make([]byte, 16)
	rand.Read(r.Seed)
	err = l.run("insert into run (id, name, created, seed, in_doubt) values (?, ?, ?, ?, ?)",
		r.id, name, milliseconds(r.Date), r.Seed, string(settings.InDoubt))
	if err != nil {
		return nil, err
	}
	return r, l.insertEdition(r.id, settings)
}

func (l *Ledger) insertEdition(run int64, settings Settings) error {
	return l.run("insert or replace into edition values (?, ?, ?, ?, ?)", run, l.epoch, milliseconds(l.now()), settings.Settings, settings.Template)
}

func newRun(l *Ledger, id int64, name string) *Run {
	return &Run{ledger: l, id: id, Name: name, rows: make([]mark, 1), windows: map[ID]*window{}, tail: chunk{first: 1}}
}

// load reads a run for going on with it; nil where there is none.
func (l *Ledger) load(name string) (*Run, error) {
	if r, ok := l.runs[name]; ok {
		return r, nil
	}
	r, err := l.describe(name)
	if err != nil || r == nil {
		return nil, err
	}
	r.rows = make([]mark, r.last+1, int(r.last)+1+int(r.last)/16)
	if err := r.loadKeys(); err != nil {
		return nil, err
	}
	return r, r.rebase()
}

// describe reads what a run is, without its keys; nil where there is none.
func (l *Ledger) describe(name string) (*Run, error) {
	var r *Run
	err := l.query("select id, created, seed, in_doubt, last, planned, sent, failed, skipped, suppressed, duplicate, deferred, unknown from run where name = ?", func(s *sqlite.Stmt) error {
		r = newRun(l, s.ColumnInt64(0), name)
		r.Date, r.Seed, r.Resumed = fromMilliseconds(s.ColumnInt64(1)), columnBytes(s, 2), true
		r.settings.InDoubt, r.last = Policy(s.ColumnText(3)), ID(s.ColumnInt64(4))
		for i, state := range counted {
			r.counts[state] = s.ColumnInt64(5 + i)
		}
		return nil
	}, name)
	if err != nil || r == nil {
		return nil, err
	}
	return r, l.query("select settings, template from edition where run = ? order by epoch desc limit 1", func(s *sqlite.Stmt) error {
		r.settings.Settings, r.settings.Template = s.ColumnText(0), s.ColumnText(1)
		return nil
	}, r.id)
}

// rebase makes the times of the next attempts sensible after the clock was set back:
// what was settled in the future waits from now for as long as it would have waited.
func (r *Run) rebase() error {
	l := r.ledger
	now := milliseconds(l.now())
	return l.run("update outcome set next = ? + max(0, next - time), time = ? where id >> 46 = ? and state = 8 and state > 7 and time > ?",
		now, now, r.id, now+clockTolerance.Milliseconds())
}

// clockTolerance is how far clocks are set back in the ordinary course of things.
const clockTolerance = time.Minute

// readable reports why nothing can be read.
func (l *Ledger) readable() error {
	if l.failed != nil {
		return l.failed
	}
	return nil
}

func sortedIDs[V any](m map[ID]V) []ID {
	ids := make([]ID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
