package template

import (
	"context"
	htmltemplate "html/template"
	"io"
	"testing"
	texttemplate "text/template"
)

// newsletter is what a bank sends: ten fields, an address with parameters, a list.
const newsletter = `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>News for {{.name}}</title></head>
<body style="font-family: sans-serif">
<div style="display:none">{{.teaser}}</div>
<table width="600"><tr><td style="color: {{.color}}; padding: 16px">
<h1>Good morning, {{.name}}</h1>
<p>Your branch in {{.city}} is open again. Your adviser {{.adviser}} looks forward to your visit.</p>
{{if .premium}}<p>As a premium customer since {{.since}} you pay nothing.</p>{{else}}<p>Ask us about premium.</p>{{end}}
<ul>
{{range .offers}}<li><a href="https://bank.example/offer/{{.id}}?customer={{$.customer}}" title="{{.title}}">{{.title}}</a></li>
{{end}}</ul>
<p><a href="{{.unsubscribe}}">Unsubscribe</a></p>
<p>Customer {{.customer}}, {{.email}}</p>
</td></tr></table>
</body></html>
`

const newsletterText = `Good morning, {{.name}}

Your branch in {{.city}} is open again. Your adviser {{.adviser}} looks forward to your visit.
{{if .premium}}As a premium customer since {{.since}} you pay nothing.{{else}}Ask us about premium.{{end}}
{{range .offers}}- {{.title}}: https://bank.example/offer/{{.id}}?customer={{$.customer}}
{{end}}
Unsubscribe: {{.unsubscribe}}
Customer {{.customer}}, {{.email}}
`

func newsletterRow() map[string]any {
	return map[string]any{
		"name": "Ann Example", "teaser": "Savings earn more & cost less", "color": "#336699", "city": "Köln", "adviser": "Bob O'Neill",
		"premium": true, "since": "2019", "customer": "4711", "email": "ann@example.org",
		"unsubscribe": "https://bank.example/unsubscribe?token=a1b2c3&list=news",
		"offers": []any{
			map[string]any{"id": "17", "title": "Savings"}, map[string]any{"id": "18", "title": "Loans & more"}, map[string]any{"id": "19", "title": "Cards"},
		},
	}
}

func BenchmarkHTML(b *testing.B) {
	data := newsletterRow()
	b.Run("ours", func(b *testing.B) {
		t, err := New(Source{HTML: newsletter}, Options{})
		if err != nil {
			b.Fatal(err)
		}
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := t.Render(ctx, data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("record", func(b *testing.B) {
		t, err := New(Source{HTML: newsletter}, Options{})
		if err != nil {
			b.Fatal(err)
		}
		ctx := context.Background()
		record := &row{fields: data}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := t.Render(ctx, record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("html-template", func(b *testing.B) {
		t := htmltemplate.Must(htmltemplate.New("x").Parse(newsletter))
		b.ReportAllocs()
		for b.Loop() {
			if err := t.Execute(io.Discard, data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkText(b *testing.B) {
	data := newsletterRow()
	b.Run("ours", func(b *testing.B) {
		t, err := New(Source{Text: newsletterText, Subject: "News for {{.name}}"}, Options{})
		if err != nil {
			b.Fatal(err)
		}
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := t.Render(ctx, data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("text-template", func(b *testing.B) {
		t := texttemplate.Must(texttemplate.New("x").Parse(newsletterText))
		subject := texttemplate.Must(texttemplate.New("x").Parse("News for {{.name}}"))
		b.ReportAllocs()
		for b.Loop() {
			if err := t.Execute(io.Discard, data); err != nil {
				b.Fatal(err)
			}
			if err := subject.Execute(io.Discard, data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMarkdown(b *testing.B) {
	t, err := New(Source{Markdown: "# Good morning, {{.name}}\n\nYour branch in {{.city}} is open.\n\n{{range .offers}}\n- [{{.title}}](https://bank.example/{{.id}})\n{{end}}\n"}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	data := newsletterRow()
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Render(ctx, data); err != nil {
			b.Fatal(err)
		}
	}
}
