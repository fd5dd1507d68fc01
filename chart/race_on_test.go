//go:build race

package chart

// Drawing is twenty times slower with the race detector.
const raceDetector = true
