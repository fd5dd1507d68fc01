package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/adhocore/gronx"
)

// day is the length of a civil day on a clock that knows no zone, in seconds.
const day = 24 * 60 * 60

// days finds the days of a specification. gronx decides about each, at midnight
// and as if all were UTC; months and times of day are looked up in sets. Its own
// search for the next time is not used: it leaves out times in gaps, takes the
// second of two, and gives up after 500 steps without knowing whether the answer
// is never.
type days struct {
	spec     *Spec
	gronx    gronx.Gronx
	segments []string
	every    bool
	err      error
}

func newDays(s *Spec) *days {
	return &days{
		spec:     s,
		gronx:    gronx.Gronx{C: &checker{}},
		segments: []string{"*", "*", "*", s.daySegment, "*", s.weekdaySeg},
		every:    s.day.every() && s.weekday.every(),
	}
}

// next is the first day of the specification from one on and before another, in
// days since 1970; -1 where there is none.
func (d *days) next(from, before int64) int64 {
	for n := from; n < before; n++ {
		t := time.Unix(n*day, 0).UTC()
		if d.spec.month.set>>t.Month()&1 == 0 {
			// To the day before the first of the next month.
			n = time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC).Unix()/day - 1
			continue
		}
		if d.every {
			return n
		}
		d.gronx.C.SetRef(t)
		due, err := d.gronx.SegmentsDue(d.segments)
		if err != nil {
			d.err = fmt.Errorf("evaluating %s: %w", t.Format(time.DateOnly), err)
		}
		if due && err == nil {
			return n
		}
	}
	return -1
}

// checker adds to gronx the days it does not know: LW and L-3.
type checker struct{ gronx.SegmentChecker }

const daySegment = 3 // place of the day of the month in the segments of gronx

// CheckDue is part of [gronx.Checker].
func (c *checker) CheckDue(segment string, place int) (bool, error) {
	if place != daySegment || !strings.Contains(segment, "L-") && !strings.Contains(segment, "LW") {
		return c.SegmentChecker.CheckDue(segment, place)
	}
	ref := c.GetRef()
	last := time.Date(ref.Year(), ref.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	for _, item := range strings.Split(segment, ",") {
		before, counted := strings.CutPrefix(item, "L-")
		switch {
		case counted:
			n, err := strconv.Atoi(before)
			if err != nil {
				return false, err
			}
			if ref.Day() == last.Day()-n {
				return true, nil
			}
		case item == "LW":
			work := last
			for work.Weekday() == time.Saturday || work.Weekday() == time.Sunday {
				work = work.AddDate(0, 0, -1)
			}
			if ref.Day() == work.Day() {
				return true, nil
			}
		default:
			if due, err := c.SegmentChecker.CheckDue(item, place); due || err != nil {
				return due, err
			}
		}
	}
	return false, nil
}
