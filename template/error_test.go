package template

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestMistakes are mistakes in data, which are found when a template is rendered.
func TestMistakes(t *testing.T) {
	data := map[string]any{"name": "Ann", "list": []any{1.0}, "order": map[string]any{"total": 2.0}, "none": nil, "when": "tomorrow", "other": make(chan int)}
	for source, want := range map[string]string{
		"a\nb {{.nmae}}":          `template: template (text):2:5: no field "nmae" (did you mean "name"?)`,
		"é {{.missing}}":          `template: template (text):1:5: no field "missing" ({{.missing | default ""}} where it may be missing)`,
		"{{.order.totl}}":         `template: template (text):1:9: no field "totl" (did you mean "total"?)`,
		"{{.none.x}}":             `template: template (text):1:8: there is no value to take the field "x" of`,
		"{{.name.x}}":             `template: template (text):1:8: a string has no fields, and so no "x"`,
		"{{with .order}}{{.x}}":   "",
		"{{.list}}":               `template: template (text):1:3: a list cannot be printed ({{range}} goes through it; join and json print it)`,
		"{{.order}}":              `template: template (text):1:3: a table cannot be printed (print its fields, or use json)`,
		"{{.other}}":              `template: template (text):1:3: data of type chan int cannot be used in a template`,
		"{{range .name}}x{{end}}": `template: template (text):1:9: range cannot go through a string (it takes a list, a table or a whole number)`,
		"{{.name | add 1}}":       `template: template (text):1:11: "Ann" is not a number`,
		"{{div 1 0}}":             `template: template (text):1:3: division by zero`,
		"{{index .list 3}}":       `template: template (text):1:3: item 3 of a list of 1 (the first item is 0)`,
		"{{lt .name 3}}":          `template: template (text):1:3: a string cannot be compared with a number`,
		"{{.when | date}}":        `template: template (text):1:11: "tomorrow" is not a date (dates are written 2026-03-02 or 2026-03-02T15:04:05Z)`,
		"{{1 | money `Euro`}}":    `template: template (text):1:7: "Euro" is not a currency (use the three letters of ISO 4217, like EUR)`,
		"{{printf `%d` .name}}":   `template: template (text):1:3: "Ann" is not a number`,
		"{{printf `%d`}}":         `template: template (text):1:3: no argument for %d`,
		"{{printf `%999999d` 1}}": `template: template (text):1:3: %999999d is wider than 1000`,
		"{{query `a`}}":           "",
		"{{query `a` 1 `b`}}":     `template: template (text):1:3: a name without a value (give names and values in turn: "id" .id)`,
		"{{define `x`}}\n{{.y}}{{end}}\n\n{{template `x` .order}}": `template: template (text):2:3: no field "y" ({{.y | default ""}} where it may be missing)`,
	} {
		if want == "" {
			if _, err := New(Source{Text: source}, testOptions); err == nil {
				t.Errorf("%s: no error", source)
			}
			continue
		}
		if got := failing(t, Source{Text: source}, data).Error(); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", source, got, want)
		}
	}
}

// TestErrorRow: the caller says which row it was, and the line is shown with a caret.
func TestErrorRow(t *testing.T) {
	e := failing(t, Source{Name: "letter", Text: "Dear customer,\n\tyour {{.nmae}}\n"}, map[string]any{"name": "x"}).WithRow("people.csv:17")
	if want := `template: letter (text):2:9: people.csv:17: no field "nmae" (did you mean "name"?)`; e.Error() != want {
		t.Errorf("got %s, want %s", e, want)
	}
	if got, want := e.Excerpt(), "2 |  your {{.nmae}}\n  |         ^\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	long := failing(t, Source{Text: strings.Repeat("x", 1000) + "{{.y}}" + strings.Repeat("z", 1000)}, map[string]any{})
	if n := len(long.Excerpt()); n > 250 {
		t.Errorf("an excerpt of %d bytes", n)
	}
}

// TestBounds: no template runs without end, or grows without bound.
func TestBounds(t *testing.T) {
	small := testOptions
	small.MaxSize = 1000
	for _, test := range []struct{ source, want string }{
		{"{{range 1000000000}}{{end}}", "template: template (html):1:9: loops make more than 20000 turns"},
		{"{{range 100}}{{range 1000}}{{range 1000}}{{end}}{{end}}{{end}}", "template: template (html):1:36: loops make more than 20000 turns"},
		{"{{range 1000}}xx{{end}}", "template: template (html): the result is larger than 1000 bytes"},
		{"{{range 100}}{{.}}{{$.a}}{{end}}", "template: template (html): the result is larger than 1000 bytes"},
		{"<i {{.a}}>{{range 1000000000}}{{end}}", "template: template (html):1:19: loops make more than 20000 turns"},
		{"<i {{.a}}>{{range 1000}}xx{{end}}", "template: template (html): the result is larger than 1000 bytes"},
		{"{{.a | replace \"a\" .a}}", "template: template (html):1:8: replace makes more than 1000 bytes"},
		{"{{.l | join .a}}", "template: template (html):1:8: join makes more than 1000 bytes"},
	} {
		made, err := New(Source{HTML: test.source}, small)
		if err != nil {
			t.Fatal(err)
		}
		made.maxSteps = 20_000
		_, err = made.Render(context.Background(), map[string]any{"a": strings.Repeat("a", 100), "l": make([]any, 20)})
		if err == nil || err.Error() != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", test.source, err, test.want)
		}
	}
	double := "{{define `x0`}}" + strings.Repeat("x", 1000) + "{{end}}"
	for i := range 30 {
		was, is := string(rune('0'+i)), string(rune('0'+i+1))
		double += "{{define `x" + is + "`}}{{template `x" + was + "`}}{{template `x" + was + "`}}{{end}}"
	}
	e := failing(t, Source{HTML: double + "{{template `x" + string(rune('0'+30)) + "`}}"}, nil)
	if !strings.Contains(e.Message, "grows to more than") {
		t.Errorf("got %v", e)
	}
}

// ending is a context that ends once it was looked at some times.
type ending struct {
	context.Context
	looks int
}

func (e *ending) Err() error {
	if e.looks--; e.looks < 0 {
		return context.Canceled
	}
	return nil
}

// TestCancelled: a context ends a loop, in both ways to execute it.
func TestCancelled(t *testing.T) {
	for _, source := range []string{"{{range 50000}}{{end}}", "<i {{.}}>{{range 50000}}{{end}}"} {
		made, err := New(Source{HTML: source}, testOptions)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := made.Render(&ending{context.Background(), 3}, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", source, err)
		}
		if _, err := made.Render(context.Background(), "x"); err != nil {
			t.Errorf("%s: afterwards %v", source, err)
		}
	}
}

// panicking is a record whose fields cannot be made.
type panicking struct{}

func (panicking) Field(string) (any, bool) { panic("no such file") }

func TestPanic(t *testing.T) {
	for _, source := range []string{"{{.x}}", "<i {{.x}}>"} {
		e := failing(t, Source{HTML: source}, panicking{})
		if !strings.Contains(e.Message, "no such file") {
			t.Errorf("%s: got %v", source, e)
		}
	}
}
