package engine

import (
	"context"
	"runtime"
	"runtime/metrics"
	"sync"
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

const (
	// memoryInterval is how often the heap is looked at while something runs. A script that
	// fills tables gets through 100 MiB in that time.
	memoryInterval = 20 * time.Millisecond
	// answerTime is how long runs have to begin to say what they hold, and weighingTime how
	// long those that have begun.
	answerTime   = 500 * time.Millisecond
	weighingTime = 5 * time.Second
	// partingTime is how long a run that was ended has until its memory must be free, so that
	// no other is ended for what it held.
	partingTime = 10 * time.Second
	// closedTime is how long it has after its Close.
	closedTime = time.Second
)

// Memory is a bound on the heap of the process, for the runtimes that share it. When the
// heap is larger, the one whose data is the largest is ended with a *LimitError, and the
// others go on.
//
// Go counts no memory by goroutine. What a run holds is estimated when it matters: each
// adds up the Lua values that it can reach. One that is inside of a Go function cannot, and
// counts with its share of what nobody accounts for; so does what Go holds for
// scripts. The estimate decides only between runs: when one alone runs, it is that one.
type Memory struct {
	limit int64

	mu      sync.Mutex
	runs    map[*Runtime]context.CancelCauseFunc
	number  int64               // of the last that began
	parting map[int64]time.Time // by number: ended, and until when others are spared
	spared  int64               // bytes of the heap when the last was ended
	base    int64               // bytes of the heap when the first of them began
	quit    chan struct{}       // ends the watching
	done    chan struct{}
}

// NewMemory makes a bound in bytes. 0 is 2 GiB, negative is none.
func NewMemory(limit int64) *Memory {
	if limit == 0 {
		limit = defaultMaxMemory
	}
	return &Memory{limit: limit, runs: map[*Runtime]context.CancelCauseFunc{}, parting: map[int64]time.Time{}}
}

// enter watches a run.
func (m *Memory) enter(rt *Runtime) {
	if m.limit < 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.number++
	rt.number = m.number
	m.runs[rt] = rt.cancel
	if len(m.runs) > 1 {
		return
	}
	m.base = heapSize(newHeapSample())
	m.quit, m.done = make(chan struct{}), make(chan struct{})
	go m.watch(m.quit, m.done)
}

// leave ends the watching of a run, and with the last one the goroutine.
func (m *Memory) leave(rt *Runtime) {
	if m.limit < 0 {
		return
	}
	m.mu.Lock()
	delete(m.runs, rt)
	var done chan struct{}
	if len(m.runs) == 0 {
		close(m.quit)
		done = m.done
	}
	m.mu.Unlock()
	if done != nil {
		<-done
	}
}

// closed notes that nobody needs what a run held.
func (m *Memory) closed(rt *Runtime) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ended := m.parting[rt.number]; ended {
		m.parting[rt.number] = time.Now().Add(closedTime)
	}
}

// watch looks at the heap. It measures the process, not the script: gopher-lua does not
// count, and what Go libraries allocate for a script kills the machine just as well.
func (m *Memory) watch(quit, done chan struct{}) {
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
		if heapSize(sample) <= m.limit {
			continue
		}
		runtime.GC() // what nobody uses any more is not the scripts'
		if used := heapSize(sample); used > m.limit {
			m.relieve(used, quit)
		}
	}
}

// relieve ends the largest run, unless one was ended that is about to free its memory.
func (m *Memory) relieve(used int64, quit <-chan struct{}) {
	candidates := m.candidates(used)
	if len(candidates) == 0 {
		return
	}
	largest, own := candidates[0], int64(0)
	if len(candidates) > 1 {
		decided := make(chan struct{})
		defer close(decided)
		largest, own = m.weigh(candidates, used, decided, quit)
		if largest == nil {
			return // all have ended meanwhile
		}
		runtime.GC()
		if used = heapSize(newHeapSample()); used <= m.limit {
			return // what one held that was about to end was freed meanwhile
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	cancel := m.runs[largest]
	if cancel == nil {
		return // it has ended meanwhile
	}
	m.parting[largest.number] = time.Now().Add(partingTime)
	m.spared = used
	cancel(aborted{&LimitError{Resource: "memory", Limit: m.limit, Used: used, Own: own}})
}

// candidates are the runs of which one is to be ended; none where that would be too soon.
func (m *Memory) candidates(used int64) []*Runtime {
	m.mu.Lock()
	defer m.mu.Unlock()
	var candidates []*Runtime
	running := map[int64]bool{}
	for rt := range m.runs {
		running[rt.number] = true
		if _, ended := m.parting[rt.number]; !ended {
			candidates = append(candidates, rt)
		}
	}
	now, parting := time.Now(), false
	for number, until := range m.parting {
		switch {
		case now.Before(until):
			parting = true
		case !running[number]:
			delete(m.parting, number)
		}
	}
	// More than one may grow, and the machine does not wait.
	if parting && used < m.spared+m.limit/4 {
		return nil
	}
	return candidates
}

// weigh finds the run with the largest data, and how much that is. Runs that have answered
// wait until it is decided.
func (m *Memory) weigh(candidates []*Runtime, used int64, decided, quit <-chan struct{}) (largest *Runtime, own int64) {
	m.mu.Lock()
	base := m.base
	m.mu.Unlock()
	answered := make(chan struct{}, len(candidates))
	weights := make([]*weight, len(candidates))
	for i, rt := range candidates {
		// What is more than half of everything is the largest, however much more.
		weights[i] = &weight{enough: used / 2, answered: answered, decided: decided}
		rt.asked.Store(weights[i])
		if c := rt.thread.Load(); c != nil {
			c.ask()
		}
	}
	if !await(weights, answered, quit) {
		return nil, 0
	}
	rest, open := used-base, int64(0)
	for _, w := range weights {
		// Twice, for it may be twice as much: who waits in a Go function most often holds
		// little, and is not to be ended because an estimate is poor.
		rest -= 2 * w.bytes.Load()
		if !w.ended.Load() {
			open++
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, rt := range candidates {
		rt.asked.CompareAndSwap(weights[i], nil)
		if m.runs[rt] == nil {
			continue
		}
		bytes := weights[i].bytes.Load()
		if bytes >= weights[i].enough {
			return rt, bytes // the others have less together
		}
		if !weights[i].ended.Load() {
			bytes += max(0, rest/max(1, open))
		}
		if largest == nil || bytes > own {
			largest, own = rt, bytes
		}
	}
	return largest, own
}

// await waits for answers: for those who have begun until they are done, for others not
// long. It is false when nobody needs to know any more.
func await(weights []*weight, answered, quit <-chan struct{}) bool {
	timer := time.NewTimer(answerTime)
	defer timer.Stop()
	begin := true // is still waited for
	for {
		waiting := false
		for _, w := range weights {
			waiting = waiting || !w.ended.Load() && (begin || w.begun.Load())
		}
		if !waiting {
			return true
		}
		select {
		case <-answered:
		case <-timer.C:
			if !begin {
				return true
			}
			begin = false
			timer.Reset(weighingTime)
		case <-quit:
			return false
		}
	}
}
