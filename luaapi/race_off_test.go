//go:build !race

package luaapi

const raceDetector = false
