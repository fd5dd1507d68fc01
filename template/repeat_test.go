package template

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// What a loop makes of a list is written again only where nothing else can be in it: each row
// has the same list, and all else differs.
func TestRepeat(t *testing.T) {
	inner := []any{"x", "y"}
	list := []any{
		map[string]any{"a": "1 < 2", "o": map[string]any{"b": int64(7)}, "l": inner},
		map[string]any{"a": "ü", "o": map[string]any{"b": 1.5}, "l": inner},
	}
	for _, test := range []struct {
		source string
		kept   bool
	}{
		{`{{range .l}}<a href="{{.a}}" title="{{.o.b}}">{{.a}}</a>{{end}}{{.n}}`, true},
		{`{{range $i, $v := .l}}{{$i}}{{$w := $v.a}}{{$w | upper}}{{end}}{{.n}}`, true},
		{`{{range .l}}{{if eq .a "ü"}}{{break}}{{else}}{{continue}}{{end}}{{.a}}{{else}}none{{end}}{{.n}}`, true},
		{`{{range .l}}{{range .l}}{{.}}{{end}}{{with .o}}{{.b}}{{end}}{{end}}{{.n}}`, true},
		{`<script>var x = [{{range .l}}{{.a}},{{end}}{{.n}}]</script>`, true},
		{`{{range .l}}{{.a}}{{$.n}}{{end}}`, false},
		{`{{range .l}}{{range .l}}{{.}}{{$.n}}{{end}}{{end}}`, false},
		{`{{$n := .n}}{{range .l}}{{.a}}{{$n}}{{end}}`, false},
		{`{{$n := 0}}{{range .l}}{{$n = .a}}{{end}}{{$n}}{{.n}}`, false},
		{`{{$n := 0}}{{range $n = .l}}{{.a}}{{end}}{{.n}}`, false},
		{`{{range .l}}{{if $.odd}}{{.a}}{{end}}{{end}}`, false},
		{`{{range .l}}{{with $.n}}{{.}}{{end}}{{end}}`, false},
		{`{{range .l}}{{.a}}{{now | date "2006"}}{{end}}{{.n}}`, false},
	} {
		p, reference, err := compiled(test.source, htmlPart)
		if err != nil || p.program == nil {
			t.Fatalf("%s: %v", test.source, err)
		}
		if kept := p.program.steps[outerLoop(p.program)].repeated >= 0; kept != test.kept {
			t.Errorf("%s: kept %v", test.source, kept)
		}
		for n := range 6 {
			same(t, test.source, map[string]any{"l": list, "n": int64(n), "odd": n%2 > 0}, p.program, reference)
			if n == 3 {
				same(t, test.source, map[string]any{"l": []any{}, "n": int64(n), "odd": false}, p.program, reference)
			}
		}
	}
}

func outerLoop(p *program) int {
	for i := range p.steps {
		if p.steps[i].operation == loop {
			return i
		}
	}
	return -1
}

// Rows in a list make their fields when they are asked, and may make others the next time.
func TestRepeatRecords(t *testing.T) {
	p, reference, err := compiled(`{{range .l}}{{.a}}{{end}}`, htmlPart)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	data := map[string]any{"l": []any{&row{fields: fields}}}
	for n := range 5 {
		fields["a"] = fmt.Sprint(n)
		same(t, "rows", data, p.program, reference)
	}
}

// Turns count whether they are made or not.
func TestRepeatTurns(t *testing.T) {
	made, err := New(Source{Text: `{{range .l}}{{.}}{{end}}{{range .m}}{{.}}{{end}}`}, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	made.maxSteps = 5
	list := []any{"a", "b", "c"}
	for n := range 6 {
		_, err := made.Render(context.Background(), map[string]any{"l": list, "m": []any{"d", "e", "f"}[:2+n%2]})
		if (err != nil) != (n%2 > 0) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// What is written again counts towards the size of the result.
func TestRepeatSize(t *testing.T) {
	options := testOptions
	options.MaxSize = 10
	made, err := New(Source{Text: `{{.n}}{{range .l}}{{.}}{{end}}`}, options)
	if err != nil {
		t.Fatal(err)
	}
	list := []any{"abc", "def"}
	for n, text := range []string{"", "", "", "12345", "", "1234"} {
		_, err := made.Render(context.Background(), map[string]any{"l": list, "n": text})
		if (err != nil) != (len(text) > 4) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestIsFixed(t *testing.T) {
	circular := map[string]any{}
	circular["self"] = circular
	for _, test := range []struct {
		value any
		want  bool
	}{
		{[]any{"a", nil, true, int64(1), 1.5, time.Now(), map[string]any{"b": []any{"c"}}}, true},
		{[]any{&row{}}, false}, {map[string]any{"a": &row{}}, false}, {circular, false}, {[]any{jsonText("1")}, false},
	} {
		if got := isFixed(test.value, maxFixed); got != test.want {
			t.Errorf("%T: %v", test.value, got)
		}
	}
}

// endsAfter is a context that ends after it was asked so often.
type endsAfter struct {
	context.Context
	asked, most int
}

func (c *endsAfter) Err() error {
	if c.asked++; c.asked > c.most {
		return context.Canceled
	}
	return nil
}

// The context is looked at as often, however many turns are not made.
func TestRepeatLooks(t *testing.T) {
	made, err := New(Source{Text: `{{range .n}}{{range $.l}}{{end}}{{end}}`}, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]any, stepsBetweenLooks-1) // and one turn of the loop outside
	ctx := &endsAfter{context.Background(), 0, 10}
	if _, err := made.Render(ctx, map[string]any{"l": list, "n": int64(1000)}); err != context.Canceled {
		t.Errorf("%v, asked %d times", err, ctx.asked)
	}
}
