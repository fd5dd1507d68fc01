package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// readRegular reads a file that must be a regular one of at most limit bytes.
// The errors do not name it.
func readRegular(path string, limit int64) ([]byte, fs.FileInfo, error) {
	// Asked before it is opened: opening a named pipe would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, withoutPath(err)
	}
	defer f.Close()
	// Another file may have taken its place meanwhile.
	if info, err = f.Stat(); err != nil {
		return nil, nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errNotRegular
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, nil, withoutPath(err)
	}
	if int64(len(text)) > limit {
		return nil, nil, fmt.Errorf("larger than %d KiB", limit>>10)
	}
	return text, info, nil
}

var errNotRegular = errors.New("not a regular file")

// withoutPath is the cause of a file error, whose path stands before it already.
func withoutPath(err error) error {
	var link *os.LinkError // of a file that was to be renamed
	if errors.As(err, &link) {
		err = &fs.PathError{Op: link.Op, Path: link.New, Err: link.Err}
	}
	var fault *fs.PathError
	if !errors.As(err, &fault) {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &fileError{"no such file", err}
	case errors.Is(err, fs.ErrPermission):
		return &fileError{"permission denied", err}
	}
	return &fileError{fault.Err.Error(), err}
}

type fileError struct {
	text  string
	cause error
}

func (e *fileError) Error() string { return e.text }
func (e *fileError) Unwrap() error { return e.cause }

// othersMayRead reports whether the permissions are wider than 0600. On Windows
// the bits say nothing.
func othersMayRead(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

// everybodyMayWrite reports whether the permissions let everybody write.
func everybodyMayWrite(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0
}
