// Package civil reckons with time as people do: in a zone, by the calendar and by the clock on the wall.
//
// A Time is either an instant seen in a zone or a date alone, such as a birthday. Years are 1 to 9999.
//
// A clock that is put forward skips times, one that is put back shows some twice. A wall time that does not exist is
// read as the end of the gap, one that exists twice as the first of the two. The same holds when a calculation arrives
// at such a time, and where a day begins in a gap.
package civil

import (
	"fmt"
	"time"
)

// The years that can be written with four digits.
const (
	minYear = 1
	maxYear = 9999
)

// Time is an instant in a zone, or a date. The zero value is the date 1 January 1 in UTC. Times are compared with Compare, not
// with ==.
type Time struct {
	// wall is what calendar and clock show, as if in UTC.
	wall time.Time
	// instant is when that is; unused in a date, whose beginning follows from wall and zone.
	instant time.Time
	// zone is nil for UTC.
	zone *time.Location
	// clock is false for a date.
	clock bool
}

// At returns an instant as it is seen in a zone. A nil zone is UTC.
func At(instant time.Time, zone *time.Location) Time {
	if zone == nil {
		zone = time.UTC
	}
	instant = instant.In(zone).Round(0) // without the reading of the monotonic clock
	year, month, day := instant.Date()
	hour, minute, second := instant.Clock()
	return Time{
		wall:    time.Date(year, month, day, hour, minute, second, instant.Nanosecond(), time.UTC),
		instant: instant,
		zone:    zone,
		clock:   true,
	}
}

// Now returns the present time in a zone.
func Now(zone *time.Location) Time { return At(time.Now(), zone) }

// Today returns the present date in a zone.
func Today(zone *time.Location) Time { return Now(zone).Date() }

// Fields are what a calendar and a clock show. Month and day count from 1.
type Fields struct {
	Year, Month, Day, Hour, Minute, Second, Nanosecond int
}

// New returns the time at which the clocks of a zone show the fields.
func New(fields Fields, zone *time.Location) (Time, error) {
	if err := fields.check(); err != nil {
		return Time{}, fmt.Errorf("making a time: %w", err)
	}
	return fields.in(zone), nil
}

// NewDate returns a date. Of the fields only year, month and day may be set.
func NewDate(fields Fields, zone *time.Location) (Time, error) {
	if err := fields.check(); err != nil {
		return Time{}, fmt.Errorf("making a date: %w", err)
	}
	if fields.Hour != 0 || fields.Minute != 0 || fields.Second != 0 || fields.Nanosecond != 0 {
		return Time{}, fmt.Errorf("making a date: it has a time of day")
	}
	return fields.date(zone), nil
}

// check says which field is outside its range.
func (f Fields) check() error {
	for _, field := range []struct {
		name         string
		is, min, max int
	}{
		{"year", f.Year, minYear, maxYear},
		{"month", f.Month, 1, 12},
		{"hour", f.Hour, 0, 23},
		{"minute", f.Minute, 0, 59},
		{"second", f.Second, 0, 59},
		{"nanosecond", f.Nanosecond, 0, 999_999_999},
	} {
		if field.is < field.min || field.is > field.max {
			return fmt.Errorf("%s is %d, and not %d to %d", field.name, field.is, field.min, field.max)
		}
	}
	if last := daysIn(f.Year, f.Month); f.Day < 1 || f.Day > last {
		return fmt.Errorf("day is %d, and not 1 to %d (%s %d)", f.Day, last, time.Month(f.Month), f.Year)
	}
	return nil
}

// in returns the time of fields that were checked.
func (f Fields) in(zone *time.Location) Time {
	wall := time.Date(f.Year, time.Month(f.Month), f.Day, f.Hour, f.Minute, f.Second, f.Nanosecond, time.UTC)
	return At(resolve(wall, zone), zone)
}

// date returns the date of fields that were checked.
func (f Fields) date(zone *time.Location) Time {
	return Time{wall: time.Date(f.Year, time.Month(f.Month), f.Day, 0, 0, 0, 0, time.UTC), zone: zone}
}

// daysIn returns how many days a month has.
func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// IsDate reports whether the time is a date, without a time of day.
func (t Time) IsDate() bool { return !t.clock }

// Date returns the date of a time.
func (t Time) Date() Time { return t.Fields().date(t.zone) }

// Clock returns the time at which the clocks of the zone show a time of day on the date of t.
func (t Time) Clock(hour, minute, second int) (Time, error) {
	fields := t.Fields()
	fields.Hour, fields.Minute, fields.Second, fields.Nanosecond = hour, minute, second, 0
	return New(fields, t.zone)
}

// Instant returns when the time is; a date is when it begins.
func (t Time) Instant() time.Time {
	if !t.clock {
		return resolve(t.wall, t.zone)
	}
	return t.instant
}

// Zone returns the zone, which is never nil.
func (t Time) Zone() *time.Location {
	if t.zone == nil {
		return time.UTC
	}
	return t.zone
}

// In returns the same instant in another zone. A date stays the date it is, and begins when it does in that zone.
func (t Time) In(zone *time.Location) Time {
	if !t.clock {
		return Time{wall: t.wall, zone: zone}
	}
	return At(t.instant, zone)
}

// Fields returns what calendar and clock show.
func (t Time) Fields() Fields {
	w := t.wall
	return Fields{w.Year(), int(w.Month()), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond()}
}

// Weekday returns the day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
func (t Time) Weekday() int { return (int(t.wall.Weekday())+6)%7 + 1 }

// YearDay returns the day of the year, from 1.
func (t Time) YearDay() int { return t.wall.YearDay() }

// Week returns the week of ISO 8601 and the year it counts to, which differs from the calendar's around New Year.
func (t Time) Week() (year, week int) { return t.wall.ISOWeek() }

// Quarter returns the quarter of the year, 1 to 4.
func (t Time) Quarter() int { return (int(t.wall.Month())-1)/3 + 1 }

// Abbreviation returns the name that the zone has at that time, as in CET.
func (t Time) Abbreviation() string {
	name, _ := t.Instant().In(t.Zone()).Zone()
	return name
}

// Offset returns by how many seconds clocks are ahead of UTC at that time.
func (t Time) Offset() int {
	_, offset := t.Instant().In(t.Zone()).Zone()
	return offset
}

// Compare returns -1, 0 or 1 as t is before, at or after u. A date is compared by when it begins.
func (t Time) Compare(u Time) int { return t.Instant().Compare(u.Instant()) }

// String returns a time as RFC 3339 writes it, with as many digits of the second as there are, and a date as 2006-01-02.
func (t Time) String() string {
	if !t.clock {
		return t.wall.Format(time.DateOnly)
	}
	// RFC 3339 has no seconds in offsets, which clocks had before there were zones.
	if t.Offset()%60 != 0 {
		return t.instant.Format("2006-01-02T15:04:05.999999999Z07:00:00")
	}
	return t.instant.Format(time.RFC3339Nano)
}
