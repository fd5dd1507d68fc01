package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Date is a civil date, in no zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date as ISO 8601 writes it: 2026-11-26.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("schedule: date %q: not a day written as 2026-11-26", text)
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}

// String is the date as ISO 8601 writes it.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Compare orders dates.
func (d Date) Compare(other Date) int {
	if d.Year != other.Year {
		return d.Year - other.Year
	}
	if d.Month != other.Month {
		return int(d.Month - other.Month)
	}
	return d.Day - other.Day
}

// ParseCalendar reads a calendar of days off: one date a line, and after it,
// divided by a space, whatever people want to remember of it. Empty lines and
// lines that begin with # say nothing.
func ParseCalendar(text string) ([]Date, error) {
	var dates []Date
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		date, err := ParseDate(strings.Fields(line)[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		dates = append(dates, date)
	}
	return dates, nil
}

// DaysOff are the civil dates on which a job does not run. The zero value has
// none.
type DaysOff struct {
	Weekdays []time.Weekday
	Dates    []Date
}

// calendar answers quickly what [DaysOff] says.
type calendar struct {
	weekdays [7]bool
	dates    map[Date]bool
}

func (o DaysOff) calendar() calendar {
	c := calendar{dates: make(map[Date]bool, len(o.Dates))}
	for _, weekday := range o.Weekdays {
		c.weekdays[weekday] = true
	}
	for _, date := range o.Dates {
		c.dates[date] = true
	}
	return c
}

// off says whether a reading of the wall clock is on a day off.
func (c calendar) off(wall int64) bool {
	t := time.Unix(wall, 0).UTC()
	return c.weekdays[t.Weekday()] || len(c.dates) > 0 && c.dates[Date{t.Year(), t.Month(), t.Day()}]
}

func (o DaysOff) check() error {
	for _, weekday := range o.Weekdays {
		if weekday < time.Sunday || weekday > time.Saturday {
			return fmt.Errorf("days off: weekday %d: must be from 0 to 6", weekday)
		}
	}
	if c := o.calendar(); !slices.Contains(c.weekdays[:], false) {
		return fmt.Errorf("days off: every weekday is off, so the job would never run")
	}
	return nil
}
