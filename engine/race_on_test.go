//go:build race

package engine

// slowdown is what the race detector costs.
const slowdown = 10
