package mime

import (
	"errors"
	"fmt"
	stdmime "mime"
	"strings"
	"testing"
)

// TestSubjectSurvives writes subjects that some writer or reader gets wrong and reads
// them back with net/mail.
func TestSubjectSurvives(t *testing.T) {
	for _, subject := range []string{
		"Hello",
		"Grüße aus der Bank",
		"=?utf-8?q?literal?=", "a =? b ?= c", "=?", "?=", "=", "x=?y",
		" leading", "trailing ", "two  blanks", "a\ttab", "   ",
		"soft\u00ADhyphen, zero\u200Dwidth",
		strings.Repeat("word ", 40) + "end",
		strings.Repeat("ä", 500), strings.Repeat("😀", 200), strings.Repeat("a😀", 200),
		strings.Repeat("x", 75), strings.Repeat("x", 76), strings.Repeat("x", 77), strings.Repeat("x", 78),
		strings.Repeat("x", 900), strings.Repeat("x", 921), strings.Repeat("x", 922), strings.Repeat("x", 923),
		strings.Repeat("x", 998), strings.Repeat("x", 999), strings.Repeat("x", 1000), strings.Repeat("x", 60_000),
		"a " + strings.Repeat("x", 990) + " b",
		strings.Repeat("x", 66) + " y", strings.Repeat("x", 67) + " y", strings.Repeat("x", 68) + " y",
		strings.Repeat("日本語の件名 ", 40) + "x",
		"Re: [list] \"quoted\" <angle> (comment); a,b:c",
		"ﬁn \U0010FFFF \uE000",
	} {
		d := simple()
		d.Subject = subject
		m := mustBuild(t, d)
		header, _ := readMessage(t, m.Bytes())
		got, err := new(stdmime.WordDecoder).DecodeHeader(header.Get("Subject"))
		if err != nil || got != subject {
			t.Errorf("%.60q reads back as %.60q, %v", subject, got, err)
		}
		if own, ok := m.Header("sUBJECT"); !ok || own != subject {
			t.Errorf("%.60q: Header gives %.60q", subject, own)
		}
	}
}

func TestEncodedWordsHoldWholeCodePoints(t *testing.T) {
	for shift := range 8 {
		for _, r := range []string{"ä", "日", "😀"} {
			d := simple()
			d.Subject = strings.Repeat("x", shift) + strings.Repeat(r, 100)
			raw := string(mustBuild(t, d).Bytes())
			for field := range strings.FieldsSeq(raw) {
				if !strings.HasPrefix(field, "=?") {
					continue
				}
				if len(field) > 75 {
					t.Errorf("%d octets: %s", len(field), field)
				}
				text, err := new(stdmime.WordDecoder).Decode(field)
				if err != nil || strings.ContainsRune(text, '\uFFFD') {
					t.Errorf("%s decodes to %q, %v", field, text, err)
				}
			}
		}
	}
}

// TestHostileValues puts what must not be in a header into each string a header is made
// of: the message is refused, and the error says where.
func TestHostileValues(t *testing.T) {
	places := map[string]func(d *Description, v string){
		"subject":       func(d *Description, v string) { d.Subject = v },
		"from[1]":       func(d *Description, v string) { d.From[0].Name = v },
		"to[1]":         func(d *Description, v string) { d.To[0] = Address{v, "a@b"} },
		"cc[1]":         func(d *Description, v string) { d.Cc = AddressList{Group{v, nil}} },
		"bcc[1]":        func(d *Description, v string) { d.Bcc = NewAddressList(Address{v, "a@b"}) },
		"reply_to[1]":   func(d *Description, v string) { d.ReplyTo = NewAddressList(Address{"", "a@b" + v}) },
		"sender[1]":     func(d *Description, v string) { d.Sender = &Address{v, "a@b"} },
		"message_id":    func(d *Description, v string) { d.MessageID = "<a" + v + "@b>" },
		"headers.X-Foo": func(d *Description, v string) { d.Headers = []Field{{"X-Foo", v}} },
		"headers.References": func(d *Description, v string) {
			d.Headers = []Field{{"References", "<a@b> " + v}}
		},
		"headers.Disposition-Notification-To": func(d *Description, v string) {
			d.Headers = []Field{{"Disposition-Notification-To", v + " <a@b>"}}
		},
		"headers": func(d *Description, v string) { d.Headers = []Field{{"X-" + v, "x"}} },
		"inline": func(d *Description, v string) {
			d.HTML, d.Inline = "<p>", []Inline{{"a" + v, mustBytes(t, "x", "x")}}
		},
		"envelope.to[1]":   func(d *Description, v string) { d.Envelope = &Envelope{To: []Address{{"", "a@b" + v}}} },
		"envelope.from[1]": func(d *Description, v string) { d.Envelope = &Envelope{From: &Address{"", "a@b" + v}} },
	}
	for place, set := range places {
		for _, value := range []string{
			"a\r\nBcc: x@y", "a\nBcc: x@y", "a\rBcc: x@y", "a\r\n ", "\n x", "a\r\n\r\nbody", "a\x00", "a\x0B", "a\x0C",
			"a\x1Bx", "a\x7Fx", "a\u0085x", "a\u2028x", "a\u2029x", "a\xED\xA0\x80x", "a\xC0\x8Ax", "a\xFF", "\r", "\n",
		} {
			d := simple()
			set(&d, value)
			_, err := Build(d, fixed())
			var fault *Error
			if !errors.As(err, &fault) {
				t.Errorf("%s with %q: got %v", place, value, err)
				continue
			}
			if fault.Field != place || fault.Offset < 0 {
				t.Errorf("%s with %q: error is of %s at %d: %v", place, value, fault.Field, fault.Offset, fault)
			}
			if strings.Contains(fault.Reason, "invalid UTF-8") && place != "headers" && fault.Hint == "" {
				t.Errorf("%s with %q: no hint about the encoding", place, value)
			}
			if strings.ContainsAny(fault.Error(), "\r\n\x00\x1B") {
				t.Errorf("%s: error text is not safe to print: %q", place, fault.Error())
			}
		}
	}
}

// TestNeutralValues puts what only looks dangerous into each string that takes any text:
// it arrives as text and makes no structure.
func TestNeutralValues(t *testing.T) {
	for _, value := range []string{
		`a"; b`, `\`, `\"`, `"`, `>`, `<`, `;`, `,`, `:`, `(`, `)`, `a, b@c <d@e>`, `=?utf-8?q?=0ABcc:_x?=`,
		"ä>\"\\", "%0d%0aBcc: x", "\\r\\nBcc: x", "Ċ嘊", strings.Repeat("é;", 300), strings.Repeat(`"`, 500),
	} {
		d := simple()
		d.Subject = value
		d.From[0].Name = value
		d.To = AddressList{Address{value, "a@b.org"}, Group{value, []Address{{value, "c@b.org"}}}}
		d.Headers = []Field{{"X-Foo", value}}
		d.Attach = []*Part{mustBytes(t, "x", strings.ReplaceAll(value, `\`, "_"))}
		m := mustBuild(t, d)
		header, root := readMessage(t, m.Bytes())
		if len(header) != 8 {
			t.Errorf("%.40q: %d fields: %v", value, len(header), header)
		}
		for _, name := range []string{"Subject", "X-Foo"} {
			if got, _ := new(stdmime.WordDecoder).DecodeHeader(header.Get(name)); got != value {
				t.Errorf("%.40q: %s is %.40q", value, name, got)
			}
		}
		from, err := header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Name != value || from[0].Address != "news@bank.example" {
			t.Errorf("%.40q: From is %v, %v", value, from, err)
		}
		to, err := ParseAddressList(header.Get("To"))
		if err != nil || to.String() != d.To.String() {
			t.Errorf("%.40q: To is %v, %v", value, to, err)
		}
		if root.tree() != "mixed(text/plain text/plain)" && root.tree() != "mixed(text/plain application/octet-stream)" {
			t.Errorf("%.40q: tree is %s", value, root.tree())
		}
	}
}

func TestFurtherHeaders(t *testing.T) {
	long := "<https://bank.example/" + strings.Repeat("u", 200) + ">"
	d := simple()
	d.Headers = []Field{
		{"X-Foo", "one"},
		{"x-foo", "two"},
		{"X-Empty", ""},
		{"X-Umlaut", "größer"},
		{"List-Unsubscribe", "<mailto:off@bank.example>," + long},
		{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
		{"References", strings.TrimSpace(strings.Repeat("<0123456789@bank.example> ", 30))},
		{"Auto-Submitted", "auto-generated"},
		{"Disposition-Notification-To", "Jürgen <j@bücher.example>"},
		{"List-Id", "A  \"b  c\" <news.bank.example>"},
	}
	m := mustBuild(t, d)
	header, _ := readMessage(t, m.Bytes())
	if got := header["X-Foo"]; len(got) != 2 || got[0] != "one" || got[1] != "two" {
		t.Errorf("X-Foo is %q", got)
	}
	if got := header.Get("List-Unsubscribe"); got != "<mailto:off@bank.example>, "+long {
		t.Errorf("List-Unsubscribe is %s", got)
	}
	if got := header.Get("References"); got != d.Headers[6].Value {
		t.Errorf("References is %s", got)
	}
	if got := header.Get("List-Id"); got != d.Headers[9].Value {
		t.Errorf("List-Id is %s", got)
	}
	if got := header.Get("Disposition-Notification-To"); got != "=?utf-8?q?J=C3=BCrgen?= <j@xn--bcher-kva.example>" {
		t.Errorf("Disposition-Notification-To is %s", got)
	}
	var names []string
	for _, f := range m.Headers() {
		names = append(names, f.Name)
	}
	want := "From To Date Message-ID X-Foo x-foo X-Empty X-Umlaut List-Unsubscribe List-Unsubscribe-Post References " +
		"Auto-Submitted Disposition-Notification-To List-Id MIME-Version Content-Type Content-Transfer-Encoding"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("order is %s", got)
	}
}

func TestRefusedHeaders(t *testing.T) {
	many := make([]Field, maxFields+1)
	for i := range many {
		many[i] = Field{fmt.Sprintf("X-%d", i), "x"}
	}
	for _, test := range []struct {
		fields        []Field
		field, reason string
	}{
		{[]Field{{"From", "x@y"}}, "headers.From", "not a free header"},
		{[]Field{{"DATE", "x"}}, "headers.DATE", "not a free header"},
		{[]Field{{"mime-version", "1.0"}}, "headers.mime-version", "not a free header"},
		{[]Field{{"Content-Type", "text/html"}}, "headers.Content-Type", "not a free header"},
		{[]Field{{"Content-Foo", "x"}}, "headers.Content-Foo", "not a free header"},
		{[]Field{{"Bcc", "x@y"}}, "headers.Bcc", "not a free header"},
		{[]Field{{"Resent-Bcc", "x@y"}}, "headers.Resent-Bcc", "not a free header"},
		{[]Field{{"Return-Path", "<>"}}, "headers.Return-Path", "not a free header"},
		{[]Field{{"", "x"}}, "headers", "no name"},
		{[]Field{{"X Foo", "x"}}, "headers", "cannot hold ' '"},
		{[]Field{{"X:", "x"}}, "headers", "cannot hold ':'"},
		{[]Field{{"Bcc:x@y\r\nX", "x"}}, "headers", "cannot hold ':'"},
		{[]Field{{"X-ü", "x"}}, "headers", "cannot hold"},
		{[]Field{{strings.Repeat("X", 77), "x"}}, "headers", "longer than 76"},
		{[]Field{{strings.Repeat("X", 100_000), "x"}}, "headers", "longer than 76"},
		{[]Field{{"X-Foo", strings.Repeat("x", 64<<10+1)}}, "headers.X-Foo", "longer than 64 KiB"},
		{[]Field{{"References", "<a@b>"}, {"references", "<c@d>"}}, "headers.references", "only one"},
		{[]Field{{"List-Id", "größe <a.b>"}}, "headers.List-Id", "not ASCII"},
		{[]Field{{"In-Reply-To", " "}}, "headers.In-Reply-To", "empty"},
		{[]Field{{"List-Unsubscribe", "<https://x/" + strings.Repeat("u", 1000) + ">"}}, "headers.List-Unsubscribe", "no line can hold"},
		{[]Field{{"Errors-To", "nobody"}}, "headers.Errors-To", "no @"},
		{many, "headers", "more than 1000"},
	} {
		d := simple()
		d.Headers = test.fields
		_, err := Build(d, fixed())
		checkError(t, err, test.field, test.reason)
	}
	// The longest names and words that pass keep the line limit.
	d := simple()
	name := strings.Repeat("X", 76)
	d.Headers = []Field{
		{name, strings.Repeat("x", 922)}, {name, strings.Repeat("x", 923)}, {name, "ü"}, {name, ""},
		{"Auto-Submitted", strings.Repeat("x", 920)},
	}
	readMessage(t, mustBuild(t, d).Bytes())
}

func checkError(t *testing.T, err error, field, reason string) {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) || fault.Field != field || !strings.Contains(fault.Reason, reason) {
		t.Errorf("got %v, want %s: %s", err, field, reason)
	}
}

// TestLastCheck hands the serializer what the checks before it would have refused.
func TestLastCheck(t *testing.T) {
	for _, test := range []struct{ name, value, reason string }{
		{"X", "a\r\nBcc: x", "would begin another one"},
		{"X", "a\nBcc: x", "line end"},
		{"X", "a\r", "control"},
		{"X", "a\x00", "control"},
		{"X", "a\r\n ", "blanks"},
		{"X", "a\r\n\r\nbody", "blanks"},
		{"X", "ü", "not be ASCII"},
		{"X", strings.Repeat("x", 998), "998"},
		{"X Y", "a", "no valid name"},
		{"", "a", "no valid name"},
	} {
		h := headerWriter{}
		h.begin(test.name)
		h.glue(" " + test.value)
		h.end()
		if h.err == nil || !strings.Contains(h.err.Reason, test.reason) {
			t.Errorf("%q: %.40q: got %v, want %q", test.name, test.value, h.err, test.reason)
		}
	}
	h := headerWriter{utf8: true}
	h.field("X", "\xFF")
	if h.err == nil {
		t.Error("an RFC 6532 header took invalid UTF-8")
	}
}
