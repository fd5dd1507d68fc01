//go:build !grid && race

package schedule

// The race detector makes everything ten times slower, and walks through time are
// made by one goroutine.
const (
	gridWhole     = false
	gridStep      = 101
	restartWorlds = 6
	memoryJobs    = 2
)
