package mime

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestParseAddress(t *testing.T) {
	for _, test := range []struct {
		text, name, mailbox, ascii string
	}{
		{"ann@example.org", "", "ann@example.org", "ann@example.org"},
		{"  <ann@example.org>\t", "", "ann@example.org", "ann@example.org"},
		{"Ann Example <ann@example.org>", "Ann Example", "ann@example.org", "ann@example.org"},
		{"Dr. Ann B. Example <ann@example.org>", "Dr. Ann B. Example", "ann@example.org", "ann@example.org"},
		{`"Example, Ann" <ann@example.org>`, "Example, Ann", "ann@example.org", "ann@example.org"},
		{`"Ann \"the\" \\ Example" <ann@example.org>`, `Ann "the" \ Example`, "ann@example.org", "ann@example.org"},
		{`Ann "B" <ann@example.org>`, "Ann B", "ann@example.org", "ann@example.org"},
		{"Jürgen <j@example.org>", "Jürgen", "j@example.org", "j@example.org"},
		{"ann@example.org (Ann (the) Example)", "", "ann@example.org", "ann@example.org"},
		{`(\)) Ann (x) <ann(y)@(z)example.org> (w)`, "Ann", "ann@example.org", "ann@example.org"},
		{"ann @ example.org", "", "ann@example.org", "ann@example.org"},
		{"=?utf-8?q?J=C3=BCrgen?= =?utf-8?b?IE3DvGxsZXI=?= <j@x.org>", "Jürgen Müller", "j@x.org", "j@x.org"},
		{"=?iso-8859-15?q?J=FCrgen_=A4?= X <j@x.org>", "Jürgen € X", "j@x.org", "j@x.org"},
		{"=?koi8-r?b?9sXO0Q==?= <j@x.org>", "Женя", "j@x.org", "j@x.org"},
		{"=?utf-8?q?broken <j@x.org>", "=?utf-8?q?broken", "j@x.org", "j@x.org"},
		{`"ann"@example.org`, "", "ann@example.org", "ann@example.org"},
		{`"ann.b"@example.org`, "", "ann.b@example.org", "ann.b@example.org"},
		{`"ann b"@example.org`, "", `"ann b"@example.org`, `"ann b"@example.org`},
		{`"a\@\"b"@example.org`, "", `"a@\"b"@example.org`, `"a@\"b"@example.org`},
		{`".a"@example.org`, "", `".a"@example.org`, `".a"@example.org`},
		{"a@[192.0.2.1]", "", "a@[192.0.2.1]", "a@[192.0.2.1]"},
		{"a@[IPv6:2001:db8::1]", "", "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
		{"a@localhost", "", "a@localhost", "a@localhost"},
		{"a@mail_1.internal", "", "a@mail_1.internal", "a@mail_1.internal"},
		{"a!#$%&'*+-/=?^_`{|}~@b.example", "", "a!#$%&'*+-/=?^_`{|}~@b.example", "a!#$%&'*+-/=?^_`{|}~@b.example"},
		{"ann@bücher.example", "", "ann@bücher.example", "ann@xn--bcher-kva.example"},
		{"ann@BÜCHER.example", "", "ann@BÜCHER.example", "ann@xn--bcher-kva.example"},
		{"ann@xn--bcher-kva.example", "", "ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"},
	} {
		a, err := ParseAddress(test.text)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if want := (Address{test.name, test.mailbox}); a != want {
			t.Errorf("%q: got %+v, want %+v", test.text, a, want)
		}
		if ascii, err := a.ASCII(); err != nil || ascii != test.ascii {
			t.Errorf("%q: ASCII is %q, %v, want %q", test.text, ascii, err, test.ascii)
		}
		if again, err := ParseAddress(a.String()); err != nil || again != a {
			t.Errorf("%q: String %q reads back as %+v, %v", test.text, a.String(), again, err)
		}
		header, err := a.Header()
		if err != nil {
			t.Errorf("%q: Header: %v", test.text, err)
		}
		if again, err := ParseAddress(header); err != nil || again.Name != a.Name {
			t.Errorf("%q: Header %q reads back as %+v, %v", test.text, header, again, err)
		}
	}
}

// TestHostileAddresses is the list "Recipient/sender fields" of hostile inputs. What is
// refused says why and where; what is taken is one mailbox that cannot leave its <>.
func TestHostileAddresses(t *testing.T) {
	local64, local65 := strings.Repeat("l", 64), strings.Repeat("l", 65)
	label := strings.Repeat("d", 63)
	domain := func(n int) string { // n octets
		s := []byte(strings.Repeat(label+".", 5)[:n-4])
		if s[len(s)-1] == '.' {
			s[len(s)-1] = 'x'
			s[len(s)-2] = '.'
		}
		return string(s) + ".org"
	}
	for _, test := range []struct {
		text   string
		wire   string // taken, when not empty
		offset int
		reason string
	}{
		{"a@b\r\nRCPT TO:<c@d>", "", 3, "carriage return"},
		{"a@b\nBcc: c@d", "", 3, "line feed"},
		{"a@b>\r\nDATA", "", 4, "carriage return"},
		{"a@b>", "", 3, "unexpected '>'"},
		{"a@b> SIZE=1", "", 3, "unexpected '>'"},
		{"<a@b> SIZE=1", "", 6, "unexpected 'S'"},
		{"<a@b>>", "", 5, "unexpected '>'"},
		{"<<a@b>>", "", 1, "unexpected '<'"},
		{"a@b SIZE=1", "", 4, "unexpected 'S'"},
		{`"a b"@c`, `"a b"@c`, 0, ""},
		{`"xclow3n@gmail.com x"@internal.domain`, `"xclow3n@gmail.com x"@internal.domain`, 0, ""},
		{`"a>b"@c`, `"a>b"@c`, 0, ""},
		{"\"a\tb\"@c", "", 0, "tab"},
		{"xclow3n@gmail.com x@internal.domain", "", 18, "unexpected 'x'"},
		{"a@b@c", "", 3, "unexpected '@'"},
		{"a b@c", "", 2, "a blank inside the address"},
		{"a@b (c\r\n d)", "", 6, "carriage return"},
		{local64 + "@b.org", local64 + "@b.org", 0, ""},
		{local65 + "@b.org", "", 0, "longer than 64 octets"},
		{`"` + strings.Repeat("l", 62) + ` "@b.org`, "", 0, "longer than 64 octets"},
		{"a@" + domain(252), "a@" + domain(252), 0, ""},
		{"a@" + domain(253), "", 0, "longer than 254 octets"},
		{"a@" + domain(256), "", 257, "longer than 255 octets"},
		{local64 + "@" + domain(255), "", 0, "longer than 254 octets"},
		{"a@" + label + "d.org", "", 2, "longer than 63 octets"},
		{strings.Repeat("(", 10<<20), "", 8 << 10, "longer than"},
		{strings.Repeat("(", 1000), "", 64, "nested too deep"},
		{"a@b (", "", 4, "not closed"},
		{`a@b (\`, "", 4, "not closed"},
		{",,,,", "", 0, "no address"},
		{"a@b,c@d", "", 4, "more than one address"},
		{"Smith, Carol <c@d>", "", 0, "no @"},
		{"g: a@b;", "", 0, "a group"},
		{"<@route:a@b>", "", 1, "a source route"},
		{"<@r1,@r2:a@b>", "", 1, "a source route"},
		{"a@[IPv6:::1]", "a@[IPv6:::1]", 0, ""},
		{"a@[1.2.3.4]", "a@[1.2.3.4]", 0, ""},
		{"a@[1.2.3.4", "", 2, "no ]"},
		{"a@[1.2.3]", "", 2, "not an address literal"},
		{"a@[::1]", "", 2, "not an address literal"},
		{"a@[IPv6:1.2.3.4]", "", 2, "not an address literal"},
		{"a@[IPv6:fe80::1%eth0]", "", 2, "not an address literal"},
		{"a@[1.2.3.4]x", "", 11, "unexpected 'x'"},
		{"a@[x>y]", "", 2, "not an address literal"},
		{"a@1.2.3.4", "", 2, "ends in a number"},
		{"a@b..c", "", 4, "two dots"},
		{"a@.b", "", 2, "begins with a dot"},
		{"a@b.", "", 3, "ends in a dot"},
		{".a@b", "", 0, "dot"},
		{"a.@b", "", 0, "dot"},
		{"a..b@c", "", 0, "dot"},
		{"a@-b.c", "", 2, "hyphen"},
		{"a@b-.c", "", 2, "hyphen"},
		{"a@b/c", "", 3, "cannot hold '/'"},
		{"a@b;c@d", "", 3, "unexpected ';'"},
		{"@b", "", 0, "local part is empty"},
		{"<@b>", "", 1, "source route"},
		{`""@b`, "", 0, "local part is empty"},
		{"a@", "", 2, "the domain is empty"},
		{"<>", "", 1, "the address is empty"},
		{"<a@b", "", 4, "not closed"},
		{`"a@b`, "", 0, "not closed"},
		{`"a\`, "", 0, "not closed"},
		// UTS #46: mapped, with joiners and overrides refused.
		{"a@İ.example", "a@xn--i-9bb.example", 0, ""},
		{"a@straße.example", "a@xn--strae-oqa.example", 0, ""},
		{"a@a\u200Db.example", "", 2, "UTS #46"},
		{"a@a\u00ADb.example", "a@ab.example", 0, ""},
		{"a@exa．mple.org", "a@exa.mple.org", 0, ""},
		{"a@b．", "", 2, "ends in a dot"},
		{"a@b＠c", "", 2, "UTS #46"},
		{"a@b＞c", "", 2, "UTS #46"},
		{"a@b\u00A0c", "", 2, "UTS #46"},
		{"a@b\u202Ec", "", 2, "UTS #46"},
		{"a@xn--a.example", "", 2, "UTS #46"},
		{"a@xn--ü.example", "", 2, "UTS #46"},
		{"a@ⓧn--80ak6aa92e.example", "a@xn--80ak6aa92e.example", 0, ""},
		{"a@b\u2028c", "", 3, "U+2028"},
		{"a@b\u0085c", "", 3, "U+0085"},
		// Code points whose low byte is CR or LF stay themselves.
		{"a@b.Ċ", "a@b.xn--8da", 0, ""},
		{"a@b嘊c.de", "a@xn--bc-9v7c.de", 0, ""},
		{"aĊb@c.org", "aĊb@c.org", 0, ""},
		{"a嘊b@c.org", "a嘊b@c.org", 0, ""},
		{"a\u202Eb@c.org", "", 0, "U+202E"},
		{"a\u00ADb@c.org", "", 0, "U+00AD"},
		{"a\u3000b@c.org", "", 0, "U+3000"},
		{"a\uFEFFb@c.org", "", 0, "U+FEFF"},
		{"Ann \u202Egro <a@b.org>", "", 0, "U+202E"},
		{"a\xED\xA0\x80@b", "", 1, "invalid UTF-8"},
		{"a@\xED\xA0\x80", "", 2, "invalid UTF-8"},
		{"a@b\xC0\x8Ac", "", 3, "invalid UTF-8"},
		{"a@b\xE0\x80\x8Ac", "", 3, "invalid UTF-8"},
		{"a@b\xFF", "", 3, "invalid UTF-8"},
		{"a\x0B@b", "", 1, "U+000B"},
		{"a\x0C@b", "", 1, "U+000C"},
		{"a\x85@b", "", 1, "invalid UTF-8"},
		{"a\u2028@b", "", 1, "U+2028"},
		{"a\x00@b", "", 1, "NUL"},
		{"a@b\x00.org", "", 3, "NUL"},
		{"a\x7F@b", "", 1, "U+007F"},
		{"a@b\tc", "", 4, "unexpected 'c'"},
		{"a@b\t", "a@b", 0, ""},
		{"a%c@b", "a%c@b", 0, ""},
		{"-oQ/tmp@b", "-oQ/tmp@b", 0, ""},
		{"=?utf-8?q?=0aBcc:x?=", "", 17, "no @"},
		{"=?utf-8?q?=0aBcc=3Ax?= <a@b>", "", 0, "line feed"},
		{"=?utf-8?q?x=0a?= <a@b>", "", 0, "line feed"},
		{"=?utf-8?b?AA==?= <a@b>", "", 0, "NUL"},
		{"=?nonsense?q?x?= <a@b>", "", 0, "cannot be decoded"},
		{"=?utf-8?q?a=40b?=@c", "=?utf-8?q?a=40b?=@c", 0, ""}, // an encoded-word is no address
		{"", "", 0, "no address"},
		{"   ", "", 0, "no address"},
		{"ann", "", 0, "no @"},
		{"<ann>", "", 1, "no @"},
	} {
		a, err := ParseAddress(test.text)
		shown := fmt.Sprintf("%.60q", test.text)
		if test.wire != "" {
			wire, wireErr := a.Wire()
			if err != nil || wireErr != nil || wire != test.wire {
				t.Errorf("%s: got %q, %v, %v, want %q", shown, wire, err, wireErr, test.wire)
			}
			continue
		}
		checkAddressError(t, shown, err, test.offset, test.reason)
		if (Valid(test.text) == nil) != (err == nil) {
			t.Errorf("%s: Valid disagrees", shown)
		}
	}
}

func checkAddressError(t *testing.T, shown string, err error, offset int, reason string) {
	t.Helper()
	var fault *AddressError
	if !errors.As(err, &fault) {
		t.Errorf("%s: got %v, want %q", shown, err, reason)
		return
	}
	if !strings.Contains(fault.Reason, reason) {
		t.Errorf("%s: reason is %q, want %q", shown, fault.Reason, reason)
	}
	// Local parts and names blame their first byte or the exact one.
	if fault.Offset != offset && offset != 0 {
		t.Errorf("%s: %q at %d, want %d", shown, fault.Reason, fault.Offset, offset)
	}
	if text := fault.Error(); strings.ContainsAny(text, "\r\n\x00\u202E\u2028") || len(text) > 400 {
		t.Errorf("%s: error text is not safe to print: %q", shown, text)
	}
}

func TestParseAddressList(t *testing.T) {
	list, err := ParseAddressList(`Ann <a@x>, , b@x, Team: c@x, "D, d" <d@x>,; , undisclosed recipients:; , =?utf-8?q?T=C3=A4?= : e@x;`)
	if err != nil {
		t.Fatal(err)
	}
	want := AddressList{
		Address{"Ann", "a@x"},
		Address{"", "b@x"},
		Group{"Team", []Address{{"", "c@x"}, {"D, d", "d@x"}}},
		Group{Name: "undisclosed recipients"},
		Group{"Tä", []Address{{"", "e@x"}}},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	if text, want := list.String(), `Ann <a@x>, b@x, Team: c@x, "D, d" <d@x>;, undisclosed recipients:;, Tä: e@x;`; text != want {
		t.Errorf("String is %s, want %s", text, want)
	}
	again, err := ParseAddressList(list.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, again); diff != "" {
		t.Errorf("String does not read back: %s", diff)
	}
}

func TestHostileAddressLists(t *testing.T) {
	for _, test := range []struct {
		text   string
		offset int
		reason string
	}{
		{"", 0, "no address"},
		{",,,,", 0, "no address"},
		{strings.Repeat(",", 1<<20), 0, "no address"},
		{strings.Repeat("(", 10<<20), 1 << 20, "longer than"},
		{strings.Repeat("()", 500_000), 0, "no address"},
		{strings.Repeat("(", 1<<20), 64, "nested too deep"},
		{strings.Repeat("g:", 100_000), 3, "a group cannot hold a group"},
		{strings.Repeat("a,", 100_000), 0, "no @"},
		{strings.Repeat("a ", 500_000), 0, "no @"},
		{strings.Repeat(`"`, 1<<20), 0, "no @"},
		{strings.Repeat("<", 1<<20), 1, "unexpected '<'"},
		{strings.Repeat("=?utf-8?q?x?= ", 70_000) + "<a@b>", 0, "longer than 1024 octets"},
		{"a@b, g: c@d", 11, "no closing ;"},
		{"g: a@b c@d;", 7, "unexpected 'c'"},
		{": a@b;", 0, "the group has no name"},
		{`"": a@b;`, 0, "the group has no name"},
		{"a@b, c@d\r\nBcc: e@f", 8, "carriage return"},
		{"a@b; c@d", 3, "unexpected ';'"},
	} {
		start := time.Now()
		_, err := ParseAddressList(test.text)
		checkAddressError(t, fmt.Sprintf("%.40q", test.text), err, test.offset, test.reason)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%.40q took %v", test.text, took)
		}
	}
}

func TestNewAddress(t *testing.T) {
	for _, test := range []struct{ name, mailbox, header string }{
		{"", "ann@example.org", "ann@example.org"},
		{"Smith, Carol", "carol@example.org", `"Smith, Carol" <carol@example.org>`},
		{"  Ann  ", "ann@example.org", "Ann <ann@example.org>"},
		{`O"Brien \ x`, "o@example.org", `"O\"Brien \\ x" <o@example.org>`},
		{"Ann <evil@x>, b@x", "ann@example.org", `"Ann <evil@x>, b@x" <ann@example.org>`},
		{"J. R. Ewing", "jr@example.org", `"J. R. Ewing" <jr@example.org>`},
		{"=?utf-8?q?x?=", "a@example.org", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@example.org>"},
		{"Jürgen", "j@bücher.example", "=?utf-8?q?J=C3=BCrgen?= <j@xn--bcher-kva.example>"},
		{"", " ann@example.org ", "ann@example.org"},
	} {
		a, err := NewAddress(test.name, test.mailbox)
		if err != nil {
			t.Errorf("%q, %q: %v", test.name, test.mailbox, err)
			continue
		}
		if header, err := a.Header(); err != nil || header != test.header {
			t.Errorf("%q, %q: header is %s, %v, want %s", test.name, test.mailbox, header, err, test.header)
		}
	}
	for _, test := range []struct{ name, mailbox, reason string }{
		{"Ann\nBcc: x", "a@b", "line feed"},
		{"Ann\r", "a@b", "carriage return"},
		{"Ann\x00", "a@b", "NUL"},
		{"Ann\u0085", "a@b", "U+0085"},
		{"gro\u202E", "a@b", "U+202E"},
		{"M\xFCller", "a@b", "invalid UTF-8"},
		{strings.Repeat("x", 1025), "a@b", "longer than 1024 octets"},
		{"", "", "no address"},
		{"", "Ann <a@b>", "unexpected '<'"},
		{"", "<a@b>", "unexpected '<'"},
		{"", "a@b, c@d", "unexpected ','"},
		{"", "a@b\r\n", "carriage return"},
		{"", "a", "no @"},
	} {
		_, err := NewAddress(test.name, test.mailbox)
		checkAddressError(t, fmt.Sprintf("%.40q, %q", test.name, test.mailbox), err, 0, test.reason)
	}
}

func TestAddressForms(t *testing.T) {
	a, err := ParseAddress("Jürgen <jürgen@bücher.example>")
	if err != nil {
		t.Fatal(err)
	}
	if a.Local() != "jürgen" || a.Domain() != "bücher.example" || !a.NeedsUTF8() {
		t.Errorf("got %q, %q, %v", a.Local(), a.Domain(), a.NeedsUTF8())
	}
	_, err = a.ASCII()
	checkAddressError(t, "ASCII", err, 1, "the local part is not ASCII")
	if wire, err := a.Wire(); err != nil || wire != "jürgen@xn--bcher-kva.example" {
		t.Errorf("Wire is %q, %v", wire, err)
	}
	quoted := Address{Mailbox: `"a@b c"@example.org`}
	if quoted.Local() != `"a@b c"` || quoted.Domain() != "example.org" || quoted.NeedsUTF8() {
		t.Errorf("got %q, %q", quoted.Local(), quoted.Domain())
	}
	var null Address
	if wire, err := null.Wire(); wire != "" || err != nil || null.Local() != "" || null.Domain() != "" {
		t.Errorf("the zero address is %q, %v", wire, err)
	}
	if _, err := (Address{Mailbox: "a@b\r\nX: y"}).Header(); err == nil {
		t.Error("a forged address has a header form")
	}
}

// FuzzPlainMailbox: what the short way takes, the parser takes unchanged.
func FuzzPlainMailbox(f *testing.F) {
	for _, seed := range []string{"ann@example.org", "a.b+c-d_e@x-y.z9.org", "a@b", ".a@b", "a@b-.c", "a@-b", "a@xn--x.org", "a@b.1", "a@@b", "a@b@c", "a@b_c.org", "-a@b", "a@b.c1", "@b", "a@"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isPlainMailbox(text) {
			return
		}
		list, err := ParseAddressList(text)
		if err != nil || len(list) != 1 || list[0] != (Address{Mailbox: text}) {
			t.Fatalf("%q is %v, %v", text, list, err)
		}
		p := addressParser{text: text, limit: maxAddressText}
		if mailbox, err := p.parseMailbox(); err != nil || mailbox != text {
			t.Fatalf("%q is %q, %v", text, mailbox, err)
		}
		a, err := ParseAddress(text)
		if err != nil || a != (Address{Mailbox: text}) {
			t.Fatalf("%q is %v, %v", text, a, err)
		}
		if named, err := NewAddress(" Zoë, =?x? ", text); err != nil || named != (Address{"Zoë, =?x?", text}) {
			t.Fatalf("%q with a name is %v, %v", text, named, err)
		}
		if wire, err := a.Wire(); err != nil || wire != text {
			t.Fatalf("%q is %q on the wire, %v", text, wire, err)
		}
	})
}

// What the quick look at names takes is what the full one takes.
func TestPlainLength(t *testing.T) {
	taken := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if text := "a" + string(r) + "z"; plainLength(text) == len(text) {
			taken++
			if unicode.IsControl(r) || isBidiOverride(r) || r == '\u2028' || r == '\u2029' {
				t.Errorf("takes U+%04X", r)
			}
		}
	}
	if taken < 1000 {
		t.Errorf("takes %d characters", taken)
	}
	for text, want := range map[string]int{
		"": 0, "a\xc3": 1, "\xc3(": 0, "a\x80b": 1, "\xc1\xa0": 0, "ab\u0085": 2, "ü\xff": 2, "ü\t": 2, "\u07ffx\u0800": 3,
	} {
		if got := plainLength(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	for _, name := range []string{"Zoë", "Zoë ", " Zoë", "Zo\të", "", " ", strings.Repeat("ü", maxName)} {
		given := Address{name, "zoe@example.org"}
		got, gotErr := given.check()
		want, wantErr := NewAddress(name, given.Mailbox)
		if got != want || (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%q: %v, %v, want %v, %v", name, got, gotErr, want, wantErr)
		}
	}
}
