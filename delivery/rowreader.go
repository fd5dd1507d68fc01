package delivery

import (
	"fmt"
	"time"
)

// rowReader reads the rows that are to be sent. Of a run that is resumed, the
// journal knows many rows that are done: it is asked first, some rows at a time, and
// the others alone are described.
type rowReader struct {
	r     *run
	rows  Rows
	ahead []Job // were read, and are not described
	known []Known
	at    int // the next of them
	err   error

	entries []Entry
	which   []int // of the rows the entries are of
	pass    int   // rows that are described without asking
	passed  int   // how many they were when that began
}

// asks reports whether rows come that may be done.
func (r *rowReader) asks() bool { return r.r.trusts && r.rows.Describe != nil && r.pass == 0 }

// next reads the next row. What is known of it is its end, where it has one; the row
// is not described then.
func (r *rowReader) next(job *Job) (Known, error) {
	if r.at == len(r.ahead) && r.asks() && r.err == nil {
		r.look()
	}
	switch {
	case r.at < len(r.ahead):
		*job, r.ahead[r.at] = r.ahead[r.at], Job{}
		known := r.known[r.at]
		r.at++
		if known.Status != "" {
			return known, nil
		}
	case r.err != nil:
		return Known{}, r.err
	default:
		var err error
		if *job, err = r.rows.Next(); err != nil {
			return Known{}, err
		}
		r.pass = max(r.pass-1, 0)
	}
	if r.rows.Describe != nil && !job.ends() {
		return Known{}, r.rows.Describe(job)
	}
	return Known{}, nil
}

// mostPassed bounds how many rows are described without asking.
const mostPassed = 16 * groupSize

// look reads some rows and asks the journal which of them are done. Where none is,
// the next will hardly be, and twice as many rows go by until it is asked again.
func (r *rowReader) look() {
	r.ahead, r.entries, r.which, r.at = r.ahead[:0], r.entries[:0], r.which[:0], 0
	for begun := time.Now(); len(r.ahead) < groupSize && (len(r.ahead) == 0 || time.Since(begun) < patience); {
		job, err := r.rows.Next()
		if err != nil {
			r.err = err // behind those that were read
			break
		}
		if !job.ends() {
			r.entries = append(r.entries, Entry{Key: job.Key, Number: job.Number, Hash: job.Hash})
			r.which = append(r.which, len(r.ahead))
		}
		r.ahead = append(r.ahead, job)
	}
	r.known = append(r.known[:0], make([]Known, len(r.ahead))...)
	if len(r.entries) == 0 {
		return
	}
	known := make([]Known, len(r.entries))
	if err := r.r.o.Journal.Finished(r.r.ctx, r.entries, known); err != nil {
		r.ahead, r.err = r.ahead[:0], fmt.Errorf("journal: %w", err)
		return
	}
	some := false
	for i, k := range known {
		r.known[r.which[i]] = k
		some = some || k.Status != ""
	}
	if some {
		r.passed = 0
		return
	}
	r.passed = min(max(2*r.passed, groupSize), mostPassed)
	r.pass = r.passed
}
