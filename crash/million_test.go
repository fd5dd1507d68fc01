//go:build crash && unix

package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a merge of a million rows may take. Times are those of a machine that does nothing
// else; on another, a process takes as many times longer as reading the source does.
const (
	mostMemory = 64 << 10 // KiB
	mostPause  = 2 * time.Second
	readRow    = 10 * time.Microsecond // 100,000 rows/s
	mostGrowth = 2.0                   // of what a row costs, beside one of thousands
)

// TestMillion is a merge of a million rows that is killed in its middle, where MILLION
// is set to their number: how long it takes, what it holds in memory, how soon the next
// process sends on, and what a row costs beside one of fewer.
func TestMillion(t *testing.T) {
	rows := number("MILLION", 0)
	if rows == 0 {
		t.Skip("set MILLION to the number of rows")
	}
	few := costOfFew(t)
	t.Logf("a row of some thousand costs %v", few)
	w := startWitness(t, rows, storm{})
	s := &series{rows: rows, connections: 1, policy: "hold", source: "csv", transfer: "CHUNKING"}
	s.prepare(t, w.address)
	var p *process
	w.reached = func(total int) {
		if total == rows/2 {
			p.kill(0)
		}
	}
	var cost time.Duration
	run := func(what string) {
		begun, before := time.Now(), w.total
		most := watchMemory(p.command.Process.Pid)
		killed := s.wait(t, p)
		took, used, memory := time.Since(begun), cpu(p.command), most()
		cost += used
		w.quiet()
		t.Logf("%s: %d messages in %v, %d MiB at most, %v of CPU", what, w.total-before, took.Round(time.Millisecond), memory>>10, used.Round(time.Millisecond))
		if memory > mostMemory {
			t.Errorf("%s: %d KiB in memory, want %d at most", what, memory, mostMemory)
		}
		s.settle(t, w, killed)
	}
	w.mu.Lock()
	p = s.start(t)
	w.mu.Unlock()
	run("until it is killed")
	patience := waits(t, s)
	begun := time.Now()
	first := make(chan time.Duration, 1)
	w.reached = func(int) {
		select {
		case first <- time.Since(begun):
		default:
		}
	}
	p = s.start(t)
	run("and then")
	most := time.Duration(float64(mostPause+time.Duration(rows)*readRow) * patience)
	select {
	case pause := <-first:
		t.Logf("the next process has sent its first message after %v", pause.Round(time.Millisecond))
		if pause > most {
			t.Errorf("the next process has sent its first message after %v, want %v at most", pause, most)
		}
	default:
		t.Error("the next process has sent nothing")
	}
	each := cost / time.Duration(rows)
	t.Logf("a row costs %v", each)
	if float64(each) > mostGrowth*float64(few) {
		t.Errorf("a row costs %v, and one of some thousand %v", each, few)
	}
	if n := s.total(t, w); n.lost+n.twice+n.phantom > 0 || n.sent+n.held != rows {
		t.Errorf("%+v", n)
	}
}

// cpu is the time of a processor that a process took.
func cpu(command *exec.Cmd) time.Duration {
	u := command.ProcessState.SysUsage().(*syscall.Rusage)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// watchMemory returns what tells, once the process has ended, how much memory it had at
// most, in KiB. What getrusage says of a process is what the one that started it had, where
// that was more.
func watchMemory(pid int) (most func() int64) {
	watched := make(chan int64, 1)
	path := fmt.Sprintf("/proc/%d/status", pid)
	go func() {
		var most int64
		for {
			status, _ := os.ReadFile(path)
			_, line, found := strings.Cut(string(status), "VmHWM:")
			if !found {
				watched <- most
				return
			}
			_, _ = fmt.Sscan(line, &most)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return func() int64 { return <-watched }
}

// costOfFew is what each further row costs a merge of some thousand, in time of a
// processor.
func costOfFew(t *testing.T) time.Duration {
	cost := func(rows int) time.Duration {
		w := startWitness(t, rows, storm{})
		s := &series{rows: rows, connections: 1, policy: "hold", source: "csv", transfer: "CHUNKING"}
		s.prepare(t, w.address)
		p := s.start(t)
		s.wait(t, p)
		if n := s.total(t, w); n.sent != rows {
			t.Fatalf("%+v\n%s", n, s.stderr.Bytes())
		}
		return cpu(p.command)
	}
	return (cost(11_000) - cost(1000)) / 10_000
}

// waits is how many times longer than it works a process that reads the source has to wait
// for others: 1 on a machine that does nothing else.
func waits(t *testing.T, s *series) float64 {
	const read = `print(require "csv".rows("rows.csv"):count())`
	if err := os.WriteFile(filepath.Join(s.folder, "read.lua"), []byte(read), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(binary, "run", "read.lua")
	command.Dir = s.folder
	begun := time.Now()
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took, used := time.Since(begun), cpu(command)
	t.Logf("reading the source took %v, and %v of CPU", took.Round(time.Millisecond), used.Round(time.Millisecond))
	return max(1, float64(took)/float64(used))
}
