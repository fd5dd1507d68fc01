package chart

import (
	"fmt"
	"math"
)

// drawBars draws bars, side by side or on top of each other.
func drawBars(on *canvas, c Chart) error {
	lanes := len(c.Series)
	if c.Arrangement == Stacked {
		lanes = 1
	}
	if n := len(c.Series[0].Values); n*lanes*10 > c.Width*c.Scale*8 { // each has a pixel of the picture, beside the axis
		return fmt.Errorf("%d bars do not fit into %d pixels; a line chart takes any number", n*lanes, c.Width)
	}
	f := newFrame(on, c)
	if err := f.drawTitle(); err != nil {
		return err
	}
	if err := f.drawLegend(func(at point, i int) {
		f.rectangle(at.x, at.y-swatch/2, at.x+swatch, at.y+swatch/2, c.color(i))
	}); err != nil {
		return err
	}
	numbers := len(c.Series) == 1 && len(c.Series[0].Values) <= 24
	if numbers {
		f.top += 10 // for the number on the highest bar
	}
	low, high := c.heights()
	if err := f.drawAxes(low, high, true); err != nil {
		return err
	}
	group := f.slot * 0.72
	if f.slot < 4 {
		group = f.slot * 0.9
	}
	group = min(group, 90*float64(lanes))
	for i := range c.Series[0].Values {
		start := f.at(i) - group/2
		if c.Arrangement == Stacked {
			f.stack(i, start, start+group)
		} else {
			f.group(i, start, group/float64(lanes))
		}
	}
	if f.axis.low < 0 {
		f.rule(f.left, f.right, f.axis.position(0), axisColor)
	}
	if numbers {
		return f.numbers()
	}
	return nil
}

// heights returns how far down and up bars reach, with zero between them.
func (c Chart) heights() (low, high float64) {
	for i := range c.Series[0].Values {
		down, up := 0.0, 0.0
		for _, s := range c.Series {
			v := s.Values[i]
			switch {
			case v.Gap:
			case c.Arrangement == Grouped:
				down, up = min(down, v.Number), max(up, v.Number)
			default:
				down, up = down+min(v.Number, 0), up+max(v.Number, 0)
			}
		}
		low, high = min(low, down), max(high, up)
	}
	return low, high
}

// group draws the bars of one label side by side.
func (f *frame) group(i int, start, width float64) {
	gap := 0.0
	if width >= 8 {
		gap = 1
	}
	for j, s := range f.chart.Series {
		if v := s.Values[i]; !v.Gap {
			x := start + float64(j)*width
			f.bar(x+gap/2, x+width-gap/2, 0, v.Number, j)
		}
	}
}

// stack draws the bars of one label on top of each other, negative ones downwards.
func (f *frame) stack(i int, from, to float64) {
	down, up := 0.0, 0.0
	for j, s := range f.chart.Series {
		v := s.Values[i]
		switch {
		case v.Gap:
		case v.Number < 0:
			f.bar(from, to, down, down+v.Number, j)
			down += v.Number
		default:
			f.bar(from, to, up, up+v.Number, j)
			up += v.Number
		}
	}
}

// bar fills a bar between two numbers; nothing shows of one without height.
func (f *frame) bar(x0, x1, from, to float64, series int) {
	if from != to {
		f.rectangle(x0, f.axis.position(from), x1, f.axis.position(to), f.chart.color(series))
	}
}

// numbers writes each bar's number at its end, if all of them fit.
func (f *frame) numbers() error {
	values := f.chart.Series[0].Values
	texts := make([]string, len(values))
	for i, v := range values {
		if v.Gap {
			continue
		}
		needs := decimalsOf(v.Number)
		if math.Abs(v.Number) >= 1000 {
			needs = 0 // cents do not matter beside thousands
		}
		texts[i] = f.chart.Format.write(v.Number, needs)
		if f.measure(texts[i], f.text) > f.slot-2 {
			return nil
		}
	}
	for i, v := range values {
		y := f.axis.position(v.Number) - 5
		if v.Number < 0 {
			y = f.axis.position(v.Number) + 14
		}
		if y > f.bottom+2 { // below the plot are the labels
			y = f.axis.position(v.Number) - 5
		}
		if err := f.write(texts[i], point{f.at(i), y}, f.text, center, 0); err != nil {
			return err
		}
	}
	return nil
}
