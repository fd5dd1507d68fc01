package schedule

import (
	"slices"
	"time"
)

// task is a job in an engine.
type task struct {
	Job
	from    time.Time // fire times until then are dealt with
	fires   *fires
	next    Fire
	waiting []waiting
	held    moment // the state keeps no records: not to be tried before
	run     *run
	// deadlines of periods that are not done; most jobs have none or one.
	deadlines []deadline
	removed   bool
}

// waiting is a period that is to be run, or recorded, as soon as it can be.
type waiting struct {
	fire   Fire
	missed int    // fire times before it that are not run
	late   bool   // it was missed itself
	told   bool   // that it is skipped
	waits  bool   // told that it cannot be claimed
	reason Reason // why it is not to be run, but recorded as skipped
}

type deadline struct {
	fire Fire
	at   moment
}

// seek finds the next fire time anew.
func (t *task) seek(from time.Time) {
	t.from = from
	t.fires = t.Job.fires(from)
	t.next = t.fires.next()
}

// step goes on to the next fire time.
func (t *task) step() {
	t.from = t.next.At
	t.next = t.fires.next()
}

// done forgets the deadline of a period.
func (t *task) done(period string) {
	t.deadlines = slices.DeleteFunc(t.deadlines, func(d deadline) bool { return d.fire.Period == period })
}

// missing are the fire times that have passed since the last one dealt with.
type missing struct {
	last  []Fire    // the latest of them, days off left out
	prior Fire      // the one before those, if there are more
	until time.Time // of the very last
	count int       // how many there are before those, at the most countMissed
}

const countMissed = 10_000

// missing looks back from now for the last n of the fire times since from. It
// must not go through all: there may be ten years of seconds.
func (j *Job) missing(from, now time.Time, n int) missing {
	var m missing
	for window := time.Minute; ; window *= 8 {
		start := now.Add(-window)
		if window > 1<<60 || start.Before(from) {
			start = from
		}
		m.last = m.last[:0]
		f := j.fires(start)
		for fire := f.next(); !fire.Due.After(now); fire = f.next() {
			m.until = fire.At
			if fire.Off {
				continue
			}
			if len(m.last) == n {
				m.last = slices.Delete(m.last, 0, 1)
			}
			m.last = append(m.last, fire)
		}
		if len(m.last) == n || start.Equal(from) {
			break
		}
	}
	if len(m.last) == 0 {
		return m
	}
	f := j.fires(from)
	for fire := f.next(); m.count < countMissed && fire.At.Before(m.last[0].At); fire = f.next() {
		if !fire.Off {
			m.count++
			m.prior = fire
		}
	}
	return m
}

// wanted are those of the missing that are to be run, by the job's policy; how many
// are not, and the last of those.
func (t *task) wanted(m missing, now time.Time) (run []waiting, left int, last Fire) {
	left, last = m.count, m.prior
	for i, fire := range m.last {
		late := now.Sub(fire.Due)
		timely := t.MaxLate == 0 || late <= t.MaxLate
		switch {
		case late <= punctual:
			run = append(run, waiting{fire: fire})
		case t.Missed == MissedAll && timely, t.Missed == MissedOnce && timely && i == len(m.last)-1:
			run = append(run, waiting{fire: fire, late: true})
		default:
			left++
			last = fire
		}
	}
	return run, left, last
}
