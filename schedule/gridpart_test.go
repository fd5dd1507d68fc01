//go:build !grid && !race

package schedule

// A year of each seventh pair: some seconds.
const (
	gridWhole     = false
	gridStep      = 7
	restartWorlds = 40
	memoryJobs    = 10
)
