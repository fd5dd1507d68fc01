package delivery

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// brake keeps all connections from going on for a while, after a server that
// could not be reached or asked us to slow down.
type brake struct {
	retry  Retry
	random func() float64

	mu      sync.Mutex
	pressed atomic.Bool // until is ahead, or was and nobody has looked since
	until   time.Time
	times   int       // in a row
	since   time.Time // when the trouble began
	why     error
}

func newBrake(o Options) *brake { return &brake{retry: o.Retry, random: o.Random} }

// press notes trouble, of something that began at begun, and returns how long it
// has lasted. What began before the brake was pressed last is the same trouble.
func (b *brake) press(begun time.Time, why error) time.Duration {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since.IsZero() {
		b.since = now
	}
	b.why = why
	if !begun.Before(b.until) {
		b.times++
		b.until = now.Add(spread(doubled(b.retry.Soon, b.times, brakeLongest), b.random))
		b.pressed.Store(true)
	}
	return now.Sub(b.since)
}

// brakeLongest bounds how long nothing is tried.
const brakeLongest = 5 * time.Minute

// ease notes that all is well again.
func (b *brake) ease() {
	if !b.pressed.Load() {
		return
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return // of before
	}
	b.times, b.since, b.why = 0, time.Time{}, nil
	b.pressed.Store(false)
}

// wait is how long nothing is to be tried.
func (b *brake) wait() time.Duration {
	if !b.pressed.Load() {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Until(b.until)
}

// trouble is why nothing is sent, nil where something is.
func (b *brake) trouble() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.why
}

// slowDown reports whether a reply asks for less altogether, and not of this
// message: 421, and what RFC 3463 has for policy (section 3.8) and busy systems
// (section 3.4). Some servers word greylisting as policy.
func slowDown(r smtp.Reply) bool {
	if r.Local || !r.Temporary() || greylisted(r) {
		return false
	}
	return r.Code == 421 || strings.HasPrefix(r.Enhanced, "4.7.") || strings.HasPrefix(r.Enhanced, "4.3.")
}

func greylisted(r smtp.Reply) bool {
	for _, line := range r.Lines {
		line = strings.ToLower(line)
		if strings.Contains(line, "greylist") || strings.Contains(line, "graylist") || strings.Contains(line, "grey list") {
			return true
		}
	}
	return false
}

// ErrRefused is the cause where a run ends because the server refuses whatever
// it is sent.
var ErrRefused = errors.New("the server refuses one message after the other for good")

// circuit counts messages that were refused for good one after the other.
type circuit struct{ refused atomic.Int64 }

// note takes what became of a message, and returns why the run is to end, if it is.
func (c *circuit) note(r smtp.Result, most int) error {
	if r.Outcome != smtp.Failed {
		if (r.Outcome == smtp.Sent || r.Outcome == smtp.Partial) && c.refused.Load() != 0 {
			c.refused.Store(0)
		}
		return nil
	}
	// What the server has against a recipient, it has not against the message.
	command := r.Reply.Command
	if r.Reply.Local || strings.HasPrefix(command, "RCPT") {
		return nil
	}
	if n := c.refused.Add(1); most > 0 && n >= int64(most) {
		return fmt.Errorf("%w: %d of them, the last with %s", ErrRefused, n, r.Reply)
	}
	return nil
}
