package civil

import (
	"strings"
	"testing"
	"time"
)

// TestParse reads times as they are found.
func TestParse(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for text, want := range map[string]string{
		"2026-11-26":                                "2026-11-26",
		"20261126":                                  "2026-11-26",
		"2026-W48-4":                                "2026-11-26",
		"2026W484":                                  "2026-11-26",
		"2026-330":                                  "2026-11-26",
		"2026330":                                   "2026-11-26",
		"2024-366":                                  "2024-12-31",
		"2026-11-26T09:15":                          "2026-11-26T09:15:00+01:00",
		"2026-11-26 09:15:30":                       "2026-11-26T09:15:30+01:00",
		"2026-11-26T09:15:30Z":                      "2026-11-26T09:15:30Z",
		"2026-11-26t09:15:30z":                      "2026-11-26T09:15:30Z",
		"2026-11-26T09:15:30.123456789+05:30":       "2026-11-26T09:15:30.123456789+05:30",
		"2026-11-26T09:15:30,5-03":                  "2026-11-26T09:15:30.5-03:00",
		"2026-11-26 09:15:30.5 +0100":               "2026-11-26T09:15:30.5+01:00",
		"20261126T091530Z":                          "2026-11-26T09:15:30Z",
		"20261126T0915+0100":                        "2026-11-26T09:15:00+01:00",
		"2026-11-26T09:15:30-00:00":                 "2026-11-26T09:15:30Z",
		"2026-11-26T09:15:30−03:00":                 "2026-11-26T09:15:30-03:00",
		"2016-12-31T23:59:60Z":                      "2017-01-01T00:00:00Z",
		"2026-03-29T02:30:00":                       "2026-03-29T03:00:00+02:00",
		"2026-10-25T02:30:00":                       "2026-10-25T02:30:00+02:00",
		"Thu, 26 Nov 2026 09:15:30 +0100":           "2026-11-26T09:15:30+01:00",
		"thu, 26 nov 2026 09:15:30 +0100 (CET)":     "2026-11-26T09:15:30+01:00",
		"26 Nov 2026 09:15 -0000":                   "2026-11-26T09:15:00Z",
		"Thu, 26 Nov 2026 09:15:30 GMT":             "2026-11-26T09:15:30Z",
		"Thu,  6 Nov 2025 09:15:30 EDT":             "2025-11-06T09:15:30-04:00",
		"6 November 2025":                           "2025-11-06",
		"Thursday, 26 November 2026 09:15:30 +0100": "2026-11-26T09:15:30+01:00",
		"26 Nov 2026 09:15:30":                      "2026-11-26T09:15:30+01:00",
		"2026-11-26T23:59:59.999999999+23:59":       "2026-11-26T23:59:59.999999999+23:59",
	} {
		got, err := Parse(text, berlin)
		if err != nil || got.String() != want {
			t.Errorf("%q: %s, %v, and not %s", text, got, err, want)
		}
	}
}

// TestParseMistakes looks at what is said of texts that are no times.
func TestParseMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "character 1: a weekday, a day or a year was expected",
		"tomorrow":                        "character 1: a weekday, a day or a year was expected",
		"2026":                            "character 5: month was expected, in 2 digits",
		"2026-13-01":                      "character 6: month is 13, and not 1 to 12",
		"2026-02-30":                      "character 9: day is 30, and February 2026 has 28",
		"2026-2-3":                        "character 6: month was expected, in 2 digits",
		"2026-11-26x":                     "character 11: nothing more was expected",
		"2026-11-26T":                     "character 12: hour was expected, in 2 digits",
		"2026-11-26T24:00":                "character 12: hour is 24, and not 0 to 23",
		"2026-11-26T09:60":                "character 15: minute is 60, and not 0 to 59",
		"2026-11-26T09:15:61":             "character 18: second is 61, and not 0 to 60",
		"2026-11-26T09:15:60":             "character 18: second is 60 where there is no leap second",
		"2026-11-26T09:15:30.":            "character 21: fraction of the second was expected",
		"2026-11-26T09:15:30.1234567890Z": "character 30: a second has at most 9 digits behind the point",
		"2026-11-26T09:15:30 CET":         "character 21: an offset from UTC was expected, as in Z or +01:00",
		"2026-11-26T09:15:30+1":           "character 21: hour of the offset was expected, in 2 digits",
		"2026-W54-1":                      "character 7: week is 54, and not 1 to 53",
		"2025-W53-1":                      "character 7: week is 53, and 2025 has 52",
		"2026-366":                        "character 6: day of the year is 366, and 2026 has 365",
		"0000-01-01":                      "character 1: year is 0, and not 1 to 9999",
		"26/11/2026":                      `character 3: " " was expected`,
		"Fri, 26 Nov 2026 09:15:30 +0100": "character 1: 2026-11-26 was a Thursday",
		"Thu 26 Nov 2026":                 `character 4: "," was expected behind "Thu"`,
		"31 Jun 2026":                     "character 1: day is 31, and June 2026 has 30",
		"26 Nov 2026 09:15:30 CET":        "character 22: an offset from UTC was expected, as in +0100",
		"26 Nov 26 09:15":                 "character 8: year was expected, in 4 digits",
		"26 Nov 2026 09:15:30 +0100 (CET": `character 29: ")" was expected`,
		"9999-W52-7":                      "character 1: the day is outside the years 1 to 9999",
		"２026-01-01":                      "character 1: a weekday, a day or a year was expected",
		"2026−01-01":                      "character 5: month was expected, in 2 digits",
		"26 Növ 2026":                     "character 4: the name of a month was expected",
	} {
		got, err := Parse(text, nil)
		if message(err) == "" || !strings.HasSuffix(err.Error(), ": at "+want) {
			t.Errorf("%q: %s, %v, and not %s", text, got, err, want)
		}
	}
	_, err := Parse("2026-01-01"+strings.Repeat("ü", 100), nil)
	if len(message(err)) > 200 || !strings.Contains(message(err), "…") {
		t.Error(err)
	}
}

// TestParseFormat reads times in formats, and looks at what is said of those that do not fit and of formats that are none.
func TestParseFormat(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range []struct{ text, format, want, err string }{
		{"2026-11-26 09:15:30", "%Y-%m-%d %H:%M:%S", "2026-11-26T09:15:30+01:00", ""},
		{"26.11.2026", "%d.%m.%Y", "2026-11-26", ""},
		{"6.1.2026", "%d.%m.%Y", "2026-01-06", ""},
		{"1/6/26", "%m/%d/%y", "2026-01-06", ""},
		{"1/6/69", "%D", "1969-01-06", ""},
		{"20260106", "%Y%m%d", "2026-01-06", ""},
		{"Nov 26, 2026 9:05 PM", "%b %d, %Y %I:%M %p", "2026-11-26T21:05:00+01:00", ""},
		{"Nov 26, 2026 12:05 am", "%b %d, %Y %I:%M %p", "2026-11-26T00:05:00+01:00", ""},
		{"thursday 26 NOVEMBER 2026", "%A %d %B %Y", "2026-11-26", ""},
		{"Thu Nov  6 09:15:30 2025", "%c", "2025-11-06T09:15:30+01:00", ""},
		{"2026-11", "%Y-%m", "2026-11-01", ""},
		{"2026-330", "%Y-%j", "2026-11-26", ""},
		{"2026-W48-4", "%G-W%V-%u", "2026-11-26", ""},
		{"1795680930", "%s", "2026-11-26T09:15:30+01:00", ""},
		{"-1", "%s", "1970-01-01T00:59:59+01:00", ""},
		{"2026-11-26T09:15:30.000250-0300", "%FT%T.%f%z", "2026-11-26T09:15:30.00025-03:00", ""},
		{"26/Nov/2026:09:15:30 +0100", "%d/%b/%Y:%H:%M:%S %z", "2026-11-26T09:15:30+01:00", ""},
		{"100% 2026", "100%% %Y", "2026-01-01", ""},
		{"Größe 2026", "Größe %Y", "2026-01-01", ""},

		{"2026126", "%Y%m%d", "", `reading time "2026126": at character 7: day was expected, in 2 digits`},
		{"26.11.2026 ", "%d.%m.%Y", "", `reading time "26.11.2026 ": at character 11: nothing more was expected`},
		{"26-11-2026", "%d.%m.%Y", "", `reading time "26-11-2026": at character 3: "." was expected`},
		{"31.02.2026", "%d.%m.%Y", "", `reading time "31.02.2026": at character 1: day is 31, and not 1 to 28 (February 2026)`},
		{"Fri 26.11.2026", "%a %d.%m.%Y", "", `reading time "Fri 26.11.2026": at character 1: 2026-11-26 was a Thursday`},
		{"13:00 PM 2026", "%I:%M %p %Y", "", `reading time "13:00 PM 2026": at character 1: hour is 13, and not 1 to 12`},
		{"2026", "%Y-%q", "", `time format "%Y-%q": at character 4: there is no "%q"; there are ` + formatLetters},
		{"2026", "%Y-%", "", `time format "%Y-%": at character 4: a letter was expected behind %`},
		{"2026", "%Y %y", "", `time format "%Y %y": at character 4: the year is there twice`},
		{"11-26", "%m-%d", "", `time format "%m-%d": at character 1: it names no year`},
		{"26 2026", "%d %Y", "", `time format "%d %Y": at character 1: it names a day without a month`},
		{"2026 5", "%Y %M", "", `time format "%Y %M": at character 1: it names a minute, second or offset without an hour`},
		{"2026 5", "%Y %I", "", `time format "%Y %I": at character 1: %I and %p go together`},
		{"2026 5", "%G %V", "", `time format "%G %V": at character 1: %G, %V and %u go together`},
		{"20", "%C", "", `time format "%C": at character 1: %C can be written, and not read`},
		{"2026", "%-a %Y", "", `time format "%-a %Y": at character 1: "%-a" has no padding to leave out`},
		{"2026", "é%é %Y", "", `time format "é%é %Y": at character 2: there is no "%é"; there are ` + formatLetters},
		{"2026 1 2", "%Y %m %j", "", `time format "%Y %m %j": at character 1: %j cannot stand beside month or day`},
		{"1 2026", "%s %Y", "", `time format "%s %Y": at character 1: %s says it all; there can be nothing beside it`},
		{"999999999999", "%s", "", `reading time "999999999999": at character 1: seconds since 1970 is 999999999999, and not 0 to 253402473600`},
	} {
		got, err := ParseFormat(c.text, c.format, berlin)
		if message(err) != c.err {
			t.Errorf("%q as %q: %v, %q, and not %q", c.text, c.format, got, message(err), c.err)
		} else if err == nil && got.String() != c.want {
			t.Errorf("%q as %q: %s, and not %s", c.text, c.format, got, c.want)
		}
	}
}

// TestFormat writes times.
func TestFormat(t *testing.T) {
	at := parse(t, "2026-09-06T09:05:03.012345678", zone(t, "Europe/Berlin"))
	for format, want := range map[string]string{
		"%Y-%m-%d %H:%M:%S":    "2026-09-06 09:05:03",
		"%-d %B %Y, %-H:%M":    "6 September 2026, 9:05",
		"%a %A %b %h %u %w":    "Sun Sunday Sep Sep 7 0",
		"%e|%I|%p|%y|%C|%j|%f": " 6|09|AM|26|20|249|012345",
		"%G-W%V %g":            "2026-W36 26",
		"%z %Z %s":             "+0200 CEST 1788678303",
		"%c":                   "Sun Sep  6 09:05:03 2026",
		"%x %X %D %T %F %R %r": "09/06/26 09:05:03 09/06/26 09:05:03 2026-09-06 09:05 09:05:03 AM",
		"100%%%n%t":            "100%\n\t",
		"":                     "",
	} {
		if got, err := at.Format(format); err != nil || got != want {
			t.Errorf("%q: %q, %v, and not %q", format, got, err, want)
		}
	}
	if got, err := at.Date().Format("%Y-%m-%d %H:%M %z"); err != nil || got != "2026-09-06 00:00 +0200" {
		t.Error(got, err)
	}
	if _, err := at.Format("%Q"); err == nil {
		t.Error("%Q is no letter")
	}
}

// FuzzParse reads anything; what it takes must be read back from what it writes.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"2026-11-26", "2026-W48-4", "2026-330", "20261126T091530,5Z", "2026-11-26 09:15:30.5 +01:00", "2016-12-31T23:59:60Z",
		"Thu, 26 Nov 2026 09:15:30 +0100 (CET)", "6 November 2025 09:15 EST", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:60-12",
	} {
		f.Add(text)
	}
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := Parse(text, berlin)
		if err != nil {
			if _, ok := err.(*ParseError); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if first.Offset()%60 != 0 {
			return // before there were zones; RFC 3339 cannot write it
		}
		second, err := Parse(first.String(), berlin)
		if err != nil || second.Compare(first) != 0 || second.IsDate() != first.IsDate() || second.Fields() != first.Fields() {
			t.Fatalf("%q: %s, then %s, %v", text, first, second, err)
		}
	})
}

// FuzzParseFormat reads anything in any format; what it takes must be written as it was but for case and padding, and read
// back as the same.
func FuzzParseFormat(f *testing.F) {
	f.Add("2026-11-26 09:15:30", "%Y-%m-%d %H:%M:%S")
	f.Add("thu 26.11.26 9:05 pm", "%a %d.%m.%y %I:%M %p")
	f.Add("2026-W48-4 1.5 +01", "%G-W%V-%u %H.%M%z")
	f.Add("-1", "%s")
	f.Add("2026330", "%Y%j")
	f.Fuzz(func(t *testing.T, text, format string) {
		first, err := ParseFormat(text, format, time.UTC)
		if err != nil {
			return
		}
		written, err := first.Format(format)
		if err != nil {
			t.Fatal(err)
		}
		second, err := ParseFormat(written, format, time.UTC)
		// The name of a zone that was read is not the one that is written.
		if strings.Contains(format, "%Z") {
			return
		}
		if err != nil || second.Instant().Sub(first.Instant()).Abs() >= time.Second || second.IsDate() != first.IsDate() {
			t.Fatalf("%q as %q: %s, written %q, then %s, %v", text, format, first, written, second, err)
		}
	})
}
