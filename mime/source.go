package mime

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"sync"
)

// holdUpTo is the size of files from which on they are read while they are sent, in
// bytes. Below it a file is encoded once for all messages that attach it.
const holdUpTo = 8 << 20

// sourceBlock is what is read of a file at a time: 64 KiB of base64, in whole lines.
const sourceBlock = base64Line * 840

// ErrChanged says that a file is not, or no longer, what it was when it became a part.
// What has been written of the message must not be finished: it lacks at least its last
// lines.
var ErrChanged = errors.New("the file has changed since it was attached")

// source is a file that is too large to be held. It is opened anew by each writer.
type source struct {
	path string
	info os.FileInfo // when the part was made

	// The sum of the first complete reading. Later ones, such as a second try, must
	// have the same: the time of a file is coarse, and can be set.
	mu     sync.Mutex
	seed   maphash.Seed
	sum    uint64
	summed bool
}

func newSource(path string, info os.FileInfo) *source {
	return &source{path: path, info: info, seed: maphash.MakeSeed()}
}

func (s *source) refuse(err error) error {
	reason := err.Error()
	if !errors.Is(err, ErrChanged) {
		reason = pathReason(err)
	}
	return &Error{Field: "file", Value: s.path, Offset: -1, Reason: reason, Err: err}
}

// read hands the file to a function block by block. All blocks but the last have
// sourceBlock bytes; the last comes only when the file has proved to be what it was.
func (s *source) read(block func([]byte) error) error {
	f, err := os.Open(s.path)
	if err != nil {
		return s.refuse(err)
	}
	defer f.Close()
	if err := s.compare(f); err != nil {
		return err
	}
	var sum maphash.Hash
	sum.SetSeed(s.seed)
	buf := make([]byte, sourceBlock)
	for left := s.info.Size(); left > 0; {
		n := int(min(left, sourceBlock))
		if _, err := io.ReadFull(f, buf[:n]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = fmt.Errorf("%w: it is shorter", ErrChanged)
			}
			return s.refuse(err)
		}
		sum.Write(buf[:n])
		if left -= int64(n); left == 0 {
			if err := s.finish(f, sum.Sum64()); err != nil {
				return err
			}
		}
		if err := block(buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

// finish checks behind the last byte that the file has stayed what it was.
func (s *source) finish(f *os.File, sum uint64) error {
	if n, _ := f.Read(make([]byte, 1)); n > 0 {
		return s.refuse(fmt.Errorf("%w: it is longer", ErrChanged))
	}
	if err := s.compare(f); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.summed && s.sum != sum {
		return s.refuse(fmt.Errorf("%w: it has other bytes", ErrChanged))
	}
	s.sum, s.summed = sum, true
	return nil
}

// compare asks the system whether the open file is the one that became a part.
func (s *source) compare(f *os.File) error {
	now, err := f.Stat()
	switch {
	case err != nil:
		return s.refuse(err)
	case !os.SameFile(s.info, now):
		return s.refuse(fmt.Errorf("%w: another file has taken its place", ErrChanged))
	case now.Size() != s.info.Size():
		return s.refuse(fmt.Errorf("%w: it had %d bytes and has %d", ErrChanged, s.info.Size(), now.Size()))
	case !now.ModTime().Equal(s.info.ModTime()):
		return s.refuse(fmt.Errorf("%w: it was written to", ErrChanged))
	}
	return nil
}

// chunk is a stretch of a message: bytes that nobody changes any more, or a file.
type chunk struct {
	data []byte
	file *source // then data is nil
	raw  bool    // the file goes as it is, not as base64
}

func (c chunk) size() int64 {
	switch {
	case c.file == nil:
		return int64(len(c.data))
	case c.raw:
		return c.file.info.Size()
	}
	return base64Length64(c.file.info.Size())
}

func (c chunk) writeTo(w io.Writer) (written int64, err error) {
	if c.file == nil {
		n, err := w.Write(c.data)
		return int64(n), err
	}
	var encoded []byte
	if !c.raw {
		encoded = make([]byte, base64Length(sourceBlock))
	}
	err = c.file.read(func(block []byte) error {
		if !c.raw {
			block = encoded[:putBase64(encoded, block)]
		}
		n, err := w.Write(block)
		written += int64(n)
		return err
	})
	return written, err
}

func writeChunks(w io.Writer, chunks []chunk) (int64, error) {
	var written int64
	for _, c := range chunks {
		n, err := c.writeTo(w)
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}
