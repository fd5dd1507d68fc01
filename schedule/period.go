package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"time"
)

// width is how much time a period spans.
type width int

const (
	bySecond width = iota
	byMinute
	byDay
	byWeek
	byMonth
	byYear
)

// narrowest is the widest period in which the specification fires at most once.
// It follows from how the specification is written and never from a date, so that
// a job's keys do not change their form over time.
func (s *Spec) narrowest() width {
	switch {
	case bits.OnesCount64(s.second) > 1:
		return bySecond
	case !s.once():
		return byMinute
	}
	// With an asterisk in one field of days the other holds, whatever else does.
	monthly := s.weekday.star && !s.day.star && s.day.count() == 1 ||
		s.day.star && len(s.weekday.special) == 1 && s.weekday.set == 0
	weekly := s.day.star && !s.weekday.star && bits.OnesCount64(s.weekday.set) == 1 && len(s.weekday.special) == 0
	switch {
	case monthly && bits.OnesCount64(s.month.set) == 1:
		return byYear
	case monthly:
		return byMonth
	case weekly:
		return byWeek
	}
	return byDay
}

// key names the period of a reading of the wall clock.
func (w width) key(wall int64) string {
	t := time.Unix(wall, 0).UTC()
	switch w {
	case bySecond:
		return t.Format("2006-01-02T15:04:05")
	case byMinute:
		return t.Format("2006-01-02T15:04")
	case byDay:
		return t.Format(time.DateOnly)
	case byWeek:
		year, week := t.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case byMonth:
		return t.Format("2006-01")
	}
	return strconv.Itoa(t.Year())
}
