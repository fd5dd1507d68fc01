package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Options are those of an engine.
type Options struct {
	// State keeps what happened; needed.
	State State
	// Clock is the time; default [SystemClock].
	Clock Clock
	// Running is how many runs there are at once at the most; default no limit.
	Running int
	// Notify sends a notice; nil sends none. It is called by one goroutine at a
	// time, and again later, four times in all, when it returns an error.
	Notify func(context.Context, Notice) error
	// Notices is how many of them one recipient gets within an hour; default 10.
	// What is held back is counted, and told when the hour is over.
	Notices int
	// Grace is how long runs may go on when the engine is to end; default 30
	// seconds.
	Grace time.Duration
	// Log hears what happens; default nothing.
	Log *slog.Logger
}

const defaultGrace = 30 * time.Second

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = SystemClock()
	}
	if o.Notices == 0 {
		o.Notices = defaultNotices
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Engine runs jobs.
type Engine struct {
	options Options
	jobs    []Job
	reload  chan reloading
	status  chan chan []Status
	gone    chan struct{} // closed when Run returns
}

var errGone = errors.New("schedule: the engine has ended")

type reloading struct {
	jobs []Job
	done chan error
}

// Status is a job at a moment.
type Status struct {
	Job string
	// Next is the next fire time, which may be a day off.
	Next Fire
	// Running is the record of the run under way, or of the one whose next attempt
	// is waited for; nil when there is none.
	Running *Record
	// Waiting is how many periods wait for the run to end, or for a place.
	Waiting int
}

// New makes an engine. It does nothing until [Engine.Run].
func New(options Options, jobs []Job) (*Engine, error) {
	options = options.withDefaults()
	if options.State == nil {
		return nil, errors.New("schedule: no state to keep records in")
	}
	if options.Running < 0 || options.Notices < 0 || options.Grace < 0 {
		return nil, errors.New("schedule: a limit is negative")
	}
	jobs, err := prepared(jobs)
	if err != nil {
		return nil, err
	}
	return &Engine{options: options, jobs: jobs, reload: make(chan reloading),
		status: make(chan chan []Status), gone: make(chan struct{})}, nil
}

// prepared are the jobs with their defaults, once nothing is wrong with them.
func prepared(jobs []Job) ([]Job, error) {
	names := map[string]bool{}
	ready := make([]Job, len(jobs))
	for i, job := range jobs {
		ready[i] = job.withDefaults()
		if err := ready[i].check(); err != nil {
			return nil, err
		}
		if names[job.Name] {
			return nil, fmt.Errorf("schedule: job %s: there are two of this name", job.Name)
		}
		names[job.Name] = true
	}
	return ready, nil
}

// Run runs the jobs until the context ends. Then it claims no more periods, gives
// runs [Options.Grace] to end, cancels those that do not, and gives them the
// job's watchdog time; what is still there remains claimed, to be found in doubt.
// It is to be called once.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.gone)
	l := newLoop(e)
	if err := l.begin(e.jobs); err != nil {
		return err
	}
	l.run(ctx)
	return nil
}

// Reload replaces the jobs of a running engine. Runs under way go on, and jobs
// that keep their name keep their periods. A job whose specification or zone
// changes counts from now on: no time of the new one was missed. After an error
// the jobs are as they were.
func (e *Engine) Reload(ctx context.Context, jobs []Job) error {
	jobs, err := prepared(jobs)
	if err != nil {
		return err
	}
	r := reloading{jobs, make(chan error, 1)}
	select {
	case e.reload <- r:
		return <-r.done
	case <-e.gone:
		return errGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Status is the state of each job of a running engine, in the order they were
// given.
func (e *Engine) Status(ctx context.Context) ([]Status, error) {
	reply := make(chan []Status, 1)
	select {
	case e.status <- reply:
		return <-reply, nil
	case <-e.gone:
		return nil, errGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
