package template

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/mailscript/mailscript/template/inline"
)

// conditionalCases are what conditional comments become, with .x as the value of "v".
var conditionalCases = []struct{ source, want string }{
	{"<body><!--[if mso]><table><tr><td>{{.x}}<![endif]--><p>Hi", "<body><!--[if mso]><table><tr><td>v<![endif]--><p>Hi"},
	{"<!--[if gte mso 9]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->", ""},
	{"<!--[if (gte mso 9)|(IE)]><b><![endif]--><!--[if (gte mso 9)&(lte mso 15)]><b><![endif]-->", ""},
	{"<!--[IF !MSO]><!--><p>{{.x}}</p><!--<![ENDIF]-->", "<!--[IF !MSO]><!--><p>v</p><!--<![ENDIF]-->"},
	{"<!--[if !mso]><!-- --><p><!-- <![endif]-->|<!--[if !IE]>--><p><!--<![endif]-->|<!--[if !IE]> --><p><!--<![endif]-->", ""},
	{"<!--[if !mso]><!----><p><![endif]-->", ""},
	{"<![if !mso]><p>{{.x}}<![endif]>", "<![if !mso]><p>v<![endif]>"},
	{"<!--[if mso]><![if gte mso 12]><b>{{.x}}</b><![endif]><![endif]-->", "<!--[if mso]><![if gte mso 12]><b>v</b><![endif]><![endif]-->"},
	{"<!--[if !mso]><!--><i><!--[if mso]>x<![endif]--></i><!--<![endif]-->", ""},
	{`<!--[if mso]><v:roundrect href="https://x.example/?a={{.x}}" fillcolor="{{.x}}" style="width:{{.x}}"><w:anchorlock/></v:roundrect><![endif]-->`,
		`<!--[if mso]><v:roundrect href="https://x.example/?a=v" fillcolor="v" style="width:v"><w:anchorlock/></v:roundrect><![endif]-->`},
	{`<!--[if mso]><style>td { color: {{.x}} }</style><script>f("{{.x}}")</script><title>{{.x}}</title><![endif]-->`,
		`<!--[if mso]><style>td { color: v }</style><script>f("v")</script><title>v</title><![endif]-->`},
	{"{{if .x}}<!--[if mso]>{{.x}}<![endif]-->{{end}}", "<!--[if mso]>v<![endif]-->"},
	{"<!--[if mso]>{{if .x}}{{.x}}{{else}}n{{end}}{{range 2}}{{if .}}{{break}}{{end}}{{.}}{{else}}e{{end}}<![endif]-->", "<!--[if mso]>v0<![endif]-->"},
	{"{{range 2}}<!--[if mso]>{{.}}<![endif]-->{{if .}}{{continue}}{{end}}{{end}}", "<!--[if mso]>0<![endif]--><!--[if mso]>1<![endif]-->"},
	{"<!--[if mso]>{{with .x}}{{.}}{{end}}<td{{if .x}} class=\"a\"{{end}}><br {{.x}}=\"1\"><![endif]-->", "<!--[if mso]>v<td class=\"a\"><br v=\"1\"><![endif]-->"},
	{"{{define `row`}}<!--[if mso]>{{.}}<![endif]-->{{end}}{{template `row` .x}}", "<!--[if mso]>v<![endif]-->"},
	// Ordinary comments are dropped, within the others too.
	{"a<!-- {{/* x */}} -->b<!-- {{.x}} -->c<!--{{if .x}}-->d{{else}}-->{{end}}e", "abcde"},
	{"<!--[if mso]>a<!-- {{.x}} -->b<![endif]-->", "<!--[if mso]>ab<![endif]-->"},
	{"<!-- [if mso]>a<![endif]-->b", "b"},
	{"<!--[if !supportLists]-->a<!--[endif]-->", "a"},
	{`<!--[if mso]>a &gt; b - c <a title="<">-></a><![endif]-->`, ""},
}

// TestConditional: conditional comments stay as they were written, and values in them
// are escaped, by programs and by html/template.
func TestConditional(t *testing.T) {
	data := map[string]any{"x": "v"}
	for _, test := range conditionalCases {
		if test.want == "" {
			test.want = test.source
		}
		// The name of an attribute, from a value, leaves the rest to html/template.
		for _, more := range []string{"", "<i {{.x}}>"} {
			want := test.want + strings.ReplaceAll(more, "{{.x}}", "v")
			p, reference, err := compiled(test.source+more, htmlPart)
			if err != nil {
				t.Errorf("%s: %v", test.source, err)
				continue
			}
			for _, e := range []executor{p, reference} {
				if got, err := executed(e, data); err != nil || got != want {
					t.Errorf("%T of %s:\ngot  %s, %v\nwant %s", e, test.source, got, err, want)
				}
			}
		}
	}
}

// TestConditionalMistakes: a delimiter where it would not be one is an error with a place.
func TestConditionalMistakes(t *testing.T) {
	const (
		place   = "a conditional comment within a tag, a style, a script or a title (put it between elements)"
		within  = "a conditional comment within a comment (remove the comment around it)"
		branch  = "a conditional comment that ends, or begins, in one branch only (begin and end it in the same branch)"
		endless = "a conditional comment that does not end (end it with <![endif]-->)"
		ends    = "this > ends the conditional comment, or would with a value before it (put the values of attributes in quotes, and write &gt; in text)"
	)
	for source, want := range map[string]string{
		"<p>\n <!--[if mso]>x":                                 "2:2: " + endless,
		"<p>\n <!--[if mso]>x --> y":                           "2:2: " + endless,
		"<!--[if mso]>a<!--[if mso]>b<![endif]-->":             "1:15: a conditional comment within a conditional comment (end the one before it with <![endif]-->)",
		"<!--[if mso]>a<!--[if !mso]><!-->b<!--<![endif]-->":   "1:15: this ends the conditional comment that it stands in (end the one before it with <![endif]-->)",
		"<!--[if mso]>a --> b<![endif]-->":                     "1:18: " + ends,
		"<!--[if mso]>a --!> b<![endif]-->":                    "1:19: " + ends,
		"<!--[if mso]><td width={{.x}}><![endif]-->":           "1:30: " + ends,
		"<!--[if mso]><p>{{.x}}><![endif]-->":                  "1:23: " + ends,
		"<!--[if mso]><p>{{.x}}-><![endif]-->":                 "1:24: " + ends,
		"<!--[if mso]><p>{{.x}}!><![endif]-->":                 "1:24: " + ends,
		"<!--[if mso]><p>-{{.x}}-><![endif]-->":                "1:25: " + ends,
		"<!--[if mso]><p>--{{if .x}}a{{end}}><![endif]-->":     "1:36: " + ends,
		"<!--[if mso]><p>{{range .x}}-{{end}}><![endif]-->":    "1:37: " + ends,
		"<!--[if mso]><p>--<!-- x -->><![endif]-->":            "1:14: " + ends,
		"<!--[if mso]><a title=\"<{{.x}}\"></a><![endif]-->":   "1:27: a value that could end the conditional comment, together with the < before it (write &lt;)",
		"<!--[if mso]><a title=\"<![{{.x}}\"></a><![endif]-->": "1:29: a value that could end the conditional comment, together with the < before it (write &lt;)",
		"a<![endif]-->":                                                           "1:2: the end of a conditional comment that did not begin (remove it, or begin with <!--[if mso]>)",
		"<!-- <!--[if mso]>x<![endif]--> -->":                                     "1:6: " + within,
		"<!-- a <!--[if !mso]><!--> b <!--<![endif]--> -->":                       "1:8: " + within,
		"<td <!--[if mso]>a<![endif]-->>":                                         "1:5: " + place,
		"<td title=\"<!--[if mso]>a<![endif]-->\">":                               "1:12: " + place,
		"<td title=<![if !mso]>>":                                                 "1:11: " + place,
		"<style><!--[if mso]>a<![endif]--></style>":                               "1:8: " + place,
		"<script>f('<!--[if mso]>a<![endif]-->')</script>":                        "1:12: " + place,
		"<title><!--[if mso]>a<![endif]--></title>":                               "1:8: " + place,
		"<!--[if mso]><td title=\"<![endif]-->\">":                                "1:25: " + place,
		"<a href=\"{{if .x}}/a{{else}}/b?c={{end}}<!--[if mso]>x<![endif]-->\">":  "1:41: a conditional comment cannot stand here (put it between elements)",
		"{{if .x}}<!--[if mso]>{{end}}a<![endif]-->":                              "1:6: " + branch,
		"<!--[if mso]>{{if .x}}<![endif]-->{{end}}":                               "1:19: " + branch,
		"{{range .x}}<!--[if mso]>{{if .}}{{continue}}{{end}}<![endif]-->{{end}}": "1:9: " + branch,
		"{{range .x}}<!--[if mso]>{{if .}}{{break}}{{end}}<![endif]-->{{end}}":    "1:9: " + branch,
		"<!--[if {{.x}}]>a<![endif]-->":                                           "1:1: a condition for Outlook with an action in it (put {{if}} around the conditional comment)",
		"a<![if mso {{.x}}]>":                                                     "1:2: a condition for Outlook with an action in it (put {{if}} around the conditional comment)",
	} {
		for _, inliner := range []func(string) (string, error){nil, func(s string) (string, error) { return s, nil }} {
			options := testOptions
			options.Inline = inliner
			_, err := New(Source{HTML: source}, options)
			if inliner != nil && err != nil {
				continue // The place is that of the action before.
			}
			if err == nil || err.Error() != "template: template (html):"+want {
				t.Errorf("%s:\ngot  %v\nwant %s", source, err, want)
			}
		}
	}
	options := testOptions
	options.Inline = func(s string) (string, error) { return s, nil }
	_, err := New(Source{HTML: "{{.x}}\n<p>\n<!--[if mso]>x"}, options)
	if want := "template: template (html):3:1: " + endless; err == nil || err.Error() != want {
		t.Errorf("behind the inliner: got %v, want %s", err, want)
	}
}

// everyConditionalPlace is a document with values wherever they can stand in comments
// for Outlook.
const everyConditionalPlace = `<body><!--[if mso]><table width="{{.v}}" title='{{.v}}' class="a {{.v}} b" style="color: {{.v}}; background: url('{{.v}}')">
<tr><td width={{.v}} id=a>{{.v}} -- {{.v}}</td><td bgcolor= {{.v}} ></td></tr>{{range .l}}{{.}}-{{end}}</table>
<v:roundrect href="{{.v}}" o:href="https://x.example/{{.v}}?q={{.v}}#{{.v}}" arcsize="{{.v}}%"><v:fill src='{{.v}}' color="{{.v}}"/></v:roundrect>
<img srcset="{{.v}} 2x"><a onclick="f({{.v}}, '{{.v}}')" href={{.v}} ></a><style>p { color: {{.v}}; content: "{{.v}}" }</style>
<script>var a = {{.v}}, b = "{{.v}}", c = /{{.v}}/, d = ` + "`{{.v}}`" + `, e = {{json .v}};</script><textarea>{{.v}}</textarea><title>{{.v}}</title>
<!-- {{.v}} --><![if mso]>{{.v}}<![endif]><![endif]--><p>{{.v}}</p><!--[if !mso]><!-->{{.v}}<!--<![endif]--></body>`

// TestConditionalHostile: no value ends a conditional comment, for browsers and for
// those that look for <![endif].
func TestConditionalHostile(t *testing.T) {
	p, reference, err := compiled(everyConditionalPlace, htmlPart)
	if err != nil {
		t.Fatal(err)
	}
	if p.program == nil {
		t.Error("not compiled")
	}
	values := append(slices.Clone(hostile), "-->", "--", "-", "->", ">", "--!>", "--!", "<!-->", "<![endif]-->", "![endif]--", "<![endif]", "[endif]-->", "<!--[if mso]>",
		"]>", "if mso", "\x00-->", "-\x00->", "--\u003e", "&gt;", "--&gt;", "--&#62;", "%2d%2d%3e", `\2d\2d\3e`, `--\u003e`, "--\\>")
	for _, v := range values {
		data := map[string]any{"v": v, "l": []any{v, v}}
		same(t, everyConditionalPlace, data, p.program, reference)
		got, err := executed(p, data)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(got, "<!"); n != 8 {
			t.Errorf("%q: %d delimiters in\n%s", v, n, got)
		}
		// A comment for Outlook, the paragraph, two comments around text.
		var kinds []string
		root, err := html.Parse(strings.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.FirstChild.LastChild.ChildNodes() {
			switch n.Type {
			case html.CommentNode:
				kinds = append(kinds, "comment")
				if len(kinds) == 1 && !strings.HasSuffix(n.Data, "<![endif]") {
					t.Errorf("%q ends the comment: %s", v, got)
				}
			case html.ElementNode:
				kinds = append(kinds, n.Data)
			}
		}
		if want := []string{"comment", "p", "comment", "comment"}; !slices.Equal(kinds, want) {
			t.Errorf("%q makes %q of\n%s", v, kinds, got)
		}
	}
}

// TestConditionalLoops: loops in loops are looked at quickly.
func TestConditionalLoops(t *testing.T) {
	const depth = 8
	source := "<!--[if mso]>" + strings.Repeat("{{range 1}}-", depth) + strings.Repeat("{{end}}", depth) + "<![endif]-->"
	if got, want := rendered(t, Source{HTML: source}, nil).HTML, "<!--[if mso]>"+strings.Repeat("-", depth)+"<![endif]-->"; got != want {
		t.Errorf("got %s", got)
	}
}

// TestConditionalNewsletters: those of letters stay octet by octet behind the inliner.
func TestConditionalNewsletters(t *testing.T) {
	pattern := regexp.MustCompile(`(?s)<!--\[if.*?-->|<!--<!\[endif\]-->`)
	for _, name := range []string{"bulletproof-button", "hybrid-columns", "mjml-output", "password-reset", "vml-background", "web-fonts"} {
		source, err := os.ReadFile("inline/testdata/newsletters/" + name + ".html")
		if err != nil {
			t.Fatal(err)
		}
		options := testOptions
		options.Inline = func(s string) (string, error) { return inline.HTML(s, inline.Options{}) }
		made, err := New(Source{HTML: string(source)}, options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := made.Render(context.Background(), map[string]any{"Name": "Ann", "URL": "https://x.example/"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := pattern.FindAllString(string(source), -1)
		if found := pattern.FindAllString(got.HTML, -1); !slices.Equal(found, want) || len(want) == 0 {
			t.Errorf("%s:\ngot  %q\nwant %q", name, found, want)
		}
		if strings.Contains(got.HTML, "&lt;!") {
			t.Errorf("%s shows a delimiter", name)
		}
	}
}

// TestConditionalInlined: values in conditional comments behind the inliner.
func TestConditionalInlined(t *testing.T) {
	options := testOptions
	options.Inline = func(s string) (string, error) { return inline.HTML(s, inline.Options{}) }
	made, err := New(Source{HTML: `<style>p { color: red }</style><!--[if mso]><table><tr><td bgcolor="{{.c}}">{{if .x}}<b>{{.x}}</b>{{end}}<![endif]--><p>{{.x}}</p>`}, options)
	if err != nil {
		t.Fatal(err)
	}
	got, err := made.Render(context.Background(), map[string]any{"c": `">`, "x": "-->"})
	if want := `<!--[if mso]><table><tr><td bgcolor="&#34;&gt;"><b>--&gt;</b><![endif]-->`; err != nil || !strings.Contains(got.HTML, want) {
		t.Errorf("got %s, %v\nwant %s", got.HTML, err, want)
	}
	if !strings.Contains(got.HTML, `style="color: red`) && !strings.Contains(got.HTML, `style="color:red`) {
		t.Errorf("not inlined: %s", got.HTML)
	}
}

// TestConditionalMarkdown: raw HTML of Markdown has them too.
func TestConditionalMarkdown(t *testing.T) {
	r := rendered(t, Source{Markdown: "Hi\n\n<!--[if mso]><b>{{.x}}</b><![endif]-->\n\n<!--[if !mso]><!-->\n\n*a*\n\n<!--<![endif]-->\n"}, map[string]any{"x": "-->"})
	for _, want := range []string{"<!--[if mso]><b>--&gt;</b><![endif]-->", "<!--[if !mso]><!-->\n<p><em>a</em></p>\n<!--<![endif]-->"} {
		if !strings.Contains(r.HTML, want) {
			t.Errorf("no %q in %s", want, r.HTML)
		}
	}
	if strings.TrimSpace(r.Text) != "Hi\n\na" {
		t.Errorf("the text is %q", r.Text)
	}
}
