package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"zombiezen.com/go/sqlite"
)

// fold makes the same of what differs in case alone. RFC 5321, section 2.4 lets a host take
// the local part of an address as it likes; none that anybody sends to tells Ann from ann.
func fold(text string) string { return strings.ToLower(text) }

// hash is that of a key or an address, for finding it. The seed is the ledger's own, so
// that nobody can make up a list whose keys all have the same.
func (l *Ledger) hash(folded string) uint32 {
	buffer := make([]byte, 0, 128)
	buffer = append(buffer, l.seed...)
	buffer = append(buffer, folded...)
	sum := sha256.Sum256(buffer)
	return binary.LittleEndian.Uint32(sum[:])
}

// hashes are those of the recipients of a row, whose key has the hash that is given. They
// hold until the next call.
func (r *Run) hashes(p *Row, folded string, hash uint32) []uint32 {
	r.hashed = r.hashed[:0]
	for _, a := range p.Recipients {
		h := hash
		if f := fold(a); f != folded {
			h = r.ledger.hash(f)
		}
		r.hashed = append(r.hashed, h)
	}
	return r.hashed
}

// chunk is the last, growing record of hashes.
type chunk struct {
	first   ID
	hashes  []byte
	others  []byte
	changed bool
}

// chunkKeys is how many hashes a record has, so that it fits on a page.
const chunkKeys = 512

// addKey notes the key of a new row, whose ordinal is the next.
func (r *Run) addKey(hash uint32, id ID) error {
	if len(r.tail.hashes) == 4*chunkKeys {
		if err := r.writeChunk(); err != nil {
			return err
		}
		r.tail = chunk{first: id, hashes: r.tail.hashes[:0]}
	}
	r.tail.hashes = binary.LittleEndian.AppendUint32(r.tail.hashes, hash)
	r.tail.changed = true
	r.keys.add(hash, id)
	return nil
}

// addAddress notes an address of a row that is not its key.
func (r *Run) addAddress(hash uint32, id ID) {
	r.tail.others = binary.LittleEndian.AppendUint32(r.tail.others, uint32(id))
	r.tail.others = binary.LittleEndian.AppendUint32(r.tail.others, hash)
	r.tail.changed = true
	r.keys.add(hash, id)
}

func (r *Run) writeChunk() error {
	if !r.tail.changed {
		return nil
	}
	l := r.ledger
	if err := l.point("plan.chunk"); err != nil {
		return err
	}
	r.tail.changed = false
	l.pages += 1 + len(r.tail.others)/4096
	return l.run("insert or replace into chunk values (?, ?, ?, ?)", r.id, r.tail.first, r.tail.hashes, r.tail.others)
}

// loadKeys reads the hashes of a run that is resumed.
func (r *Run) loadKeys() error {
	r.keys.reserve(int(r.last))
	return r.ledger.query("select first, hashes, others from chunk where run = ? order by first", func(s *sqlite.Stmt) error {
		r.tail.first = ID(s.ColumnInt64(0))
		r.tail.hashes = append(r.tail.hashes[:0], columnBytes(s, 1)...)
		r.tail.others = columnBytes(s, 2)
		eachHash(r.tail, r.keys.add)
		return nil
	}, r.id)
}

func eachHash(c chunk, yield func(uint32, ID)) {
	id := c.first
	for h := c.hashes; len(h) >= 4; h = h[4:] {
		yield(binary.LittleEndian.Uint32(h), id)
		id++
	}
	for o := c.others; len(o) >= 8; o = o[8:] {
		yield(binary.LittleEndian.Uint32(o[4:]), ID(binary.LittleEndian.Uint32(o)))
	}
}
