package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
)

// Clash is a row with a key or an address that an earlier row has.
type Clash struct {
	Kind         ClashKind
	Value        string // the key or the address
	Number       int64
	Place        string
	Earlier      int64 // number of the earlier row
	EarlierPlace string
}

// ClashKind is what two rows have in common.
type ClashKind string

const (
	SameKey     ClashKind = "key"
	SameAddress ClashKind = "address"
)

func (c Clash) Error() string {
	return fmt.Sprintf("the %s %q is that of %s", c.Kind, c.Value, c.EarlierPlace)
}

// ClashError is why nothing is sent: rows clash.
type ClashError struct {
	Clashes []Clash // the first of them
	Total   int64
}

func (e *ClashError) Error() string {
	var b strings.Builder
	if e.Total > 1 {
		fmt.Fprintf(&b, "%d rows have a key or an address that an earlier row has: ", e.Total)
	}
	writeFirst(&b, e.Clashes, func(c Clash) string { return c.Place })
	return b.String()
}

// writeFirst writes the first of the rows that something is wrong with, and where they are.
func writeFirst[E error](b *strings.Builder, all []E, place func(E) string) {
	for i, e := range all {
		if i == shownClashes {
			b.WriteString("; …")
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(b, "%s: %s", place(e), e.Error())
	}
}

// EditError is why nothing is sent: rows have changed since they were sent.
type EditError struct {
	Places []string // of the first of them
	Total  int64
}

func (e *EditError) Error() string {
	shown := e.Places[:min(len(e.Places), shownClashes)]
	return fmt.Sprintf("rows have changed since they were sent: %d, such as %s", e.Total, strings.Join(shown, ", "))
}

const (
	shownClashes = 3
	keptClashes  = 1000
)

// examine reads the source before anything is sent, in search of rows that must
// not be in one run together, and returns how many rows it has; 0 where nothing
// is searched for. What the journal knows of rows that are done can be trusted then,
// although nobody describes them once more, unless trusted is false.
func examine(ctx context.Context, source Source, o Options) (rows int64, trusted bool, err error) {
	if !o.examines() {
		return 0, false, o.Examined.note(nil) // an earlier sum says nothing of what is sent now
	}
	e := &examination{o: o, ctx: ctx, most: keptClashes}
	if o.Examined.Sum != nil {
		if known, err := e.recognise(source); err != nil || known {
			return e.rows, known, err
		}
	}
	if err := e.run(source); err != nil {
		return 0, false, err
	}
	switch {
	case e.edited.Total > 0:
		return 0, false, &e.edited
	case e.found.Total > 0:
		return 0, false, &e.found
	case e.taken.Total > 0:
		return 0, false, &e.taken
	case e.left > 0:
		return e.rows, false, o.Examined.note(nil)
	}
	return e.rows, true, o.Examined.note(e.sum.of(o))
}

func (e *Examined) note(sum []byte) error {
	if e.Note == nil {
		return nil
	}
	if err := e.Note(sum); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// examines reports whether there is anything to search for.
func (o *Options) examines() bool {
	return o.Duplicates != FirstDuplicate || o.Addresses != AnyAddresses
}

// recognise reports whether the rows are those of an earlier examination, in which
// nothing was wrong: with the same keys and contents, in the same order.
func (e *examination) recognise(source Source) (bool, error) {
	if err := e.pass(source, NeedKeys, func(j *Job) error { e.sum.add(j); return nil }); err != nil {
		return false, err
	}
	return bytes.Equal(e.sum.of(e.o), e.o.Examined.Sum), nil
}

// examination searches a source for rows that clash. Of each key and address it
// keeps a hash; where one comes twice the source is read again, to compare what
// it stands for.
type examination struct {
	o    Options
	ctx  context.Context
	most int // clashes that are kept

	seed            maphash.Seed
	keys, addresses hashSet
	suspectKeys     map[uint64]bool
	suspects        map[uint64]bool
	rows            int64
	sum             rowSum
	found           ClashError
	edited          EditError
	taken           TakenError
	entries         []Entry
	jobs            []Job // of the entries
	known           []Known
	left            int64 // rows that are done, and that have no message any more
}

func (e *examination) run(source Source) error {
	e.seed = maphash.MakeSeed()
	e.suspectKeys, e.suspects = map[uint64]bool{}, map[uint64]bool{}
	e.sum = rowSum{}
	err := e.pass(source, NeedRecipients, func(j *Job) error {
		e.sum.add(j)
		return e.note(j)
	})
	if err != nil {
		return err
	}
	if err := e.look(); err != nil {
		return err
	}
	e.keys, e.addresses = hashSet{}, hashSet{}
	if len(e.suspectKeys)+len(e.suspects) == 0 {
		return nil
	}
	compare := e.compare()
	return e.pass(source, NeedRecipients, func(j *Job) error {
		if j.ends() {
			return nil
		}
		return compare(j)
	})
}

// pass calls see for each row.
func (e *examination) pass(source Source, need Need, see func(*Job) error) (err error) {
	rows, err := source(e.ctx, need)
	if err != nil {
		return err
	}
	if rows.Close != nil {
		defer func() { err = errors.Join(err, rows.Close()) }()
	}
	var j Job
	for n := int64(0); ; n++ {
		if n%groupSize == 0 {
			select {
			case <-e.o.Stop:
				return ErrStopped
			default:
			}
			if e.ctx.Err() != nil {
				return context.Cause(e.ctx)
			}
		}
		if j, err = rows.Next(); err != nil {
			if err == io.EOF {
				e.rows = n
				return nil
			}
			return err
		}
		if err := see(&j); err != nil {
			return err
		}
	}
}

// note keeps the hashes of a row.
func (e *examination) note(j *Job) error {
	if j.ends() && j.Key == "" {
		return nil
	}
	if e.o.Journal != nil && (j.ends() || e.o.Edits == RefuseEdits || e.o.Addresses == UniqueAddresses) {
		e.entries = append(e.entries, Entry{j.Key, j.Number, j.Hash, j.Envelope.To})
		e.jobs = append(e.jobs, *j)
		if len(e.entries) == groupSize {
			if err := e.look(); err != nil {
				return err
			}
		}
	}
	if j.ends() {
		return nil
	}
	key := maphash.String(e.seed, j.Key)
	if !e.keys.add(key) {
		if e.o.Duplicates == RefuseDuplicates {
			e.suspectKeys[key] = true
		}
		return nil // its address is that of a row with the same key
	}
	if e.o.Addresses == AnyAddresses {
		return nil
	}
	for i, address := range j.Envelope.To {
		// Where the key is the address, one hash will do for both.
		if same := folded(address); same == j.Key {
			if e.addresses.has(key) {
				e.suspects[key] = true
			}
			continue
		}
		h := e.hashOf(address)
		if fresh := e.addresses.add(h); (!fresh || e.keys.has(h)) && !e.repeated(j.Envelope.To[:i], h) {
			e.suspects[h] = true
		}
	}
	return nil
}

// hashOf is the hash of an address, however it is written.
func (e *examination) hashOf(address string) uint64 { return maphash.String(e.seed, folded(address)) }

// folded is an address without regard to case: that servers may tell local parts
// apart by it (RFC 5321, section 2.4) is no reason to write to somebody twice.
func folded(address string) string { return strings.ToLower(address) }

// repeated reports whether a row has the address of a hash already.
func (e *examination) repeated(to []string, h uint64) bool {
	for _, address := range to {
		if e.hashOf(address) == h {
			return true
		}
	}
	return false
}

// look asks the journal for rows that have changed, and for addresses that other rows have.
func (e *examination) look() error {
	if len(e.entries) == 0 {
		return nil
	}
	e.known = append(e.known[:0], make([]Known, len(e.entries))...)
	if err := e.o.Journal.Look(e.ctx, e.entries, e.known); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	for i := range e.known {
		if e.jobs[i].ends() {
			switch e.known[i].Status {
			case StatusSent, StatusFailed, StatusSuppressed, StatusEdited:
				e.left++
			}
			continue
		}
		switch k := &e.known[i]; {
		case k.Status == StatusTaken && e.o.Addresses == UniqueAddresses:
			e.taken.add(&e.jobs[i], k.Holder)
		case k.Status == StatusEdited && e.o.Edits == RefuseEdits:
			if e.edited.Total++; len(e.edited.Places) < e.most {
				e.edited.Places = append(e.edited.Places, e.jobs[i].where())
			}
		}
	}
	clear(e.entries)
	clear(e.jobs)
	e.entries, e.jobs = e.entries[:0], e.jobs[:0]
	return nil
}

// first is the first row with a key or an address.
type first struct {
	number int64
	place  string
}

// compare is the second pass: it finds which of those with the same hash are the same.
func (e *examination) compare() func(*Job) error {
	keys, addresses := map[string]first{}, map[string]first{}
	return func(j *Job) error {
		if h := maphash.String(e.seed, j.Key); e.suspectKeys[h] {
			earlier, clash := keys[j.Key]
			if clash {
				e.clash(SameKey, j.Key, j, earlier)
				return nil
			}
			keys[j.Key] = first{j.Number, j.where()}
		}
		for i, address := range j.Envelope.To {
			h := e.hashOf(address)
			if !e.suspects[h] || e.repeated(j.Envelope.To[:i], h) {
				continue
			}
			same := folded(address)
			if earlier, clash := addresses[same]; clash {
				e.clash(SameAddress, address, j, earlier)
				return nil
			}
			addresses[same] = first{j.Number, j.where()}
		}
		return nil
	}
}

func (e *examination) clash(kind ClashKind, value string, j *Job, earlier first) {
	if e.found.Total++; len(e.found.Clashes) < e.most {
		e.found.Clashes = append(e.found.Clashes, Clash{kind, value, j.Number, j.where(), earlier.number, earlier.place})
	}
}
