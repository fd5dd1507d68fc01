package luaapi

import (
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"a file", `local r = template.load "letter":render { name = "Ann & <Co>", city = "Paris" } print(r.subject) print(r.text) print(r.html)`,
			"Hello Ann & <Co>\nDear Ann & <Co>,"},
		{"a row", `local letter = template.load "letter" for row in source do print(letter:render(row).subject) end`, "Hello Ann\nHello Bob"},
		{"numbers", `print(template.new({ text = "{{.a}} {{.b}} {{.c}}" }):render({ a = 3.0, b = 2.5, c = "" }).text)`, "3 2.5 "},
		{"lists", `print(template.new({ text = "{{range .items}}{{.x}};{{end}}" }):render({ items = { { x = 1 }, { x = 2 } } }).text)`, "1;2;"},
		{"markup in data", `print(template.new({ html = "<a href=\"{{.u}}\">{{.t}}</a>" }):render({ u = "javascript:alert(1)", t = "<b>" }).html)`,
			`<a href="#ZgotmplZ">&lt;b&gt;</a>`},
		{"a message", `local m = mime.message { from = "a@b.example", to = "c@d.example", template = template.load "letter", data = source:all()[1] }
			print(m:header "Subject", m:bytes():find("Dear Ann", 1, true) ~= nil, m:bytes():find("<strong>Ann</strong>", 1, true) ~= nil)`, "Hello Ann\ttrue\ttrue"},
		{"a subject of its own", `print(mime.message({ from = "a@b.example", to = "c@d.example", subject = "Hi", template = template.load "letter", data = source:all()[1] }):header "Subject")`, "Hi"},
		{"a row in a table", `local row = source:all()[1]
			print(template.new({ text = "{{.row.name}} {{len .row}} {{range $k, $v := .row}}{{if eq $k \"name\"}}{{$v}}{{end}}{{end}} {{index .rows 0 \"name\"}}" }):render({ row = row, rows = { row } }).text)`, "Ann 4 Ann Ann"},
		{"a bad cell that is not shown", `local row = csv.rows("people.csv", { types = { name = "integer" } }):all()[1]
			print(template.new({ text = "{{.row.email}}" }):render({ row = row }).text)`, "ann@"},
		{"what there is not", `local r = template.new({ text = "x" }):render {} print(r.html, r.subject)`, "nil\tnil"},
	} {
		out, _, err := rehearse(t, around+test.source)
		if err != nil || !strings.HasPrefix(out, test.want) {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, out, test.want)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`template.load "nobody"`, `nobody`},
		{`template.load "../etc/passwd"`, `not the name of a template`},
		{`template.new { html = "<p>{{.name" }`, `template`},
		{`template.new {}`, `template`},
		{`template.new({ text = "Dear {{.nmae}}" }):render { name = "Ann" }`, `template (text):1:8: no field "nmae"`},
		{`template.new({ text = "Dear\n{{.nmae}}", name = "greeting" }):render(source:all()[1])`, "greeting (text):2:3: people.csv: row 2: no field"},
		{`template.new({ text = "Dear\n{{.nmae}}" }):render(source:all()[1])`, "2 | {{.nmae}}"},
		{`template.new({ text = "{{.points}}" }):render(csv.rows("people.csv", { types = { name = "integer" } }):all()[1]) template.new({ text = "{{.name}}" }):render(csv.rows("people.csv", { types = { name = "integer" } }):all()[1])`,
			`people.csv: row 2, column "name"`},
		{`template.new({ text = "{{if .row.name}}{{end}}" }):render { row = csv.rows("people.csv", { types = { name = "integer" } }):all()[1] }`,
			`people.csv: row 2, column "name"`},
		{`template.new({ text = "{{.row.nmae}}" }):render { row = source:all()[1] }`, `no field "nmae"`},
		{`template.new({ text = "x" }):render { 1, 2 }`, `data must have names, got a list`},
		{`template.new({ text = "x" }):render { f = print }`, `data: .f: a function cannot be part of data`},
		{`template.new({ text = "x" }):render { s = secret.env "HOME" }`, `data: .s: a secret cannot be part of data`},
		{`mime.message { from = "a@b.example", to = "c@d.example", template = "letter", data = {} }`, `option "template" must be a template, got string`},
		{`mime.message { from = "a@b.example", to = "c@d.example", template = template.load "letter" }`, `option "data" is missing`},
		{`mime.message { from = "a@b.example", to = "c@d.example", template = template.load "letter", data = {}, html = "x" }`, `give either "template" or "html" and "text"`},
		{`mime.message { from = "a@b.example", to = "c@d.example", text = "x", data = {} }`, `option "data" is for a template`},
		{`template.new { text = "x", timezone = "Mars/Base" }`, `there is no zone "Mars/Base"`},
	} {
		if _, _, err := rehearse(t, around+test.source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
	}
}
