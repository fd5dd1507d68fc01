package config

import (
	"slices"
	"strings"
)

// allow reads the domains that may be sent to.
func (t *table) allow() []string {
	var domains []string
	list, n := t.strings("allow", func(text string, e *entry) {
		if strings.Contains(text, "@") {
			t.fail(e.value, "write the domain alone", "allow takes domains, not addresses")
			return
		}
		wild, name := "", text
		if below, ok := strings.CutPrefix(text, "*."); ok {
			wild, name = "*.", below
		}
		ascii, reason := asciiHost(name)
		if reason != "" {
			t.fail(e.value, `write "example.org", or "*.example.org" for all below it`, "allow: %q %s", text, reason)
			return
		}
		domains = append(domains, wild+ascii)
	})
	if list != nil && n == 0 {
		t.fail(list.value, "leave the key out to allow all domains", "allow is an empty list")
	}
	return domains
}

// AllowsDomain reports whether recipients at a domain may be sent to. Upper and
// lower case are the same, and so are the Unicode and the ASCII form.
func (f *File) AllowsDomain(domain string) bool {
	if f == nil || len(f.AllowDomains) == 0 {
		return true
	}
	ascii, reason := asciiHost(strings.TrimSuffix(domain, "."))
	if reason != "" {
		return false
	}
	return slices.ContainsFunc(f.AllowDomains, func(allowed string) bool {
		if below, ok := strings.CutPrefix(allowed, "*"); ok {
			return strings.HasSuffix(ascii, below) && len(ascii) > len(below)
		}
		return ascii == allowed
	})
}
