//go:build race && !matrix

package template

// share is how much of the generated tests runs: the race detector makes everything ten
// times slower.
const share = 100
