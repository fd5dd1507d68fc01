package template

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// hostile are strings that mean something somewhere.
var hostile = []string{
	"", "plain", "Ann Example", "<script>alert(1)</script>", "</script><script>", `"><img src=x onerror=alert(1)>`, "' onmouseover='x",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<b>", "http://bank.example/?a=b&c=d#e", "https://x.example/ä b%20c%zz",
	"mailto:ann@example.org", "/path/to?x=1", "//host/x", "a:b/c", "httpſ://x", "{{.x}}", "{{", "}}", "${x}`", "a\r\nBcc: x", "\x00", "a\x00b",
	"=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2", "\u2028\u2029", "\xff\xfe bad", "\ufdd0\ufffe", "\ufeffx", "ünïcödé 日本", "a,b 2x, c",
	"x.png 2x, javascript:y 1x", "expression(alert(1))", "e\\78 pression(1)", "\\3c script\\3e", "url(x)", "red; background: url(y)", "red",
	"#fff", "1px", "<!--", "-->", "--", "]]>", "*/", "//", "/*", "\\", "\\\\'", "'", `"`, "`", "\t\v\f", " ", "\\D834", "\\110000 x", "\\\r\n",
	"&amp;", "&lt;b&gt;", "&#0;", "<!DOCTYPE", "%", "%2", "%41", "a=b c", "[x](javascript:alert(1))", "# x", "- x",
}

// generator makes templates of all that the language has.
type generator struct {
	*rand.Rand
	// native keeps to what means the same without this package.
	native bool
	text   bool
	// commented says that a conditional comment is open.
	commented bool
	depth     int
	vars      []string
	loops     int
	names     int
	// partials are the names of templates that may be put in.
	partials []string
}

func (g *generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) quoted() string {
	s := hostile[g.IntN(len(hostile))]
	if strings.ContainsAny(s, "\x00\x01") || strings.Contains(s, "\xff") {
		s = "z"
	}
	return fmt.Sprintf("%q", s)
}

// field is the name of one that data may have.
func (g *generator) field() string {
	if g.IntN(200) == 0 {
		return ".missing"
	}
	return g.one(".a", ".a", ".b", ".c", ".t", ".n", ".o.a", ".o.b", ".yes", ".no")
}

func (g *generator) value(depth int) string {
	choice := g.IntN(14)
	if depth <= 0 {
		choice = g.IntN(6)
	}
	switch choice {
	case 0, 1, 2:
		return g.field()
	case 3:
		if len(g.vars) > 0 {
			v := g.vars[g.IntN(len(g.vars))]
			if g.IntN(8) == 0 {
				return v + ".a"
			}
			return v
		}
		return "$.a"
	case 4:
		return g.one("$.b", "$.o.a", "$.c", "$.a", "$.t", "$.o.b", "$.a", "$.yes", ".")
	case 5:
		return g.quoted()
	case 6:
		return "(" + g.pipe(depth-1) + ")"
	case 7:
		return fmt.Sprintf("(%s %s %s)", g.one("and", "or"), g.value(depth-1), g.value(depth-1))
	case 8:
		return fmt.Sprintf("(not %s)", g.value(depth-1))
	case 9:
		return fmt.Sprintf("(printf %q %s)", "<%s>", g.one(".a", ".b", g.quoted()))
	}
	if g.native {
		return fmt.Sprintf("(eq .a %s)", g.quoted())
	}
	switch g.IntN(16) {
	case 0:
		return g.one("1", "0", "2.5", "1e3", "'a'", "0x1F", "true", "false", "-3")
	case 1:
		return fmt.Sprintf("(default %s %s)", g.value(depth-1), g.field())
	case 2:
		return fmt.Sprintf("(%s %s %s)", g.one("eq", "ne", "lt", "le", "gt", "ge"), g.value(depth-1), g.value(depth-1))
	case 3:
		return fmt.Sprintf("(%s %s)", g.one("len", "upper", "lower", "trim", "json", "urlescape", "json", "upper", "first", "last", "number", "date"), g.value(depth-1))
	case 4:
		return fmt.Sprintf("(%s %s %s)", g.one("add", "sub", "mul", "div", "mod"), g.one(".n", ".f", "2", "0", g.value(depth-1)), g.one(".n", ".f", "3"))
	case 5:
		return fmt.Sprintf("(index %s %s)", g.one(".list", ".o", ".", "$"), g.one("0", "1", `"a"`, `"b"`, "9"))
	case 6:
		return `(.list | join ", ")`
	case 7:
		return g.one(".f", ".when", "(json .items)", "(len .list)", ".list", ".nothing", "(.o.missing | default 3)", "(has \"a\" .)", "(now)", "now")
	case 8:
		return fmt.Sprintf("(link %s \"id\" %s)", g.value(depth-1), g.value(depth-1))
	case 9:
		return fmt.Sprintf("(query \"q\" %s)", g.value(depth-1))
	case 10:
		return fmt.Sprintf("(coalesce %s %s)", g.value(depth-1), g.value(depth-1))
	case 11:
		return fmt.Sprintf("(print %s %s nil)", g.value(depth-1), g.value(depth-1))
	case 12:
		return fmt.Sprintf("(money \"EUR\" %s)", g.one(".f", ".n", `"12.345"`))
	case 13:
		return "(" + g.value(depth-1) + ").a"
	case 14:
		return fmt.Sprintf("(plural \"item\" \"items\" %s)", g.one(".n", ".f"))
	}
	return g.field()
}

func (g *generator) pipe(depth int) string {
	v := g.value(depth)
	if strings.HasPrefix(v, "(") && !strings.HasPrefix(v, "(.") && !strings.HasSuffix(v, ".a") && g.IntN(2) == 0 {
		v = v[1 : len(v)-1]
	}
	for g.IntN(4) == 0 {
		if g.native {
			v += g.one(` | and .a`, ` | or .b`, ` | not`)
		} else {
			v += g.one(` | default "x<"`, ` | upper`, ` | printf "%s!"`, ` | and .a`, ` | or .b`, ` | not`, ` | truncate 3`, ` | json`, ` | len`, ` | add 1`, ` | eq 3`)
		}
	}
	return v
}

func (g *generator) open() string  { return g.one("{{", "{{", "{{ ", "{{- ") }
func (g *generator) close() string { return g.one("}}", "}}", " }}", " -}}") }

// action makes something of the template language within a place; piece makes text of
// that place.
func (g *generator) action(piece func() string) string {
	if g.depth > 3 {
		return g.open() + g.pipe(1) + g.close()
	}
	g.depth++
	defer func() { g.depth-- }()
	vars := len(g.vars)
	otherwise := func() string {
		g.vars = g.vars[:vars]
		if g.IntN(2) == 0 {
			return ""
		}
		return g.open() + "else" + g.close() + piece()
	}
	switch g.IntN(14) {
	case 0:
		s := g.open() + "if " + g.pipe(2) + g.close() + piece() + otherwise() + "{{end}}"
		g.vars = g.vars[:vars]
		return s
	case 1:
		s := g.open() + "if " + g.pipe(2) + g.close() + piece() + "{{else if " + g.pipe(1) + "}}" + piece() + otherwise() + "{{end}}"
		g.vars = g.vars[:vars]
		return s
	case 2:
		head, outer := g.one(".o", ".o", g.pipe(1)), vars
		if g.IntN(3) == 0 {
			name := g.name()
			head = name + " := " + head
			g.vars = append(g.vars, name)
			vars = len(g.vars)
		}
		s := g.open() + "with " + head + g.close() + piece() + otherwise() + "{{end}}"
		g.vars = g.vars[:outer]
		return s
	case 3, 4:
		return g.rangeOver(piece)
	case 5:
		value := g.pipe(2)
		name := g.name()
		g.vars = append(g.vars, name)
		return g.open() + name + " := " + value + g.close() + piece()
	case 6:
		if len(g.vars) > 0 {
			return g.open() + g.vars[g.IntN(len(g.vars))] + " = " + g.pipe(1) + g.close()
		}
	case 7:
		if g.loops > 0 {
			return g.open() + "if " + g.value(1) + g.close() + g.one("{{break}}", "{{continue}}") + "{{end}}"
		}
	case 8:
		if len(g.partials) > 0 {
			return g.open() + "template \"" + g.partials[g.IntN(len(g.partials))] + "\" " + g.one(".", ".", "$", ".o", ".a", g.pipe(1)) + g.close()
		}
	case 9:
		// Natively, text on both sides of a comment stays two texts, each of which is
		// a space within a comment of CSS.
		if !g.native {
			return "{{/* a comment */}}"
		}
	}
	return g.open() + g.pipe(2) + g.close()
}

func (g *generator) name() string {
	g.names++
	if g.IntN(3) == 0 {
		return "$x"
	}
	return fmt.Sprintf("$v%d", g.names)
}

func (g *generator) rangeOver(piece func() string) string {
	over := g.one(".items", ".items", ".list", ".o", "$.items", "3", ".empty")
	if !g.native && g.IntN(5) == 0 {
		over = g.one(".n", ".f", g.value(1), `(.a | split ",")`, ".nothing")
	}
	vars := len(g.vars)
	switch g.IntN(5) {
	case 0:
		name := g.name()
		over = name + " := " + over
		g.vars = append(g.vars, name)
	case 1:
		first, second := g.name(), g.name()
		over = first + ", " + second + " := " + over
		g.vars = append(g.vars, first, second)
	case 2:
		if len(g.vars) > 0 && g.IntN(2) == 0 {
			over = g.vars[g.IntN(len(g.vars))] + " = " + over
		}
	}
	inner := len(g.vars)
	g.loops++
	s := g.open() + "range " + over + g.close() + piece()
	g.loops--
	g.vars = g.vars[:inner]
	if g.IntN(3) == 0 {
		s += "{{else}}" + piece()
	}
	g.vars = g.vars[:vars]
	return s + "{{end}}"
}

// within makes a text for a place from words and actions.
func (g *generator) within(words ...string) func() string {
	var piece func() string
	piece = func() string {
		var b strings.Builder
		for range 1 + g.IntN(2) {
			if g.IntN(3) == 0 {
				b.WriteString(g.one(words...))
			}
			if g.IntN(3) > 0 {
				b.WriteString(g.action(piece))
			}
		}
		return b.String()
	}
	return piece
}

// body makes text or HTML in which every place occurs where values can stand.
func (g *generator) body() string {
	if g.text {
		return g.within("word ", "\n", "a\r\n", "ü", " - ")()
	}
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(g.element())
	}
	return b.String()
}

func (g *generator) element() string {
	attribute := g.within("x ", "&amp;", "y")
	address := g.within("/p/", "x", ".html")
	switch g.IntN(26) {
	case 0:
		return `<div title="` + attribute() + `" class='` + attribute() + `'>` + g.inner() + `</div>`
	case 1:
		return `<div title=` + g.one("x", "") + g.open() + g.pipe(1) + g.one("}}", " }}") + `>`
	case 2, 3:
		return `<a href="` + address() + `">` + g.inner() + `</a>`
	case 4:
		return `<a href="https://x.example/?q=` + g.within("a", "&b=")() + `#` + g.within("f")() + `">x</a>`
	case 5:
		return `<img src='` + address() + `' alt="` + attribute() + `">`
	case 6:
		return `<img src=` + "{{" + g.pipe(1) + "}}>"
	case 7:
		return `<td style="color: ` + g.within("red")() + `; width: ` + g.within("1px")() + `">`
	case 8:
		return `<td style="background: url('` + address() + `')">`
	case 9:
		return `<td style="background: url(` + g.within("x")() + `); font-family: '` + g.within("Arial")() + `'">`
	case 10:
		return `<style>p { color: ` + g.within("red")() + `; content: "` + g.within("q")() + `" } /* ` + g.within("c")() + ` */</style>`
	case 11:
		return `<script>var x = {{` + g.pipe(2) + `}}; f("` + g.within("s")() + `", '` + g.within("t")() + `'); // ` + g.within("c")() + "\n</script>"
	case 12:
		return "<script>var t = `" + g.within("u")() + "`; var r = /a" + g.within("b")() + "/;</script>"
	case 13:
		return `<script type="application/ld+json">{"name": {{` + g.pipe(1) + `}}, "b": "` + g.within("s")() + `"}</script>`
	case 14:
		return `<a onclick="f({{` + g.pipe(1) + `}}, '` + g.within("s")() + `')">x</a>`
	case 15:
		return `<title>` + g.within("t", "<b>")() + `</title>`
	case 16:
		return `<textarea>` + g.within("t")() + `</textarea>`
	case 17:
		return `<!-- ` + g.within("c")() + ` -->`
	case 18:
		return `<img srcset="` + g.within("a.png 2x, ", "b.png")() + `">`
	case 19:
		return `<iframe srcdoc="` + g.within("x")() + `"></iframe>`
	case 20:
		if g.IntN(8) == 0 {
			return `<input {{` + g.pipe(1) + `}}="x">` // An attribute's name.
		}
		return `<input data-url="` + address() + `" value="` + attribute() + `">`
	case 22:
		if !g.native && !g.commented {
			g.commented = true
			defer func() { g.commented = false }()
			return g.one("<!--[if mso]>", "<!--[if gte mso 9]>", "<!--[if mso]><![if mso]>") + g.element() + "<![endif]-->"
		}
	case 21:
		return `<meta http-equiv="refresh" content="0;url=` + g.within("x")() + `">`
	}
	return g.inner()
}

func (g *generator) inner() string {
	return g.within("word ", "<b>b</b>", "<br>\n", "&nbsp;", "a < b ", "ü")()
}

// source makes a template with some definitions.
func (g *generator) source() string {
	var b strings.Builder
	for i := range g.IntN(3) {
		name := fmt.Sprintf("p%d", i)
		g.vars, g.loops, g.depth = nil, 0, 1
		body := g.body()
		b.WriteString(`{{define "` + name + `"}}` + body + "{{end}}")
		g.partials = append(g.partials, name)
	}
	g.vars, g.loops, g.depth = nil, 0, 0
	b.WriteString(g.body())
	return b.String()
}

func (g *generator) string() string {
	s := hostile[g.IntN(len(hostile))]
	if g.IntN(4) == 0 {
		s += hostile[g.IntN(len(hostile))]
	}
	return s
}

// scalar is any value that is no table.
func (g *generator) scalar() any {
	if g.native {
		return g.string()
	}
	switch g.IntN(16) {
	case 0:
		return nil
	case 1:
		return g.IntN(2) == 0
	case 2:
		return int64(g.IntN(2000) - 1000)
	case 3:
		return []float64{0, 1, -1, 2.5, 0.1, 1e15, 1e300, -1e-9, math.Inf(1), math.NaN(), 1 << 53, 1 << 63}[g.IntN(12)]
	case 4:
		return time.Date(2026, 1+time.Month(g.IntN(12)), 1+g.IntN(28), g.IntN(2)*5, 0, 0, 0, time.UTC)
	case 5:
		return "12.50"
	case 6:
		return []byte(g.string())
	case 7:
		return int32(7)
	}
	return g.string()
}

func (g *generator) table() map[string]any {
	m := map[string]any{"a": g.scalar(), "b": g.scalar(), "c": g.scalar(), "t": "<b>", "n": g.scalar(), "yes": true, "no": false}
	if !g.native {
		m["n"] = []any{3.0, int64(1), 0.0, 2.5, "2"}[g.IntN(5)]
		m["f"] = []any{1.005, 1234567.891, "0.10", int64(1), -3.5}[g.IntN(5)]
		m["when"] = []any{time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), "2026-03-02", 1.5e9 + 0.5, "x"}[g.IntN(4)]
		m["nothing"] = nil
	} else {
		m["yes"], m["no"] = "yes", ""
	}
	return m
}

// data makes a row.
func (g *generator) data() map[string]any {
	m := g.table()
	m["o"] = g.table()
	list, items := []any{}, []any{}
	for range g.IntN(4) {
		list = append(list, g.scalar())
		items = append(items, g.table())
	}
	m["list"], m["items"], m["empty"] = list, items, []any{}
	if g.IntN(25) == 0 {
		delete(m, g.one("a", "b", "c", "n", "items"))
	}
	return m
}
