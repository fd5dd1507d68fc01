package mime

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// The tests of this file are the lists of hostile inputs, one test a list: each text in
// each place that takes one is refused with an error that is safe to print, or arrives as
// text. It never becomes structure: the fields and the tree stay what they would be
// without it.

// outcome builds, and returns the message, or nil where it was refused.
func outcome(t *testing.T, what string, d Description) *Message {
	t.Helper()
	start := time.Now()
	m, err := Build(d, fixed())
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("%s: took %v", what, took)
	}
	if err == nil {
		return m
	}
	var fault *Error
	if !errors.As(err, &fault) {
		t.Errorf("%s: not an *Error: %v", what, err)
	}
	if text := err.Error(); strings.ContainsAny(text, "\r\n\x00\x1B\u202E\u2028\u0085") || len(text) > 600 || fault.Reason == "" {
		t.Errorf("%s: the error is not safe to print, or says nothing: %q", what, text)
	}
	return nil
}

// checkStructure reads a message with both readers and looks for what was not asked for.
func checkStructure(t *testing.T, what string, m *Message, fields []string, tree string) readPart {
	t.Helper()
	header, root := readMessage(t, m.Bytes())
	got := slices.Sorted(maps.Keys(header))
	want := slices.Sorted(slices.Values(fields))
	if !slices.Equal(got, want) {
		t.Errorf("%s: the fields are %v, want %v", what, got, want)
	}
	if root.tree() != tree {
		t.Errorf("%s: the tree is %s, want %s", what, root.tree(), tree)
	}
	from, to := m.Envelope()
	for _, a := range append(to, from) {
		if inQuotes := strings.HasPrefix(a.Mailbox, `"`); strings.ContainsAny(a.Mailbox, "\r\n\x00\t") || (!inQuotes && strings.ContainsAny(a.Mailbox, " <>")) {
			t.Errorf("%s: the envelope holds %q", what, a.Mailbox)
		}
	}
	return root
}

var (
	fieldsOfAll  = []string{"From", "To", "Date", "Message-Id", "Mime-Version", "Content-Type"}
	fieldsOfText = append(slices.Clone(fieldsOfAll), "Content-Transfer-Encoding")
)

// hostileRecipients is the list "Recipient/sender fields".
func hostileRecipients() []string {
	label := strings.Repeat("d", 63) + "."
	return []string{
		"a@b\r\nRCPT TO:<c@d>", "a@b>\r\nDATA", "a@b> SIZE=1", `"a b"@c`, `"xclow3n@gmail.com x"@internal.domain`, "a@b (c\r\n d)",
		strings.Repeat("l", 64) + "@b.org", strings.Repeat("l", 65) + "@b.org",
		"a@" + strings.Repeat(label, 3) + strings.Repeat("d", 56) + ".org", "a@" + strings.Repeat(label, 3) + strings.Repeat("d", 57) + ".org", "a@" + strings.Repeat(label, 5) + "org",
		strings.Repeat("(", 10<<20), ",,,,", strings.Repeat("g:", 100_000), strings.Repeat("{", 10_000), "<@route:a@b>", "a@[IPv6:::1]", "a@[1.2.3.4]",
		"a@b..c", ".a@b", "a@İ.example", "a@straße.example", "a@a\u200Db.example", "a@a\u00ADb.example", "a@exa．mple.org", "a\u202Eb@c.org", "Ann\u202E <a@b.org>",
		"a@xn--ü.example", "a@xn--a.example", "a@ⓧn--80ak6aa92e.example", "a\xED\xA0\x80@b", "a@b\xC0\x8Ac", "aĊ@b.org", "a嘊@b.org", "a@bĊ.org",
		"a\x0B@b", "a\x0C@b", "a\x85@b", "a\u0085@b", "a\u2028@b", "a\x00@b", "a@b\x00", "a\x7F@b", "a\t@b", "a@b\t", "a%c@b", "-oQ/tmp@b", "-a@-b",
		"=?utf-8?q?=0aBcc:x?=", "=?utf-8?q?=0aBcc=3Ax?= <a@b>", "", "   ", "\r", "\n", "\r\n.\r\n", "<>", "a@b,c@d", "a@b;c@d",
	}
}

func TestHostileRecipients(t *testing.T) {
	taken := map[string]int{}
	for _, text := range hostileRecipients() {
		parsed, parseErr := ParseAddress(text)
		list, _ := ParseAddressList(text)
		for place, set := range map[string]func(d *Description){
			"parsed":    func(d *Description) { d.To = NewAddressList(parsed) },
			"list":      func(d *Description) { d.To = list },
			"mailbox":   func(d *Description) { d.To = NewAddressList(Address{Mailbox: text}) },
			"name":      func(d *Description) { d.To = NewAddressList(Address{text, "a@b"}) },
			"group":     func(d *Description) { d.To = AddressList{Group{text, []Address{{text, "a@b"}}}} },
			"member":    func(d *Description) { d.To = AddressList{Group{"g", []Address{{"", text}}}} },
			"from":      func(d *Description) { d.From = []Address{{text, text}} },
			"sender":    func(d *Description) { d.Sender = &Address{"", text} },
			"bcc":       func(d *Description) { d.Bcc = NewAddressList(Address{"", text}) },
			"from path": func(d *Description) { d.Envelope = &Envelope{From: &Address{"", text}} },
			"to path":   func(d *Description) { d.Envelope = &Envelope{To: []Address{{"", text}}} },
			"errors-to": func(d *Description) { d.Headers = []Field{{"Errors-To", text}} },
		} {
			d := simple()
			set(&d)
			what := fmt.Sprintf("%s %.60q", place, text)
			if m := outcome(t, what, d); m != nil {
				fields := fieldsOfText
				if place == "sender" && d.Sender.Mailbox != d.From[0].Mailbox {
					fields = append(slices.Clone(fields), "Sender")
				}
				if place == "errors-to" {
					fields = append(slices.Clone(fields), "Errors-To")
				}
				checkStructure(t, what, m, fields, "text/plain")
				taken[place]++
			}
		}
		for place, set := range map[string]func(o *EventOptions){
			"organizer": func(o *EventOptions) { o.Organizer = &Address{text, "a@b"} },
			"attendee":  func(o *EventOptions) { o.Attendees = []Attendee{{Address: Address{text, text}}} },
			"address":   func(o *EventOptions) { o.Attendees = []Attendee{{Address: parsed}} },
		} {
			o := meeting()
			set(&o)
			checkHostileEvent(t, fmt.Sprintf("%s %.60q", place, text), o)
		}
		if parseErr != nil && strings.ContainsAny(parseErr.Error(), "\r\n\x00\u202E\u2028") {
			t.Errorf("%.60q: the error is not safe to print: %q", text, parseErr)
		}
	}
	for _, place := range []string{"parsed", "name", "mailbox", "list"} {
		if taken[place] == 0 || taken[place] == len(hostileRecipients()) {
			t.Errorf("%s: %d of %d were taken: the test tests nothing", place, taken[place], len(hostileRecipients()))
		}
	}
}

// checkHostileEvent builds an event: refused, or no property more than without.
func checkHostileEvent(t *testing.T, what string, o EventOptions) {
	t.Helper()
	e, err := NewEvent(o)
	if err != nil {
		var fault *Error
		if !errors.As(err, &fault) || strings.ContainsAny(err.Error(), "\r\n\x00\u202E\u2028") {
			t.Errorf("%s: the error is not safe to print: %q", what, err)
		}
		return
	}
	d := simple()
	d.Event = e
	m := outcome(t, what, d)
	if m == nil {
		return
	}
	root := checkStructure(t, what, m, fieldsOfAll, "mixed(alternative(text/plain text/calendar) application/ics)")
	want := []string{
		"BEGIN", "VERSION", "PRODID", "CALSCALE", "METHOD", "BEGIN", "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DURATION", "SUMMARY", "DESCRIPTION", "LOCATION",
		"URL", "ORGANIZER", "ATTENDEE", "STATUS", "BEGIN", "ACTION", "DESCRIPTION", "TRIGGER", "END", "END", "END",
	}
	var got []string
	for _, p := range readCalendar(t, root.leaves()[1].Body) {
		got = append(got, p.name)
		for _, q := range strings.Split(p.parameters, `"`)[1:] {
			if strings.ContainsAny(q, "\r\n\x00") {
				t.Errorf("%s: a parameter holds %q", what, q)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: the properties are %v, want %v", what, got, want)
	}
}

// TestHostileTokens is the list of places that are tokens or nearly: Content-ID, charset,
// list fields, keys of header fields, message IDs, types, parameters, dispositions.
func TestHostileTokens(t *testing.T) {
	part := func(opts PartOptions) func(d *Description) error {
		return func(d *Description) error {
			p, err := Bytes([]byte("x"), opts)
			d.Attach = []*Part{p}
			return err
		}
	}
	list := func(l List) func(d *Description) error {
		return func(d *Description) error { d.List = l; return nil }
	}
	ok := func(set func(d *Description)) func(d *Description) error {
		return func(d *Description) error { set(d); return nil }
	}
	for _, bad := range []string{"\r", "\n", "\r\n", "\x00", ";", `"`, `\`, ">", "<", ",", " ", "\t", "ü", "\xFF", "\u2028", "\x7F", "'", "%0A", "*0*", "=?utf-8?q?=0A?=", "\r\nBcc: x@y\r\n", strings.Repeat("x", 100_000)} {
		for place, test := range map[string]struct {
			set   func(d *Description) error
			field string // the one field the place makes, "" for none
			tree  string
		}{
			"content-id":  {part(PartOptions{Name: "x.bin", ContentID: "a" + bad + "@b"}), "", "mixed(text/plain text/plain)"},
			"type":        {part(PartOptions{Name: "x.bin", Type: "image/p" + bad}), "", "mixed(text/plain *)"},
			"parameter":   {part(PartOptions{Name: "x.bin", Type: `image/png; x="a` + bad + `"`}), "", "mixed(text/plain image/png)"},
			"key":         {part(PartOptions{Name: "x.bin", Type: `image/png; x` + bad + `=a`}), "", "mixed(text/plain image/png)"},
			"charset":     {part(PartOptions{Name: "x.txt", Charset: "utf-8" + bad}), "", "mixed(text/plain text/plain)"},
			"disposition": {part(PartOptions{Name: "x.bin", Disposition: Disposition("inline" + bad)}), "", "mixed(text/plain application/octet-stream)"},
			"text":        {ok(func(d *Description) { d.Charset = "iso-8859-1" + bad }), "", "text/plain"},
			"header":      {ok(func(d *Description) { d.Headers = []Field{{"X-Foo" + bad, "x"}} }), "*", "text/plain"},
			"value":       {ok(func(d *Description) { d.Headers = []Field{{"X-Foo", "a" + bad}} }), "X-Foo", "text/plain"},
			"structured":  {ok(func(d *Description) { d.Headers = []Field{{"Received", "a" + bad}} }), "Received", "text/plain"},
			"message id":  {ok(func(d *Description) { d.MessageID = "a" + bad + "@b" }), "", "text/plain"},
			"reply to id": {ok(func(d *Description) { d.InReplyTo = []string{"<a" + bad + "@b>"} }), "In-Reply-To", "text/plain"},
			"references":  {ok(func(d *Description) { d.References = []string{"<a@b>", "<a@b" + bad + ">"} }), "References", "text/plain"},
			"submitted":   {ok(func(d *Description) { d.AutoSubmitted = AutoSubmitted("auto-replied" + bad) }), "Auto-Submitted", "text/plain"},
			"list name":   {list(List{ID: "a" + bad + " <a.b>"}), "List-Id", "text/plain"},
			"list id":     {list(List{ID: "a" + bad + ".b"}), "List-Id", "text/plain"},
			"help":        {list(List{Help: []string{"https://b/" + bad}}), "List-Help", "text/plain"},
			"archive":     {list(List{Archive: []string{"mailto:a@b" + bad}}), "List-Archive", "text/plain"},
			"transfer":    {ok(func(d *Description) { d.Transfer = Transfer("8bit" + bad) }), "", "text/plain"},
		} {
			what := fmt.Sprintf("%s with %.20q", place, bad)
			d := simple()
			if err := test.set(&d); err != nil {
				if strings.ContainsAny(err.Error(), "\r\n\x00\u2028") {
					t.Errorf("%s: the error is not safe to print: %q", what, err)
				}
				continue
			}
			m := outcome(t, what, d)
			if m == nil {
				continue
			}
			fields := slices.Clone(fieldsOfText)
			if strings.HasPrefix(test.tree, "mixed") {
				fields = slices.Clone(fieldsOfAll)
			}
			header, root := readMessage(t, m.Bytes())
			if test.field == "*" {
				if len(header) != len(fields)+1 {
					t.Errorf("%s: the fields are %v", what, header)
				}
				continue
			}
			if test.field != "" {
				fields = append(fields, test.field)
			}
			tree := test.tree
			if strings.Contains(tree, "*") {
				tree = root.tree()
			}
			checkStructure(t, what, m, fields, tree)
		}
	}
}

// TestHostileHeaders is the list "Headers".
func TestHostileHeaders(t *testing.T) {
	texts := []string{
		"a\nBcc: x", "a\r\nBcc: x", "\r", "a\rb", "a\n ", "a\r\n \r\n b", "\n \n", strings.Repeat("x", 998), strings.Repeat("x", 999), strings.Repeat("x", 1000), strings.Repeat("x", 60_000),
		strings.Repeat("x", 100_000), strings.Repeat("x ", 30_000), strings.Repeat("ä", 60) + "😀", strings.Repeat("😀", 300), "\xED\xA0\xBD\xED\xB8\x80", "\xF0\x9F", strings.Repeat("w", 75), strings.Repeat("w", 76),
		strings.Repeat("ä", 10) + " " + strings.Repeat("w", 76), "?= in text", "a ?= b =? c", "=?utf-8?q?literal?=", "=?utf-8?b?AAAA", "=?x?y?z?=", "=?utf-8?q?a?= =?utf-8?q?b?=", "From x", ".", "trailing  ", "  ", "\t", "a\tb",
		"Subject: nested: header", "Content-Type: text/html", "--=_1_1112131415161718191a1b1c1d1e1f20", "\uFEFFbom", "\u202Ertl", "a\u0000b", "a\u0085b", "Ċ", strings.Repeat("\u0301", 500),
	}
	for _, text := range texts {
		for place, set := range map[string]func(d *Description){
			"Subject": func(d *Description) { d.Subject = text },
			"X-Text":  func(d *Description) { d.Headers = []Field{{"X-Text", text}} },
			"Legacy":  func(d *Description) { d.Subject, d.Charset = text, "iso-8859-1" },
		} {
			d := simple()
			set(&d)
			field := place
			if place == "Legacy" {
				field = "Subject"
			}
			what := fmt.Sprintf("%s %.40q", place, text)
			m := outcome(t, what, d)
			offset, _ := textFault(text)
			if refused := offset >= 0 || len(text) > maxFieldValue; refused != (m == nil) {
				t.Errorf("%s: refused is %v, want %v", what, m == nil, refused)
			}
			if m == nil {
				continue
			}
			checkStructure(t, what, m, append(slices.Clone(fieldsOfText), field), "text/plain")
			header, _ := readMessage(t, m.Bytes())
			if got := decodeWords(header.Get(field)); got != text {
				t.Errorf("%s: arrives as %.60q", what, got)
			}
		}
	}

	// Duplicates of what a message has once, and more fields than anybody needs.
	many := make([]Field, 100_000)
	for i := range many {
		many[i] = Field{"X-Many", "x"}
	}
	for _, fields := range [][]Field{
		{{"From", "a@b"}}, {{"Date", "x"}}, {{"MIME-Version", "1.0"}}, {{"Content-Type", "text/html"}}, {{"Message-ID", "<a@b>"}}, {{"Subject", "x"}}, {{"To", "a@b"}},
		{{"References", "<a@b>"}, {"references", "<a@b>"}}, many,
	} {
		d := simple()
		d.Headers = fields
		if m := outcome(t, fields[0].Name, d); m != nil {
			t.Errorf("%s is taken %d times", fields[0].Name, len(fields))
		}
	}
	d := simple()
	d.Headers = many[:maxFields]
	if m := outcome(t, "many", d); m == nil || len(m.Headers()) != maxFields+len(fieldsOfText) {
		t.Error("not all fields are there")
	}
}

// hostileBodies is the list "Body".
func hostileBodies() []string {
	var texts []string
	for _, dot := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r\n", "\r.\r", "\r.\n", "\n.\r", "\r\n.\r", "\r.\r\n"} {
		texts = append(texts, dot, "a"+dot, "a"+dot+"MAIL FROM:<x@y>\r\n", dot+"b", "ü"+dot+"ü", "a"+dot+strings.Repeat("x", 2000))
	}
	for _, edge := range []int{4096, 8192, 16384} {
		for shift := -2; shift <= 2; shift++ {
			pad := strings.Repeat("y", edge+shift)
			texts = append(texts, pad+"\r"+pad, strings.Repeat("y\n", (edge+shift)/2)+"\rz", pad+"\r\n.\r\n", pad+"\n.\n")
		}
	}
	return append(texts,
		".", ".x", "..", ".\n", "", "no end", "no end\r", "\x00", "a\x00b\n", strings.Repeat("x", 997), strings.Repeat("x", 998), strings.Repeat("x", 999), strings.Repeat("x", 100_000),
		"bin\xFF\xFE\r\n.\r\nMAIL FROM:<x@y>\r\n\x00", "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nBDAT 5 LAST\r\n.\r\nQUIT\r\n", "RSET\n", "BDAT 100 LAST\n",
		"--=_1_1112131415161718191a1b1c1d1e1f20\r\nContent-Type: text/html\r\n\r\n<b>", "--=_1_1112131415161718191a1b1c1d1e1f20--\r\n", "\r\n--=_2_1112131415161718191a1b1c1d1e1f20",
		"Bcc: x@y\r\n\r\n", "\r\n\r\nBcc: x@y", "From x\n", ">From x\n", "a\nFrom x\n", " \n", "a \n\t\n", "=\n", "=2E\n", strings.Repeat(".\n", 5000), strings.Repeat("\r", 5000), strings.Repeat("\n", 5000),
		"\u2028\u0085\x0B\x0C", "\x1B[2J", strings.Repeat("日本語", 500),
	)
}

func TestHostileBodies(t *testing.T) {
	for _, text := range hostileBodies() {
		what := fmt.Sprintf("%.40q (%d)", text, len(text))
		d := simple()
		d.Subject = "x"
		d.Text, d.HTML, d.AMP = text, "<pre>"+text+"</pre>", "<html amp4email>"+text
		o := meeting()
		o.Description = text
		e, eventErr := NewEvent(o)
		valid := utf8Text(text)
		if eventErr == nil {
			d.Event = e
		} else if !strings.Contains(eventErr.Error(), "event.description") {
			t.Errorf("%s: %v", what, eventErr)
		}
		d.Attach = []*Part{mustBytes(t, text, "x.txt"), mustBytes(t, text, "x.bin"), mustBytes(t, text, "x.csv"), mustBytes(t, text, "x.eml")}
		if valid {
			d.Attach = append(d.Attach, mustPart(t, "text/calendar; method=PUBLISH", text))
		}
		for _, transfer := range []Transfer{TransferSevenBit, TransferEightBit} {
			d.Transfer = transfer
			m := outcome(t, what, d)
			if (m != nil) != valid {
				t.Fatalf("%s: valid is %v", what, valid)
			}
			if m == nil {
				continue
			}
			raw := m.Bytes()
			for line := range strings.SplitSeq(string(raw), "\r\n") {
				if line == "." || strings.HasPrefix(line, "From ") || strings.ContainsAny(line, "\r\n") {
					t.Errorf("%s: a line is %.40q", what, line)
				}
			}
			leaves := checkHostileTree(t, what, m)
			canonical := string(canonicalText(text))
			for i, want := range []string{canonical, string(canonicalText(d.AMP)), string(canonicalText(d.HTML))} {
				if text == "" && i == 0 {
					continue
				}
				if text == "" {
					i--
				}
				if leaves[i].Body != want {
					t.Errorf("%s: text %d arrives as %.60q (%s)", what, i, leaves[i].Body, leaves[i].Encoding)
				}
			}
			from := len(leaves) - len(d.Attach)
			for _, leaf := range leaves[from : from+4] {
				if leaf.Body != text {
					t.Errorf("%s: %s arrives as %.60q (%s)", what, leaf.Name, leaf.Body, leaf.Encoding)
				}
			}
			if d.Event != nil {
				for _, p := range readCalendar(t, leaves[from-1].Body) {
					if want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text); p.name == "DESCRIPTION" && contentUnescape(p.value) != want && contentUnescape(p.value) != o.Summary {
						t.Errorf("%s: the event says %.60q", what, p.value)
					}
				}
			}
		}
	}
}

// utf8Text reports what a text body takes.
func utf8Text(text string) bool {
	offset, _ := utf8Fault(text)
	return offset < 0
}

// checkHostileTree is checkStructure for the message of TestHostileBodies, whose tree
// depends on which of its bodies are there.
func checkHostileTree(t *testing.T, what string, m *Message) []readPart {
	t.Helper()
	d := m.Description()
	tree := "text/x-amp-html text/html"
	if d.Text != "" {
		tree = "text/plain " + tree
	}
	if d.Event != nil {
		tree = "alternative(" + tree + " text/calendar) application/ics"
	} else {
		tree = "alternative(" + tree + ")"
	}
	for _, p := range d.Attach {
		tree += " " + p.Type()
	}
	fields := append(slices.Clone(fieldsOfAll), "Subject")
	if m.EightBit() {
		fields = append(fields, "Content-Transfer-Encoding")
	}
	return checkStructure(t, what, m, fields, "mixed("+tree+")").leaves()
}

// TestHostileFilenames is the list "Filenames", for each kind of part that has a name.
func TestHostileFilenames(t *testing.T) {
	inner := mustBuild(t, simple())
	for _, name := range []string{
		`"`, "a\r\nX: y", "../../etc/passwd", `..\..\boot.ini`, "CON", "x.txt\x00.exe", "gpj.\u202Eexe", strings.Repeat("ü", 150), strings.Repeat("x", 300), strings.Repeat("😀", 75) + ".txt",
		"x*0*=a", "x*1=b", "*0*", "utf-8'en'%ZZ", "utf-8''%0D%0AX:%20y", "=?utf-8?q?=0D=0A?=.txt", "=?utf-8?b?4pi6?=", "a;filename=b.exe", `a";filename="b.exe`, "a, b", "a=b", "a b", "  x  ", "", ".", "..", "/", `\`,
		"a'b", "a%41", strings.Repeat("a'%*;\"\\", 40), "é" + strings.Repeat("x", 66), strings.Repeat("x", 70) + "é", "\xFF.txt", "\xED\xA0\x80", "a\u2028b", "a\tb", strings.Repeat("n", 1024), strings.Repeat("n", 1025), strings.Repeat("n", 100_000),
		"日本語 の ファイル.txt", "ａ／ｂ", "emoji 👨‍👩‍👧.png", "con.txt:stream", "~/x", "$HOME", "`x`", "<x>", "x\r", "x\n",
	} {
		made := map[string]*Part{}
		for kind, part := range map[string]func() (*Part, error){
			"bytes": func() (*Part, error) { return Bytes([]byte("x"), PartOptions{Name: name, Type: "application/x-test"}) },
			"part":  func() (*Part, error) { return NewPart("application/x-test", []byte("x"), PartOptions{Name: name}) },
			"card":  func() (*Part, error) { return NewCard(CardOptions{Name: "x", File: name}) },
			"enclosed": func() (*Part, error) {
				return inner.Part(PartOptions{Name: name})
			},
		} {
			what := fmt.Sprintf("%s %.40q", kind, name)
			p, err := part()
			if err != nil {
				var fault *Error
				if !errors.As(err, &fault) || strings.ContainsAny(err.Error(), "\r\n\x00\u202E\u2028") || len(err.Error()) > 600 {
					t.Errorf("%s: the error is not safe to print: %q", what, err)
				}
				continue
			}
			made[kind] = p
			d := simple()
			d.Attach = []*Part{p}
			m := outcome(t, what, d)
			if m == nil {
				t.Errorf("%s: a part that cannot be sent", what)
				continue
			}
			root := checkStructure(t, what, m, fieldsOfAll, "mixed(text/plain "+p.Type()+")")
			if got := root.Parts[1].Name; got != p.Name() || strings.ContainsAny(got, "/\\\r\n\x00\u202E") || (kind == "bytes" && !strings.HasSuffix(strings.TrimSpace(name), got)) {
				t.Errorf("%s: arrives as %.60q, the part has %.60q", what, got, p.Name())
			}
		}
		if offset, _ := textFault(name); offset >= 0 && len(made) > 1 { // a card without a usable name takes that of the person
			t.Errorf("%.40q: is taken", name)
		}
	}
}
