package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// dialer connects to addresses that may be connected to. What is checked is the address that is dialled, so a name that means
// another one a moment later gains nothing (DNS rebinding).
type dialer struct {
	options Options
	// proxies are the hosts and ports of proxies in use, which are where whoever runs the script wants them.
	proxies sync.Map
}

// remember notes the proxies that a function returns.
func (d *dialer) remember(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	if proxy == nil {
		return nil
	}
	return func(r *http.Request) (*url.URL, error) {
		u, err := proxy(r)
		if u != nil {
			port := u.Port()
			if port == "" {
				port = map[string]string{"http": "80", "https": "443", "socks5": "1080"}[u.Scheme]
			}
			d.proxies.Store(net.JoinHostPort(u.Hostname(), port), true)
		}
		return u, err
	}
}

// dial connects to the first address of a host that answers.
func (d *dialer) dial(ctx context.Context, _, target string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.options.Connect)
	defer cancel()
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	allow := d.options.Allow
	if _, ok := d.proxies.Load(target); ok {
		allow = everywhere
	}
	addresses, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var refused *AddressError
	var usable []netip.Addr
	for _, address := range addresses {
		if kind := refusal(address, allow); kind == "" {
			usable = append(usable, address)
		} else if refused == nil {
			refused = &AddressError{Host: host, Address: address, Kind: kind}
		}
	}
	if len(usable) == 0 {
		if refused == nil {
			return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
		}
		return nil, refused
	}
	return connect(ctx, usable, port, allow)
}

// everywhere allows all addresses.
var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

func (d *dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	return d.options.Resolve(ctx, host)
}

// connect tries addresses in turn. Each but the last gets its share of the time, 2 seconds at least.
func connect(ctx context.Context, addresses []netip.Addr, port string, allow []netip.Prefix) (net.Conn, error) {
	network := net.Dialer{Control: func(_, target string, _ syscall.RawConn) error { return checkDialled(target, allow) }}
	var failures []error
	for i, address := range addresses {
		attempt, cancel := ctx, context.CancelFunc(func() {})
		if deadline, ok := ctx.Deadline(); ok && i < len(addresses)-1 {
			share := max(time.Until(deadline)/time.Duration(len(addresses)-i), 2*time.Second)
			attempt, cancel = context.WithTimeout(ctx, share)
		}
		connection, err := network.DialContext(attempt, "tcp", net.JoinHostPort(address.String(), port))
		cancel()
		if err == nil {
			return connection, nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failures[0]
}

// checkDialled looks at an address a last time, as the socket gets it.
func checkDialled(target string, allow []netip.Prefix) error {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return err
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("the port is no number")
	}
	if kind := refusal(address, allow); kind != "" {
		return &AddressError{Host: host, Address: address, Kind: kind}
	}
	return nil
}
