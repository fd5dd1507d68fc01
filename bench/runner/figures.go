package main

import (
	"math"
	"slices"
)

// samples are all runs of one client on one line.
type samples struct{ apart, together []sample }

// figures are the medians of a client's runs, but for least.
type figures struct {
	what   string  // the way the client took, where it has several
	cpu    float64 // of the client, ms for 1,000 messages
	wall   float64 // with the server on the same core, ms for 1,000 messages
	both   float64 // CPU of client and server in those runs, ms for 1,000 messages
	turns  float64 // for each message
	trips  float64 // wall time in round trips; 0 where there is no delay
	least  float64 // of cpu, the least of the rounds: a busy machine only ever adds
	memory float64 // most that was resident, MiB
	chain  float64 // the same as the server counted it, which no busy machine lengthens
}

// beforeCounting are the round trips before the client's first octets: the
// handshake of TCP, and the greeting's.
const beforeCounting = 2

// perThousand turns seconds for n messages into milliseconds for 1,000.
func perThousand(seconds float64, n int) float64 { return seconds * 1e6 / float64(max(n, 1)) }

func (s samples) figures(l line, c contestant) figures {
	median := func(of []sample, value func(sample) float64) float64 {
		values := make([]float64, len(of))
		for i, sample := range of {
			values[i] = value(sample)
		}
		return medianOf(values)
	}
	f := figures{
		what:  s.apart[0].report.What,
		cpu:   median(s.apart, func(s sample) float64 { return perThousand(s.report.CPU, c.n) }),
		wall:  median(s.together, func(s sample) float64 { return perThousand(s.report.Seconds, c.n) }),
		both:  median(s.together, func(s sample) float64 { return perThousand(s.report.CPU+s.server.CPU, c.n) }),
		turns: median(s.apart, func(s sample) float64 { return float64(s.server.MessageTurns) / float64(max(c.n, 1)) }),
	}
	f.least = f.cpu
	for _, s := range s.apart {
		f.least = min(f.least, perThousand(s.report.CPU, c.n))
	}
	f.memory = median(s.apart, func(s sample) float64 { return float64(s.report.MaxRSS) / 1024 })
	if l.delay > 0 {
		f.chain = beforeCounting + median(s.apart, func(s sample) float64 { return float64(s.server.Rounds) })
		f.trips = median(s.apart, func(s sample) float64 { return s.report.Seconds / (2 * l.delay).Seconds() })
	}
	return f
}

// medianOf is NaN for no values.
func medianOf(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func (f figures) get(which figure) float64 {
	switch which {
	case figureTurns:
		return f.turns
	case figureCPU:
		return f.cpu
	case figureWall:
		return f.wall
	case figureMemory:
		return f.memory
	case figureChain:
		return f.chain
	}
	return f.trips
}

// verdict is a goal beside what was measured.
type verdict struct {
	goal
	against      string // with fastestPeer resolved
	ours, theirs float64
	ratio        float64
	least        float64 // the ratio of the least CPU of each; 0 for other figures
}

// roundingSlack lets 1.004 turns, shown as 1.00, meet a target of 1.00.
const roundingSlack = 0.005

// met reports whether the target was reached; a goal without one is.
func (v verdict) met() bool {
	switch {
	case v.atLeast > 0:
		return v.ratio >= v.atLeast
	case v.atMost > 0:
		return v.ours < v.atMost+roundingSlack
	}
	return true
}

// judge compares the first client's figures with the others'.
func (l line) judge(all []figures) []verdict {
	var verdicts []verdict
	for _, g := range l.goals {
		v := verdict{goal: g, ours: all[0].get(g.figure)}
		var least float64
		for i, c := range l.clients[1:] {
			theirs := all[i+1].get(g.figure)
			if g.against == c.name || g.against == fastestPeer && (v.against == "" || theirs < v.theirs) {
				v.against, v.theirs, least = c.name, theirs, all[i+1].least
			}
		}
		if v.against != "" {
			v.ratio = v.theirs / v.ours
		}
		if v.against != "" && g.figure == figureCPU {
			v.least = least / all[0].least
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}
