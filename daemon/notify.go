package daemon

import (
	"net"
	"strconv"
	"strings"
	"time"
)

// Notifier tells a service manager how the process is, by the protocol of
// sd_notify(3): datagrams of lines NAME=VALUE to a unix socket. Where nobody
// listens it does nothing.
type Notifier struct {
	socket   string
	watchdog time.Duration
}

// NewNotifier makes a notifier from the environment: NOTIFY_SOCKET, and
// WATCHDOG_USEC with WATCHDOG_PID.
func NewNotifier(getenv func(string) string, pid int) *Notifier {
	n := &Notifier{socket: getenv("NOTIFY_SOCKET")}
	// sd_watchdog_enabled(3): the variables may have been inherited from a process
	// that they were meant for.
	if owner := getenv("WATCHDOG_PID"); owner == "" || owner == strconv.Itoa(pid) {
		if usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && usec > 0 && n.socket != "" {
			n.watchdog = time.Duration(usec) * time.Microsecond
		}
	}
	return n
}

// Watchdog is how long the service manager waits for a sign of life; 0 is for ever.
func (n *Notifier) Watchdog() time.Duration { return n.watchdog }

// Ready says that the process is up, or has taken its new configuration.
func (n *Notifier) Ready(status string) error { return n.send("READY=1", line("STATUS", status)) }

// Reloading says that a new configuration is being read; Ready is to follow.
func (n *Notifier) Reloading() error {
	// sd_notify(3): Type=notify-reload wants to know when, by the monotonic clock.
	return n.send("RELOADING=1", monotonicLine())
}

// Stopping says that the process is about to end.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1") }

// Alive is the sign of life.
func (n *Notifier) Alive() error { return n.send("WATCHDOG=1") }

func line(name, value string) string {
	return name + "=" + strings.Map(func(c rune) rune {
		if c < ' ' {
			return ' '
		}
		return c
	}, value)
}

func (n *Notifier) send(lines ...string) error {
	if n.socket == "" {
		return nil
	}
	// A name that begins with @ is abstract (unix(7)), which package net knows too.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	text := ""
	for _, l := range lines {
		if l != "" {
			text += l + "\n"
		}
	}
	_, err = conn.Write([]byte(text))
	return err
}
