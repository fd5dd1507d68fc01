//go:build !race

package smtp

const (
	negotiations = 10_000
	thinned      = 1
)
