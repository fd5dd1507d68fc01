//go:build !grid && race

package schedule

// A year of a few pairs: nothing here runs at the same time.
const (
	gridWhole = false
	gridStep  = 37
)
