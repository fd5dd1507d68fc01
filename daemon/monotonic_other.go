//go:build !linux

package daemon

// monotonicLine is for systemd, which is elsewhere only by name.
func monotonicLine() string { return "" }
