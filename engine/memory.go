package engine

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// heapMetric is what the Go heap holds: live objects and those not yet collected.
const heapMetric = "/memory/classes/heap/objects:bytes"

func newHeapSample() []metrics.Sample { return []metrics.Sample{{Name: heapMetric}} }

// heapSize reads the size of the heap in bytes.
func heapSize(sample []metrics.Sample) int64 {
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// memoryInterval is how often a run looks at the heap. A script that fills tables gets
// through 100 MiB in that time.
const memoryInterval = 20 * time.Millisecond

// watchMemory ends the run when the heap grows beyond the limit. The watching ends with the function it returns.
// It measures the process, not the script: gopher-lua does not count, and what Go libraries allocate for a script
// kills the machine just as well.
func (rt *Runtime) watchMemory() (stop func()) {
	limit := rt.opts.MaxMemory
	if limit < 0 {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	cancel := rt.cancel
	go func() {
		defer close(done)
		ticker := time.NewTicker(memoryInterval)
		defer ticker.Stop()
		sample := newHeapSample()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
			}
			if used := heapSize(sample); used <= limit {
				continue
			}
			runtime.GC() // what nobody uses any more is not the script's
			if used := heapSize(sample); used > limit {
				cancel(aborted{&LimitError{Resource: "memory", Limit: limit, Used: used}})
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}
