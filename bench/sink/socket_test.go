package main

import (
	"testing"
	"time"
)

// TestExchange tells waiting from reading on: replies written only because many
// had gathered are no turn until the server runs out of input.
func TestExchange(t *testing.T) {
	var e exchange
	e.heard(time.Time{}, true)
	e.said(time.Time{})
	e.heard(time.Time{}, false)
	e.heard(time.Time{}, false)
	if e.turns != 0 {
		t.Errorf("%d turns, and it never waited for an answer", e.turns)
	}
	e.heard(time.Time{}, true)
	e.heard(time.Time{}, true)
	if e.turns != 1 {
		t.Errorf("%d turns, want 1", e.turns)
	}
}

// TestRounds counts what a reply can have caused.
func TestRounds(t *testing.T) {
	start := time.Now()
	e := exchange{roundTrip: 100 * time.Millisecond}
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	e.said(at(0))
	e.heard(at(50), true) // on its way when the reply was written
	e.said(at(50))
	e.heard(at(100), true) // caused by the first
	e.said(at(100))
	e.heard(at(150), true) // caused by the second, in the same round
	e.heard(at(200), true) // caused by the third
	if e.rounds != 2 {
		t.Errorf("%d rounds, want 2", e.rounds)
	}
}
