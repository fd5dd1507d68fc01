// Package collector adjusts the garbage collector to what a process holds.
package collector

import "testing"

// The less is live, the more garbage there may be beside it, up to what a merge of a million
// rows keeps.
func TestGarbagePercent(t *testing.T) {
	for _, test := range []struct {
		live int64 // MiB
		most int64 // MiB of live and garbage together
	}{{0, 1}, {2, 10}, {4, 20}, {5, 24}, {8, 24}, {16, 24}, {20, 28}, {30, 42}, {32, 45}, {40, 80}, {1000, 2000}} {
		percent := garbagePercent(test.live << 20)
		if all := test.live + test.live*int64(percent)/100; percent < leastGarbage || percent > mostGarbage || all > test.most {
			t.Errorf("%d MiB live: %d %%, %d MiB in all, want %d at most", test.live, percent, all, test.most)
		}
	}
}
