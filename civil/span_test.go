package civil

import (
	"strings"
	"testing"
)

// TestAdd goes forward and back by the calendar and by the clock.
func TestAdd(t *testing.T) {
	for _, c := range []struct {
		from string
		span Span
		want string
	}{
		{"2026-01-31T10:00:00", Span{Months: 1}, "2026-02-28T10:00:00+01:00"},
		{"2024-01-31T10:00:00", Span{Months: 1}, "2024-02-29T10:00:00+01:00"},
		{"2024-02-29T10:00:00", Span{Years: 1}, "2025-02-28T10:00:00+01:00"},
		{"2024-02-29T10:00:00", Span{Years: 4}, "2028-02-29T10:00:00+01:00"},
		{"2026-03-31", Span{Months: -1}, "2026-02-28"},
		{"2026-01-31", Span{Months: 1, Days: 1}, "2026-03-01"},
		{"2026-01-15", Span{Months: -25}, "2023-12-15"},
		{"2026-11-26", Span{Weeks: 2, Days: -1}, "2026-12-09"},
		{"2026-11-26", Span{Hours: 9}, "2026-11-26T09:00:00+01:00"},
		// The calendar keeps the clock, the clock does not.
		{"2026-03-28T12:00:00", Span{Days: 1}, "2026-03-29T12:00:00+02:00"},
		{"2026-03-28T12:00:00", Span{Hours: 24}, "2026-03-29T13:00:00+02:00"},
		{"2026-10-24T12:00:00", Span{Days: 1}, "2026-10-25T12:00:00+01:00"},
		{"2026-10-24T12:00:00", Span{Hours: 24}, "2026-10-25T11:00:00+01:00"},
		// Into a gap and an overlap.
		{"2026-03-28T02:30:00", Span{Days: 1}, "2026-03-29T03:00:00+02:00"},
		{"2026-10-24T02:30:00", Span{Days: 1}, "2026-10-25T02:30:00+02:00"},
		{"2026-10-25T02:30:00", Span{Hours: 1}, "2026-10-25T02:30:00+01:00"},
		{"2026-10-25T02:30:00", Span{Minutes: 90, Seconds: -1, Nanoseconds: 500_000_000}, "2026-10-25T02:59:59.5+01:00"},
		{"9999-12-31T23:59:59", Span{Seconds: 1}, ""},
		{"9999-12-31", Span{Days: 1}, ""},
		{"0001-01-01", Span{Days: -1}, ""},
		{"2026-01-01", Span{Months: 1 << 62}, ""},
		{"2026-01-01", Span{Years: -maxSpan, Months: maxSpan}, ""},
		{"2026-01-01", Span{Hours: maxSpan}, ""},
		{"2026-01-01", Span{Years: 7000, Hours: -24}, "9025-12-31T00:00:00+01:00"},
	} {
		got, err := parse(t, c.from, zone(t, "Europe/Berlin")).Add(c.span)
		switch {
		case c.want == "":
			if err == nil || !strings.HasPrefix(err.Error(), "adding to ") {
				t.Errorf("%s %+v: %v, %v", c.from, c.span, got, err)
			}
		case err != nil || got.String() != c.want:
			t.Errorf("%s %+v: %s, %v, and not %s", c.from, c.span, got, err, c.want)
		}
	}
	// The second of two hours stays the second where only the clock moves.
	second := parse(t, "2026-10-25T01:30:00Z", nil).In(zone(t, "Europe/Berlin"))
	if got, err := second.Add(Span{Minutes: 5}); err != nil || got.String() != "2026-10-25T02:35:00+01:00" {
		t.Error(got, err)
	}
}

// TestStartOf finds the beginnings of units, where a day begins at one o'clock too.
func TestStartOf(t *testing.T) {
	for _, c := range []struct{ zone, from, unit, want string }{
		{"Europe/Berlin", "2026-11-26T09:15:30.5", "hour", "2026-11-26T09:00:00+01:00"},
		{"Europe/Berlin", "2026-11-26T09:15:30", "day", "2026-11-26T00:00:00+01:00"},
		{"Europe/Berlin", "2026-11-26T09:15:30", "week", "2026-11-23T00:00:00+01:00"},
		{"Europe/Berlin", "2026-11-29T23:59:59", "week", "2026-11-23T00:00:00+01:00"},
		{"Europe/Berlin", "2026-11-30", "week", "2026-11-30"},
		{"Europe/Berlin", "2026-11-26", "month", "2026-11-01"},
		{"Europe/Berlin", "2026-09-30", "quarter", "2026-07-01"},
		{"Europe/Berlin", "2026-12-31", "quarter", "2026-10-01"},
		{"Europe/Berlin", "2026-11-26", "year", "2026-01-01"},
		{"Europe/Berlin", "2026-11-26", "hour", "2026-11-26"},
		{"Europe/Berlin", "2026-10-25T12:00:00", "day", "2026-10-25T00:00:00+02:00"},
		{"America/Sao_Paulo", "2018-11-04T12:00:00", "day", "2018-11-04T01:00:00-02:00"},
		{"Australia/Lord_Howe", "2026-10-04T02:45:00", "hour", "2026-10-04T02:30:00+11:00"},
		{"Asia/Kolkata", "2026-10-04T02:45:00", "hour", "2026-10-04T02:00:00+05:30"},
	} {
		got, err := parse(t, c.from, zone(t, c.zone)).StartOf(Unit(c.unit))
		if err != nil || got.String() != c.want {
			t.Errorf("%s of %s: %s, %v, and not %s", c.unit, c.from, got, err, c.want)
		}
	}
	second := parse(t, "2026-10-25T01:30:00Z", nil).In(zone(t, "Europe/Berlin"))
	if got, _ := second.StartOf(Hour); got.String() != "2026-10-25T02:00:00+01:00" {
		t.Error(got)
	}
	if _, err := second.StartOf("fortnight"); message(err) != `start of "fortnight": no such unit; there are hour, day, week, month, quarter and year` {
		t.Error(err)
	}
}

// TestSince measures how far times are apart.
func TestSince(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     Difference
	}{
		{"2026-11-26T23:00:00", "2026-11-27T01:00:00", Difference{Seconds: 7200, Days: 1}},
		{"2026-10-24", "2026-10-26", Difference{Seconds: 49 * 3600, Days: 2}},
		{"2026-01-31", "2026-02-28", Difference{Seconds: 28 * 86400, Days: 28, Months: 1}},
		{"2024-02-29", "2025-02-28", Difference{Seconds: 365 * 86400, Days: 365, Months: 12, Years: 1}},
		{"1980-05-17", "2026-05-16", Difference{Seconds: 16800 * 86400, Days: 16800, Months: 551, Years: 45}},
		{"2026-03-01", "2026-01-31", Difference{Seconds: -29 * 86400, Days: -29, Months: -1}},
		{"2026-11-26T10:00:00.25", "2026-11-26T10:00:00", Difference{Seconds: -0.25}},
		{"0001-01-01", "9999-12-31", Difference{Seconds: 3652058*86400 - 392, Days: 3652058, Months: 119987, Years: 9998}},
	} {
		berlin := zone(t, "Europe/Berlin")
		if got := parse(t, c.to, berlin).Since(parse(t, c.from, berlin)); got != c.want {
			t.Errorf("%s to %s: %+v, and not %+v", c.from, c.to, got, c.want)
		}
	}
}
