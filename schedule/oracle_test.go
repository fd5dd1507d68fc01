package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oracle says by itself when a specification fires: it lets a clock tick minute by
// minute through a zone and looks at each new reading with a matcher of its own.
// It shares neither the parser nor gronx nor the mapping to instants.
type oracle struct {
	seconds                        string
	minute, hour, day, month, wday string
	first                          int64  // days since 1970 of dates[0]
	dates                          []bool // what matchDate says of each day
	minutes                        [1440]bool
	secondsOf                      []int64
}

var macroFields = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

func newOracle(text string, seconds bool, from, to time.Time) *oracle {
	if m, ok := macroFields[strings.ToLower(text)]; ok {
		text = m
		if seconds {
			text = "0 " + m
		}
	}
	f := strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return r == ' ' || r == '\t' })
	o := &oracle{seconds: "0"}
	if seconds {
		o.seconds, f = f[0], f[1:]
	}
	o.minute, o.hour, o.day, o.month, o.wday = f[0], f[1], f[2], f[3], f[4]
	o.first = from.Unix()/86400 - 3
	for d := o.first; d <= to.Unix()/86400+3; d++ {
		o.dates = append(o.dates, o.matchDate(time.Unix(d*86400, 0).UTC()))
	}
	for h := range 24 {
		for m := range 60 {
			o.minutes[h*60+m] = matches(o.hour, h, 0, 23, nil) && matches(o.minute, m, 0, 59, nil)
		}
	}
	for s := range 60 {
		if matches(o.seconds, s, 0, 59, nil) {
			o.secondsOf = append(o.secondsOf, int64(s))
		}
	}
	return o
}

var (
	monthNames = []string{"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

// lookUp is a number or a name.
func lookUp(text string, names []string) int {
	if i := slices.Index(names, text); i >= 0 && text != "" {
		return i
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("oracle: %q", text))
	}
	return n
}

// matches asks of each item whether it contains v.
func matches(text string, v, low, high int, names []string) bool {
	for _, item := range strings.Split(text, ",") {
		body, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			step, _ = strconv.Atoi(stepText)
		}
		a, b := low, high
		if body != "*" && body != "?" {
			from, to, ranged := strings.Cut(body, "-")
			a = lookUp(from, names)
			b = a
			if ranged {
				b = lookUp(to, names)
			} else if stepped {
				b = high
			}
		}
		if v >= a && v <= b && (v-a)%step == 0 {
			return true
		}
	}
	return false
}

// matchDate is the rule of both fields of days.
func (o *oracle) matchDate(t time.Time) bool {
	if !matches(o.month, int(t.Month()), 1, 12, monthNames) {
		return false
	}
	inDay, inWeek := o.matchDay(t), o.matchWeekday(t)
	if strings.HasPrefix(o.day, "*") || o.day == "?" || strings.HasPrefix(o.wday, "*") || o.wday == "?" {
		return inDay && inWeek
	}
	return inDay || inWeek
}

func lastOf(t time.Time) int {
	n := t.Day()
	for t.AddDate(0, 0, 1).Month() == t.Month() {
		t = t.AddDate(0, 0, 1)
		n++
	}
	return n
}

func working(t time.Time) bool { return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday }

func (o *oracle) matchDay(t time.Time) bool {
	for _, item := range strings.Split(o.day, ",") {
		at := func(day int) time.Time { return time.Date(t.Year(), t.Month(), day, 0, 0, 0, 0, time.UTC) }
		switch {
		case item == "L":
			if t.Day() == lastOf(t) {
				return true
			}
		case item == "LW":
			want := lastOf(t)
			for !working(at(want)) {
				want--
			}
			if t.Day() == want {
				return true
			}
		case strings.HasPrefix(item, "L-"):
			n, _ := strconv.Atoi(item[2:])
			if t.Day() == lastOf(t)-n {
				return true
			}
		case strings.HasSuffix(item, "W"):
			n, _ := strconv.Atoi(strings.TrimSuffix(item, "W"))
			last := lastOf(t)
			if n > last {
				continue
			}
			// The working day with the smallest distance in the month; of a Saturday
			// the Friday before it, of a Sunday the Monday after it.
			best := 0
			for d := 1; d <= last; d++ {
				if working(at(d)) && (best == 0 || abs(d-n) < abs(best-n)) {
					best = d
				}
			}
			if t.Day() == best {
				return true
			}
		default:
			if matches(item, t.Day(), 1, 31, nil) {
				return true
			}
		}
	}
	return false
}

func abs(n int) int { return max(n, -n) }

func (o *oracle) matchWeekday(t time.Time) bool {
	for _, item := range strings.Split(o.wday, ",") {
		if name, nth, ok := strings.Cut(item, "#"); ok {
			if n, _ := strconv.Atoi(nth); lookUp(name, dayNames)%7 == int(t.Weekday()) && (t.Day()+6)/7 == n {
				return true
			}
			continue
		}
		if name, ok := strings.CutSuffix(item, "L"); ok {
			if lookUp(name, dayNames)%7 == int(t.Weekday()) && t.Day()+7 > lastOf(t) {
				return true
			}
			continue
		}
		// Sunday is both ends of the week.
		body, step, stepped := strings.Cut(item, "/")
		if strings.HasSuffix(body, "-SUN") && body != "SUN-SUN" {
			item = strings.TrimSuffix(body, "SUN") + "7"
			if stepped {
				item += "/" + step
			}
		}
		if from, to, ranged := strings.Cut(body, "-"); from == "7" && (ranged && to != "7" && to != "SUN" || !ranged && stepped) {
			item = "0" + strings.TrimPrefix(item, "7")
		}
		high := 6
		if matches(item, int(t.Weekday()), 0, high, dayNames) || t.Weekday() == time.Sunday && !strings.HasPrefix(item, "*") && !strings.HasPrefix(item, "?") && (!stepped || strings.Contains(body, "-")) && matches(item, 7, 0, 7, dayNames) {
			return true
		}
	}
	return false
}

// zoneTable is a zone's offset at each minute of a time.
type zoneTable struct {
	from    int64 // minutes since 1970
	offsets []int16
}

func newZoneTable(zone *time.Location, from, to time.Time) zoneTable {
	t := zoneTable{from: from.Unix() / 60}
	t.offsets = make([]int16, 0, to.Unix()/60-t.from+60)
	at := func(m int64) int16 {
		_, offset := time.Unix(m*60, 0).In(zone).Zone()
		return int16(offset / 60)
	}
	for m, last := t.from, to.Unix()/60; m <= last; {
		// No zone changes twice in an hour; TestZoneTable looks at every minute.
		first := at(m)
		same := first == at(m+59)
		for i := int64(0); i < 60 && m <= last; i++ {
			offset := first
			if !same {
				offset = at(m)
			}
			t.offsets = append(t.offsets, offset)
			m++
		}
	}
	return t
}

// walk lets the clock tick and calls found with instants and readings, in seconds.
// Readings that are passed over by one tick are one fire time.
func (o *oracle) walk(z zoneTable, found func(at, wall int64)) {
	read := z.from + int64(z.offsets[0])
	for i := 1; i < len(z.offsets); i++ {
		at := z.from + int64(i)
		wall := at + int64(z.offsets[i])
		if wall <= read {
			continue // read before
		}
		if wall == read+1 {
			day := wall / 1440
			if o.minutes[wall-day*1440] && o.dates[day-o.first] {
				for _, s := range o.secondsOf {
					found(at*60+s, wall*60+s)
				}
			}
			read = wall
			continue
		}
		last := int64(-1)
		for skipped := read + 1; skipped <= wall; skipped++ {
			day := skipped / 1440
			if !o.minutes[skipped-day*1440] || !o.dates[day-o.first] {
				continue
			}
			for _, s := range o.secondsOf {
				if skipped < wall || s == 0 {
					last = skipped*60 + s
				}
			}
		}
		if last >= 0 {
			found(at*60, last)
		}
		if day := wall / 1440; o.minutes[wall-day*1440] && o.dates[day-o.first] {
			for _, s := range o.secondsOf {
				if s > 0 {
					found(at*60+s, wall*60+s)
				}
			}
		}
		read = wall
	}
}

// TestZoneTable: the shortcut of the table changes nothing.
func TestZoneTable(t *testing.T) {
	from, to := gridFrom, gridFrom.AddDate(20, 0, 0)
	zones := gridZones
	if !gridWhole {
		zones = zones[:13]
		to = from.AddDate(0, 3, 0) // St. John's changes at 00:01 in March
	}
	for _, name := range zones {
		zone := mustZone(t, name)
		table := newZoneTable(zone, from, to)
		for i, offset := range table.offsets {
			if _, want := time.Unix((table.from+int64(i))*60, 0).In(zone).Zone(); want != int(offset)*60 {
				t.Fatalf("%s at minute %d: offset %d, want %d", name, i, offset, want)
			}
		}
	}
}

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
