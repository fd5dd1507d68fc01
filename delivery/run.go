package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// ErrStopped is what Run returns where it was asked to stop.
var ErrStopped = errors.New("stopped")

// ErrFinished is what Run returns where every row was sent by an earlier run.
var ErrFinished = errors.New("the run is finished: it has no row that was not sent")

// run is what the goroutines of one Run share.
type run struct {
	o   Options
	ctx context.Context

	claims  chan *group
	builds  chan *group
	ready   *ready
	budget  *budget
	pace    *pace
	brake   *brake
	circuit circuit
	reach   reach

	stopped chan struct{} // closed once nothing more is to be begun
	// connecting ends with stopped: nobody waits for a connection any more.
	connecting context.Context
	proven     atomic.Bool   // there was a connection
	proving    chan struct{} // holds the one who tries for the first
	fresh      atomic.Bool   // some row was not sent by an earlier run

	building atomic.Int64 // how long a message takes to build, ns, about
	// inspect is what Check does with a message in the place of sending it, and
	// clashes are the rows whose key or address an earlier one has, by number.
	inspect func(ctx context.Context, job *Job, letter *Letter) error
	clashes map[int64]Clash

	answered struct {
		sync.Mutex
		items []*item
		wake  chan struct{}
	}

	mu      sync.Mutex // the states of items, and below
	late    []*item    // done, of rows that were tried again
	waiting int64      // rows that are to be tried again or are being
	fault   error      // why the run ends early
	crash   *crash
	wake    chan struct{}
}

// crash is a panic on its way to the caller.
type crash struct {
	value any
	stack []byte
}

func newRun(ctx context.Context, o Options) *run {
	r := &run{
		o: o, ctx: ctx, stopped: make(chan struct{}), wake: make(chan struct{}, 1),
		// Whatever can be in them fits, so that no stage ever waits for another.
		claims: make(chan *group, o.Window+lateItems+1), builds: make(chan *group, o.Window+lateItems+1),
		budget: newBudget(o.Bytes), pace: newPace(o.Rate), brake: newBrake(o),
	}
	r.ready = newReady(r.budget)
	r.proving = make(chan struct{}, 1)
	r.reach.most = o.Stream.Messages
	r.answered.wake = make(chan struct{}, 1)
	return r
}

// Run sends what the source has and returns once each row is decided, or left to
// another run. The error is what ended it early; the counts hold all the same.
func Run(ctx context.Context, source Source, options Options) (Counts, error) {
	o := options.withDefaults()
	if o.Pool == nil {
		return Counts{}, errNoPool
	}
	looks := o
	looks.Journal = options.Journal // one of our own knows nothing yet
	total, err := examine(ctx, source, looks)
	if err != nil {
		return Counts{}, err
	}
	return newRun(ctx, o).all(source, total)
}

var errNoPool = errors.New("delivery: no pool of connections given")

// all takes the rows of the source through all stages.
func (r *run) all(source Source, total int64) (Counts, error) {
	var stages sync.WaitGroup
	connections := r.o.Connections
	if r.inspect != nil {
		connections = 0
	}
	end := r.start(&stages, connections)
	caller := &caller{r: r, begun: time.Now(), moved: time.Now(), total: total}
	defer func() {
		end()
		stages.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.crash != nil {
			panic(fmt.Sprintf("%v\n\n%s", r.crash.value, r.crash.stack))
		}
	}()
	err := caller.drive(source)
	return caller.counts, err
}

// start starts the stages. The function it returns lets them end.
func (r *run) start(stages *sync.WaitGroup, connections int) (end func()) {
	connecting, cancel := context.WithCancel(r.ctx)
	r.connecting = connecting
	var building, sending, recording sync.WaitGroup
	over := make(chan struct{})
	r.goStage(stages, func() {
		select {
		case <-over:
		case <-r.stopped:
		case <-r.ctx.Done():
			r.stop(context.Cause(r.ctx))
		case <-r.o.Stop:
			r.stop(ErrStopped)
		}
		cancel()
	})
	r.goStage(stages, r.claim)
	for range r.o.Workers {
		r.goStage(&building, r.build)
	}
	for rank := range connections {
		r.goStage(&sending, func() { (&sender{r: r, rank: rank}).work() })
	}
	r.goStage(&recording, func() { r.record(over) })
	return func() {
		close(r.claims) // and the stage behind it closes the next
		building.Wait()
		r.ready.close()
		sending.Wait()
		close(over)
		recording.Wait()
		stages.Wait()
	}
}

// goStage runs a stage. A panic in it ends the run, and goes on in the caller.
func (r *run) goStage(stages *sync.WaitGroup, stage func()) {
	stages.Go(func() {
		defer func() {
			if value := recover(); value != nil {
				r.panicked(value)
			}
		}()
		stage()
	})
}

func (r *run) panicked(value any) {
	r.mu.Lock()
	if r.crash == nil {
		r.crash = &crash{value, debug.Stack()}
	}
	r.mu.Unlock()
	r.stop(fmt.Errorf("panic: %v", value))
}

// stop lets nothing more begin, and keeps the first reason.
func (r *run) stop(why error) {
	r.mu.Lock()
	first := r.fault == nil
	if first {
		r.fault = why
	}
	r.mu.Unlock()
	if first {
		close(r.stopped)
		r.budget.free()
		r.untried(r.ready.stop())
	}
	r.signal()
}

func (r *run) isStopped() bool {
	select {
	case <-r.stopped:
		return true
	default:
		return false
	}
}

// untried ends rows that are not sent because the run was stopped.
func (r *run) untried(items []*item) {
	for _, it := range items {
		r.drop(it)
		if it.attempts > it.before {
			it.leave()
		} else {
			it.end(Untried, nil)
		}
	}
	r.answer(items)
}

// drop lets go of a letter that is not needed any more.
func (r *run) drop(it *item) {
	if it.weight > 0 {
		r.budget.put(it.weight)
		it.weight = 0
	}
	it.letter.Content.Writer, it.letter.Content.Pieces = nil, nil
}

// signal lets the caller look again.
func (r *run) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// answer hands rows to the stage that records them.
func (r *run) answer(items []*item) {
	if len(items) == 0 {
		return
	}
	r.answered.Lock()
	r.answered.items = append(r.answered.items, items...)
	r.answered.Unlock()
	select {
	case r.answered.wake <- struct{}{}:
	default:
	}
}

// caller is the goroutine that called Run.
type caller struct {
	r      *run
	counts Counts
	total  int64
	begun  time.Time
	told   time.Time // when OnProgress was
	rows   Rows
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
	c.rows, err = source(c.r.ctx, NeedLetters)
	if err != nil {
		return err
	}
	defer func() {
		if c.rows.Close != nil {
			err = errors.Join(err, c.rows.Close())
		}
	}()
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
		case !c.ended && c.on < c.r.o.Window:
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
	g := c.group()
	most := min(c.most(), c.r.o.Window-c.on)
	begun := time.Now()
	for len(g.items) < most && !c.ended {
		job, err := c.rows.Next()
		if err != nil {
			c.ended = true
			if err != io.EOF {
				c.r.stop(err)
			}
			break
		}
		g.items = g.items[:len(g.items)+1]
		it := &g.items[len(g.items)-1]
		it.job, it.place = job, c.place
		c.place++
		if len(g.items) < most && time.Since(begun) > patience {
			break
		}
	}
	if len(g.items) == 0 {
		c.spare = append(c.spare, g)
		return
	}
	for i := range g.items {
		g.all = append(g.all, &g.items[i])
	}
	c.on += len(g.items)
	c.window = append(c.window, g)
	c.r.claims <- g
}

// most is how many rows the next group holds: fewer where they take long to
// build, so that all workers have some.
func (c *caller) most() int {
	each := c.r.building.Load()
	if each == 0 {
		return 8
	}
	return int(min(max(int64(patience)/each, 1), groupSize))
}

func (c *caller) group() *group {
	if last := len(c.spare) - 1; last >= 0 {
		g := c.spare[last]
		c.spare = c.spare[:last]
		return g
	}
	return &group{items: make([]item, 0, groupSize), all: make([]*item, 0, groupSize)}
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
				if !overtaken || len(found) > 0 {
					break front
				}
				it.late, g.kept = true, true
				c.r.waiting++
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

// overtaken reports whether the rows in front keep the source from being asked,
// while half of those behind them are decided: a connection stalls.
func (c *caller) overtaken() bool {
	if c.on < c.r.o.Window || c.ended || time.Since(c.moved) < overtakenAfter {
		return false
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
	return 2*decided >= c.on
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
