package lint

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// good is a message with nothing to say about it: text, HTML, a picture, an attachment,
// one-click and signatures.
const good = `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.com; s=s;
	h=From:From:Subject:List-Unsubscribe:List-Unsubscribe-Post;
	bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
	b=AAAA
DKIM-Signature: v=1; a=rsa-sha256; d=esp.example; s=s; h=From; bh=AA; b=AA
From: =?utf-8?q?Ann_=C3=84?= <ann@news.example.com>
To: Bob <bob@example.net>
Subject: News for
 you
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <1@example.com>
MIME-Version: 1.0
List-Unsubscribe: <mailto:u@example.com>, <https://example.com/u>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Content-Type: multipart/mixed; boundary=mixed

This is MIME.
--mixed
Content-Type: multipart/alternative; boundary="alt=_1"

--alt=_1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe, a line that goes on=
 and ends. Costs ${5, {5}} and 100% {{.

--alt=_1
Content-Type: multipart/related; boundary=rel

--rel
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: 8bit

<style>@media x{p{background:url('cid:bg@example.com')}}</style>
<p>Gr` + "\xfc\xdf" + `e <img src="CID:pic%40example.com" alt="">
<img alt="x" src=https://example.com/x>
<a href="https://www.example.com/x">example.com</a>
<a href="https://x.example/">v1.2 e.g. this</a>

--rel
Content-Type: image/png
Content-Transfer-Encoding: base64
Content-Disposition: inline; filename=pic.png
Content-ID: <pic@example.com>

aGVsbG8=

--rel
Content-Type: image/png
Content-ID: <bg@example.com>

x

--rel--

--alt=_1--

--mixed
Content-Type: application/pdf; name="r.pdf"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="r.pdf"
Content-ID: <unused@example.com>

aGVs
bG8h

--mixed--
`

// crlf ends lines as they must.
func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// plain is the smallest message with nothing to say about it.
const plain = "From: ann@example.com\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.com>\n" +
	"MIME-Version: 1.0\nSubject: Hello\n"

const alternative = plain + "Content-Type: multipart/alternative; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: text/html\n\n%s\n--b--\n"

func withHTML(content string) string { return strings.Replace(alternative, "%s", content, 1) }

const attachment = plain + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/octet-stream\n%s\n--b--\n"

func attached(part string) string { return strings.Replace(attachment, "%s", part, 1) }

func signed(tags, fields string) string {
	return "DKIM-Signature: " + tags + "\n" + fields + plain + "\ntext\n"
}

const goodTags = "v=1; a=rsa-sha256;\n d=example.com; s=s; bh=AA; b=AA; h=from"

func check(t *testing.T, message string) []Finding {
	t.Helper()
	findings, err := Check([]byte(message), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func TestGood(t *testing.T) {
	for _, message := range []string{
		crlf(good), crlf(plain + "\ntext\n"), crlf(plain), crlf(withHTML("<p>x</p>")), crlf(attached("\nx")),
		crlf(signed(goodTags, "")),
		crlf(plain + "Content-Type: multipart/mixed; boundary=b\n\n--b \n\nx\n--bc\n--b--\nepilogue"),
		crlf(plain + "\n" + strings.Repeat("x", 78) + "\n"),
	} {
		if findings := check(t, message); len(findings) > 0 {
			t.Errorf("%v in\n%s", findings, message)
		}
	}
}

// ruleCases are the messages that break one rule each, and how the finding reads.
var ruleCases = map[string][]struct{ message, want string }{
	"bare-cr":       {{crlf(plain+"\na\n") + "b\rc\r\n", "line 8: error: lines that hold a CR without LF: 1, this is the first [bare-cr]"}},
	"bare-lf":       {{plain + "\ntext\n", "line 1: error: lines that end in LF without CR: 7, this is the first [bare-lf]"}},
	"nul":           {{crlf(plain + "\na\x00b\n"), "line 7: error: lines that hold a NUL: 1, this is the first [nul]"}},
	"line-too-long": {{crlf(plain + "\n" + strings.Repeat("x", 999) + "\n"), "line 7: error: lines that have more than 998 octets: 1, this is the first [line-too-long]"}},
	"line-long": {
		{crlf(plain + "\n" + strings.Repeat("x", 79) + "\n"), "line 7: note: lines that have more than 78 characters: 1, this is the first [line-long]"},
		{crlf(plain + "\n" + strings.Repeat("x", 998) + "\n"), "line 7: note: lines that have more than 78 characters: 1, this is the first [line-long]"},
	},
	"eight-bit": {
		{crlf(plain + "\nGrüße\n"), "line 7: error: an octet above 127 in a part whose encoding is 7bit [eight-bit]"},
		{crlf(withHTML("x\nü")), "line 15: part 2: error: an octet above 127 in a part whose encoding is 7bit [eight-bit]"},
	},
	"header-malformed": {
		{crlf(plain + "no field\n\nx"), "line 6: error: the line is no field: “no field” [header-malformed]"},
		{crlf(" x\n" + plain + "\nx"), "line 1: error: the line continues no field [header-malformed]"},
		{crlf(plain + "X Y: z\n\nx"), "line 6: error: fields cannot have the name “X Y” [header-malformed]"},
		{crlf(plain + "Xü: z\n\nx"), "line 6: error: fields cannot have the name “Xü” [header-malformed]"},
	},
	"header-lookalike": {
		{crlf(plain + "Subjеct: x\n\nx"), "line 6: Subjеct: error: the name looks like Subject and is another [header-lookalike]"},
		{crlf(plain + "ReplyTo: x@y\n\nx"), "line 6: ReplyTo: error: the name looks like Reply-To and is another [header-lookalike]"},
		{crlf(plain + "Subject : x\n\nx"), "line 6: Subject : error: the name looks like Subject and is another [header-lookalike]"},
		{crlf(plain + "Bcc\u200b: x\n\nx"), "line 6: Bcc\u200b: error: the name looks like Bcc and is another [header-lookalike]"},
		{crlf(plain + "Date\u202e: x\n\nx"), "line 6: Date : error: the name looks like Date and is another [header-lookalike]"},
	},
	"header-duplicate": {
		{crlf(plain + "FROM: bob@example.com\n\nx"), "line 6: FROM: error: stands on line 1 already [header-duplicate]"},
		{crlf(attached("Content-ID: <x>\nContent-Id: <y>\n\nx")), "line 14: part 2: Content-Id: error: stands on line 13 already [header-duplicate]"},
	},
	"header-8bit":          {{crlf(plain + "X-Name: Grüße\n\nx"), "line 6: X-Name: note: has octets above 127: “Grüße” [header-8bit]"}},
	"from-missing":         {{crlf(strings.Replace(plain, "From: ann@example.com\n", "", 1) + "\nx"), "error: the message has no From with an address [from-missing]"}, {crlf(strings.Replace(plain, "ann@example.com", "Ann", 1) + "\nx"), "line 1: From: error: the message has no From with an address [from-missing]"}},
	"date-missing":         {{crlf(strings.Replace(plain, "Date", "X-Date", 1) + "\nx"), "error: the message has no Date [date-missing]"}},
	"date-invalid":         {{crlf(strings.Replace(plain, "Nov", "Nom", 1) + "\nx"), "line 2: Date: error: is no date: “Mon, 23 Nom 2026 10:00:00 +0000” [date-invalid]"}},
	"message-id-missing":   {{crlf(strings.Replace(plain, "Message-ID", "X-ID", 1) + "\nx"), "warning: the message has no Message-ID [message-id-missing]"}},
	"mime-version-missing": {{crlf(strings.Replace(plain, "MIME-Version", "X-Version", 1) + "\nx"), "warning: the message has no MIME-Version [mime-version-missing]"}},
	"subject-empty":        {{crlf(strings.Replace(plain, "Hello", "=?utf-8?q?_?=", 1) + "\nx"), "line 5: Subject: warning: the message has no subject [subject-empty]"}, {crlf(strings.Replace(plain, "Subject", "X-Subject", 1) + "\nx"), "warning: the message has no subject [subject-empty]"}},
	"bcc-present":          {{crlf(plain + "Bcc: carol@example.com\n\nx"), "line 6: Bcc: error: shows everybody “carol@example.com” [bcc-present]"}},
	"multipart-broken": {
		{crlf(plain + "Content-Type: multipart/mixed\n\nx"), "line 8: error: the multipart has no boundary [multipart-broken]"},
		{crlf(plain + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx"), "line 8: error: the multipart has no end [multipart-broken]"},
		{crlf(plain + "Content-Type: multipart/mixed; boundary=b\n\n--b--\n"), "line 8: error: the multipart has no part [multipart-broken]"},
		{crlf(plain + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b--\n"), "line 11: part 1: error: the multipart has the boundary of one that it is in [multipart-broken]"},
		{crlf(plain + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--b--\n"), "line 11: part 1: error: the multipart has no end [multipart-broken]"},
	},
	"nesting": {{crlf(nested(101)), "line 408: part 1" + strings.Repeat(".1", 99) + ": error: parts are nested more than 100 deep [nesting]"}},
	"encoding-broken": {
		{crlf(plain + "Content-Transfer-Encoding: quoted-printable\n\na\nb =zz\n"), "line 9: error: the quoted-printable has an = without two hexadecimal digits [encoding-broken]"},
		{crlf(plain + "Content-Transfer-Encoding: base64\n\naGVsbG8\n"), "line 8: error: the base64 is cut short, or has characters that do not belong there [encoding-broken]"},
		{crlf(plain + "Content-Transfer-Encoding: base64\n\na!==\n"), "line 8: error: the base64 has characters that do not belong there [encoding-broken]"},
		{crlf(plain + "Content-Transfer-Encoding: uuencode\n\nx\n"), "line 6: Content-Transfer-Encoding: error: there is no encoding “uuencode” [encoding-broken]"},
		{crlf(plain + "Content-Transfer-Encoding: base64\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n--b--\n"), "line 9: error: a multipart cannot be in base64 [encoding-broken]"},
	},
	"charset-missing": {
		{crlf(plain + "Content-Transfer-Encoding: 8bit\n\nü\n"), "line 8: warning: the text is not ASCII and does not say its charset [charset-missing]"},
		{crlf(plain + "Content-Transfer-Encoding: quoted-printable\n\n=C3=BC\n"), "line 8: warning: the text is not ASCII and does not say its charset [charset-missing]"},
	},
	"charset-broken": {
		{crlf(plain + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\xff\n"), "line 9: error: the text is not UTF-8 [charset-broken]"},
		{crlf(plain + "Content-Type: text/plain; charset=klingon\n\nx\n"), "line 8: error: nobody knows the charset “klingon” [charset-broken]"},
		{crlf(plain + "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: base64\n\n/w==\n"), "line 9: error: the text is not ASCII [charset-broken]"},
		{crlf(plain + "Content-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: base64\n\n/w==\n"), "line 9: error: the text is not “shift_jis” [charset-broken]"},
	},
	"text-missing":         {{crlf(plain + "Content-Type: text/html\n\n<p>x\n"), "line 8: warning: there is no plain text beside the HTML [text-missing]"}},
	"attachment-dangerous": {{crlf(attached("Content-Disposition: attachment; filename=\"Invoice.PDF.exe\"\n\nx")), "line 12: part 2: note: “Invoice.PDF.exe” has a type that many servers refuse [attachment-dangerous]"}},
	"size":                 {{crlf(plain + "\n" + strings.Repeat(strings.Repeat("x", 70)+"\n", 22<<20/72)), "note: the message has 22.0 MB: iCloud takes 20 MB [size]"}},
	"template-marker": {
		{crlf(plain + "\nDear {{ .Name }},\n"), "line 7: error: “{{ .Name }}” was not filled in [template-marker]"},
		{crlf(strings.Replace(plain, "Hello", "Dear ${name}", 1) + "\nx"), "line 5: Subject: error: “${name}” was not filled in [template-marker]"},
		{crlf(withHTML("<p>&lt;%= name %&gt;")), "line 14: part 2: error: “<%= name %>” was not filled in [template-marker]"},
		{crlf(withHTML(`<a href="https://x.example/%7B%7Bid%7D%7D">x</a>`)), "line 14: part 2: error: “{{id}}” was not filled in [template-marker]"},
		{crlf(withHTML("{% if x %}")), "line 14: part 2: error: “{% if x %}” was not filled in [template-marker]"},
		{crlf(withHTML("*|FNAME|*")), "line 14: part 2: error: “*|FNAME|*” was not filled in [template-marker]"},
	},
	"cid-dangling": {
		{crlf(withHTML(`<img alt="" src="cid:x@y">`)), "line 14: part 2: error: no part has the Content-ID <x@y> [cid-dangling]"},
		{crlf(withHTML(`<p style="background:url( 'cid:x@y' )">`)), "line 14: part 2: error: no part has the Content-ID <x@y> [cid-dangling]"},
	},
	"cid-unused":    {{crlf(attached("Content-Disposition: inline\nContent-ID: <x@y>\n\nx")), "line 12: part 2: warning: no HTML shows the part with the Content-ID <x@y> [cid-unused]"}},
	"image-alt":     {{crlf(withHTML(`<img src="https://x.example/a">`)), "line 14: part 2: warning: the picture “https://x.example/a” has no alt text [image-alt]"}},
	"image-http":    {{crlf(withHTML(`<img alt="" src="http://x.example/a">`)), "line 14: part 2: warning: the picture “http://x.example/a” is fetched without TLS [image-http]"}},
	"link-mismatch": {{crlf(withHTML(`<a href="https://evil.example/">https://www.<b>bank.com</b>/login</a>`)), "line 14: part 2: warning: a link names www.bank.com and leads to “evil.example” [link-mismatch]"}},
	"html-clipped":  {{crlf(withHTML(strings.Repeat("<p>0123456789\n", 7500))), "line 14: part 2: warning: the HTML has 109 kB, Gmail shows 102 of them [html-clipped]"}},
	"unsubscribe-https": {
		{crlf(plain + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nx"), "line 6: List-Unsubscribe-Post: error: there is no List-Unsubscribe to post to [unsubscribe-https]"},
		{crlf(plain + "List-Unsubscribe: <mailto:x@y>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nx"), "line 6: List-Unsubscribe: error: has no https address (RFC 8058, section 3.1) [unsubscribe-https]"},
		{crlf(plain + "List-Unsubscribe: <https://x.example>\nList-Unsubscribe-Post: yes\n\nx"), "line 7: List-Unsubscribe-Post: error: is not List-Unsubscribe=One-Click (RFC 8058, section 3.1) [unsubscribe-https]"},
	},
	"unsubscribe-unsigned": {{crlf(signed(goodTags+":list-unsubscribe", "List-Unsubscribe: <https://x.example>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n")), "line 4: List-Unsubscribe-Post: warning: no signature covers it and List-Unsubscribe [unsubscribe-unsigned]"}},
	"dkim-malformed": {
		{crlf(signed("v=1", "")), "line 1: DKIM-Signature: error: has no a= tag [dkim-malformed]"},
		{crlf(signed(strings.Replace(goodTags, "from", "to", 1), "")), "line 1: DKIM-Signature: error: does not cover From [dkim-malformed]"},
		{crlf(signed(strings.Replace(goodTags, "v=1", "v=2", 1), "")), "line 1: DKIM-Signature: error: is of another version than 1 [dkim-malformed]"},
		{crlf(signed(goodTags+";d=x.example", "")), "line 1: DKIM-Signature: error: has a tag twice [dkim-malformed]"},
	},
	"dkim-length":    {{crlf(signed(goodTags+"; l=5", "")), "line 1: DKIM-Signature: warning: covers only the first “5” octets of the body [dkim-length]"}},
	"dkim-unaligned": {{crlf(signed(strings.Replace(goodTags, "example.com", "esp.example", 1), "")), "line 1: DKIM-Signature: error: the signatures are of “esp.example”, the From field is of “example.com” [dkim-unaligned]"}},
}

// nested returns a message of parts within parts.
func nested(depth int) string {
	var b strings.Builder
	b.WriteString(plain)
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%d.\n\n", i)
		if i < depth-1 {
			fmt.Fprintf(&b, "--%d.\n", i)
			b.WriteString("X-Y: z\n")
		}
	}
	for i := depth - 2; i >= 0; i-- {
		fmt.Fprintf(&b, "--%d.--\n", i)
	}
	return b.String()
}

func TestRules(t *testing.T) {
	for _, rule := range Rules() {
		t.Run(rule.ID, func(t *testing.T) {
			if len(ruleCases[rule.ID]) == 0 {
				t.Fatal("no message breaks it")
			}
			for _, c := range ruleCases[rule.ID] {
				findings := check(t, c.message)
				if len(findings) != 1 || findings[0].String() != c.want || findings[0].Hint != rule.Hint {
					t.Errorf("%.300q\nfound %v\nwant  %s", c.message, findings, c.want)
				}
				ignored, err := Check([]byte(c.message), Options{Ignore: []string{rule.ID}})
				if err != nil || len(ignored) > 0 {
					t.Errorf("ignored, and still found %v, %v", ignored, err)
				}
			}
		})
	}
	if len(ruleCases) != len(Rules()) {
		t.Errorf("%d rules, messages for %d", len(Rules()), len(ruleCases))
	}
}

// TestRuleTable: rules can be documented as they are.
func TestRuleTable(t *testing.T) {
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, r := range Rules() {
		if !id.MatchString(r.ID) || seen[r.ID] {
			t.Errorf("the ID %s", r.ID)
		}
		seen[r.ID] = true
		if !strings.HasSuffix(r.Doc, ".") || r.Hint == "" || strings.HasSuffix(r.Hint, ".") {
			t.Errorf("%s: %q, %q", r.ID, r.Doc, r.Hint)
		}
		if r.Severity != Error && r.Severity != Warning && r.Severity != Note {
			t.Errorf("%s: severity %s", r.ID, r.Severity)
		}
	}
	rules := Rules()
	rules[0].ID = "changed"
	if Rules()[0].ID == "changed" {
		t.Error("the table can be changed from outside")
	}
}

func TestOptions(t *testing.T) {
	if _, err := Check(nil, Options{Ignore: []string{"typo"}}); err == nil || err.Error() != `lint: there is no rule "typo"` {
		t.Errorf("an unknown rule: %v", err)
	}
	message := crlf(good)
	if _, err := Read(strings.NewReader(message), Options{Limit: int64(len(message) - 1)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("beyond the limit: %v", err)
	}
	if findings, err := Read(strings.NewReader(message), Options{Limit: int64(len(message))}); err != nil || len(findings) > 0 {
		t.Errorf("at the limit: %v, %v", findings, err)
	}
}

// TestMany: of very many findings some are kept, and the number of the others.
func TestMany(t *testing.T) {
	findings := check(t, crlf(withHTML(strings.Repeat("<img>\n", 1000))))
	if len(findings) != maxFindings+1 {
		t.Fatalf("%d findings", len(findings))
	}
	if got, want := findings[0].String(), "warning: 980 more of the same [image-alt]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNesting(t *testing.T) {
	if findings := check(t, crlf(nested(99))); len(findings) > 1 {
		t.Errorf("99 deep: %v", findings)
	}
}

// TestHostile: a few hundred kilobytes take a moment, whatever is in them. What is
// quadratic takes minutes for them.
func TestHostile(t *testing.T) {
	const size, limit = 300_000, 15 * time.Second
	for name, shape := range map[string]func(n int) string{
		"fields": func(n int) string { return plain + strings.Repeat("From: x\n", n) },
		"folds":  func(n int) string { return plain + "X: y\n" + strings.Repeat(" z\n", n) },
		"parts": func(n int) string {
			return plain + "Content-Type: multipart/alternative; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: text/html\n\nx\n", n)
		},
		"multiparts": func(n int) string {
			return plain + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: multipart/mixed; boundary=c\n\n", n)
		},
		"deep":       func(n int) string { return nested(n) },
		"hyphens":    func(n int) string { return nested(99) + strings.Repeat("--"+strings.Repeat("x", 190)+"\n", n) },
		"signatures": func(n int) string { return strings.Repeat("DKIM-Signature: v=1\n", n) + plain },
		"tags":       func(n int) string { return "DKIM-Signature: " + strings.Repeat("a=b;", n) + "\n" + plain },
		"parameters": func(n int) string { return plain + "Content-Type: text/plain" + strings.Repeat("; a=b", n) + "\n\nx" },
		"words":      func(n int) string { return plain + "X-Y: z\nTo: " + strings.Repeat("=?utf-8?q?x?= ", n) + "\n\nx" },
		"markers":    func(n int) string { return plain + "\n" + strings.Repeat("{{", n) },
		"styles":     func(n int) string { return withHTML("<p style='" + strings.Repeat("(cid:", n) + "'>") },
		"pictures":   func(n int) string { return withHTML(strings.Repeat("<img src=cid:x>", n)) },
		"links":      func(n int) string { return withHTML(strings.Repeat("<a href=https://x.example>y.example</a>", n)) },
		"ids": func(n int) string {
			return plain + "Content-Type: multipart/related; boundary=b\n\n" + strings.Repeat("--b\nContent-ID: <x>\n\n", n)
		},
		"equals": func(n int) string {
			return plain + "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("= ", n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			message := crlf(shape(size * 1000 / len(shape(1000))))
			begin := time.Now()
			check(t, message)
			if took := time.Since(begin); took > limit {
				t.Errorf("%d octets take %s", len(message), took)
			}
		})
	}
}

// TestLongHeaderName: what is repeated of a header's name is cut as its text is.
func TestLongHeaderName(t *testing.T) {
	findings, err := Check([]byte(crlf(plain+"X-"+strings.Repeat("a", 900)+": Grüße\n\nx")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "line 6: X-" + strings.Repeat("a", 78) + "…: note: has octets above 127: “Grüße” [header-8bit]"
	for _, finding := range findings {
		if finding.String() == want {
			return
		}
	}
	t.Errorf("%v", findings)
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(crlf(good)))
	for id, cases := range ruleCases {
		for _, c := range cases {
			if id != "size" && id != "html-clipped" {
				f.Add([]byte(c.message))
			}
		}
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		findings, err := Check(message, Options{})
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(string(message), "\n") + 1
		for _, finding := range findings {
			text := finding.String() + finding.Hint
			if printable(text) != text || finding.Line < 0 || finding.Line > lines+1 || finding.Hint == "" || len(text) > 4000 {
				t.Fatalf("%#v", finding)
			}
		}
		again, _ := Check(message, Options{})
		if diff := cmp.Diff(findings, again); diff != "" {
			t.Fatalf("found something else the second time\n%s", diff)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	message := []byte(crlf(good))
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Check(message, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
