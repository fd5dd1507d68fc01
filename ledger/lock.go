package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// lock is the exclusive right to write, held on a file beside the database. The operating
// system takes it back when the process ends, however it does.
type lock struct {
	f *os.File
}

// holder is what the file says about the process that holds the lock, or held it last. The
// epoch is also a witness: a database whose epoch is lower was replaced by an older one.
type holder struct {
	PID    int       `json:"pid"`
	Host   string    `json:"host"`
	Since  time.Time `json:"since"`
	Ledger string    `json:"ledger,omitempty"`
	Epoch  int64     `json:"epoch,omitempty"`
	Open   bool      `json:"open"` // and not closed in good order
	// Damaged is the name that the damaged file is being given, while it is replaced.
	Damaged string `json:"damaged,omitempty"`
}

// errLocked is what takeLock returns where another process has it.
var errLocked = errors.New("locked")

// acquire takes the lock of a folder, or says who has it. It returns what the last holder
// left; the zero holder where that cannot be read.
func acquire(folder string) (*lock, holder, error) {
	path := filepath.Join(folder, lockName)
	// Never removed: who holds the lock of a file that has no name any more would not
	// keep others from making one of that name.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, holder{}, err
	}
	l := &lock{f}
	err = takeLock(f)
	last := l.read()
	if err == nil {
		return l, last, nil
	}
	f.Close()
	if errors.Is(err, errLocked) {
		return nil, holder{}, &LockedError{Path: filepath.Join(folder, databaseName), PID: last.PID, Host: last.Host, Since: last.Since}
	}
	return nil, holder{}, fmt.Errorf("locking %s: %w", path, err)
}

// read takes what makes no sense, as a file may after a power cut, as nothing.
func (l *lock) read() holder {
	var h holder
	text, err := io.ReadAll(io.NewSectionReader(l.f, 0, 4096))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return holder{}
	}
	return h
}

// write says who holds the lock.
func (l *lock) write(h holder) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	// Padded and not truncated, so that a reader never finds it empty.
	line := fmt.Sprintf("%-255s\n", text)
	if _, err := l.f.WriteAt([]byte(line), 0); err != nil {
		return err
	}
	return l.f.Truncate(int64(len(line)))
}

func (l *lock) release() error { return l.f.Close() }
