package template

import (
	"context"
	"math"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFunctions: what the helpers print.
func TestFunctions(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	data := map[string]any{
		"name": "ann example", "empty": "", "none": nil, "zero": 0.0, "no": false, "n": 3.0, "half": 2.5, "big": 1e15, "huge": 1e300, "tiny": 0.1,
		"decimal": "1234567.895", "bigint": "9007199254740993", "list": []any{"a", 2.0, nil}, "order": map[string]any{"First name": "Bob", "id": 7.0},
		"when": time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC), "day": time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), "row": &row{map[string]any{"city": "Köln"}},
		"bytes": []byte("raw"), "inf": math.Inf(1), "secret": stringer("‹secret›"),
	}
	for source, want := range map[string]string{
		// Values.
		"{{.none}}|{{.empty}}|{{.no}}|{{.zero}}":              "||false|0",
		"{{.n}} {{.half}} {{.big}} {{.huge}} {{.tiny}}":       "3 2.5 1000000000000000 1e+300 0.1",
		"{{div 1 3}} {{.inf}} {{3}} {{2.0}} {{'a'}} {{true}}": "0.33333333333333 inf 3 2 97 true",
		"{{.when}} {{.day}} {{.bytes}} {{.secret}}":           "2026-03-02 15:04:05 2026-03-02 raw ‹secret›",
		"{{.row.city}} {{with .row}}{{.city}}{{end}}":         "Köln Köln",
		"{{range .order}}{{.}} {{end}}":                       "Bob 7 ",
		"{{range $i, $x := .list}}{{$i}}{{$x}},{{end}}":       "0a,12,2,",
		"{{range 3}}{{.}}{{end}}{{range .n}}{{.}}{{end}}":     "012012",
		"{{range .none}}x{{else}}nothing{{end}}":              "nothing",
		// Missing ones.
		`{{.x | default "y"}}{{default "y" .x.z}}{{.empty | default 1}}`:  "yy1",
		`{{.zero | default 1}}{{.no | default true}}{{(.x) | default 2}}`: "0false2",
		`{{if has "x" .}}x{{end}}{{if has "name" .}}name{{end}}`:          "name",
		`{{if has "empty" .}}x{{end}}{{coalesce .none .empty .name "z"}}`: "ann example",
		`{{if and .name (not .none)}}yes{{end}}{{.none | or "a"}}`:        "yesa",
		// Comparing.
		`{{eq .n 3}}{{eq .n 3.0}}{{ne .n 4}}{{lt 2 .n}}{{ge .half 2.5}}`:    "truetruetruetruetrue",
		`{{eq .name "x" "ann example"}}{{eq .none nil}}{{eq .n "3"}}`:       "truetruefalse",
		`{{gt .when .day}}{{lt "a" "b"}}{{eq .no false}}{{eq .list .list}}`: "truetruetruefalse",
		// Lists and tables.
		`{{len .list}}{{len "äö"}}{{len .order}}{{len .none}}`:              "3220",
		`{{index .list 0}}{{index .order "First name"}}{{index . "n"}}`:     "aBob3",
		`{{first .list}}{{slice "äöü" 1}}{{slice .name 0 3}}{{last .none}}`: "aöüann",
		`{{.list | join ", "}}`:                       "a, 2, ",
		`{{range split "," "a, b"}}<{{.}}>{{end}}`:    "<a><b>",
		`{{json .order}}{{json .list}}{{json .when}}`: `{"First name":"Bob","id":7}["a",2,null]"2026-03-02T15:04:05Z"`,
		`{{json .row}}{{json .half}}{{json "<"}}`:     `{"city":"Köln"}2.5"\u003c"`,
		// Text.
		`{{upper .name}} {{capitalize .name}} {{.name | upper | lower}}`:              "ANN EXAMPLE Ann example ann example",
		`{{truncate 8 .name}} {{truncate 3 "äöüß"}} {{truncate 80 "x"}}`:              "ann exa… äö… x",
		`{{.name | replace "ann" "Bob"}} {{trim " x "}}`:                              "Bob example x",
		`{{if contains "exa" .name}}1{{end}}{{starts "ann" .name}}{{ends "x" .name}}`: "1truefalse",
		`{{printf "%s|%d|%5.2f|%x|%%" .n .n .half 255}}`:                              "3|3| 2.50|ff|%",
		`{{print .name 1 nil 2.5}}`:                                                   "ann example12.5",
		// Numbers.
		`{{add 1 2}} {{add .n "1.5"}} {{sub 1 3}} {{mul 2 3 4}} {{div 7 2}} {{mod -1 3}}`:          "3 4.5 -2 24 3.5 2",
		`{{.decimal | round 2}} {{round 0 2.5}} {{round 2 1.005}} {{round 1 -0.04}}`:               "1234567.9 3 1.01 0",
		`{{number .decimal}} {{.decimal | number 2}} {{number 0 999.5}} {{number -1234}}`:          "1,234,567.895 1,234,567.90 1,000 -1,234",
		`{{percent 0.253}} {{percent 1 0.2535}} {{percent 1}}`:                                     "25% 25.4% 100%",
		`{{.decimal | money "EUR"}} {{money "JPY" 1234.5}} {{money "USD" -3}} {{money "CHF" 0.5}}`: "€1,234,567.90 ¥1,235 -$3.00 CHF\u00a00.50",
		`{{number .bigint}}`: "9,007,199,254,740,993",
		`1 {{plural "item" "items" 1}}, 2 {{.n | plural "item" "items"}}, {{plural "item" "items" 0}}`: "1 item, 2 items, items",
		// Dates.
		`{{date .when}}|{{date "short" .when}}|{{date "iso" .day}}`:          "2 March 2026|02/03/2026|2026-03-02",
		`{{.when | date "%A, %-d. %b %y %H:%M %I:%M:%S %p %j %%"}}`:          "Monday, 2. Mar 26 15:04 03:04:05 PM 061 %",
		`{{date "%F %T" "2026-03-02T15:04:05Z"}} {{date "%d" "2026-03-02"}}`: "2026-03-02 15:04:05 02",
		`{{date "%F %R" 1000000000}} {{date "%F" now}}`:                      "2001-09-09 01:46 2026-11-26",
		// Addresses.
		`{{query "a b" "c&d" "e" 1.0}}`:                                             "a+b=c%26d&e=1",
		`{{link "https://x.example/p?a=1#top" "id" .n "q" "ä"}}`:                    "https://x.example/p?a=1&id=3&q=%C3%A4#top",
		`{{link "https://x.example/" "id" 1}} {{link "/p?" "i" 1}} {{link "/p#f"}}`: "https://x.example/?id=1 /p?i=1 /p#f",
		`{{urlescape "a b/c"}}`:                                                     "a+b%2Fc",
	} {
		if got := rendered(t, Source{Text: source}, data).Text; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", source, got, want)
		}
	}
	for language, want := range map[string]string{
		"de":    "2. März 2026|02.03.2026|1.234.567,90\u00a0€|25\u00a0%",
		"de-CH": "2. März 2026|02.03.2026|€\u00a01’234’567.90|25\u00a0%",
		"fr":    "2 mars 2026|02/03/2026|1\u00a0234\u00a0567,90\u00a0€|25\u00a0%",
		"nl":    "2 maart 2026|02-03-2026|€\u00a01.234.567,90|25%",
		"en-IN": "2 March 2026|02/03/2026|€12,34,567.90|25%",
		"pt-BR": "2 de março de 2026|02/03/2026|€\u00a01.234.567,90|25%",
	} {
		made, err := New(Source{Text: `{{date .day}}|{{date "short" .day}}|{{money "EUR" .decimal}}|{{percent 0.25}}`}, Options{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := made.Render(context.Background(), data); err != nil || got.Text != want {
			t.Errorf("%s:\ngot  %q %v\nwant %q", language, got.Text, err, want)
		}
	}
	made, err := New(Source{Text: `{{plural "plik" "pliki" "plików" 1}} {{plural "plik" "pliki" "plików" 3}} {{plural "plik" "pliki" "plików" 12}} {{date "%R" .when}}`},
		Options{Language: "pl", Zone: berlin})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := made.Render(context.Background(), data); err != nil || got.Text != "plik pliki plików 16:04" {
		t.Errorf("got %q, %v", got.Text, err)
	}
}

type stringer string

func (s stringer) String() string { return string(s) }

// TestLanguages: a language that is none is an error, and so is asking for names of
// months that are not known.
func TestLanguages(t *testing.T) {
	if _, err := New(Source{Text: "x"}, Options{Language: "deutsch!"}); err == nil {
		t.Error("no error")
	}
	made, err := New(Source{Text: "{{date .}}"}, Options{Language: "hu"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Render(context.Background(), "2026-03-02"); err == nil || !strings.Contains(err.Error(), `the language "hu" are not known`) {
		t.Errorf("got %v", err)
	}
	for language := range calendars {
		if c := calendars[language]; len(c.months) != 12 || len(c.days) != 7 {
			t.Errorf("%s has %d months and %d days", language, len(c.months), len(c.days))
		}
	}
}

// TestDocumented: docs/templates.md names every function, and none that is not there.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range functions {
		used := regexp.MustCompile(`(?:\{\{|\| |if |range )` + name + `\b`)
		if name[0] != '_' && !used.Match(page) && !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("%s is not documented", name)
		}
	}
	data := map[string]any{
		"name": "Ann Example", "n": 3.0, "price": "1234.5", "share": 0.253, "due": "2026-03-02", "tags": []any{"new", "red"},
		"order": map[string]any{"id": 7.0},
	}
	_, table, _ := strings.Cut(string(page), "<!-- helpers -->")
	table, _, _ = strings.Cut(table, "<!-- /helpers -->")
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) != 5 || !strings.HasPrefix(cells[1], " `{{") {
			continue
		}
		rows++
		source := strings.ReplaceAll(strings.Trim(cells[1], " `"), "\x00", "|")
		want := strings.ReplaceAll(strings.TrimSpace(cells[2]), `\`, "")
		if got := rendered(t, Source{Text: source}, data).Text; got != want {
			t.Errorf("%s is documented to be %q, and is %q", source, want, got)
		}
	}
	if rows < 30 {
		t.Errorf("the table of helpers has %d rows", rows)
	}
}

// TestConcurrent: one template on many goroutines; run with the race detector.
func TestConcurrent(t *testing.T) {
	for _, source := range []string{newsletter, newsletter + "<i {{.color | replace \"#\" \"\"}}>"} {
		made, err := New(Source{HTML: source, Text: newsletterText, Subject: "{{.name}}"}, testOptions)
		if err != nil {
			t.Fatal(err)
		}
		want, err := made.Render(context.Background(), newsletterRow())
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for i := range 50 {
					data := newsletterRow()
					if i%5 == 0 {
						delete(data, "email") // It must not be there from another row.
					}
					got, err := made.Render(context.Background(), data)
					if i%5 == 0 && err == nil || i%5 != 0 && (err != nil || got != want) {
						t.Errorf("got %v, %v", got, err)
					}
				}
			})
		}
		all.Wait()
	}
}
