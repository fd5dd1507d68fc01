package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"sync"
	"testing"
)

// message returns what an error says, and nothing of none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func decode(t *testing.T, p Picture) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(p.PNG))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// kinds are the functions under test.
var kinds = map[string]func(Chart) (Picture, error){"line": Line, "bar": Bar, "pie": Pie}

// TestMistakes looks at what is said of charts that cannot be drawn.
func TestMistakes(t *testing.T) {
	one := []Series{{"Sales", Numbers(1, 2)}}
	for _, c := range []struct {
		kind  string
		chart Chart
		want  string
	}{
		{"line", Chart{}, "chart: line: there are no series"},
		{"line", Chart{Series: []Series{{"Sales", nil}}}, "chart: line: series 1 (Sales) has no values"},
		{"line", Chart{Series: []Series{{"", nil}}}, "chart: line: series 1 has no values"},
		{"bar", Chart{Series: []Series{{"", []Value{{Gap: true}}}}}, "chart: bar: there are no values but gaps"},
		{"bar", Chart{Series: one, Labels: []string{"a"}}, "chart: bar: series 1 (Sales) has 2 values, and there are 1 labels"},
		{"bar", Chart{Series: []Series{{"a", Numbers(1)}, {"b", Numbers(1, 2)}}}, "chart: bar: series 2 (b) has 2 values, and series 1 (a) has 1"},
		{"line", Chart{Series: []Series{{"a", Numbers(1)}, {"b", Numbers(math.NaN())}}}, "chart: line: series 2 (b) has NaN as value 1, which is no number to draw"},
		{"line", Chart{Series: []Series{{"a", Numbers(1, math.Inf(-1))}}}, "chart: line: series 1 (a) has -Inf as value 2, which is no number to draw"},
		{"line", Chart{Series: []Series{{"a", Numbers(-1e301)}}}, "chart: line: series 1 (a) has -1e+301 as value 1, which is too large to draw"},
		{"line", Chart{Series: make([]Series, 13)}, "chart: line: there are 13 series, and at most 12 can be told apart"},
		{"line", Chart{Series: []Series{{"a", make([]Value, maxValues+1)}}}, "chart: line: there are more than 1000000 values"},
		{"bar", Chart{Series: []Series{{"a", make([]Value, 10_000)}, {"b", make([]Value, 10_000)}}}, "chart: bar: 20000 bars do not fit into 600 pixels; a line chart takes any number"},
		{"line", Chart{Series: one, Width: 50}, "chart: line: size is 50 × 340, and not 100 to 4000 each"},
		{"line", Chart{Series: one, Height: -1}, "chart: line: size is 600 × -1, and not 100 to 4000 each"},
		{"line", Chart{Series: one, Scale: 5}, "chart: line: scale is 5, and not 1 to 4"},
		{"line", Chart{Series: one, Width: 4000, Height: 4000}, "chart: line: 4000 × 4000 at scale 2 are more than 16 million pixels"},
		{"line", Chart{Series: one, Colors: []string{"#fff"}}, `chart: line: color 1 is "#fff", and not as in #1f5fa8`},
		{"bar", Chart{Series: one, Arrangement: "piled"}, `chart: bar: arrangement is "piled", and not grouped or stacked`},
		{"bar", Chart{Series: one, Format: Format{Style: "roman"}}, `chart: bar: style is "roman", and not plain, percent or compact`},
		{"bar", Chart{Series: one, Format: Format{Decimals: 10}}, "chart: bar: decimals is 10, and not -1 to 9"},
		{"bar", Chart{Series: one, Format: Format{Separators: "1_000"}}, "chart: bar: separators are \"1_000\", and not 1,234.5, 1.234,5, 1 234,5, 1'234.5, 1234.5 or 1234,5"},
		{"line", Chart{Series: one, Height: 100, Title: "a"}, "chart: line: " + errTooLow.Error()},
		{"line", Chart{Series: one, Font: []byte("no font")}, "chart: line: reading the font: freetype: invalid TrueType format: TTF data is too short"},
		{"pie", Chart{Series: one}, "chart: pie: there are no labels to name the slices"},
		{"pie", Chart{Series: append(one, one...), Labels: []string{"a", "b"}}, "chart: pie: there are 2 series, and a pie has one"},
		{"pie", Chart{Series: []Series{{"", Numbers(1, -2)}}, Labels: []string{"a", "b"}}, "chart: pie: series 1 has -2 as value 2 (b), and no slice is less than nothing"},
		{"pie", Chart{Series: []Series{{"", Numbers(0, 0)}}, Labels: []string{"a", "b"}}, "chart: pie: the values add up to 0"},
		{"pie", Chart{Series: one, Labels: []string{"a", "b"}, Width: 150}, "chart: pie: there is no room left for names; make the chart wider"},
		{"pie", Chart{Series: one, Labels: []string{"a", "b"}, Height: 100, Title: "Sales"}, "chart: pie: " + errTooLow.Error()},
	} {
		if _, err := kinds[c.kind](c.chart); message(err) != c.want {
			t.Errorf("%s %v: %q, and not %q", c.kind, c.chart.Title, message(err), c.want)
		}
	}
}

// texts are labels that have to fit somehow.
var texts = map[string]func(int) string{
	"short":    func(i int) string { return fmt.Sprint(i) },
	"two":      func(i int) string { return fmt.Sprintf("Number %d", i*1000) },
	"long":     func(i int) string { return fmt.Sprintf("Mecklenburg-Vorpommern und Umgebung %d", i) },
	"unbroken": func(i int) string { return strings.Repeat("Donaudampfschiff", 4) },
	"empty":    func(int) string { return "" },
	"wide":     func(i int) string { return strings.Repeat("W", 300) },
	"script":   func(i int) string { return "Łódź Αθήνα Москва 東京 😀 \u202e\x00\xff\n" },
}

// TestNothingIsCut draws charts of all sorts and looks whether anything reaches the edge of the picture.
func TestNothingIsCut(t *testing.T) {
	if raceDetector {
		t.Skip("nothing in it runs at once")
	}
	for kind, with := range map[string]func(*canvas, Chart) error{"line": drawLines, "bar": drawBars, "pie": drawPie} {
		for name, text := range texts {
			for _, count := range []int{1, 2, 7, 16, 24, 400} {
				t.Run(fmt.Sprintf("%s/%s/%d", kind, name, count), func(t *testing.T) {
					c := Chart{Title: text(count), Scale: 1, Format: Format{Suffix: " " + text(1)}}
					if kind == "pie" {
						c.Format.Suffix = " km"
					}
					if kind == "bar" && count%2 == 0 {
						c.Arrangement = Stacked
					}
					for s := range min(12, count) {
						series := Series{Name: text(s)}
						for i := range count {
							number := math.Sin(float64(i+s+1)) * math.Pow10(s)
							if kind == "pie" {
								number = math.Abs(number)
							}
							series.Values = append(series.Values, Value{Number: number, Gap: i%5 == 4})
							if s == 0 {
								c.Labels = append(c.Labels, text(i))
							}
						}
						c.Series = append(c.Series, series)
						if kind == "pie" {
							break
						}
					}
					if kind == "bar" && c.Arrangement != Stacked && count > 16 {
						c.Series = c.Series[:1]
					}
					on, err := paint(kind, c.withDefaults(), with)
					if err == nil {
						clean(t, on.image)
					} else if !strings.Contains(err.Error(), errTooLow.Error()) {
						t.Fatal(err)
					}
				})
			}
		}
	}
}

// clean looks for anything but paper at the edges.
func clean(t *testing.T, picture image.Image) {
	t.Helper()
	b := picture.Bounds()
	for x := b.Min.X; x < b.Max.X; x++ {
		for y := b.Min.Y; y < b.Max.Y; y++ {
			if x > 1 && x < b.Max.X-2 && y > 1 && y < b.Max.Y-2 {
				continue
			}
			if r, g, b, _ := picture.At(x, y).RGBA(); r+g+b != 3*0xffff {
				t.Fatalf("something is drawn at %d, %d", x, y)
			}
		}
	}
}

// count returns how many pixels of columns of a picture have a colour.
func count(picture image.Image, from, to int, want color.Color) int {
	n := 0
	for x := from; x < to; x++ {
		for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
			if color.RGBAModel.Convert(picture.At(x, y)) == color.RGBAModel.Convert(want) {
				n++
			}
		}
	}
	return n
}

// TestGaps looks whether a gap interrupts a line, and leaves out a bar.
func TestGaps(t *testing.T) {
	values := Numbers(5, 5, 5, 5, 5, 5)
	blue := color.RGBA{0x1f, 0x5f, 0xa8, 255}
	for kind, draw := range map[string]func(Chart) (Picture, error){"line": Line, "bar": Bar} {
		p, err := draw(Chart{Series: []Series{{"", values}}, Scale: 1})
		if err != nil {
			t.Fatal(err)
		}
		gap := append([]Value(nil), values...)
		gap[2].Gap, gap[3].Gap = true, true
		q, err := draw(Chart{Series: []Series{{"", gap}}, Scale: 1})
		if err != nil {
			t.Fatal(err)
		}
		if with, without := count(decode(t, p), 260, 360, blue), count(decode(t, q), 260, 360, blue); with == 0 || without != 0 {
			t.Errorf("%s: %d pixels in the middle without a gap, and %d with one", kind, with, without)
		}
	}
}

// TestBarsStandOnZero looks where bars are, up and down, side by side and on top of each other.
func TestBarsStandOnZero(t *testing.T) {
	blue, orange := color.RGBA{0x1f, 0x5f, 0xa8, 255}, color.RGBA{0xf2, 0xa0, 0x3d, 255}
	series := []Series{{"", Numbers(10, -10)}, {"", Numbers(10, 10)}}
	for arrangement, want := range map[Arrangement][2]float64{Grouped: {1, 1}, Stacked: {1, 1}} {
		p, err := Bar(Chart{Series: series, Arrangement: arrangement, Scale: 1})
		if err != nil {
			t.Fatal(err)
		}
		picture := decode(t, p)
		// All bars have the same height, so the same area.
		b, o := count(picture, 0, 600, blue), count(picture, 0, 600, orange)
		if ratio := float64(b) / float64(o); math.Abs(ratio-want[0]) > 0.05 {
			t.Errorf("%s: %d blue pixels and %d orange ones", arrangement, b, o)
		}
		if b < 5000 {
			t.Errorf("%s: only %d blue pixels", arrangement, b)
		}
	}
}

// TestPieShares measures the slices.
func TestPieShares(t *testing.T) {
	p, err := Pie(Chart{
		Labels: []string{"a", "b", "none", "gap"}, Colors: []string{"#ff0000", "#00ff00"}, Scale: 2,
		Series: []Series{{"", []Value{{Number: 3}, {Number: 1}, {}, {Gap: true}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	picture := decode(t, p)
	a, b := count(picture, 0, 560, color.RGBA{255, 0, 0, 255}), count(picture, 0, 560, color.RGBA{0, 255, 0, 255})
	if share := float64(a) / float64(a+b); math.Abs(share-0.75) > 0.01 {
		t.Errorf("%d pixels and %d are a share of %.3f, and not 0.75", a, b, share)
	}
	c := Chart{Labels: strings.Split("abcdefghij", ""), Series: []Series{{"", Numbers(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)}}}
	cut := c.cutSlices(4)
	if got := fmt.Sprintf("%d %s %s %v", len(cut), cut[0].name, cut[3].name, cut[3].number); got != "4 j 7 others 28" {
		t.Error(got)
	}
}

// TestPicture looks at size, description, missing letters, and whether the same chart makes the same file.
func TestPicture(t *testing.T) {
	c := Chart{Title: "Sales in 東京\n2026", Labels: []string{"a", "b"}, Series: []Series{{"Tea", Numbers(1200, -3.5)}, {"", Numbers(0, 1)}}}
	p, err := Bar(c)
	if err != nil {
		t.Fatal(err)
	}
	if b := decode(t, p).Bounds(); b.Dx() != 1200 || b.Dy() != 680 || p.Width != 600 || p.Height != 340 {
		t.Error(b, p.Width, p.Height)
	}
	if p.Alt != "Bar chart: Sales in 東京 2026; Tea from −3.5 to 1,200; series 2 from 0 to 1" {
		t.Error(p.Alt)
	}
	if p.Missing != "東京" {
		t.Errorf("missing %q", p.Missing)
	}
	again, err := Bar(c)
	if err != nil || !bytes.Equal(p.PNG, again.PNG) {
		t.Error("the same chart made another file", err)
	}
}

// TestTogether draws in several goroutines, which share the fonts.
func TestTogether(t *testing.T) {
	c := Chart{Title: "Verkäufe", Labels: []string{"a", "b"}, Series: []Series{{"Tea", Numbers(1, 2)}}, Scale: 1}
	want, err := Line(c)
	if err != nil {
		t.Fatal(err)
	}
	var drawing sync.WaitGroup
	for range 4 {
		drawing.Go(func() {
			if got, err := Line(c); err != nil || !bytes.Equal(got.PNG, want.PNG) {
				t.Error("another picture", err)
			}
		})
	}
	drawing.Wait()
}

// TestManyPoints draws more points than there are pixels: what is drawn depends on the pixels.
func TestManyPoints(t *testing.T) {
	if raceDetector {
		t.Skip("nothing in it runs at once")
	}
	values := make([]Value, 1_000_000)
	labels := make([]string, len(values))
	for i := range values {
		values[i].Number = math.Sin(float64(i) / 20_000)
		labels[i] = fmt.Sprintf("Label %d", i)
	}
	values[500_123].Number = 3 // a peak must not get lost
	p, err := Line(Chart{Labels: labels, Series: []Series{{"", values}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.PNG) > 60_000 {
		t.Errorf("%d octets", len(p.PNG))
	}
	picture := decode(t, p)
	top := 0
	for x := 600; x < 680; x++ {
		for y := 30; y < 60; y++ {
			if color.RGBAModel.Convert(picture.At(x, y)) == (color.RGBA{0x1f, 0x5f, 0xa8, 255}) {
				top++
			}
		}
	}
	if top == 0 {
		t.Error("the peak is missing")
	}
	f := &frame{canvas: &canvas{scale: 2}, left: 50, slot: 500.0 / float64(len(values)), axis: newAxis(-1, 3, 200)}
	points := 0
	for i := 0; i < len(values); {
		next := f.column(values, i)
		points += len(f.thin(values, i, next))
		i = next
	}
	if points > 4*1002 {
		t.Errorf("%d points for 1000 columns", points)
	}
}

// TestExtremes draws numbers at the ends of what there is.
func TestExtremes(t *testing.T) {
	if raceDetector {
		t.Skip("nothing in it runs at once")
	}
	for _, numbers := range [][]float64{
		{0}, {0, 0}, {42}, {-42}, {1e300, -1e300}, {1e-300}, {5e-324, 0}, {1e15, 1e15 + 1}, {-1e15, -1e15 - 1}, {1e300, 1e300},
		{1, 1 + 1e-15}, {1e-7, 3e-7}, {-1e-7}, {0.1, 0.2, 0.3}, {99.999, 100.001}, {1e300, 1e-300},
	} {
		for _, arrangement := range []Arrangement{Grouped, Stacked} {
			c := Chart{Series: []Series{{"", Numbers(numbers...)}, {"", Numbers(numbers...)}}, Arrangement: arrangement, Scale: 1}
			for _, draw := range []func(Chart) (Picture, error){Line, Bar} {
				if p, err := draw(c); err != nil {
					t.Error(numbers, err)
				} else {
					clean(t, decode(t, p))
				}
			}
		}
	}
}

// TestAxis looks at the ticks.
func TestAxis(t *testing.T) {
	for _, c := range []struct {
		low, high, height float64
		want              string
	}{
		{0, 100, 220, "[0 20 40 60 80 100]"},
		{0, 97, 130, "[0 20 40 60 80 100]"},
		{0, 97, 50, "[0 50 100]"},
		{-800, 4500, 220, "[-1000 0 1000 2000 3000 4000 5000]"},
		{0, 1, 110, "[0 0.25 0.5 0.75 1]"},
		{0.98, 1, 110, "[0.98 0.985 0.99 0.995 1]"},
		{-7, -3, 110, "[-7 -6 -5 -4 -3]"},
		{42, 42, 60, "[0 25 50]"},
		{0, 0, 60, "[0 0.5 1]"},
	} {
		a := newAxis(c.low, c.high, c.height)
		var b strings.Builder
		for i, tick := range a.ticks {
			if i > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%.6g", tick)
		}
		if got := "[" + b.String() + "]"; got != c.want {
			t.Errorf("%v to %v in %v pixels: %s, and not %s", c.low, c.high, c.height, got, c.want)
		}
	}
}

// TestFormat writes numbers.
func TestFormat(t *testing.T) {
	for _, c := range []struct {
		format Format
		number float64
		want   string
	}{
		{Format{}, 0, "0"},
		{Format{}, 1234567, "1,234,567"},
		{Format{}, -1234.5, "−1,234.5"},
		{Format{}, 1.0 / 3, "0.33"},
		{Format{}, 0.00123, "0.0012"},
		{Format{}, 1e-9, "1.00e-09"},
		{Format{}, 1.5e18, "1.50e18"},
		{Format{}, 999, "999"},
		{Format{Decimals: 2}, 1234, "1,234.00"},
		{Format{Decimals: -1}, 1234.56, "1,235"},
		{Format{Decimals: -1}, -0.2, "0"},
		{Format{Separators: "1.234,5", Suffix: " €"}, 1234.56, "1.234,56 €"},
		{Format{Separators: "1 234,5"}, 1234567.8, "1\u00a0234\u00a0567,8"},
		{Format{Separators: "1'234.5"}, 1234.5, "1’234.5"},
		{Format{Separators: "1234.5"}, 1234.5, "1234.5"},
		{Format{Prefix: "$"}, -5, "−$5"},
		{Format{Style: Percent}, 0.25, "25%"},
		{Format{Style: Percent}, 0.333, "33%"},
		{Format{Style: Percent, Decimals: 1}, 0.333, "33.3%"},
		{Format{Style: Compact}, 12_500, "12.5k"},
		{Format{Style: Compact}, 3_200_000, "3.2M"},
		{Format{Style: Compact}, -4e9, "−4G"},
		{Format{Style: Compact}, 999, "999"},
	} {
		f := c.format.withDefaults()
		if got := f.write(c.number, decimalsOf(c.number)); got != c.want {
			t.Errorf("%+v of %v: %q, and not %q", c.format, c.number, got, c.want)
		}
	}
}

// TestPaletteDiffers looks whether neighbours in the palette differ on paper without colour.
func TestPaletteDiffers(t *testing.T) {
	if len(palette) != maxSeries {
		t.Errorf("%d colours for %d series", len(palette), maxSeries)
	}
	brightness := func(i int) float64 {
		c := palette[i]
		return (0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)) / 255
	}
	for i := range len(palette) - 1 {
		if d := math.Abs(brightness(i) - brightness(i+1)); d < 0.1 {
			t.Errorf("colours %d and %d differ by %.2f in brightness", i+1, i+2, d)
		}
	}
}
