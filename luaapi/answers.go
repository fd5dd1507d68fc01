package luaapi

import (
	"encoding/binary"
	"reflect"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/rows"
)

// answers are what the script's function said of the rows while they were looked at before
// anything is sent. They are kept, so that it need not be asked once more for each row: Lua is
// the most expensive part of a merge. What cannot be kept is asked again.
type answers struct {
	spool  spool
	shared shared
	began  bool
	keeps  bool // they are being given
	record []byte

	reader  *spoolReader
	number  int64 // of the row whose answer was read last, 0 before the first
	hash    uint64
	payload []byte
}

// mostAnswered bounds what is kept, in octets, as mostRecord does for one row. What is beyond
// costs another call for its row, and no more.
const mostAnswered = 1 << 30

// keep keeps what was said of a row. same are the constants of its data.
func (a *answers) keep(job *delivery.Job, d *described, same *constants) {
	if !a.keeps {
		return
	}
	a.record = binary.AppendUvarint(a.record[:0], uint64(job.Number))
	a.record = binary.LittleEndian.AppendUint64(a.record, job.Hash)
	e := answerEncoder{b: a.record, shared: &a.shared, row: job.Row.(*rows.Row), constants: same}
	a.shared.begin()
	e.described(d)
	if a.record = e.b; len(e.b) > mostRecord {
		a.record = nil // rather than to hold the largest of them
		return
	}
	if e.failed {
		return
	}
	err := a.spool.add(e.b)
	if a.keeps = err == nil; err != nil && err != errSpoolFull {
		a.spool.close() // what it has of a full disk, the ledger may need
	}
}

// begin is called before the rows are read. The first time that it is for their recipients,
// what is said of them is to be kept, and found from then on.
func (a *answers) begin(need delivery.Need) {
	switch {
	case a.began:
		a.keeps = false
		a.reader, a.number = a.spool.read(), 0
	case need == delivery.NeedRecipients:
		a.began, a.keeps = true, true
		a.spool.sweep()
	}
}

// find is what was said of a row, nil where that was not kept or the row is not what it was.
// Rows are looked for in their order.
func (a *answers) find(job *delivery.Job) *described {
	for a.reader != nil && a.number < job.Number {
		a.load()
	}
	if a.reader == nil || a.number != job.Number || a.hash != job.Hash {
		return nil
	}
	d := answerDecoder{text: string(a.payload), shared: &a.shared, row: job.Row.(*rows.Row)}
	found := new(described)
	if d.described(found); d.failed {
		return nil
	}
	return found
}

// load reads the next answer. A fault of the disk is as good as the end.
func (a *answers) load() {
	record, err := a.reader.next()
	if err != nil {
		a.reader = nil
		return
	}
	number, n := binary.Uvarint(record)
	if n <= 0 || len(record) < n+8 {
		a.reader = nil
		return
	}
	a.number, a.hash, a.payload = int64(number), binary.LittleEndian.Uint64(record[n:]), record[n+8:]
}

// close forgets everything.
func (a *answers) close() {
	a.spool.close()
	a.reader = nil
}

// shared are values that the answers for many rows have in common: templates, files, lists of
// offers. They are kept as they are, and answers have their numbers. Most have to come twice
// running first, so that no row's own attachment is held until the merge ends.
type shared struct {
	values      []any
	numbers     map[identity]int
	before, now []any // what the last row and this one have that is not shared
	octets      int64 // in the files among them
}

// Bounds of what is shared: how many there are, and octets in files.
const (
	mostShared       = 64
	mostSharedOctets = 32 << 20
)

// identity tells one value from another, whatever they hold.
type identity struct {
	kind    reflect.Type
	address uintptr
	length  int
}

func identityOf(v any) identity {
	r := reflect.ValueOf(v)
	id := identity{kind: r.Type(), address: r.Pointer()}
	if r.Kind() == reflect.Slice {
		id.length = r.Len()
	}
	return id
}

// begin is called for each row.
func (s *shared) begin() {
	s.before, s.now = s.now, s.before[:0]
	clear(s.now[:cap(s.now)])
}

// constant is the number of a value that is likely to come again.
func (s *shared) constant(v any) (int, bool) {
	id := identityOf(v)
	if n, ok := s.numbers[id]; ok {
		return n, true
	}
	if len(s.values) == mostShared {
		return 0, false
	}
	if s.numbers == nil {
		s.numbers = map[identity]int{}
	}
	s.numbers[id] = len(s.values)
	s.values = append(s.values, v)
	return len(s.values) - 1, true
}

// pointer is the number of what v, a pointer, refers to, once it came with two rows running.
func (s *shared) pointer(v any) (int, bool) {
	if n, ok := s.numbers[identityOf(v)]; ok {
		return n, true
	}
	for _, other := range s.before {
		if other == v {
			if file, ok := v.(*mime.Part); ok {
				if s.octets+file.Size() > mostSharedOctets {
					break
				}
				s.octets += file.Size()
			}
			return s.constant(v)
		}
	}
	s.now = append(s.now, v)
	return 0, false
}

// get is the value of a number; the zero one where there is none of the type.
func get[T any](s *shared, n uint64) (v T, ok bool) {
	if n < uint64(len(s.values)) {
		v, ok = s.values[n].(T)
	}
	return v, ok
}
