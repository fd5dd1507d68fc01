package daemon

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// takeLock locks an octet far behind the text: locks of Windows are mandatory, and
// who does not get this one reads there who has it.
func takeLock(file *os.File) error {
	far := &windows.Overlapped{OffsetHigh: 1}
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, far)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errLocked
	}
	return err
}
