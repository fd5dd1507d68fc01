package mime

import (
	stdmime "mime"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParseAddressList: whatever is taken can be written, and reads back the same.
func FuzzParseAddressList(f *testing.F) {
	for _, seed := range []string{
		"a@b", "Ann <a@b>, c@d", `"x, y" <"a b"@c>`, "g: a@b, c@d;, e@f", "=?utf-8?q?=C3=A4?= <a@ü.example>", "<@r:a@b>",
		"a@[IPv6:::1]", "(c (d)) a (e) @ (f) b", ",,", "g:;", `"=?utf-8?q?x?=" <a@b>`, "ü@x", "a@b\r\nX: y", "\"\\\"\" <a@b>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseAddressList(text)
		if err != nil {
			return
		}
		again, err := ParseAddressList(list.String())
		if err != nil || again.String() != list.String() {
			t.Fatalf("%q gives %q, which reads back as %v, %v", text, list.String(), again, err)
		}
		h := headerWriter{utf8: true}
		checked, fault := checkList("to", list)
		if fault != nil {
			t.Fatalf("%q is taken but not written: %v", text, fault)
		}
		h.addresses("To", checked)
		if h.err != nil {
			t.Fatalf("%q: %v", text, h.err)
		}
		read, err := ParseAddressList(unfold(strings.TrimPrefix(string(h.buf), "To:")[:len(h.buf)-5]))
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, h.buf, err)
		}
		if got, want := read.String(), checked.String(); got != want {
			t.Fatalf("%q is written as %q, which reads as %q, want %q", text, h.buf, got, want)
		}
	})
}

// FuzzHeaderFolding: a subject and a further field read back with net/mail as they were.
func FuzzHeaderFolding(f *testing.F) {
	for _, seed := range []string{
		"Hello", "Grüße", " a", "a ", "a  b", "=?utf-8?q?x?=", strings.Repeat("x", 77), strings.Repeat("x ", 80),
		strings.Repeat("ä", 60), strings.Repeat("x", 1000), "a\tb", "?= =?",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := simple()
		d.Subject = text
		d.Headers = []Field{{"X-Foo", text}}
		m, err := Build(d, fixed())
		if offset, _ := textFault(text); (err != nil) != (offset >= 0 || len(text) > maxFieldValue) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		header, _ := readMessage(t, m.Bytes())
		for _, name := range []string{"Subject", "X-Foo"} {
			got, err := new(stdmime.WordDecoder).DecodeHeader(header.Get(name))
			if err != nil || got != text {
				t.Fatalf("%s %q reads back as %q, %v", name, text, got, err)
			}
			if own, _ := m.Header(name); own != text && text != "" {
				t.Fatalf("%s %q reads back as %q with Header", name, text, own)
			}
		}
		want := 8
		if text != "" {
			want = 9
		}
		if len(header) != want {
			t.Fatalf("%q: %d fields, want %d", text, len(header), want)
		}
	})
}

// FuzzBuildRoundTrip: text, HTML, and an attachment's name and bytes arrive as they were.
func FuzzBuildRoundTrip(f *testing.F) {
	f.Add("Hello\n.\n", "<p>ä</p>", "ä.txt", []byte("a\r\n.\r\n"))
	f.Add("", `<img src="cid:x">`, `a"b`, []byte("\x00"))
	f.Add("From x", "", "../x", []byte("--=_1_1112131415161718191a1b1c1d1e1f20\r\n"))
	f.Fuzz(func(t *testing.T, text, html, name string, data []byte) {
		part, err := Bytes(data, PartOptions{Name: name})
		if err != nil {
			return
		}
		d := simple()
		d.Text, d.HTML, d.Attach = text, html, []*Part{part}
		m, err := Build(d, fixed())
		if err != nil {
			if utf8.ValidString(text) && utf8.ValidString(html) && !containsCID(html) {
				t.Fatal(err)
			}
			return
		}
		_, root := readMessage(t, m.Bytes())
		leaves := root.leaves()
		last := leaves[len(leaves)-1]
		if last.Name != part.Name() || (last.Body != string(data) && part.Type() != "message/rfc822") {
			t.Fatalf("attachment is %q, %q (%s)", last.Name, last.Body, last.Encoding)
		}
		if text != "" && leaves[0].Body != string(canonicalText(text)) {
			t.Fatalf("text %q is %q (%s)", text, leaves[0].Body, leaves[0].Encoding)
		}
		if html != "" && leaves[len(leaves)-2].Body != string(canonicalText(html)) {
			t.Fatalf("html %q is %q", html, leaves[len(leaves)-2].Body)
		}
	})
}

// FuzzEncodedWords: names and subjects arrive as they were in every charset, and each
// word alone is whole.
func FuzzEncodedWords(f *testing.F) {
	for i, seed := range []string{"Grüße", "日本語の本文" + strings.Repeat("と", 40), "Привет, Анна", "=?x?=", "a  ü", strings.Repeat("ä", 100), "😀\tx"} {
		f.Add(seed, byte(i))
	}
	charsets := []string{"", "iso-8859-1", "iso-2022-jp", "windows-1251", "gb18030", "shift_jis"}
	f.Fuzz(func(t *testing.T, text string, choice byte) {
		d := simple()
		d.Charset = charsets[int(choice)%len(charsets)]
		d.Subject = text
		name := strings.Trim(text, " \t")
		if offset, _ := nameFault(name); offset < 0 {
			d.From[0].Name = name
		}
		m, err := Build(d, fixed())
		if err != nil {
			return
		}
		header, _ := readMessage(t, m.Bytes())
		decoder := stdmime.WordDecoder{CharsetReader: charsetReader}
		got, err := decoder.DecodeHeader(header.Get("Subject"))
		if err != nil || got != text {
			t.Fatalf("%q in %q reads back as %q, %v: %s", text, d.Charset, got, err, header.Get("Subject"))
		}
		from, err := ParseAddress(header.Get("From"))
		if want := strings.ReplaceAll(d.From[0].Name, "\t", " "); err != nil || strings.ReplaceAll(from.Name, "\t", " ") != want {
			t.Fatalf("%q in %q is the name %q, %v: %s", want, d.Charset, from.Name, err, header.Get("From"))
		}
		for word := range strings.FieldsSeq(header.Get("Subject") + " " + header.Get("From")) {
			if !strings.HasPrefix(word, "=?") {
				continue
			}
			if got, err := decoder.Decode(word); err != nil || len(word) > wordLimit || (!strings.ContainsRune(text, utf8.RuneError) && strings.ContainsRune(got, utf8.RuneError)) {
				t.Fatalf("%q in %q: the word %s is %q, %v", text, d.Charset, word, got, err)
			}
		}
	})
}

// FuzzCalendar: all texts of an event arrive as they were, and make no property.
func FuzzCalendar(f *testing.F) {
	f.Add("a@b", "Meeting; x, y", "line\nline\r\n\\n", "Saal \"1\"", `Ann "A": ^n`)
	f.Add("x\r\nEND:VEVENT", strings.Repeat("日", 50), "", "\\", "a;CN=b")
	f.Fuzz(func(t *testing.T, uid, summary, description, location, name string) {
		o := meeting()
		o.UID, o.Summary, o.Description, o.Location = uid, summary, description, location
		o.Organizer = &Address{Name: name, Mailbox: "a@b.example"}
		e, err := NewEvent(o)
		if err != nil {
			return
		}
		d := simple()
		d.Event = e
		m, err := Build(d, fixed())
		if err != nil {
			t.Fatal(err)
		}
		_, root := readMessage(t, m.Bytes())
		properties := readCalendar(t, root.leaves()[1].Body)
		ends := strings.NewReplacer("\r\n", "\n", "\r", "\n")
		for property, want := range map[string]string{"UID": uid, "SUMMARY": summary, "LOCATION": ends.Replace(location), "ORGANIZER": "mailto:a@b.example"} {
			if got := valuesOf(properties, property); (want != "" || len(got) > 0) && (len(got) != 1 || contentUnescape(got[0]) != want) {
				t.Fatalf("%s is %q, want %q", property, got, want)
			}
		}
		if got := valuesOf(properties, "DESCRIPTION"); description != "" && contentUnescape(got[0]) != ends.Replace(description) {
			t.Fatalf("DESCRIPTION is %q, want %q", got, description)
		}
		for _, p := range properties {
			if p.name != "ORGANIZER" {
				continue
			}
			cn := strings.TrimSuffix(strings.TrimPrefix(p.parameters, `CN="`), `"`)
			cn = strings.NewReplacer("^^", "^", "^'", `"`).Replace(cn)
			if want := strings.ReplaceAll(e.o.Organizer.Name, "\t", " "); cn != want {
				t.Fatalf("CN is %q, want %q", cn, want)
			}
		}
	})
}
