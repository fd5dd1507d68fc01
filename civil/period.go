package civil

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Period is a stretch of the calendar: one or more whole days, weeks, months, quarters or years.
type Period struct {
	// Key names the period and nothing else: 2026-11-26, 2026-W37, 2026-11, 2026-Q3, 2026, and 2026-11-19..2026-11-25 for
	// several in a row. ParsePeriod reads it back. Keys of one unit sort by time.
	Key string
	// Starts is the first moment, Ends the first one after it. Both have a clock.
	Starts, Ends Time
	// Label is the period in English, for people: 26 November 2026, week 37 of 2026, November 2026, Q3 2026, 2026.
	Label string

	unit  Unit
	first time.Time // the wall time at which it begins
	count int
}

// Unit returns of what the period is one or more.
func (p Period) Unit() Unit { return p.unit }

// Next returns the period of the same length that follows.
func (p Period) Next() (Period, error) { return p.step(1) }

// Previous returns the period of the same length before.
func (p Period) Previous() (Period, error) { return p.step(-1) }

func (p Period) step(direction int) (Period, error) {
	if p.count == 0 {
		return Period{}, fmt.Errorf("period: it is empty")
	}
	return newPeriod(p.Key, p.unit, advance(p.first, p.unit, direction*p.count), p.count, p.Starts.Zone())
}

// Contains reports whether a time lies within the period; of a date, whether it begins there.
func (p Period) Contains(t Time) bool {
	return t.Compare(p.Starts) >= 0 && t.Compare(p.Ends) < 0
}

// PeriodOf returns the day, week, month, quarter or year in which a time lies, in the zone of the time.
func PeriodOf(t Time, unit Unit) (Period, error) {
	first, ok := startOf(t.wall, unit)
	if !ok {
		return Period{}, fmt.Errorf("period of %s: there is none of a %q; there are day, week, month, quarter and year", t, string(unit))
	}
	return newPeriod(t.String(), unit, first, 1, t.zone)
}

// relative are today and its neighbours, by unit and how far from now.
var relative = map[string]struct {
	unit   Unit
	offset int
}{
	"today": {Day, 0}, "yesterday": {Day, -1}, "tomorrow": {Day, 1},
	"this week": {Week, 0}, "last week": {Week, -1}, "next week": {Week, 1},
	"this month": {Month, 0}, "last month": {Month, -1}, "next month": {Month, 1},
	"this quarter": {Quarter, 0}, "last quarter": {Quarter, -1}, "next quarter": {Quarter, 1},
	"this year": {Year, 0}, "last year": {Year, -1}, "next year": {Year, 1},
}

var (
	lastMany = regexp.MustCompile(`^last ([1-9][0-9]{0,3}) (day|week|month|quarter|year)s?$`)
	keyForms = []struct {
		unit Unit
		form *regexp.Regexp
	}{
		{Day, regexp.MustCompile(`^([0-9]{4})-([0-9]{2})-([0-9]{2})$`)},
		{Week, regexp.MustCompile(`^([0-9]{4})-W([0-9]{2})$`)},
		{Month, regexp.MustCompile(`^([0-9]{4})-([0-9]{2})$`)},
		{Quarter, regexp.MustCompile(`^([0-9]{4})-Q([0-9])$`)},
		{Year, regexp.MustCompile(`^([0-9]{4})$`)},
	}
)

// ParsePeriod reads what a period is called, or its key. Names are relative to now and its zone: today, yesterday, tomorrow; this,
// last and next week, month, quarter and year; last 7 days, last 4 weeks and so on, which are whole and end before the
// present one begins, so that last 7 days does not hold today.
func ParsePeriod(spec string, now Time) (Period, error) {
	if r, ok := relative[spec]; ok {
		first, _ := startOf(now.wall, r.unit)
		return newPeriod(spec, r.unit, advance(first, r.unit, r.offset), 1, now.zone)
	}
	if match := lastMany.FindStringSubmatch(spec); match != nil {
		count, _ := strconv.Atoi(match[1])
		unit := Unit(match[2])
		first, _ := startOf(now.wall, unit)
		return newPeriod(spec, unit, advance(first, unit, -count), count, now.zone)
	}
	from, to, several := strings.Cut(spec, "..")
	unit, first, err := parseKey(from)
	if err != nil {
		return Period{}, fmt.Errorf("period %q: %w", spec, err)
	}
	if !several {
		return newPeriod(spec, unit, first, 1, now.zone)
	}
	lastUnit, last, err := parseKey(to)
	switch {
	case err != nil:
		return Period{}, fmt.Errorf("period %q: %w", spec, err)
	case lastUnit != unit:
		return Period{}, fmt.Errorf("period %q: it runs from a %s to a %s", spec, unit, lastUnit)
	case last.Before(first):
		return Period{}, fmt.Errorf("period %q: it ends before it begins", spec)
	}
	return newPeriod(spec, unit, first, distance(first, last, unit)+1, now.zone)
}

// parseKey reads the key of one unit.
func parseKey(key string) (Unit, time.Time, error) {
	for _, candidate := range keyForms {
		match := candidate.form.FindStringSubmatch(key)
		if match == nil {
			continue
		}
		var n [3]int
		for i, digits := range match[1:] {
			n[i], _ = strconv.Atoi(digits)
		}
		f := Fields{Year: n[0], Month: 1, Day: 1}
		switch candidate.unit {
		case Day:
			f.Month, f.Day = n[1], n[2]
		case Week:
			if f.Year < minYear {
				break
			}
			if last := weeksIn(f.Year); n[1] < 1 || n[1] > last {
				return "", time.Time{}, fmt.Errorf("week is %d, and not 1 to %d (%d)", n[1], last, f.Year)
			}
			return Week, weekStart(f.Year, n[1]), nil
		case Month:
			f.Month = n[1]
		case Quarter:
			if n[1] < 1 || n[1] > 4 {
				return "", time.Time{}, fmt.Errorf("quarter is %d, and not 1 to 4", n[1])
			}
			f.Month = n[1]*3 - 2
		}
		if err := f.check(); err != nil {
			return "", time.Time{}, err
		}
		return candidate.unit, f.date(nil).wall, nil
	}
	return "", time.Time{}, fmt.Errorf("there is no period %q; there are today, yesterday, last week (month, quarter, year), last 7 days, 2026-11-26, 2026-W37, 2026-11, 2026-Q3 and 2026", key)
}

// newPeriod makes the period that begins at a wall time. The spec is for the error.
func newPeriod(spec string, unit Unit, first time.Time, count int, zone *time.Location) (Period, error) {
	last, ends := advance(first, unit, count-1), advance(first, unit, count)
	if first.Year() < minYear || ends.Year() > maxYear {
		return Period{}, fmt.Errorf("period %q: it is outside the years %d to %d", spec, minYear, maxYear)
	}
	p := Period{
		Key: key(first, unit), Label: label(first, unit),
		Starts: At(resolve(first, zone), zone), Ends: At(resolve(ends, zone), zone),
		unit: unit, first: first, count: count,
	}
	if count > 1 {
		p.Key += ".." + key(last, unit)
		p.Label += " – " + label(last, unit)
	}
	return p, nil
}

// advance moves the beginning of a unit by several.
func advance(first time.Time, unit Unit, by int) time.Time {
	switch unit {
	case Day:
		return first.AddDate(0, 0, by)
	case Week:
		return first.AddDate(0, 0, 7*by)
	case Month:
		return first.AddDate(0, by, 0)
	case Quarter:
		return first.AddDate(0, 3*by, 0)
	default:
		return first.AddDate(by, 0, 0)
	}
}

// distance returns how many units lie between the beginnings of two.
func distance(first, last time.Time, unit Unit) int {
	months := (last.Year()-first.Year())*12 + int(last.Month()) - int(first.Month())
	days := int((last.Unix() - first.Unix()) / 86_400)
	return map[Unit]int{Day: days, Week: days / 7, Month: months, Quarter: months / 3, Year: months / 12}[unit]
}

func key(first time.Time, unit Unit) string {
	switch unit {
	case Day:
		return first.Format(time.DateOnly)
	case Week:
		year, week := first.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case Month:
		return first.Format("2006-01")
	case Quarter:
		return fmt.Sprintf("%04d-Q%d", first.Year(), (int(first.Month())+2)/3)
	default:
		return first.Format("2006")
	}
}

func label(first time.Time, unit Unit) string {
	switch unit {
	case Day:
		return first.Format("2 January 2006")
	case Week:
		year, week := first.ISOWeek()
		return fmt.Sprintf("week %d of %d", week, year)
	case Month:
		return first.Format("January 2006")
	case Quarter:
		return fmt.Sprintf("Q%d %d", (int(first.Month())+2)/3, first.Year())
	default:
		return strconv.Itoa(first.Year())
	}
}

// weekStart returns the Monday of a week of ISO 8601: the first week is the one that holds 4 January.
func weekStart(year, week int) time.Time {
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	monday, _ := startOf(fourth, Week)
	return monday.AddDate(0, 0, 7*(week-1))
}

// weeksIn returns how many weeks a year of ISO 8601 has; 28 December is always in the last.
func weeksIn(year int) int {
	_, week := time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
	return week
}
