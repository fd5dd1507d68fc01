package mime

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// With -update the messages in testdata are written anew; look at the difference then.
var update = flag.Bool("update", false, "write testdata/*.eml")

// goldenDescriptions are messages of each shape, named by their file in testdata.
func goldenDescriptions(t testing.TB) map[string]Description {
	bear := mustBytes(t, "\x89PNG\r\n\x1a\nbear\x00\xff", "bear.png")
	terms := mustBytes(t, "%PDF-1.4\n"+strings.Repeat("\x00\x01\x02\xfe", 40), "terms.pdf")
	alternative := func() Description {
		d := simple()
		d.Subject = "Grüße aus der Bank"
		d.Text = "Hello Ann,\n\n-- \nBank\n"
		d.HTML = "<h1>Hällo Ann</h1>\n"
		return d
	}
	all := map[string]Description{"text": simple()}

	d := simple()
	d.Text = ""
	d.HTML = "<p>Hello</p>"
	all["html"] = d
	all["alternative"] = alternative()

	d = alternative()
	d.HTML = `<img src="cid:bear">`
	d.Inline = []Inline{{"bear", bear}}
	all["related"] = d

	d.Attach = []*Part{terms, mustBytes(t, "a;b\r\n1;2", "Zahlen für Ännchen.csv")}
	all["mixed"] = d

	d = simple()
	d.Text = ""
	d.Attach = []*Part{terms}
	all["attachment"] = d

	d = simple()
	d.Text = "Zażółć gęślą jaźń\n" + strings.Repeat("日本語の本文", 20) + "\n.\n..\nFrom here\nlast"
	d.From = []Address{{"Ännchen, Bank", "a@bücher.example"}, {"B. Boss", "b@bank.example"}}
	d.Sender = &Address{"", "clerk@bank.example"}
	d.ReplyTo = AddressList{Group{"Kundendienst für alle", []Address{{"", "kd@bank.example"}}}}
	d.To = AddressList{
		Address{"Ann Example", "ann@example.org"}, Address{"", `"ann b"@example.org`},
		Group{"Team", []Address{{"Carol", "carol@example.org"}, {"Dan", "dan@example.org"}}},
	}
	d.Cc = AddressList{Group{Name: "undisclosed-recipients"}}
	d.Bcc = NewAddressList(Address{"Secret", "secret@example.org"})
	d.Subject = strings.Repeat("Ein sehr langer Betreff ", 6) + "=?x?="
	d.Headers = []Field{{"X-Mailer", "mailscript"}, {"List-Unsubscribe", "<mailto:off@bank.example>,<https://bank.example/off?id=0123456789012345678901234567890123456789>"}}
	all["headers"] = d

	d = simple()
	d.To = AddressList{Address{"Jürgen", "jürgen@bücher.example"}}
	all["utf8"] = d

	d = simple()
	tree, err := NewMultipart("multipart/digest", []*Part{mustPart(t, "text/plain; format=flowed", "one \ntwo"), mustPart(t, "text/calendar; method=REQUEST", "BEGIN:VCALENDAR\nEND:VCALENDAR")}, PartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.Attach = []*Part{tree}
	all["tree"] = d
	return all
}

func mustPart(t testing.TB, mediaType, body string) *Part {
	t.Helper()
	p, err := NewPart(mediaType, []byte(body), PartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGolden(t *testing.T) {
	trees := map[string]string{
		"text": "text/plain", "html": "text/html", "utf8": "text/plain", "headers": "text/plain",
		"alternative": "alternative(text/plain text/html)",
		"related":     "related(alternative(text/plain text/html) image/png)",
		"mixed":       "mixed(related(alternative(text/plain text/html) image/png) application/pdf text/csv)",
		"attachment":  "mixed(application/pdf)",
		"tree":        "mixed(text/plain digest(text/plain text/calendar))",
	}
	for name, d := range goldenDescriptions(t) {
		m := mustBuild(t, d)
		raw := m.Bytes()
		path := filepath.Join("testdata", name+".eml")
		if *update {
			if err := os.WriteFile(path, raw, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(raw)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		_, root := readMessage(t, raw)
		if root.tree() != trees[name] {
			t.Errorf("%s: tree is %s, want %s", name, root.tree(), trees[name])
		}
		if m.UTF8() != (name == "utf8") || m.EightBit() || m.Binary() {
			t.Errorf("%s: UTF8 is %v", name, m.UTF8())
		}
		if ascii := isASCII(string(raw)); ascii == m.UTF8() {
			t.Errorf("%s: ASCII is %v", name, ascii)
		}
	}
}

// TestReadBack sends names and bytes of all kinds as attachments and inline parts.
func TestReadBack(t *testing.T) {
	bodies := []string{
		"", ".", "x", "\r\n", "\n", "\r", "a\r\nb", "a\nb", "a\r\nb\r\n", "\r\n.\r\nMAIL FROM:<x@y>\r\n",
		".\r\n", "From me\r\n", "trailing \r\n", "trailing ", "\x00", "ä\r\n", "ä", strings.Repeat("ä", 5000),
		strings.Repeat("x", 998), strings.Repeat("x", 999), strings.Repeat("x", 999) + "\r\n", "\xff\xfe", "--\r\n", "=\r\n",
	}
	for size := range 200 { // each place at which a base64 line can end
		bodies = append(bodies, strings.Repeat("\x01", size))
	}
	names := []string{
		"a.txt", "a.bin", "ä.txt", `a"b.txt`, "a b.csv", "a;b.html", "a=b?.ics", "=?utf-8?q?x?=.txt", "日本語😀.txt",
		strings.Repeat("n", 60) + ".txt", strings.Repeat("n", 250) + ".txt", strings.Repeat("😀", 75) + ".txt", "a'b%41.txt", "*.txt",
	}
	d := simple()
	d.HTML = "<p>"
	var want []readPart
	for i, body := range bodies {
		name := names[i%len(names)]
		part := mustBytes(t, body, name)
		d.Attach = append(d.Attach, part)
		want = append(want, readPart{Name: name, Body: body})
	}
	m := mustBuild(t, d)
	_, root := readMessage(t, m.Bytes())
	got := root.leaves()[2:]
	if len(got) != len(want) {
		t.Fatalf("%d attachments, want %d", len(got), len(want))
	}
	for i, w := range want {
		if got[i].Body != w.Body || got[i].Name != w.Name || got[i].Disposition != "attachment" {
			t.Errorf("attachment %d: got %q, %.60q (%s), want %q, %.60q", i, got[i].Name, got[i].Body, got[i].Encoding, w.Name, w.Body)
		}
	}
}

// TestBodies sends texts that break other writers; what arrives is the text with CRLF.
func TestBodies(t *testing.T) {
	smuggled := []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r\n", "\r.\r", "\r.\n", "\n.\r", "\r\n.\r", "\r.\r\n"}
	texts := []string{
		"", ".", "..", ".\n", "\n", "\n\n", "no end", "a\rb", "a\r\rb", "a\r\n\nb", "tab\t", "blank ", "-- \nsig",
		"From me", " From me", "from me", "\nFrom \n", "\x00", "\x1b[31m", "\f\v", "ä", "日本語", "=", "=3D", "a=\nb",
		"--=_1_0102030405060708090a0b0c0d0e0f10\n", "--=_1_1112131415161718191a1b1c1d1e1f20--\n",
		"EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n", "BDAT 5 LAST\n",
		strings.Repeat("x", 998), strings.Repeat("x", 999), strings.Repeat("x", 100_000), strings.Repeat("ä", 1000),
		strings.Repeat("x", 74) + " y", strings.Repeat("x", 75) + " y", strings.Repeat("x", 75) + " ", strings.Repeat("x", 76) + ".y",
		strings.Repeat("=", 25) + ".", strings.Repeat(strings.Repeat("x", 75)+".", 20), strings.Repeat("ä", 13) + "From x",
	}
	for _, s := range smuggled {
		texts = append(texts, "a"+s+"MAIL FROM:<x@y>"+s, s)
	}
	for _, at := range []int{4096, 8192, 16384} {
		texts = append(texts, strings.Repeat("y", at-1)+"\rz", strings.Repeat("y ", at/2-1)+"\r\n.")
	}
	for _, text := range texts {
		d := simple()
		d.Text = text
		if text != "" {
			d.HTML = "<pre>" + text + "</pre>"
		}
		d.Attach = []*Part{mustPart(t, "text/calendar", text), mustBytes(t, text, "x.csv")}
		for _, attach := range []bool{true, false} {
			if !attach {
				d.Attach, d.HTML = nil, ""
			}
			_, root := readMessage(t, mustBuild(t, d).Bytes())
			want := string(canonicalText(text))
			leaves := root.leaves()
			if leaves[0].Body != want && (attach || text != "") {
				t.Errorf("%.60q arrives as %.60q (%s)", text, leaves[0].Body, leaves[0].Encoding)
			}
			if !attach {
				continue
			}
			if last := leaves[len(leaves)-1]; last.Body != text {
				t.Errorf("%.60q as attachment arrives as %.60q (%s)", text, last.Body, last.Encoding)
			}
			if len(leaves) == 4 && leaves[1].Body != string(canonicalText(d.HTML)) {
				t.Errorf("%.60q in html arrives as %.60q (%s)", text, leaves[1].Body, leaves[1].Encoding)
			}
		}
	}
}

// TestSMTPLines looks at what a server sees: no line that is a dot alone, in any message.
func TestSMTPLines(t *testing.T) {
	for _, text := range []string{".", "a\n.\nb", "ä\n.\nb", strings.Repeat("ä", 12) + "xxx.\n", "\x00\n.\n"} {
		d := simple()
		d.Text = text
		d.Attach = []*Part{mustBytes(t, strings.ReplaceAll(text, "\n", "\r\n"), "a.txt"), mustBytes(t, text, "b.txt")}
		for line := range bytes.SplitSeq(mustBuild(t, d).Bytes(), []byte("\r\n")) {
			if string(line) == "." || bytes.HasPrefix(line, []byte("From ")) {
				t.Errorf("%q gives the line %q", text, line)
			}
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	part := mustBytes(t, "x", "x.bin")
	tree, err := NewMultipart("multipart/mixed", []*Part{part}, PartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change        func(d *Description)
		field, reason string
	}{
		{func(d *Description) { d.From = nil }, "from", "no sender"},
		{func(d *Description) { d.To = nil }, "to", "no recipient"},
		{func(d *Description) { d.To = AddressList{Group{Name: "undisclosed-recipients"}} }, "to", "no recipient"},
		{func(d *Description) { d.Envelope = &Envelope{To: []Address{}} }, "to", "no recipient"},
		{func(d *Description) { d.From = append(d.From, d.From[0]) }, "sender", "need a sender"},
		{func(d *Description) { d.To = AddressList{nil} }, "to[1]", "no address"},
		{func(d *Description) { d.To = append(d.To, Address{}) }, "to[2]", "no address"},
		{func(d *Description) { d.To = AddressList{Group{"g", []Address{{"", "a@b"}, {"", "x"}}}} }, "to[1].members[2]", "no @"},
		{func(d *Description) { d.Cc = AddressList{Group{" ", nil}} }, "cc[1]", "no name"},
		{func(d *Description) { d.Text = "a\xffb" }, "text", "invalid UTF-8"},
		{func(d *Description) { d.HTML = "a\xed\xa0\x80b" }, "html", "invalid UTF-8"},
		{func(d *Description) { d.Subject = strings.Repeat("x", 64<<10+1) }, "subject", "longer than 64 KiB"},
		{func(d *Description) { d.MessageID = "x" }, "message_id", "not a message id"},
		{func(d *Description) { d.MessageID = "<a@b> <c@d>" }, "message_id", "not a message id"},
		{func(d *Description) { d.MessageID = "<a>b@c>" }, "message_id", "not a message id"},
		{func(d *Description) { d.MessageID = "ü@b" }, "message_id", "not ASCII"},
		{func(d *Description) { d.MessageID = strings.Repeat("x", 300) + "@b" }, "message_id", "longer"},
		{func(d *Description) { d.Date = time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC) }, "date", "year"},
		{func(d *Description) { d.Date = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "date", "year"},
		{func(d *Description) { d.Attach = []*Part{part, nil} }, "attach[2]", "no part"},
		{func(d *Description) { d.Inline = []Inline{{"x", part}} }, "inline", "without html"},
		{func(d *Description) { d.HTML, d.Inline = "<p>", []Inline{{"x", part}} }, "inline.x", "does not show it"},
		{func(d *Description) { d.HTML, d.Inline = `<img src="cid:x">`, []Inline{{"x", nil}} }, "inline.x", "no part"},
		{func(d *Description) { d.HTML, d.Inline = `<img src="cid:x">`, []Inline{{"x", tree}} }, "inline.x", "multipart"},
		{func(d *Description) { d.HTML, d.Inline = `<img src="cid:x">`, []Inline{{"x", part}, {"x", part}} }, "inline.x", "two inline"},
		{func(d *Description) { d.HTML, d.Inline = `<p>`, []Inline{{"", part}} }, "inline", "needs a name"},
		{func(d *Description) { d.HTML = `<img src="cid:bear">` }, "html", "cid:bear has no inline part"},
		{func(d *Description) { d.HTML, d.Inline = `<img src=cid:beer>`, []Inline{{"bear", part}} }, "html", "cid:beer has no inline part"},
	} {
		d := simple()
		test.change(&d)
		m, err := Build(d, fixed())
		checkError(t, err, test.field, test.reason)
		if m != nil {
			t.Errorf("%s: a message with the error", test.field)
		}
	}
	broken := errors.New("no entropy")
	_, err = Build(simple(), Environment{Random: errReader{broken}})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestMessageID(t *testing.T) {
	for _, test := range []struct{ given, from, want string }{
		{"", "a@bücher.example", "<0102030405060708090a0b0c0d0e0f10@xn--bcher-kva.example>"},
		{"", "a@[192.0.2.1]", "<0102030405060708090a0b0c0d0e0f10@[192.0.2.1]>"},
		{"x.y@z", "a@b", "<x.y@z>"},
		{"<x@[192.0.2.1]>", "a@b", "<x@[192.0.2.1]>"},
	} {
		d := simple()
		d.MessageID, d.From[0].Mailbox = test.given, test.from
		m := mustBuild(t, d)
		if got, _ := m.Header("Message-ID"); m.ID() != test.want || got != test.want {
			t.Errorf("%q from %s: got %s, %s, want %s", test.given, test.from, m.ID(), got, test.want)
		}
	}
}

func TestEnvelope(t *testing.T) {
	clerk := Address{"", "clerk@bank.example"}
	many := Description{
		From:   []Address{{"", "a@bücher.example"}, {"", "b@x"}},
		Sender: &clerk,
		To:     AddressList{Address{"", "ann@example.org"}, Group{"g", []Address{{"", "bob@example.org"}, {"Ann", "ann@EXAMPLE.org"}}}},
		Cc:     NewAddressList(Address{"", "ANN@example.org"}, Address{"", "c@bücher.example"}),
		Bcc:    NewAddressList(Address{"", "bob@example.org"}, Address{"", "secret@example.org"}, Address{"", "c@xn--bcher-kva.example"}),
	}
	override, null := many, many
	override.Envelope = &Envelope{From: &Address{"", "bounce@bank.example"}, To: []Address{{"", "x@y"}, {"", "x@Y"}}}
	null.Envelope = &Envelope{From: &Address{}}
	onlyEnvelope := Description{From: []Address{clerk}, Envelope: &Envelope{To: []Address{{"", "x@y"}}}}
	for name, test := range map[string]struct {
		d        Description
		from, to string
	}{
		"headers":  {many, "clerk@bank.example", "ann@example.org bob@example.org ANN@example.org c@xn--bcher-kva.example secret@example.org"},
		"override": {override, "bounce@bank.example", "x@y"},
		"null":     {null, "", "ann@example.org bob@example.org ANN@example.org c@xn--bcher-kva.example secret@example.org"},
		"only":     {onlyEnvelope, "clerk@bank.example", "x@y"},
	} {
		m := mustBuild(t, test.d)
		from, to := m.Envelope()
		var got []string
		for _, a := range to {
			got = append(got, a.Mailbox)
		}
		if from.Mailbox != test.from || strings.Join(got, " ") != test.to {
			t.Errorf("%s: got %s, %s", name, from.Mailbox, got)
		}
		if raw := string(m.Bytes()); strings.Contains(raw, "secret") || strings.Contains(raw, "bounce") {
			t.Errorf("%s: the envelope shows in the message", name)
		}
	}
}

func TestUTF8OnlyForLocalParts(t *testing.T) {
	for _, test := range []struct {
		change func(d *Description)
		want   bool
	}{
		{func(d *Description) { d.Subject, d.Text = "ü", "ü" }, false},
		{func(d *Description) { d.To = AddressList{Address{"Ü", "a@bücher.example"}} }, false},
		{func(d *Description) { d.To = AddressList{Address{"", "ü@x"}} }, true},
		{func(d *Description) { d.Bcc = AddressList{Address{"", "ü@x"}} }, true},
		{func(d *Description) { d.ReplyTo = AddressList{Group{"g", []Address{{"", "ü@x"}}}} }, true},
		{func(d *Description) { d.Headers = []Field{{"Errors-To", "ü@x"}} }, true},
		{func(d *Description) { d.Envelope = &Envelope{From: &Address{"", "ü@x"}} }, true},
	} {
		d := simple()
		test.change(&d)
		if m := mustBuild(t, d); m.UTF8() != test.want {
			t.Errorf("got %v for\n%s", m.UTF8(), m.Bytes())
		}
	}
}

// TestBoundaries puts what the boundaries will be into the bodies.
func TestBoundaries(t *testing.T) {
	random := "1112131415161718191a1b1c1d1e1f20"
	d := simple()
	d.Text = "--=_1_" + random + "--\n"
	d.HTML = "--=_2_" + random + "\n"
	d.Attach = []*Part{mustBytes(t, "--=_3_"+random+"\r\n", "a.txt")}
	raw := mustBuild(t, d).Bytes()
	_, root := readMessage(t, raw)
	if root.tree() != "mixed(alternative(text/plain text/html) text/plain)" {
		t.Errorf("tree is %s\n%s", root.tree(), raw)
	}
	// Randomness that never changes still gives boundaries that differ.
	m, err := Build(d, Environment{Random: zeros{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, root := readMessage(t, m.Bytes()); root.Parameters["boundary"] == root.Parts[0].Parameters["boundary"] {
		t.Error("two levels have one boundary")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestImmutable changes everything a caller can reach; the message does not.
func TestImmutable(t *testing.T) {
	data := []byte("data")
	part, err := Bytes(data, PartOptions{Name: "x.bin"})
	if err != nil {
		t.Fatal(err)
	}
	d := goldenDescriptions(t)["headers"]
	d.Attach = []*Part{part}
	d.Envelope = &Envelope{From: &Address{"", "x@y"}, To: []Address{{"", "x@y"}}}
	m := mustBuild(t, d)
	before, description := m.Bytes(), m.Description()

	change := func(d Description) {
		d.From[0].Name, d.Sender.Name, d.Headers[0].Value, d.Attach[0] = "X", "X", "X", nil
		d.To[2].(Group).Members[0].Name, d.To[0] = "X", nil
		d.Envelope.From.Name, d.Envelope.To[0].Name = "X", "X"
	}
	change(m.Description())
	change(d)
	copy(data, "XXXX")
	m.Bytes()[0] = 'X'
	_, to := m.Envelope()
	to[0].Mailbox = "X"
	m.Headers()[0].Value = "X"
	if !bytes.Equal(before, m.Bytes()) {
		t.Error("the bytes have changed")
	}
	if diff := cmp.Diff(description, m.Description(), cmp.Comparer(func(a, b *Part) bool { return a == b })); diff != "" {
		t.Errorf("the description has changed: %s", diff)
	}
	again, err := Build(m.Description(), fixed())
	if err != nil || !bytes.Equal(again.Bytes(), before) {
		t.Errorf("its description builds another message: %v", err)
	}
}

// TestSharedPart builds and writes with one part from many goroutines; its encoded bytes
// are the same memory in all messages.
func TestSharedPart(t *testing.T) {
	part := mustBytes(t, strings.Repeat("\x00data", 10_000), "x.bin")
	messages := make([]*Message, 8)
	var wait sync.WaitGroup
	for i := range messages {
		wait.Go(func() {
			d := simple()
			d.HTML = `<img src="cid:x">`
			d.Inline = []Inline{{"x", part}}
			d.Attach = []*Part{part}
			messages[i], _ = Build(d, Environment{})
			_ = messages[i].Bytes()
		})
	}
	wait.Wait()
	shared := &part.body[0]
	for _, m := range messages {
		found := 0
		for _, segment := range m.Segments() {
			if &segment[0] == shared {
				found++
			}
		}
		if found != 2 {
			t.Errorf("%d of 2 bodies are shared", found)
		}
	}
}

func TestMessageForms(t *testing.T) {
	d := simple()
	d.Subject = "Hello\tAnn"
	d.Attach = []*Part{mustBytes(t, strings.Repeat("\x00", 10_000), "x.bin")}
	m := mustBuild(t, d)
	var out bytes.Buffer
	if n, err := m.WriteTo(&out); err != nil || n != m.Size() || !bytes.Equal(out.Bytes(), m.Bytes()) {
		t.Errorf("WriteTo gives %d octets, %v; Size is %d", n, err, m.Size())
	}
	broken := errors.New("closed")
	if _, err := m.WriteTo(errWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	want := `«message <0102030405060708090a0b0c0d0e0f10@bank.example> to 1 recipient, 14.3 kB, "Hello\tAnn"»`
	if m.String() != want {
		t.Errorf("String is %s", m)
	}
	if got, want := d.Attach[0].String(), `«part "x.bin", application/octet-stream, 10.0 kB»`; got != want {
		t.Errorf("String is %s", got)
	}
	if _, ok := m.Header("X-Missing"); ok {
		t.Error("a field that is not there")
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 5_000_000_000: "5.0 GB", 5_000_000_000_000: "5000.0 GB"} {
		if got := humanSize(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

type errWriter struct{ err error }

func (w errWriter) Write([]byte) (int, error) { return 0, w.err }
