package chart

import (
	"math"
	"strings"
	"unicode/utf8"
)

// horizontal are the labels below the plot.
type horizontal struct {
	lines   [][]string // of each label that is drawn, its lines
	style   style
	every   int // only each of so many is drawn
	slanted bool
	height  float64
}

// horizontal finds a way to write all labels: in one line, in up to three, slanted; and where there are too many, only some. The
// plot's left edge is not known yet, so it is taken to be where it mostly is.
func (f *frame) horizontal(spreads bool) horizontal {
	n := len(f.chart.Labels)
	if n == 0 {
		return horizontal{height: 4}
	}
	slot := (f.right - f.left - 50) / float64(n)
	small := f.faded
	small.size = smallSize
	widest := f.widest(f.faded)
	if widest+8 <= slot {
		return f.labels(f.faded, 1, lineHeight+4, f.whole)
	}
	for _, s := range []style{f.faded, small} {
		if lines := f.wrapped(s, slot-4); lines > 0 {
			return f.labels(s, 1, float64(lines)*lineHeight+4, func(text string) []string { return f.wrap(text, s, slot-4, 3) })
		}
	}
	// Where every bar has a name of its own, it is written if there is room to slant it.
	if slot >= lineHeight-2 && (spreads || n <= 16) {
		h := f.labels(f.faded, 1, min(widest, slantedWidth)*math.Sqrt2/2+lineHeight, f.whole)
		h.slanted = true
		return h
	}
	limit := (f.right - f.left) / 4
	every := max(1, int(math.Ceil((min(widest, limit)+14)/slot)))
	return f.labels(f.faded, every, lineHeight+4, func(text string) []string { return []string{f.cut(text, f.faded, limit)} })
}

// whole takes a label as it is.
func (f *frame) whole(text string) []string { return []string{text} }

// widest returns the width of the widest label. Of very many, which take long to measure, the longest and a sample say it.
func (f *frame) widest(s style) float64 {
	n, longest, widest := len(f.chart.Labels), 0, 0.0
	for i, label := range f.chart.Labels {
		if i%(1+n/100) == 0 {
			widest = max(widest, f.measure(label, s))
		}
		if utf8.RuneCountInString(label) > utf8.RuneCountInString(f.chart.Labels[longest]) {
			longest = i
		}
	}
	return max(widest, f.measure(f.chart.Labels[longest], s))
}

// wrapped returns into how many lines labels can be broken so that they fit, or 0.
func (f *frame) wrapped(s style, width float64) int {
	if width < 30 || len(f.chart.Labels) > 30 {
		return 0
	}
	most := 0
	for _, label := range f.chart.Labels {
		lines := f.wrap(label, s, width, 3)
		if len(lines) == 0 {
			continue
		}
		if strings.HasSuffix(lines[len(lines)-1], "…") && !strings.HasSuffix(label, "…") {
			return 0
		}
		most = max(most, len(lines))
	}
	return most
}

func (f *frame) labels(s style, every int, height float64, lines func(string) []string) horizontal {
	h := horizontal{style: s, every: every, height: height}
	for i := 0; i < len(f.chart.Labels); i += every {
		h.lines = append(h.lines, lines(f.chart.Labels[i]))
	}
	return h
}

// draw writes the labels below the plot.
func (h horizontal) draw(f *frame) error {
	free := 0.0 // where the last label ended
	for i, lines := range h.lines {
		x := f.at(i * h.every)
		if h.slanted {
			room := min(slantedWidth, (x-margin/2)*math.Sqrt2)
			if err := f.write(f.cut(lines[0], h.style, room), point{x + 4, f.bottom + 14}, h.style, right, -math.Pi/4); err != nil {
				return err
			}
			continue
		}
		for j, line := range lines {
			width := f.measure(line, h.style)
			// Labels at the ends are moved in where they would leave the picture, unless another is there.
			middle := min(max(x, margin/2+width/2), f.width-margin/2-width/2)
			if h.every > 1 && i > 0 && middle-width/2 < free+6 {
				continue
			}
			free = middle + width/2
			if err := f.write(line, point{middle, f.bottom + lineHeight + float64(j)*(h.style.size+4)}, h.style, center, 0); err != nil {
				return err
			}
		}
	}
	return nil
}
