package inline

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"testing"
	"text/template"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// Whatever the reader does and the data are, each element of the page looks as it did
// before. Pages are made at random of few names, so that everything meets everything;
// media queries and :hover are switched on and off, actions get different values.
func TestSameLook(t *testing.T) {
	pages := 150
	if testing.Short() {
		pages = 50
	}
	for seed := range pages {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		source := randomPage(r)
		got, err := HTML(source, Options{})
		if err != nil {
			t.Fatalf("%v\nsource %s", err, source)
		}
		again, err := HTML(got, Options{})
		if err != nil {
			t.Fatalf("a second time: %v\nsource %s\nresult %s", err, source, got)
		}
		was, is := parsed(t, source), parsed(t, got)
		for world := range 24 {
			before, after := looks(t, was, world), looks(t, is, world)
			if before != after {
				t.Fatalf("seed %d, world %d\nsource %s\nresult %s\nbefore\n%s\nafter\n%s", seed, world, source, got, before, after)
			}
			if again != got && looks(t, parsed(t, again), world) != before {
				t.Fatalf("seed %d, world %d: a second time\nsource %s\nresult %s\n again %s", seed, world, source, got, again)
			}
		}
	}
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func randomPage(r *rand.Rand) string {
	var css strings.Builder
	for range 1 + r.IntN(6) {
		rule := randomRule(r)
		switch r.IntN(6) {
		case 0:
			rule = "@media one{" + rule + "}"
		case 1:
			rule = "{{if $.Y}}" + rule + "{{end}}"
		}
		css.WriteString(rule)
	}
	var body strings.Builder
	randomElements(r, &body, 3)
	return "<html><head><style>" + css.String() + "</style></head><body>" + body.String() + "</body></html>"
}

func randomRule(r *rand.Rand) string {
	var list []string
	for range 1 + r.IntN(2) {
		s := pick(r, "p", "i", "*", ".a", ".b", "p.a", "#n", "i.b", ":not(.a)", "p:first-child", "i:nth-child(2)")
		if r.IntN(3) == 0 {
			s = pick(r, "p", ".a", ".b", "body") + pick(r, " ", ">", "+", "~") + s
		}
		if r.IntN(5) == 0 {
			s += ":hover"
		}
		list = append(list, s)
	}
	return strings.Join(list, ",") + "{" + randomDeclarations(r, 3) + "}"
}

func randomDeclarations(r *rand.Rand, n int) string {
	var list []string
	for range 1 + r.IntN(n) {
		d := pick(r, "color", "margin", "margin-top", "color") + ":" + fmt.Sprint(r.IntN(90)) + "px"
		if r.IntN(5) == 0 {
			d += "!important"
		}
		list = append(list, d)
	}
	return strings.Join(list, ";")
}

func randomElements(r *rand.Rand, out *strings.Builder, depth int) {
	for range 1 + r.IntN(2) {
		name := pick(r, "p", "i", "div")
		if name == "p" && depth < 3 { // a p closes a p
			name = "i"
		}
		open := ""
		switch r.IntN(8) {
		case 0:
			open = "{{if $.Y}}"
		case 1:
			open = "{{range $.Z}}"
		}
		out.WriteString(open + "<" + name)
		switch r.IntN(6) {
		case 0, 1:
			out.WriteString(` class="` + pick(r, "a", "b", "a b") + `"`)
		case 2:
			out.WriteString(` class="` + pick(r, "{{$.X}}", "a {{$.X}}", "{{if $.Y}}a {{end}}b") + `"`)
		case 3:
			out.WriteString(pick(r, ` {{if $.Y}}class="b"{{end}}`, ` id="n"`, ` id="{{$.X}}" class=b`, ` {{if $.Y}}style="color:7px"{{end}}`))
		}
		if r.IntN(4) == 0 && !strings.Contains(out.String()[strings.LastIndexByte(out.String(), '<'):], "style") {
			out.WriteString(` style="` + randomDeclarations(r, 2) + pick(r, "", ";", ";margin:{{$.W}}px") + `"`)
		}
		out.WriteString(">")
		if depth > 0 && r.IntN(2) == 0 {
			randomElements(r, out, depth-1)
		}
		out.WriteString("</" + name + ">")
		if open != "" {
			out.WriteString("{{end}}")
		}
	}
}

func parsed(t *testing.T, source string) *template.Template {
	t.Helper()
	page, err := template.New("").Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

var mediaOne = regexp.MustCompile(`@media one\{((?:[^{}]*\{[^{}]*\})*)\s*\}`)

// looks executes a template and lists the computed styles of its elements. It knows no
// more of CSS than the pages above need, and shares no code with what it tests.
func looks(t *testing.T, source *template.Template, world int) string {
	data := map[string]any{"X": []string{"", "a", "n"}[world%3], "Y": world/3%2 == 0, "Z": []int{1, 2}[:1+world%2], "W": 5}
	var page strings.Builder
	if err := source.Execute(&page, data); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(page.String()))
	if err != nil {
		t.Fatal(err)
	}
	css := ""
	for node := root; node != nil; node = following(node, root) {
		if node.Data == "style" && node.FirstChild != nil {
			css += node.FirstChild.Data
		}
	}
	with := ""
	if world/6%2 == 0 {
		with = "$1"
	}
	css = mediaOne.ReplaceAllString(css, with)
	hover := ":not(.zz)"
	if world/12%2 == 0 {
		hover = ".zz"
	}
	css = strings.ReplaceAll(css, ":hover", hover)
	type level struct {
		weight [6]int
		value  string
	}
	var out strings.Builder
	for node := root; node != nil; node = following(node, root) {
		if node.Type != html.ElementNode || node.Data == "head" || node.Data == "style" {
			continue
		}
		won := map[string]level{}
		set := func(text string, weight [6]int) {
			for i, d := range strings.Split(text, ";") {
				name, value, ok := strings.Cut(strings.TrimSpace(d), ":")
				if !ok {
					continue
				}
				w := weight
				w[5] = i
				value, important := strings.CutSuffix(strings.TrimSpace(value), "!important")
				if important {
					w[0] = 1
				}
				names := []string{name}
				if name == "margin" {
					names = []string{"margin-top", "margin-left"}
				}
				for _, n := range names {
					if old, ok := won[n]; !ok || !heavier(old.weight, w) {
						won[n] = level{w, strings.TrimSpace(value)}
					}
				}
			}
		}
		for order, r := range strings.Split(css, "}") {
			list, body, ok := strings.Cut(r, "{")
			if !ok {
				continue
			}
			for _, s := range strings.Split(list, ",") {
				sel, err := cascadia.Parse(strings.TrimSpace(s))
				if err != nil {
					t.Fatalf("%q: %v in %s", s, err, css)
				}
				if sel.Match(node) {
					n := sel.Specificity()
					set(body, [6]int{0, 0, n[0], n[1], n[2]<<16 + order, 0})
				}
			}
		}
		for _, a := range node.Attr {
			if a.Key == "style" {
				set(a.Val, [6]int{0, 1})
			}
		}
		var names []string
		for n, l := range won {
			names = append(names, n+":"+l.value)
		}
		sort.Strings(names)
		fmt.Fprintln(&out, node.Data, names)
	}
	return out.String()
}

func heavier(a, b [6]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return false
}
