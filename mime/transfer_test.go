package mime

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
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
		got, ok := appendQP(nil, test.text, 1<<20)
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
	if _, ok := appendQP([]byte("before"), "üüü", 19); ok {
		t.Error("the limit is not kept")
	}
	if _, ok := appendQP([]byte("before"), "üüü", 20); !ok {
		t.Error("the limit itself is allowed")
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
