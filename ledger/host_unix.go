//go:build unix && !darwin

package ledger

import (
	"fmt"
	"io/fs"
	"syscall"
)

func inode(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d", s.Ino)
	}
	return ""
}
