package luaapi

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
)

// spool keeps records in the order they come in, to be read in that order. A few stay in
// memory; the others go into a file, which has no name wherever files can lose it while they
// are open, so that nothing is left of it after the process.
type spool struct {
	folder string // of the file; that for temporary files where it is "" or not there
	most   int64  // octets in the file

	buffer []byte
	file   *os.File // nil until the buffer was full once
	size   int64    // of what is in the file
}

// spoolBuffer is how many octets stay in memory.
const spoolBuffer = 64 << 10

var errSpoolFull = errors.New("as much is kept as may be")

// add keeps a record. After an error the records in memory are lost, and those in the file can
// still be read.
func (s *spool) add(record []byte) error {
	s.buffer = binary.AppendUvarint(s.buffer, uint64(len(record)))
	s.buffer = append(s.buffer, record...)
	if len(s.buffer) < spoolBuffer {
		return nil
	}
	err := s.flush()
	s.buffer = s.buffer[:0]
	return err
}

func (s *spool) flush() error {
	if s.size+int64(len(s.buffer)) > s.most {
		return errSpoolFull
	}
	if s.file == nil {
		const name = "merge-*.tmp" // readable for its owner alone
		file, err := os.CreateTemp(s.folder, name)
		if errors.Is(err, fs.ErrNotExist) {
			file, err = os.CreateTemp("", name)
		}
		if err != nil {
			return err
		}
		s.file = file
		_ = os.Remove(file.Name()) // else close does
	}
	if _, err := s.file.WriteAt(s.buffer, s.size); err != nil {
		return err
	}
	s.size += int64(len(s.buffer))
	return nil
}

// close forgets all records.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name())
	}
	*s = spool{folder: s.folder, most: s.most}
}

// read reads the records from the first one on.
func (s *spool) read() *spoolReader {
	var all io.Reader = bytes.NewReader(s.buffer)
	if s.file != nil {
		all = io.MultiReader(io.NewSectionReader(s.file, 0, s.size), all)
	}
	return &spoolReader{in: bufio.NewReaderSize(all, spoolBuffer)}
}

type spoolReader struct {
	in   *bufio.Reader
	room []byte
}

// next is the next record, until it is called again; io.EOF after the last.
func (r *spoolReader) next() ([]byte, error) {
	size, err := binary.ReadUvarint(r.in)
	if err != nil {
		return nil, err
	}
	if uint64(cap(r.room)) < size {
		r.room = make([]byte, size)
	}
	r.room = r.room[:size]
	_, err = io.ReadFull(r.in, r.room)
	return r.room, err
}
