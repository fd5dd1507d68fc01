package sink

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// maildir is a mailbox of one file a message: cr.yp.to/proto/maildir.html. A file
// is written in tmp and moved to new when it is whole. Nothing is synced to the
// disk: a rehearsal that loses its mail with the power is run again.
type maildir struct {
	dir string // absolute

	mu     sync.Mutex
	now    func() time.Time
	random io.Reader
	stored uint64 // names given out
}

func openMaildir(dir string, now func() time.Time, random io.Reader) (*maildir, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for _, folder := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	return &maildir{dir: dir, now: now, random: random}, nil
}

// name makes a unique file name: the time, what is unique, the host. The host is
// a fixed word, since 64 random bits are unique across hosts and the machine's name
// is nobody's business; no character is one that a file system refuses.
func (m *maildir) name() (string, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var random [8]byte
	if _, err := io.ReadFull(m.random, random[:]); err != nil {
		return "", time.Time{}, err
	}
	now := m.now()
	m.stored++
	return fmt.Sprintf("%d.M%06dQ%dR%s.sink", now.Unix(), now.Nanosecond()/1000, m.stored, hex.EncodeToString(random[:])), now, nil
}

// store keeps one message and returns the name of its file. A body that does not
// end in io.EOF leaves nothing behind.
func (m *maildir) store(t trace, body io.Reader) (string, error) {
	name, now, err := m.name()
	if err != nil {
		return "", err
	}
	header, err := t.header(now)
	if err != nil {
		return "", err
	}
	temporary := filepath.Join(m.dir, "tmp", name)
	if err := write(temporary, header, body); err != nil {
		_ = os.Remove(temporary)
		return "", err
	}
	if err := os.Rename(temporary, filepath.Join(m.dir, "new", name)); err != nil {
		_ = os.Remove(temporary)
		return "", err
	}
	return name, nil
}

// write makes a file that must not exist yet.
func write(path string, header []byte, body io.Reader) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(header)
	if err == nil {
		_, err = io.Copy(file, body)
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}
