package luaapi

import (
	"strings"
	"testing"
)

// pixels is Lua that reads a part out of a message.
const pixels = `local function pixels(part)
  return mime.message { from = "a@b.example", to = "c@d.example", text = "", attach = part }:bytes():match("base64\r\n.-\r\n\r\n(.-)\r\n%-%-")
end
`

func TestChart(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"sizes", `local p = chart.line { series = { 1, 2 } } print(p.type, p.name, p.width, p.height, p.size > 100)`, "image/png\tchart.png\t600\t340\ttrue"},
		{"others", `local p = chart.bar { series = { 1, 2 }, width = 200, height = 100, scale = 1, name = "a.png" } print(p.name, p.width, p.height)`, "a.png\t200\t100"},
		{"gaps", `print(chart.line { title = "T", labels = { "a", "b", "c", "d" }, series = { { name = "x", values = { 1, nil, json.null } }, { name = "y", values = { "2.50", 3, 4, 5 } } } }.alt)`,
			"Line chart: T; x from 1 to 1; y from 2.5 to 5"},
		{"labels", pixels + `print(pixels(chart.pie { labels = { 2025, 0.5, time.new { year = 2026, month = 3, day = 1 }, time.period("2026-W37", {}) }, series = { 1, 2, 3, 4 } }) ==
  pixels(chart.pie { labels = { "2025", "0.5", "2026-03-01", "week 37 of 2026" }, series = { 1, 2, 3, 4 } }))`, "true"},
		{"decimals", `print(chart.bar { series = { 1.25, 2 }, decimals = 0, prefix = "€ " }.alt)`, "Bar chart; series 1 from € 1 to € 2"},
		{"the same again", pixels + `local d = { title = "T", series = { 1, 2 } } print(pixels(chart.line(d)) == pixels(chart.line(d)), #pixels(chart.line(d)) > 100, pixels(chart.line(d)) == pixels(chart.bar(d)))`, "true\ttrue\tfalse"},
		{"an element", `print(chart.bar { title = '"<x>"', series = { 1 } }:img('a"b'))`, `<img src="cid:a&#34;b" width="600" height="340" alt="Bar chart: &#34;&lt;x&gt;&#34;; series 1 from 1 to 1" style="max-width:100%;height:auto">`},
		{"in a template", `print(template.new { html = "<img src=\"cid:x\" width=\"{{.c.width}}\" alt=\"{{.c.alt}}\">" }:render { c = chart.bar { series = { 1 } } }.html)`, `<img src="cid:x" width="600" alt="Bar chart; series 1 from 1 to 1">`},
		{"a part that is none", `local p = mime.bytes("x", { name = "x.png" }) print(p.width, p.alt, p:img("x"))`, "nil\tnil\t<img src=\"cid:x\" alt=\"\">"},
	} {
		out, _, err := rehearse(t, around+test.source)
		if err != nil || strings.TrimSpace(out) != test.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, out, test.want)
		}
	}
}

func TestChartMistakes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`chart.line {}`, `option "series" is missing`},
		{`chart.line { series = "x" }`, `option "series" must be a list`},
		{`chart.line { series = {} }`, `chart.line: `},
		{`chart.line { series = { 1, { values = { 1 } } } }`, "element 1 must be a table, got number"},
		{`chart.line { series = { { 1, 2 } } }`, `series: unknown option "1"`},
		{`chart.line { series = { { name = "x" } } }`, "element 1 has no list of values"},
		{`chart.line { series = { x = { 1 } } }`, `option "series" is a list, and has the key x`},
		{`chart.line { series = { [1] = 1, [9999999] = 2 } }`, "2 elements and the highest index 9999999"},
		{`chart.line { series = { 1, "two" } }`, `element 2 must be a number, got "two"`},
		{`chart.line { series = { 1, "NaN" } }`, `must be a number`},
		{`chart.line { series = { 1, "0x10" } }`, `must be a number`},
		{`chart.line { series = { 1, 0/0 } }`, "NaN"},
		{`chart.line { series = { 1, math.huge } }`, "Inf"},
		{`chart.line { series = { 1, print } }`, "element 2 must be a number, got function"},
		{`chart.line { series = { 1, 2, 3 }, labels = { "a" } }`, "3 values, and there are 1 labels"},
		{`chart.line { series = { 1 }, labels = { print } }`, "element 1 must be a text"},
		{`chart.line { series = { 1 }, labels = { "\255" } }`, "not valid UTF-8"},
		{`chart.line { series = { 1 }, title = "\255" }`, "not valid UTF-8"},
		{`chart.line { series = { 1 }, stacked = true }`, `unknown option "stacked"`},
		{`chart.line { series = { 1 }, decimals = 0.5 }`, `option "decimals" must be a whole number`},
		{`chart.line { series = { 1 }, style = "euro" }`, "euro"},
		{`chart.line { series = { 1 }, width = 1e6 }`, "1000000"},
		{`chart.line { series = { 1 }, colors = { "red" } }`, `"red"`},
		{`chart.line { series = { 1 }, font = "people.csv" }`, "font"},
		{`chart.line { series = { 1 }, font = "nobody.ttf" }`, "nobody.ttf"},
		{`chart.line { series = { 1 }, title = "x" .. tostring(secret.env "HOME") }`, "a secret was put into it"},
		{`chart.line { series = { 1 }, labels = { "x" .. tostring(secret.env "HOME") } }`, "a secret was put into it"},
		{`chart.line { series = { 1 }, name = "a\r\nb.png" }`, "argument"},
		{`chart.pie { series = { -1, 2 }, labels = { "a", "b" } }`, "chart.pie: "},
		{`chart.table {}`, `module chart has no function "table"`},
	} {
		_, _, err := rehearse(t, around+test.source)
		if err == nil || test.want != "argument" && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
	}
}
