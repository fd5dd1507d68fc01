//go:build !race

package chart

const raceDetector = false
