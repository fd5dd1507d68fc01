//go:build unix

package smtp

import (
	"net"
	"syscall"
)

// peek looks at what lies ready to be read, without waiting and without taking
// it.
func peek(conn net.Conn) peeked {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return unknown
	}
	access, err := socket.SyscallConn()
	if err != nil {
		return unknown
	}
	found := unknown
	var one [1]byte
	_ = access.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case n > 0:
			found = bytesReady
		case err == nil:
			found = atEnd
		case err == syscall.EAGAIN || err == syscall.EINTR:
			found = nothingReady
		default:
			found = atEnd
		}
	})
	return found
}
