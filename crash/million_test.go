//go:build crash && unix

package crash

import (
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMillion is a merge of a million rows that is killed in its middle, where MILLION
// is set to their number: how long it takes, what it holds in memory, how soon the next
// process sends on.
func TestMillion(t *testing.T) {
	rows := number("MILLION", 0)
	if rows == 0 {
		t.Skip("set MILLION to the number of rows")
	}
	w := startWitness(t, rows, storm{})
	s := &series{rows: rows, connections: 1, policy: "hold", source: "csv", transfer: "CHUNKING"}
	s.prepare(t, w.address)
	var p *process
	w.reached = func(total int) {
		if total == rows/2 {
			p.kill(0)
		}
	}
	run := func(what string) {
		begun, before := time.Now(), w.total
		killed := s.wait(t, p)
		took := time.Since(begun)
		usage := p.command.ProcessState.SysUsage().(*syscall.Rusage)
		w.quiet()
		t.Logf("%s: %d messages in %v, %d MiB at most, %v of CPU", what, w.total-before, took.Round(time.Millisecond), usage.Maxrss>>10,
			time.Duration(usage.Utime.Nano()+usage.Stime.Nano()).Round(time.Millisecond))
		if usage.Maxrss > 64<<10 {
			t.Errorf("%s: %d KiB in memory, want 65,536 at most", what, usage.Maxrss)
		}
		s.settle(t, w, killed)
	}
	w.mu.Lock()
	p = s.start(t)
	w.mu.Unlock()
	run("until it is killed")
	var once sync.Once
	begun := time.Now()
	w.reached = func(int) {
		once.Do(func() {
			t.Logf("the next process has sent its first message after %v", time.Since(begun).Round(time.Millisecond))
		})
	}
	p = s.start(t)
	run("and then")
	if n := s.total(t, w); n.lost+n.twice+n.phantom > 0 || n.sent+n.held != rows {
		t.Errorf("%+v", n)
	}
}
