package main

import (
	_ "embed"
	"fmt"
	htmltemplate "html/template"
	"regexp"
	"strings"
	"text/template"
)

//go:embed letter.html.tmpl
var letterHTML string

//go:embed letter.txt.tmpl
var letterText string

// letter is what is sent, as Go's templates have it: fields of the row in lower
// case, and where there are offers, the list Offers.
type letter struct {
	html, text string
	offers     bool
}

// offer is one item of the list.
type offer struct{ Title, URL, Price string }

var offers = []offer{
	{"A savings account", "https://bank.example/savings", "2.00"}, {"A card", "https://bank.example/card", "9.00"},
	{"A mortgage", "https://bank.example/home", "3.50"}, {"A safe", "https://bank.example/safe", "40.00"},
	{"Advice", "https://bank.example/advice", "0.00"},
}

// loop is the list in a letter.
var loop = regexp.MustCompile(`(?s)\{\{range \.Offers\}\}(.*?)\{\{end\}\}`)

// letterOf is the letter "offers", whose data has the list, or "plain", which has its
// items written out and needs the row alone.
func letterOf(kind string) (letter, error) {
	l := letter{letterHTML, letterText, true}
	switch kind {
	case "offers":
		return l, nil
	case "plain":
		return letter{written(l.html), written(l.text), false}, nil
	}
	return letter{}, fmt.Errorf("-letter %s is neither offers nor plain", kind)
}

// written has the items in the place of the loop.
func written(source string) string {
	return loop.ReplaceAllStringFunc(source, func(found string) string {
		item := loop.FindStringSubmatch(found)[1]
		var b strings.Builder
		for _, o := range offers {
			b.WriteString(strings.NewReplacer("{{.Title}}", o.Title, "{{.URL}}", o.URL, "{{.Price}}", o.Price).Replace(item))
		}
		return b.String()
	})
}

// templates are those of Go.
func (l letter) templates() (*template.Template, *htmltemplate.Template, error) {
	text, err := template.New("text").Parse(l.text)
	if err != nil {
		return nil, nil, err
	}
	html, err := htmltemplate.New("html").Parse(l.html)
	return text, html, err
}

// field is one of the row.
var field = regexp.MustCompile(`\{\{\.([a-z])`)

// ours are the letter's files for mailscript. Where there is a list, the row is a
// field of the data beside it.
func (l letter) ours() (text, html string) {
	if !l.offers {
		return l.text, l.html
	}
	return field.ReplaceAllString(l.text, "{{.row.$1"), field.ReplaceAllString(l.html, "{{.row.$1")
}

// jinja are the same letter for Python.
func (l letter) jinja() (text, html string) {
	convert := strings.NewReplacer(
		"{{range .Offers}}", "{% for o in offers %}", "{{end}}", "{% endfor %}",
		"{{.Title}}", "{{ o.Title }}", "{{.URL}}", "{{ o.URL }}", "{{.Price}}", "{{ o.Price }}",
		"{{.", "{{ ", "}}", " }}",
	)
	return convert.Replace(l.text), convert.Replace(l.html)
}
