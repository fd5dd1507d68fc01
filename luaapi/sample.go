package luaapi

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/mailscript/mailscript/delivery"
)

// Sample keeps the messages of the first rows of a merge as files, to be looked at.
type Sample struct {
	Folder string // made where it is not there
	Most   int

	mu   sync.Mutex
	kept int
}

// keep writes the message of a row.
func (s *Sample) keep(job *delivery.Job, message []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept >= s.Most {
		return nil
	}
	if err := os.MkdirAll(s.Folder, 0o700); err != nil {
		return err
	}
	s.kept++
	return os.WriteFile(filepath.Join(s.Folder, fmt.Sprintf("row-%d.eml", job.Number)), message, 0o600)
}

// Kept is how many messages were written.
func (s *Sample) Kept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept
}
