package chart

import "math"

// dashes tell lines apart where colours do not, from the seventh on.
func dashes(series int) []float64 {
	if series < 6 {
		return nil
	}
	return []float64{6, 5}
}

// drawLines draws a line for each series.
func drawLines(on *canvas, c Chart) error {
	f := newFrame(on, c)
	if err := f.drawTitle(); err != nil {
		return err
	}
	if err := f.drawLegend(func(at point, i int) {
		f.polyline([]point{{at.x - 1, at.y}, {at.x + swatch + 1, at.y}}, 3, c.color(i), nil)
	}); err != nil {
		return err
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range c.Series {
		l, h := extent(s.Values)
		low, high = min(low, l), max(high, h)
	}
	// Zero is shown unless it would flatten the line.
	switch {
	case low > 0 && low <= 0.6*high:
		low = 0
	case high < 0 && high >= 0.6*low:
		high = 0
	}
	if err := f.drawAxes(low, high, false); err != nil {
		return err
	}
	for i := len(c.Series) - 1; i >= 0; i-- { // the first is on top
		f.line(i)
	}
	return nil
}

// line draws a series, with a break at each gap and a dot at each point where there are few.
func (f *frame) line(series int) {
	values, color := f.chart.Series[series].Values, f.chart.color(series)
	dots := f.slot >= 14
	var run []point
	end := func() {
		switch {
		case len(run) == 1:
			f.dot(run[0], 3, color)
		case len(run) > 1:
			f.polyline(run, 2, color, dashes(series))
		}
		run = run[:0]
	}
	for i := 0; i < len(values); {
		if values[i].Gap {
			end()
			i++
			continue
		}
		if dots {
			f.dot(point{f.at(i), f.axis.position(values[i].Number)}, 3, color)
		}
		next := f.column(values, i)
		run = append(run, f.thin(values, i, next)...)
		i = next
	}
	end()
}

// column returns where the points end that are drawn in the same column of the picture, or the gap before.
func (f *frame) column(values []Value, from int) int {
	column, next := f.snap(f.at(from)), from+1
	for next < len(values) && !values[next].Gap && f.snap(f.at(next)) == column {
		next++
	}
	return next
}

// thin returns the points of a column that show: the first, the lowest, the highest and the last.
func (f *frame) thin(values []Value, from, to int) []point {
	lowest, highest := from, from
	for i := from; i < to; i++ {
		if values[i].Number < values[lowest].Number {
			lowest = i
		}
		if values[i].Number > values[highest].Number {
			highest = i
		}
	}
	keep := []int{from, min(lowest, highest), max(lowest, highest), to - 1}
	var points []point
	for i, k := range keep {
		if i == 0 || k != keep[i-1] {
			points = append(points, point{f.at(k), f.axis.position(values[k].Number)})
		}
	}
	return points
}
