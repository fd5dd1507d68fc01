//go:build race

package smtp

// The race detector makes all this many times slower.
const (
	// negotiations is how many TestNegotiations plays.
	negotiations = 1_500
	// thinned leaves all but one of so many places to cut a stream, and orders of
	// transactions, out.
	thinned = 7
)
