//go:build race

package smtp

// negotiations is fewer here: the race detector makes TLS many times slower.
const negotiations = 1_500
