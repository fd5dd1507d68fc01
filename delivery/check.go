package delivery

import (
	"context"
	"math"
	"time"
)

// CheckOptions refine Check. The zero value of each field is the usual.
type CheckOptions struct {
	// Inspect looks at a message that was built, on any goroutine; an error is what
	// is wrong with its row. nil is content with whatever can be built.
	Inspect func(ctx context.Context, job *Job, letter *Letter) error

	// These are what they are in Options.
	Workers    int
	Window     int
	Bytes      int64
	Duplicates DuplicatePolicy
	Addresses  AddressPolicy
	Stop       <-chan struct{}
	OnResult   func(Result) error
	OnProgress func(Progress)
	Interval   time.Duration
}

// Check does all that Run does but sending: it reads every row, builds every
// message and looks at it. Each row has its result, in order: Good, or Failed
// with what is wrong with it. Nothing is connected to, and no journal asked.
func Check(ctx context.Context, source Source, options CheckOptions) (Counts, error) {
	o := Options{
		Workers: options.Workers, Window: options.Window, Bytes: options.Bytes,
		Duplicates: options.Duplicates, Addresses: options.Addresses,
		Stop: options.Stop, OnResult: options.OnResult, OnProgress: options.OnProgress, Interval: options.Interval,
	}.withDefaults()
	r := newRun(ctx, o)
	r.inspect = options.Inspect
	if r.inspect == nil {
		r.inspect = func(context.Context, *Job, *Letter) error { return nil }
	}
	o.Journal = nil
	e := &examination{o: o, ctx: ctx, most: math.MaxInt}
	e.o.Duplicates = RefuseDuplicates // to know them
	if err := e.run(source); err != nil {
		return Counts{}, err
	}
	if len(e.found.Clashes) > 0 {
		r.clashes = make(map[int64]Clash, len(e.found.Clashes))
		for _, c := range e.found.Clashes {
			r.clashes[c.Number] = c
		}
	}
	return r.all(source, e.rows)
}

// clashing ends a row that Check knows to clash with an earlier one.
func (r *run) clashing(it *item) bool {
	if len(r.clashes) == 0 {
		return false
	}
	c, found := r.clashes[it.job.Number]
	switch {
	case !found:
		return false
	case c.Kind == SameKey && r.o.Duplicates == FirstDuplicate:
		it.end(Duplicate, nil)
	default:
		it.end(Failed, c)
	}
	return true
}
