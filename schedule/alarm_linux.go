package schedule

import (
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// fileAlarm is a timer of the kernel on the wall clock (timerfd_create(2)), which
// also reports that the clock was set.
type fileAlarm struct {
	file *os.File
	fd   int
	c    chan struct{}
	done sync.WaitGroup
}

func systemAlarm() Alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return newTimerAlarm()
	}
	a := &fileAlarm{file: os.NewFile(uintptr(fd), "timerfd"), fd: fd, c: make(chan struct{}, 1)}
	a.done.Go(a.watch)
	return a
}

// watch turns what can be read into values of the channel.
func (a *fileAlarm) watch() {
	var expirations [8]byte
	for {
		_, err := a.file.Read(expirations[:])
		if err != nil && !errors.Is(err, unix.ECANCELED) {
			return // closed
		}
		a.ring()
	}
}

func (a *fileAlarm) ring() {
	select {
	case a.c <- struct{}{}:
	default:
	}
}

// farAway is a time that no clock reaches; a timer at zero would be off, and deaf
// to changes of the clock.
const farAway = 1 << 33 // seconds since 1970, in the year 2242

func (a *fileAlarm) Set(at time.Time) {
	seconds, nanoseconds := int64(farAway), 0
	if !at.IsZero() {
		seconds, nanoseconds = min(max(at.Unix(), 1), farAway), at.Nanosecond()
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(seconds*int64(time.Second) + int64(nanoseconds))}
	err := unix.TimerfdSettime(a.fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &spec, nil)
	if err != nil {
		a.ring() // ECANCELED: the clock was set since somebody looked
	}
}

func (a *fileAlarm) C() <-chan struct{} { return a.c }

func (a *fileAlarm) Close() {
	a.file.Close()
	a.done.Wait()
}
