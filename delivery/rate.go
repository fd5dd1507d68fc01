package delivery

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Rate is how many messages may begin in a time, over all connections. The zero
// value sets no bound.
type Rate struct {
	Messages int
	Per      time.Duration // 0 is a second
	// Burst is how many may begin at once; 0 is 1: they are spread evenly.
	Burst int
}

// ParseRate reads "20/s", "100/min", "5000/h" and "20/30min".
func ParseRate(text string) (Rate, error) {
	wrong := fmt.Errorf(`rate %q is not worded like "20/s" or "20/30min"`, text)
	count, per, found := strings.Cut(text, "/")
	n, err := strconv.Atoi(strings.TrimSpace(count))
	if !found || err != nil || n < 1 {
		return Rate{}, wrong
	}
	per = strings.TrimSpace(per)
	digits := len(per) - len(strings.TrimLeft(per, "0123456789"))
	times := 1
	if digits > 0 {
		if times, err = strconv.Atoi(per[:digits]); err != nil || times < 1 || times > 1_000_000 {
			return Rate{}, wrong
		}
	}
	unit, ok := units[strings.TrimSpace(per[digits:])]
	if !ok {
		return Rate{}, wrong
	}
	return Rate{Messages: n, Per: time.Duration(times) * unit}, nil
}

var units = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "second": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour,
}

func (r Rate) String() string {
	if r.Messages == 0 {
		return "unbounded"
	}
	return fmt.Sprintf("%d/%s", r.Messages, r.Per)
}

// pace hands out the moments at which messages may begin.
type pace struct {
	mu    sync.Mutex
	every time.Duration // 0 sets no bound
	slack time.Duration // how much of what was missed may be made up for
	next  time.Time
}

// lateness is what is made up for beyond the burst, so that a timer that fires
// late costs nothing.
const lateness = 10 * time.Millisecond

func newPace(r Rate) *pace {
	if r.Messages <= 0 {
		return &pace{}
	}
	setDefault(&r.Per, time.Second)
	setDefault(&r.Burst, 1)
	every := max(r.Per/time.Duration(r.Messages), 1)
	return &pace{every: every, slack: every*time.Duration(r.Burst-1) + lateness}
}

// bounded reports whether there is a bound.
func (p *pace) bounded() bool { return p.every > 0 }

// reserve returns a moment at which one message may begin. It is the caller's.
func (p *pace) reserve(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if earliest := now.Add(-p.slack); p.next.Before(earliest) {
		p.next = earliest
		if p.slack == lateness {
			p.next = now
		}
	}
	slot := p.next
	p.next = slot.Add(p.every)
	return slot
}
