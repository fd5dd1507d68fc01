//go:build !race

package smtp

// negotiations is how many TestNegotiations plays.
const negotiations = 10_000
