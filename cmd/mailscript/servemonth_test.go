package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A month of jobs leaves nothing behind: memory and goroutines are after it what they
// were after the first days, each report went out once, and nothing woke the daemon
// between the times of its jobs. MAILSCRIPT_TEST_DAYS says for how many days.
func TestServeMonth(t *testing.T) {
	if raceEnabled {
		t.Skip("not about races, and takes long")
	}
	days := 6
	if text := os.Getenv("MAILSCRIPT_TEST_DAYS"); text != "" {
		var err error
		if days, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	job := func(name, cron, more string) string {
		return fmt.Sprintf("[job.%s]\nscript = \"%s.lua\"\ncron = \"%s\"\non_failure = \"%s\"\n%s", name, name, cron, ops, more)
	}
	jobs := job("often", "*/15 * * * *", "") + job("drawn", "5 * * * *", "timezone = \"Europe/Paris\"\n") + job("merged", "0 */6 * * *", "args = [\"-\", \"40\"]\n") +
		job("broken", "30 3 * * *", "retries = { attempts = 3, wait = \"5m\" }\n") + job("quiet", "*/20 * * * *", "")
	files := []string{
		"often.lua", keyScript,
		"drawn.lua", `
local smtp, job = require "smtp", require "job"
local lines = {}
for i = 1, 200 do lines[i] = ("line %d"):format(i) end
print(table.concat(lines, "\n"))
smtp.send { from = "reports@bank.example", to = "boss@bank.example", subject = job.key, text = table.concat(lines, "\n") }
`,
		"merged.lua", strings.Replace(mergeScript, "local name, rows = arg[1]", "local name, rows = require(\"job\").key", 1),
		"broken.lua", "print \"looking\"\nerror \"no data\"\n",
		"quiet.lua", "require \"job\".skip \"nobody bought anything\"\n",
	}
	inBubble(t, jobs, files, func(b *bubble) {
		b.until("2026-11-27T00:00:30Z")
		b.serve()
		var heaps []uint64
		var goroutines []int
		for day := range days {
			before := b.rings.Load()
			b.until(time.Date(2026, 11, 28+day, 0, 0, 30, 0, time.UTC).Format(time.RFC3339))
			sent := map[string]int{"boss": len(b.take(boss)), "ann": len(b.take("ann@bank.example")), "ops": len(b.take(ops))}
			if sent["boss"] != 4*24+24 || sent["ann"] != 4*40 || sent["ops"] != 1 {
				t.Fatalf("on day %d there came %v", day, sent)
			}
			// Six times an hour have jobs, with two of them at one; two attempts follow.
			if rings := b.rings.Load() - before; rings > 7*24+2 {
				t.Errorf("on day %d a timer woke it %d times", day, rings)
			}
			heaps = append(heaps, heapInUse())
			goroutines = append(goroutines, runtime.NumGoroutine())
		}
		early, late := heaps[:len(heaps)/2], heaps[len(heaps)/2:]
		t.Logf("%d days: KiB of heap %v, goroutines %d to %d, %d times woken", days, kib(heaps), slices.Min(goroutines), slices.Max(goroutines), b.rings.Load())
		if before, after := slices.Max(early), slices.Max(late); after > before+512<<10 {
			t.Errorf("the heap grew from %d to %d KiB", before>>10, after>>10)
		}
		if slices.Min(goroutines) != slices.Max(goroutines) {
			t.Errorf("goroutines: %v", goroutines)
		}
	})
}

// heapInUse is the size of what is alive.
func heapInUse() uint64 {
	// Twice: what has a finalizer goes the second time.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func kib(sizes []uint64) []uint64 {
	for i := range sizes {
		sizes[i] >>= 10
	}
	return sizes
}
