package schedule

import (
	"testing"
	"time"
)

// gridFrom begins the twenty years: they hold Samoa's missing day, the years in
// which Caracas, Pyongyang, Moscow and others moved, and rules yet to come.
var gridFrom = time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC)

const gridYears = 20

var gridZones = []string{
	"Australia/Lord_Howe", // half an hour of daylight saving
	"Pacific/Apia",        // no 30 December 2011
	"Africa/Cairo",        // abolished, and again
	"Africa/Casablanca",   // back for Ramadan
	"Antarctica/Troll",    // two hours
	"Pacific/Kiritimati",  // UTC+14
	"Pacific/Chatham",     // quarters of an hour, at 02:45
	"America/Sao_Paulo",   // at midnight
	"Asia/Tehran",         // at midnight, UTC+3:30
	"America/Havana",      // back at 01:00 to 00:00
	"Asia/Beirut",         // at midnight
	"Asia/Gaza",           // at 00:01, and often otherwise
	"America/St_Johns",    // at 00:01 until 2011, UTC-3:30
	"UTC",
	"Europe/Paris",
	"Europe/London",
	"Europe/Dublin", // winter time is the one that is saved
	"Europe/Moscow",
	"Europe/Istanbul",
	"Europe/Volgograd",
	"Europe/Chisinau",
	"America/New_York",
	"America/Caracas", // half an hour
	"America/Nuuk",    // on a Saturday evening
	"America/Scoresbysund",
	"America/Port-au-Prince",
	"America/Asuncion",
	"America/Mexico_City",
	"America/Santiago",
	"America/Metlakatla",
	"Asia/Pyongyang", // half an hour, twice
	"Asia/Amman",     // at 24:00 of Thursday
	"Asia/Damascus",
	"Asia/Kathmandu", // UTC+5:45
	"Asia/Hovd",
	"Pacific/Norfolk",
	"Pacific/Fiji",
	"Pacific/Fakaofo", // no 30 December 2011
	"Africa/Windhoek",
	"Antarctica/Casey", // three hours and back, often
}

var gridSpecs = []string{
	"0 7 * * MON", "0 7 * * *", "30 2 * * *", "0 0 * * *", "59 23 * * *",
	"15 0 * * *", "30 1 * * *", "0 3 * * *", "45 2 * * 7", "0 2 * * 0",
	"* * * * *", "*/5 * * * *", "0 * * * *", "30 * * * *", "*/30 0-3 * * *",
	"0,30 2 * * *", "30 2,3 * * *", "5/20 9-17/2 * * MON-FRI", "0 */6 * * *", "1-59/7 1 * * *",
	"0 0 1 * *", "0 0 1 1 *", "0 12 29 2 *", "0 6 31 * *", "0 0 30 12 *",
	"0 7 L * *", "0 7 LW * *", "0 7 L-3 * *", "30 2 15W * *", "0 7 1W * *",
	"0 7 31W * *", "0 7 * * 5L", "0 7 * * MON#2", "0 7 * * SUN#5", "0 2 * 3 SUN#2",
	"0 2 * 11 SUN#1", "30 1 * 10 SUNL", "0 7 13 * FRI", "0 7 */2 * MON", "0 7 1,15 * MON,WED",
	"0 7 * JAN,APR,JUL,OCT MON#1", "0 7 1-7 * */2", "0 0 L 2 *", "0 7 10,L * *", "0 7 ? * MON-SUN",
	"@weekly", "@monthly", "@hourly", "20 4 * * FRI-SUN", "0 7 1W,LW * WED#3",
}

// TestGrid compares fire times with the oracle's, of specifications in zones over
// years: none is missed, none doubled, and no period has two. Here some pairs of
// specification and zone have a year each; with the build tag grid each has all
// twenty.
func TestGrid(t *testing.T) {
	if len(gridZones) != 40 || len(gridSpecs) != 50 {
		t.Fatalf("%d zones, %d specifications", len(gridZones), len(gridSpecs))
	}
	if gridWhole {
		wholeGrid(t)
		return
	}
	compared := 0
	for zi, name := range gridZones {
		zone := mustZone(t, name)
		for si, text := range gridSpecs {
			if (zi+si)%gridStep != 0 {
				continue
			}
			// Zones and specifications meet all years in turn.
			year := (zi*7 + si*3) % gridYears
			if name == "Pacific/Apia" {
				year = 3
			}
			from := gridFrom.AddDate(year, 0, 0)
			to := from.AddDate(1, 0, 0)
			spec := mustSpec(t, text)
			compared += compareGrid(t, &spec, zone, newOracle(text, false, from, to), newZoneTable(zone, from, to))
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d fire times", compared)
}

func wholeGrid(t *testing.T) {
	to := gridFrom.AddDate(gridYears, 0, 0)
	oracles := make([]*oracle, len(gridSpecs))
	specs := make([]Spec, len(gridSpecs))
	for i, text := range gridSpecs {
		oracles[i] = newOracle(text, false, gridFrom, to)
		specs[i] = mustSpec(t, text)
	}
	compared := 0
	for _, name := range gridZones {
		zone := mustZone(t, name)
		table := newZoneTable(zone, gridFrom, to)
		for i := range specs {
			compared += compareGrid(t, &specs[i], zone, oracles[i], table)
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d fire times", compared)
}

// compareGrid compares one specification in one zone, and returns how many fire
// times there were.
func compareGrid(t *testing.T, spec *Spec, zone *time.Location, o *oracle, table zoneTable) int {
	t.Helper()
	w := newWalk(spec, zone, time.Unix(table.from*60+59, 0))
	var period string
	n, previous := 0, int64(0)
	o.walk(table, func(at, wall int64) {
		got := w.next()
		n++
		if got.at != at || got.wall != wall {
			if !t.Failed() {
				t.Errorf("%q in %s: fire time %d is at %s for %s, want %s for %s", spec, zone, n,
					clock(got.at), clock(got.wall), clock(at), clock(wall))
			}
			return
		}
		if got.at <= previous {
			t.Errorf("%q in %s: %s after %s", spec, zone, clock(got.at), clock(previous))
		}
		previous = got.at
		// Keys grow with readings, so that two alike are next to each other.
		if n < 20_000 || n%97 < 2 {
			key := spec.width.key(got.wall)
			if key == period {
				t.Errorf("%q in %s: two fire times in %s", spec, zone, key)
			}
			period = key
		}
	})
	// And no more than those.
	if extra := w.next(); extra.at <= (table.from+int64(len(table.offsets))-1)*60 && !t.Failed() {
		t.Errorf("%q in %s: fires at %s, which it should not", spec, zone, clock(extra.at))
	}
	return n
}

func clock(at int64) string { return time.Unix(at, 0).UTC().Format(time.DateTime) }

func mustSpec(t testing.TB, text string) Spec {
	t.Helper()
	spec, err := ParseSpec(text, SpecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
