package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"time"
)

// Mark says that a change of the zone's offset had a part in a fire time.
type Mark string

const (
	// MarkGap: the clock skipped the time, and it fires at the end of the gap.
	MarkGap Mark = "gap"
	// MarkOverlap: the clock reads the time twice, and it fires the first time.
	MarkOverlap Mark = "overlap"
)

// Fire is one fire time of a job.
type Fire struct {
	// At is the instant, in the job's zone.
	At time.Time
	// Due is At and the jitter of the period.
	Due time.Time
	// Period is the key of the period.
	Period string
	// Wall is what the specification names, as 2006-01-02T15:04:05; the clock does
	// not read that at At when Mark is [MarkGap].
	Wall string
	// Mark says what the zone did to it.
	Mark Mark
	// Merged is how many earlier times the same gap moved here; they are not fire
	// times of their own.
	Merged int
	// Off says that the date is one of the job's days off: it does not run.
	Off bool
}

// Fires are the fire times of a job after from and until to, in order, days off
// included. It is how to look ahead: nothing of it depends on what ran.
func (j Job) Fires(from, to time.Time) iter.Seq[Fire] {
	return func(yield func(Fire) bool) {
		if j.Spec.text == "" {
			return
		}
		f := j.fires(from)
		for {
			fire := f.next()
			if fire.At.After(to) || !yield(fire) {
				return
			}
		}
	}
}

// fires goes through the fire times of a job.
type fires struct {
	job   *Job
	off   calendar
	walk  *walk
	ahead tick // with jitter, the tick after the one returned
}

func (j *Job) fires(after time.Time) *fires {
	f := &fires{job: j, off: j.DaysOff.calendar(), walk: newWalk(&j.Spec, j.zone(), after)}
	if j.Jitter > 0 {
		f.ahead = f.walk.next()
	}
	return f
}

func (f *fires) next() Fire {
	var t tick
	if f.job.Jitter > 0 {
		t, f.ahead = f.ahead, f.walk.next()
	} else {
		t = f.walk.next()
	}
	fire := Fire{
		At:     time.Unix(t.at, 0).In(f.job.zone()),
		Period: f.job.Spec.width.key(t.wall),
		Wall:   time.Unix(t.wall, 0).UTC().Format("2006-01-02T15:04:05"),
		Mark:   t.mark,
		Merged: t.merged,
		Off:    f.off.off(t.wall),
	}
	fire.Due = fire.At
	if f.job.Jitter > 0 {
		// A fire time never passes the next one, so that periods begin in order.
		most := min(f.job.Jitter, time.Duration(min(f.ahead.at-t.at, 1<<32))*time.Second)
		fire.Due = fire.At.Add(f.job.delay(fire.Period, most))
	}
	return fire
}

// delay is the jitter of a period: below most, and always the same.
func (j *Job) delay(period string, most time.Duration) time.Duration {
	sum := sha256.Sum256([]byte(j.Name + "\x00" + period))
	return time.Duration(binary.BigEndian.Uint64(sum[:]) % uint64(most)).Truncate(time.Millisecond)
}
