package template

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// everyPlace is a document with values wherever they can stand.
const everyPlace = `<!DOCTYPE html>
<html><head><title>{{.v}}</title><style>p { color: {{.v}}; font-family: "{{.v}}" }</style></head>
<body onload="f({{.v}}, '{{.v}}')">
<p class="{{.v}}" title='{{.v}}' id={{.v}} style="color: {{.v}}; background: url('{{.v}}')">{{.v}} <b>{{.v}}</b></p>
<a href="{{.v}}">x</a> <a href="https://bank.example/{{.v}}?q={{.v}}#{{.v}}">x</a> <a href={{.v}}>x</a>
<a href="{{link .v "a" .v}}">x</a> <a href="https://bank.example/?{{query "a" .v}}">x</a>
<img src="{{.v}}" alt="{{.v}}" srcset="{{.v}} 2x">
<textarea>{{.v}}</textarea><!-- {{.v}} -->
<script>var a = {{.v}}, b = "{{.v}}", c = /{{.v}}/, d = ` + "`{{.v}}`" + `, e = {{json .v}};</script>
<script type="application/ld+json">{"name": {{.v}}}</script>
{{range .l}}<i title="{{.}}">{{. | upper | printf "%s"}}</i>{{end}}
</body></html>`

// everyPlaceInMarkdown is the same in Markdown.
const everyPlaceInMarkdown = "# {{.v}}\n\n**{{.v}}** _{{.v}}_ `{{.v}}` [{{.v}}]({{.v}} \"{{.v}}\") ![{{.v}}]({{.v}})\n\n> {{.v}}\n\n- {{.v}}\n\n" +
	"{{.v}}\n\n    {{.v}}\n\n```{{.v}}\n{{.v}}\n```\n\n| {{.v}} | b |\n|---|---|\n{{range .l}}\n| {{.}} | {{$.v}} |\n{{end}}\n\n" +
	"{{range .l}}\n- {{.}}\n{{end}}\n\nhttps://bank.example/{{.v}} <https://bank.example/{{.v}}>\n\n<div title=\"{{.v}}\">{{.v}}</div>\n\n[r]\n\n[r]: {{.v}}\n"

// structure is what a browser makes of a document, without its text: elements and the
// names of their attributes.
func structure(t *testing.T, document string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch n.Type {
		case html.ElementNode:
			var names []string
			for _, a := range n.Attr {
				names = append(names, a.Key)
				isAddress := a.Key == "href" || a.Key == "src"
				if scheme, _, ok := strings.Cut(strings.ToLower(strings.TrimSpace(a.Val)), ":"); isAddress && ok && !strings.ContainsAny(scheme, "/?#") {
					if !slices.Contains([]string{"http", "https", "mailto"}, scheme) && scheme != "httpſ" && scheme != "http%c5%bf" {
						t.Errorf("an address with the scheme %q: %q", scheme, a.Val)
					}
				}
			}
			out = append(out, n.Data+" "+strings.Join(names, ","))
		case html.CommentNode:
			out = append(out, "comment "+n.Data)
		}
		for child := range n.ChildNodes() {
			walk(child)
		}
		if n.Type == html.ElementNode {
			out = append(out, "/"+n.Data)
		}
	}
	walk(root)
	return out
}

// TestHostile: no value makes an element, an attribute, a comment or an address of a
// kind that does something; in text and subject it stands as it is.
func TestHostile(t *testing.T) {
	made := map[string]*Template{}
	for name, s := range map[string]Source{
		"html":     {HTML: everyPlace, Text: "<{{.v}}>", Subject: "[{{.v}}]"},
		"markdown": {Markdown: everyPlaceInMarkdown, Subject: "[{{.v}}]"},
	} {
		var err error
		if made[name], err = New(s, testOptions); err != nil {
			t.Fatal(err)
		}
		if made[name].html.program == nil {
			t.Errorf("%s is not compiled", name)
		}
	}
	for name, m := range made {
		plain, err := m.Render(context.Background(), map[string]any{"v": "value", "l": []any{"value", "value"}})
		if err != nil {
			t.Fatal(err)
		}
		want := structure(t, plain.HTML)
		for _, v := range hostile {
			got, err := m.Render(context.Background(), map[string]any{"v": v, "l": []any{v, v}})
			if err != nil {
				t.Fatalf("%.40q: %v", v, err)
			}
			if !slices.Equal(structure(t, got.HTML), want) {
				t.Errorf("%s: %.40q changes the document:\n%.4000s", name, v, got.HTML)
			}
			if name == "html" && got.Text != "<"+v+">" {
				t.Errorf("%.40q is %.40q in text", v, got.Text)
			}
			if strings.ContainsFunc(got.Subject, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u0085' }) {
				t.Errorf("%.40q makes the subject %.40q", v, got.Subject)
			}
		}
	}
}

// TestLarge: a value of 1 MB stands where it should.
func TestLarge(t *testing.T) {
	repeated := []string{"<", "\r\n", "{{.v}}", "x"}
	if share > 1 {
		repeated = repeated[:1]
	}
	for _, s := range repeated {
		v := strings.Repeat(s, (1<<20)/len(s))
		r := rendered(t, Source{HTML: `<a title="{{.v}}" href="{{.v}}">x</a>`, Text: "{{.v}}", Subject: "{{.v}}"}, map[string]any{"v": v})
		if got := structure(t, r.HTML); !slices.Equal(got, structure(t, `<a title="x" href="x">x</a>`)) {
			t.Errorf("%.40q makes %q", v, got)
		}
		if r.Text != v || strings.ContainsAny(r.Subject, "\r\n") {
			t.Errorf("%.40q is %.40q in text, %.40q in the subject", v, r.Text, r.Subject)
		}
	}
}

// TestMarkdownText: what a value says is read in text made of Markdown, whatever it
// means in Markdown or HTML.
func TestMarkdownText(t *testing.T) {
	for _, v := range []string{"[x](javascript:alert(1))", "<script>", "# x", "`code`", "**b**", "&amp;", "{{.x}}", "| a | b |", "1. x", "![i](j)"} {
		r := rendered(t, Source{Markdown: "Dear\n\n{{.v}}\n\n- item {{.v}}\n"}, map[string]any{"v": v})
		if !strings.Contains(r.Text, "\n"+v+"\n") || !strings.Contains(r.Text, "- item "+v) {
			t.Errorf("%q becomes %q", v, r.Text)
		}
	}
}

// TestOneLine: a value folds into one line of a subject.
func TestOneLine(t *testing.T) {
	for v, want := range map[string]string{
		"plain": "plain", "": "", " a ": "a", "a\r\nBcc: x": "a Bcc: x", "a\x00b": "a b", "a\tb": "a b", "a  b": "a b", "\u2028a\u0085b\u2029": "a b",
		"a\u00a0b": "a\u00a0b", "ü ö": "ü ö", "\x7f": "",
	} {
		if got := oneLine(v); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", v, got, want)
		}
	}
}

// The greatest size is none too small for the second part.
func TestLargestSize(t *testing.T) {
	options := testOptions
	options.MaxSize = math.MaxInt
	made, err := New(Source{HTML: `<p>{{.a}}</p>`, Text: `{{.a}}`}, options)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := made.Render(t.Context(), map[string]any{"a": "x"}); err != nil || r.Text != "x" {
		t.Errorf("%+v, %v", r, err)
	}
}
