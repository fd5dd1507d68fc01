package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A daemon with nothing to do takes little memory, and wakes up for nothing.
func TestServeIdle(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" || raceEnabled {
		t.Skip("it is looked at on Linux, and without the race detector")
	}
	box := openMailbox(t)
	var jobs strings.Builder
	for i := range 50 {
		fmt.Fprintf(&jobs, "[job.j%d]\nscript = \"a.lua\"\ncron = \"0 0 1 1 *\"\n", i)
	}
	s := startServing(t, jobProject(t, box, jobs.String(), "a.lua", ""))
	s.await(t, 1, says("msg", "serving"))
	// What the start leaves to do is done when the process has slept for a while.
	wait := 2 * time.Second
	if text := os.Getenv("MAILSCRIPT_TEST_IDLE"); text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(wait / 2)
	_, before := resources(t, s.command.Process.Pid)
	time.Sleep(wait)
	resident, after := resources(t, s.command.Process.Pid)
	t.Logf("%d KiB resident, %d wake-ups in %v", resident, after-before, wait)
	if resident > 30<<10 {
		t.Errorf("%d KiB resident", resident)
	}
	// The runtime of Go looks once a minute whether memory should be collected, and
	// finishes what it began.
	if limit := 10 + int(wait/time.Second); after-before > limit {
		t.Errorf("%d wake-ups in %v", after-before, wait)
	}
	s.stop(t)
}

// What a run took in memory is given back when it has ended.
func TestServeIdleAgain(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" || raceEnabled {
		t.Skip("it is looked at on Linux, and without the race detector")
	}
	box := openMailbox(t)
	s := startServing(t, jobProject(t, box, "[job.a]\nscript = \"a.lua\"\nseconds = true\ncron = \""+once()+"\"\n",
		"a.lua", "local t = {}\nfor i = 1, 200000 do t[i] = { i } end\n"+keyScript))
	s.await(t, 1, says("msg", "run ended", "outcome", "ok"))
	anonymous := memoryOf(t, s.command.Process.Pid, "RssAnon")
	resident, _ := resources(t, s.command.Process.Pid)
	t.Logf("%d KiB resident, %d of them not of the program's file", resident, anonymous)
	if anonymous > 20<<10 {
		t.Errorf("%d KiB are kept", anonymous)
	}
	s.stop(t)
}

// memoryOf is a size in KiB that the system says of a process.
func memoryOf(t *testing.T, pid int, name string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n"+name+":")
	size, _, _ := strings.Cut(rest, " kB")
	n, err := strconv.Atoi(strings.TrimSpace(size))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// resources are the KiB of memory that a process has, and how often its threads
// waited for something.
func resources(t *testing.T, pid int) (resident, switches int) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatal(tasks, err)
	}
	for _, path := range tasks {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that has ended
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			name, value, _ := strings.Cut(line, ":")
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			switch name {
			case "VmRSS":
				resident = n
			case "voluntary_ctxt_switches":
				switches += n
			}
		}
	}
	return resident, switches
}
