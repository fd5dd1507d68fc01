//go:build matrix

package smtptest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// least is how many cells there must be.
const least = 2000

// tally counts cells by what came of them.
type tally struct {
	mu    sync.Mutex
	count map[string]int
	known map[string]int
}

func (s *tally) add(counts map[string]int, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts[key]++
}

// TestMatrix plays every fault in every state.
func TestMatrix(t *testing.T) {
	identity, err := NewIdentity("mx.example")
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string][]cell{}
	total := 0
	for _, c := range slices.Concat(cells(), textCells(), specialCells(t)) {
		name, _, _ := strings.Cut(c.String(), "/")
		group := name + "/" + string(c.mode)
		groups[group] = append(groups[group], c)
		total++
	}
	streams := map[string][]streamCell{}
	for _, c := range streamCells() {
		name, _, _ := strings.Cut(c.String(), "/")
		group := name + "/" + string(c.mode)
		streams[group] = append(streams[group], c)
		total++
	}
	counted := &tally{count: map[string]int{}, known: map[string]int{}}
	t.Run("cells", func(t *testing.T) {
		for _, group := range slices.Sorted(maps.Keys(groups)) {
			t.Run(group, func(t *testing.T) {
				t.Parallel()
				for _, c := range groups[group] {
					c.play(t, identity, counted)
				}
			})
		}
		for _, group := range slices.Sorted(maps.Keys(streams)) {
			t.Run(group, func(t *testing.T) {
				t.Parallel()
				for _, c := range streams[group] {
					c.play(t, identity, counted)
				}
			})
		}
	})
	// On standard output, which go test shows where it is called without a package.
	fmt.Printf("%d cells\n", total)
	for _, key := range slices.Sorted(maps.Keys(counted.count)) {
		fmt.Printf("%6d %s\n", counted.count[key], key)
	}
	for _, key := range slices.Sorted(maps.Keys(counted.known)) {
		fmt.Printf("%6d known: %s\n", counted.known[key], key)
	}
	if total < least {
		t.Errorf("only %d cells, want %d", total, least)
	}
}

// play runs one cell.
func (c cell) play(t *testing.T, identity Identity, counted *tally) {
	_, name, _ := strings.Cut(c.String(), "/")
	t.Run(name, func(t *testing.T) {
		run := func(t *testing.T) {
			o := c.overPipeOrTCP(t, identity)
			wrong := c.judge(c.predict(), o)
			reason := knownReason(c.String())
			switch {
			case len(wrong) > 0 && reason != "":
				counted.add(counted.known, reason)
			case len(wrong) > 0:
				t.Error(strings.Join(wrong, "\n"))
			case reason != "":
				counted.add(counted.known, reason+" (passes: take its row out)")
			}
			counted.add(counted.count, o.String())
		}
		if c.fault.slow {
			synctest.Test(t, run)
			return
		}
		run(t)
	})
}

func (c cell) overPipeOrTCP(t *testing.T, identity Identity) observation {
	if c.fault.slow {
		return c.overPipe(t, identity)
	}
	return c.overTCP(t, identity)
}

// String is the outcome of a cell for the summary.
func (o observation) String() string {
	switch {
	case o.connect != nil:
		return "not connected: " + string(o.connect.Kind)
	case o.auth != nil:
		return "not authenticated: " + string(o.auth.Kind)
	case o.send != nil && o.result.Outcome == "":
		return "not sent: " + string(o.send.Kind)
	case o.send != nil:
		return fmt.Sprintf("%s: %s", o.result.Outcome, o.send.Kind)
	}
	return string(o.result.Outcome)
}
