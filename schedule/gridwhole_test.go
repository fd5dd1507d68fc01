//go:build grid

package schedule

// All twenty years of every pair of specification and zone, and as much of the
// rest: a quarter of an hour.
const (
	gridWhole     = true
	gridStep      = 1
	restartWorlds = 3000
	memoryJobs    = 500
)
