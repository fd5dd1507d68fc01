package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"zombiezen.com/go/sqlite"
)

// trouble is what keeps a file from being written, in words, and what a person does about it.
type trouble struct {
	text string
	hint string // %s is the folder of the ledger
}

// troubleOf recognises what disks and others do to those who write; false where it is
// something else.
func troubleOf(err error) (trouble, bool) {
	code := sqlite.ResultOK
	if err != nil {
		code = sqlite.ErrCode(err)
	}
	switch {
	case err == nil:
	case code.ToPrimary() == sqlite.ResultFull || errors.Is(err, syscall.ENOSPC):
		return trouble{"the disk is full", "make room on the disk that %s is on"}, true
	case errors.Is(err, syscall.EDQUOT):
		return trouble{"the quota of this user is used up", "make room among the files of this user, or have the quota raised; the ledger is in %s"}, true
	case code.ToPrimary() == sqlite.ResultReadOnly || errors.Is(err, syscall.EROFS):
		return trouble{"the file, or the disk it is on, is read-only", "see whether %s is on a disk that is mounted read-only, as systems do after a fault of it, and whether its files belong to this user"}, true
	case code.ToPrimary() == sqlite.ResultPerm || errors.Is(err, fs.ErrPermission):
		return trouble{"this user may not", "see to whom %s and the files in it belong"}, true
	case code.ToPrimary() == sqlite.ResultBusy:
		return trouble{"another program is writing to it", "end what else has a file in %s open, such as sqlite3"}, true
	case code.ToPrimary() == sqlite.ResultIOErr || errors.Is(err, syscall.EIO):
		return trouble{"the disk reports an error" + ioWords(code), "the disk may be broken, or a network drive be gone: the log of the system says more (journalctl -k, or dmesg); the ledger is in %s"}, true
	}
	return trouble{}, false
}

// ioWords say what a disk could not do.
func ioWords(code sqlite.ResultCode) string {
	switch code {
	case sqlite.ResultIOErrRead, sqlite.ResultIOErrShortRead:
		return " while it was read"
	case sqlite.ResultIOErrWrite, sqlite.ResultIOErrTruncate, sqlite.ResultIOErrDelete:
		return " while it was written to"
	case sqlite.ResultIOErrFsync, sqlite.ResultIOErrDirFsync:
		return " while it was to keep what was written (fsync)"
	}
	return ""
}

// advice is the hint for a ledger.
func (t trouble) advice(path string) string { return fmt.Sprintf(t.hint, filepath.Dir(path)) }

// stopped says what was being done when an error of the file system came.
func (l *Ledger) stopped(doing string, err error) error {
	var known *Error
	var locked *LockedError
	if err == nil || errors.As(err, &known) || errors.As(err, &locked) {
		return err
	}
	if t, ok := troubleOf(err); ok {
		return &Error{Path: l.path, Text: doing + ": " + t.text, Hint: t.advice(l.path), Err: err}
	}
	return fmt.Errorf("ledger %s: %s: %w", l.path, doing, err)
}
