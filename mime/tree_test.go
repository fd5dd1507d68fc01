package mime

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAMP(t *testing.T) {
	d := simple()
	d.HTML, d.AMP = "<p>Hello</p>", "<!doctype html><html ⚡4email>"
	_, root := readMessage(t, mustBuild(t, d).Bytes())
	if root.tree() != "alternative(text/plain text/x-amp-html text/html)" || root.Parts[1].Body != d.AMP+"\r\n" {
		t.Errorf("got %s, %q", root.tree(), root.Parts[1].Body)
	}
}

func TestTextFromHTML(t *testing.T) {
	d := simple()
	d.Text, d.HTML, d.TextFromHTML = "", "<p>Hello <b>Ann</b></p>", true
	_, root := readMessage(t, mustBuild(t, d).Bytes())
	if root.tree() != "alternative(text/plain text/html)" || !strings.Contains(root.Parts[0].Body, "Hello") || strings.Contains(root.Parts[0].Body, "<") {
		t.Errorf("got %s, %q", root.tree(), root.Parts[0].Body)
	}
}

// TestExplicitTree: a tree is sent as it was given, with Content-IDs of its own.
func TestExplicitTree(t *testing.T) {
	html := mustPart(t, "text/html", `<img src="cid:bear@bank.example">`)
	bear, err := NewPart("image/png", []byte("bear"), PartOptions{ContentID: "bear@bank.example", Disposition: DispositionInline})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := NewMultipart("multipart/related; type=\"text/html\"", []*Part{html, bear}, PartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := simple()
	d.Text, d.Body = "", tree
	_, root := readMessage(t, mustBuild(t, d).Bytes())
	if root.tree() != "related(text/html image/png)" || root.Parts[1].ID != "<bear@bank.example>" || root.Parameters["type"] != "text/html" {
		t.Errorf("got %s, %+v", root.tree(), root)
	}
	d.Attach = []*Part{mustBytes(t, "x", "x.pdf")}
	if _, root := readMessage(t, mustBuild(t, d).Bytes()); root.tree() != "mixed(related(text/html image/png) application/pdf)" {
		t.Errorf("got %s", root.tree())
	}

	// A single part is the whole message, and what has no line end arrives without one.
	d.Attach = nil
	for _, body := range []string{"no end", "", "a\r\n", "ü", strings.Repeat("x", 5000)} {
		d.Body = mustBytes(t, body, "x.txt")
		_, root := readMessage(t, mustBuild(t, d).Bytes())
		if root.tree() != "text/plain" || root.Body != body {
			t.Errorf("%.20q: got %s, %.20q", body, root.tree(), root.Body)
		}
	}
	if _, err := NewPart("image/png", nil, PartOptions{ContentID: "x\r\n"}); err == nil {
		t.Error("a content ID with a line end")
	}
}

func TestForwardedMessage(t *testing.T) {
	d := goldenDescriptions(t)["mixed"]
	inner := mustBuild(t, d)
	part, err := inner.Part(PartOptions{Name: "original.eml"})
	if err != nil {
		t.Fatal(err)
	}
	outer := simple()
	outer.Attach = []*Part{part}
	_, root := readMessage(t, mustBuild(t, outer).Bytes())
	if root.tree() != "mixed(text/plain message/rfc822)" || root.Parts[1].Body != string(inner.Bytes()) || root.Parts[1].Name != "original.eml" {
		t.Errorf("got %s", root.tree())
	}
	if part.Size() != inner.Size() {
		t.Errorf("size %d, want %d", part.Size(), inner.Size())
	}

	d = simple()
	d.To = NewAddressList(Address{"", "ü@example.org"})
	inner = mustBuild(t, d)
	if part, err = inner.Part(PartOptions{}); err != nil {
		t.Fatal(err)
	}
	outer.Attach = []*Part{part}
	if _, root := readMessage(t, mustBuild(t, outer).Bytes()); root.tree() != "mixed(text/plain message/global)" || root.Parts[1].Body != string(inner.Bytes()) {
		t.Errorf("got %s", root.tree())
	}
	d = simple()
	d.Text, d.Transfer = "ü", TransferEightBit
	_, err = mustBuild(t, d).Part(PartOptions{})
	checkError(t, err, "part", "not 7-bit")
}

// TestProtect wraps the tree as multipart/signed does (RFC 1847): what was handed out is
// in the message byte for byte.
func TestProtect(t *testing.T) {
	for name, d := range goldenDescriptions(t) {
		var signed bytes.Buffer
		d.Transfer = TransferBinary
		d.Protect = func(tree *Tree) (*Part, error) {
			signed.Reset()
			if _, err := tree.WriteTo(&signed); err != nil {
				return nil, err
			}
			signature, err := NewPart("application/pgp-signature", []byte("signature"), PartOptions{})
			if err != nil {
				return nil, err
			}
			return NewMultipart(`multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha256`, []*Part{tree.Part(), signature}, PartOptions{})
		}
		m := mustBuild(t, d)
		d.Transfer = TransferSevenBit
		raw := m.Bytes()
		_, root, _ := bytes.Cut(raw, []byte("\r\n\r\n--"))
		boundary, rest, _ := bytes.Cut(root, crlf)
		first, _, found := bytes.Cut(rest, append([]byte("\r\n--"), boundary...))
		if !found || !bytes.Equal(first, signed.Bytes()) {
			t.Errorf("%s: signed\n%s\nsent\n%s", name, &signed, first)
		}
		if !bytes.Contains(signed.Bytes(), []byte("Content-Type: ")) {
			t.Errorf("%s: no fields in %s", name, &signed)
		}
	}
}

func TestLocalImages(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "secret.png")
	folder := filepath.Join(dir, "letter")
	for path, data := range map[string]string{
		outside: "secret", filepath.Join(folder, "bear.png"): "bear", filepath.Join(folder, "img", "b r.gif"): "GIF89a", filepath.Join(folder, "page.html"): "<p>",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	images := NewFolder(folder)
	for _, test := range []struct{ html, tree, shown string }{
		{`<img src="bear.png"><img src='./bear.png?x#y'>`, "related(text/html image/png)", `cid:`},
		{`<img src="img/b%20r.gif"><td background="bear.png">`, "related(text/html image/gif image/png)", `background="cid:`},
		{`<p style="background:url(bear.png)">`, "related(text/html image/png)", `url(cid:`},
		{`<img srcset="bear.png 1x, img/b%20r.gif 2x">`, "related(text/html image/png image/gif)", ` 2x`},
		{`<style>p{background:url("bear.png")} q{background:url(page.html)}</style>`, "related(text/html image/png)", `url(page.html)`},
		{`<img src="https://x.example/a.png"><img src="data:image/png;base64,AA"><img src="//x.example/a.png"><img src=""><a href="bear.png">`, "text/html", `href="bear.png"`},
	} {
		d := simple()
		d.Text, d.HTML, d.LocalImages = "", test.html, images
		_, root := readMessage(t, mustBuild(t, d).Bytes())
		body := root.leaves()[0].Body
		if root.tree() != test.tree || !strings.Contains(body, test.shown) {
			t.Errorf("%s: got %s, %s", test.html, root.tree(), body)
		}
		for _, p := range root.leaves()[1:] {
			if !strings.Contains(body, "cid:"+strings.Trim(p.ID, "<>")) || p.Disposition != "inline" {
				t.Errorf("%s: %s is not shown by %s", test.html, p.ID, body)
			}
		}
	}
	if err := os.Symlink(outside, filepath.Join(folder, "link.png")); err != nil {
		t.Logf("no links here: %v", err)
	}
	for _, test := range []struct{ html, reason string }{
		{`<img src="beer.png">`, "no such file"},
		{`<img src="../secret.png">`, "not inside"},
		{`<img src="%2e%2e/secret.png">`, "not inside"},
		{`<img src="` + filepath.ToSlash(outside) + `">`, "not inside"},
		{`<img src="link.png">`, ""},
		{`<img src="img">`, "not a regular file"},
		{`<img src="page.html">`, "not a picture"},
		{`<img src="a&#0;b.png">`, ""},
	} {
		d := simple()
		d.HTML, d.LocalImages = test.html, images
		_, err := Build(d, fixed())
		checkError(t, err, "html", test.reason)
	}

	// It is encoded once for all messages, and again when it has changed.
	build := func() *Part {
		d := simple()
		d.HTML, d.LocalImages = `<img src="bear.png">`, images
		mustBuild(t, d)
		return images.images["bear.png"].part
	}
	first := build()
	if build() != first {
		t.Error("the picture was read twice")
	}
	if err := os.WriteFile(filepath.Join(folder, "bear.png"), []byte("another bear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if build() == first {
		t.Error("the picture has changed, and was not read again")
	}
}
