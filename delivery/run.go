package delivery

import (
	"context"
	"errors"
	"fmt"
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
	// trusts is true where what the journal knows of rows holds although nobody has
	// described them: all were, when they were examined.
	trusts bool

	recorded chan struct{} // closed once nobody tells the journal of answers any more

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
		recorded: make(chan struct{}),
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
	total, trusted, err := examine(ctx, source, looks)
	if err != nil {
		return Counts{}, err
	}
	r := newRun(ctx, o)
	r.trusts = options.Journal != nil && trusted
	return r.all(source, total)
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
