//go:build race

package luaapi

// What is injected is not about races, and takes ten times as long with the detector.
const raceDetector = true
