//go:build race

package main

// Rows and pages take ten times as long with the detector, and are not about races.
const raceDetector = true
