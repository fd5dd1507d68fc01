package plaintext

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the expected texts")

// TestGolden compares the texts of testdata/*.html with those beside them.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.html")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		html, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := FromHTML(string(html))
		golden := strings.TrimSuffix(file, ".html") + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", file, diff)
		}
		if fault := textFault(string(html), got); fault != "" {
			t.Errorf("%s: %s", file, fault)
		}
	}
}

// maxGrowth is how much longer a text may be than its HTML: the worst is a rule for each
// <hr>, or a row of a table with a far column.
const maxGrowth = 40

// textFault says what is wrong with a text, whatever it was made of.
func textFault(html, text string) string {
	switch {
	case !utf8.ValidString(text):
		return "the text is not UTF-8"
	case len(text) > maxGrowth*len(html):
		return "the text is too long"
	case text != "" && (!strings.HasSuffix(text, "\n") || strings.HasPrefix(text, "\n")):
		return "the text begins with an empty line, or its last has no end"
	case strings.Contains(text, " \n"):
		return "a line ends in a space"
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r == 0x2028 || r == 0x2029) {
			return "the text has a control character"
		}
	}
	return ""
}

// hostile are shapes of HTML that make careless programs slow, large or dead.
var hostile = map[string]func(n int) string{
	"divs":           func(n int) string { return strings.Repeat("<div>", n) + "x" },
	"closed divs":    func(n int) string { return strings.Repeat("<div>", n) + "x" + strings.Repeat("</div>", n) },
	"text in divs":   func(n int) string { return strings.Repeat("<div>x ", n) },
	"wrong ends":     func(n int) string { return strings.Repeat("<div>", n) + strings.Repeat("</b></p></li></td>", n) },
	"inline":         func(n int) string { return strings.Repeat("<b><i>", n) + strings.Repeat("</b>", n) },
	"quotations":     func(n int) string { return strings.Repeat("<blockquote>x", n) },
	"lists":          func(n int) string { return strings.Repeat("<ul><li>x", n) },
	"definitions":    func(n int) string { return strings.Repeat("<dl><dd>x", n) },
	"tables":         func(n int) string { return strings.Repeat("<table><tr><td>x<td>y", n) },
	"tables of data": func(n int) string { return strings.Repeat("<table><tr><th>x<td>y", n) },
	"rows":           func(n int) string { return "<table><tr><th>x" + strings.Repeat("<tr><td>y", n) },
	"wide rows":      func(n int) string { return "<table>" + strings.Repeat("<tr><th><td colspan=9><td>y", n) },
	"cells":          func(n int) string { return "<table><tr><th>x" + strings.Repeat("<td>y", n) },
	"narrow cells": func(n int) string {
		return "<table><tr><th>" + strings.Repeat("x", 60) + "<td>" + strings.Repeat("y ", n)
	},
	"records": func(n int) string { return "<table><tr><th>" + strings.Repeat("x", n) + strings.Repeat("<tr><td>y", n) },
	"labels": func(n int) string {
		return "<table><tr>" + strings.Repeat("<th>"+strings.Repeat("x", 29), 9) + strings.Repeat("<tr>"+strings.Repeat("<td>y", 9), n)
	},
	"links":             func(n int) string { return strings.Repeat(`<a href="http://x">y`, n) },
	"links in tables":   func(n int) string { return strings.Repeat(`<a href="http://x">y<table><td>`, n) },
	"headings":          func(n int) string { return strings.Repeat("<h1>x", n) },
	"rules":             func(n int) string { return strings.Repeat("<hr>x", n) },
	"line breaks":       func(n int) string { return "x" + strings.Repeat("<br>", n) + "y" },
	"empty lines":       func(n int) string { return "<blockquote><blockquote><pre>" + strings.Repeat("\nx", n) },
	"tabs":              func(n int) string { return "<pre>" + strings.Repeat("\t", n) + "x" },
	"attributes":        func(n int) string { return "<p " + strings.Repeat("a=b ", n) + ">x" },
	"style":             func(n int) string { return `<p style="` + strings.Repeat("a:b;", n) + `">x` },
	"one word":          func(n int) string { return strings.Repeat("x", n) },
	"slashes":           func(n int) string { return strings.Repeat("://", n) },
	"invisible":         func(n int) string { return "x" + strings.Repeat("\u200b\u00a0\u034f", n) + "y" },
	"comments":          func(n int) string { return strings.Repeat("<!--", n) },
	"open tags":         func(n int) string { return strings.Repeat("<", n) },
	"headings in lists": func(n int) string { return strings.Repeat("<ul><li><h1>x", n) },
	"numbers":           func(n int) string { return strings.Repeat("<ol><li value=999999>x", n) },
}

// TestHostile: 200 kB take a moment, whatever its shape. What is quadratic
// takes minutes for them.
func TestHostile(t *testing.T) {
	const size, limit = 200_000, 15 * time.Second
	for name, shape := range hostile {
		t.Run(name, func(t *testing.T) {
			html := shape(size * 1000 / len(shape(1000)))
			begin := time.Now()
			if fault := textFault(html, FromHTML(html)); fault != "" {
				t.Error(fault)
			}
			if took := time.Since(begin); took > limit {
				t.Errorf("%d bytes take %s", len(html), took)
			}
		})
	}
}

// FuzzFromHTML: no panic, no control character, no text without bounds.
func FuzzFromHTML(f *testing.F) {
	files, err := filepath.Glob("testdata/*.html")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		html, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(html))
	}
	for _, shape := range hostile {
		f.Add(shape(5))
	}
	f.Fuzz(func(t *testing.T, html string) {
		text := FromHTML(html)
		if fault := textFault(html, text); fault != "" {
			t.Fatalf("%s:\n%s", fault, text)
		}
	})
}

func BenchmarkFromHTML(b *testing.B) {
	html, err := os.ReadFile("testdata/receipt.html")
	if err != nil {
		b.Fatal(err)
	}
	large := strings.Repeat(string(html), 100)
	b.SetBytes(int64(len(large)))
	b.ReportAllocs()
	for b.Loop() {
		FromHTML(large)
	}
}

// TestTexts are small cases, each for one rule.
func TestTexts(t *testing.T) {
	for html, want := range map[string]string{
		"":                                     "",
		" \n ":                                 "",
		"a":                                    "a\n",
		"a\xffb":                               "a\uFFFDb\n",
		"a\x00b\x07\u0085c":                    "abc\n",
		"foo<b>bar</b> <i>baz</i>":             "foobar baz\n",
		"a <b> b</b>":                          "a b\n",
		"a<br>b<br><br><br><br>c<br>":          "a\nb\n\nc\n",
		"<p>a</p><br><br><p>b</p>":             "a\n\nb\n",
		"<br>a":                                "a\n",
		"x&nbsp;":                              "x\n",
		"&nbsp;x":                              "x\n",
		"<ul><li></li><li>a</li></ul>":         "- a\n",
		"<ul><li><ul><li>a</ul></ul>":          "- - a\n",
		"<li>a":                                "- a\n",
		"<pre>\n\n  a\n</pre>":                 "  a\n",
		"<pre> ":                               "",
		"<pre> </pre>a<pre> ":                  "a\n",
		"<q>a</q>":                             "a\n",
		"<a href='https://x.example'>a</a>.":   "a [1].\n\n[1] https://x.example\n",
		"<a href='https://x.example'> a </a>b": "a [1] b\n\n[1] https://x.example\n",
		"(<a href='https://x.example'>x.example</a>)":                   "(https://x.example)\n",
		"<a href='https://x.example/a b\n\tc'>a</a>":                    "a [1]\n\n[1] https://x.example/a%20bc\n",
		"<a href='https://x.example/\u202e\u200b'>a</a>":                "a [1]\n\n[1] https://x.example/\n",
		"<a href='https://x.example'></a>":                              "[1]\n\n[1] https://x.example\n",
		"<a href='https://x.example'>a<br>b</a>":                        "a\nb [1]\n\n[1] https://x.example\n",
		"<a href='https://x.example'><p>a</p></a>":                      "a [1]\n\n[1] https://x.example\n",
		"<a href='data:text/html,x'>a</a>":                              "a\n",
		"<a href='https://x.example/{{ .ID }}'>a</a>":                   "a [1]\n\n[1] https://x.example/{{ .ID }}\n",
		"<a href='{{ .URL }}'>a</a>":                                    "a [1]\n\n[1] {{ .URL }}\n",
		"<img alt=a><img alt=b>c":                                       "a b c\n",
		"<td>a<td>b":                                                    "a\nb\n",
		"<table><td>a<td>b</table>":                                     "a  b\n",
		"<table><tr><th>a</th></tr></table>":                            "a\n",
		"<table role=presentation><tr><th>a<th>b<tr><td>c<td>d</table>": "a  b\nc  d\n",
		"<table><tr><th>a<td>1<tr><th>bb<td>22</table>":                 "a    1\nbb  22\n",
		"<div style='max-height:0px; overflow:hidden'>x</div>y":         "y\n",
		"<div style='overflow:hidden'>x</div>":                          "x\n",
		"<div style='display:none'><div>x</div></div>y":                 "y\n",
		"<title>x</title><svg><text>y</text></svg>z":                    "z\n",
		"<svg/>z":         "z\n",
		"<plaintext>a<b>": "a<b>\n",
		"<![CDATA[x]]>y":  "y\n",
	} {
		if got := FromHTML(html); got != want {
			t.Errorf("%q is %q, want %q", html, got, want)
		}
	}
}
