package template

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLoad: a letter, its layout and partials, beside it and at the top.
func TestLoad(t *testing.T) {
	files := folder(map[string]string{
		"mails/newsletter.html": "\ufeff---\r\n# what it says\r\nsubject: News for {{.name}}\r\npreheader: \"Now {{.price | money `EUR`}}\"\r\nlayout: main\r\n---\r\n" +
			`{{define "title"}}Our news{{end}}<h1>Hello {{.name}}</h1>{{template "footer" .}}`,
		"mails/newsletter.txt":       "Hello {{.name}}\n{{template `footer` .}}",
		"layouts/main.html":          `<title>{{template "subject" .}}</title><body>{{template "preheader" .}}<b>{{block "title" .}}News{{end}}</b>{{template "content" .}}{{block "end" .}}.{{end}}`,
		"mails/partials/footer.html": `<p>{{$n := .name}}{{$n}}</p>`,
		"partials/footer.html":       `not this one`,
		"partials/footer.txt":        `-- {{.name}}`,
	})
	made, err := Load("mails/newsletter", Options{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	got, err := made.Render(context.Background(), &row{fields: map[string]any{"name": "Ann & Bob", "price": "3.5"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Rendered{
		HTML: `<title>News for Ann &amp; Bob</title><body><div style="display:none;max-height:0;overflow:hidden;mso-hide:all">Now €3.50</div>
<b>Our news</b><h1>Hello Ann &amp; Bob</h1><p>Ann &amp; Bob</p>.`,
		Text: "Hello Ann & Bob\n-- Ann & Bob", Subject: "News for Ann & Bob", Preheader: "Now €3.50",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLoadMistakes are mistakes in files, and where they are found.
func TestLoadMistakes(t *testing.T) {
	for _, test := range []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{}, `template: loading "a": no a.html, a.md or a.txt there`},
		{map[string]string{"a.html": "x", "a.md": "x"}, `template: a.md: there is HTML too (a letter is written in HTML or in Markdown)`},
		{map[string]string{"a.html": "---\nsubject: x\n---\n", "a.txt": "---\nsubject: y\n---\n"}, `template: a.txt:2:10: subject is given in a.html too`},
		{map[string]string{"a.html": "---\nsubjct: x\n---\n"}, `template: a.html:2:1: unknown front matter "subjct" (did you mean "subject"?)`},
		{map[string]string{"a.html": "---\nsubject: x\n"}, `template: a.html:3:1: the front matter does not end (end it with a line of ---)`},
		{map[string]string{"a.html": "---\nsubject x\n---\n"}, `template: a.html:2:1: a line of front matter without a colon (write key: value)`},
		{map[string]string{"a.html": "---\nsubject: a\nsubject: b\n---\n"}, `template: a.html:3:1: subject is given twice`},
		{map[string]string{"a.html": "---\nsubject: 'Hi {{.name | uper}}'\n---\n"}, `template: a.html:2: unknown function "uper" (did you mean "upper"?)`},
		{map[string]string{"a.html": "---\nlayout: main\n---\nx"}, `template: a.html:2:9: no layout "main" (write the file layouts/main.html)`},
		{map[string]string{"a.html": "---\nlayout: ../main\n---\nx"}, `template: a.html:2:9: "../main" cannot be the name of a file (names are letters, digits, _ and -, with / between them)`},
		{map[string]string{"a.html": "---\npreheader: x\n---\n{{if .x}}<body>{{end}}<p>"}, `template: a.html:2:12: the preheader is shown nowhere (put {{template "preheader" .}} behind <body> in a.html)`},
		{map[string]string{"a.html": "x\n\n  {{template \"footer\" .}}"}, `template: a.html:3:5: no template "footer" (write {{define "footer"}}, or the file partials/footer.html)`},
		{map[string]string{"a.txt": "{{template \"../secret\" .}}"}, `template: a.txt:1:3: "../secret" cannot be the name of a file (names are letters, digits, _ and -, with / between them)`},
		{map[string]string{"a.html": "{{template `b` .}}", "partials/b.html": "\n{{template `c`}}", "partials/c.html": "{{template `b` .}}"},
			`template: partials/c.html:1:3: template "b" contains itself: b → c → b`},
		{map[string]string{"a.html": "---\nlayout: l\n---\n\n{{.x | nonsense}}", "layouts/l.html": "{{template `content` .}}"}, `template: a.html:5: unknown function "nonsense"`},
		{map[string]string{"a.html": "a\nb {{if .x}}"}, `template: a.html:2: unexpected EOF`},
		{map[string]string{"a.html": "a\n<a href='{{.x}}"}, `template: a.html: ends in a non-text context (a quote, a tag, a comment or a script is not closed)`},
		{map[string]string{"a.html": "<a href=\"{{if .x}}/a{{else}}/b?c={{end}}{{.y}}\">"},
			`template: a.html:1:43: whether this value is in the path or in the query of the address depends on a branch (put the whole address, or its end, into each branch)`},
		{map[string]string{"a.html": "x{{if .x}}{{$my_y := 1}}{{else}}{{$my_y}}{{end}}"}, `template: a.html:1:35: undefined variable: $my_y`},
		{map[string]string{"a.html": "{{html .x}}"}, `template: a.html:1: no function "html" (values are escaped for the place they stand in; query and urlescape make addresses)`},
		{map[string]string{"a.html": "é{{upper .x .y}}"}, `template: a.html:1:4: upper takes 1 argument, not 2`},
		{map[string]string{"a.html": "{{.x .y}}"}, `template: a.html:1:3: .x is no function and takes no arguments`},
		{map[string]string{"a.html": "a\x00b"}, `template: a.html:1:2: a control character ('\x00') in a template`},
	} {
		_, err := Load("a", Options{Files: folder(test.files)})
		if err == nil || err.Error() != test.want {
			t.Errorf("%v:\ngot  %v\nwant %s", test.files, err, test.want)
		}
	}
}

// TestLoadNames: a name leads nowhere but below the files.
func TestLoadNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../a", "/a", "a/../b", `a\b`, "a/", "./a"} {
		if _, err := Load(name, Options{Files: folder(map[string]string{"a.html": "x", "b.html": "x"})}); err == nil {
			t.Errorf("Load(%q) found something", name)
		}
	}
	if _, err := Load("nothing", Options{Files: folder(nil)}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

// TestLoadLink: a link out of the folder is refused where the files are those of os.Root.
func TestLoadLink(t *testing.T) {
	outside, inside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "a.html"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "a.html"), filepath.Join(inside, "a.html")); err != nil {
		t.Skip(err)
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := Load("a", Options{Files: root.FS()}); err == nil {
		t.Error("a file outside was read")
	}
}

// TestVariables: those of a template and of what is put into it are apart, whatever
// they are called.
func TestVariables(t *testing.T) {
	source := "{{define `p`}}{{$_1 := 2}}{{$x := .}}{{$v_x := $}}{{$_1}}{{$x}}{{$v_x}} {{end}}" +
		"{{$_1 := 1}}{{$x := 5}}{{$_ := 6}}{{template `p` 3}}{{range 1}}{{template `p` $x}}{{end}}{{$_1}}{{$x}}{{$_}}"
	if got, want := rendered(t, Source{Text: source}, nil).Text, "233 255 156"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestInline: the inliner sees the whole document once, and no action; what it does
// with them stays right.
func TestInline(t *testing.T) {
	var seen []string
	options := testOptions
	options.Files = folder(map[string]string{
		"a.html":               "---\nlayout: l\n---\n<p>{{range .list}}<b>{{.}}</b>{{end}}{{template `footer` .}}</p>",
		"layouts/l.html":       `<style>p { color: {{.color}} }</style>{{template "content" .}}`,
		"partials/footer.html": "<i>{{.name | upper}}</i>",
	})
	options.Inline = func(html string) (string, error) {
		seen = append(seen, html)
		css := html[strings.Index(html, "color"):strings.Index(html, " }")]
		return strings.Replace(html[strings.Index(html, "</style>")+8:], "<p>", `<p style="`+css+`" title="`+css[7:]+`">`, 1), nil
	}
	made, err := Load("a", options)
	if err != nil {
		t.Fatal(err)
	}
	got, err := made.Render(context.Background(), map[string]any{"color": "red", "name": "<x>", "list": []any{"1", "2"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := `<p style="color: red" title="red"><b>1</b><b>2</b><i>&lt;X&gt;</i></p>`; got.HTML != want {
		t.Errorf("got %s, want %s", got.HTML, want)
	}
	if len(seen) != 1 || strings.Contains(seen[0], "upper") || strings.Contains(seen[0], ".color") {
		t.Errorf("the inliner was given %q", seen)
	}
	options.Inline = func(string) (string, error) { return "", errors.New("no such property") }
	if _, err := Load("a", options); err == nil || err.Error() != "template: a.html: inlining CSS: no such property" {
		t.Errorf("got %v", err)
	}
}

// TestPreheaderShown: a preheader goes behind <body>, escaped and once, where the
// layout does not show it.
func TestPreheaderShown(t *testing.T) {
	const hidden = `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">&lt;v&gt;</div>` + "\n"
	for source, want := range map[string]string{
		"<p>Hi":  hidden + "<p>Hi",
		"{{.x}}": hidden + "&lt;v&gt;",
		"<html><!-- <body> --><BODY class='>' id=a><p>":   "<html><BODY class='>' id=a>" + hidden + "<p>",
		`<body>a{{template "preheader" .}}`:               "<body>a" + hidden,
		`<body><i>{{template "preheader text" .}}</i>`:    "<body><i>&lt;v&gt;</i>",
		"{{define `h`}}<body>{{end}}{{template `h` .}}a":  "<body>" + hidden + "a",
		"{{define `h`}}<body>{{end}}{{template `h` .x}}a": "",
		"<!-- {{.x}} <body> -->a":                         "",
		"<head></head>a":                                  "",
		"<body class='{{.x}}'>a":                          "",
	} {
		made, err := New(Source{HTML: source, Preheader: "{{.x}}"}, testOptions)
		if err != nil {
			if want != "" || !strings.Contains(err.Error(), "the preheader is shown nowhere") {
				t.Errorf("%s: %v", source, err)
			}
			continue
		}
		got, err := made.Render(context.Background(), map[string]any{"x": "<v>"})
		if err != nil || got.HTML != want || got.Preheader != "<v>" {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", source, got.HTML, err, want)
		}
	}
}

// TestDocumentedLetters: the letters in docs/templates.md render.
func TestDocumentedLetters(t *testing.T) {
	page, err := os.ReadFile("../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(html|markdown)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Errorf("%d letters, want 2", len(blocks))
	}
	item := map[string]any{"id": 1.0, "title": "Savings", "price": 2.0, "name": "Pen", "url": "https://x.example/"}
	data := map[string]any{"name": "Ann", "premium": true, "offers": []any{item}, "items": []any{item}, "links": []any{item}}
	for _, b := range blocks {
		extension := map[string]string{"html": ".html", "markdown": ".md"}[b[1]]
		made, err := Load("a", Options{Files: folder(map[string]string{"a" + extension: b[2]})})
		if err != nil {
			t.Errorf("%s: %v", b[1], err)
			continue
		}
		got, err := made.Render(context.Background(), data)
		if err != nil || !strings.Contains(got.HTML, "€2.00") || !strings.Contains(got.HTML, "Savings</a>") {
			t.Errorf("%s: got %s, %v", b[1], got.HTML, err)
		}
	}
}
