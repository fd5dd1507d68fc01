package mime

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "Bär.png")
	if err := os.WriteFile(path, []byte("bear"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := File(path, PartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Name() != "Bär.png" || p.Type() != "image/png" || p.Size() != 4 {
		t.Errorf("got %s", p)
	}
	if p, err := File(path, PartOptions{Name: "x.dat", Type: "application/x-bear"}); err != nil || p.Name() != "x.dat" || p.Type() != "application/x-bear" {
		t.Errorf("got %v, %v", p, err)
	}

	_, err = File(filepath.Join(dir, "missing.pdf"), PartOptions{})
	checkError(t, err, "file", "no such file")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v does not wrap fs.ErrNotExist", err)
	}
	_, err = File(dir, PartOptions{})
	checkError(t, err, "file", "not a regular file")
	_, err = File(os.DevNull, PartOptions{})
	checkError(t, err, "file", "not a regular file")
	_, err = File(path+"\x00.exe", PartOptions{})
	checkError(t, err, "file", "invalid argument")
}

// TestFileNames is the list "Filenames" of hostile inputs, as far as a writer meets it.
func TestFileNames(t *testing.T) {
	for _, test := range []struct{ name, want, reason string }{
		{`a"b.txt`, `a"b.txt`, ""},
		{"../../etc/passwd", "passwd", ""},
		{`..\..\boot.ini`, "boot.ini", ""},
		{"/abs/x.txt", "x.txt", ""},
		{`C:\x.txt`, "x.txt", ""},
		{"CON", "CON", ""},
		{" x.txt ", "x.txt", ""},
		{"a;b=c.txt", "a;b=c.txt", ""},
		{"utf-8'en'%ZZ", "utf-8'en'%ZZ", ""},
		{"x*0*=y", "x*0*=y", ""},
		{"=?utf-8?q?x?=", "=?utf-8?q?x?=", ""},
		{strings.Repeat("ü", 150), strings.Repeat("ü", 150), ""},
		{strings.Repeat("😀", 256), strings.Repeat("😀", 256), ""},
		{strings.Repeat("x", 1025), "", "longer than 1024"},
		{strings.Repeat("x", 100_000), "", "longer than 1024"},
		{"a\r\nX: y", "", "carriage return"},
		{"a\nb", "", "line feed"},
		{"x.txt\x00.exe", "", "NUL"},
		{"a\tb", "", "tab"},
		{"gpj.\u202Eexe", "", "U+202E"},
		{"gpj.\u2067exe", "", "U+2067"},
		{"a\x1b[2J", "", "U+001B"},
		{"a\u0085", "", "U+0085"},
		{"a\u2028", "", "U+2028"},
		{"\xff.txt", "", "invalid UTF-8"},
		{"\xed\xa0\x80", "", "invalid UTF-8"},
		{"..", "", "empty"},
		{"a/..", "", "empty"},
		{"/", "", "empty"},
		{" ", "", "empty"},
		{"", "", "needs a name"},
	} {
		p, err := Bytes([]byte("x"), PartOptions{Name: test.name})
		if test.want == "" {
			var fault *Error
			if !errors.As(err, &fault) || !strings.Contains(fault.Reason, test.reason) || p != nil {
				t.Errorf("%.40q: got %v, want %q", test.name, err, test.reason)
			}
			continue
		}
		if err != nil {
			t.Errorf("%.40q: %v", test.name, err)
			continue
		}
		d := simple()
		d.Attach = []*Part{p}
		_, root := readMessage(t, mustBuild(t, d).Bytes())
		if len(root.Parts) != 2 || root.Parts[1].Name != test.want {
			t.Errorf("%.40q: arrives as %.40q, want %.40q", test.name, root.Parts[1].Name, test.want)
		}
	}
}

func TestDetectType(t *testing.T) {
	for _, test := range []struct{ name, data, want, charset string }{
		{"a.PDF", "x", "application/pdf", ""},
		{"a.tar.gz", "x", "application/gzip", ""},
		{"a.csv", "a,b", "text/csv", "utf-8"},
		{"a.csv", "\xfc", "text/csv", ""},
		{"a.csv", "a\x00", "text/csv", ""},
		{"a", "%PDF-1.4", "application/pdf", ""},
		{"a", "\x89PNG\r\n\x1a\n", "image/png", ""},
		{"a", "hello", "text/plain", "utf-8"},
		{"a", "\xff\xfeh\x00i\x00", "text/plain", "utf-16le"},
		{"a", "\x00\x01", "application/octet-stream", ""},
		{"a", "", "text/plain", "utf-8"},
		{".pdf", "x", "application/pdf", ""},
		{"a.eml", "Subject: x\r\n\r\nbody\r\n", "message/rfc822", ""},
		{"a.eml", "Subject: x\n\nbody\n", "application/octet-stream", ""},
		{"a.eml", "Subject: \xfc\r\n\r\n", "application/octet-stream", ""},
	} {
		p := mustBytes(t, test.data, test.name)
		if p.kind.name != test.want || p.kind.charset != test.charset {
			t.Errorf("%s, %q: got %s, %q", test.name, test.data, p.kind.name, p.kind.charset)
		}
	}
}

func TestPartOptions(t *testing.T) {
	for _, test := range []struct {
		options PartOptions
		reason  string
	}{
		{PartOptions{Name: "x", Type: "pdf"}, "not type/subtype"},
		{PartOptions{Name: "x", Type: "text/"}, "not type/subtype"},
		{PartOptions{Name: "x", Type: "text/plain\r\nX: y"}, "carriage return"},
		{PartOptions{Name: "x", Type: "text/plain; x=\"a\x00\""}, "NUL"},
		{PartOptions{Name: "x", Type: "text/plain; x*=utf-8''a%0D%0Ab"}, "carriage return"},
		{PartOptions{Name: "x", Type: "te>xt/plain"}, "not type/subtype"},
		{PartOptions{Name: "x", Type: "text/plain;"}, ""},
		{PartOptions{Name: "x", Type: "text/plain; name=y"}, "gives a name"},
		{PartOptions{Name: "x", Type: "text/plain; boundary=y"}, "gives a boundary"},
		{PartOptions{Name: "x", Type: "text/plain; charset=\"../../\""}, "unknown charset"},
		{PartOptions{Name: "x", Type: "multipart/mixed"}, "a multipart is no file"},
		{PartOptions{Name: "x", Type: "text/" + strings.Repeat("x", 100_000)}, "longer than 1024"},
		{PartOptions{Name: "x", Type: "text/" + strings.Repeat("x", 128)}, "not type/subtype"},
		{PartOptions{Name: "x", Charset: "utf-8\r\nX: y"}, "unknown charset"},
		{PartOptions{Name: "x", Charset: `utf-8"; x="`}, "unknown charset"},
		{PartOptions{Name: "x", Charset: "latin1"}, ""},
		{PartOptions{Name: "x", Disposition: "inline; x=y"}, "unknown disposition"},
		{PartOptions{Name: "x", Disposition: DispositionInline}, ""},
	} {
		p, err := Bytes([]byte("x"), test.options)
		if test.reason == "" {
			if err != nil {
				t.Errorf("%+v: %v", test.options, err)
				continue
			}
			d := simple()
			d.Attach = []*Part{p}
			readMessage(t, mustBuild(t, d).Bytes())
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%.60v: got %v, want %q", test.options, err, test.reason)
		}
	}
}

func TestParts(t *testing.T) {
	for _, test := range []struct{ mediaType, body, reason string }{
		{"", "x", "needs a type"},
		{"multipart/mixed", "x", "has parts, not a body"},
		{"text/plain", "\xff", "invalid UTF-8"},
		{"message/rfc822", "Subject: ü\r\n\r\n", "not 7-bit"},
		{"message/rfc822", "Subject: x\n\n", "not 7-bit"},
	} {
		p, err := NewPart(test.mediaType, []byte(test.body), PartOptions{})
		if err == nil || !strings.Contains(err.Error(), test.reason) || p != nil {
			t.Errorf("%s: got %v, want %q", test.mediaType, err, test.reason)
		}
	}
	leaf := mustPart(t, "text/plain; charset=iso-8859-1", "\xfc")
	for _, test := range []struct {
		mediaType string
		parts     []*Part
		reason    string
	}{
		{"text/plain", []*Part{leaf}, "only a multipart has parts"},
		{"multipart/mixed", nil, "needs a part"},
		{"multipart/mixed", []*Part{nil}, "no part"},
		{"multipart/mixed; boundary=x", []*Part{leaf}, "gives a boundary"},
		{"multipart/mixed; charset=utf-8", []*Part{leaf}, "no charset"},
		{"multipart/mixed", make([]*Part, 0), "needs a part"},
	} {
		_, err := NewMultipart(test.mediaType, test.parts, PartOptions{})
		if err == nil || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: got %v, want %q", test.mediaType, err, test.reason)
		}
	}

	// A tree can neither be deep nor, by sharing, be exponentially wide.
	for _, width := range []int{1, 2} {
		p, depth := leaf, 1
		for {
			parts := make([]*Part, width)
			for i := range parts {
				parts[i] = p
			}
			next, err := NewMultipart("multipart/mixed", parts, PartOptions{})
			if err != nil {
				checkError(t, err, "part.parts", "deeper than 32")
				break
			}
			p, depth = next, depth+1
		}
		d := simple()
		d.Attach = []*Part{p}
		_, root := readMessage(t, mustBuild(t, d).Bytes())
		if got := len(root.leaves()); got != 1+p.leafCount() {
			t.Errorf("width %d, depth %d: %d leaves", width, depth, got)
		}
		d.Attach = []*Part{p, p, p}
		if _, err := Build(d, fixed()); width > 1 {
			checkError(t, err, "attach[2]", "more than 10,000 parts")
		}
	}
}

func (p *Part) leafCount() int {
	if len(p.parts) == 0 {
		return 1
	}
	n := 0
	for _, child := range p.parts {
		n += child.leafCount()
	}
	return n
}
