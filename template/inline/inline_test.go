package inline

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Each case is a source, and what becomes of it.
func TestHTML(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"one rule", `<style>p{color:red}</style><p>x</p>`, `<p style="color: red">x</p>`},
		{"no style element", `<p class=x>{{.A}}`, `<p class=x>{{.A}}`},
		{"specificity and order", `<style>#a{color:red}.b{color:blue}p{color:green}.b{margin:0}</style><p id=a class=b>`,
			`<p id=a class=b style="margin: 0; color: red">`},
		{"the attribute wins", `<style>p{color:red;margin:0}</style><p style="color:blue;">`, `<p style="margin: 0; color:blue;">`},
		{"important beats the attribute", `<style>p{color:red!important;margin:0}</style><p style="color:blue">`,
			`<p style="margin: 0; color:blue; color: red">`},
		{"shorthand after longhand", `<style>p{margin-top:5px}.a{margin:0}p{margin-left:1px}</style><p class=a>`,
			`<p class=a style="margin-top: 5px; margin-left: 1px; margin: 0">`},
		{"fallbacks", `<style>p{background:#fff;background:linear-gradient(#fff,#000)}</style><p>`,
			`<p style="background: #fff; background: linear-gradient(#fff,#000)">`},
		{"fallbacks of another rule", `<style>p{color:#111}.a{color:var(--x)}</style><p class=a>`, `<p class=a style="color: #111; color: var(--x)">`},
		{"a stronger rule", `<style>p{color:#111}.a{color:#222}</style><p class=a>`, `<p class=a style="color: #222">`},
		{"media", `<style>p{width:10px}@media (max-width:9px){p{width:auto}}</style><p>`,
			`<style>@media (max-width:9px){p { width:auto !important }}</style><p style="width: 10px">`},
		{"media that loses", `<style>@media print{p{width:auto}}p.a{width:10px}</style><p class=a>`,
			`<style>@media print{p{width:auto}}</style><p class=a style="width: 10px">`},
		{"media, weak and raised", `<style>p{color:red}@media print{p{color:black}}.a{color:blue}</style><p><p class=a>`,
			`<style>@media print{p { color:black !important }}</style><p style="color: red"><p class=a style="color: blue !important">`},
		{"both sides", `<style>p{color:red}@media print{p{color:black}}.a{color:blue}@media tv{.a{color:green}}</style><p><p class=a>`,
			`<style>@media print{p { color:black !important }}.a { color:blue !important }@media tv{.a { color:green !important }}</style><p style="color: red"><p class=a style="color: blue">`},
		{"media of the element", `<style media="print">p{color:red}</style><p>`, `<style media="print">p{color:red}</style><p>`},
		{"hover", `<style>a{color:red}a:hover,a.b{color:blue}</style><a href=x><a class=b>`,
			`<style>a:hover { color:blue !important }</style><a href=x style="color: red"><a class=b style="color: blue !important">`},
		{"pseudo-element", `<style>a{color:red}a:before{color:blue;content:"</x>"}</style><a>`,
			`<style>a:before{color:blue;content:"</x>"}</style><a style="color: red">`},
		{"font-face and keyframes", `<style>@import url(x.css);@font-face{font-family:x;src:url(y)}@keyframes k{from{top:0}}p{top:1px}</style><p>`,
			`<style>@import url(x.css);@font-face{font-family:x;src:url(y)}@keyframes k{from{top:0}}</style><p style="top: 1px">`},
		{"custom property", `<style>:root{--c:red}p{color:var(--c)}</style><p>`,
			`<style>:root{--c:red}</style><p style="color: var(--c)">`},
		{"quotes", `<style>p{font-family:"Helvetica Neue",'A B';background:url("a?b&c")}</style><p><p style='top:0'>`,
			`<p style="font-family: 'Helvetica Neue','A B'; background: url('a?b&amp;c')"><p style='font-family: "Helvetica Neue","A B"; background: url("a?b&amp;c"); top:0'>`},
		{"both quotes", `<style>p:not(.x){quotes:"'" "'"}</style><p>`, `<p style="quotes: &quot;'&quot; &quot;'&quot;">`},
		{"data url", `<style>p{background:url(data:image/png;base64,AA==)}</style><p>`, `<p style="background: url(data:image/png;base64,AA==)">`},
		{"conditional comment", `<!--[if mso]><style>p{color:red}</style><![endif]--><style>p{top:0}</style><!--[if mso]><p>{{.A}}<![endif]--><p>`,
			`<!--[if mso]><style>p{color:red}</style><![endif]--><!--[if mso]><p>{{.A}}<![endif]--><p style="top: 0">`},
		{"shown by others", `<!--[if !mso]><!--><style>p{color:red}</style><!--<![endif]--><style>p{color:blue}</style><p>`,
			`<!--[if !mso]><!--><style>p{color:red}</style><!--<![endif]--><p style="color: blue">`},
		{"data-embed", `<style data-embed>p{color:red}</style><p>`, `<style data-embed>p{color:red}</style><p>`},
		{"unknown selector", `<style>p:foo,p{color:red}p{top:0}</style><p>`, `<style>p:foo,p{color:red}</style><p style="top: 0">`},
		{"unknown at-rule", `<style>@foo{p{color:red}}p{top:0}</style><p>`, `<style>@foo{p{color:red}}</style><p style="top: 0">`},
		{"broken", `<style>p{color:red;;:x;top}}b{top:0}i{top:1px</style><p><b><i>`,
			`<style>}b{top:0}</style><p style="color: red"><b><i style="top: 1px">`},
		{"upper case", `<STYLE>P.a{COLOR:Red}</STYLE><P CLASS=a>`, `<P CLASS=a style="color: Red">`},
		{"escapes", `<style>.a\:b{color:red}</style><p class="a:b">`, `<p class="a:b" style="color: red">`},
		{"comments", `<style>/* a */p/* b */{/* c */color/* d */:/* e */red/* f */ blue;}</style><p>`, `<p style="color: red blue">`},
		{"client", `<style>.ExternalClass p{line-height:100%}p{line-height:1}</style><p>`,
			`<style>.ExternalClass p { line-height:100% !important }</style><p style="line-height: 1">`},
		{"dark mode of Outlook", `<style>[data-ogsc] .a{color:#fff !important}.a{color:#000}</style><p class=a>`,
			`<style>[data-ogsc] .a{color:#fff !important}</style><p class=a style="color: #000">`},
		{"no match", `<style>.nothing{top:0}p{top:1px}</style><p>`, `<p style="top: 1px">`},
		{"rows without tbody", `<style>table>tr>td{top:0}table td{left:0}</style><table><tr><td>`, `<table><tr><td style="left: 0">`},

		// Actions.
		{"action in text", `<style>p{color:red}</style>{{range .A}}<p>{{.B}}</p>{{end}}`, `{{range .A}}<p style="color: red">{{.B}}</p>{{end}}`},
		{"rows of a range", `<style>td{color:red}tr td{top:0}</style><table>{{range .A}}<tr><td>{{.}}</td></tr>{{else}}<tr><td>none</td></tr>{{end}}</table>`,
			`<table>{{range .A}}<tr><td style="color: red; top: 0">{{.}}</td></tr>{{else}}<tr><td style="color: red; top: 0">none</td></tr>{{end}}</table>`},
		{"position in a range", `<style>td{color:red}tr:nth-child(2n) td{color:blue}</style><table>{{range .A}}<tr><td>{{.}}</td></tr>{{end}}</table>`,
			`<style>tr:nth-child(2n) td { color:blue !important }</style><table>{{range .A}}<tr><td style="color: red">{{.}}</td></tr>{{end}}</table>`},
		{"class of an action", `<style>.a{color:red}.b{color:blue}</style><p class="a {{.X}}">`,
			`<style>.b { color:blue !important }</style><p class="a {{.X}}" style="color: red">`},
		{"class with an action in it", `<style>.a{color:red}</style><p class="a{{.X}}"><b class=a>`,
			`<style>.a{color:red}</style><p class="a{{.X}}"><b class=a style="color: red">`},
		{"class in an if", `<style>p{color:red}.a{color:blue}</style><p {{if gt .X 1}}class="a"{{end}}>`,
			`<style>.a { color:blue !important }</style><p style="color: red" {{if gt .X 1}}class="a"{{end}}>`},
		{"style of an action", `<style>p{color:red;top:0}</style><p style="color:{{.C}};left:1px">`, `<p style="color: red; top: 0; color:{{.C}};left:1px">`},
		{"style in an if", `<style>p{color:red}</style><p {{if .X}}style="top:0"{{end}}>`, `<style>p{color:red}</style><p {{if .X}}style="top:0"{{end}}>`},
		{"attributes of an action", `<style>p{color:red}</style><p {{.Attrs}}><p>`, `<style>p{color:red}</style><p {{.Attrs}}><p style="color: red">`},
		{"unquoted action", `<style>.x{color:red}[width="1"]{top:0}[width]{left:0}</style><p width={{.W}} class=x>`, `<style>[width="1"]{top:0}</style><p width={{.W}} class=x style="color: red; left: 0">`},
		{"action in a value", `<style>p{color:{{.C}};top:0}</style><p>`, `<style>p { color:{{.C}} }</style><p style="top: 0">`},
		{"if in a style", `<style>p{color:red}{{if .D}}p{color:blue}{{end}}</style><p>`,
			`<style>{{if .D}}p { color:blue !important }{{end}}</style><p style="color: red">`},
		{"braces in strings", `<style>p{color:red}</style><p title="{{"}}>"}}">{{/* <p> }} */}}`, `<p title="{{"}}>"}}" style="color: red">{{/* <p> }} */}}`},
		{"another template", `<style>p{color:red}</style>{{template "x" .}}<p>`, `<style>p{color:red}</style>{{template "x" .}}<p style="color: red">`},
		{"branch that opens", `<style>.a p{color:red}p{top:0}</style><div>{{if .X}}<div class=a>{{else}}<div class=b>{{end}}<p></p></div></div>`,
			`<style>.a p{color:red}</style><div>{{if .X}}<div class=a>{{else}}<div class=b>{{end}}<p style="top: 0"></p></div></div>`},
		{"name of an action", `<style>h1{color:red}h2{color:blue}</style><h{{.N}}>x</h{{.N}}><h2>`,
			`<style>h1{color:red}h2{color:blue}</style><h{{.N}}>x</h{{.N}}><h2 style="color: blue">`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := HTML(c.source, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("source %s\n   got %s\n  want %s", c.source, got, c.want)
			}
			again, err := HTML(got, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if again != got {
				t.Errorf("a second time: %s\n          was %s", again, got)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for source, want := range map[string]string{
		"<p>\n <b>{{if": `inline styles: line 2, column 5: the action is not closed`,
		"{{/* }}":       `inline styles: line 1, column 1: the action is not closed`,
		"<style>p{}</style>" + strings.Repeat("<div>", 600): `inline styles: line 1, column 1: open stack of elements exceeds 512 nodes`,
	} {
		_, err := HTML(source, Options{})
		var e *Error
		if !errors.As(err, &e) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Sizes that nobody writes end in good time, with a result or an error.
func TestHostileSizes(t *testing.T) {
	for name, source := range map[string]string{
		"selectors and elements": "<style>" + strings.Repeat("p i b u~p+i b{top:0}", 2000) + "</style>" + strings.Repeat("<p><b></b></p>", 2000),
		"positions":              "<style>" + strings.Repeat("b:nth-child(2n+1){top:0}", 50) + "</style><p>" + strings.Repeat("<b></b>", 10000),
		"declarations":           "<style>*{" + strings.Repeat("top:0;", 20000) + "}</style>" + strings.Repeat("<b></b>", 100),
		"attributes":             "<style>p{top:0}</style><p " + strings.Repeat("a=b ", 20000) + ">",
		"actions":                "<style>p{top:0}</style>" + strings.Repeat("{{if .A}}<p>", 400) + strings.Repeat("{{end}}", 400),
		"branches":               "<style>p{top:0}</style><table>" + strings.Repeat("{{if .A}}<div>{{end}}</div>", 20000),
		"classes":                "<style>" + strings.Repeat(".a{top:0}", 1000) + "</style><p class='" + strings.Repeat("{{.A}} ", 10000) + "'>",
		"braces":                 "<style>" + strings.Repeat("{ ", 50000) + "</style><p>",
		"parentheses":            "<style>p{" + strings.Repeat("a:(", 50000) + "</style><p>",
		"nots":                   "<style>" + strings.Repeat(":not(", 20000) + "</style><p>",
		"comments":               strings.Repeat("<!--[if !mso]><!-->", 10000) + "<style>p{top:0}</style><p>",
		"styles":                 strings.Repeat("<style>p{top:0}</style>", 5000) + "<p>",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := HTML(source, Options{})
			t.Logf("%d octets: %v, %v", len(source), time.Since(start).Round(time.Millisecond), err)
			if d := time.Since(start); d > 90*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestKeepAll(t *testing.T) {
	got, err := HTML(`<style>p{color:red}.x{top:0}</style><p>`, Options{Keep: KeepAll})
	if want := `<style>p{color:red}.x{top:0}</style><p style="color: red">`; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestAttributes(t *testing.T) {
	for source, want := range map[string]string{
		`<style>td{width:50%;height:20px;text-align:center;vertical-align:top;background-color:#FFF}</style><table><tr><td width=7>`: `<table><tr><td width=7 style="width: 50%; height: 20px; text-align: center; vertical-align: top; background-color: #FFF" height="20" bgcolor="#FFF" align="center" valign="top">`,
		`<style>img{width:120px;height:50%;text-align:left}</style><img>`:                                                            `<img style="width: 120px; height: 50%; text-align: left" width="120">`,
		`<style>td{background-image:url("a&b.png");width:calc(1px)}</style><table><tr><td {{if .X}}width=1{{end}}>`:                  `<table><tr><td style="background-image: url('a&amp;b.png'); width: calc(1px)" background="a&amp;b.png" {{if .X}}width=1{{end}}>`,
	} {
		got, err := HTML(source, Options{Attributes: AttributesTables})
		if err != nil || got != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
}

// The page says how often each reason stands in the list.
func TestDifferencesDocumented(t *testing.T) {
	counts := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(read(t, "testdata/differences.txt")), "\n") {
		reason, _, _ := strings.Cut(line, "\t")
		counts[reason]++
	}
	page := read(t, "../../docs/css.md")
	for reason, n := range counts {
		if row := fmt.Sprintf("| %s | %d |", reason, n); !strings.Contains(page, row) {
			t.Errorf("docs/css.md has no row %q", row)
		}
	}
}
