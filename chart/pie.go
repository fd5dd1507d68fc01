package chart

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/go-analyze/charts/chartdraw/drawing"
)

// slice is one of a pie.
type slice struct {
	name   string
	number float64
	color  drawing.Color
}

// checkPie says what makes no pie.
func (c Chart) checkPie() error {
	if len(c.Series) != 1 {
		return fmt.Errorf("there are %d series, and a pie has one", len(c.Series))
	}
	if len(c.Labels) == 0 {
		return fmt.Errorf("there are no labels to name the slices")
	}
	sum := 0.0
	for i, v := range c.Series[0].Values {
		switch {
		case v.Gap:
		case v.Number < 0:
			return fmt.Errorf("%s has %v as value %d (%s), and no slice is less than nothing", c.name(0), v.Number, i+1, c.Labels[i])
		default:
			sum += v.Number
		}
	}
	if sum == 0 {
		return fmt.Errorf("the values add up to 0")
	}
	if sum > maxNumber {
		return fmt.Errorf("the values add up to %v, which is too large to draw", sum)
	}
	return nil
}

// The table beside a pie.
const rowHeight = 22.0

// drawPie draws the pie at the left and the table of its slices at the right.
func drawPie(on *canvas, c Chart) error {
	f := newFrame(on, c)
	if err := f.drawTitle(); err != nil {
		return err
	}
	height := f.bottom - f.top
	if height < 3*rowHeight {
		return errTooLow
	}
	cut := c.cutSlices(min(int(height/rowHeight), maxSeries))
	total := 0.0
	for _, s := range cut {
		total += s.number
	}
	diameter := min(height, (f.right-f.left)*0.44)
	middle := point{f.left + diameter/2 + 4, f.top + height/2}
	f.slices(middle, diameter/2-2, cut, total)
	return f.table(cut, total, middle.x+diameter/2+24, middle.y)
}

// cutSlices returns the slices, of which the smallest are one where there are more than so many.
func (c Chart) cutSlices(most int) []slice {
	var list []slice
	for i, v := range c.Series[0].Values {
		if !v.Gap && v.Number > 0 {
			list = append(list, slice{name: c.Labels[i], number: v.Number})
		}
	}
	if len(list) > most {
		bySize := slices.Clone(list)
		slices.SortStableFunc(bySize, func(a, b slice) int { return cmp.Compare(b.number, a.number) })
		kept := bySize[:most-1]
		others := slice{name: fmt.Sprintf("%d others", len(list)-len(kept))}
		for _, s := range bySize[most-1:] {
			others.number += s.number
		}
		list = append(slices.Clone(kept), others)
	}
	for i := range list {
		list[i].color = c.color(i)
	}
	return list
}

// slices draws the pie, clockwise from the top.
func (f *frame) slices(middle point, radius float64, list []slice, total float64) {
	turned := 0.0
	for _, s := range list {
		f.wedge(middle, radius, turned, turned+s.number/total, s.color)
		turned += s.number / total
	}
	if len(list) == 1 {
		return
	}
	turned = 0
	for _, s := range list {
		// Thin slices would vanish between their edges.
		if s.number/total > 0.004 {
			f.polyline([]point{middle, onCircle(middle, radius+2, turned)}, 1.2, paper, nil)
		}
		turned += s.number / total
	}
}

// table writes name, number and share of each slice.
func (f *frame) table(list []slice, total, from, middle float64) error {
	needs := 0
	for _, s := range list {
		needs = max(needs, decimalsOf(s.number))
	}
	if total >= 10_000 && f.chart.Format.Decimals == 0 {
		needs = 0
	}
	shares := Format{Style: Percent, Decimals: 1, Separators: f.chart.Format.Separators}
	widestNumber, widestShare := 0.0, 0.0
	numbers, parts := make([]string, len(list)), make([]string, len(list))
	for i, s := range list {
		numbers[i], parts[i] = f.chart.Format.write(s.number, needs), shares.write(s.number/total, 0)
		widestNumber = max(widestNumber, f.measure(numbers[i], f.text))
		widestShare = max(widestShare, f.measure(parts[i], f.faded))
	}
	widestName := 0.0
	for _, s := range list {
		widestName = max(widestName, f.measure(s.name, f.text))
	}
	space := f.right - from - swatch - 8 - widestNumber - widestShare - 32
	if space < 60 { // names and shares say more than numbers
		space += widestNumber + 16
		widestNumber = -16
		clear(numbers)
	}
	if space < 40 {
		return fmt.Errorf("there is no room left for names; make the chart wider")
	}
	name := from + swatch + 8
	number := name + min(widestName, space) + 16 + widestNumber
	share := number + 16 + widestShare
	y := middle - float64(len(list))*rowHeight/2
	for i, s := range list {
		f.rectangle(from, y+rowHeight/2-swatch/2, from+swatch, y+rowHeight/2+swatch/2, s.color)
		base := y + rowHeight/2 + 4
		for _, cell := range []struct {
			text string
			x    float64
			s    style
			a    anchor
		}{{f.cut(s.name, f.text, space), name, f.text, left}, {numbers[i], number, f.text, right}, {parts[i], share, f.faded, right}} {
			if err := f.write(cell.text, point{cell.x, base}, cell.s, cell.a, 0); err != nil {
				return err
			}
		}
		y += rowHeight
	}
	return nil
}
