package dkim

import (
	"strings"
	"testing"
	"time"

	"errors"

	"github.com/google/go-cmp/cmp"
)

func signature() Signature { return Signature{Domain: "example.com", Selector: "s", Key: edTestKey()} }

func TestOptionsRefused(t *testing.T) {
	with := func(change func(*Options)) Options {
		o := Options{Signatures: []Signature{signature()}}
		change(&o)
		return o
	}
	first := func(change func(*Signature)) Options {
		return with(func(o *Options) { change(&o.Signatures[0]) })
	}
	long := strings.Repeat("a.", 125)
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{}, "dkim: signatures: there is none"},
		{first(func(s *Signature) { s.Domain = "" }), "dkim: domain: is missing"},
		{first(func(s *Signature) { s.Domain = "a..b" }), `dkim: domain: has an empty label: "a..b"`},
		{first(func(s *Signature) { s.Domain = "-a.b" }), `dkim: domain: has a label that begins or ends with a hyphen: "-a.b"`},
		{first(func(s *Signature) { s.Domain = "a" + long + "aaa" }), `dkim: domain: is longer than 253 octets: "aa.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a…"`},
		{first(func(s *Signature) { s.Domain = strings.Repeat("a", 64) + ".b" }), `dkim: domain: has a label longer than 63 octets: "` + strings.Repeat("a", 60) + `…"`},
		{first(func(s *Signature) { s.Selector = long + "a" }), `dkim: selector: makes a name longer than the DNS has: "` + strings.Repeat("a.", 30) + `…"`},
		{first(func(s *Signature) { s.Selector = "" }), "dkim: selector: is missing"},
		{first(func(s *Signature) { s.Key = nil }), "dkim: key: is missing"},
		{first(func(s *Signature) { s.Key = &Key{} }), "dkim: key: is missing"},
		{first(func(s *Signature) { s.Scope = "some" }), `dkim: scope: neither "aligned" nor "all": "some"`},
		{first(func(s *Signature) { s.Identity = "ann" }), `dkim: identity: has no @: "ann"`},
		{first(func(s *Signature) { s.Identity = "ann@example.org" }), `dkim: identity: the domain is not example.com or below it (RFC 6376, section 3.5): "ann@example.org"`},
		{first(func(s *Signature) { s.Identity = "@notexample.com" }), `dkim: identity: the domain is not example.com or below it (RFC 6376, section 3.5): "@notexample.com"`},
		{first(func(s *Signature) { s.Identity = "a\r\nb@example.com" }), `dkim: identity: holds a control character: "a\r\nb@example.com"`},
		{first(func(s *Signature) { s.Identity = strings.Repeat("a", 65) + "@example.com" }), `dkim: identity: the local part is longer than 64 octets: "` + strings.Repeat("a", 60) + `…"`},
		{with(func(o *Options) { o.Headers = []string{"From", "subject", "Subject"} }), `dkim: headers: is named twice: "Subject"`},
		{with(func(o *Options) { o.Headers = []string{"Received"} }), `dkim: headers: must not be signed (RFC 6376, section 5.4): "Received"`},
		{with(func(o *Options) { o.Headers = []string{""} }), `dkim: headers: has no name`},
		{with(func(o *Options) { o.Oversign = []string{"a b"} }), `dkim: oversign: is no name of a field: "a b"`},
		{with(func(o *Options) { o.Body = "nofws" }), `dkim: body: neither "relaxed" nor "simple": "nofws"`},
		{with(func(o *Options) { o.Header = "x" }), `dkim: header: neither "relaxed" nor "simple": "x"`},
		{with(func(o *Options) { o.Lifetime = time.Minute }), `dkim: lifetime: 1m0s is shorter than mail may wait in a queue`},
		{with(func(o *Options) { o.Lifetime = -time.Hour }), `dkim: lifetime: -1h0m0s is shorter than mail may wait in a queue`},
		{with(func(o *Options) { o.Alignment = "x" }), `dkim: alignment: neither "require" nor "ignore": "x"`},
		{with(func(o *Options) { o.Signatures = append(o.Signatures, signature()) }), `dkim: signatures[2].selector: is used twice for example.com: "s"`},
		{with(func(o *Options) { o.Signatures = append(o.Signatures, Signature{}) }), `dkim: signatures[2].domain: is missing`},
	} {
		var fault *Error
		if _, err := NewSigner(c.options); !errors.As(err, &fault) || err.Error() != c.want {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
}

// TestInjection: no byte that ends a tag, a line or a text gets into a field, whichever
// option it is put in.
func TestInjection(t *testing.T) {
	for _, bad := range []string{"\r", "\n", "\r\nBcc: x@y\r\n", "\x00", ";", "; l=1", "\"", "\\", ">", " ", "\t", "=", "\xff", "\x7f", "\u2028", ":", strings.Repeat("x", 100_000)} {
		for place, put := range map[string]func(*Options){
			"domain":   func(o *Options) { o.Signatures[0].Domain = "exa" + bad + "mple.com" },
			"selector": func(o *Options) { o.Signatures[0].Selector = "s" + bad + "1" },
			"i domain": func(o *Options) { o.Signatures[0].Identity = "a@x" + bad + ".example.com" },
			"i local":  func(o *Options) { o.Signatures[0].Identity = "a" + bad + "@example.com" },
			"headers":  func(o *Options) { o.Headers = []string{"From", "X" + bad} },
			"oversign": func(o *Options) { o.Oversign = []string{"X" + bad} },
			"scope":    func(o *Options) { o.Signatures[0].Scope = Scope("all" + bad) },
			"header c": func(o *Options) { o.Header = Relaxed + Canonicalization(bad) },
			"body c":   func(o *Options) { o.Body = Relaxed + Canonicalization(bad) },
		} {
			o := Options{Signatures: []Signature{signature()}, Alignment: IgnoreAlignment}
			put(&o)
			signer, err := NewSigner(o)
			if err != nil {
				if len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\r\n\x00\x7f") {
					t.Errorf("%s with %.10q: the error is not fit for a terminal: %.300q", place, bad, err)
				}
				continue
			}
			fields, err := signer.Sign([]byte("From: a@example.com\r\n"), signer.HashBody(nil), signedAt)
			if err != nil {
				t.Errorf("%s with %.10q: %v", place, bad, err)
				continue
			}
			if read, err := parseHeader(fields); err != nil || len(read) != 1 {
				t.Errorf("%s with %.10q: %q", place, bad, fields)
			}
			unfolded := strings.Join(strings.Fields(string(fields)), " ")
			tags := map[string]int{}
			for tag := range strings.SplitSeq(strings.TrimPrefix(unfolded, "DKIM-Signature: "), ";") {
				name, _, _ := strings.Cut(strings.TrimSpace(tag), "=")
				tags[name]++
			}
			delete(tags, "i")
			want := map[string]int{"v": 1, "a": 1, "c": 1, "d": 1, "s": 1, "t": 1, "h": 1, "bh": 1, "b": 1}
			if diff := cmp.Diff(want, tags); diff != "" {
				t.Errorf("%s with %.10q (-want +got)\n%s", place, bad, diff)
			}
		}
	}
}

func TestSignRefuses(t *testing.T) {
	expiring, err := NewSigner(Options{Signatures: []Signature{signature()}, Lifetime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	body := expiring.HashBody(nil)
	for _, c := range []struct {
		header string
		body   BodyHash
		now    time.Time
		want   string
	}{
		{testHeader, HashBody(Relaxed, nil), signedAt, `dkim: body: was hashed in another canonicalization than simple: "relaxed"`},
		{testHeader, BodyHash{}, signedAt, `dkim: body: was hashed in another canonicalization than simple`},
		{testHeader, body, time.Time{}, `dkim: lifetime: needs the time of signing`},
		{testHeader + "From: b@example.com\r\n", body, signedAt, `dkim: header: has more than one From field`},
		{"From: a <>\r\nFrom: b@example.com\r\n", body, signedAt, `dkim: header: has more than one From field`},
		{"X: y\n", body, signedAt, `dkim: header: line 1 does not end in CRLF`},
		{"To: a@example.com\r\n", body, signedAt, `dkim: signing: the header has no From field with a domain`},
		{"From: a@example.org\r\n", body, signedAt, `dkim: signing: the keys are of example.com, the From field is of example.org`},
		{"From: a@example.com, b@example.org\r\n", body, signedAt, `dkim: signing: the keys are of example.com, the From field is of example.com, example.org`},
		{"From: a@example.com.evil.example\r\n", body, signedAt, `dkim: signing: the keys are of example.com, the From field is of example.com.evil.example`},
	} {
		if _, err := expiring.Sign([]byte(c.header), c.body, c.now); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v\nwant %s", c.header, err, c.want)
		}
	}
	var unaligned *AlignmentError
	if _, err := expiring.Sign([]byte("From: a@example.org\r\n"), body, signedAt); !errors.As(err, &unaligned) {
		t.Errorf("%v is no AlignmentError", err)
	}
}

func TestAlign(t *testing.T) {
	for _, c := range []struct {
		from, domain string
		want         Alignment
	}{
		{"example.com", "example.com", StrictAlign},
		{"Example.COM.", "example.com", StrictAlign},
		{"mail.example.com", "example.com", RelaxedAlign},
		{"example.com", "a.b.example.com", RelaxedAlign},
		{"x.example.com", "y.example.com", RelaxedAlign},
		{"example.co.uk", "other.co.uk", Unaligned},
		{"a.example.co.uk", "example.co.uk", RelaxedAlign},
		{"com", "example.com", Unaligned},
		{"co.uk", "co.uk", StrictAlign},
		{"bücher.example", "xn--bcher-kva.example", StrictAlign},
		{"x.bücher.example", "xn--bcher-kva.example", RelaxedAlign},
		{"", "", Unaligned},
		{"[192.0.2.1]", "[192.0.2.1]", Unaligned},
		{"a..b", "a..b", Unaligned},
	} {
		if got := Align(c.from, c.domain); got != c.want {
			t.Errorf("%s and %s: %q, want %q", c.from, c.domain, got, c.want)
		}
	}
}

func TestFromDomains(t *testing.T) {
	for value, want := range map[string][]string{
		" Ann <ann@Example.com>":                    {"example.com"},
		"ann@example.com":                           {"example.com"},
		"ann@example.com (at home, a@b.c)":          {"example.com"},
		`"a@b.example, c" <ann@example.com>`:        {"example.com"},
		`"a\"@b.example" <ann@example.com>`:         {"example.com"},
		"a@x.example, B <b@y.example>, c@x.example": {"x.example", "y.example"},
		"Team: a@x.example, b@y.example;":           {"x.example", "y.example"},
		"<@relay.example:ann@example.com>":          {"example.com"},
		"ann@\r\n example.com":                      {"example.com"},
		`"odd@local"@example.com`:                   {"example.com"},
		"=?utf-8?q?x@y.example?= <ann@example.com>": {"example.com"},
		"Ann <ann@bücher.example>":                  {"xn--bcher-kva.example"},
		"(a (nested \\) b@c.d)) <ann@example.com>":  {"example.com"},
		"Ann":                         nil,
		"Ann <ann@[192.0.2.1]>":       nil,
		`"unclosed <ann@example.com>`: nil,
		"(":                           nil,
		"":                            nil,
	} {
		if diff := cmp.Diff(want, FromDomains(value)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", value, diff)
		}
	}
}
