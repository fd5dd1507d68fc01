package civil

import (
	"fmt"
	"time"
)

// Span is how far to go. Years, months, weeks and days are of the calendar: they keep the time on the wall, and a day
// that a month lacks becomes its last. Hours and less are exact. The calendar goes first: years and months, weeks and days.
type Span struct {
	Years, Months, Weeks, Days           int
	Hours, Minutes, Seconds, Nanoseconds int
}

// maxSpan bounds each field of a Span, well beyond all times there are, so that sums do not overflow.
const maxSpan = 1_000_000_000_000

// Add returns the time that lies a span later, or earlier where it is negative. A date stays one unless hours or less are
// added, which count from its beginning.
func (t Time) Add(span Span) (Time, error) {
	for _, field := range []struct {
		name string
		is   int
	}{
		{"years", span.Years}, {"months", span.Months}, {"weeks", span.Weeks}, {"days", span.Days},
		{"hours", span.Hours}, {"minutes", span.Minutes}, {"seconds", span.Seconds},
	} {
		if field.is > maxSpan || field.is < -maxSpan {
			return Time{}, fmt.Errorf("adding to %s: %d %s leave the years %d to %d", t, field.is, field.name, minYear, maxYear)
		}
	}
	sum := t
	if span.Years != 0 || span.Months != 0 || span.Weeks != 0 || span.Days != 0 {
		wall, ok := shift(t.wall, span)
		if !ok {
			return Time{}, outside(t)
		}
		if t.clock {
			sum = At(resolve(wall, t.zone), t.zone)
		} else {
			sum.wall = wall
		}
	}
	if span.Hours != 0 || span.Minutes != 0 || span.Seconds != 0 || span.Nanoseconds != 0 {
		// Not a Duration, which ends after 292 years.
		start := sum.Instant()
		seconds := start.Unix() + int64(span.Hours)*3600 + int64(span.Minutes)*60 + int64(span.Seconds)
		if seconds < minUnix || seconds > maxUnix {
			return Time{}, outside(t)
		}
		sum = At(time.Unix(seconds, int64(start.Nanosecond())).Add(time.Duration(span.Nanoseconds)), t.zone)
	}
	if year := sum.Fields().Year; year < minYear || year > maxYear {
		return Time{}, outside(t)
	}
	return sum, nil
}

// The seconds of the years there are, with two days to spare for zones.
const (
	minUnix = -62_135_596_800 - 2*86_400
	maxUnix = 253_402_300_800 + 2*86_400
)

func outside(t Time) error {
	return fmt.Errorf("adding to %s: the sum is outside the years %d to %d", t, minYear, maxYear)
}

// shift moves a wall time by the calendar part of a span and reports whether it is still within the years there are.
func shift(wall time.Time, span Span) (time.Time, bool) {
	months := span.Years*12 + span.Months + wall.Year()*12 + int(wall.Month()) - 1
	if months < minYear*12 || months >= (maxYear+1)*12 {
		return time.Time{}, false
	}
	days := span.Weeks*7 + span.Days
	if days > (maxYear+1)*366 || days < -(maxYear+1)*366 {
		return time.Time{}, false
	}
	year, month := months/12, months%12+1
	day := min(wall.Day(), daysIn(year, month)) + days
	wall = time.Date(year, time.Month(month), day, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
	return wall, wall.Year() >= minYear && wall.Year() <= maxYear
}

// Unit is a stretch of the calendar or the clock.
type Unit string

// The units. Weeks begin on Monday (ISO 8601).
const (
	Hour    Unit = "hour"
	Day     Unit = "day"
	Week    Unit = "week"
	Month   Unit = "month"
	Quarter Unit = "quarter"
	Year    Unit = "year"
)

// StartOf returns the beginning of the unit in which the time lies. That of a date is a date.
func (t Time) StartOf(unit Unit) (Time, error) {
	if unit == Hour {
		return t.startOfHour(), nil
	}
	wall, ok := startOf(t.wall, unit)
	if !ok {
		return Time{}, fmt.Errorf("start of %q: no such unit; there are hour, day, week, month, quarter and year", string(unit))
	}
	if wall.Year() < minYear {
		return Time{}, fmt.Errorf("start of the %s of %s: it is before the year %d", unit, t, minYear)
	}
	if !t.clock {
		return Time{wall: wall, zone: t.zone}, nil
	}
	return At(resolve(wall, t.zone), t.zone), nil
}

// startOf returns the wall time at which a unit of the calendar begins, and whether it is one.
func startOf(wall time.Time, unit Unit) (time.Time, bool) {
	year, month, day := wall.Date()
	switch unit {
	case Day:
	case Week:
		day -= (int(wall.Weekday()) + 6) % 7
	case Month:
		day = 1
	case Quarter:
		month, day = (month-1)/3*3+1, 1
	case Year:
		month, day = 1, 1
	default:
		return wall, false
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC), true
}

// startOfHour goes back by what clocks show past the hour, so that an hour shown twice has two beginnings, unless the
// clocks were changed meanwhile.
func (t Time) startOfHour() Time {
	if !t.clock {
		return t
	}
	past := time.Duration(t.wall.Minute())*time.Minute + time.Duration(t.wall.Second())*time.Second + time.Duration(t.wall.Nanosecond())
	start := t.instant.Add(-past)
	if changed, _ := Bounds(t.instant); !changed.IsZero() && start.Before(changed) {
		start = resolve(t.wall.Add(-past), t.zone)
	}
	return At(start, t.zone)
}

// Difference is how far apart two times are. All fields are negative where the time is before the one it is measured from.
type Difference struct {
	// Seconds is the exact time.
	Seconds float64
	// Days is by how many days the dates differ, whatever the time of day.
	Days int
	// Months and Years are how many are complete, each by itself: after 14 months Months is 14 and Years 1.
	Months, Years int
}

// Since returns how far t lies behind u. The calendar is that of t's zone.
func (t Time) Since(u Time) Difference {
	a, b := u.Instant(), t.Instant()
	from := u
	if u.clock {
		from = u.In(t.zone)
	}
	d := Difference{
		Seconds: float64(b.Unix()-a.Unix()) + float64(b.Nanosecond()-a.Nanosecond())/1e9,
		Days:    int((midnight(t.wall).Unix() - midnight(from.wall).Unix()) / 86_400),
	}
	d.Months = monthsBetween(from.wall, t.wall)
	d.Years = d.Months / 12
	return d
}

func midnight(wall time.Time) time.Time {
	start, _ := startOf(wall, Day)
	return start
}

// monthsBetween counts complete months; a month from the 31st is complete on the last day of a shorter one, as Add has it.
func monthsBetween(from, to time.Time) int {
	months := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
	after, _ := shift(from, Span{Months: months})
	switch {
	case months > 0 && after.After(to):
		months--
	case months < 0 && after.Before(to):
		months++
	}
	return months
}
