package rows

import (
	"context"
	"errors"
	"io"
	"io/fs"
)

var (
	errFolder    = errors.New("is a folder")
	errIrregular = errors.New("is no regular file, and rows are read more than once")
)

// openFault is the error of a file that cannot be opened.
func openFault(place Place, err error) *Error {
	return &Error{Place: place, Text: plainCause(err), Err: err, Fatal: true}
}

// readFault is the error of a file that cannot be read on.
func readFault(place Place, err error) *Error {
	return &Error{Place: place, Text: "reading: " + plainCause(err), Err: err, Fatal: true}
}

// plainCause leaves out what errors of the file system repeat: the path.
func plainCause(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "no such file"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// window is the part of a text that is in memory: what has been read and not yet
// consumed. It grows to the longest row, and no further than MaxRow.
type window struct {
	ctx    context.Context
	source io.Reader
	bytes  []byte // what is left begins at start
	start  int
	offset int64 // in the text, of bytes[0]
	ended  bool
}

const windowSize = 64 << 10 // bytes

var errRowTooLarge = errors.New("too large")

func newWindow(ctx context.Context, source io.Reader) *window {
	return &window{ctx: ctx, source: source, bytes: make([]byte, 0, windowSize)}
}

// rest is what can be looked at now; more changes it.
func (w *window) rest() []byte { return w.bytes[w.start:] }

// consume drops n bytes of rest.
func (w *window) consume(n int) { w.start += n }

// at is the offset in the text of the first byte of rest.
func (w *window) at() int64 { return w.offset + int64(w.start) }

// more reads at least one byte behind rest. It returns io.EOF when there is none, and
// errRowTooLarge when rest has grown as large as a row may be.
func (w *window) more() error {
	if w.ended {
		return io.EOF
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	left := len(w.bytes) - w.start
	if left > MaxRow {
		return errRowTooLarge
	}
	if w.start > 0 {
		copy(w.bytes, w.bytes[w.start:])
		w.bytes, w.offset, w.start = w.bytes[:left], w.offset+int64(w.start), 0
	}
	if left == cap(w.bytes) {
		grown := make([]byte, left, 2*left)
		copy(grown, w.bytes)
		w.bytes = grown
	}
	for empty := 0; empty < 100; empty++ {
		n, err := w.source.Read(w.bytes[left:cap(w.bytes)])
		w.bytes = w.bytes[:left+n]
		if err == io.EOF {
			w.ended = true
			err = nil
		}
		switch {
		case err != nil:
			return err
		case n > 0:
			return nil
		case w.ended:
			return io.EOF
		}
	}
	return io.ErrNoProgress
}
