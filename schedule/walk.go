package schedule

import (
	"math"
	"time"

	"github.com/mailscript/mailscript/civil"
)

// tick is one fire time: an instant, and the reading of the wall clock that the
// specification names, both in seconds since 1970.
type tick struct {
	at, wall int64
	mark     Mark
	merged   int
}

// walk goes through the fire times of a specification in a zone. Everything
// rests on one rule, see the package's documentation: a reading fires at the
// first instant at which the clock reads it or a later one. That makes instants
// follow readings in order, so that neither is ever sought backwards.
type walk struct {
	spec *Spec
	zone *time.Location
	days *days
	wall int64 // the last reading dealt with
	span span
}

// span is a time without a change of the zone's offset, from start until before
// end.
type span struct {
	start, end   int64
	offset, then int64 // seconds east of UTC, now and after end
}

// changes is the most by which a change of a zone's offset can move the clock,
// in seconds. The largest known ones skip or repeat a day.
const changes = 2 * day

func spanAt(zone *time.Location, at int64) span {
	t := time.Unix(at, 0).In(zone)
	_, offset := t.Zone()
	s := span{math.MinInt64, math.MaxInt64, int64(offset), int64(offset)}
	start, end := civil.Bounds(t)
	if !start.IsZero() {
		s.start = start.Unix()
	}
	if !end.IsZero() {
		s.end = end.Unix()
		_, then := end.Zone()
		s.then = int64(then)
	}
	return s
}

// newWalk begins after an instant.
func newWalk(s *Spec, zone *time.Location, after time.Time) *walk {
	at := after.Unix()
	w := &walk{spec: s, zone: zone, days: newDays(s), wall: math.MinInt64, span: spanAt(zone, at-changes)}
	// What the clock has read until then has fired.
	read := w.span
	for ; read.end <= at; read = spanAt(zone, read.end) {
		w.wall = max(w.wall, read.end-1+read.offset)
	}
	w.wall = max(w.wall, at+read.offset)
	return w
}

// next is the next fire time. A specification that was accepted always has one.
func (w *walk) next() tick {
	wall := w.reading(w.wall)
	t := w.instant(wall)
	for t.mark == MarkGap {
		also := w.reading(t.wall)
		other := w.instant(also)
		if other.at != t.at {
			break
		}
		other.merged = t.merged + 1
		if other.mark == "" || other.mark == MarkOverlap {
			// It would have fired here without the gap too, and ends the gap.
			other.mark = MarkGap
			t = other
			break
		}
		t = other
	}
	w.wall = t.wall
	return t
}

// reading is the first reading of the specification after another.
func (w *walk) reading(after int64) int64 {
	from := after + 1
	n := floorDiv(from, day)
	date := w.days.next(n, math.MaxInt64/day)
	if date == n {
		if of := w.spec.timeFrom(from - n*day); of >= 0 {
			return n*day + of
		}
		date = w.days.next(n+1, math.MaxInt64/day)
	}
	return date*day + w.spec.timeFrom(0)
}

// instant is when a reading fires.
func (w *walk) instant(wall int64) tick {
	for {
		at := wall - w.span.offset
		switch {
		case at < w.span.start:
			return tick{at: w.span.start, wall: wall, mark: MarkGap}
		case at < w.span.end:
			t := tick{at: at, wall: wall}
			if wall-w.span.then >= w.span.end {
				t.mark = MarkOverlap
			}
			return t
		}
		w.span = spanAt(w.zone, w.span.end)
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
