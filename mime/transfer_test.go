package mime

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
)

func TestTextEncoding(t *testing.T) {
	for _, test := range []struct{ text, encoding string }{
		{"", "7bit"},
		{"Hello\n", "7bit"},
		{"tab\there\n", "7bit"},
		{strings.Repeat("x", 998), "7bit"},
		{strings.Repeat("x", 999), "quoted-printable"},
		{"blank \n", "quoted-printable"},
		{"From me\n", "quoted-printable"},
		{"Form me\n", "7bit"},
		{"a\n.\n", "quoted-printable"},
		{".. is fine\n.x\n", "7bit"},
		{"Grüße aus der Bank\n", "quoted-printable"},
		{"日本語の本文\n", "base64"},
		{strings.Repeat("\x00", 50), "base64"},
		{"esc \x1b[m and some more text\n", "quoted-printable"},
	} {
		part := mustPart(t, "text/plain", test.text)
		if got := part.encodingFor(TransferSevenBit); got != test.encoding {
			t.Errorf("%.40q: got %s, want %s", test.text, got, test.encoding)
		}
		// What a message owns is encoded on another way; the choice is the same.
		d := simple()
		d.Text = test.text
		_, root := readMessage(t, mustBuild(t, d).Bytes())
		if root.Encoding != test.encoding || root.Body != string(canonicalText(test.text)) {
			t.Errorf("%.40q: goes as %s and arrives as %q", test.text, root.Encoding, root.Body)
		}
	}
}

func TestQuotedPrintable(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"ü=\r\n", "=C3=BC=3D\r\n"},
		{"a \r\nb\t", "a=20\r\nb=09"},
		{"a  b", "a  b"},
		{".", "=2E"},
		{"a.\r\n.b", "a.\r\n=2Eb"},
		{"From x From y\r\nFrom", "=46rom x From y\r\nFrom"},
		{"\x7f", "=7F"},
		{strings.Repeat("x", 75), strings.Repeat("x", 75)},
		{strings.Repeat("x", 76), strings.Repeat("x", 75) + "=\r\nx"},
		{strings.Repeat("x", 73) + "ü", strings.Repeat("x", 73) + "=\r\n=C3=BC"},
		{strings.Repeat("x", 72) + "ü", strings.Repeat("x", 72) + "=C3=\r\n=BC"},
		{strings.Repeat("x", 75) + ".y", strings.Repeat("x", 75) + "=\r\n=2Ey"},
		{strings.Repeat("x", 75) + "From y", strings.Repeat("x", 75) + "=\r\n=46rom y"},
		{strings.Repeat("x", 75) + " ", strings.Repeat("x", 75) + "=\r\n=20"},
		{strings.Repeat("x", 74) + "  y", strings.Repeat("x", 74) + " =\r\n y"},
	} {
		got, ok := appendQP(nil, test.text, 1<<20, false)
		got = bytes.TrimSuffix(got, crlf)
		if strings.HasSuffix(test.text, "\n") {
			got = append(got, crlf...)
		}
		if !ok || string(got) != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
		back, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(got)))
		if err != nil || string(back) != test.text {
			t.Errorf("%q reads back as %q, %v", test.text, back, err)
		}
	}
	if _, ok := appendQP([]byte("before"), "üüü", 20-base64Length(8)-1, false); ok {
		t.Error("the limit is not kept")
	}
	if _, ok := appendQP([]byte("before"), "üüü", 20-base64Length(8), false); !ok {
		t.Error("the limit itself is allowed")
	}
}

// TestTextParts: text in files arrives byte for byte, and not as base64 where something
// else is as short.
func TestTextParts(t *testing.T) {
	line := "currency,rate,and a longer column"
	for _, test := range []struct{ text, encoding string }{
		{line + "\r\n" + line + "\r\n", encoding7Bit},
		{line + "\r\n" + line, encoding7Bit},
		{line + "\n" + line + "\n", encodingQP},
		{line + "\n" + line, encodingQP},
		{line + "\n.\n" + line + " \n", encodingQP},
		{line + " \r" + line + "\r", encodingQP},
		{line + "\r\n" + line + "\n\r", encodingQP},
		{line + "\n" + line + "\r\n", encodingQP},
		{"Grüße und noch mehr\n" + strings.Repeat(line+"\n", 20), encodingQP},
		{strings.Repeat("a\n", 40), encodingBase64},
		{strings.Repeat("Привет\n", 9), encodingBase64},
		{"\n", encodingQP},
		{"", encoding7Bit},
	} {
		part := mustBytes(t, test.text, "rates.csv")
		d := simple()
		d.Attach = []*Part{part}
		m := mustBuild(t, d)
		checkWire(t, m.Bytes())
		_, root := readMessage(t, m.Bytes())
		leaf := root.leaves()[len(root.leaves())-1]
		if leaf.Encoding != test.encoding || leaf.Body != test.text {
			t.Errorf("%q arrives as %q, %s; want %s", test.text, leaf.Body, leaf.Encoding, test.encoding)
		}
		// As the only body it cannot do without a line end behind it.
		d = simple()
		d.Text, d.Body = "", part
		m = mustBuild(t, d)
		checkWire(t, m.Bytes())
		if _, root = readMessage(t, m.Bytes()); root.leaves()[0].Body != test.text {
			t.Errorf("%q arrives alone as %q", test.text, root.leaves()[0].Body)
		}
	}
}

func TestBase64(t *testing.T) {
	for size := range 400 {
		data := bytes.Repeat([]byte{byte(size)}, size)
		got := encodeBase64(data)
		if len(got) != base64Length(size) {
			t.Errorf("%d bytes: %d encoded, want %d", size, len(got), base64Length(size))
		}
		for line := range bytes.SplitSeq(bytes.TrimSuffix(got, []byte("\r\n")), []byte("\r\n")) {
			if len(line) > 76 || (size > 0 && len(line) == 0) {
				t.Errorf("%d bytes: a line of %d", size, len(line))
			}
		}
		back, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(got)))
		if err != nil || !bytes.Equal(back, data) {
			t.Errorf("%d bytes do not read back: %v", size, err)
		}
	}
}

func TestCanonicalText(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a\r\n", "a\n": "a\r\n", "a\r": "a\r\n", "a\r\n": "a\r\n", "\n\r": "\r\n\r\n",
		"a\r\r\nb": "a\r\n\r\nb\r\n", "a\n\nb": "a\r\n\r\nb\r\n", "\r\n.\r\n": "\r\n.\r\n", "\n.\n": "\r\n.\r\n",
	} {
		if got := string(canonicalText(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestTransfers builds one message for three ways; the texts, names and bytes that arrive
// are the same, and so are Message-ID, Date and boundaries.
func TestTransfers(t *testing.T) {
	d := goldenDescriptions(t)["mixed"]
	d.Text = "Grüße\n\n.\nFrom x\n"
	d.HTML += "<p>ü" + strings.Repeat("x", 1000)
	d.Attach = append(d.Attach, mustBytes(t, "a\r\n.\r\nMAIL FROM:<x@y>\r\n\x00\r", "x.bin"), mustPart(t, "text/plain", "schön\n"), mustPart(t, "text/plain", "plain\n"))
	m := mustBuild(t, d)
	_, want := readMessage(t, m.Bytes())
	for _, test := range []struct {
		transfer         Transfer
		eightBit, binary bool
		encodings        string
	}{
		{TransferSevenBit, false, false, "quoted-printable quoted-printable base64 base64 7bit base64 quoted-printable 7bit"},
		{TransferEightBit, true, false, "8bit quoted-printable quoted-printable base64 base64 7bit base64 8bit 7bit"},
		{TransferBinary, true, true, "binary binary binary binary binary 7bit binary 8bit 7bit"},
	} {
		changed, err := m.For(test.transfer)
		if err != nil {
			t.Fatal(err)
		}
		if changed.EightBit() != test.eightBit || changed.Binary() != test.binary || changed.ID() != m.ID() {
			t.Errorf("%q: EightBit %v, Binary %v, %s", test.transfer, changed.EightBit(), changed.Binary(), changed.ID())
		}
		head := func(m *Message) string { date, _ := m.Header("Date"); return date + m.boundary }
		if head(changed) != head(m) {
			t.Errorf("%q: date or boundary have changed", test.transfer)
		}
		raw := changed.Bytes()
		if test.transfer == TransferEightBit {
			checkWire(t, raw)
		}
		header, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		got := readBody(t, header.Header.Get, header.Body)
		encodings := got.Encoding
		if got.tree() != want.tree() {
			t.Fatalf("%q: the tree is %s, want %s", test.transfer, got.tree(), want.tree())
		}
		for i, leaf := range got.leaves() {
			if leaf.Body != want.leaves()[i].Body || leaf.Name != want.leaves()[i].Name {
				t.Errorf("%q: part %d is %.60q, want %.60q", test.transfer, i, leaf.Body, want.leaves()[i].Body)
			}
			encodings += " " + leaf.Encoding
		}
		if !slices.Equal(strings.Fields(encodings), strings.Fields(test.encodings)) {
			t.Errorf("%q: %s, want %s", test.transfer, encodings, test.encodings)
		}
		if again, err := changed.For(TransferSevenBit); err != nil || !bytes.Equal(again.Bytes(), m.Bytes()) {
			t.Errorf("%q: the way back gives another message: %v", test.transfer, err)
		}
	}
}

// TestSegments: no copy of what parts share, and CRLF wherever there is a line end.
func TestSegments(t *testing.T) {
	for name, d := range goldenDescriptions(t) {
		m := mustBuild(t, d)
		var all []byte
		for _, segment := range m.Segments() {
			if len(segment) == 0 || !hasOnlyCRLF(segment) {
				t.Errorf("%s: a segment is %.60q", name, segment)
			}
			all = append(all, segment...)
		}
		if !bytes.Equal(all, m.Bytes()) || int64(len(all)) != m.Size() || !bytes.HasSuffix(all, crlf) {
			t.Errorf("%s: the segments are not the message", name)
		}
	}
}

// FuzzPlain: the fast way and the slow one agree.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"", "a\n.\n", "Hello\r\nAnn\rx\r\r\n\n", "From x", "blank \n", "\t\n", strings.Repeat("x", 999), "ü", "\x7f", "\x1b(B\n", strings.Repeat("12345678\n", 9) + "\r"} {
		f.Add(seed, byte(0))
	}
	f.Fuzz(func(t *testing.T, text string, options byte) {
		o := fitOptions(options & 3)
		got, ok := appendPlain([]byte("before"), text, o)
		if want := fitOf(text, fits7Bit, o) == fits7Bit; ok != want {
			t.Fatalf("%q: %v, want %v", text, ok, want)
		}
		if want := string(appendText([]byte("before"), text)); ok && string(got) != want {
			t.Fatalf("%q: %q, want %q", text, got, want)
		}
		if !ok && string(got) != "before" {
			t.Fatalf("%q: what was there has changed to %q", text, got)
		}
	})
}
