package schedule

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestSystemClock: alarms of the machine ring, not too early, and leave nothing
// behind. That they ring when the clock is set is not tried: it would set it.
func TestSystemClock(t *testing.T) {
	defer goleak.VerifyNone(t)
	c := SystemClock()
	for name, alarm := range map[string]Alarm{"system": c.Alarm(), "timer": newTimerAlarm()} {
		for _, ahead := range []time.Duration{-24 * 365 * 100 * time.Hour, -time.Hour, 0, time.Millisecond, 20 * time.Millisecond} {
			alarm.Set(time.Time{})
			select {
			case <-alarm.C():
				t.Errorf("%s: rang without being set", name)
			default:
			}
			at := c.Now().Add(ahead)
			alarm.Set(at)
			<-alarm.C()
			if now := c.Now(); now.Before(at) {
				t.Errorf("%s: rang %s early", name, at.Sub(now))
			}
		}
		alarm.Set(c.Now().Add(24 * time.Hour))
		alarm.Set(c.Now().Add(24 * 365 * 250 * time.Hour))
		alarm.Close()
	}
	if c.Elapsed() <= 0 {
		t.Error("no time went by")
	}
}
