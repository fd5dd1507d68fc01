package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Lock is the right to be the only one, held on a file. The operating system takes
// it back when the process ends, however it does.
type Lock struct {
	file *os.File
}

// Holder is the process that holds a lock.
type Holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// LockedError is that of a lock which another process holds.
type LockedError struct {
	Path   string
	Holder Holder // the zero holder where it cannot be read
}

func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("daemon: locking %s: another process holds it", e.Path)
	}
	return fmt.Sprintf("daemon: locking %s: process %d on %s holds it since %s", e.Path, e.Holder.PID, e.Holder.Host, e.Holder.Since.Local().Format(time.DateTime))
}

var errLocked = errors.New("locked")

const (
	lockTries = 10
	lockPause = 20 * time.Millisecond
)

// Acquire takes the lock of a file, which it makes if need be, or says who has it
// by a *LockedError. Who only looks ([Held]) has it for a moment, and is waited for.
func Acquire(path string) (*Lock, error) {
	// The file is never removed: who holds the lock of one that has no name any more
	// would not keep others from making one of that name.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("daemon: locking: %w", err)
	}
	err = takeLock(file)
	for try := 1; errors.Is(err, errLocked) && try < lockTries; try++ {
		time.Sleep(lockPause)
		err = takeLock(file)
	}
	if err == nil {
		lock := &Lock{file}
		if err = lock.sign(); err == nil {
			return lock, nil
		}
	}
	defer file.Close()
	if errors.Is(err, errLocked) {
		return nil, &LockedError{path, read(file)}
	}
	return nil, fmt.Errorf("daemon: locking %s: %w", path, err)
}

// sign writes down who holds the lock.
func (l *Lock) sign() error {
	host, _ := os.Hostname()
	text, err := json.Marshal(Holder{os.Getpid(), host, time.Now().Truncate(time.Second)})
	if err != nil {
		return err
	}
	// Padded and not truncated, so that a reader never finds it empty.
	_, err = l.file.WriteAt(fmt.Appendf(nil, "%-255s\n", text), 0)
	return err
}

// read takes what makes no sense as nothing.
func read(file *os.File) Holder {
	var h Holder
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 4096))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return Holder{}
	}
	return h
}

// Held says who holds the lock of a file at the moment; false when nobody does.
func Held(path string) (Holder, bool) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return Holder{}, false
	}
	defer file.Close()
	if errors.Is(takeLock(file), errLocked) {
		return read(file), true
	}
	return Holder{}, false
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.file.Close() }
