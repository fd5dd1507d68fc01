package chart

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// encode writes a picture with 256 colours at most: what is drawn has few, and the shades between them at the edges are more
// than eyes see. That halves what mail has to carry.
func encode(picture *image.RGBA) ([]byte, error) {
	var file bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&file, reduce(picture)); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// reduce replaces colours that are rare by those near them.
func reduce(picture *image.RGBA) *image.Paletted {
	counts := map[[3]uint8]int{}
	var last [3]uint8 // neighbours are mostly the same, and maps are slow
	run := 0
	each(picture, func(_ int, c [3]uint8) {
		if c != last {
			counts[last] += run
			last, run = c, 0
		}
		run++
	})
	counts[last] += run
	colors := make([][3]uint8, 0, len(counts))
	for c := range counts {
		colors = append(colors, c)
	}
	slices.SortFunc(colors, func(a, b [3]uint8) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), slices.Compare(a[:], b[:]))
	})
	chosen, places := choose(colors)
	reduced := image.NewPaletted(picture.Rect, chosen)
	last, place := colors[0], uint8(0)
	each(picture, func(i int, c [3]uint8) {
		if c != last {
			last, place = c, places[c]
		}
		reduced.Pix[i] = place
	})
	return reduced
}

// each calls a function for every pixel.
func each(picture *image.RGBA, do func(i int, c [3]uint8)) {
	for i := 0; i+3 < len(picture.Pix); i += 4 {
		do(i/4, [3]uint8(picture.Pix[i:i+3]))
	}
}

// choose returns a palette for colours, of which the frequent come first, and the place of each in it. The most frequent are
// kept as they are; of the others those that are far from all that were taken.
func choose(colors [][3]uint8) (color.Palette, map[[3]uint8]uint8) {
	const exact, all, near = 48, 256, 3 * 10 * 10
	var taken [][3]uint8
	places := make(map[[3]uint8]uint8, len(colors))
	for _, c := range colors {
		place, distance := nearest(taken, c)
		if len(taken) < exact || len(taken) < all && distance > near {
			place = len(taken)
			taken = append(taken, c)
		}
		places[c] = uint8(place)
	}
	palette := make(color.Palette, len(taken))
	for i, c := range taken {
		palette[i] = color.RGBA{R: c[0], G: c[1], B: c[2], A: 255}
	}
	return palette, places
}

// nearest returns the place of the colour nearest to another, and the square of their distance.
func nearest(list [][3]uint8, c [3]uint8) (place, distance int) {
	distance = 1 << 30
	for i, other := range list {
		r, g, b := int(c[0])-int(other[0]), int(c[1])-int(other[1]), int(c[2])-int(other[2])
		if d := r*r + g*g + b*b; d < distance {
			place, distance = i, d
		}
	}
	return place, distance
}
