package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
)

// recognise looks whether the database is a ledger, and of a version this program knows.
func (l *Ledger) recognise() error {
	id, err := l.integer("pragma application_id")
	if err != nil {
		return l.explain(err)
	}
	version, err := l.integer("pragma user_version")
	if err != nil {
		return l.explain(err)
	}
	l.version = version
	tables, err := l.integer("select count(*) from sqlite_schema")
	if err != nil {
		return l.explain(err)
	}
	switch {
	case id == 0 && version == 0 && tables == 0:
		if l.lock == nil {
			return &Error{Path: l.path, Text: "it is empty", Hint: "a merge begins it when it first sends", Err: ErrMissing}
		}
	case id != applicationID:
		return &Error{Path: l.path, Text: "this is a database of something else", Hint: "move it away; a new ledger knows nothing of earlier runs", Err: ErrNotLedger}
	case version > schemaVersion:
		return &Error{
			Path: l.path, Text: fmt.Sprintf("a newer mailscript wrote it (version %d; this one knows %d)", version, schemaVersion),
			Hint: "use that mailscript", Err: ErrNewer,
		}
	}
	return nil
}

// create makes the tables where there are none, and brings older ones up to date.
func (l *Ledger) create() error {
	tables, err := l.integer("select count(*) from sqlite_schema")
	if err != nil {
		return l.explain(err)
	}
	before := l.version
	l.version = schemaVersion
	if tables > 0 && before == schemaVersion {
		return nil
	}
	if tables > 0 {
		return l.opening(l.transaction(func() error {
			if err := l.point("create.schema"); err != nil {
				return err
			}
			return upgradeSchema(l.conn, before)
		}))
	}
	return l.opening(l.transaction(func() error {
		if err := l.point("create.schema"); err != nil {
			return err
		}
		if err := createSchema(l.conn); err != nil {
			return err
		}
		file, err := fileIdentity(l.path)
		if err != nil {
			return err
		}
		name, seed := make([]byte, 8), make([]byte, 16)
		rand.Read(name) // which never fails
		rand.Read(seed)
		return l.run("insert into ledger values (1, ?, ?, 0, ?, ?)", hex.EncodeToString(name), seed, l.options.Host, file)
	}))
}

// identity is where a ledger believes to be.
type identity struct {
	host, file string
}

func (l *Ledger) readIdentity() (identity, error) {
	var id identity
	err := l.query("select name, seed, epoch, host, file from ledger", func(s *sqlite.Stmt) error {
		l.name, l.seed, l.epoch = s.ColumnText(0), columnBytes(s, 1), s.ColumnInt64(2)
		id = identity{s.ColumnText(3), s.ColumnText(4)}
		return nil
	})
	if err == nil && l.name == "" {
		err = &Error{Path: l.path, Text: "it does not say which ledger it is", Err: ErrCorrupt}
	}
	return id, l.explain(err)
}

// examine decides whether the ledger may be written to. It does so with a connection that
// cannot write, so that one that is refused stays as it is, its log included.
func (l *Ledger) examine(ctx context.Context, last holder) (err error) {
	err = l.connect(sqlite.OpenReadOnly)
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultReadOnly {
		// The power went while the file was being made, before it had a log, and SQLite
		// has to put right what is there. Nobody has sent anything yet.
		err = errors.Join(l.disconnect(), l.connect(sqlite.OpenReadWrite))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.disconnect()) }()
	if err := l.recognise(); err != nil {
		return err
	}
	if err := l.quickCheck(ctx, last); err != nil {
		return err
	}
	if tables, err := l.integer("select count(*) from sqlite_schema"); err != nil || tables == 0 {
		return l.explain(err)
	}
	id, err := l.readIdentity()
	if err != nil {
		return err
	}
	file, err := fileIdentity(l.path)
	if err != nil {
		return fmt.Errorf("ledger %s: %w", l.path, err)
	}
	if err := l.foreign(id, file, last); err != nil && l.options.Takeover != TakeOver {
		return err
	}
	return nil
}

// enter makes this process the owner: it raises the epoch, and what the last one had in
// doubt becomes unknown, in one transaction.
func (l *Ledger) enter() error {
	if _, err := l.readIdentity(); err != nil {
		return err
	}
	file, err := fileIdentity(l.path)
	if err != nil {
		return fmt.Errorf("ledger %s: %w", l.path, err)
	}
	if l.never, err = l.integer("select count(*) from suppression"); err != nil {
		return l.explain(err)
	}
	l.epoch++
	return l.opening(l.transaction(func() error {
		if err := l.point("epoch.write"); err != nil {
			return err
		}
		if err := l.run("update ledger set epoch = ?, host = ?, file = ?", l.epoch, l.options.Host, file); err != nil {
			return err
		}
		if err := l.run("insert into opening values (?, ?, ?, ?)", l.epoch, milliseconds(l.now()), int64(os.Getpid()), hostName()); err != nil {
			return err
		}
		return l.recoverDoubts()
	}))
}

// foreign says how one sees that this is not the ledger that was last written here.
func (l *Ledger) foreign(id identity, file string, last holder) error {
	text := ""
	switch {
	case id.host != l.options.Host:
		text = "it belongs to another machine"
	case id.file != file:
		text = "it was copied or restored from a backup"
	case last.Ledger == l.name && last.Epoch > l.epoch:
		text = fmt.Sprintf("it was replaced by an older one (%s says it was opened %d times, it says %d)", lockName, last.Epoch, l.epoch)
	case last.Ledger == l.name && last.Open && last.Epoch == l.epoch && l.logless():
		text = "its journal is missing, though the last process did not end in good order"
	default:
		return nil
	}
	return &Error{
		Path: l.path, Text: text, Err: ErrForeign,
		Hint: "what was sent elsewhere or since is not in it and would be sent again; if nothing was, use --takeover",
	}
}

// logless reports whether there was no log when this process came. SQLite makes one with
// the first write, and this process has not written yet.
func (l *Ledger) logless() bool {
	info, err := os.Stat(l.path + "-wal")
	return err != nil || info.Size() == 0
}
