//go:build unix

package mime

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestFIFO would wait for a writer for ever if File opened what it is given.
func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := File(path, PartOptions{})
	checkError(t, err, "file", "not a regular file")
}
