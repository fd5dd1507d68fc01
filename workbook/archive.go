package workbook

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
)

// archive is the ZIP file. excelize adds parts in an order that changes from run to run, so they are compressed as they come and
// written in an order of their own at the end, without times.
type archive struct {
	to     io.Writer
	parts  []*part
	copied bool
}

// part is a file in the archive.
type part struct {
	name string
	size uint64
	sum  uint32
	// packed is what was compressed: in memory, and beyond spoolSize in a temporary file.
	packed spool
	flate  *flate.Writer
}

// maxPart is what a ZIP file holds without its 64-bit extension, which not all readers of workbooks have.
const maxPart = 1<<32 - 1

// Create begins a part.
func (a *archive) Create(name string) (io.Writer, error) {
	if err := a.end(); err != nil {
		return nil, err
	}
	p := &part{name: name}
	a.parts = append(a.parts, p)
	var err error
	p.flate, err = flate.NewWriter(&p.packed, flate.DefaultCompression)
	return p, err
}

// Write compresses some of the part.
func (p *part) Write(octets []byte) (int, error) {
	if p.size += uint64(len(octets)); p.size > maxPart {
		return 0, fmt.Errorf("%s is larger than 4 GiB", p.name)
	}
	p.sum = crc32.Update(p.sum, crc32.IEEETable, octets)
	return p.flate.Write(octets)
}

// end ends the part that was last begun.
func (a *archive) end() error {
	if len(a.parts) == 0 {
		return nil
	}
	p := a.parts[len(a.parts)-1]
	if p.flate == nil {
		return nil
	}
	err := p.flate.Close()
	p.flate = nil // it holds a megabyte
	return err
}

// AddFS is part of what excelize asks of an archive, and not used.
func (a *archive) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the archive: the types of the parts first, as readers that guess the kind of a file expect it, then the relations, then
// the rest by name.
func (a *archive) Close() error {
	if a.copied {
		return nil
	}
	a.copied = true
	if err := a.end(); err != nil {
		return err
	}
	rank := func(p *part) int {
		return cmp.Or(map[string]int{"[Content_Types].xml": 1, "_rels/.rels": 2}[p.name], 3)
	}
	slices.SortFunc(a.parts, func(x, y *part) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.name, y.name))
	})
	to := zip.NewWriter(a.to)
	for _, p := range a.parts {
		header := &zip.FileHeader{
			Name: p.name, Method: zip.Deflate, CRC32: p.sum, UncompressedSize64: p.size, CompressedSize64: uint64(p.packed.size),
		}
		//lint:ignore SA1019 CreateRaw writes this field, and not Modified
		header.ModifiedDate = 1<<5 | 1 // 1 January 1980, the first day there is
		header.ReaderVersion = 20      // deflate needs that (APPNOTE, section 4.4.3.2)
		w, err := to.CreateRaw(header)
		if err != nil {
			return err
		}
		if err := p.packed.copyTo(w); err != nil {
			return err
		}
	}
	return to.Close()
}

// discard removes the temporary files.
func (a *archive) discard() {
	for _, p := range a.parts {
		p.packed.discard()
	}
}

const spoolSize = 8 << 20

// spool holds octets, the many in a temporary file.
type spool struct {
	memory bytes.Buffer
	file   *os.File
	size   int64
}

func (s *spool) Write(octets []byte) (int, error) {
	s.size += int64(len(octets))
	if s.file != nil {
		return s.file.Write(octets)
	}
	if s.memory.Len()+len(octets) <= spoolSize {
		return s.memory.Write(octets)
	}
	var err error
	if s.file, err = os.CreateTemp("", "mailscript-"); err != nil {
		return 0, err
	}
	if _, err := s.memory.WriteTo(s.file); err != nil {
		return 0, err
	}
	s.memory = bytes.Buffer{}
	return s.file.Write(octets)
}

func (s *spool) copyTo(w io.Writer) error {
	if s.file == nil {
		_, err := w.Write(s.memory.Bytes())
		return err
	}
	_, err := io.Copy(w, io.NewSectionReader(s.file, 0, s.size))
	return err
}

func (s *spool) discard() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}
