package civil

import (
	"fmt"
	"time"
)

// Zone returns a zone by its name in the IANA database (Europe/Berlin), UTC, by its offset (+01:00), or the one of
// the machine (local).
func Zone(name string) (*time.Location, error) {
	switch name {
	case "":
		return nil, fmt.Errorf("time zone: the name is empty")
	case "local":
		return time.Local, nil
	case "UTC", "Z":
		return time.UTC, nil
	case "Local": // LoadLocation's word for it; there is one way to say it
	default:
		if s := (scanner{text: name}); name[0] == '+' || name[0] == '-' {
			zone := s.offset()
			if s.end(); s.err == nil {
				return zone, nil
			}
		} else if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	return nil, fmt.Errorf("time zone %q: not known; zones are named as in Europe/Berlin, UTC, +01:00 or local", name)
}

// fixed returns the zone of an offset in seconds.
func fixed(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	sign, size := '+', offset
	if offset < 0 {
		sign, size = '-', -offset
	}
	return time.FixedZone(fmt.Sprintf("%c%02d:%02d", sign, size/3600, size/60%60), offset)
}

// Bounds are the beginning and the end of the time around an instant in which the offset of its zone stays the same, zero
// where there is none. It is what ZoneBounds says, but on the last day of a leap year behind the changes that a zone lists
// one by one (from 2040 on): there ZoneBounds (Go 1.26) names the beginning of that day as the end, and who goes on from
// one end to the next would never get anywhere.
func Bounds(t time.Time) (starts, ends time.Time) {
	starts, ends = t.ZoneBounds()
	if !ends.IsZero() && !ends.After(t) {
		// No clocks are changed on that day: rules name Sundays of other months.
		ends = time.Date(t.UTC().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC).In(t.Location())
	}
	return starts, ends
}

// resolve returns when the clocks of a zone show a wall time, which is given as if in UTC. time.Date does not say which
// of two times it takes, and it is not the same one everywhere.
func resolve(wall time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	// No offset exceeds a day, so two days earlier nothing that matters has happened.
	for at := wall.Add(-48 * time.Hour).In(zone); ; {
		starts, ends := Bounds(at)
		_, offset := at.Zone()
		candidate := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		switch {
		case !starts.IsZero() && candidate.Before(starts):
			return starts // nor was it in the stretch before: a gap
		case ends.IsZero() || candidate.Before(ends):
			return candidate
		}
		at = ends
	}
}
