package inline

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/tdewolff/parse/v2/css"
	"golang.org/x/net/html"
)

// TestJuice compares what becomes of fifty newsletters with what juice makes of them
// (testdata/juice; interop/inline_test.go makes it anew): the declarations of each
// element's style attribute, and what is left in style elements. Every difference is in
// testdata/differences.txt, with its reason; docs/css.md says why each reason is one.
func TestJuice(t *testing.T) {
	files, err := filepath.Glob("testdata/newsletters/*.html")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d newsletters: %v", len(files), err)
	}
	var got strings.Builder
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		source, oracle := read(t, file), read(t, "testdata/juice/"+name+".html")
		ours, err := HTML(source, Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again, err := HTML(ours, Options{}); err != nil || again != ours {
			t.Errorf("%s: a second time changes more: %v", name, err)
		}
		if strings.HasPrefix(oracle, "error: ") {
			fmt.Fprintf(&got, "%s\t%s", name, oracle)
			continue
		}
		for _, line := range compare(ours, oracle) {
			fmt.Fprintf(&got, "%s\t%s\n", name, line)
		}
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("testdata/differences.txt", []byte(explain(t, got.String())), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var known []string
	for _, line := range strings.Split(strings.TrimSpace(read(t, "testdata/differences.txt")), "\n") {
		reason, rest, _ := strings.Cut(line, "\t")
		if reason == "?" {
			t.Errorf("no reason is given for %s", rest)
		}
		known = append(known, rest)
	}
	if want := strings.Join(known, "\n") + "\n"; got.String() != want {
		t.Errorf("other differences than known\n--- got\n%s--- want\n%s", got.String(), want)
	}
}

// explain puts before each difference the reason that it had before.
func explain(t *testing.T, differences string) string {
	reasons := map[string]string{}
	if known, err := os.ReadFile("testdata/differences.txt"); err == nil {
		for _, line := range strings.Split(string(known), "\n") {
			reason, rest, _ := strings.Cut(line, "\t")
			reasons[rest] = reason
		}
	}
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(differences), "\n") {
		reason := reasons[line]
		if reason == "" {
			reason = "?"
		}
		fmt.Fprintf(&out, "%s\t%s\n", reason, line)
	}
	return out.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// compare lists the differences of two results.
func compare(ours, oracle string) []string {
	var lines []string
	a, rulesA := styled(ours)
	b, rulesB := styled(oracle)
	if len(a) != len(b) {
		return []string{fmt.Sprintf("%d elements, juice has %d", len(a), len(b))}
	}
	for i := range a {
		if a[i].name != b[i].name {
			return append(lines, fmt.Sprintf("element %d: %s, juice has %s", i, a[i].name, b[i].name))
		}
		for _, name := range union(a[i].values, b[i].values) {
			x, y := a[i].values[name], b[i].values[name]
			if x != y {
				lines = append(lines, fmt.Sprintf("%s: %s: %s, juice has %s", a[i].name, name, orNone(x), orNone(y)))
			}
		}
	}
	for _, rule := range union(rulesA, rulesB) {
		if _, ok := rulesA[rule]; !ok {
			lines = append(lines, "style: only juice has "+rule)
		}
		if _, ok := rulesB[rule]; !ok {
			lines = append(lines, "style: juice lacks "+rule)
		}
	}
	return lines
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func union(a, b map[string]string) []string {
	var names []string
	for n := range a {
		names = append(names, n)
	}
	for n := range b {
		if _, ok := a[n]; !ok {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

type styledElement struct {
	name   string
	values map[string]string
}

// styled reads a page: what each element's style attribute says, and the rules of the
// style elements, one for each selector.
func styled(page string) ([]styledElement, map[string]string) {
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		panic(err)
	}
	var elements []styledElement
	rules := map[string]string{}
	for node := root; node != nil; node = following(node, root) {
		if node.Type != html.ElementNode {
			continue
		}
		if node.Data == "style" {
			if node.FirstChild != nil {
				sheetRules(node.FirstChild.Data, "", rules)
			}
			continue
		}
		e := styledElement{name: node.Data, values: map[string]string{}}
		for _, a := range node.Attr {
			switch a.Key {
			case "class", "id":
				e.name += "." + a.Val
			case "style":
				e.values = effective(a.Val)
			}
		}
		elements = append(elements, e)
	}
	return elements, rules
}

// effective is what a list of declarations comes to. Longhands that a later shorthand
// sets are left out.
func effective(text string) map[string]string {
	found, _ := declarations(text, tokens(text))
	values, important := map[string]string{}, map[string]bool{}
	for _, d := range found {
		if important[d.name] && !d.important {
			continue
		}
		for name := range values {
			if within(name, d.name) && !(important[name] && !d.important) {
				delete(values, name)
			}
		}
		value := normal(d.value)
		if d.important {
			value += " !important"
		}
		values[d.name], important[d.name] = value, d.important
	}
	return values
}

// normal writes a value in one way of many.
func normal(value string) string {
	var out strings.Builder
	for _, t := range tokens(strings.ReplaceAll(value, `"`, "'")) {
		s := strings.ReplaceAll(value, `"`, "'")[t.start:t.end]
		if t.kind == css.WhitespaceToken {
			s = " "
		}
		out.WriteString(s)
	}
	s := out.String()
	for _, around := range []string{",", "(", ")", ">", "+", "~", "/", ":"} {
		s = strings.ReplaceAll(s, around+" ", around)
		s = strings.ReplaceAll(s, " "+around, around)
	}
	return s
}

func sheetRules(text, within string, rules map[string]string) {
	list := tokens(text)
	for i := 0; i < len(list); {
		if list[i].blank() || list[i].kind == css.CDOToken || list[i].kind == css.CDCToken {
			i++
			continue
		}
		start := i
		for i < len(list) && list[i].kind != css.LeftBraceToken && !(list[i].kind == css.SemicolonToken && list[start].kind == css.AtKeywordToken) {
			i++
		}
		prelude := normal(textOf(text, list[start:i]))
		if i == len(list) || list[i].kind == css.SemicolonToken {
			rules[within+prelude] = ""
			i++
			continue
		}
		end := blockEnd(list, i)
		if nested[strings.SplitN(strings.SplitN(prelude, " ", 2)[0], "(", 2)[0]] {
			inner := text[list[i].end:]
			if end < len(list) {
				inner = text[list[i].end:list[end].start]
			}
			sheetRules(inner, within+prelude+" ", rules)
		} else {
			found, _ := declarations(text, list[i+1:min(end, len(list))])
			var body []string
			for _, d := range found {
				s := d.name + ":" + normal(d.value)
				if d.important {
					s += " !important"
				}
				body = append(body, s)
			}
			for _, s := range splitList(prelude) {
				for _, b := range body {
					rules[within+s+"{"+b+"}"] = ""
				}
			}
			if len(body) == 0 {
				rules[within+prelude+"{}"] = ""
			}
		}
		i = end + 1
	}
}

func textOf(source string, list []token) string { return text(source, trim(list)) }

func splitList(prelude string) []string {
	if strings.HasPrefix(prelude, "@") {
		return []string{prelude}
	}
	var parts []string
	list := tokens(prelude)
	for _, p := range split(list, css.CommaToken) {
		parts = append(parts, textOf(prelude, p))
	}
	return parts
}
