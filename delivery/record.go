package delivery

import (
	"container/heap"
	"fmt"
	"time"
)

// recorder is the stage that tells the journal, and keeps what is tried again.
type recorder struct {
	r       *run
	waiting waiting
	out     int // rows due again that are on their way
	settled []Settled
	found   []*item
}

// record runs until over.
func (r *run) record(over <-chan struct{}) {
	defer close(r.recorded)
	rec := &recorder{r: r}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	stopped := r.stopped
	for {
		r.answered.Lock()
		items := r.answered.items
		r.answered.items = rec.found[:0]
		r.answered.Unlock()
		rec.take(items)
		clear(items)
		rec.found = items
		pause := rec.retry()
		timer.Reset(pause)
		select {
		case <-r.answered.wake:
		case <-timer.C:
		case <-stopped:
			stopped = nil
		case <-over:
			return
		}
	}
}

// take records what was answered.
func (rec *recorder) take(items []*item) {
	r := rec.r
	if len(items) == 0 {
		return
	}
	rec.settled = rec.settled[:0]
	now := r.o.Now()
	for _, it := range items {
		if it.settles {
			rec.settled = append(rec.settled, it.settled(now))
			it.settles = false
		}
	}
	if len(rec.settled) > 0 {
		err := r.point("answer.settle")
		if err == nil {
			err = r.o.Journal.Settle(background(r.ctx), rec.settled)
		}
		if err == nil {
			err = r.point("answer.settled")
		}
		if err != nil {
			r.stop(fmt.Errorf("journal: %w", err))
		}
		clear(rec.settled)
		for _, it := range items {
			if it.owed != nil {
				it.owed.add(-1)
				it.owed = nil
			}
		}
	}
	stopped := r.isStopped()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, it := range items {
		switch {
		case it.outcome != "":
		case stopped || len(rec.waiting) >= r.o.Retry.Rows:
			it.leave()
		default:
			rec.park(it)
			continue
		}
		rec.done(it)
	}
	r.signal()
}

// park keeps a row until it is due. run.mu is held.
func (rec *recorder) park(it *item) {
	if it.returns {
		rec.out--
	} else {
		kept := *it
		if !it.late {
			it.state = aside
			rec.r.waiting++
		}
		it, kept.late, kept.returns = &kept, true, true
	}
	it.state = working
	it.lost, it.alone = 0, false
	heap.Push(&rec.waiting, it)
}

// done lets the caller have a row. run.mu is held.
func (rec *recorder) done(it *item) {
	it.state = done
	if it.returns {
		rec.out--
	}
	if it.late {
		rec.r.late = append(rec.r.late, it)
	}
}

// retry sends on what is due, and returns when to look again.
func (rec *recorder) retry() time.Duration {
	r := rec.r
	if len(rec.waiting) == 0 {
		return time.Hour
	}
	if r.isStopped() {
		r.mu.Lock()
		for _, it := range rec.waiting {
			it.leave()
			it.state = done
			r.late = append(r.late, it)
		}
		r.mu.Unlock()
		rec.waiting = nil
		r.signal()
		return time.Hour
	}
	now := r.o.Now()
	for rec.out < lateItems {
		due := rec.waiting.due(now, min(groupSize, lateItems-rec.out))
		if len(due) == 0 {
			break
		}
		rec.out += len(due)
		r.claims <- &group{all: due}
	}
	if len(rec.waiting) == 0 {
		return time.Hour
	}
	if rec.out >= lateItems {
		return time.Hour // one that comes back wakes us
	}
	return max(rec.waiting[0].again.Sub(now), time.Millisecond)
}
