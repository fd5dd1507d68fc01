package delivery

import "math/bits"

// hashSet is a set of hashes, in 9 to 12 octets each. It grows in parts, so
// that growing never needs as much again. The zero value is empty.
type hashSet struct {
	parts [64]hashPart
	count int64
}

// hashPart is an open table: a hash stands at its place or behind it, and 0 is
// an empty place.
type hashPart struct {
	slots []uint64
	count int
}

// place is where a hash belongs. Its lowest bits have chosen the part.
func (p *hashPart) place(h uint64) int {
	at, _ := bits.Mul64(h, uint64(len(p.slots)))
	return int(at)
}

func (s *hashSet) part(h uint64) *hashPart { return &s.parts[h%uint64(len(s.parts))] }

func (s *hashSet) has(h uint64) bool {
	h = max(h, 1)
	p := s.part(h)
	if len(p.slots) == 0 {
		return false
	}
	for at := p.place(h); ; at++ {
		if at == len(p.slots) {
			at = 0
		}
		switch p.slots[at] {
		case h:
			return true
		case 0:
			return false
		}
	}
}

// add reports whether the hash was not there yet.
func (s *hashSet) add(h uint64) bool {
	h = max(h, 1)
	p := s.part(h)
	// At 7/8 a search that finds nothing looks at some thirty neighbours.
	if p.count >= len(p.slots)-len(p.slots)/8 {
		p.grow()
	}
	if !p.insert(h) {
		return false
	}
	p.count++
	s.count++
	return true
}

func (p *hashPart) insert(h uint64) bool {
	for at := p.place(h); ; at++ {
		if at == len(p.slots) {
			at = 0
		}
		switch p.slots[at] {
		case h:
			return false
		case 0:
			p.slots[at] = h
			return true
		}
	}
}

func (p *hashPart) grow() {
	old := p.slots
	p.slots = make([]uint64, max(len(old)+len(old)/4, 16))
	for _, h := range old {
		if h != 0 {
			p.insert(h)
		}
	}
}
