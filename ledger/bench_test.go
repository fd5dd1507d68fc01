package ledger

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
)

// window is how many messages are on their way at a time.
const benchWindow = 64

// wholeWay plans, claims, doubts and settles n rows in windows, as delivery does: what came
// of a window is written with the doubt of the next.
func wholeWay(t testing.TB, r *Run, first, n, window int) {
	batch := Batch{Via: "mx.example:587 TLS 1.3"}
	messages := slices.Repeat([]string{"<c6a22dc3d4517f3bd0d3d01505be5a5f@bank.example>"}, window)
	for i := 0; i < n; i += window {
		ids := idsOf(plan(t, r, people(first+i, min(window, n-i))))
		batch.Doubt = claim(t, r, ids)
		batch.Messages = messages[:len(ids)]
		do(t, r.Commit(batch))
		batch.Settled = sent(ids)
	}
	batch.Doubt, batch.Messages = nil, nil
	do(t, r.Commit(batch))
}

// BenchmarkRow is what a row costs on its whole way, in windows of 64; us-cpu/row counts
// the time of the kernel too.
func BenchmarkRow(b *testing.B) {
	for _, window := range []int{benchWindow, 1024} {
		b.Run(fmt.Sprint(window), func(b *testing.B) {
			l := open(b, b.TempDir(), Options{})
			r := begin(b, l)
			before := processTime()
			wholeWay(b, r, 1, b.N, window)
			b.ReportMetric(float64((processTime()-before).Nanoseconds())/1000/float64(b.N), "us-cpu/row")
		})
	}
}

// TestMillion measures a run of a million rows where MILLION is set: what a row costs, what
// the store keeps in memory, how long it takes to open and to plan all again.
func TestMillion(t *testing.T) {
	n := 1_000_000
	if v := os.Getenv("MILLION"); v == "" {
		t.Skip("set MILLION=1, or to the number of rows")
	} else if v != "1" {
		fmt.Sscan(v, &n)
	}
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	for first, step := 1, 1000; first <= n; first, step = first+step, min(n-first-step+1, max(step, 9*(first+step-1))) {
		before, start := processTime(), time.Now()
		wholeWay(t, r, first, step, benchWindow)
		t.Logf("%8d rows: %v of CPU and %v a row", first+step-1, (processTime()-before)/time.Duration(step), time.Since(start)/time.Duration(step))
		if first+step > n {
			break
		}
	}
	do(t, l.Close())
	info, err := os.Stat(Path(folder))
	do(t, err)
	t.Logf("%d MB on disk", info.Size()>>20)
	l, r = nil, nil
	before := heap()
	start := time.Now()
	l = open(t, folder, Options{})
	t.Logf("opened in %v", time.Since(start))
	start = time.Now()
	r = begin(t, l)
	t.Logf("resumed in %v, %d KiB of heap", time.Since(start), (heap()-before)>>10)
	start, cpu := time.Now(), processTime()
	for i := 0; i < n; i += benchWindow {
		for _, s := range plan(t, r, people(1+i, min(benchWindow, n-i))) {
			if s.State != Sent {
				t.Fatalf("%+v", s)
			}
		}
	}
	t.Logf("planned again in %v, %v of CPU a row, %d KiB of heap", time.Since(start), (processTime()-cpu)/time.Duration(n), (heap()-before)>>10)
	runtime.KeepAlive(r)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
