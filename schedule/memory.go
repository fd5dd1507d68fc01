package schedule

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Memory is a [State] that lasts as long as the process. It forgets what is not
// needed: of each job it keeps the last records, and as many more as were claimed
// within the time by which clocks are usually set back.
type Memory struct {
	mu   sync.Mutex
	jobs map[string]*memories
	keep int // records of a job, whatever their age; 0 is keptRecords
}

// memories are what is kept of a job.
type memories struct {
	spec    string    // which it has
	known   time.Time // and since when
	records []*Record // in the order of their claims
	periods map[string]*Record
	sweep   int // how many records there are when next to look for old ones
}

const (
	keptRecords = 50
	keptFor     = 2 * time.Hour
	// keptLogs is how many records keep the end of their log: it is most of them
	// by size and soon of no use.
	keptLogs = 3
)

func (m *Memory) job(name string) *memories {
	if m.jobs == nil {
		m.jobs = map[string]*memories{}
	}
	j := m.jobs[name]
	if j == nil {
		j = &memories{periods: map[string]*Record{}}
		m.jobs[name] = j
	}
	return j
}

// Known is part of [State].
func (m *Memory) Known(job, spec string, now time.Time) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := m.job(job)
	if j.known.IsZero() || j.spec != spec {
		j.spec, j.known = spec, now
	}
	return j.known, nil
}

// Claim is part of [State].
func (m *Memory) Claim(r Record) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := m.job(r.Job)
	if j.periods[r.Period] != nil {
		return false, nil
	}
	j.periods[r.Period] = &r
	j.records = append(j.records, &r)
	j.forget(max(m.keep, keptRecords))
	return true, nil
}

// forget drops what is old and settled, now and then.
func (j *memories) forget(keep int) {
	if n := len(j.records) - keptLogs - 1; n >= 0 {
		j.records[n].Log = ""
	}
	if len(j.records) < j.sweep {
		return
	}
	last := j.records[len(j.records)-1].Claimed
	old := len(j.records) - keep
	i := -1
	j.records = slices.DeleteFunc(j.records, func(r *Record) bool {
		i++
		forget := i < old && !r.Outcome.open() && last.Sub(r.Claimed).Abs() >= keptFor
		if forget {
			delete(j.periods, r.Period)
		}
		return forget
	})
	j.sweep = len(j.records)*9/8 + 8
}

// Settle is part of [State].
func (m *Memory) Settle(r Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.job(r.Job).periods[r.Period]
	if kept == nil {
		return fmt.Errorf("schedule: settling %s of %s: no such period was claimed", r.Period, r.Job)
	}
	*kept = r
	return nil
}

// Open is part of [State].
func (m *Memory) Open() ([]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var open []Record
	for _, j := range m.jobs {
		for _, r := range j.records {
			if r.Outcome.open() {
				open = append(open, *r)
			}
		}
	}
	slices.SortStableFunc(open, func(a, b Record) int { return a.Claimed.Compare(b.Claimed) })
	return open, nil
}

// History is part of [State].
func (m *Memory) History(job string, until time.Time, limit int) ([]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := m.jobs[job]
	if j == nil {
		return nil, nil
	}
	var records []Record
	for _, r := range j.records {
		if !r.At.After(until) {
			records = append(records, *r)
		}
	}
	// By fire time and not by claim: a clock that was set back mixes them.
	slices.SortStableFunc(records, func(a, b Record) int { return b.At.Compare(a.At) })
	return records[:min(limit, len(records))], nil
}
