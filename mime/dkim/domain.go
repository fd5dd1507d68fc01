package dkim

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Limits of names in the DNS, RFC 1035, section 2.3.4.
const (
	maxDomain = 253
	maxLabel  = 63
)

// Alignment says how near the domain of a signature is to the one of the From field
// (RFC 7489, section 3.1.1).
type Alignment string

// The alignments.
const (
	Unaligned    Alignment = ""        // other domains
	RelaxedAlign Alignment = "relaxed" // one organization: a.example.com and example.com
	StrictAlign  Alignment = "strict"  // the same domain
)

// Align compares the domain of a signature with that of a From field. Case and the form
// of international domains do not matter. What is no domain is aligned with nothing.
func Align(from, domain string) Alignment {
	from, reason := asciiDomain(from)
	if reason != "" {
		return Unaligned
	}
	if domain, reason = asciiDomain(domain); reason != "" {
		return Unaligned
	}
	if from == domain {
		return StrictAlign
	}
	if organization(from) == organization(domain) {
		return RelaxedAlign
	}
	return Unaligned
}

// organization returns the Organizational Domain (RFC 7489, section 3.2), after the
// public suffix list. A public suffix is its own.
func organization(domain string) string {
	organization, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return organization
}

// asciiDomain returns a domain as d= has it: A-labels, in lower case, without a dot at
// the end; and why not, if it is none.
func asciiDomain(domain string) (ascii, reason string) {
	domain = strings.TrimSuffix(domain, ".")
	if len(domain) > 4*maxDomain { // UTF-8 is up to four times as long
		return "", "is longer than 253 octets"
	}
	if !isASCII(domain) {
		mapped, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", "is no domain (" + strings.TrimPrefix(err.Error(), "idna: ") + ")"
		}
		domain = mapped
	}
	if len(domain) > maxDomain {
		return "", "is longer than 253 octets"
	}
	if reason := labelsFault(domain); reason != "" {
		return "", reason
	}
	return strings.ToLower(domain), ""
}

// labelsFault says why a text is not labels with dots between them, or "". The
// underscore is no letter of host names, but some selectors have one.
func labelsFault(text string) string {
	if text == "" {
		return "is missing"
	}
	for label := range strings.SplitSeq(text, ".") {
		switch {
		case label == "":
			return "has an empty label"
		case len(label) > maxLabel:
			return "has a label longer than 63 octets"
		case label[0] == '-' || label[len(label)-1] == '-':
			return "has a label that begins or ends with a hyphen"
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return "has a byte other than letters, digits, hyphens and dots"
			}
		}
	}
	return ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// FromDomains returns the domains of all addresses in the value of a From field, folded
// or not, A-labels in lower case, each once. It looks for domains only: what stands in
// comments, quoted strings and display names is passed over.
func FromDomains(value string) []string {
	var domains []string
	add := func(domain string) {
		ascii, reason := asciiDomain(strings.Trim(domain, " \t\r\n"))
		if reason != "" {
			return
		}
		for _, known := range domains {
			if known == ascii {
				return
			}
		}
		domains = append(domains, ascii)
	}
	// The domain of an address is what follows the last @ before a comma, a > or the end,
	// so that the routes of RFC 5322, section 4.4, are passed over.
	var current []byte
	at := false
	finish := func() {
		if at {
			add(string(current))
		}
		at, current = false, current[:0]
	}
	for i := 0; i < len(value); i++ {
		switch c := value[i]; c {
		case '"':
			for i++; i < len(value) && value[i] != '"'; i++ {
				if value[i] == '\\' {
					i++
				}
			}
		case '(':
			for depth := 1; depth > 0 && i+1 < len(value); {
				i++
				switch value[i] {
				case '\\':
					i++
				case '(':
					depth++
				case ')':
					depth--
				}
			}
		case '@':
			at, current = true, current[:0]
		case ':': // behind a route, or the name of a group
			at, current = false, current[:0]
		case ',', '>', ';':
			finish()
		case '<':
			at, current = false, current[:0]
		default:
			if at {
				current = append(current, c)
			}
		}
	}
	finish()
	return domains
}
