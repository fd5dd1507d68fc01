package civil

import (
	"fmt"
	"testing"
)

// TestParsePeriod looks at every way to name a period.
func TestParsePeriod(t *testing.T) {
	for _, c := range []struct{ now, spec, key, starts, ends, label string }{
		{"2026-11-26T09:15:00", "today", "2026-11-26", "2026-11-26T00:00:00+01:00", "2026-11-27T00:00:00+01:00", "26 November 2026"},
		{"2026-11-26T09:15:00", "yesterday", "2026-11-25", "2026-11-25T00:00:00+01:00", "2026-11-26T00:00:00+01:00", "25 November 2026"},
		{"2026-11-26T09:15:00", "tomorrow", "2026-11-27", "2026-11-27T00:00:00+01:00", "2026-11-28T00:00:00+01:00", "27 November 2026"},
		{"2026-11-26T09:15:00", "this week", "2026-W48", "2026-11-23T00:00:00+01:00", "2026-11-30T00:00:00+01:00", "week 48 of 2026"},
		{"2026-11-26T09:15:00", "last week", "2026-W47", "2026-11-16T00:00:00+01:00", "2026-11-23T00:00:00+01:00", "week 47 of 2026"},
		{"2027-01-05", "last week", "2026-W53", "2026-12-28T00:00:00+01:00", "2027-01-04T00:00:00+01:00", "week 53 of 2026"},
		{"2026-11-30T00:00:00", "last week", "2026-W48", "2026-11-23T00:00:00+01:00", "2026-11-30T00:00:00+01:00", "week 48 of 2026"},
		{"2026-03-31", "last month", "2026-02", "2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00", "February 2026"},
		{"2026-01-31", "last month", "2025-12", "2025-12-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00", "December 2025"},
		{"2026-11-01", "last month", "2026-10", "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00", "October 2026"},
		{"2026-02-10", "last quarter", "2025-Q4", "2025-10-01T00:00:00+02:00", "2026-01-01T00:00:00+01:00", "Q4 2025"},
		{"2026-02-10", "this quarter", "2026-Q1", "2026-01-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00", "Q1 2026"},
		{"2024-02-29", "last year", "2023", "2023-01-01T00:00:00+01:00", "2024-01-01T00:00:00+01:00", "2023"},
		{"2026-11-26", "next month", "2026-12", "2026-12-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00", "December 2026"},
		{"2026-11-26T09:15:00", "last 7 days", "2026-11-19..2026-11-25", "2026-11-19T00:00:00+01:00", "2026-11-26T00:00:00+01:00", "19 November 2026 – 25 November 2026"},
		{"2026-11-26", "last 1 day", "2026-11-25", "2026-11-25T00:00:00+01:00", "2026-11-26T00:00:00+01:00", "25 November 2026"},
		{"2026-11-26", "last 12 months", "2025-11..2026-10", "2025-11-01T00:00:00+01:00", "2026-11-01T00:00:00+01:00", "November 2025 – October 2026"},
		{"2026-11-26", "last 2 quarters", "2026-Q2..2026-Q3", "2026-04-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00", "Q2 2026 – Q3 2026"},
		{"2026-01-05", "last 2 weeks", "2025-W52..2026-W01", "2025-12-22T00:00:00+01:00", "2026-01-05T00:00:00+01:00", "week 52 of 2025 – week 1 of 2026"},
		{"2026-11-26", "2026-W37", "2026-W37", "2026-09-07T00:00:00+02:00", "2026-09-14T00:00:00+02:00", "week 37 of 2026"},
		{"2026-11-26", "2025-W01", "2025-W01", "2024-12-30T00:00:00+01:00", "2025-01-06T00:00:00+01:00", "week 1 of 2025"},
		{"2026-11-26", "2026-11", "2026-11", "2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00", "November 2026"},
		{"2026-11-26", "2026-Q3", "2026-Q3", "2026-07-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00", "Q3 2026"},
		{"2026-11-26", "2026", "2026", "2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00", "2026"},
		{"2026-11-26", "2026-10-25", "2026-10-25", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", "25 October 2026"},
		{"2026-11-26", "2026-Q3..2026-Q3", "2026-Q3", "2026-07-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00", "Q3 2026"},
	} {
		now := parse(t, c.now, zone(t, "Europe/Berlin"))
		p, err := ParsePeriod(c.spec, now)
		if err != nil {
			t.Errorf("%s: %v", c.spec, err)
			continue
		}
		got := fmt.Sprint(p.Key, " ", p.Starts, " ", p.Ends, " ", p.Label)
		if want := c.key + " " + c.starts + " " + c.ends + " " + c.label; got != want {
			t.Errorf("%s at %s:\n%s, and not\n%s", c.spec, c.now, got, want)
		}
		// A key is read back as the same period, and so is the one after the one before.
		again, err := ParsePeriod(p.Key, now)
		if err != nil || again != p {
			t.Errorf("%s: %v, then %v, %v", c.spec, p, again, err)
		}
		before, err := p.Previous()
		if err != nil || before.Ends.Compare(p.Starts) != 0 || before.Contains(p.Starts) || !p.Contains(p.Starts) || p.Contains(p.Ends) {
			t.Errorf("%s: before it is %v, %v", c.spec, before, err)
		}
		if after, err := before.Next(); err != nil || after != p {
			t.Errorf("%s: %v, and after the one before %v, %v", c.spec, p, after, err)
		}
	}
}

// TestPeriodGaps looks at days that clocks cut short.
func TestPeriodGaps(t *testing.T) {
	apia := zone(t, "Pacific/Apia")
	p, err := ParsePeriod("2011-12-30", parse(t, "2026-01-01", apia))
	if err != nil || p.Starts.Compare(p.Ends) != 0 || p.Key != "2011-12-30" {
		t.Error(p, err) // the day that Samoa left out is empty
	}
	p, err = PeriodOf(parse(t, "2018-11-04T12:00:00", zone(t, "America/Sao_Paulo")), Day)
	if got := fmt.Sprint(p.Starts, p.Ends); err != nil || got != "2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00" {
		t.Error(got, err)
	}
}

// TestPeriodMistakes looks at what is said of texts that are no periods.
func TestPeriodMistakes(t *testing.T) {
	for spec, want := range map[string]string{
		"2026-W54":               `period "2026-W54": week is 54, and not 1 to 53 (2026)`,
		"2025-W53":               `period "2025-W53": week is 53, and not 1 to 52 (2025)`,
		"2026-Q5":                `period "2026-Q5": quarter is 5, and not 1 to 4`,
		"2026-13":                `period "2026-13": month is 13, and not 1 to 12`,
		"2026-02-29":             `period "2026-02-29": day is 29, and not 1 to 28 (February 2026)`,
		"0000":                   `period "0000": year is 0, and not 1 to 9999`,
		"0000-W01":               `period "0000-W01": year is 0, and not 1 to 9999`,
		"9999":                   `period "9999": it is outside the years 1 to 9999`,
		"2026-11..2026-10":       `period "2026-11..2026-10": it ends before it begins`,
		"2026-11..2026-Q4":       `period "2026-11..2026-Q4": it runs from a month to a quarter`,
		"last 9999 years":        `period "last 9999 years": it is outside the years 1 to 9999`,
		"last wek":               `period "last wek": there is no period "last wek"; there are today, yesterday, last week (month, quarter, year), last 7 days, 2026-11-26, 2026-W37, 2026-11, 2026-Q3 and 2026`,
		"Last Week":              `period "Last Week": there is no period "Last Week"; there are today, yesterday, last week (month, quarter, year), last 7 days, 2026-11-26, 2026-W37, 2026-11, 2026-Q3 and 2026`,
		"2026-11-26..2026-11-31": `period "2026-11-26..2026-11-31": day is 31, and not 1 to 30 (November 2026)`,
	} {
		if p, err := ParsePeriod(spec, parse(t, "2026-11-26", nil)); message(err) != want {
			t.Errorf("%q: %v, %v", spec, p, err)
		}
	}
	if _, err := PeriodOf(Time{}, Hour); err == nil {
		t.Error("a period of an hour")
	}
	if _, err := (Period{}).Next(); err == nil {
		t.Error("an empty period has a next")
	}
}

// FuzzParsePeriod reads anything; a key must name the period it is of.
func FuzzParsePeriod(f *testing.F) {
	for _, spec := range []string{"today", "last 7 days", "2026-W37", "2026-11", "2026-Q3", "2026", "2026-11-26", "2026-W01..2026-W53"} {
		f.Add(spec)
	}
	now := parse(f, "2026-11-26T09:15:00", zone(f, "Europe/Berlin"))
	f.Fuzz(func(t *testing.T, spec string) {
		p, err := ParsePeriod(spec, now)
		if err != nil {
			return
		}
		again, err := ParsePeriod(p.Key, now)
		if err != nil || again != p {
			t.Fatalf("%q: %v, then %v, %v", spec, p, again, err)
		}
	})
}
