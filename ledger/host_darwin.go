package ledger

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func machineID() string {
	id, err := unix.Sysctl("kern.uuid")
	if err != nil {
		return ""
	}
	return id
}

// fileIdentity is what a file keeps when it is renamed, and a copy of it does not have.
func fileIdentity(path string) (string, error) {
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %d.%09d", s.Ino, s.Btim.Sec, s.Btim.Nsec), nil
}
