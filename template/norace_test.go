//go:build !race && !matrix

package template

// share is the divisor of the number of generated tests.
const share = 10
