package chart

import (
	"strconv"

	"github.com/go-analyze/charts/chartdraw/drawing"
)

// palette has colours that colour-blind eyes tell apart, and that differ in brightness on paper without colour, as far as
// neighbours go.
var palette = []drawing.Color{
	rgb(0x1f5fa8), // blue
	rgb(0xf2a03d), // orange
	rgb(0x2a8f6d), // green
	rgb(0xc8385a), // red
	rgb(0x86bce8), // light blue
	rgb(0x7a4fa3), // purple
	rgb(0xd9c21c), // yellow
	rgb(0x5a6472), // grey
	rgb(0x8fd0a8), // light green
	rgb(0x8c4a1f), // brown
	rgb(0xf0a6c0), // pink
	rgb(0x16365c), // dark blue
}

// The colours of everything else.
var (
	paper     = rgb(0xffffff)
	ink       = rgb(0x22272e) // titles and values
	fadedInk  = rgb(0x56606b) // labels of axes, 6:1 on paper
	gridColor = rgb(0xe4e8ec)
	axisColor = rgb(0x9aa4ae)
)

func rgb(v uint32) drawing.Color {
	return drawing.Color{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// parseColor reads #rrggbb.
func parseColor(text string) (drawing.Color, bool) {
	if len(text) != 7 || text[0] != '#' {
		return drawing.Color{}, false
	}
	v, err := strconv.ParseUint(text[1:], 16, 24)
	return rgb(uint32(v)), err == nil
}

// color returns that of a series or a slice.
func (c Chart) color(i int) drawing.Color {
	if i < len(c.Colors) {
		color, _ := parseColor(c.Colors[i])
		return color
	}
	return palette[i%len(palette)]
}
