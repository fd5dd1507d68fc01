package smtp

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/url"
	"testing"
)

// hostTests are about whose a certificate is: RFC 9525, section 6.
var hostTests = []certificateTest{
	{"good, trailing dot", func(t *testing.T) shown { return issued(t).at("mx.example.") }, "", ""},
	{"good, other case", func(t *testing.T) shown { return issued(t).at("MX.Example") }, "", ""},
	{"good, internationalised host", func(t *testing.T) shown { return issued(t, named("xn--bcher-kva.example")).at("bücher.example") }, "", ""},
	{"good, wildcard", func(t *testing.T) shown { return issued(t, named("*.example")) }, "", ""},
	{"good, address", func(t *testing.T) shown { return issued(t, addressed("192.0.2.1")).at("192.0.2.1") }, "", ""},
	{"good, IPv6 address", func(t *testing.T) shown { return issued(t, addressed("2001:db8::1")).at("2001:DB8:0::1") }, "", ""},
	{"wrong host", func(t *testing.T) shown { return issued(t, named("www.example", "example")) }, ProblemWrongHost,
		`certificate of mx.example is for another host: it names www.example, example (issued by "Example Root")`},
	{"wrong host, many names", func(t *testing.T) shown {
		return issued(t, named("a.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example"))
	}, ProblemWrongHost,
		`certificate of mx.example is for another host: it names a.example, b.example, c.example, d.example, e.example, 2 more (issued by "Example Root")`},
	{"wildcard two labels deep", func(t *testing.T) shown { return issued(t, named("*.example")).at("a.b.example") }, ProblemWrongHost,
		`certificate of a.b.example is for another host: it names *.example (a "*" stands for the whole first label and no more) (issued by "Example Root")`},
	{"wildcard and the bare domain", func(t *testing.T) shown { return issued(t, named("*.mx.example")) }, ProblemWrongHost,
		`certificate of mx.example is for another host: it names *.mx.example (a "*" stands for the whole first label and no more) (issued by "Example Root")`},
	{"wildcard in the middle", func(t *testing.T) shown { return issued(t, named("a.*.example")).at("a.b.example") }, ProblemWrongHost,
		`certificate of a.b.example is for another host: it names a.*.example (a "*" stands for the whole first label and no more) (issued by "Example Root")`},
	{"partial wildcard", func(t *testing.T) shown { return issued(t, named("m*.example")) }, ProblemWrongHost,
		`certificate of mx.example is for another host: it names m*.example (a "*" stands for the whole first label and no more) (issued by "Example Root")`},
	{"wildcard alone", func(t *testing.T) shown { return issued(t, named("*")) }, ProblemWrongHost,
		`certificate of mx.example is for another host: it names * (a "*" stands for the whole first label and no more) (issued by "Example Root")`},
	{"suffix of the name", func(t *testing.T) shown { return issued(t, named("mx.example.evil.example")) }, ProblemWrongHost,
		`certificate of mx.example is for another host: it names mx.example.evil.example (issued by "Example Root")`},
	{"internationalised host, another", func(t *testing.T) shown { return issued(t, named("xn--bcher-kva.example")).at("bûcher.example") }, ProblemWrongHost,
		`certificate of xn--bcher-eva.example is for another host: it names xn--bcher-kva.example (issued by "Example Root")`},
	{"control characters in names", func(t *testing.T) shown { return issued(t, named("a\x1b[31m.example")) }, ProblemWrongHost,
		`certificate of mx.example is for another host: it names a�[31m.example (issued by "Example Root")`},
	{"address without one in the certificate", func(t *testing.T) shown { return issued(t).at("192.0.2.1") }, ProblemWrongHost,
		`certificate of 192.0.2.1 is for another host: it names mx.example, and no address (issued by "Example Root")`},
	{"another address", func(t *testing.T) shown { return issued(t, addressed("192.0.2.2")).at("192.0.2.1") }, ProblemWrongHost,
		`certificate of 192.0.2.1 is for another host: it names 192.0.2.2 (issued by "Example Root")`},
	{"address as a name", func(t *testing.T) shown { return issued(t, named("192.0.2.1")).at("192.0.2.1") }, ProblemWrongHost,
		`certificate of 192.0.2.1 is for another host: it names 192.0.2.1, and no address (issued by "Example Root")`},
	{"IPv6 address without one", func(t *testing.T) shown { return issued(t).at("2001:db8::1") }, ProblemWrongHost,
		`certificate of 2001:db8::1 is for another host: it names mx.example, and no address (issued by "Example Root")`},
	{"only an e-mail address", func(t *testing.T) shown {
		return issued(t, func(c *x509.Certificate) { c.DNSNames, c.EmailAddresses = nil, []string{"postmaster@mx.example"} })
	}, ProblemWrongHost,
		`certificate of mx.example is for another host: it names no host, only e-mail addresses (issued by "Example Root")`},
	{"only a URI", func(t *testing.T) shown {
		return issued(t, func(c *x509.Certificate) {
			c.DNSNames, c.URIs = nil, []*url.URL{{Scheme: "smtp", Host: "mx.example"}}
		})
	}, ProblemWrongHost,
		`certificate of mx.example is for another host: it names no host, only URIs (issued by "Example Root")`},
	{"empty list of names", func(t *testing.T) shown {
		return issued(t, named(), func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: []byte{0x30, 0x00}}}
		})
	}, ProblemWrongHost,
		`certificate of mx.example is for another host: it names no host (issued by "Example Root")`},
	{"common name only", func(t *testing.T) shown { return issued(t, named()) }, ProblemNoAltName,
		`certificate of mx.example has no subject alternative name, and its common name "mx.example" does not count (issued by "Example Root")`},
	{"no name at all", func(t *testing.T) shown {
		return issued(t, named(), func(c *x509.Certificate) { c.Subject = pkix.Name{} })
	}, ProblemNoAltName,
		`certificate of mx.example has no subject alternative name, and no common name either (issued by "Example Root")`},
}

// TestFault10 shows certificates of other hosts, and of the same one in other
// words.
func TestFault10(t *testing.T) { showCertificates(t, hostTests) }
