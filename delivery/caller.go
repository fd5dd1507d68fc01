package delivery

import (
	"errors"
	"io"
	"math/bits"
	"time"
)

// caller is the goroutine that called Run.
type caller struct {
	r      *run
	counts Counts
	total  int64
	begun  time.Time
	told   time.Time // when OnProgress was
	rows   rowReader
	window []*group // on their way, oldest first
	on     int      // rows in them that were not handed out
	spare  []*group
	found  []*item   // being handed out
	moved  time.Time // when results in order were handed out last
	place  int64     // of the next row
	ended  bool      // the source has no more
	muted  bool      // OnResult wants to hear no more
	speed  speed
}

func (c *caller) drive(source Source) (err error) {
	need := NeedLetters
	if c.r.trusts {
		need = NeedKeys
	}
	rows, err := source(c.r.ctx, need)
	if err != nil {
		return err
	}
	if rows.Close != nil {
		defer func() { err = errors.Join(err, rows.Close()) }()
	}
	c.rows = rowReader{r: c.r, rows: rows}
	// Whatever ends this function, the stages must get rid of what they have.
	defer c.r.stop(errOver)
	timer := time.NewTimer(c.r.o.Interval)
	defer timer.Stop()
	for {
		c.deliver()
		c.report()
		switch {
		case !c.ended && c.r.isStopped():
			c.ended = true
		case !c.ended && c.room():
			c.read()
			continue
		case c.ended && c.finished():
			return c.why()
		}
		timer.Reset(min(c.r.o.Interval, overtakenAfter))
		select {
		case <-c.r.wake:
		case <-timer.C:
		case <-c.stopSoon():
		}
	}
}

// errOver is why the stages of a run end that has come to its end.
var errOver = errors.New("over")

// stopSoon is closed when the source is not to be asked any more.
func (c *caller) stopSoon() <-chan struct{} {
	if c.ended {
		return nil
	}
	return c.r.stopped
}

// finished reports whether all that was begun is decided.
func (c *caller) finished() bool {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	if c.r.crash != nil {
		return true // a stage is gone, with what it had
	}
	return len(c.window) == 0 && c.r.waiting == 0 && len(c.r.late) == 0
}

func (c *caller) why() error {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	switch {
	case c.r.fault != nil:
		return c.r.fault
	case c.r.inspect == nil && !c.r.fresh.Load() && c.counts.AlreadySent > 0:
		return ErrFinished
	}
	return nil
}

// patience is how long rows wait for company.
const patience = 2 * time.Millisecond

// read takes a group of rows from the source and sends it on its way.
func (c *caller) read() {
	most, size := c.most(), c.size()
	g := c.group(size)
	begun := time.Now()
	for len(g.items) < size && len(g.all) < most && !c.ended {
		it := &g.items[:len(g.items)+1][len(g.items)]
		known, err := c.rows.next(&it.job)
		if err != nil {
			it.job = Job{}
			c.ended = true
			if err != io.EOF {
				c.r.stop(err)
			}
			break
		}
		g.items = g.items[:len(g.items)+1]
		it.place = c.place
		c.place++
		if known.Status != "" {
			c.r.known(it, known)
			it.state = done
		} else {
			g.all = append(g.all, it)
		}
		if len(g.items) < size && time.Since(begun) > patience {
			break
		}
	}
	if len(g.items) == 0 {
		c.spare = append(c.spare, g)
		return
	}
	c.on += len(g.items)
	c.window = append(c.window, g)
	if len(g.all) > 0 {
		c.r.claims <- g
	}
}

// size is how many rows the next group holds, those among them that are done.
func (c *caller) size() int {
	if c.rows.asks() {
		return min(groupSize, max(c.r.o.Window/4, 1))
	}
	return c.most()
}

// most is how many rows of the next group are to be sent: fewer where they take
// long to build, so that all workers have some.
func (c *caller) most() int {
	most := max(c.r.o.Window/4, 1)
	each := c.r.building.Load()
	if each == 0 {
		return min(8, most)
	}
	return min(int(min(max(int64(patience)/each, 1), groupSize)), most)
}

// room reports whether another group fits into the window.
func (c *caller) room() bool { return c.on+c.size() <= c.r.o.Window }

// group is one with room for so many rows, and not for many more: a window of
// small groups must not cost what one of large groups does.
func (c *caller) group(most int) *group {
	for len(c.spare) > 0 {
		last := len(c.spare) - 1
		g := c.spare[last]
		c.spare[last] = nil
		c.spare = c.spare[:last]
		if room := cap(g.items); room >= most && room <= 4*most {
			return g
		}
	}
	room := 1 << bits.Len(uint(most-1)) // so that the next one, of some more rows, fits as well
	return &group{items: make([]item, 0, room), all: make([]*item, 0, room)}
}

// deliver hands out what is decided.
func (c *caller) deliver() {
	found := c.found[:0]
	overtaken := c.overtaken()
	c.r.mu.Lock()
	late := c.r.late
	c.r.late = nil
	c.r.waiting -= int64(len(late))
	open := 0
front:
	for _, g := range c.window {
		for g.next < len(g.items) {
			it := &g.items[g.next]
			if it.state == working {
				if overtaken == 0 {
					break front
				}
				it.late, g.kept = true, true
				c.r.waiting++
			} else {
				overtaken = max(overtaken-1, 0)
			}
			g.next++
			c.on--
			if it.state == done {
				found = append(found, it)
			}
		}
		open++
	}
	c.r.mu.Unlock()
	for _, it := range late {
		c.tell(it)
	}
	for _, it := range found {
		c.tell(it)
	}
	some := len(found) > 0
	clear(found)
	c.found = found[:0]
	if some {
		c.moved = time.Now()
	}
	for _, g := range c.window[:open] {
		if g.kept {
			continue
		}
		clear(g.items)
		g.items, g.next, g.all = g.items[:0], 0, g.all[:0]
		c.spare = append(c.spare, g)
	}
	if open > 0 {
		c.window = append(c.window[:0], c.window[open:]...)
	}
}

// overtakenAfter is how long all results wait for one before those behind it go first.
const overtakenAfter = 5 * time.Second

// overtaken is how many rows are decided that others keep from being handed out, if those
// keep the source from being asked and are half of all at most: a connection stalls. It is
// 0 where nothing stalls. What a connection holds is scattered over the window, so all of
// these rows go first at once, and not those between two that stall.
func (c *caller) overtaken() int {
	if c.room() || c.ended || time.Since(c.moved) < overtakenAfter {
		return 0
	}
	decided := 0
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	for _, g := range c.window {
		for i := g.next; i < len(g.items); i++ {
			if g.items[i].state != working {
				decided++
			}
		}
	}
	if 2*decided < c.on {
		return 0
	}
	return decided
}

// tell hands out one result.
func (c *caller) tell(it *item) {
	r := it.result()
	c.counts.add(&r)
	c.counts.Attempts += int64(it.attempts - it.before)
	switch it.outcome {
	case Sent:
		c.counts.Octets += it.letter.Content.Size
	case Untried:
		return
	}
	if c.muted || c.r.o.OnResult == nil {
		return
	}
	if err := c.r.o.OnResult(r); err != nil {
		c.muted = true
		c.r.stop(err)
	}
}
