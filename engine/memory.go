package engine

import (
	"runtime/metrics"
	"time"
)

// heapMetric is what the Go heap holds: live objects and those not yet collected.
const heapMetric = "/memory/classes/heap/objects:bytes"

// memoryInterval is how often a run looks at the heap. A script that doubles strings gets through 1 GiB in about
// twice as long.
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
		sample := []metrics.Sample{{Name: heapMetric}}
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
			}
			metrics.Read(sample)
			if used := sample[0].Value.Uint64(); used > uint64(limit) {
				cancel(aborted{&LimitError{Resource: "memory", Limit: limit, Used: int64(used)}})
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}
