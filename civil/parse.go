package civil

import (
	"strings"
	"time"
)

var (
	monthNames   = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdayNames = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

// Parse reads a time or a date as ISO 8601 and RFC 3339 write them, or the Date field of a message (RFC 5322, section 3.3),
// which is also that of HTTP. A text without offset is of the zone; one with an offset keeps it.
//
// Of ISO 8601 there are calendar dates, week dates and days of the year, extended and basic, to the minute or finer. Second 60,
// a leap second, is read as the second after it.
func Parse(text string, zone *time.Location) (Time, error) {
	s := &scanner{text: text}
	var t Time
	if s.digits() < 4 {
		t = s.message(zone)
	} else {
		t = s.iso(zone)
	}
	if s.end(); s.err != nil {
		return Time{}, s.err
	}
	return t, nil
}

// iso reads what ISO 8601 describes.
func (s *scanner) iso(zone *time.Location) Time {
	var f Fields
	f.Year = s.number("year", 4, 4, minYear, maxYear)
	extended := s.take("-")
	switch n := s.digits(); {
	case s.take("W"):
		start := s.at
		week := s.number("week", 2, 2, 1, 53)
		if extended {
			s.expect("-")
		}
		day := s.number("day of the week", 1, 1, 1, 7)
		if last := weeksIn(f.Year); week > last {
			s.fail(start, "week is %d, and %d has %d", week, f.Year, last)
		}
		monday := weekStart(f.Year, week)
		date := monday.AddDate(0, 0, day-1)
		if date.Year() < minYear || date.Year() > maxYear {
			s.fail(0, "the day is outside the years %d to %d", minYear, maxYear)
		}
		f.Year, f.Month, f.Day = date.Year(), int(date.Month()), date.Day()
	case n == 3:
		start := s.at
		day := s.number("day of the year", 3, 3, 1, 366)
		date := time.Date(f.Year, 1, day, 0, 0, 0, 0, time.UTC)
		if date.Year() != f.Year {
			s.fail(start, "day of the year is %d, and %d has 365", day, f.Year)
		}
		f.Month, f.Day = int(date.Month()), date.Day()
	default:
		f.Month = s.number("month", 2, 2, 1, 12)
		if extended {
			s.expect("-")
		}
		f.Day = s.day(f.Year, f.Month, 2)
	}
	// RFC 3339, section 5.6, allows a space and lower case.
	if !s.take("T") && !s.take("t") && !s.take(" ") {
		return f.date(zone)
	}
	f.Hour = s.number("hour", 2, 2, 0, 23)
	extended = s.take(":")
	f.Minute = s.number("minute", 2, 2, 0, 59)
	leap := false
	if extended && s.take(":") || !extended && s.digits() > 0 {
		f.Second, leap = s.second(f.Minute)
		if s.take(".") || s.take(",") {
			f.Nanosecond = s.fraction()
		}
	}
	s.take(" ") // PostgreSQL has "2026-11-26 09:15:00 +01:00" among its forms
	switch {
	case s.take("z"):
		zone = time.UTC
	case s.rest() != "" || s.text[s.at-min(s.at, 1):s.at] == " ":
		zone = s.offset()
	}
	return s.finish(f, leap, zone)
}

// day reads the day of a month, in as many digits at least.
func (s *scanner) day(year, month, least int) int {
	start := s.at
	day := s.number("day", least, 2, 1, 31)
	if last := daysIn(year, month); day > last {
		s.fail(start, "day is %d, and %s %d has %d", day, monthNames[month-1], year, last)
	}
	return day
}

// second reads a second and says whether it is a leap second, for which it returns 59.
func (s *scanner) second(minute int) (second int, leap bool) {
	start := s.at
	second = s.number("second", 2, 2, 0, 60)
	if second < 60 {
		return second, false
	}
	if minute != 59 && minute != 29 && minute != 44 && minute != 14 {
		// Leap seconds are inserted at midnight UTC; offsets are whole quarters of an hour.
		s.fail(start, "second is 60 where there is no leap second")
	}
	return 59, true
}

// finish makes the time of what was read, unless there was a mistake.
func (s *scanner) finish(f Fields, leap bool, zone *time.Location) Time {
	if s.err != nil {
		return Time{}
	}
	t := f.in(zone)
	if leap {
		t.instant = t.instant.Truncate(time.Second).Add(time.Second)
		if t = At(t.instant, t.zone); t.Fields().Year > maxYear {
			s.fail(0, "the leap second ends outside the years %d to %d", minYear, maxYear)
		}
	}
	return t
}

// message reads the date of a message. The zone is for dates that have none, which the RFC does not allow and people write.
func (s *scanner) message(zone *time.Location) Time {
	var f Fields
	weekday, named := 0, s.digits() == 0
	if named {
		start := s.at
		weekday = s.name("a weekday, a day or a year", weekdayNames)
		if !s.take(",") {
			s.fail(s.at, `"," was expected behind %q`, s.text[start:s.at])
		}
		s.space()
	}
	start := s.at
	f.Day = s.number("day", 1, 2, 1, 31)
	s.gap()
	f.Month = s.name("the name of a month", monthNames) + 1
	s.gap()
	f.Year = s.number("year", 4, 4, minYear, maxYear)
	if last := daysIn(f.Year, f.Month); f.Day > last {
		s.fail(start, "day is %d, and %s %d has %d", f.Day, monthNames[f.Month-1], f.Year, last)
	}
	if date := f.date(zone); s.err == nil && named && date.Weekday() != weekday+1 {
		s.fail(0, "%s was a %s", date, weekdayNames[date.Weekday()-1])
	}
	if s.rest() == "" {
		return f.date(zone)
	}
	s.gap()
	f.Hour = s.number("hour", 2, 2, 0, 23)
	s.expect(":")
	f.Minute = s.number("minute", 2, 2, 0, 59)
	leap := false
	if s.take(":") {
		f.Second, leap = s.second(f.Minute)
	}
	if s.space(); s.rest() != "" {
		zone = s.messageZone()
	}
	s.comment()
	return s.finish(f, leap, zone)
}

// messageZone reads an offset in four digits or one of the names of RFC 5322, section 4.3.
func (s *scanner) messageZone() *time.Location {
	for name, hours := range map[string]int{
		"GMT": 0, "UTC": 0, "UT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
	} {
		if rest := s.rest(); len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) && (len(rest) == len(name) || !isLetter(rest[len(name)])) {
			s.at += len(name)
			return fixed(hours * 3600)
		}
	}
	start := s.at
	if s.digits() > 0 || s.rest() != "" && isLetter(s.rest()[0]) {
		// Other names have had several meanings; RFC 5322 says to take them for unknown.
		s.fail(start, "an offset from UTC was expected, as in +0100")
		return time.UTC
	}
	return s.offset()
}

// comment reads what stands in brackets behind a date, (CET) mostly.
func (s *scanner) comment() {
	if s.space(); !s.take("(") {
		return
	}
	if end := strings.IndexByte(s.rest(), ')'); end >= 0 && !strings.ContainsAny(s.rest()[:end], "(\\") {
		s.at += end + 1
	} else {
		s.fail(s.at, `")" was expected`)
	}
}

// space skips spaces; gap needs one.
func (s *scanner) space() {
	for s.take(" ") {
	}
}

func (s *scanner) gap() {
	s.expect(" ")
	s.space()
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
