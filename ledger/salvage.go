package ledger

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
)

// Salvaged is what Salvage could keep.
type Salvaged struct {
	Path    string
	Damaged string // where the damaged file is now
	Runs    int
	Rows    int64
	Lost    int64 // rows of which no more than a hash is left, or nothing
	Unknown int64 // rows that became unknown: what became of them could not be read
}

// Salvage copies what can be read of a damaged ledger into a new one, which takes its
// place. What cannot be read is taken as sent, perhaps: rows whose outcome may have been
// lost become unknown. A run of which rows were lost has other settings from then on, so
// that it is not resumed without a person's word.
func Salvage(ctx context.Context, project string, options Options) (*Salvaged, error) {
	old := newLedger(Path(project), options)
	folder := folderOf(old.path)
	if _, err := os.Stat(folder); err != nil {
		return nil, old.missing(err)
	}
	held, last, err := acquire(folder)
	if err != nil {
		return nil, err
	}
	defer held.release()
	if last.Damaged != "" {
		if err := putBack(folder, last.Damaged); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(old.path); err != nil {
		return nil, old.missing(err)
	}
	s := &salvage{ctx: ctx, old: old, report: &Salvaged{Path: old.path}}
	// Behind a broken log anything may have been sent.
	s.suspicious = old.inspectLog() != nil
	if err := s.copy(last); err != nil {
		return nil, err
	}
	return s.report, s.replace(held, last)
}

type salvage struct {
	ctx        context.Context
	old, new   *Ledger
	report     *Salvaged
	suspicious bool // all rows that seem to be open
}

const (
	// salvagedRun begins the name of a run whose own could not be read.
	salvagedRun  = "salvaged run "
	salvagedName = databaseName + ".salvaged"
	logSuffix    = "-wal"
)

// copy fills the new ledger.
func (s *salvage) copy(last holder) (err error) {
	if err := s.old.connect(sqlite.OpenReadOnly); err != nil {
		return err
	}
	defer func() { s.old.disconnect() }()
	s.old.conn.SetInterrupt(s.ctx.Done())
	// Where it cannot be read, the columns may be missing that only the last version has.
	s.old.version, _ = s.old.integer("pragma user_version")
	path := filepath.Join(folderOf(s.old.path), salvagedName)
	for _, suffix := range []string{"", logSuffix, "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	s.new = newLedger(path, s.old.options)
	if err := s.new.connect(sqlite.OpenReadWrite); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.new.disconnect()) }()
	if err := s.new.create(); err != nil {
		return err
	}
	err = s.new.transaction(func() error {
		for _, step := range []func(holder) error{s.identity, s.small, s.runs, s.servers, s.epoch} {
			if err := step(last); err != nil {
				return err
			}
		}
		return s.ctx.Err()
	})
	if err != nil {
		return s.old.explain(err)
	}
	return s.new.checkpoint()
}

// identity keeps name, seed and epoch where they can be read.
func (s *salvage) identity(last holder) error {
	if _, err := s.old.readIdentity(); err != nil && !errors.Is(err, ErrCorrupt) {
		return err
	}
	if _, err := s.new.readIdentity(); err != nil {
		return err
	}
	if s.old.name != "" && len(s.old.seed) > 0 {
		s.new.name, s.new.seed = s.old.name, s.old.seed
	}
	s.new.epoch = max(s.old.epoch, last.Epoch)
	return s.new.run("update ledger set name = ?, seed = ?, epoch = ?", s.new.name, s.new.seed, s.new.epoch)
}

// servers forgets which server took a message where that could not be read.
func (s *salvage) servers(holder) error {
	return s.new.run("update outcome set via = null where via not in (select id from via)")
}

// epoch is none before the last that anything was written in.
func (s *salvage) epoch(holder) error {
	err := s.new.run(`update ledger set epoch = max(epoch,
		coalesce((select max(epoch) from opening), 0), coalesce((select max(epoch) from outcome), 0))`)
	if err != nil {
		return err
	}
	s.new.epoch, err = s.new.integer("select epoch from ledger")
	return err
}

// small copies the tables that are small, as far as they can be read.
func (s *salvage) small(holder) error {
	for _, table := range []string{"opening", "run", "edition", "via", "suppression"} {
		var insert string
		err := s.old.query("select * from "+table, func(row *sqlite.Stmt) error {
			n := row.ColumnCount()
			insert = "insert or ignore into " + table + " values (?" + strings.Repeat(", ?", n-1) + ")"
			return s.new.run(insert, columns(row)...)
		})
		if err != nil && !damaged(s.old.explain(err)) {
			return err
		}
	}
	return nil
}

// runs copies rows and outcomes, run by run.
func (s *salvage) runs(holder) error {
	type known struct {
		name string
		last ID
	}
	runs := map[int64]known{}
	err := s.new.query("select id, name, last from run", func(row *sqlite.Stmt) error {
		runs[row.ColumnInt64(0)] = known{row.ColumnText(1), ID(row.ColumnInt64(2))}
		return nil
	})
	if err != nil {
		return err
	}
	// Rows may be left of runs whose own record is not.
	_, err = s.scan("select id from row", 0, math.MaxInt64, func(row *sqlite.Stmt) error {
		run, id := splitRow(row.ColumnInt64(0))
		k := runs[run]
		k.last = max(k.last, id)
		runs[run] = k
		return nil
	})
	if err != nil {
		return err
	}
	ids := make([]int64, 0, len(runs))
	for id := range runs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		k := runs[id]
		if k.name == "" {
			k.name = fmt.Sprintf("%s%d", salvagedRun, id)
			err := s.new.run("insert into run (id, name, created, seed, in_doubt) values (?, ?, ?, ?, ?)", id, k.name, milliseconds(s.new.now()), []byte(k.name), string(Hold))
			if err != nil {
				return err
			}
		}
		if err := s.run(id, k.name, k.last); err != nil {
			return err
		}
		s.report.Runs++
	}
	return nil
}

func (s *salvage) run(id int64, name string, last ID) error {
	r := newRun(s.new, id, name)
	// The rows: what is left of them is inserted, with a place for those that are lost.
	hashes := s.hashes(id, last)
	lost := map[ID]bool{}
	fill := func(before ID) error {
		for r.last+1 < before {
			next := r.last + 1
			key := lostKey(next)
			hash, ok := hashes[next]
			if !ok {
				hash = s.new.hash(key)
			}
			if err := s.insert(r, next, key, int64(0), int64(0), nil, hash); err != nil {
				return err
			}
			lost[next] = true
		}
		return nil
	}
	_, err := s.scan("select id, key, number, hash, recipients from row", rowID(id, 1), rowID(id, maxOrdinal), func(row *sqlite.Stmt) error {
		_, next := splitRow(row.ColumnInt64(0))
		if err := fill(next); err != nil {
			return err
		}
		key := row.ColumnText(1)
		values := columns(row)
		return s.insert(r, next, key, values[2], values[3], values[4], s.new.hash(fold(key)))
	})
	if err == nil {
		err = fill(last + 1)
	}
	if err != nil {
		return err
	}
	if err := r.writeChunk(); err != nil {
		return err
	}
	gaps, err := s.scan("select * from outcome", outcomeID(rowID(id, 0), 0), outcomeID(rowID(id, maxOrdinal), MaxRecipients-1), func(row *sqlite.Stmt) error {
		_, of := splitRow(row.ColumnInt64(0) >> recipientBits)
		if of > r.last || lost[of] && row.ColumnInt64(0)&(MaxRecipients-1) > 0 {
			return nil // how many recipients a lost row has is not known
		}
		return s.new.run("insert or ignore into outcome values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", columns(row)...)
	})
	if err != nil {
		return err
	}
	if err := s.settle(r, gaps); err != nil {
		return err
	}
	s.report.Rows += int64(r.last) - int64(len(lost))
	s.report.Lost += int64(len(lost))
	if len(lost) > 0 {
		return s.new.run("insert or replace into edition values (?, ?, ?, ?, ?)", id, s.new.epoch+1, milliseconds(s.new.now()), fmt.Sprintf("salvaged, with %d rows lost", len(lost)), "salvaged")
	}
	return s.new.run("insert or ignore into edition select ?, ?, ?, '', '' where not exists (select 1 from edition where run = ?)", id, s.new.epoch, milliseconds(s.new.now()), id)
}

// hashes are those of the keys of a run, where the seed is known with which they were made.
func (s *salvage) hashes(run int64, last ID) map[ID]uint32 {
	found := map[ID]uint32{}
	if s.old.name == "" {
		return found
	}
	for first := int64(0); ; {
		// The key of this table is two columns; a page that cannot be read ends it.
		err := s.old.query("select first, hashes from chunk where run = ? and first > ? order by first", func(row *sqlite.Stmt) error {
			first = row.ColumnInt64(0)
			eachHash(chunk{first: ID(first), hashes: columnBytes(row, 1)}, func(h uint32, id ID) {
				if id <= last {
					found[id] = h
				}
			})
			return nil
		}, run, first)
		if err == nil || first >= int64(last) {
			return found
		}
		first += chunkKeys
	}
}

// insert adds a row to the new ledger.
func (s *salvage) insert(r *Run, id ID, key string, number, hash, recipients any, keyHash uint32) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if err := s.new.run("insert into row values (?, ?, ?, ?, ?)", rowID(r.id, id), key, number, hash, recipients); err != nil {
		return err
	}
	r.last = id
	if err := r.addKey(keyHash, id); err != nil {
		return err
	}
	if text, ok := recipients.(string); ok {
		for _, a := range splitRecipients(text) {
			if f := fold(a); f != fold(key) {
				r.addAddress(s.new.hash(f), id)
			}
		}
	}
	return nil
}

// settle makes unknown what may have been sent, and counts.
func (s *salvage) settle(r *Run, gaps []gap) error {
	doubts, err := s.old.doubts(r.id)
	if err != nil {
		if !damaged(s.old.explain(err)) {
			return err
		}
		s.suspicious = true // any row may have been in doubt
	}
	r.rows = make([]mark, r.last+1)
	for first := ID(1); first <= r.last; first += blockRows {
		rows, err := r.read(nil, first, min(r.last, first+blockRows-1))
		if err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			d, doubted := doubts[row.id]
			unsure := s.suspicious || doubted || row.lost()
			changed := false
			for n, state := range row.states {
				id := outcomeID(rowID(r.id, row.id), n)
				if !state.open() || !unsure && !within(gaps, id) {
					continue
				}
				changed = true
				row.states[n] = Unknown
				err := s.new.run("insert or replace into outcome (id, state, attempts, time, epoch, text, message) values (?, ?, 1, ?, ?, ?, nullif(?, ''))",
					id, Unknown, milliseconds(s.new.now()), s.new.epoch, lostText, d.message)
				if err != nil {
					return err
				}
			}
			if changed {
				s.report.Unknown++
			}
			r.move(row.id, row.state())
		}
		if maxOrdinal-first < blockRows {
			break
		}
	}
	r.changed = true
	return r.writeChanges()
}

// replace puts the new file in the place of the old one. The lock file says what is going
// on, so that nobody takes the moment between for a project without a ledger.
func (s *salvage) replace(held *lock, last holder) error {
	folder := folderOf(s.old.path)
	name := databaseName + ".damaged"
	for n := 2; ; n++ {
		if _, err := os.Stat(filepath.Join(folder, name)); errors.Is(err, os.ErrNotExist) {
			break
		}
		name = fmt.Sprintf("%s.damaged-%d", databaseName, n)
	}
	s.report.Damaged = filepath.Join(folder, name)
	now := holder{PID: os.Getpid(), Host: hostName(), Since: s.new.now(), Ledger: s.new.name, Epoch: s.new.epoch, Damaged: name}
	if err := errors.Join(held.write(now), held.f.Sync()); err != nil {
		return err
	}
	if err := s.old.point("salvage.rename"); err != nil {
		return err
	}
	if err := os.Rename(s.old.path, s.report.Damaged); err != nil {
		return err
	}
	if err := rename(s.old.path+logSuffix, s.report.Damaged+logSuffix); err != nil {
		return err
	}
	if err := rename(s.old.path+"-shm", s.report.Damaged+"-shm"); err != nil {
		return err
	}
	if err := os.Rename(s.new.path, s.old.path); err != nil {
		return err
	}
	if err := syncFolders(folder); err != nil {
		return err
	}
	now.Damaged = ""
	return errors.Join(held.write(now), held.f.Sync())
}

// putBack undoes a replacement that was interrupted.
func putBack(folder, damaged string) error {
	from, to := filepath.Join(folder, damaged), filepath.Join(folder, databaseName)
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		return nil // it had not begun
	}
	for _, suffix := range []string{logSuffix, "-shm", ""} {
		if err := rename(from+suffix, to+suffix); err != nil {
			return err
		}
	}
	return nil
}

// rename renames a file that need not be there.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
