// Package chart draws line, bar and pie charts as PNG pictures for mail: 600 pixels wide, sharp on fine displays, readable in
// print and with colour-blind eyes, with nothing that needs a mouse.
//
// Letters, lines and curves are rasterised by github.com/go-analyze/charts, of which nothing shows here. Its own layouts
// are not used: they drop labels that do not fit and let legend and title overlap.
//
// There is no table: HTML says it better than a picture, to eyes, to screen readers and to whoever copies a number.
package chart

import (
	"fmt"
	"math"
	"strings"
	"unicode"
)

// Chart is what to draw.
type Chart struct {
	// Title stands above; it may be empty.
	Title string
	// Labels name the points along the horizontal axis, or the slices of a pie. Lines and bars may do without.
	Labels []string
	// Series are the lines, or the bars of one colour. A pie has one.
	Series []Series
	// Width and Height are in pixels of the page, 600 and 340 if 0.
	Width, Height int
	// Scale is how many pixels of the picture make one of the page, 1 to 4; 0 is 2, for fine displays.
	Scale int
	// Colors are those of the series, or slices, as #rrggbb; those left out are taken from a palette.
	Colors []string
	// Format says how numbers are written.
	Format Format
	// Arrangement says how bars of several series stand.
	Arrangement Arrangement
	// Font is a TrueType font for writing that the built-in one (Latin, Greek, Cyrillic) does not have.
	Font []byte
}

// Series is a line, or the bars of one colour.
type Series struct {
	// Name stands in the legend.
	Name string
	// Values are as many as there are labels.
	Values []Value
}

// Value is a number, or a gap where there is none.
type Value struct {
	Number float64
	Gap    bool
}

// Numbers makes values without gaps.
func Numbers(numbers ...float64) []Value {
	values := make([]Value, len(numbers))
	for i, number := range numbers {
		values[i] = Value{Number: number}
	}
	return values
}

// Arrangement says how bars of several series stand.
type Arrangement string

// The arrangements.
const (
	Grouped Arrangement = "grouped" // side by side; the default
	Stacked Arrangement = "stacked" // on top of each other, negative ones below zero
)

// Picture is a drawn chart.
type Picture struct {
	// PNG is the file.
	PNG []byte
	// Width and Height are those to show it in, in pixels of the page; the file has Scale times as many.
	Width, Height int
	// Alt describes the picture to those who do not see it.
	Alt string
	// Missing are the characters that no font had and that are drawn as boxes.
	Missing string
}

// Limits of what is drawn, which bound time and memory.
const (
	maxValues = 1_000_000  // of all series together
	maxSeries = 12         // colours that can be told apart
	maxPixels = 16_000_000 // of the picture, at 4 octets each
	maxNumber = 1e300      // differences of larger ones overflow
)

// Line draws lines. Points are at even distances.
func Line(c Chart) (Picture, error) { return draw("line", c, drawLines) }

// Bar draws bars.
func Bar(c Chart) (Picture, error) { return draw("bar", c, drawBars) }

// Pie draws a pie, with a table of its slices beside it. The smallest are one slice where there is no room for more.
func Pie(c Chart) (Picture, error) { return draw("pie", c, drawPie) }

// draw draws a chart and encodes the picture.
func draw(kind string, c Chart, with func(*canvas, Chart) error) (Picture, error) {
	c = c.withDefaults()
	on, err := paint(kind, c, with)
	if err != nil {
		return Picture{}, fmt.Errorf("chart: %s: %w", kind, err)
	}
	file, err := encode(on.image)
	if err != nil {
		return Picture{}, fmt.Errorf("chart: %s: encoding: %w", kind, err)
	}
	return Picture{PNG: file, Width: c.Width, Height: c.Height, Alt: c.alt(kind), Missing: on.missing()}, nil
}

// paint checks a chart and draws it.
func paint(kind string, c Chart, with func(*canvas, Chart) error) (*canvas, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if kind == "pie" {
		if err := c.checkPie(); err != nil {
			return nil, err
		}
	}
	on, err := newCanvas(c)
	if err != nil {
		return nil, err
	}
	return on, with(on, c)
}

func (c Chart) withDefaults() Chart {
	if c.Width == 0 {
		c.Width = 600
	}
	if c.Height == 0 {
		c.Height = 340
	}
	if c.Scale == 0 {
		c.Scale = 2
	}
	if c.Arrangement == "" {
		c.Arrangement = Grouped
	}
	c.Format = c.Format.withDefaults()
	c.Title = oneLine(c.Title)
	labels := make([]string, len(c.Labels))
	for i, label := range c.Labels {
		labels[i] = oneLine(label)
	}
	c.Labels = labels
	series := make([]Series, len(c.Series))
	for i, s := range c.Series {
		series[i] = Series{oneLine(s.Name), s.Values}
	}
	c.Series = series
	return c
}

// oneLine makes text that can be drawn: valid UTF-8 without control characters.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�")))
}

// check says what cannot be drawn.
func (c Chart) check() error {
	switch {
	case c.Width < 100 || c.Width > 4000 || c.Height < 100 || c.Height > 4000:
		return fmt.Errorf("size is %d × %d, and not 100 to 4000 each", c.Width, c.Height)
	case c.Scale < 1 || c.Scale > 4:
		return fmt.Errorf("scale is %d, and not 1 to 4", c.Scale)
	case c.Width*c.Height*c.Scale*c.Scale > maxPixels:
		return fmt.Errorf("%d × %d at scale %d are more than %d million pixels", c.Width, c.Height, c.Scale, maxPixels/1_000_000)
	case c.Arrangement != Grouped && c.Arrangement != Stacked:
		return fmt.Errorf("arrangement is %q, and not grouped or stacked", string(c.Arrangement))
	case len(c.Series) == 0:
		return fmt.Errorf("there are no series")
	case len(c.Series) > maxSeries:
		return fmt.Errorf("there are %d series, and at most %d can be told apart", len(c.Series), maxSeries)
	}
	if err := c.Format.check(); err != nil {
		return err
	}
	for i, color := range c.Colors {
		if _, ok := parseColor(color); !ok {
			return fmt.Errorf("color %d is %q, and not as in #1f5fa8", i+1, color)
		}
	}
	count, drawn, total := len(c.Series[0].Values), 0, 0
	for i, s := range c.Series {
		if total += len(s.Values); total > maxValues {
			return fmt.Errorf("there are more than %d values", maxValues)
		}
		switch {
		case len(s.Values) == 0:
			return fmt.Errorf("%s has no values", c.name(i))
		case len(c.Labels) > 0 && len(s.Values) != len(c.Labels):
			return fmt.Errorf("%s has %d values, and there are %d labels", c.name(i), len(s.Values), len(c.Labels))
		case len(s.Values) != count:
			return fmt.Errorf("%s has %d values, and %s has %d", c.name(i), len(s.Values), c.name(0), count)
		}
		for j, v := range s.Values {
			switch {
			case v.Gap:
				continue
			case math.IsNaN(v.Number) || math.IsInf(v.Number, 0):
				return fmt.Errorf("%s has %v as value %d, which is no number to draw", c.name(i), v.Number, j+1)
			case math.Abs(v.Number) > maxNumber:
				return fmt.Errorf("%s has %v as value %d, which is too large to draw", c.name(i), v.Number, j+1)
			}
			drawn++
		}
	}
	if drawn == 0 {
		return fmt.Errorf("there are no values but gaps")
	}
	return nil
}

// name says which series is meant, in errors.
func (c Chart) name(i int) string {
	if c.Series[i].Name == "" {
		return fmt.Sprintf("series %d", i+1)
	}
	return fmt.Sprintf("series %d (%s)", i+1, c.Series[i].Name)
}

// alt describes the chart: what it is, and where each series begins, ends and lies.
func (c Chart) alt(kind string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s chart", strings.ToUpper(kind[:1])+kind[1:])
	if c.Title != "" {
		fmt.Fprintf(&b, ": %s", c.Title)
	}
	for i, s := range c.Series {
		low, high := extent(s.Values)
		if kind == "pie" || low > high {
			continue
		}
		name := s.Name
		if name == "" {
			name = fmt.Sprintf("series %d", i+1)
		}
		fmt.Fprintf(&b, "; %s from %s to %s", name, c.Format.write(low, decimalsOf(low)), c.Format.write(high, decimalsOf(high)))
	}
	return b.String()
}

// extent returns the smallest and the largest number, or a low above the high where there is none.
func extent(values []Value) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !v.Gap {
			low, high = min(low, v.Number), max(high, v.Number)
		}
	}
	return low, high
}
