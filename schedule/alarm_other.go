//go:build !linux

package schedule

func systemAlarm() Alarm { return newTimerAlarm() }
