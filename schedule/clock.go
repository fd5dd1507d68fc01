package schedule

import "time"

// Clock is the time by which jobs run. [SystemClock] is that of the machine.
type Clock interface {
	// Now is the wall clock.
	Now() time.Time
	// Elapsed is the monotonic clock: how long something has been running that
	// nobody can set.
	Elapsed() time.Duration
	// Alarm makes an alarm that is not set.
	Alarm() Alarm
}

// Alarm is a timer on the wall clock.
type Alarm interface {
	// Set replaces what was set: C gets a value when the wall clock reads a time
	// or a later one, be it because somebody set the clock, and at once if it does.
	// It may get one too early, as it does whenever the clock is set. The zero time
	// waits for that only.
	Set(time.Time)
	C() <-chan struct{}
	Close()
}

// SystemClock is the clock of the machine.
//
// On Linux its alarms are those of the kernel's wall clock: they notice at once
// that the clock was set or that the machine was asleep, and wake for nothing
// else. On other systems, which do not tell, they look every five minutes.
func SystemClock() Clock { return systemClock{start: time.Now()} }

type systemClock struct{ start time.Time }

func (c systemClock) Now() time.Time         { return time.Now().Round(0) }
func (c systemClock) Elapsed() time.Duration { return time.Since(c.start) }
func (c systemClock) Alarm() Alarm           { return systemAlarm() }

// timerAlarm is an alarm made of a timer on the monotonic clock. It does not
// notice that the wall clock was set, so it looks from time to time.
type timerAlarm struct {
	timer *time.Timer
	c     chan struct{}
	look  time.Duration
}

const lookEvery = 5 * time.Minute

func newTimerAlarm() *timerAlarm {
	a := &timerAlarm{c: make(chan struct{}, 1), look: lookEvery}
	a.timer = time.AfterFunc(a.look, func() {
		select {
		case a.c <- struct{}{}:
		default:
		}
	})
	return a
}

func (a *timerAlarm) Set(at time.Time) {
	wait := a.look
	if !at.IsZero() {
		wait = min(wait, max(0, time.Until(at)))
	}
	a.timer.Reset(wait)
}

func (a *timerAlarm) C() <-chan struct{} { return a.c }
func (a *timerAlarm) Close()             { a.timer.Stop() }
