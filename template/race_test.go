//go:build race

package template

// slowed says that the race detector makes everything ten times slower.
const slowed = true
