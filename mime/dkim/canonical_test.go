package dkim

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// bodyCases are bodies and what the rules of RFC 6376, sections 3.4.3 and 3.4.4, make of
// them.
var bodyCases = []struct{ body, simple, relaxed string }{
	{"", "\r\n", ""},
	{"\r\n", "\r\n", ""},
	{"\r\n\r\n\r\n", "\r\n", ""},
	{" \r\n", " \r\n", ""},
	{" \t", " \t\r\n", ""},
	{" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"}, // section 3.4.5
	{"a", "a\r\n", "a\r\n"},
	{"a\r\n", "a\r\n", "a\r\n"},
	{"a\r\n\r\nb", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
	{"a \r\n \t\r\n", "a \r\n \t\r\n", "a\r\n"},
	{"a\r\n \r\nb\r\n", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
	{"a  b\t\tc \td\r\n", "a  b\t\tc \td\r\n", "a b c d\r\n"},
	{"\tx\r\n", "\tx\r\n", " x\r\n"},
	{"a\r\r\n", "a\r\r\n", "a\r\r\n"},
	{"a\n\r\n", "a\n\r\n", "a\n\r\n"},
	{"a\r", "a\r\r\n", "a\r\r\n"},
	{"\r", "\r\r\n", "\r\r\n"},
	{"\n", "\n\r\n", "\n\r\n"},
	{"a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"},
	{"a \rb\r\n", "a \rb\r\n", "a \rb\r\n"},
	{"a\r b\r\n", "a\r b\r\n", "a\r b\r\n"},
	{"a \r", "a \r\r\n", "a \r\r\n"},
	{"-- \r\nAnn\r\n", "-- \r\nAnn\r\n", "--\r\nAnn\r\n"},
}

func TestBodyCanonicalization(t *testing.T) {
	for _, c := range bodyCases {
		for canonicalization, want := range map[Canonicalization]string{Simple: c.simple, Relaxed: c.relaxed} {
			if got := HashBody(canonicalization, [][]byte{[]byte(c.body)}); got.sum != sha256.Sum256([]byte(want)) {
				t.Errorf("%s of %q is not the hash of %q", canonicalization, c.body, want)
			}
			if got := slowBody(canonicalization, c.body); got != want {
				t.Errorf("the test's own %s makes %q of %q, want %q", canonicalization, got, c.body, want)
			}
		}
	}
	if HashBody("", nil) != HashBody(Simple, nil) {
		t.Error("the zero canonicalization is not simple")
	}
}

var (
	spacesAtEnd  = regexp.MustCompile(`[ \t]+(\r\n|$)`)
	spaces       = regexp.MustCompile(`[ \t]+`)
	emptyAtEnd   = regexp.MustCompile(`(\r\n)+$`)
	onlyNewlines = regexp.MustCompile(`^(\r\n)*$`)
)

// slowBody is the rules once more, on the whole body at once.
func slowBody(c Canonicalization, body string) string {
	if c == Relaxed {
		body = spacesAtEnd.ReplaceAllString(body, "$1")
		body = spaces.ReplaceAllString(body, " ")
		if onlyNewlines.MatchString(body) {
			return ""
		}
	}
	return emptyAtEnd.ReplaceAllString(body, "") + "\r\n"
}

// TestBodySplits: where the body is cut does not matter.
func TestBodySplits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "bc", " ", "\t", "\r\n", "\r\n", "\r", "\n", strings.Repeat("x", 300)}
	for range 3000 {
		var body strings.Builder
		for range random.IntN(30) {
			body.WriteString(alphabet[random.IntN(len(alphabet))])
		}
		var segments [][]byte
		for rest := []byte(body.String()); len(rest) > 0; {
			n := 1 + random.IntN(min(len(rest), 9))
			if random.IntN(5) == 0 {
				segments = append(segments, nil)
			}
			segments, rest = append(segments, rest[:n]), rest[n:]
		}
		for _, c := range []Canonicalization{Simple, Relaxed} {
			if got := HashBody(c, segments); got.sum != sha256.Sum256([]byte(slowBody(c, body.String()))) {
				t.Fatalf("%s of %q is not the hash of %q", c, segments, slowBody(c, body.String()))
			}
		}
	}
}

// TestLongBody passes the hasher's buffer many times.
func TestLongBody(t *testing.T) {
	body := strings.Repeat(strings.Repeat("word  ", 12)+"\r\n", 2000) + strings.Repeat("\r\n", 9000)
	for _, c := range []Canonicalization{Simple, Relaxed} {
		want := sha256.Sum256([]byte(slowBody(c, body)))
		if HashBody(c, [][]byte{[]byte(body)}).sum != want {
			t.Errorf("%s of a long body is wrong", c)
		}
		got, err := HashBodyReader(c, strings.NewReader(body))
		if err != nil || got.sum != want {
			t.Errorf("%s of a reader is wrong: %v", c, err)
		}
	}
}

func TestHeaderCanonicalization(t *testing.T) {
	for _, c := range []struct{ raw, relaxed string }{
		{"A: X\r\n", "a:X\r\n"},                    // section 3.4.5
		{"B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},      // section 3.4.5
		{"Subject:\r\n", "subject:\r\n"},           // nothing is a value too
		{"Subject: \r\n \r\n", "subject:\r\n"},     // and so is nothing on two lines
		{"X:a:  b\r\n c\r\n", "x:a: b c\r\n"},      // only the first colon counts
		{"X: \xff\xfe \r\n", "x:\xff\xfe\r\n"},     // octets stay
		{"X: a\r\n\t\t b\r\n", "x:a b\r\n"},        // a fold is one space
		{"LIST-Id:<a.b>\r\n", "list-id:<a.b>\r\n"}, // names in lower case
	} {
		if got := string(appendCanonical(nil, Relaxed, []byte(c.raw))); got != c.relaxed {
			t.Errorf("relaxed %q is %q, want %q", c.raw, got, c.relaxed)
		}
		if got := string(appendCanonical(nil, Simple, []byte(c.raw))); got != c.raw {
			t.Errorf("simple %q is %q", c.raw, got)
		}
	}
}

// TestSignedFields: the last field of a name is signed first, and one that does not exist
// adds nothing (RFC 6376, section 5.4.2).
func TestSignedFields(t *testing.T) {
	fields, err := parseHeader([]byte("A: 1\r\nB: 2\r\na: 3\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := string(appendSigned(nil, Relaxed, fields, []string{"a", "c", "A", "a", "b"}))
	if want := "a:3\r\na:1\r\nb:2\r\n"; got != want {
		t.Errorf("signed %q, want %q", got, want)
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	for header, reason := range map[string]string{
		"From: a@b":                        "dkim: header: line 1 does not end in CRLF",
		"From: a@b\n":                      "dkim: header: line 1 does not end in CRLF",
		"From: a@b\r\nX: y\n":              "dkim: header: line 2 does not end in CRLF",
		"From: a\rb\r\n":                   "dkim: header: line 1 holds a bare CR",
		"From: a\x00b\r\n":                 "dkim: header: line 1 holds a NUL",
		"\r\nFrom: a@b\r\n":                "dkim: header: line 1 is empty, but the header goes on",
		" From: a@b\r\n":                   "dkim: header: line 1 continues nothing",
		"From\r\n":                         "dkim: header: line 1 is no field",
		": x\r\n":                          "dkim: header: line 1 is no field",
		"From : a@b\r\n":                   "dkim: header: line 1 has a name with a byte that names cannot have",
		"a;b: x\r\n":                       "dkim: header: line 1 has a name with a byte that names cannot have",
		"Subj\xd0\xb5ct: x\r\nFrom: a\r\n": "dkim: header: line 1 has a name with a byte that names cannot have",
	} {
		if _, err := parseHeader([]byte(header)); err == nil || err.Error() != reason {
			t.Errorf("%q: %v, want %s", header, err, reason)
		}
	}
}

// FuzzBody: any body, cut anywhere, has the hash of the rules.
func FuzzBody(f *testing.F) {
	for _, c := range bodyCases {
		f.Add([]byte(c.body), 1)
	}
	f.Fuzz(func(t *testing.T, body []byte, cut int) {
		cut = max(0, min(cut, len(body)))
		for _, c := range []Canonicalization{Simple, Relaxed} {
			want := sha256.Sum256([]byte(slowBody(c, string(body))))
			if HashBody(c, [][]byte{body[:cut], body[cut:]}).sum != want {
				t.Fatalf("%s of %q, cut at %d, is not the hash of %q", c, body, cut, slowBody(c, string(body)))
			}
		}
	})
}

// FuzzParseHeader: what is taken is whole, and its canonical form is stable.
func FuzzParseHeader(f *testing.F) {
	f.Add([]byte("From: a@b\r\nTo: c\r\n d\r\n\r\n"))
	f.Add([]byte("A:\r\n\r\n"))
	f.Fuzz(func(t *testing.T, header []byte) {
		fields, err := parseHeader(header)
		if err != nil {
			return
		}
		var all []byte
		for _, field := range fields {
			all = append(all, field.raw...)
			once := appendCanonical(nil, Relaxed, field.raw)
			if twice := appendCanonical(nil, Relaxed, once); !bytes.Equal(once, twice) || bytes.Count(once, []byte("\n")) != 1 {
				t.Fatalf("%q is %q, and that is %q", field.raw, once, twice)
			}
		}
		if !bytes.Equal(all, header) && !bytes.Equal(append(all, '\r', '\n'), header) {
			t.Fatalf("of %q only %q was read", header, all)
		}
		FromDomains(string(header))
	})
}
