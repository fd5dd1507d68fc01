//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// trusted reports whether nobody else can have put the file into the folder.
func trusted(folder string, file fs.FileInfo) bool {
	info, err := os.Stat(folder)
	if err != nil {
		return false
	}
	if info.Mode().Perm()&0o002 == 0 {
		return true
	}
	owner, ok := file.Sys().(*syscall.Stat_t)
	return ok && (owner.Uid == 0 || int(owner.Uid) == os.Getuid())
}
