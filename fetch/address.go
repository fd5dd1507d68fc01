package fetch

import (
	"fmt"
	"net/netip"
)

// AddressError says that a host has no address that may be connected to.
type AddressError struct {
	// Host is what was asked for.
	Host string
	// Address is the first that was refused.
	Address netip.Addr
	// Kind says what it is: private, loopback and so on.
	Kind string
}

// Error names host, address and kind.
func (e *AddressError) Error() string {
	if e.Host == e.Address.String() {
		return fmt.Sprintf("%s is refused: it is %s", e.Host, e.Kind)
	}
	return fmt.Sprintf("%s is refused: its address %s is %s", e.Host, e.Address, e.Kind)
}

// network is one of the special ones.
type network struct {
	prefix netip.Prefix
	kind   string
}

// special are networks that are not public, from the IANA registries of special-purpose addresses (RFC 6890). Of IPv6, what is
// outside 2000::/3 is refused without being listed (RFC 4291, section 2.4), but named where it has a name.
var special = []network{
	{netip.MustParsePrefix("0.0.0.0/8"), "of this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by customers of a provider"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a 6to4 relay"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},

	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("::/96"), "IPv4-compatible"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated"},
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("2001::/32"), "Teredo"},
	{netip.MustParsePrefix("2001::/23"), "reserved"},
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation"},
}

// global holds all public IPv6 addresses.
var global = netip.MustParsePrefix("2000::/3")

// refusal says why an address may not be connected to, or nothing if it may. An IPv4 address in an IPv6 one (::ffff:…) counts as what
// it is; one behind NAT64 or 6to4 is refused, whatever it is.
func refusal(address netip.Addr, allow []netip.Prefix) string {
	address = address.Unmap().WithZone("")
	for _, prefix := range allow {
		if prefix.Contains(address) {
			return ""
		}
	}
	for _, n := range special {
		if n.prefix.Contains(address) {
			return n.kind
		}
	}
	switch {
	case !address.IsValid():
		return "no address"
	case address.Is6() && !global.Contains(address):
		return "not public"
	}
	return ""
}
