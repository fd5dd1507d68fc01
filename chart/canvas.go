package chart

import (
	"fmt"
	"image"
	"math"
	"strings"

	"github.com/golang/freetype/truetype"

	"github.com/go-analyze/charts/chartdraw/drawing"
)

// canvas draws in pixels of the page, from the upper left corner.
type canvas struct {
	image         *image.RGBA
	context       *drawing.RasterGraphicContext
	scale         float64
	width, height float64
	regular, bold *truetype.Font
	// unknown are the characters without a glyph, in the order in which they came; known are those seen to have one.
	unknown []rune
	known   map[rune]bool
}

type point struct{ x, y float64 }

// anchor says which point of a text is placed.
type anchor float64

// The anchors, as a part of the width to the left of the point.
const (
	left   anchor = 0
	center anchor = 0.5
	right  anchor = 1
)

func newCanvas(c Chart) (*canvas, error) {
	regular, bold := drawing.GetFont("notosans"), drawing.GetFont("notosans-bold")
	if c.Font != nil {
		font, err := truetype.Parse(c.Font)
		if err != nil {
			return nil, fmt.Errorf("reading the font: %w", err)
		}
		regular, bold = font, font
	}
	picture := image.NewRGBA(image.Rect(0, 0, c.Width*c.Scale, c.Height*c.Scale))
	for i := range picture.Pix {
		picture.Pix[i] = 0xff
	}
	context := drawing.NewRasterGraphicContext(picture)
	context.SetDPI(72 * float64(c.Scale)) // a point is a pixel of the page
	return &canvas{
		image: picture, context: context, scale: float64(c.Scale), width: float64(c.Width), height: float64(c.Height),
		regular: regular, bold: bold, known: map[rune]bool{},
	}, nil
}

// snap returns the pixel of the picture nearest to a position, so that edges are sharp.
func (c *canvas) snap(v float64) float64 { return math.Round(v * c.scale) }

// rectangle fills one. It is at least a pixel of the picture wide and high.
func (c *canvas) rectangle(x0, y0, x1, y1 float64, color drawing.Color) {
	l, t, r, b := c.snap(min(x0, x1)), c.snap(min(y0, y1)), c.snap(max(x0, x1)), c.snap(max(y0, y1))
	c.context.SetFillColor(color)
	c.context.FillRect(int(l), int(t), int(max(r, l+1)), int(max(b, t+1)))
}

// polyline strokes a line through points.
func (c *canvas) polyline(points []point, width float64, color drawing.Color, dash []float64) {
	scaled := make([]float64, len(dash))
	for i, length := range dash {
		scaled[i] = length * c.scale
	}
	c.context.SetStrokeColor(color)
	c.context.SetLineWidth(width * c.scale)
	c.context.SetLineDash(scaled, 0)
	for i, p := range points {
		if i == 0 {
			c.context.MoveTo(p.x*c.scale, p.y*c.scale)
		} else {
			c.context.LineTo(p.x*c.scale, p.y*c.scale)
		}
	}
	c.context.Stroke()
}

// dot fills a circle.
func (c *canvas) dot(at point, radius float64, color drawing.Color) {
	c.context.SetFillColor(color)
	c.context.MoveTo((at.x+radius)*c.scale, at.y*c.scale)
	c.context.ArcTo(at.x*c.scale, at.y*c.scale, radius*c.scale, radius*c.scale, 0, 2*math.Pi)
	c.context.Close()
	c.context.Fill()
}

// wedge fills a slice of a circle; angles are in turns, clockwise from the top.
func (c *canvas) wedge(at point, radius, from, to float64, color drawing.Color) {
	start := (from - 0.25) * 2 * math.Pi
	c.context.SetFillColor(color)
	c.context.MoveTo(at.x*c.scale, at.y*c.scale)
	c.context.LineTo((at.x+radius*math.Cos(start))*c.scale, (at.y+radius*math.Sin(start))*c.scale)
	c.context.ArcTo(at.x*c.scale, at.y*c.scale, radius*c.scale, radius*c.scale, start, (to-from)*2*math.Pi)
	c.context.Close()
	c.context.Fill()
}

// onCircle returns the point at an angle in turns, clockwise from the top.
func onCircle(middle point, radius, turns float64) point {
	sin, cos := math.Sincos((turns - 0.25) * 2 * math.Pi)
	return point{middle.x + radius*cos, middle.y + radius*sin}
}

// style is how text looks.
type style struct {
	font  *truetype.Font
	size  float64 // pixels of the page
	color drawing.Color
}

func (c *canvas) use(s style) {
	c.context.SetFont(s.font)
	c.context.SetFontSize(s.size)
	c.context.SetFillColor(s.color)
}

// measure returns how wide a text is.
func (c *canvas) measure(text string, s style) float64 {
	c.use(s)
	_, _, right, _, err := c.context.GetStringBounds(text)
	if err != nil {
		return 0 // an outline of the font that cannot be read; writing it says so
	}
	return right / c.scale
}

// write draws a text with its anchor at a point of the line on which letters stand, turned by an angle in radians.
func (c *canvas) write(text string, at point, s style, a anchor, turned float64) error {
	if text == "" {
		return nil
	}
	for _, r := range text {
		c.look(r, s.font)
	}
	width := c.measure(text, s) * c.scale
	c.use(s)
	before := c.context.GetMatrixTransform()
	c.context.Translate(at.x*c.scale, at.y*c.scale)
	c.context.Rotate(turned)
	_, err := c.context.CreateStringPath(text, -width*float64(a), 0)
	c.context.Fill()
	c.context.SetMatrixTransform(before)
	if err != nil {
		return fmt.Errorf("writing %q: %w", text, err)
	}
	return nil
}

// look notes whether any font has a character.
func (c *canvas) look(r rune, font *truetype.Font) {
	if _, seen := c.known[r]; seen {
		return
	}
	has := font.Index(r) != 0
	for _, name := range drawing.FallbackFonts {
		if has {
			break
		}
		has = drawing.GetFont(name).Index(r) != 0
	}
	c.known[r] = has
	if !has {
		c.unknown = append(c.unknown, r)
	}
}

// missing returns the characters that no font had.
func (c *canvas) missing() string { return string(c.unknown) }

// cut shortens a text to a width; what was cut off shows as an ellipsis.
func (c *canvas) cut(text string, s style, width float64) string {
	if c.measure(text, s) <= width {
		return text
	}
	letters := []rune(text)
	low, high := 0, len(letters) // the longest that fits is found by halving: measuring is slow
	for low < high {
		middle := (low + high + 1) / 2
		if c.measure(string(letters[:middle])+"…", s) <= width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return strings.TrimRight(string(letters[:low]), " -") + "…"
}

// wrap breaks a text into lines of a width, and cuts the last one if there would be more than so many.
func (c *canvas) wrap(text string, s style, width float64, most int) []string {
	var lines []string
	rest := text
	for rest != "" {
		if len(lines) == most-1 || c.measure(rest, s) <= width {
			return append(lines, c.cut(rest, s, width))
		}
		end := c.breakAt(rest, s, width)
		if end == 0 {
			return append(lines, c.cut(rest, s, width))
		}
		lines = append(lines, strings.TrimSpace(rest[:end]))
		rest = strings.TrimSpace(rest[end:])
	}
	return lines
}

// breakAt returns the octet at which the longest line ends that fits, behind a space or a hyphen; 0 if there is none.
func (c *canvas) breakAt(text string, s style, width float64) int {
	end := 0
	for i, r := range text {
		if r != ' ' && r != '-' && r != '/' {
			continue
		}
		if c.measure(strings.TrimSpace(text[:i+1]), s) > width {
			break
		}
		end = i + 1
	}
	return end
}
