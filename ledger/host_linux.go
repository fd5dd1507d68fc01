package ledger

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func machineID() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			return string(text)
		}
	}
	return ""
}

// fileIdentity is what a file keeps when it is renamed, and a copy of it does not have. A
// file system gives the number of a removed file to the next one; hence the time of birth.
func fileIdentity(path string) (string, error) {
	var s unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &s); err != nil {
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		return inode(info), nil
	}
	if s.Mask&unix.STATX_BTIME == 0 {
		return fmt.Sprintf("%d", s.Ino), nil
	}
	return fmt.Sprintf("%d %d.%09d", s.Ino, s.Btime.Sec, s.Btime.Nsec), nil
}
