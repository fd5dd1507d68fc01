package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

const (
	// maxMXAddresses is how many addresses of a domain one attempt tries.
	maxMXAddresses = 5
	// maxMXSessions is how many servers may greet and then fail.
	maxMXSessions = 2
)

// ErrNullMX is the cause where a domain says that it takes no mail at all (RFC
// 7505).
var ErrNullMX = errors.New("the domain takes no mail (null MX, 5.1.10)")

// ErrOwnAddress is the cause where the mail servers of a domain are this machine.
var ErrOwnAddress = errors.New("its mail server is this machine, or says so")

// ConnectMX connects to a mail server of a domain, the most preferred one that
// lets us in (RFC 5321, section 5.1). Port defaults to 25 and TLS to
// "opportunistic"; options.Host is not looked at.
func ConnectMX(ctx context.Context, domain string, options Options) (*Session, error) {
	what := "MX of " + domain
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(domain, "."))
	if err != nil || ascii == "" {
		return nil, &Error{Kind: KindArgument, Command: what, Err: &argumentError{fmt.Sprintf("%q is not a domain", domain)}}
	}
	if options.Port == 0 {
		options.Port = PortSMTP
	}
	if options.TLS == "" {
		options.TLS = TLSOpportunistic
	}
	resolver := options.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	limit := options.Timeouts.withDefaults().Connect
	hosts, err := mailHosts(ctx, resolver, ascii, limit)
	if err != nil {
		kind, err := kindOf(ctx, err)
		if errors.Is(err, ErrNullMX) {
			kind = KindDNS
		}
		return nil, &Error{Kind: kind, Command: what, Err: err}
	}
	return tryHosts(ctx, resolver, hosts, what, limit, options)
}

// mailHosts are the names of a domain's mail servers, most preferred first. Equal
// ones are in random order: the resolver sees to that.
func mailHosts(ctx context.Context, resolver *net.Resolver, domain string, limit time.Duration) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	records, err := resolver.LookupMX(ctx, domain+".")
	var missing *net.DNSError
	if errors.As(err, &missing) && missing.IsNotFound {
		// RFC 5321, section 5.1: a domain without MX is its own mail server.
		if _, err := resolver.LookupNetIP(ctx, "ip", domain+"."); err != nil {
			return nil, err
		}
		return []string{domain}, nil
	}
	if err != nil && len(records) == 0 {
		return nil, err
	}
	if len(records) == 1 && (records[0].Host == "." || records[0].Host == "") {
		return nil, ErrNullMX
	}
	var hosts []string
	for _, record := range records {
		if host := strings.TrimSuffix(record.Host, "."); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts, nil
}

// tryHosts connects to the first that lets us in. What the last said is returned
// where none does.
func tryHosts(ctx context.Context, resolver *net.Resolver, hosts []string, what string, limit time.Duration, options Options) (*Session, error) {
	var last error
	own := ownAddresses()
	tried, greeted := 0, 0
	for _, host := range hosts {
		lookup, cancel := context.WithTimeout(ctx, limit)
		addresses, err := resolver.LookupNetIP(lookup, "ip", host+".")
		cancel()
		if err != nil {
			kind, err := kindOf(ctx, err)
			last = &Error{Kind: kind, Command: what, Err: err}
			continue
		}
		for _, address := range addresses {
			address = address.Unmap()
			if address.IsLoopback() || address.IsUnspecified() || own[address] {
				if last == nil {
					last = &Error{Kind: KindDNS, Command: what, Err: fmt.Errorf("%s: %w", host, ErrOwnAddress)}
				}
				continue
			}
			if tried == maxMXAddresses || greeted == maxMXSessions {
				return nil, last
			}
			tried++
			options.Host, options.address = host, netip.AddrPortFrom(address, uint16(options.Port))
			session, err := Connect(ctx, options)
			if err == nil || ctx.Err() != nil {
				return session, err
			}
			var fault *Error
			if errors.As(err, &fault) && fault.Kind != KindConnect && fault.Kind != KindTimeout {
				greeted++
			}
			last = err
		}
	}
	return nil, last
}

// ownAddresses are those of this machine: mail sent there would come back.
func ownAddresses() map[netip.Addr]bool {
	own := map[netip.Addr]bool{}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return own
	}
	for _, address := range addresses {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			own[prefix.Addr().Unmap()] = true
		}
	}
	return own
}
