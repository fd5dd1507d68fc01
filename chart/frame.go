package chart

import (
	"math"

	"github.com/go-analyze/charts/chartdraw/drawing"
)

// Sizes in pixels of the page.
const (
	margin       = 12.0
	titleSize    = 16.0
	textSize     = 12.0
	lineHeight   = 17.0 // of text
	titleHeight  = 22.0
	swatch       = 10.0
	legendGap    = 18.0 // between entries
	tickGap      = 8.0  // between labels of the vertical axis and the plot
	slantedWidth = 110.0
	smallSize    = 10.5 // of labels that would not fit otherwise
)

// frame is what surrounds lines and bars: title, legend, axes. The rest is the plot.
type frame struct {
	*canvas
	chart                    Chart
	text, faded, title       style
	left, top, right, bottom float64 // of the plot
	axis                     axis
	slot                     float64 // width of one point
}

func newFrame(on *canvas, c Chart) *frame {
	return &frame{
		canvas: on, chart: c,
		text:  style{on.regular, textSize, ink},
		faded: style{on.regular, textSize, fadedInk},
		title: style{on.bold, titleSize, ink},
		left:  margin, top: margin, right: on.width - margin, bottom: on.height - margin,
	}
}

// drawTitle draws the title and moves the top below it.
func (f *frame) drawTitle() error {
	if f.chart.Title == "" {
		return nil
	}
	for _, line := range f.wrap(f.chart.Title, f.title, f.right-f.left, 2) {
		if err := f.write(line, point{f.left, f.top + titleSize}, f.title, left, 0); err != nil {
			return err
		}
		f.top += titleHeight
	}
	f.top += 4
	return nil
}

// drawLegend names the series, where there is something to tell apart. The sample of a colour is drawn by the chart.
func (f *frame) drawLegend(sample func(at point, series int)) error {
	named := false
	for _, s := range f.chart.Series {
		named = named || s.Name != ""
	}
	if !named || len(f.chart.Series) == 1 && f.chart.Series[0].Name == f.chart.Title {
		return nil
	}
	x := f.left
	for i, s := range f.chart.Series {
		if s.Name == "" {
			continue
		}
		name := f.cut(s.Name, f.text, (f.right-f.left)*0.6)
		width := swatch + 6 + f.measure(name, f.text)
		if x > f.left && x+width > f.right {
			x = f.left
			f.top += lineHeight
		}
		sample(point{x, f.top + lineHeight/2}, i)
		if err := f.write(name, point{x + swatch + 6, f.top + 13}, f.text, left, 0); err != nil {
			return err
		}
		x += width + legendGap
	}
	f.top += lineHeight + 6
	return nil
}

// drawAxes draws both axes for values between two numbers and leaves the plot between them.
func (f *frame) drawAxes(low, high float64, spreads bool) error {
	f.top += 8 // half a label of the vertical axis stands above the plot, and the numbers on bars
	labels := f.horizontal(spreads)
	f.bottom -= labels.height
	if f.bottom-f.top < 40 {
		return errTooLow
	}
	f.axis = newAxis(low, high, f.bottom-f.top)
	f.axis.top, f.axis.bottom = f.top, f.bottom
	needs := f.axis.decimals()
	widest := 0.0
	ticks := make([]string, len(f.axis.ticks))
	for i, tick := range f.axis.ticks {
		ticks[i] = f.cut(f.chart.Format.write(tick, needs), f.faded, f.width/3)
		widest = max(widest, f.measure(ticks[i], f.faded))
	}
	f.left += math.Ceil(widest) + tickGap
	for i, tick := range f.axis.ticks {
		y := f.axis.position(tick)
		color := gridColor
		if tick == 0 {
			color = axisColor
		}
		f.rule(f.left, f.right, y, color)
		if err := f.write(ticks[i], point{f.left - tickGap, y + 4}, f.faded, right, 0); err != nil {
			return err
		}
	}
	f.slot = (f.right - f.left) / float64(len(f.chart.Series[0].Values))
	return labels.draw(f)
}

// rule draws a thin horizontal line.
func (f *frame) rule(from, to, y float64, color drawing.Color) {
	thickness := math.Max(1, f.scale/2) / f.scale
	y = f.snap(y-thickness/2) / f.scale
	f.rectangle(from, y, to, y+thickness, color)
}

// at returns the middle of a point on the horizontal axis.
func (f *frame) at(i int) float64 { return f.left + (float64(i)+0.5)*f.slot }
