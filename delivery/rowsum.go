package delivery

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// rowSum is a digest of all rows of a source: of their keys and contents, in their
// order. Rows without a key count as such, so that it is the same whether anybody
// has described the rows or not. The zero value is of none.
type rowSum struct {
	h    hash.Hash
	room []byte
}

func (s *rowSum) add(j *Job) {
	if s.h == nil {
		s.h = sha256.New()
	}
	s.room = binary.AppendUvarint(s.room, uint64(len(j.Key)))
	s.room = append(s.room, j.Key...)
	s.room = binary.LittleEndian.AppendUint64(s.room, j.Hash)
	if len(s.room) > 4<<10 {
		s.h.Write(s.room)
		s.room = s.room[:0]
	}
}

// of is the digest, and what was searched for in the rows: what is fine under one
// policy may not be so under another.
func (s *rowSum) of(o Options) []byte {
	if s.h == nil {
		s.h = sha256.New()
	}
	s.h.Write(s.room)
	s.room = s.room[:0]
	sum := sha256.New()
	for _, text := range []string{"1", string(o.Duplicates), string(o.Addresses), string(o.Edits)} {
		sum.Write(append([]byte(text), 0))
	}
	sum.Write(s.h.Sum(nil))
	return sum.Sum(nil)
}
