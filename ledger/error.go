package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Error is a ledger that cannot be opened or used, with what can be done about it.
type Error struct {
	Path string
	Text string
	Hint string
	Err  error // the cause, or what kind of error it is: one of those below
}

func (e *Error) Error() string {
	text := "ledger " + e.Path + ": " + e.Text
	if _, said := troubleOf(e.Err); e.Err != nil && !sentinel(e.Err) && !said {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// What errors.Is finds in an *Error.
var (
	// ErrMissing is a folder without a ledger.
	ErrMissing = errors.New("no ledger")
	// ErrForeign is a ledger that was copied or restored, or belongs to another machine.
	ErrForeign = errors.New("the ledger is from elsewhere")
	// ErrCorrupt is one whose file is damaged.
	ErrCorrupt = errors.New("the ledger is damaged")
	// ErrNewer is one that a newer mailscript wrote.
	ErrNewer = errors.New("the ledger is newer than this program")
	// ErrNotLedger is a file of that name which is something else.
	ErrNotLedger = errors.New("not a ledger")
	// ErrPermission is one that others may read.
	ErrPermission = errors.New("others may read the ledger")
	// ErrFenced is one that another process took over meanwhile.
	ErrFenced = errors.New("the ledger was taken over")
	// ErrClosed is one that was closed.
	ErrClosed = errors.New("the ledger is closed")
)

func sentinel(err error) bool {
	for _, s := range []error{ErrMissing, ErrForeign, ErrCorrupt, ErrNewer, ErrNotLedger, ErrPermission, ErrFenced, ErrClosed} {
		if err == s {
			return true
		}
	}
	return false
}

// LockedError is a ledger that another process is using.
type LockedError struct {
	Path  string
	PID   int // 0 where it is not known
	Host  string
	Since time.Time
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("ledger %s: another process is using it", e.Path)
	}
	return fmt.Sprintf("ledger %s: process %d on %s has been using it since %s", e.Path, e.PID, e.Host, e.Since.Local().Format("2006-01-02 15:04:05"))
}

// ChangedError is a run whose settings or template are not those it began with.
type ChangedError struct {
	Run  string
	What []string // "settings", "template"
}

func (e *ChangedError) Error() string {
	verb := "has"
	if len(e.What) > 1 {
		verb = "have"
	}
	return fmt.Sprintf("ledger: run %q: the %s %s changed since it began", e.Run, strings.Join(e.What, " and the "), verb)
}

// FailedError is a write that did not succeed. The ledger takes no other after it.
type FailedError struct {
	Path string
	What string // was being written
	Err  error
}

func (e *FailedError) Error() string {
	var inner *Error
	why := e.Err.Error()
	if t, ok := troubleOf(e.Err); ok {
		why = t.text
	} else if errors.As(e.Err, &inner) {
		why = strings.TrimPrefix(inner.Error(), "ledger "+inner.Path+": ")
	}
	return fmt.Sprintf("ledger %s: writing %s: %s; nothing more is written to it", e.Path, e.What, why)
}

// Hint is what to do about it, "" where nothing is known.
func (e *FailedError) Hint() string {
	var inner *Error
	if t, ok := troubleOf(e.Err); ok {
		return t.advice(e.Path)
	}
	if errors.As(e.Err, &inner) {
		return inner.Hint
	}
	return ""
}

func (e *FailedError) Unwrap() error { return e.Err }
