package civil

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests need zones on every machine
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func parse(t testing.TB, text string, zone *time.Location) Time {
	t.Helper()
	parsed, err := Parse(text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// message returns what an error says, and nothing of none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestNew makes times of fields where clocks are changed, and of fields that are none.
func TestNew(t *testing.T) {
	for _, c := range []struct {
		zone   string
		fields Fields
		want   string
		err    string
	}{
		{"Europe/Berlin", Fields{2026, 11, 26, 9, 15, 0, 0}, "2026-11-26T09:15:00+01:00", ""},
		{"Europe/Berlin", Fields{2026, 3, 29, 1, 59, 59, 0}, "2026-03-29T01:59:59+01:00", ""},
		{"Europe/Berlin", Fields{2026, 3, 29, 2, 0, 0, 0}, "2026-03-29T03:00:00+02:00", ""},
		{"Europe/Berlin", Fields{2026, 3, 29, 2, 30, 0, 5}, "2026-03-29T03:00:00+02:00", ""},
		{"Europe/Berlin", Fields{2026, 3, 29, 3, 0, 0, 0}, "2026-03-29T03:00:00+02:00", ""},
		{"Europe/Berlin", Fields{2026, 10, 25, 1, 59, 0, 0}, "2026-10-25T01:59:00+02:00", ""},
		{"Europe/Berlin", Fields{2026, 10, 25, 2, 0, 0, 0}, "2026-10-25T02:00:00+02:00", ""},
		{"Europe/Berlin", Fields{2026, 10, 25, 2, 59, 0, 0}, "2026-10-25T02:59:00+02:00", ""},
		{"Europe/Berlin", Fields{2026, 10, 25, 3, 0, 0, 0}, "2026-10-25T03:00:00+01:00", ""},
		{"America/New_York", Fields{2026, 3, 8, 2, 30, 0, 0}, "2026-03-08T03:00:00-04:00", ""},
		{"America/New_York", Fields{2026, 11, 1, 1, 30, 0, 0}, "2026-11-01T01:30:00-04:00", ""},
		{"Australia/Lord_Howe", Fields{2026, 10, 4, 2, 15, 0, 0}, "2026-10-04T02:30:00+11:00", ""},
		{"Australia/Lord_Howe", Fields{2026, 4, 5, 1, 45, 0, 0}, "2026-04-05T01:45:00+11:00", ""},
		{"America/Sao_Paulo", Fields{2018, 11, 4, 0, 0, 0, 0}, "2018-11-04T01:00:00-02:00", ""},
		{"Pacific/Apia", Fields{2011, 12, 30, 12, 0, 0, 0}, "2011-12-31T00:00:00+14:00", ""},
		{"Europe/Berlin", Fields{1, 1, 1, 0, 0, 0, 0}, "0001-01-01T00:00:00+00:53:28", ""},
		{"UTC", Fields{2024, 2, 29, 0, 0, 0, 1}, "2024-02-29T00:00:00.000000001Z", ""},
		{"UTC", Fields{2026, 2, 29, 0, 0, 0, 0}, "", "making a time: day is 29, and not 1 to 28 (February 2026)"},
		{"UTC", Fields{2026, 13, 1, 0, 0, 0, 0}, "", "making a time: month is 13, and not 1 to 12"},
		{"UTC", Fields{0, 1, 1, 0, 0, 0, 0}, "", "making a time: year is 0, and not 1 to 9999"},
		{"UTC", Fields{2026, 1, 1, 24, 0, 0, 0}, "", "making a time: hour is 24, and not 0 to 23"},
	} {
		got, err := New(c.fields, zone(t, c.zone))
		if message(err) != c.err {
			t.Errorf("%s %v: %q, and not %q", c.zone, c.fields, message(err), c.err)
		} else if err == nil && got.String() != c.want {
			t.Errorf("%s %v: %s, and not %s", c.zone, c.fields, got, c.want)
		}
	}
}

// TestBounds looks at every day of a thousand years: the bounds are around it, and one end leads to the next.
func TestBounds(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Tokyo", "Africa/Casablanca"} {
		z := zone(t, name)
		for at := time.Date(1900, 1, 1, 0, 0, 0, 0, z); at.Year() < 2900; at = at.Add(24 * time.Hour) {
			if starts, ends := Bounds(at); starts.After(at) || !ends.IsZero() && !ends.After(at) {
				t.Fatalf("%s: %s to %s", at, starts, ends)
			}
		}
	}
	if got := resolve(time.Date(2041, 1, 1, 0, 30, 0, 0, time.UTC), zone(t, "America/New_York")); got.UTC().Format(time.RFC3339) != "2041-01-01T05:30:00Z" {
		t.Error(got)
	}
}

// TestResolveAgainstClock holds every quarter of an hour around every change of clocks against what clocks showed minute by
// minute.
func TestResolveAgainstClock(t *testing.T) {
	const step = 15 * time.Minute
	for _, name := range []string{
		"Europe/Berlin", "Europe/Dublin", "America/St_Johns", "America/Havana", "Australia/Lord_Howe", "Africa/Casablanca",
		"Asia/Tehran", "Asia/Gaza", "America/Sao_Paulo", "Pacific/Apia", "Antarctica/Troll", "Asia/Pyongyang",
	} {
		z := zone(t, name)
		at := time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC).In(z)
		for range 60 {
			_, change := at.ZoneBounds()
			if change.IsZero() {
				break
			}
			at = change
			// What the clock showed, and the first instant at which it did.
			first := map[string]time.Time{}
			for instant := change.Truncate(time.Minute).Add(-30 * time.Hour); instant.Before(change.Add(30 * time.Hour)); instant = instant.Add(time.Minute) {
				shown := instant.In(z).Format("2006-01-02 15:04")
				if _, ok := first[shown]; !ok {
					first[shown] = instant
				}
			}
			_, before := change.Add(-time.Minute).In(z).Zone()
			local := change.UTC().Add(time.Duration(before) * time.Second)
			for wall := local.Add(-3 * time.Hour).Truncate(step); wall.Before(local.Add(3 * time.Hour)); wall = wall.Add(step) {
				want, ok := first[wall.Format("2006-01-02 15:04")]
				if !ok {
					want = change
				}
				if got := resolve(wall, z); !got.Equal(want) {
					t.Fatalf("%s: %s is %s, and not %s", name, wall.Format(time.DateTime), got, want.In(z))
				}
			}
		}
	}
}

// TestZone reads names of zones.
func TestZone(t *testing.T) {
	for name, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", "UTC": "UTC", "Z": "UTC", "+05:30": "+05:30", "-0330": "-03:30", "+00:00": "UTC", "local": "Local",
	} {
		if got, err := Zone(name); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "Local", "Europe/Nowhere", "../etc/passwd", "+25:00", "+1", "+01:0", "/etc/localtime"} {
		if got, err := Zone(name); err == nil {
			t.Errorf("%q: %v, and no error", name, got)
		}
	}
}

// TestIn sees an instant in another zone, and a date there.
func TestIn(t *testing.T) {
	berlin, tokyo := zone(t, "Europe/Berlin"), zone(t, "Asia/Tokyo")
	if got := parse(t, "2026-11-26T20:00:00", berlin).In(tokyo).String(); got != "2026-11-27T04:00:00+09:00" {
		t.Error(got)
	}
	date := parse(t, "2026-11-26", berlin).In(tokyo)
	if got := date.String() + " " + date.Instant().UTC().String(); got != "2026-11-26 2026-11-25 15:00:00 +0000 UTC" {
		t.Error(got)
	}
	if got, err := date.Clock(9, 30, 0); err != nil || got.String() != "2026-11-26T09:30:00+09:00" {
		t.Error(got, err)
	}
	if got := (Time{}); got.String() != "0001-01-01" || got.Zone() != time.UTC || got.Weekday() != 1 {
		t.Error(got, got.Zone(), got.Weekday())
	}
	if _, err := NewDate(Fields{Year: 2026, Month: 1, Day: 1, Hour: 1}, nil); err == nil {
		t.Error("a date with an hour")
	}
	if got := Now(tokyo); got.Zone() != tokyo || !Today(tokyo).IsDate() {
		t.Error(got)
	}
}

// TestFields takes times apart.
func TestFields(t *testing.T) {
	for text, want := range map[string][5]int{ // weekday, day of the year, year and number of the week, quarter
		"2026-11-26": {4, 330, 2026, 48, 4},
		"2027-01-03": {7, 3, 2026, 53, 1},
		"2024-12-30": {1, 365, 2025, 1, 4},
		"2024-06-30": {7, 182, 2024, 26, 2},
		"2026-07-01": {3, 182, 2026, 27, 3},
	} {
		at := parse(t, text, nil)
		year, week := at.Week()
		if got := [5]int{at.Weekday(), at.YearDay(), year, week, at.Quarter()}; got != want {
			t.Errorf("%s: %v, and not %v", text, got, want)
		}
	}
}
