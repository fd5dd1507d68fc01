package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"zombiezen.com/go/sqlite"
)

// missing explains why there is no file.
func (l *Ledger) missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Path: l.path, Text: "there is none", Hint: "a merge makes one when it first sends", Err: ErrMissing}
	}
	return l.stopped("opening it", err)
}

func folderOf(path string) string { return filepath.Dir(path) }

// makeFolder makes the folder of the ledger, for its owner alone, and keeps what is in it
// out of Git: a ledger that comes back from there no longer knows what was sent.
func makeFolder(folder string) error {
	switch err := os.Mkdir(folder, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return os.WriteFile(filepath.Join(folder, ".gitignore"), []byte("*\n"), 0o600)
}

// prepareFile makes the database file where there is none, readable for its owner alone.
// SQLite gives its log the same permissions.
func (l *Ledger) prepareFile() (created bool, err error) {
	info, err := os.Stat(l.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := l.point("create.file"); err != nil {
			return false, err
		}
		f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return false, err
		}
		return true, f.Close()
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, &Error{Path: l.path, Text: "not a regular file", Err: ErrNotLedger}
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return false, &Error{
			Path: l.path, Text: fmt.Sprintf("others may read it (mode %04o), and it has addresses in it", info.Mode().Perm()),
			Hint: "chmod 600 " + l.path, Err: ErrPermission,
		}
	}
	return info.Size() == 0, nil
}

// syncFolders writes to disk that there is a folder and what is in it.
func syncFolders(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // has no such thing
	}
	for _, path := range []string{folder, filepath.Dir(folder)} {
		d, err := os.Open(path)
		if err != nil {
			return err
		}
		err = d.Sync()
		d.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// connect opens the database.
func (l *Ledger) connect(flags sqlite.OpenFlags) error {
	path := l.path
	if l.options.vfs != "" {
		path = "file:" + path + "?vfs=" + l.options.vfs
		flags |= sqlite.OpenURI
	}
	c, err := sqlite.OpenConn(path, flags)
	if err != nil {
		return l.explain(err)
	}
	l.conn = c
	c.SetBusyTimeout(busyTimeout)
	pragmas := []string{
		// Of 2 MiB: rows are worked on in the order of the table.
		"pragma cache_size = -2048",
		"pragma temp_store = memory",
		"pragma trusted_schema = off",
		"pragma cell_size_check = on",
	}
	if flags&sqlite.OpenReadWrite != 0 {
		pragmas = append(pragmas,
			"pragma synchronous = full",
			"pragma fullfsync = on", // of macOS, where fsync does not reach the disk
			"pragma checkpoint_fullfsync = on",
			// Ours to call (checkpoint): SQLite's own overlooks errors of fsync.
			"pragma wal_autocheckpoint = 0",
		)
	}
	if flags&sqlite.OpenReadWrite != 0 {
		mode := ""
		err := l.query("pragma journal_mode = wal", func(s *sqlite.Stmt) error {
			mode = s.ColumnText(0)
			return nil
		})
		if err != nil {
			return l.explain(err)
		}
		if mode != "wal" {
			return &Error{Path: l.path, Text: "this file system cannot hold it", Hint: "put the project on a local disk"}
		}
	}
	for _, pragma := range pragmas {
		if err := l.run(pragma); err != nil {
			return l.explain(err)
		}
	}
	return nil
}

// busyTimeout is how long to wait for a program that is not ours, such as sqlite3, to end
// its transaction.
const busyTimeout = 10 * time.Second

func (l *Ledger) disconnect() error {
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	clear(l.stmt)
	return err
}
