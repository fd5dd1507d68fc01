//go:build unix

package smtp

import (
	"net"
	"syscall"
)

// readable reports whether bytes lie ready to be read, without waiting and
// without taking them. Where the connection cannot tell, the answer is false.
// An end of the stream is not readable.
func readable(conn net.Conn) bool {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	access, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	var peek [1]byte
	_ = access.Control(func(fd uintptr) {
		n, _, _ = syscall.Recvfrom(int(fd), peek[:], syscall.MSG_PEEK)
	})
	return n > 0
}
