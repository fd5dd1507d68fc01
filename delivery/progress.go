package delivery

import "time"

// speed is how many messages are sent each second, lately.
type speed struct {
	at   time.Time
	sent int64
	rate float64
}

// reckon takes a measurement.
func (s *speed) reckon(now time.Time, sent int64) float64 {
	passed := now.Sub(s.at).Seconds()
	if s.at.IsZero() || passed <= 0 {
		s.at, s.sent = now, sent
		return s.rate
	}
	rate := float64(sent-s.sent) / passed
	if s.rate == 0 {
		s.rate = rate
	}
	// What lies 10 seconds back counts half.
	weight := passed / (passed + 10)
	s.rate += (rate - s.rate) * max(weight, 0.05)
	s.at, s.sent = now, sent
	return s.rate
}

// report tells how far the run has come, where it is time.
func (c *caller) report() {
	tell := c.r.o.OnProgress
	if tell == nil {
		return
	}
	now := time.Now()
	if c.told.IsZero() {
		c.told = c.begun
		c.speed.at = c.begun
	}
	if now.Sub(c.told) < c.r.o.Interval {
		return
	}
	c.told = now
	c.r.mu.Lock()
	waiting := c.r.waiting
	c.r.mu.Unlock()
	p := Progress{
		Counts: c.counts, Total: c.total, Waiting: waiting, Elapsed: now.Sub(c.begun),
		PerSecond: c.speed.reckon(now, c.counts.Sent), Trouble: c.r.brake.trouble(),
	}
	if c.r.o.Pool != nil {
		p.Connections = c.r.o.Pool.Allowed()
	}
	if left := c.total - c.counts.Rows; left > 0 && p.PerSecond > 0 {
		p.Left = time.Duration(float64(left) / p.PerSecond * float64(time.Second))
	}
	tell(p)
}
