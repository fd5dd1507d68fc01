package ledger

// keySet finds the rows that may have a key or an address: those with the same 32 bits of
// its hash. Which of them has it is then looked up in the database. At 1,000,000 rows it
// takes ten octets each, and one look-up in 4,000 finds a row that is not the one.
//
// It is many small tables, so that growing one moves few entries at a time.
type keySet struct {
	shards [256][]slot
	used   [256]uint32
}

// slot is one entry; ordinals begin at 1, so that 0 is an empty one.
type slot struct {
	hash    uint32
	ordinal ID
}

// reserve makes room for as many rows as there will be at least.
func (k *keySet) reserve(rows int) {
	for i := range k.shards {
		k.shards[i] = make([]slot, rows/len(k.shards)*5/4+16)
	}
}

// place is where the search for a hash begins. The upper octet chose the shard.
func place(hash uint32, size int) int { return int(uint64(hash&0xffffff) * uint64(size) >> 24) }

func (k *keySet) add(hash uint32, ordinal ID) {
	n := hash >> 24
	shard := k.shards[n]
	// At 7/8 a search that finds nothing looks at some thirty neighbours.
	if (int(k.used[n])+1)*8 > len(shard)*7 {
		grown := make([]slot, max(16, len(shard)+len(shard)/4))
		for _, s := range shard {
			if s.ordinal != 0 {
				put(grown, s)
			}
		}
		shard = grown
		k.shards[n] = grown
	}
	put(shard, slot{hash, ordinal})
	k.used[n]++
}

func put(shard []slot, s slot) {
	i := place(s.hash, len(shard))
	for shard[i].ordinal != 0 {
		if i++; i == len(shard) {
			i = 0
		}
	}
	shard[i] = s
}

// find calls yield with each row that may be meant, until it returns false.
func (k *keySet) find(hash uint32, yield func(ID) bool) {
	shard := k.shards[hash>>24]
	if len(shard) == 0 {
		return
	}
	for i := place(hash, len(shard)); shard[i].ordinal != 0; {
		if shard[i].hash == hash && !yield(shard[i].ordinal) {
			return
		}
		if i++; i == len(shard) {
			i = 0
		}
	}
}
