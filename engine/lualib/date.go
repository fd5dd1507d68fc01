package lualib

import (
	"fmt"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Date is os.date(format?, time?): strftime of C89 in the C locale and the usual additions of C99, or a table of
// fields for "*t". A "!" in front means UTC.
func Date(L *lua.LState) int {
	format := "%c"
	if L.Get(1) != lua.LNil {
		format = CheckString(L, 1, "date")
	}
	t := time.Now()
	if L.Get(2) != lua.LNil {
		seconds := CheckNumber(L, 2, "date")
		if math.IsNaN(seconds) || math.Abs(seconds) > maxSeconds {
			ArgumentError(L, 2, "date", "time out of range")
		}
		t = time.Unix(int64(math.Floor(seconds)), 0)
	}
	if rest, utc := strings.CutPrefix(format, "!"); utc {
		format, t = rest, t.UTC()
	}
	if strings.HasPrefix(format, "*t") {
		L.Push(fields(L, t))
		return 1
	}
	text, err := strftime(format, t)
	if err != nil {
		ArgumentError(L, 1, "date", err.Error())
	}
	L.Push(lua.LString(text))
	return 1
}

// maxSeconds keeps the year within four digits or so: 100,000 years.
const maxSeconds = 100000 * 366 * 86400

func fields(L *lua.LState, t time.Time) *lua.LTable {
	table := L.CreateTable(0, 9)
	for name, n := range map[string]int{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "min": t.Minute(),
		"sec": t.Second(), "wday": int(t.Weekday()) + 1, "yday": t.YearDay(),
	} {
		table.RawSetString(name, lua.LNumber(n))
	}
	table.RawSetString("isdst", lua.LBool(t.IsDST()))
	return table
}

// Time is os.time(table?): the seconds since 1970 of now or of local fields, which may be out of range: the 32nd
// of January is the 1st of February. hour defaults to 12, min and sec to 0.
func Time(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		L.Push(lua.LNumber(time.Now().Unix()))
		return 1
	}
	table := CheckTable(L, 1, "time")
	field := func(name string, missing int) int {
		switch v := table.RawGetString(name).(type) {
		case lua.LNumber:
			return wholeField(L, name, float64(v))
		case lua.LString:
			n, ok := ParseNumber(string(v))
			if !ok {
				L.RaiseError("field '%s' is not a number", name)
			}
			return wholeField(L, name, n)
		}
		if missing < 0 {
			L.RaiseError("field '%s' missing in date table", name)
		}
		return missing
	}
	day, month, year := field("day", -1), field("month", -1), field("year", -1)
	hour, minute, second := field("hour", 12), field("min", 0), field("sec", 0)
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.Local)
	// isdst = true means that the fields are in summer time: in winter that is an hour earlier.
	if dst, ok := table.RawGetString("isdst").(lua.LBool); ok && bool(dst) && !t.IsDST() {
		if earlier := t.Add(-time.Hour); !earlier.IsDST() && hasDST(year) {
			t = earlier
		}
	}
	L.Push(lua.LNumber(t.Unix()))
	return 1
}

func wholeField(L *lua.LState, name string, n float64) int {
	if math.IsNaN(n) || math.Abs(n) > maxSeconds {
		L.RaiseError("field '%s' is out of range", name)
	}
	return int(n)
}

// hasDST says whether local time has summer time at all in a year.
func hasDST(year int) bool {
	return time.Date(year, 1, 1, 0, 0, 0, 0, time.Local).IsDST() !=
		time.Date(year, 7, 1, 0, 0, 0, 0, time.Local).IsDST()
}

// maxDateText is how long the result of a format may be, in bytes.
const maxDateText = 1 << 20

func strftime(format string, t time.Time) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if b.Len() > maxDateText {
			return "", fmt.Errorf("date format is too long")
		}
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		i++
		if i == len(format) {
			b.WriteByte('%')
			break
		}
		text, ok := conversion(format[i], t)
		if !ok {
			return "", fmt.Errorf("invalid conversion '%%%s'", format[i:i+1])
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// conversion is one letter of strftime, ISO/IEC 9899:1999, section 7.23.3.5.
func conversion(letter byte, t time.Time) (string, bool) {
	two := func(n int) (string, bool) { return fmt.Sprintf("%02d", n), true }
	layout := func(l string) (string, bool) { return t.Format(l), true }
	switch letter {
	case 'a':
		return layout("Mon")
	case 'A':
		return layout("Monday")
	case 'b', 'h':
		return layout("Jan")
	case 'B':
		return layout("January")
	case 'c':
		return layout("Mon Jan _2 15:04:05 2006")
	case 'C':
		return two(t.Year() / 100)
	case 'd':
		return two(t.Day())
	case 'D', 'x':
		return layout("01/02/06")
	case 'e':
		return fmt.Sprintf("%2d", t.Day()), true
	case 'F':
		return layout("2006-01-02")
	case 'g':
		year, _ := t.ISOWeek()
		return two(year % 100)
	case 'G':
		year, _ := t.ISOWeek()
		return fmt.Sprintf("%04d", year), true
	case 'H':
		return two(t.Hour())
	case 'I':
		return two((t.Hour()+11)%12 + 1)
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay()), true
	case 'm':
		return two(int(t.Month()))
	case 'M':
		return two(t.Minute())
	case 'n':
		return "\n", true
	case 'p':
		return layout("PM")
	case 'r':
		return layout("03:04:05 PM")
	case 'R':
		return layout("15:04")
	case 's':
		return fmt.Sprint(t.Unix()), true
	case 'S':
		return two(t.Second())
	case 't':
		return "\t", true
	case 'T', 'X':
		return layout("15:04:05")
	case 'u':
		return fmt.Sprint((int(t.Weekday())+6)%7 + 1), true
	case 'U':
		return two((t.YearDay() + 6 - int(t.Weekday())) / 7)
	case 'V':
		_, week := t.ISOWeek()
		return two(week)
	case 'w':
		return fmt.Sprint(int(t.Weekday())), true
	case 'W':
		return two((t.YearDay() + 6 - (int(t.Weekday())+6)%7) / 7)
	case 'y':
		return two(t.Year() % 100)
	case 'Y':
		return fmt.Sprint(t.Year()), true
	case 'z':
		return layout("-0700")
	case 'Z':
		return layout("MST")
	case '%':
		return "%", true
	}
	return "", false
}
