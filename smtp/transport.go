package smtp

import (
	"context"
	"net"
	"net/netip"
	"slices"
)

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
		o.addresses.next()
		return o.Dial(ctx, target)
	}
	dialer := &net.Dialer{Resolver: o.Resolver}
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
		o.addresses.next()
		return o.Proxy.dial(ctx, dialer, target.Address())
	}
	left := o.addresses
	if left == nil { // else ConnectMX has looked them up
		resolved, err := o.lookUp(ctx, target.Host)
		if err != nil {
			return nil, err
		}
		left = &addresses{alternating(resolved, maxAddresses)}
	}
	return race(ctx, left, func(ctx context.Context, address netip.Addr) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(address, uint16(target.Port)).String())
	})
}

// lookUp are the addresses of a host that can be reached from SourceAddress, in
// the resolver's order (RFC 6724).
func (o Options) lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	resolver := o.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	resolved, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	source, err := netip.ParseAddr(o.SourceAddress)
	if err != nil {
		return resolved, nil
	}
	fitting := slices.DeleteFunc(resolved, func(a netip.Addr) bool { return a.Unmap().Is4() != source.Unmap().Is4() })
	if len(fitting) == 0 {
		return nil, &net.DNSError{Err: "it has no address of the family of the source address", Name: host, IsNotFound: true}
	}
	return fitting, nil
}
