package template

import (
	"context"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	texttemplate "text/template"
	"time"
)

var testNow = time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)

var testOptions = Options{Now: func() time.Time { return testNow }}

// executor is a program or its reference.
type executor interface {
	render(context.Context, any, []byte) ([]byte, error)
}

// executed is what an executor makes of data, behind something else.
func executed(e executor, data any) (string, error) {
	const before = "before"
	out, err := e.render(context.Background(), data, []byte(before))
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(string(out), before), nil
}

// compiled makes a part of a source; both ways to execute it are returned, program is nil
// where the compiler gave up.
func compiled(source string, kind partKind) (p *part, reference executor, err error) {
	s := Source{HTML: source}
	if kind == plainPart {
		s = Source{Text: source}
	}
	t, err := New(s, testOptions)
	if err != nil {
		return nil, nil, err
	}
	t.maxSteps = 500
	p = t.html
	if kind == plainPart {
		p = t.text
	}
	return p, p.referenceOf(), nil
}

// referenceOf makes a reference of a part that has a program.
func (p *part) referenceOf() executor {
	tree, err := p.document.parse(p.kind)
	if err != nil {
		panic(err)
	}
	return &reference{part: p, tree: tree}
}

// same compares two executions: results octet by octet, errors with their places.
func same(t testing.TB, source string, data any, program, reference executor) (failed bool) {
	t.Helper()
	want, wantErr := executed(reference, data)
	for range 3 { // what it makes of a list is kept the second time
		got, gotErr := executed(program, data)
		if got != want || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Fatalf("template %q\ndata %#v\nprogram   %q, %v\nreference %q, %v", source, data, got, gotErr, want, wantErr)
		}
	}
	return wantErr != nil
}

// TestProgramEqualsReference compares the compiler's programs with html/template and
// text/template.
func TestProgramEqualsReference(t *testing.T) {
	const rows = 40
	for kind, templates := range map[partKind]int{htmlPart: 2000, plainPart: 600} {
		templates /= share
		g := &generator{Rand: rand.New(rand.NewPCG(7, uint64(kind))), text: kind == plainPart}
		made, refused, uncompiled, cases, failures := 0, 0, 0, 0, 0
		for made < templates {
			g.partials, g.names = nil, 0
			source := g.source()
			p, reference, err := compiled(source, kind)
			if err != nil {
				refused++
				continue
			}
			if p.program == nil {
				uncompiled++ // It makes names of attributes.
				continue
			}
			made++
			for range rows {
				var data any = g.data()
				switch fields := data.(map[string]any); g.IntN(8) {
				case 0:
					data = &row{fields}
				case 1:
					data = &texts{row{fields}}
				case 2:
					nested := maps.Clone(fields)
					nested["row"] = &texts{row{fields}}
					data = nested
				}
				cases++
				if same(t, source, data, p.program, reference) {
					failures++
				}
			}
		}
		if share < 100 && (failures*2 > cases || refused > made || uncompiled*20 > made) {
			t.Error("most of the cases say nothing")
		}
		t.Logf("kind %d: %d templates (%d refused, %d not compiled), %d cases, %d of them errors", kind, made, refused, uncompiled, cases, failures)
	}
}

// choices is a source of random numbers that a fuzzer can steer: its octets, and then
// others, so that what is made comes to an end.
type choices struct {
	octets []byte
	then   *rand.PCG
}

func (c *choices) Uint64() uint64 {
	if len(c.octets) < 2 {
		return c.then.Uint64()
	}
	n := uint64(c.octets[0])<<8 | uint64(c.octets[1])
	c.octets = c.octets[2:]
	// IntN takes its number from the upper bits.
	return n << 48
}

// FuzzProgramEqualsReference lets a fuzzer choose what the generator makes.
func FuzzProgramEqualsReference(f *testing.F) {
	for i := range 64 {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		seed := make([]byte, 400)
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(i%4 == 0, seed)
	}
	f.Fuzz(func(t *testing.T, text bool, seed []byte) {
		kind := htmlPart
		if text {
			kind = plainPart
		}
		g := &generator{Rand: rand.New(&choices{seed, rand.NewPCG(1, 2)}), text: text}
		source := g.source()
		p, reference, err := compiled(source, kind)
		if err != nil || p.program == nil {
			return
		}
		for range 3 {
			same(t, source, g.data(), p.program, reference)
		}
	})
}

// placesOf makes everyPlace, and its reference.
func placesOf(t testing.TB) (*part, executor) {
	p, reference, err := compiled(everyPlace, htmlPart)
	if err != nil || p.program == nil {
		t.Fatalf("%v", err)
	}
	p.template.maxSteps = maxSteps
	return p, reference
}

// TestEscapersEqual compares the escapers on strings of octets that mean something to
// one of them.
func TestEscapersEqual(t *testing.T) {
	const alphabet = "\x00\t\n\v\f\r !\"#$%&'()*+,-./09:;<=>?@AFZ[\\]^_`afz{|}~\x7f"
	wide := []string{"\u2028", "\u2029", "\ufdd0", "\uffff", "\ufffd", "ſ", "K", "ü", "\U0010ffff", "\xff", "\xe2\x80", "\xed\xa0\x80", "expression", "-moz-binding",
		"http:", "javascript:", "%41", "\\41 ", "\\110000", "\\d800", "</script", "<!--", "-->"}
	cases := 2500 / share
	p, reference := placesOf(t)
	r := rand.New(rand.NewPCG(5, 5))
	for range cases {
		var b strings.Builder
		for range r.IntN(12) {
			if r.IntN(4) == 0 {
				b.WriteString(wide[r.IntN(len(wide))])
			} else {
				b.WriteByte(alphabet[r.IntN(len(alphabet))])
			}
		}
		same(t, everyPlace, map[string]any{"v": b.String(), "l": []any{b.String()}}, p.program, reference)
	}
}

// FuzzEscapersEqual does so for any string.
func FuzzEscapersEqual(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	p, reference := placesOf(f)
	f.Fuzz(func(t *testing.T, s string) {
		same(t, everyPlace, map[string]any{"v": s, "l": []any{s}}, p.program, reference)
	})
}

// FuzzSource: whatever is in a source makes a template or an *Error, and no value
// shows the names that the rewriter uses.
func FuzzSource(f *testing.F) {
	for _, s := range []string{newsletter, newsletterText, everyPlace, everyPlaceInMarkdown, everyConditionalPlace, "<!-- {{.x}}<![endif]--><![if a]><!--[if !mso]><!-->", "{{- 3 -}} x {{/* c */ -}}\n{{`}}`}}{{'}'}}{{\"\\\"}}\"}}"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, source string, markdown bool) {
		s := Source{HTML: source, Text: source}
		if markdown {
			s = Source{Markdown: source}
		}
		made, err := New(s, testOptions)
		if err == nil {
			made.maxSteps = 100
			_, err = made.Render(context.Background(), newsletterRow())
		}
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%T: %v", err, err)
		}
		if e != nil {
			e.Excerpt()
		}
	})
}

// TestNative compares with html/template and text/template as they are, without the
// changes that this package makes to their trees, for templates and data that mean the
// same to both.
func TestNative(t *testing.T) {
	for _, kind := range []partKind{htmlPart, plainPart} {
		g := &generator{Rand: rand.New(rand.NewPCG(11, uint64(kind))), text: kind == plainPart, native: true}
		cases, failures := 0, 0
		templates := 1500 / share
		for range templates {
			g.partials, g.names = nil, 0
			source := g.source()
			if source == "" {
				continue
			}
			var execute func(*strings.Builder, any) error
			var parseErr error
			if kind == htmlPart {
				native, err := htmltemplate.New("x").Option("missingkey=error").Parse(source)
				parseErr = err
				execute = func(b *strings.Builder, data any) error { return native.Execute(b, data) }
			} else {
				native, err := texttemplate.New("x").Option("missingkey=error").Parse(source)
				parseErr = err
				execute = func(b *strings.Builder, data any) error { return native.Execute(b, data) }
			}
			p, _, err := compiled(source, kind)
			if (err == nil) != (parseErr == nil) {
				var escaping *htmltemplate.Error
				if err != nil && errors.As(execute(&strings.Builder{}, g.data()), &escaping) {
					continue
				}
				if err != nil && strings.Contains(err.Error(), "undefined variable") {
					continue // Natively it is found when it is executed.
				}
				t.Fatalf("template %q: %v, natively %v", source, err, parseErr)
			}
			if err != nil {
				continue
			}
			for range 8 {
				data := g.data()
				var want strings.Builder
				wantErr := execute(&want, data)
				got, gotErr := executed(p, data)
				if gotErr != nil && strings.Contains(gotErr.Error(), "cannot be printed") {
					continue // Tables and lists print as Go does, natively.
				}
				cases++
				if (gotErr != nil) != (wantErr != nil) || gotErr == nil && got != want.String() {
					t.Fatalf("template %q\ndata %#v\ngot      %q, %v\nnatively %q, %v", source, data, got, gotErr, want.String(), wantErr)
				}
				if gotErr != nil {
					failures++
				}
			}
		}
		t.Logf("kind %d: %d cases, %d of them errors", kind, cases, failures)
	}
}
