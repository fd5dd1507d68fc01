//go:build !unix

package smtp

import "net"

// readable cannot be asked here without waiting; surplus bytes are still found
// when they arrive together with a reply.
func readable(net.Conn) bool { return false }
