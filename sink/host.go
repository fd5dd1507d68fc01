package sink

import (
	"errors"
	"net/netip"
	"strings"
)

// hostName is the host of a Dial: a DNS name or an address.
type hostName struct {
	name    string // in lower case, without a trailing dot; empty for an address
	address netip.Addr
}

var errHost = errors.New("not a host name (an internationalised one needs its A-labels) and not an IP address")

// parseHost accepts what a client puts into a TLS ServerName: letters, digits,
// hyphens and underscores in labels (RFC 5890, section 2.3.1), or an IP address,
// in brackets or with a zone if need be.
func parseHost(host string) (hostName, error) {
	bare := host
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		bare = host[1 : len(host)-1]
	}
	if address, err := netip.ParseAddr(bare); err == nil {
		return hostName{address: address.WithZone("").Unmap()}, nil
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if name == "" || len(name) > 253 {
		return hostName{}, errHost
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return hostName{}, errHost
		}
		for i := range len(label) {
			if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return hostName{}, errHost
			}
		}
	}
	return hostName{name: name}, nil
}

// greeting is the name in the greeting, an address as a literal: RFC 5321, section 4.1.3.
func (h hostName) greeting() string {
	switch {
	case h.name != "":
		return h.name
	case h.address.Is6():
		return "[IPv6:" + h.address.String() + "]"
	}
	return "[" + h.address.String() + "]"
}
