package delivery

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/mailscript/mailscript/smtp"
)

// Memory is a journal that is gone with the process: for rehearsals. Of rows that
// are decided it keeps a hash of 64 bits, so that of a million rows one may be
// taken for a duplicate of another with a chance of 3 in 100 million.
type Memory struct {
	mu       sync.Mutex
	seed     maphash.Seed
	finished hashSet
	byKey    map[string]int64 // of rows that are not
	rows     []memoryRow      // by ID
	free     []int64
}

type memoryRow struct {
	key      string
	number   int64
	tried    *Tried
	doubtful bool
}

// NewMemory makes an empty journal.
func NewMemory() *Memory {
	return &Memory{seed: maphash.MakeSeed(), byKey: map[string]int64{}}
}

// Look implements Journal.
func (m *Memory) Look(_ context.Context, rows []Entry, known []Known) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range rows {
		known[i] = m.known(&rows[i])
	}
	return nil
}

// Finished implements Journal. One in memory begins empty.
func (m *Memory) Finished(context.Context, []Entry, []Known) error { return nil }

// Claim implements Journal.
func (m *Memory) Claim(_ context.Context, rows []Entry, known []Known) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range rows {
		known[i] = m.known(&rows[i])
		if known[i].Status == StatusNew {
			known[i].ID = m.add(&rows[i])
		}
	}
	return nil
}

func (m *Memory) known(e *Entry) Known {
	id, claimed := m.byKey[e.Key]
	switch {
	case !claimed && m.finished.has(maphash.String(m.seed, e.Key)):
		return Known{Status: StatusDuplicate}
	case !claimed:
		return Known{Status: StatusNew}
	case m.rows[id].number != e.Number:
		return Known{Status: StatusDuplicate}
	}
	return Known{ID: id, Status: StatusOpen, Tried: m.rows[id].tried}
}

func (m *Memory) add(e *Entry) int64 {
	var id int64
	if last := len(m.free) - 1; last >= 0 {
		id, m.free = m.free[last], m.free[:last]
	} else {
		id = int64(len(m.rows))
		m.rows = append(m.rows, memoryRow{})
	}
	m.rows[id] = memoryRow{key: e.Key, number: e.Number}
	m.byKey[e.Key] = id
	return id
}

// Doubt implements Journal.
func (m *Memory) Doubt(ctx context.Context, settled []Settled, attempts []Attempt) error {
	if err := m.Settle(ctx, settled); err != nil {
		return err
	}
	return m.doubt(attempts, true)
}

// Release implements Journal.
func (m *Memory) Release(_ context.Context, attempts []Attempt) error {
	return m.doubt(attempts, false)
}

func (m *Memory) doubt(attempts []Attempt, doubtful bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range attempts {
		m.rows[a.ID].doubtful = doubtful
	}
	return nil
}

// Settle implements Journal.
func (m *Memory) Settle(_ context.Context, settled []Settled) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range settled {
		m.settle(&settled[i])
	}
	return nil
}

func (m *Memory) settle(s *Settled) {
	row := &m.rows[s.ID]
	if s.Again.IsZero() {
		m.finished.add(maphash.String(m.seed, row.key))
		delete(m.byKey, row.key)
		*row = memoryRow{}
		m.free = append(m.free, s.ID)
		return
	}
	row.doubtful = false
	tried := &Tried{Attempts: 1, First: s.At, Again: s.Again, Sum: s.Sum}
	if before := row.tried; before != nil {
		tried.Attempts, tried.First = before.Attempts+1, before.First
		tried.Past = slices.Clone(before.Past)
	}
	if s.Open == nil {
		tried.Past = make([]smtp.Recipient, len(s.To))
	}
	for i, to := range s.To {
		at := i
		if s.Open != nil {
			at = s.Open[i]
		}
		tried.Past[at] = to
	}
	row.tried = tried
}
