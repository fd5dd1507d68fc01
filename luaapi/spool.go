package luaapi

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// spool keeps records in the order they come in, to be read in that order. A few stay in
// memory; the others go into a file, which has no name wherever files can lose it while they
// are open, so that nothing is left of it after the process. Each record has a checksum behind
// it: a disk may lose what it seemed to have written, and give other octets in its place.
type spool struct {
	folder string // of the file; that for temporary files where it is "" or not there
	most   int64  // octets in the file
	// free tells how many octets the disk of a folder has left; nil asks the system.
	free func(folder string) (int64, error)

	buffer []byte
	file   *os.File // nil until the buffer was full once
	size   int64    // of what is in the file
}

const (
	// spoolBuffer is how many octets stay in memory.
	spoolBuffer = 64 << 10
	// mostTemporary bounds the file in the folder for temporary ones, which may be in memory.
	mostTemporary = 64 << 20
	// mostRecord bounds a record.
	mostRecord = 64 << 10
	// spoolShare and spoolLeaves are what has to be left on a disk: the ledger may be on the
	// same one, and needs room for each row, without which nothing is sent.
	spoolShare  = 4        // times what the file has
	spoolLeaves = 16 << 20 // octets beside
)

// spoolName is what files are called where they need a name; they are readable for their
// owner alone.
const spoolName = "merge-*.tmp"

var (
	errSpoolFull    = errors.New("as much is kept as may be")
	errSpoolDamaged = errors.New("a record is not what it was")
)

// castagnoli is the checksum that processors compute.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sweep removes the files of processes that were killed, where those still had their names.
// One that is open cannot be removed there.
func (s *spool) sweep() {
	if s.folder == "" {
		return
	}
	left, _ := filepath.Glob(filepath.Join(s.folder, spoolName))
	for _, path := range left {
		_ = os.Remove(path)
	}
}

// add keeps a record. After an error the records in memory are lost, and those in the file can
// still be read.
func (s *spool) add(record []byte) error {
	s.buffer = binary.AppendUvarint(s.buffer, uint64(len(record)))
	s.buffer = append(s.buffer, record...)
	s.buffer = binary.LittleEndian.AppendUint32(s.buffer, crc32.Checksum(record, castagnoli))
	if len(s.buffer) < spoolBuffer {
		return nil
	}
	err := s.flush()
	s.buffer = s.buffer[:0]
	return err
}

func (s *spool) flush() error {
	size := s.size + int64(len(s.buffer))
	if size > s.most {
		return errSpoolFull
	}
	if s.file == nil {
		file, err := os.CreateTemp(s.folder, spoolName)
		if errors.Is(err, fs.ErrNotExist) {
			s.folder = ""
			file, err = os.CreateTemp("", spoolName)
		}
		if err != nil {
			return err
		}
		if s.folder == "" {
			s.most = min(s.most, mostTemporary)
		}
		s.file = file
		_ = os.Remove(file.Name()) // else close does
	}
	free := s.free
	if free == nil {
		free = freeSpace
	}
	left, err := free(filepath.Dir(s.file.Name()))
	if err == nil && left < int64(len(s.buffer))+spoolShare*size+spoolLeaves {
		return errSpoolFull
	}
	if _, err := s.file.WriteAt(s.buffer, s.size); err != nil {
		return err
	}
	s.size = size
	return nil
}

// close forgets all records.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name())
	}
	*s = spool{folder: s.folder, most: s.most, free: s.free}
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
	if size > mostRecord {
		return nil, errSpoolDamaged
	}
	const sum = crc32.Size
	if uint64(cap(r.room)) < size+sum {
		r.room = make([]byte, size+sum)
	}
	r.room = r.room[:size+sum]
	if _, err = io.ReadFull(r.in, r.room); err != nil {
		return nil, err
	}
	record := r.room[:size]
	if binary.LittleEndian.Uint32(r.room[size:]) != crc32.Checksum(record, castagnoli) {
		return nil, errSpoolDamaged
	}
	return record, nil
}
