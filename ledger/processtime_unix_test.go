//go:build unix

package ledger

import (
	"syscall"
	"time"
)

// processTime is what the process has used of processors, that of the kernel included.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
