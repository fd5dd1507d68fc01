package smtp

import (
	"context"
	"net"
)

// Through dials an address, "host:port", through the proxy; the zero Proxy
// dials it directly. It is for what an account asks of other servers than that
// of its mail.
func (p Proxy) Through(ctx context.Context, address string) (net.Conn, error) {
	if p == (Proxy{}) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	return p.dial(ctx, new(net.Dialer), address)
}
