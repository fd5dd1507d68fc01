package civil

import (
	"strings"
	"time"
	"unicode/utf8"
)

// ParseFormat reads a time that is written in a format of strftime. Every character counts; months and weekdays are
// English, in any case. Numbers may lack their leading zero where no other number touches them. A two-digit year is one of
// 1969 to 2068. What the format does not name is 0; without an hour the result is a date. A weekday must fit the date.
func ParseFormat(text, format string, zone *time.Location) (Time, error) {
	list, err := items(format)
	if err != nil {
		return Time{}, err
	}
	seen, err := checkItems(format, list)
	if err != nil {
		return Time{}, err
	}
	s := &scanner{text: text}
	r := reading{zone: zone, Fields: Fields{Month: 1, Day: 1}}
	for i, it := range list {
		if it.letter == 0 {
			s.literal(it.text)
			continue
		}
		touches := i > 0 && list[i-1].numeric || i+1 < len(list) && list[i+1].numeric
		r.item(s, it, touches)
	}
	if s.end(); s.err != nil {
		return Time{}, s.err
	}
	return r.time(s, seen)
}

// what each letter says; two letters that say the same contradict each other or are one too many.
var says = map[byte]string{
	'Y': "year", 'y': "year", 'm': "month", 'b': "month", 'B': "month", 'h': "month", 'd': "day", 'e': "day", 'j': "day of the year",
	'H': "hour", 'I': "hour of twelve", 'p': "half of the day", 'M': "minute", 'S': "second", 'f': "fraction", 'z': "offset", 'Z': "offset",
	'a': "weekday", 'A': "weekday", 'u': "weekday", 'w': "weekday", 's': "seconds since 1970", 'G': "year of the week", 'V': "week",
}

// checkItems says what a format names, and refuses one from which no time follows.
func checkItems(format string, list []item) (map[string]bool, error) {
	seen := map[string]bool{}
	for _, it := range list {
		if it.letter == 0 || strings.IndexByte("nt%", it.letter) >= 0 {
			continue
		}
		what, ok := says[it.letter]
		if !ok {
			return nil, formatError(format, it.at, "%%%c can be written, and not read", it.letter)
		}
		if seen[what] {
			return nil, formatError(format, it.at, "the %s is there twice", what)
		}
		seen[what] = true
	}
	problem := ""
	date := seen["year"] && (seen["day of the year"] != (seen["month"] || seen["day"]))
	week := seen["year of the week"] && seen["week"] && seen["weekday"]
	switch {
	case seen["seconds since 1970"]:
		if len(seen) > 1 && !(len(seen) == 2 && seen["fraction"]) {
			problem = "%s says it all; there can be nothing beside it"
		}
		return seen, formatProblem(format, problem)
	case !seen["year"] && !seen["year of the week"]:
		problem = "it names no year"
	case seen["year of the week"] != seen["week"] || seen["week"] && !seen["weekday"]:
		problem = "%G, %V and %u go together"
	case week && (seen["year"] || seen["month"] || seen["day"] || seen["day of the year"]):
		problem = "%G and %V cannot stand beside another date"
	case !date && !week && seen["day of the year"]:
		problem = "%j cannot stand beside month or day"
	case seen["day"] && !seen["month"]:
		problem = "it names a day without a month"
	case seen["hour"] && (seen["hour of twelve"] || seen["half of the day"]):
		problem = "%H cannot stand beside %I or %p"
	case seen["hour of twelve"] != seen["half of the day"]:
		problem = "%I and %p go together"
	case !seen["hour"] && !seen["hour of twelve"] && (seen["minute"] || seen["second"] || seen["offset"] || seen["fraction"]):
		problem = "it names a minute, second or offset without an hour"
	case seen["second"] && !seen["minute"] || seen["fraction"] && !seen["second"]:
		problem = "it leaves out the minute or the second between what it names"
	}
	return seen, formatProblem(format, problem)
}

func formatProblem(format, problem string) error {
	if problem == "" {
		return nil
	}
	return &FormatError{Format: format, Position: 1, Problem: problem}
}

// reading is what was read so far.
type reading struct {
	Fields
	zone            *time.Location
	weekday         int // 1 to 7, 0 where none was given
	yearDay         int
	weekYear, week  int
	hour12          int
	afternoon, leap bool
	unix            int64
	negative        bool
}

// item reads what a letter stands for.
func (r *reading) item(s *scanner, it item, touches bool) {
	least := 1
	if touches && !it.unpad {
		least = 2
	}
	switch it.letter {
	case 'Y':
		r.Year = s.number("year", 4, 4, minYear, maxYear)
	case 'y':
		if r.Year = s.number("year", 2, 2, 0, 99) + 1900; r.Year < 1969 {
			r.Year += 100
		}
	case 'm':
		r.Month = s.number("month", least, 2, 1, 12)
	case 'd', 'e':
		if it.letter == 'e' && s.take(" ") {
			r.Day = s.number("day", 1, 1, 1, 9)
		} else {
			r.Day = s.number("day", least, 2, 1, 31)
		}
	case 'H':
		r.Hour = s.number("hour", least, 2, 0, 23)
	case 'I':
		r.hour12 = s.number("hour", least, 2, 1, 12)
	case 'M':
		r.Minute = s.number("minute", 2, 2, 0, 59)
	case 'S':
		r.Second, r.leap = s.second(r.Minute)
	case 'f':
		r.Nanosecond = s.fraction()
	case 'j':
		r.yearDay = s.number("day of the year", 3, 3, 1, 366)
	case 's':
		r.negative = s.take("-")
		r.unix = int64(s.number("seconds since 1970", 1, 12, 0, maxUnix))
	case 'G':
		r.weekYear = s.number("year of the week", 4, 4, minYear, maxYear)
	case 'V':
		r.week = s.number("week", least, 2, 1, 53)
	case 'u':
		r.weekday = s.number("weekday", 1, 1, 1, 7)
	case 'w':
		r.weekday = (s.number("weekday", 1, 1, 0, 6)+6)%7 + 1
	case 'a', 'A':
		r.weekday = s.name("the name of a weekday", weekdayNames) + 1
	case 'b', 'B', 'h':
		r.Month = s.name("the name of a month", monthNames) + 1
	case 'p':
		r.half(s)
	case 'z':
		r.zone = s.offset()
	case 'Z':
		r.zone = s.messageZone()
	case 'n':
		s.literal("\n")
	case 't':
		s.literal("\t")
	case '%':
		s.literal("%")
	}
}

// half reads AM or PM.
func (r *reading) half(s *scanner) {
	rest := s.rest()
	switch {
	case len(rest) >= 2 && strings.EqualFold(rest[:2], "AM"):
	case len(rest) >= 2 && strings.EqualFold(rest[:2], "PM"):
		r.afternoon = true
	default:
		s.fail(s.at, "AM or PM was expected")
		return
	}
	s.at += 2
}

// time makes a time of what was read.
func (r *reading) time(s *scanner, seen map[string]bool) (Time, error) {
	if seen["seconds since 1970"] {
		if r.negative {
			r.unix = -r.unix
		}
		t := At(time.Unix(r.unix, int64(r.Nanosecond)), r.zone)
		if year := t.Fields().Year; year < minYear || year > maxYear {
			s.fail(0, "the time is outside the years %d to %d", minYear, maxYear)
		}
		return t, s.err
	}
	if seen["week"] {
		if last := weeksIn(r.weekYear); r.week > last {
			s.fail(0, "week is %d, and %d has %d", r.week, r.weekYear, last)
		}
		r.setDate(weekStart(r.weekYear, r.week).AddDate(0, 0, r.weekday-1))
	}
	if seen["day of the year"] {
		date := time.Date(r.Year, 1, r.yearDay, 0, 0, 0, 0, time.UTC)
		if date.Year() != r.Year {
			s.fail(0, "day of the year is %d, and %d has 365", r.yearDay, r.Year)
		}
		r.setDate(date)
	}
	if seen["hour of twelve"] {
		if r.Hour = r.hour12 % 12; r.afternoon {
			r.Hour += 12
		}
	}
	if err := r.check(); err != nil {
		s.fail(0, "%s", err)
	}
	if s.err != nil {
		return Time{}, s.err
	}
	if date := r.date(r.zone); r.weekday != 0 && date.Weekday() != r.weekday {
		s.fail(0, "%s was a %s", date, weekdayNames[date.Weekday()-1])
	}
	if !seen["hour"] && !seen["hour of twelve"] {
		return r.date(r.zone), s.err
	}
	t := s.finish(r.Fields, r.leap, r.zone)
	return t, s.err
}

func (r *reading) setDate(date time.Time) {
	r.Year, r.Month, r.Day = date.Year(), int(date.Month()), date.Day()
}

// literal reads text of the format, and says what is there where it is not.
func (s *scanner) literal(text string) {
	for _, want := range text {
		got, size := utf8.DecodeRuneInString(s.rest())
		if size == 0 || got != want || got == utf8.RuneError && size == 1 {
			s.fail(s.at, "%q was expected", string(want))
			return
		}
		s.at += size
	}
}
