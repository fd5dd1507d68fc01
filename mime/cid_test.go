package mime

import (
	"strings"
	"testing"
	"time"
)

func TestCIDRewriting(t *testing.T) {
	ids := map[string]string{"bear": "B@x", "b r": "S@x", "bär": "U@x", "a&b": "A@x", "lit": "L@[192.0.2.1]"}
	for _, test := range []struct{ html, want string }{
		{`<img src="cid:bear">`, `<img src="cid:B@x">`},
		{`<img src='cid:bear'>`, `<img src='cid:B@x'>`},
		{`<img src=cid:bear>`, `<img src="cid:B@x">`},
		{`<IMG SRC = "CID:bear" alt=x>`, `<IMG SRC = "cid:B@x" alt=x>`},
		{"<img\n\tsrc=\"\n cid:bear \">", "<img\n\tsrc=\"cid:B@x\">"},
		{`<img src="cid:b%20r"><img src="cid:b r">`, `<img src="cid:S@x"><img src="cid:S@x">`},
		{`<img src="cid:b%C3%A4r"><img src="cid:b&auml;r">`, `<img src="cid:U@x"><img src="cid:U@x">`},
		{`<img src="cid:a&amp;b"><img src="cid:a%26b">`, `<img src="cid:A@x"><img src="cid:A@x">`},
		{`<img src="cid:lit">`, `<img src="cid:L@%5B192.0.2.1%5D">`},
		{`<a href="cid:bear">cid:bear</a>`, `<a href="cid:B@x">cid:bear</a>`},
		{`<td background="cid:bear">`, `<td background="cid:B@x">`},
		{`<video poster="cid:bear"></video>`, `<video poster="cid:B@x"></video>`},
		{`<img srcset="cid:bear 1x, cid:b%20r 2x,x.png 3x">`, `<img srcset="cid:B@x 1x, cid:S@x 2x,x.png 3x">`},
		{`<img alt="cid:bear" title=cid:bear data-src="cid:none">`, `=`},
		{`<p style="background:url(cid:bear)">`, `<p style="background:url(cid:B@x)">`},
		{`<p style="background:url( 'cid:bear' ) no-repeat, url(cid:b%20r)">`, `<p style="background:url( &#39;cid:B@x&#39; ) no-repeat, url(cid:S@x)">`},
		{`<p style='background:url(&quot;cid:bear&quot;)'>`, `<p style='background:url(&#34;cid:B@x&#34;)'>`},
		{`<p style=background:url(cid:bear)>`, `<p style="background:url(cid:B@x)">`},
		{`<p style="content:'url(cid:bear)'; x:curl(cid:bear)">`, `=`},
		{`<style>/* url(cid:none) */ p { background: URL("cid:bear") } q { content: "url(cid:none)" }</style>`,
			`<style>/* url(cid:none) */ p { background: URL("cid:B@x") } q { content: "url(cid:none)" }</style>`},
		{`<style>p { background: url(cid:b\65 ar) }</style>`, `<style>p { background: url(cid:B@x) }</style>`},
		{`<style>url(cid:bear</style><img src="cid:bear">`, `<style>url(cid:B@x</style><img src="cid:B@x">`},
		{`<style>url("cid:bear</style>`, `<style>url("cid:B@x</style>`},
		{`<style>p{}/*</style><img src="cid:bear">`, `<style>p{}/*</style><img src="cid:B@x">`},
		{`<!-- <img src="cid:none"> --><img src="cid:bear">`, `<!-- <img src="cid:none"> --><img src="cid:B@x">`},
		{`<!--><img src="cid:bear">`, `<!--><img src="cid:B@x">`},
		{`<!--[if mso]><v:fill src="cid:bear" /><![endif]-->`, `<!--[if mso]><v:fill src="cid:B@x" /><![endif]-->`},
		{`<!--[if !mso]><!--><img src="cid:bear"><!--<![endif]-->`, `<!--[if !mso]><!--><img src="cid:B@x"><!--<![endif]-->`},
		{`<script>x = '<img src="cid:none">'</script><img src="cid:bear">`, `<script>x = '<img src="cid:none">'</script><img src="cid:B@x">`},
		{`<textarea><img src="cid:none"></TEXTAREA>`, `=`},
		{`1 < 2 <img src="cid:bear"> 3 <`, `1 < 2 <img src="cid:B@x"> 3 <`},
		{`<img title=">" src="cid:bear">`, `<img title=">" src="cid:B@x">`},
		{`<img title='"' src="cid:bear">`, `<img title='"' src="cid:B@x">`},
		{`<img src="cid:bear`, `=`},
		{`<img src=`, `=`},
		{`<a ==x href=cid:bear>`, `<a ==x href="cid:B@x">`},
		{`</p src="cid:bear">`, `</p src="cid:B@x">`},
		{`<!DOCTYPE html><?xml src="cid:none"?><img src="cid:bear">`, `<!DOCTYPE html><?xml src="cid:none"?><img src="cid:B@x">`},
		{`plain cid:bear text`, `=`},
		{`<img src="http://x/?cid:bear">`, `=`},
		{``, `=`},
	} {
		c := cidRewriter{ids: ids, used: map[string]bool{}}
		got := c.rewrite(test.html)
		want := test.want
		if want == "=" {
			want = test.html
		}
		if got != want || c.bad != nil {
			t.Errorf("%s:\n got %s\nwant %s (%v)", test.html, got, want, c.bad)
		}
	}
}

func TestDanglingCID(t *testing.T) {
	for _, test := range []struct {
		html, name string
		offset     int
	}{
		{`<img src="cid:beer">`, "beer", 10},
		{`<img src="cid:">`, "", 10},
		{`<img src="cid:%zz">`, "%zz", 10},
		{`<p style="background:url(cid:beer)">`, "beer", 10},
		{`<img src="cid:BEAR">`, "BEAR", 10},
		{`<img src=cid:bear/>`, "bear/", 9}, // the slash is part of an unquoted value
	} {
		c := cidRewriter{ids: map[string]string{"bear": "B@x"}, used: map[string]bool{}}
		c.rewrite(test.html)
		if c.bad == nil || c.bad.name != test.name || c.bad.offset < test.offset {
			t.Errorf("%s: got %+v", test.html, c.bad)
		}
	}
}

func TestInlineParts(t *testing.T) {
	d := simple()
	bear := mustBytes(t, "bear", "bear.png")
	d.HTML = `<img src="cid:one"><img src="cid:two"><img src="cid:three"><img src="cid:one">`
	d.Inline = []Inline{{"one", bear}, {"two", mustBytes(t, "bear", "bear.png")}, {"three", mustBytes(t, "beer", "bear.png")}}
	m := mustBuild(t, d)
	_, root := readMessage(t, m.Bytes())
	if root.tree() != "related(alternative(text/plain text/html) image/png image/png)" {
		t.Errorf("tree is %s", root.tree())
	}
	if root.Parameters["type"] != "multipart/alternative" {
		t.Errorf("the related type is %q", root.Parameters["type"])
	}
	html := root.Parts[0].Parts[1].Body
	for _, p := range root.Parts[1:] {
		id := strings.Trim(p.ID, "<>")
		if !strings.HasSuffix(id, "@bank.example") || !strings.Contains(html, `src="cid:`+id+`"`) || p.Disposition != "inline" {
			t.Errorf("%s, %s is not shown by %s", p.ID, p.Disposition, html)
		}
	}
	if root.Parts[1].ID == root.Parts[2].ID {
		t.Error("two pictures have one Content-ID")
	}
}

// TestCIDScanIsLinear gives the scanner texts on which a careless one is quadratic.
func TestCIDScanIsLinear(t *testing.T) {
	for _, unit := range []string{"<", "</", "<a ", "<!--", "<style>", "<style></", "<a b='", "<a style='url(", "<p style=\"/*", "cid:", "cccc", "<script></s", "&", "<a src=cid:&"} {
		html := strings.Repeat(unit, (1<<20)/len(unit)) + `<img src="cid:x">`
		c := cidRewriter{ids: map[string]string{"x": "X@y"}, used: map[string]bool{}}
		start := time.Now()
		c.rewrite(html)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q: %v", unit, took)
		}
	}
}
