package config

import (
	"slices"
	"testing"
)

func TestAllowsDomain(t *testing.T) {
	file := parse(t, `
[recipients]
allow = ["Example.ORG", "*.example.net", "größe.example", "*.xn--bcher-kva.example"]
`)
	want := []string{"example.org", "*.example.net", "xn--gre-6ka8i.example", "*.xn--bcher-kva.example"}
	if !slices.Equal(file.AllowDomains, want) {
		t.Errorf("%q, want %q", file.AllowDomains, want)
	}
	for domain, allowed := range map[string]bool{
		"example.org": true, "EXAMPLE.org": true, "example.org.": true,
		"mail.example.org": false, "badexample.org": false, "example.org.evil.example": false,
		"mail.example.net": true, "a.b.example.net": true,
		"example.net": false, ".example.net": false, "badexample.net": false,
		"größe.example": true, "GRÖSSE.example": false, "Größe.example": true, "xn--gre-6ka8i.example": true,
		"new.bücher.example": true, "bücher.example": false,
		"[192.0.2.1]": false, "": false, "example.org\x00": false, "example.org\r\n": false,
		// The full-width dot is a dot: RFC 5895, section 2.
		"example。org": true,
	} {
		if file.AllowsDomain(domain) != allowed {
			t.Errorf("%q: %v", domain, !allowed)
		}
	}
	for _, all := range []*File{nil, {}} {
		if !all.AllowsDomain("anywhere.example") {
			t.Error("without a list not all are allowed")
		}
	}
}
