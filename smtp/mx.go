package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

const (
	// maxMXHosts is how many mail servers of a domain are looked up; most domains
	// have fewer, and nobody waits for the names of a thousand.
	maxMXHosts = 10
	// maxMXSessions is how many servers may take the connection and then fail.
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
	limit := options.Timeouts.withDefaults().Connect
	hosts, err := options.mailHosts(ctx, ascii, limit)
	if err != nil {
		kind, err := kindOf(ctx, err)
		if errors.Is(err, ErrNullMX) {
			kind = KindDNS
		}
		return nil, &Error{Kind: kind, Command: what, Err: err}
	}
	return options.tryHosts(ctx, hosts, what, limit)
}

// mailHosts are the names of a domain's mail servers, most preferred first. Equal
// ones are in random order: the resolver sees to that.
func (o Options) mailHosts(ctx context.Context, domain string, limit time.Duration) ([]string, error) {
	resolver := o.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
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
	if len(hosts) == 0 {
		return nil, ErrNullMX // said several times
	}
	return hosts, nil
}

// tryHosts connects to the first that lets us in. Where none does, what the last
// said is returned; what may change with time before what will not.
func (o Options) tryHosts(ctx context.Context, hosts []string, what string, limit time.Duration) (*Session, error) {
	var last error
	note := func(err error) {
		var before, now *Error
		if !errors.As(last, &before) || !errors.As(err, &now) || now.Temporary() || !before.Temporary() {
			last = err
		}
	}
	own := ownAddresses()
	room, greeted := maxAddresses, 0
	hosts = hosts[:min(len(hosts), maxMXHosts)]
	for i, host := range hosts {
		lookup, cancel := context.WithTimeout(ctx, limit)
		found, err := o.lookUp(lookup, host+".")
		cancel()
		if err != nil {
			kind, err := kindOf(ctx, err)
			note(&Error{Kind: kind, Command: what, Err: err})
			if ctx.Err() != nil {
				break
			}
			continue
		}
		found = slices.DeleteFunc(found, func(a netip.Addr) bool {
			a = a.Unmap()
			return a.IsLoopback() || a.IsUnspecified() || own[a]
		})
		if len(found) == 0 {
			note(&Error{Kind: KindDNS, Command: what, Err: fmt.Errorf("%s: %w", host, ErrOwnAddress)})
			continue
		}
		left := &addresses{alternating(found, room)}
		for len(left.left) > 0 && greeted < maxMXSessions {
			before := len(left.left)
			o.Host, o.addresses = host, left
			session, err := Connect(ctx, o)
			if err == nil || ctx.Err() != nil {
				return session, err
			}
			room -= before - len(left.left)
			var fault *Error
			note(err)
			if errors.As(err, &fault) && !strings.HasPrefix(fault.Command, "connect ") {
				if greeted++; i+1 < len(hosts) {
					break // another address of it is hardly another server
				}
			}
			if len(left.left) == before {
				break // it does not depend on the address
			}
		}
		if room == 0 || greeted == maxMXSessions {
			break
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
