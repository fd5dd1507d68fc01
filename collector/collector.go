// Package collector adjusts the garbage collector to what a process holds.
package collector

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A merge makes much that lives briefly beside little that stays. While little is live
// there may be four times as much garbage, which saves a fifth of its time. One of a million
// rows keeps hashes of them, and is to fit into 64 MiB, of which the program itself takes a
// third: there may be less garbage the more is live, and above what such a merge keeps, as
// much as is usual.
const (
	heapTarget   = 24 << 20 // octets, live and garbage
	mostGarbage  = 400      // percent of what is live
	leastGarbage = 40
	largeHeap    = 32 << 20 // octets that are live
	usualGarbage = 100
)

// collector adjusts the garbage collector after each of its cycles.
type collector struct {
	percent int
	live    []metrics.Sample
}

// Watch begins adjusting, unless the user has said by GOGC or GOMEMLIMIT how it is to be. It
// is called once, when the process begins.
func Watch() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	c := &collector{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	c.adjust()
	c.await()
}

// await adjusts after the next cycle, which finds what nobody refers to.
func (c *collector) await() {
	sentinel := new([16]byte) // what is smaller lives as long as its neighbours
	runtime.AddCleanup(sentinel, func(c *collector) {
		c.adjust()
		c.await()
	}, c)
}

func (c *collector) adjust() {
	metrics.Read(c.live)
	percent := garbagePercent(int64(c.live[0].Value.Uint64()))
	// Each change stops all goroutines for a moment.
	if difference := percent - c.percent; max(difference, -difference) > percent/8 {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
}

// garbagePercent is how much garbage there may be beside so many octets that are live.
func garbagePercent(live int64) int {
	if live > largeHeap {
		return usualGarbage
	}
	return int(min(max((heapTarget-live)*100/max(live, 1), leastGarbage), mostGarbage))
}
