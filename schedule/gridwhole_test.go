//go:build grid

package schedule

// All twenty years of every pair of specification and zone: some minutes.
const (
	gridWhole = true
	gridStep  = 1
)
