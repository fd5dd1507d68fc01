//go:build !grid && !race

package schedule

// A year of each third pair.
const (
	gridWhole = false
	gridStep  = 3
)
