package ledger

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// TestTroubleWhileWriting is a disk that fails in the middle of a run: the text says what
// was being done, what happened and what to do.
func TestTroubleWhileWriting(t *testing.T) {
	for fault, want := range map[error][2]string{
		syscall.ENOSPC: {"the disk is full", "make room on the disk that "},
		syscall.EDQUOT: {"the quota of this user is used up", "make room among the files of this user"},
		syscall.EIO:    {"the disk reports an error", "the disk may be broken, or a network drive be gone: the log of the system says more"},
		syscall.EROFS:  {"the file, or the disk it is on, is read-only", "see whether "},
		syscall.EACCES: {"this user may not", "see to whom "},
	} {
		folder := t.TempDir()
		failing := false
		l := open(t, folder, Options{Failpoint: func(name string) error {
			if failing && name == "plan.row" {
				return &fs.PathError{Op: "write", Path: "ledger.db-wal", Err: fault}
			}
			return nil
		}})
		r := begin(t, l)
		failing = true
		_, err := r.Plan(people(1, 1))
		var failed *FailedError
		text := "ledger " + Path(folder) + ": writing what is planned: " + want[0] + "; nothing more is written to it"
		if !errors.As(err, &failed) || err.Error() != text || !errors.Is(err, fault) {
			t.Errorf("%v\ngot  %v\nwant %s", fault, err, text)
			continue
		}
		if hint := failed.Hint(); !strings.HasPrefix(hint, want[1]) || !strings.Contains(hint, folderOf(Path(folder))) && fault != syscall.EDQUOT {
			t.Errorf("%v: hint %q", fault, hint)
		}
	}
}

// TestTroubleWhileOpening is one that fails before there is a run.
func TestTroubleWhileOpening(t *testing.T) {
	for point, want := range map[string]string{
		"lock.before":   "taking its lock: the disk is full",
		"lock.write":    "saying who holds its lock: the disk is full",
		"create.file":   "making its file: the disk is full",
		"create.schema": "opening it for writing: the disk is full",
		"create.sync":   "making its file: the disk is full",
		"epoch.write":   "opening it for writing: the disk is full",
		"commit.before": "opening it for writing: the disk is full",
		"lock.epoch":    "saying who holds its lock: the disk is full",
	} {
		folder := t.TempDir()
		_, err := Open(context.Background(), folder, Options{Failpoint: func(name string) error {
			if name == point {
				return syscall.ENOSPC
			}
			return nil
		}})
		var explained *Error
		if text := "ledger " + Path(folder) + ": " + want; err == nil || err.Error() != text || !errors.As(err, &explained) || !strings.HasPrefix(explained.Hint, "make room") {
			t.Errorf("%s\ngot  %v\nwant %s", point, err, text)
		}
	}
}
