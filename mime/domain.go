package mime

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// domainProfile maps and checks domains as UTS #46 says, nontransitional: ß and the
// joiners keep their meaning, full-width dots are dots, soft hyphens vanish, and what
// would map to a character that is not letter, digit or hyphen is refused.
var domainProfile = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.StrictDomainName(true),
	idna.VerifyDNSLength(true),
	idna.CheckHyphens(false), // asciiFault does it, with our own words
)

// maxDomain is RFC 5321, section 4.5.3.1.2, in octets of the ASCII form.
const maxDomain = 255

// domainFault is a fault in a domain; the offset counts from the domain's first byte.
type domainFault struct {
	offset       int
	reason, hint string
}

// asciiDomain returns a domain with A-labels, or an address literal unchanged.
func asciiDomain(domain string) (string, *domainFault) {
	if strings.HasPrefix(domain, "[") {
		return domain, literalFault(domain)
	}
	if isASCII(domain) && !hasALabel(domain) {
		return domain, asciiFault(domain)
	}
	ascii, err := domainProfile.ToASCII(domain)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "idna: ")
		return "", &domainFault{0, "the domain is not valid (UTS #46): " + reason, ""}
	}
	if fault := asciiFault(ascii); fault != nil {
		// The offset is one of the mapped form; only the whole domain can be blamed.
		return "", &domainFault{0, fault.reason, fault.hint}
	}
	return ascii, nil
}

// hasALabel reports whether a label claims to be punycode and must be looked into.
func hasALabel(domain string) bool {
	for i := 0; i+4 <= len(domain); i++ {
		if domain[i+2] == '-' && domain[i+3] == '-' && (i == 0 || domain[i-1] == '.') &&
			strings.EqualFold(domain[i:i+2], "xn") {
			return true
		}
	}
	return false
}

// asciiFault checks the labels of RFC 1035, section 2.3.1, as relaxed by RFC 1123,
// section 2.1.
//
// QUIRK: the underscore, which no host name may hold, is taken: internal mail hosts
// are named so, and their servers take the mail.
func asciiFault(domain string) *domainFault {
	if domain == "" {
		return &domainFault{0, "the domain is empty", ""}
	}
	if len(domain) > maxDomain {
		return &domainFault{maxDomain, "the domain is longer than 255 octets", ""}
	}
	start, numeric := 0, true
	for i := 0; i <= len(domain); i++ {
		if i < len(domain) && domain[i] != '.' {
			c := domain[i]
			if !isAlnum(c) && c != '-' && c != '_' {
				return &domainFault{i, "a domain cannot hold " + quoteByte(c), ""}
			}
			if c < '0' || c > '9' {
				numeric = false
			}
			continue
		}
		label := domain[start:i]
		switch {
		case label == "" && i == 0:
			return &domainFault{i, "the domain begins with a dot", ""}
		case label == "" && i == len(domain):
			// RFC 5321, section 4.1.2: a domain on the wire has no final dot.
			return &domainFault{i - 1, "the domain ends in a dot", ""}
		case label == "":
			return &domainFault{i, "two dots in a row in the domain", ""}
		case len(label) > 63:
			return &domainFault{start, "a label of the domain is longer than 63 octets", ""}
		case label[0] == '-' || label[len(label)-1] == '-':
			return &domainFault{start, "a label of the domain begins or ends with a hyphen", ""}
		}
		if i < len(domain) {
			numeric = true // only the last label decides
		}
		start = i + 1
	}
	if numeric {
		return &domainFault{0, "the domain ends in a number",
			"an address literal stands in brackets: [192.0.2.1] or [IPv6:2001:db8::1]"}
	}
	return nil
}

// literalFault checks an address literal (RFC 5321, section 4.1.3): IPv4 or IPv6. The
// other tags that section allows for were never registered.
func literalFault(domain string) *domainFault {
	inner, closed := strings.CutSuffix(domain[1:], "]")
	if !closed {
		return &domainFault{0, "the address literal has no ]", ""}
	}
	text, six := inner, false
	if len(inner) >= 5 && strings.EqualFold(inner[:5], "IPv6:") {
		text, six = inner[5:], true
	}
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Is4() == six || ip.Zone() != "" {
		return &domainFault{0, "not an address literal", "write [192.0.2.1] or [IPv6:2001:db8::1]"}
	}
	return nil
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
