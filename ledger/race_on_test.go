//go:build race

package ledger

// SQLite in Go is twenty times slower with the race detector.
const raceDetector = true
