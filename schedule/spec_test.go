package schedule

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestSpecErrors(t *testing.T) {
	for _, test := range []struct {
		spec   string
		field  string
		column int
		want   string // in the error
	}{
		{"", "", 1, "has 0 fields; 5 are needed: minute hour day month weekday"},
		{"* * * *", "", 1, "has 4 fields"},
		{"0 0 7 * * MON", "", 1, "has 6 fields; 5 are needed: minute hour day month weekday; a field for seconds must be asked for"},
		{"60 * * * *", "minute", 1, "60 is not from 0 to 59"},
		{"0 24 * * *", "hour", 3, "24 is not from 0 to 23"},
		{"0  7 32 * *", "day", 6, "32 is not from 1 to 31"},
		{"0 7 0 * *", "day", 5, "0 is not from 1 to 31"},
		{"0 7 * 13 *", "month", 7, "13 is not from 1 to 12"},
		{"0 7 * * 8", "weekday", 9, "8 is not from 0 to 7"},
		{"0 7 * * MOM", "weekday", 9, `"MOM" is not a number or name (SUN, MON, …), 5L or MON#2; did you mean MON?`},
		{"0 7 * JUNE *", "month", 7, "did you mean JUN?"},
		{"0 7 * * MON,TUE,XXX", "weekday", 17, `"XXX"`},
		{"*/90 * * * *", "minute", 1, "a step of 90 leads out of the field, which goes from 0 to 59"},
		{"*/0 * * * *", "minute", 1, `step "0" of "*/0" is not a number from 1`},
		{"*/x * * * *", "minute", 1, `step "x"`},
		{"*/ * * * *", "minute", 1, `step ""`},
		{"45/30 * * * *", "minute", 1, "a step of 30 from 45 leads past 59 at once; write 45"},
		{"0 22-6 * * *", "hour", 3, `range "22-6" runs backwards; write 22-23,0-6`},
		{"0 7 * * FRI-TUE", "weekday", 9, `range "FRI-TUE" runs backwards; write FRI-SAT,SUN-TUE`},
		{"*,5 * * * *", "minute", 1, `"*" in a list makes the rest of it meaningless`},
		{"0 7 */2,15 * *", "day", 5, "write the days out"},
		{"? * * * *", "minute", 1, `"?" is not a number`},
		{"0 7 1,,2 * *", "day", 7, "nothing between two commas"},
		{"0 7 L-31 * *", "day", 5, `"L" is not a number, L, L-3, LW or 15W`},
		{"0 7 W * *", "day", 5, `"W" is not a number`},
		{"0 7 1-5W * *", "day", 5, `"5W" is not a number`},
		{"0 7 * * L", "weekday", 9, `"L" is not a number or name`},
		{"0 7 * * MON#6", "weekday", 9, `"MON#6" is not`},
		{"0 7 * * 1#", "weekday", 9, `"1#" is not`},
		{"+5 * * * *", "minute", 1, `"+5" is not a number`},
		{"-5 * * * *", "minute", 1, `"" is not a number`},
		{"0 7 31 2 *", "day", 5, "no month of the specification has such a day, so it never fires"},
		{"0 7 31W APR,JUN *", "day", 5, "never fires"},
		{"TZ=0", "minute", 1, `"TZ=0": the zone is no part of the specification; give the job a time zone`},
		{"CRON_TZ=Europe/Paris 0 7 * * *", "minute", 1, "the zone is no part"},
		{"@every 5m", "minute", 1, "write */5 for every five minutes"},
		{"@reboot", "minute", 1, `"@reboot" is not @yearly`},
		{"@daily 5", "minute", 1, `"@daily" is not`},
		{"0 7 * * MOÑ", "weekday", 9, "did you mean MON?"},
		{"99999 * * * *", "minute", 1, "is not a number"},
		{strings.Repeat("1,", 600) + "1 * * * *", "", 1, "has 1209 bytes; 1024 are the most"},
	} {
		_, err := ParseSpec(test.spec, SpecOptions{})
		var e *SpecError
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", test.spec, err)
			continue
		}
		if e.Field != test.field || e.Column != test.column || !strings.Contains(err.Error(), test.want) || e.Spec != test.spec {
			t.Errorf("%q: %q column %d: %v, want %q column %d: %s", test.spec, e.Field, e.Column, err, test.field, test.column, test.want)
		}
	}
}

func TestPeriods(t *testing.T) {
	// A Thursday, the fourth of its month and no last of anything.
	from := time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		spec   string
		first  string // fire time, in UTC
		period string
	}{
		{"0 7 * * MON", "2026-11-30 07:00:00", "2026-W49"},
		{"0 7 * 12 MON", "2026-12-07 07:00:00", "2026-W50"},
		{"0 7 * * 7", "2026-11-29 07:00:00", "2026-W48"},
		{"0 7 */2 * MON", "2026-12-07 07:00:00", "2026-W50"},
		{"0 7 * * *", "2026-11-26 07:00:00", "2026-11-26"},
		{"0 7 * * MON-FRI", "2026-11-26 07:00:00", "2026-11-26"},
		{"0 7 1,15 * *", "2026-12-01 07:00:00", "2026-12-01"},
		{"0 7 13 * FRI", "2026-11-27 07:00:00", "2026-11-27"},
		{"0 7 1 * *", "2026-12-01 07:00:00", "2026-12"},
		{"0 7 L * *", "2026-11-30 07:00:00", "2026-11"},
		{"0 7 LW * ?", "2026-11-30 07:00:00", "2026-11"},
		{"0 7 L-3 * *", "2026-11-27 07:00:00", "2026-11"},
		{"0 7 15W * *", "2026-12-15 07:00:00", "2026-12"},
		{"0 7 * * MON#2", "2026-12-14 07:00:00", "2026-12"},
		{"0 7 * * 5L", "2026-11-27 07:00:00", "2026-11"},
		{"0 7 * * FRIL", "2026-11-27 07:00:00", "2026-11"},
		{"0 7 24 12 *", "2026-12-24 07:00:00", "2026"},
		{"0 7 * 11 THU#4", "2026-11-26 07:00:00", "2026"},
		{"@yearly", "2027-01-01 00:00:00", "2027"},
		{"@WEEKLY", "2026-11-29 00:00:00", "2026-W48"},
		{"@hourly", "2026-11-26 07:00:00", "2026-11-26T07:00"},
		{"0,30 7 * * MON", "2026-11-30 07:00:00", "2026-11-30T07:00"},
		{"0 7 29 2 *", "2028-02-29 07:00:00", "2028"},
		{"0 7 * 2 SUN#5", "2032-02-29 07:00:00", "2032"},
	} {
		job := Job{Name: "a", Spec: mustSpec(t, test.spec)}
		for fire := range job.Fires(from, from.AddDate(30, 0, 0)) {
			if got := fire.At.Format(time.DateTime); got != test.first || fire.Period != test.period {
				t.Errorf("%q: %s of %s, want %s of %s", test.spec, got, fire.Period, test.first, test.period)
			}
			break
		}
	}
}

func TestSeconds(t *testing.T) {
	from := time.Date(2026, 11, 26, 6, 59, 59, 0, time.UTC)
	for _, test := range []struct{ spec, periods string }{
		{"*/20 0 7 * * *", "2026-11-26T07:00:00 2026-11-26T07:00:20 2026-11-26T07:00:40 2026-11-27T07:00:00"},
		{"30 0 7 * * *", "2026-11-26 2026-11-27 2026-11-28 2026-11-29"},
		{"30 */20 7 * * *", "2026-11-26T07:00 2026-11-26T07:20 2026-11-26T07:40 2026-11-27T07:00"},
		{"@daily", "2026-11-27 2026-11-28 2026-11-29 2026-11-30"},
	} {
		spec, err := ParseSpec(test.spec, SpecOptions{Seconds: true})
		if err != nil {
			t.Fatal(err)
		}
		var periods []string
		for fire := range (Job{Spec: spec}).Fires(from, from.AddDate(1, 0, 0)) {
			if periods = append(periods, fire.Period); len(periods) == 4 {
				break
			}
		}
		if got := strings.Join(periods, " "); got != test.periods {
			t.Errorf("%q: %s, want %s", test.spec, got, test.periods)
		}
	}
}

// TestZoneChanges are the cases in which schedulers differ, as they are declared.
func TestZoneChanges(t *testing.T) {
	for _, test := range []struct {
		name, zone, spec string
		from             string // in UTC
		want             []string
	}{
		{"a skipped time fires at the end of the gap", "Europe/Paris", "30 2 * * *", "2026-03-28 12:00:00", []string{
			"2026-03-29T03:00:00+02:00 2026-03-29 gap", "2026-03-30T02:30:00+02:00 2026-03-30"}},
		{"a time that comes twice fires first", "Europe/Paris", "30 2 * * *", "2026-10-24 12:00:00", []string{
			"2026-10-25T02:30:00+02:00 2026-10-25 overlap", "2026-10-26T02:30:00+01:00 2026-10-26"}},
		{"times in one gap are one", "Europe/Paris", "*/20 * * * *", "2026-03-29 00:30:00", []string{
			"2026-03-29T01:40:00+01:00 2026-03-29T01:40", "2026-03-29T03:00:00+02:00 2026-03-29T03:00 gap 3", "2026-03-29T03:20:00+02:00 2026-03-29T03:20"}},
		{"a repeated hour is not repeated", "Europe/Paris", "0 * * * *", "2026-10-24 23:30:00", []string{
			"2026-10-25T02:00:00+02:00 2026-10-25T02:00 overlap", "2026-10-25T03:00:00+01:00 2026-10-25T03:00"}},
		{"half an hour", "Australia/Lord_Howe", "15 2 * * *", "2026-10-03 00:00:00", []string{
			"2026-10-04T02:30:00+11:00 2026-10-04 gap", "2026-10-05T02:15:00+11:00 2026-10-05"}},
		{"a missing day", "Pacific/Apia", "0 7 * * FRI", "2011-12-29 00:00:00", []string{
			"2011-12-31T00:00:00+14:00 2011-W52 gap", "2012-01-06T07:00:00+14:00 2012-W01"}},
		{"a missing midnight", "Asia/Beirut", "@daily", "2026-03-28 12:00:00", []string{
			"2026-03-29T01:00:00+03:00 2026-03-29 gap", "2026-03-30T00:00:00+03:00 2026-03-30"}},
		{"a midnight that comes twice", "America/Havana", "@daily", "2026-10-31 12:00:00", []string{
			"2026-11-01T00:00:00-04:00 2026-11-01 overlap", "2026-11-02T00:00:00-05:00 2026-11-02"}},
		{"two hours", "Antarctica/Troll", "0 1,2 * * *", "2026-03-29 00:30:00", []string{
			"2026-03-29T03:00:00+02:00 2026-03-29T02:00 gap 1", "2026-03-30T01:00:00+02:00 2026-03-30T01:00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			job := Job{Name: "a", Spec: mustSpec(t, test.spec), Zone: mustZone(t, test.zone)}
			from := moment2026(t, test.from)
			n := 0
			for fire := range job.Fires(from, from.AddDate(1, 0, 0)) {
				got := fire.At.Format(time.RFC3339) + " " + fire.Period
				if fire.Mark != "" {
					got += " " + string(fire.Mark)
				}
				if fire.Merged > 0 {
					got += " " + string(rune('0'+fire.Merged))
				}
				if got != test.want[n] {
					t.Errorf("%s, want %s", got, test.want[n])
				}
				if n++; n == len(test.want) {
					break
				}
			}
		})
	}
}

// TestBetween: an engine that begins within a gap or overlap fires what is left.
func TestBetween(t *testing.T) {
	job := Job{Name: "a", Spec: mustSpec(t, "*/30 * * * *"), Zone: mustZone(t, "Europe/Paris")}
	var all []time.Time
	from := moment2026(t, "2026-10-24 00:00:00")
	to := from.AddDate(0, 0, 3)
	for fire := range job.Fires(from, to) {
		all = append(all, fire.At)
	}
	for start := from; start.Before(to); start = start.Add(7 * time.Minute) {
		i := 0
		for i < len(all) && !all[i].After(start) {
			i++
		}
		for fire := range job.Fires(start, to) {
			if !fire.At.Equal(all[i]) {
				t.Fatalf("from %s: %s, want %s", start, fire.At, all[i])
			}
			break
		}
	}
}

// TestFarLeapYears: time.ZoneBounds is wrong on the last day of leap years from 2040 on,
// and nothing may wait for ever for a change of clocks there.
func TestFarLeapYears(t *testing.T) {
	for _, name := range []string{"Europe/Paris", "America/New_York", "Australia/Sydney"} {
		zone := mustZone(t, name)
		job := Job{Name: "a", Spec: mustSpec(t, "0 7 * * *"), Zone: zone}
		days := 0
		for fire := range job.Fires(time.Date(2040, 12, 20, 12, 0, 0, 0, zone), time.Date(2041, 1, 20, 12, 0, 0, 0, zone)) {
			if days++; fire.At.In(zone).Format("15:04") != "07:00" {
				t.Errorf("%s: %s", name, fire.At.In(zone))
			}
		}
		if days != 31 {
			t.Errorf("%s: %d times in 31 days", name, days)
		}
		for day := range 40 { // a daemon that is begun at any of them
			from := time.Date(2040, 12, 10, 12, 0, 0, 0, zone).AddDate(0, 0, day)
			for fire := range job.Fires(from, from.AddDate(0, 0, 2)) {
				if want := from.Add(19 * time.Hour); !fire.At.Equal(want) {
					t.Errorf("%s: after %s comes %s", name, from, fire.At.In(zone))
				}
				break
			}
		}
	}
}

func FuzzSpec(f *testing.F) {
	for _, spec := range gridSpecs {
		f.Add(spec, false, uint32(0))
	}
	for _, spec := range []string{"TZ=0", "TZ=", "0 0 7 * * MON", "*/20 0 7 * * *", "@every 5m", "@", "1-7/7 7/2 L-30 2/10 7-7", "0 7 29W 2 *", "* * 5,1W,LW,L * 7#5,0L"} {
		f.Add(spec, true, uint32(7e8))
	}
	zone, err := time.LoadLocation("Australia/Lord_Howe")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, seconds bool, after uint32) {
		spec, err := ParseSpec(text, SpecOptions{Seconds: seconds})
		if err != nil {
			var e *SpecError
			if !errors.As(err, &e) || e.Problem == "" || e.Column < 1 || e.Column > len(text)+1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		from := gridFrom.Add(time.Duration(after%(10*365*24*60)) * time.Minute)
		to := from.AddDate(0, 2, 0)
		o := newOracle(text, seconds, from, to)
		table := newZoneTable(zone, from, to)
		w := newWalk(&spec, zone, from.Add(59*time.Second))
		n := 0
		o.walk(table, func(at, wall int64) {
			if n++; n > 5000 || t.Failed() {
				return
			}
			if got := w.next(); got.at != at || got.wall != wall {
				t.Errorf("%q: %s for %s, want %s for %s", text, clock(got.at), clock(got.wall), clock(at), clock(wall))
			}
		})
		last := (table.from+int64(len(table.offsets))-1)*60 + 59
		if extra := w.next(); n <= 5000 && extra.at <= last && !t.Failed() {
			t.Errorf("%q: fires at %s, which it should not", text, clock(extra.at))
		}
	})
}
