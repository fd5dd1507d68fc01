package smtp

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// fallbackDelay is how long the first address family has before the other is
// tried beside it: the connection attempt delay of RFC 8305, section 5.
const fallbackDelay = 250 * time.Millisecond

// open makes the connection that everything else happens on: TCP or a unix
// socket, through a proxy where there is one, announced with a PROXY header
// where one was asked for.
func (o Options) open(ctx context.Context, target Target) (net.Conn, error) {
	conn, err := o.connect(ctx, target)
	if err != nil || o.ProxyHeader == (ProxyHeader{}) {
		return conn, err
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetWriteDeadline(deadline)
	if _, err := conn.Write(o.ProxyHeader.bytes()); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func (o Options) connect(ctx context.Context, target Target) (net.Conn, error) {
	if o.Dial != nil {
		return o.Dial(ctx, target)
	}
	dialer := &net.Dialer{FallbackDelay: fallbackDelay, Resolver: o.Resolver}
	if o.Socket != "" {
		return dialer.DialContext(ctx, "unix", o.Socket)
	}
	if o.SourceAddress != "" {
		source, err := netip.ParseAddr(o.SourceAddress)
		if err != nil {
			return nil, err
		}
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	if o.Proxy != (Proxy{}) {
		return o.Proxy.dial(ctx, dialer, target.Address())
	}
	address := target.Address()
	if o.address.IsValid() { // of the MX that is being tried
		address = o.address.String()
	}
	return dialer.DialContext(ctx, "tcp", address)
}
