package template

import (
	"strings"
	"testing"
)

// TestMarkdown: control actions on lines of their own give whole blocks.
func TestMarkdown(t *testing.T) {
	data := map[string]any{"a": "A", "no": false, "l": []any{"1", "2"}, "none": []any{}}
	for source, want := range map[string]string{
		"# Hi {{.a}}\n\nSome *text*,\n**{{.a}}** `{{.a}}`.": "<h1>Hi A</h1><p>Some <em>text</em>,<strong>A</strong> <code>A</code>.</p>",
		"[{{.a}}](/x?{{.a}} \"{{.a}}\") ![{{.a}}](/{{.a}})": `<p><a href="/x?A" title="A">A</a> <img src="/A" alt="A"></p>`,
		"www.{{.a}}.example me@{{.a}}.example":              `<p><a href="http://www.A.example">www.A.example</a> <a href="mailto:me@A.example">me@A.example</a></p>`,
		"<div title={{.a}}>\n\n*x*\n\n</div>":               `<div title=A><p><em>x</em></p></div>`,
		"a_{{.a}}_b, **{{.a}}**c":                           `<p>a_A_b, <strong>A</strong>c</p>`,
		`\{\{.a}} {{"{{"}}`:                                 `<p>{{.a}} {{</p>`,
		// Lists.
		"{{range .l}}\n- {{.}}\n{{end}}":                           "<ul><li>1</li><li>2</li></ul>",
		"- s\n{{if .no}}\n- x\n{{else}}\n- y\n{{end}}\n- z":        "<ul><li>s</li><li>y</li><li>z</li></ul>",
		"{{if .no}}\n- x\n{{end}}":                                 "",
		"{{range .l}}\n1. {{.}}\n{{end}}":                          "<ol><li>1</li><li>2</li></ol>",
		"{{range .none}}\n- {{.}}\n{{else}}\nnone\n{{end}}":        "<p>none</p>",
		"- a\n  {{range .l}}\n  - {{.}}\n  {{end}}\n- b":           "<ul><li>a<ul><li>1</li><li>2</li></ul></li><li>b</li></ul>",
		"> {{range .l}}\n> - {{.}}\n> {{end}}":                     "<blockquote><ul><li>1</li><li>2</li></ul></blockquote>",
		"{{range .l}}\n- a {{.}}\n\n  more\n{{end}}":               "<ul><li><p>a 1</p><p>more</p></li><li><p>a 2</p><p>more</p></li></ul>",
		"{{range .l}}\n- {{.}}\n{{end}}\n\n1. x\n":                 "<ul><li>1</li><li>2</li></ul><ol><li>x</li></ol>",
		"- a\n{{range .l}}\n{{if $.a}}\n- {{.}}\n{{end}}\n{{end}}": "<ul><li>a</li><li>1</li><li>2</li></ul>",
		// Tables.
		"| a |\n|--:|\n{{range .l}}\n| {{.}} |\n{{end}}": `<table><thead><tr><th style="text-align:right">a</th></tr></thead><tbody>` +
			`<tr><td style="text-align:right">1</td></tr><tr><td style="text-align:right">2</td></tr></tbody></table>`,
		"| a |\n|---|\n| x |\n{{range .none}}\n| {{.}} |\n{{else}}\n| none |\n{{end}}\n| y |": `<table><thead><tr><th>a</th></tr></thead><tbody>` +
			`<tr><td>x</td></tr><tr><td>none</td></tr><tr><td>y</td></tr></tbody></table>`,
		// Other blocks.
		"{{if .a}}\n## T\n\nText\n{{else}}\nOther\n{{end}}\nEnd":                   "<h2>T</h2><p>Text</p><p>End</p>",
		"Text\n{{if .a}}\nmore\n{{end}}":                                           "<p>Text</p><p>more</p>",
		"Dear {{if .no}}x{{else}}{{.a}}{{end}},\n{{range .l}}{{.}} {{end}}":        "<p>Dear A,1 2 </p>",
		"```\n{{range .l}}\n{{.}}\n{{end}}\n```":                                   "<pre><code>12</code></pre>",
		"{{define `x`}}*{{.}}*{{end}}a {{template `x` .a}}\n\n{{template `x` .a}}": "<p>a <em>A</em></p><p><em>A</em></p>",
		"{{$x := .a}}\n\n{{$x}}":                                                   "<p>A</p>",
	} {
		html := rendered(t, Source{Markdown: source}, data).HTML
		_, html, _ = strings.Cut(html, "<body>\n")
		html, _, _ = strings.Cut(html, "</body>")
		if got := strings.ReplaceAll(html, "\n", ""); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", source, got, want)
		}
	}
}

// TestMarkdownWords: text that looks like what stands for actions is text.
func TestMarkdownWords(t *testing.T) {
	r := rendered(t, Source{Markdown: "qactioni0z {{.a}} qqactionc1z"}, map[string]any{"a": "A"})
	if !strings.Contains(r.HTML, "<p>qactioni0z A qqactionc1z</p>") {
		t.Errorf("got %s", r.HTML)
	}
}

// TestMarkdownPartial: a partial in Markdown stands in HTML, and one of HTML in Markdown.
func TestMarkdownPartial(t *testing.T) {
	options := testOptions
	options.Files = folder(map[string]string{
		"a.md":               "# Hi\n\n{{template `sign` .}}\n\nin {{template `word` .}}.\n",
		"b.html":             "<div>{{template `sign` .}}</div>",
		"partials/sign.md":   "*{{.name}}*\n\nBank\n",
		"partials/word.html": "<b>{{.name}}</b>",
	})
	for name, want := range map[string]string{
		"a": "<h1>Hi</h1>\n<p><em>&lt;A&gt;</em></p>\n<p>Bank</p>\n<p>in <b>&lt;A&gt;</b>.</p>\n",
		"b": "<div><p><em>&lt;A&gt;</em></p>\n<p>Bank</p>\n</div>",
	} {
		made, err := Load(name, options)
		if err != nil {
			t.Fatal(err)
		}
		got, err := made.Render(t.Context(), map[string]any{"name": "<A>"})
		if err != nil || !strings.Contains(got.HTML, want) {
			t.Errorf("%s: got %q, %v, want %q", name, got.HTML, err, want)
		}
	}
}
