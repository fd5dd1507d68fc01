package luaapi

import (
	"fmt"
	"html"
	"os"
	"strconv"
	"strings"

	"github.com/mailscript/mailscript/chart"
	"github.com/mailscript/mailscript/civil"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	lua "github.com/yuin/gopher-lua"
)

// chartOptions are what all charts have.
type chartOptions struct {
	Series     luaValue `lua:"series" type:"number[]|{ name: string, values: number[] }[]" doc:"the numbers of one series, or a list of series; nil and json.null are gaps, texts such as \"12.50\" from a database are numbers; required"`
	Labels     luaValue `lua:"labels" type:"(string|number|time|period)[]" doc:"names of the points, or of the slices of a pie"`
	Title      string   `lua:"title" doc:"stands above"`
	Width      int      `lua:"width" doc:"in pixels of the page, default 600"`
	Height     int      `lua:"height" doc:"in pixels of the page, default 340"`
	Scale      int      `lua:"scale" doc:"pixels of the picture for each of the page, 1 to 4, default 2"`
	Colors     []string `lua:"colors" doc:"of the series, or slices, such as \"#1f5fa8\""`
	Style      string   `lua:"style" type:"\"plain\"|\"percent\"|\"compact\"" doc:"how numbers are written: as they are (default), 0.25 as 25%, 12500 as 12.5k"`
	Decimals   luaValue `lua:"decimals" type:"integer" doc:"digits behind the point; default as many as needed, 2 at most"`
	Separators string   `lua:"separators" doc:"as in \"1,234.5\" (default), \"1.234,5\", \"1 234,5\", \"1'234.5\", \"1234.5\", \"1234,5\""`
	Prefix     string   `lua:"prefix" doc:"in front of numbers, such as \"€ \""`
	Suffix     string   `lua:"suffix" doc:"behind numbers, such as \" km\""`
	Font       string   `lua:"font" doc:"a TrueType file, for writing that is not Latin, Greek or Cyrillic"`
	Name       string   `lua:"name" doc:"of the part, default chart.png"`
}

// barOptions are those of bars.
type barOptions struct {
	Stacked bool `lua:"stacked" doc:"the bars of several series on top of each other; default side by side"`
	chartOptions
}

func chartModule() *Module {
	params := func(name string) []Param { return []Param{{"description", name, "what to draw"}} }
	const use = " The part goes into inline = { NAME = part }, and part:img(\"NAME\") into the HTML."
	return &Module{
		Name: "chart",
		Doc:  "Charts as pictures (PNG) for mail: sharp on fine displays, readable in print and with colour-blind eyes. A table is better told in HTML.",
		Functions: []Function{
			{
				Name: "line", Params: params("chart.options"), Options: chartOptions{}, Returns: "part",
				Doc: "Draw lines, with points at even distances." + use,
				Example: "local sales = chart.line { title = \"Sales\", labels = { \"Mon\", \"Tue\", \"Wed\" }, series = { { name = \"Tea\", values = { 3, nil, 5 } }, { name = \"Coffee\", values = { 4, 4, 6 } } } }\n" +
					"local message = mime.message { from = \"shop@bank.example\", to = \"ann@example.org\", subject = \"Sales\", html = \"<p>\" .. sales:img(\"sales\"), inline = { sales = sales } }",
				Call: func(c *Call) []lua.LValue {
					var o chartOptions
					c.Options(0, &o)
					drawn, err := chart.Line(c.chart(o, ""))
					return c.picture(o.Name, drawn, err)
				},
			},
			{
				Name: "bar", Params: params("bar.options"), Options: barOptions{}, Returns: "part",
				Doc:     "Draw bars." + use,
				Example: `local sales = chart.bar { title = "Sales", labels = { "North", "South" }, series = { 1200, 950 }, prefix = "€ " }`,
				Call: func(c *Call) []lua.LValue {
					var o barOptions
					c.Options(0, &o)
					arrangement := chart.Grouped
					if o.Stacked {
						arrangement = chart.Stacked
					}
					drawn, err := chart.Bar(c.chart(o.chartOptions, arrangement))
					return c.picture(o.Name, drawn, err)
				},
			},
			{
				Name: "pie", Params: params("chart.options"), Options: chartOptions{}, Returns: "part",
				Doc:     "Draw a pie with a table of its slices: of one series, with a label for each number." + use,
				Example: `local share = chart.pie { title = "Share", labels = { "Tea", "Coffee" }, series = { 30, 70 } }`,
				Call: func(c *Call) []lua.LValue {
					var o chartOptions
					c.Options(0, &o)
					drawn, err := chart.Pie(c.chart(o, ""))
					return c.picture(o.Name, drawn, err)
				},
			},
		},
	}
}

// picture is a part that says how to show it.
type picture struct {
	*mime.Part
	width, height int
	alt           string
}

// partOf is the part that an object holds.
func partOf(v any) (*mime.Part, bool) {
	switch p := v.(type) {
	case *mime.Part:
		return p, true
	case *picture:
		return p.Part, true
	}
	return nil, false
}

// pictureField is a field that parts have which say how to show them.
func pictureField(name, typ, doc string, get func(*picture) lua.LValue) Field {
	return Field{name, typ, doc, func(c *Call) lua.LValue {
		if p, ok := c.Self.(*picture); ok {
			return get(p)
		}
		return lua.LNil
	}}
}

func imageMethod() Function {
	return Function{
		Name: "img", Params: []Param{{"name", "string", "that of the part in inline = { NAME = part }"}}, Returns: "string",
		Doc:     "The HTML that shows a picture of inline: an img element, of a chart with its size and a description.",
		Example: "local chart = require \"chart\".pie { labels = { \"Tea\", \"Coffee\" }, series = { 30, 70 } }\nprint(chart:img(\"share\"))",
		Call: func(c *Call) []lua.LValue {
			text := fmt.Sprintf(`<img src="cid:%s"`, html.EscapeString(c.String(0)))
			p, ok := c.Self.(*picture)
			if !ok {
				return values(lua.LString(text + ` alt="">`))
			}
			// Small displays show it as wide as they are. Outlook knows the attributes only.
			return values(lua.LString(text + fmt.Sprintf(` width="%d" height="%d" alt="%s" style="max-width:100%%;height:auto">`, p.width, p.height, html.EscapeString(p.alt))))
		},
	}
}

// picture makes a part of what was drawn.
func (c *Call) picture(name string, drawn chart.Picture, err error) []lua.LValue {
	if err != nil {
		kind := strings.TrimPrefix(c.function.full, "chart.")
		c.rt.Raise(c.L, &engine.Fault{Kind: engine.KindArgument, Message: c.function.full + ": " + strings.TrimPrefix(err.Error(), "chart: "+kind+": "), Err: err})
	}
	if drawn.Missing != "" {
		c.notice(fmt.Sprintf("%s: the font lacks %s, which is drawn as boxes; font = \"FILE\" names one that has it", c.function.full, drawn.Missing))
	}
	if name == "" {
		name = "chart.png"
	}
	part, err := mime.Bytes(drawn.PNG, mime.PartOptions{Name: name, Type: "image/png"})
	if err != nil {
		c.Fail(err)
	}
	return values(c.object("part", &picture{part, drawn.Width, drawn.Height, drawn.Alt}))
}

// chart reads a description.
func (c *Call) chart(o chartOptions, arrangement chart.Arrangement) chart.Chart {
	c.refuseSecretsIn(o)
	drawn := chart.Chart{
		Title: o.Title, Labels: c.chartLabels(o.Labels), Width: o.Width, Height: o.Height, Scale: o.Scale, Colors: o.Colors, Arrangement: arrangement,
		Format: chart.Format{Style: chart.Style(o.Style), Separators: o.Separators, Prefix: o.Prefix, Suffix: o.Suffix},
	}
	drawn.Series = c.chartSeries(o.Series, len(drawn.Labels))
	if o.Decimals != nil {
		n, ok := o.Decimals.(lua.LNumber)
		if !ok || n != lua.LNumber(int(n)) || n < 0 {
			c.Usage("", `option "decimals" must be a whole number, got %s`, c.L.ToStringMeta(o.Decimals).String())
		}
		if drawn.Format.Decimals = int(n); n == 0 {
			drawn.Format.Decimals = -1
		}
	}
	if o.Font != "" {
		font, err := os.ReadFile(c.path(o.Font))
		if err != nil {
			c.Fail(err)
		}
		drawn.Font = font
	}
	return drawn
}

// places is how many a list has, nil among them. A list that is mostly holes is a mistake,
// and would need memory.
func (c *Call) places(what string, t *lua.LTable) int {
	n, seen := t.MaxN(), 0
	t.ForEach(func(key, _ lua.LValue) {
		if i, ok := key.(lua.LNumber); !ok || i < 1 || i != lua.LNumber(int(i)) {
			c.Usage("", "%s is a list, and has the key %s", what, c.L.ToStringMeta(key).String())
		}
		seen++
	})
	if n > 4*seen+16 {
		c.Usage("", "%s has %d elements and the highest index %d", what, seen, n)
	}
	return n
}

func (c *Call) chartLabels(v luaValue) []string {
	if v == nil {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		c.Usage("", `option "labels" must be a list, got %s`, engine.TypeName(v))
	}
	labels := make([]string, c.places(`option "labels"`, t))
	for i := range labels {
		what := fmt.Sprintf(`option "labels": element %d`, i+1)
		switch v := t.RawGetInt(i + 1).(type) {
		case *lua.LNilType:
		case lua.LString:
			(&decoder{b: c.bound, L: c.L, path: c.function.full}).utf8("labels", string(v))
			c.refuseShownSecret(what, string(v))
			labels[i] = string(v)
		case lua.LNumber:
			labels[i] = c.L.ToStringMeta(v).String()
		case *lua.LUserData:
			switch held := v.Value.(type) {
			case civil.Time:
				labels[i] = held.String()
			case civil.Period:
				labels[i] = held.Label
			case null:
			default:
				c.Usage("", "%s must be a text, got %s", what, engine.TypeName(v))
			}
		default:
			c.Usage("", "%s must be a text, got %s", what, engine.TypeName(v))
		}
	}
	return labels
}

const seriesHint = `write series = { 1, 2, 3 }, or series = { { name = "Tea", values = { 1, 2, 3 } }, … }`

// chartSeries reads one series or several; n is how many labels there are.
func (c *Call) chartSeries(v luaValue, n int) []chart.Series {
	if v == nil {
		c.Usage(seriesHint, `option "series" is missing`)
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		c.Usage(seriesHint, `option "series" must be a list, got %s`, engine.TypeName(v))
	}
	count := c.places(`option "series"`, t)
	several := false
	for i := range count {
		_, table := t.RawGetInt(i + 1).(*lua.LTable)
		several = several || table
	}
	if !several {
		return []chart.Series{{Values: c.chartValues(`option "series"`, t, n)}}
	}
	var list []chart.Series
	for i := range count {
		what := fmt.Sprintf(`option "series": element %d`, i+1)
		one, ok := t.RawGetInt(i + 1).(*lua.LTable)
		if !ok {
			c.Usage(seriesHint, "%s must be a table, got %s", what, engine.TypeName(t.RawGetInt(i+1)))
		}
		var o seriesOptions
		c.decode(c.function.full+": series", one, &o)
		c.refuseSecretsIn(o)
		values, ok := o.Values.(*lua.LTable)
		if !ok {
			c.Usage(seriesHint, "%s has no list of values", what)
		}
		list = append(list, chart.Series{Name: o.Name, Values: c.chartValues(what+": values", values, n)})
	}
	return list
}

// seriesOptions are the fields of one series.
type seriesOptions struct {
	Name   string   `lua:"name" doc:"stands in the legend"`
	Values luaValue `lua:"values" type:"number[]" doc:"as many as there are labels"`
}

// chartValues reads numbers and gaps. nil at the end of a list leaves no trace in it, so
// that a list shorter than the labels ends with gaps.
func (c *Call) chartValues(what string, t *lua.LTable, n int) []chart.Value {
	list := make([]chart.Value, max(c.places(what, t), n))
	for i := range list {
		switch v := t.RawGetInt(i + 1).(type) {
		case *lua.LNilType:
			list[i].Gap = true
		case lua.LNumber:
			list[i].Number = float64(v)
		case lua.LString: // DECIMAL of databases
			number, err := strconv.ParseFloat(string(v), 64)
			if err != nil || strings.ContainsAny(string(v), "_xXnNpP") {
				c.Usage("", "%s: element %d must be a number, got %q", what, i+1, string(v))
			}
			list[i].Number = number
		default:
			if ud, ok := v.(*lua.LUserData); ok {
				if _, isNull := ud.Value.(null); isNull {
					list[i].Gap = true
					continue
				}
			}
			c.Usage("", "%s: element %d must be a number, got %s", what, i+1, engine.TypeName(v))
		}
	}
	return list
}
