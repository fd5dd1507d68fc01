package main

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// table is rows of cells; the first holds the headings.
type table [][]string

// markdown aligns the cells, so that the table can be read as it is too.
func (t table) markdown() string {
	width := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for i, row := range t {
		b.WriteString("|")
		for j, cell := range row {
			b.WriteString(" " + cell + strings.Repeat(" ", width[j]-utf8.RuneCountInString(cell)) + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|")
			for _, w := range width {
				b.WriteString(strings.Repeat("-", w+2) + "|")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// number writes three digits or so; what was not measured is empty.
func number(f float64) string {
	switch {
	case math.IsNaN(f):
		return ""
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func times(ratio float64) string { return number(ratio) + "×" }
