package template

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
)

// row is a record whose fields are made when asked for.
type row struct {
	names  []string
	fields map[string]any
}

func (r *row) Field(name string) (any, bool) {
	v, ok := r.fields[name]
	return v, ok
}

func (r *row) Names() []string { return r.names }

func folder(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestLetter(t *testing.T) {
	files := folder(map[string]string{
		"mails/newsletter.html": "---\nsubject: News for {{.name}}\npreheader: \"Just {{money `EUR` .price}}\"\nlayout: main\n---\n" +
			"<h1 title=\"{{.name}}\">Hello {{.name}}</h1>{{range .items}}<li>{{.name}} {{$.name}}</li>{{end}}{{template \"footer\" .}}",
		"mails/newsletter.txt":       "Hello {{.name}}, {{.n}} {{template `footer` .}}",
		"layouts/main.html":          "<!DOCTYPE html><html><head><title>{{template \"subject\" .}}</title></head><body>{{template \"preheader\" .}}{{template \"content\" .}}</body></html>",
		"mails/partials/footer.html": "<p>{{$n := .name}}{{$n}}</p>",
		"partials/footer.txt":        "-- {{.name}}",
	})
	tm, err := Load("mails/newsletter", Options{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	r, err := tm.Render(context.Background(), &row{fields: map[string]any{"name": "<Ann>\r\n&", "price": "3.5", "n": 3.0, "items": []any{map[string]any{"name": "x"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	md, err := New(Source{Subject: "x", Preheader: "pre {{.a}}", Markdown: "# Hi {{.a}}\n\n**{{.a}}** [x]({{.a}}) `{{.a}}` https://x.example/{{.a}}?b={{.a}}\n\n{{range .l}}\n- item *{{.}}*\n{{end}}\n- last\n\n" +
		"| A | B |\n|---|--:|\n{{range .l}}\n| {{.}} | {{$.a}} |\n{{end}}\n\n{{if .a}}\nText\n{{else}}\nOther\n{{end}}\n\n```\n{{.a}}\n```\n"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err = md.Render(context.Background(), map[string]any{"a": "[x](javascript:alert(1)) <script> # `", "l": []any{"a", 2.5}})
	t.Log(r.HTML, "\n", r.Text, err)
	for _, bad := range []string{"{{.nmae}}", "a\n b {{.name | uper}}", "x {{range .name}}{{end}}", "{{if .name}}<a href=\"{{end}}", "{{template `x` .}}", "{{define `x`}}{{template `x`}}{{end}}{{template `x`}}", "{{ .a", "<a href='{{.name"} {
		tm, err := New(Source{HTML: bad}, Options{})
		if err == nil {
			_, err = tm.Render(context.Background(), map[string]any{"name": "x"})
		}
		if err == nil {
			t.Errorf("%s: no error", bad)
			continue
		}
		t.Log(err, "\n"+err.(*Error).Excerpt())
	}
	_ = strings.ToUpper
}
