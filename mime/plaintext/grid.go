package plaintext

import (
	"strings"
	"unicode"
)

// table writes a table of data: as columns where they fit, or else as records.
func (f *flow) table(rows [][]cell) {
	kept := rows[:0]
	for _, row := range rows {
		for _, c := range row {
			if len(c.lines) > 0 {
				kept = append(kept, row)
				break
			}
		}
	}
	rows = kept
	if len(rows) == 0 {
		return
	}
	widths, ok := columnWidths(rows, f.room())
	if !ok {
		f.records(rows)
		return
	}
	right := rightAligned(rows, len(widths))
	for i, row := range rows {
		f.columnsOf(row, widths, right)
		if i == 0 && isHeader(row) && len(rows) > 1 {
			line := make([]string, len(widths))
			for j, w := range widths {
				line[j] = strings.Repeat("-", w)
			}
			f.line(strings.Join(line, separator))
		}
	}
}

func isHeader(row []cell) bool {
	for _, c := range row {
		if !c.header {
			return false
		}
	}
	return true
}

// columnWidths returns how wide each column is, after the widest have been narrowed as
// far as their words allow. ok is false where the columns do not fit.
func columnWidths(rows [][]cell, room int) (widths []int, ok bool) {
	var least []int
	for _, row := range rows {
		column := 0
		for _, c := range row {
			for len(widths) < column+c.span {
				if len(widths) == maxColumns {
					return nil, false
				}
				widths, least = append(widths, 1), append(least, 1)
			}
			if c.span == 1 {
				for _, line := range c.lines {
					widths[column] = max(widths[column], textColumns(line))
					for word := range strings.FieldsSeq(line) {
						least[column] = max(least[column], textColumns(word))
					}
				}
			}
			column += c.span
		}
	}
	room -= len(separator) * (len(widths) - 1)
	total := 0
	for _, w := range widths {
		total += w
	}
	for total > room {
		// The widest column that can be narrowed is, down to the next one or to fit.
		widest, second := none, 0
		for i, w := range widths {
			if w > least[i] && (widest == none || w > widths[widest]) {
				widest = i
			}
		}
		if widest == none {
			return nil, false
		}
		for i, w := range widths {
			if i != widest && w < widths[widest] {
				second = max(second, w)
			}
		}
		narrowed := max(least[widest], min(second, widths[widest]-1), widths[widest]-(total-room))
		total -= widths[widest] - narrowed
		widths[widest] = narrowed
	}
	return widths, true
}

// rightAligned says which columns hold numbers only, below their headings, or ask for it.
func rightAligned(rows [][]cell, columns int) []bool {
	right, any := make([]bool, columns), make([]bool, columns)
	for i := range right {
		right[i] = true
	}
	for i, row := range rows {
		if i == 0 && isHeader(row) {
			continue
		}
		column := 0
		for _, c := range row {
			if c.span == 1 && len(c.lines) > 0 {
				any[column] = true
				right[column] = right[column] && (c.right || isNumber(c.lines))
			}
			column += c.span
		}
	}
	for i := range right {
		right[i] = right[i] && any[i]
	}
	return right
}

// isNumber reports whether a cell is an amount: a digit, and nothing that is no part of
// one.
func isNumber(lines []string) bool {
	digit := false
	for _, r := range strings.Join(lines, "") {
		switch {
		case unicode.IsDigit(r):
			digit = true
		case strings.ContainsRune(" .,'+-−%", r), unicode.Is(unicode.Sc, r):
		default:
			return false
		}
	}
	return digit
}

// columnsOf writes one row, in as many lines as its longest cell has.
func (f *flow) columnsOf(row []cell, widths []int, right []bool) {
	type column struct {
		lines []string
		width int
		right bool
	}
	columns := make([]column, 0, len(row))
	height, at := 0, 0
	for _, c := range row {
		width := len(separator) * (c.span - 1)
		for _, w := range widths[at : at+c.span] {
			width += w
		}
		lines := c.lines
		for _, line := range lines {
			if textColumns(line) > width {
				lines = refilled(lines, width)
				break
			}
		}
		columns = append(columns, column{lines, width, right[at] && c.span == 1})
		height, at = max(height, len(lines)), at+c.span
	}
	for i := range height {
		var line strings.Builder
		for j, c := range columns {
			text := ""
			if i < len(c.lines) {
				text = c.lines[i]
			}
			padding := strings.Repeat(" ", max(0, c.width-textColumns(text)))
			if j > 0 {
				line.WriteString(separator)
			}
			if c.right {
				line.WriteString(padding + text)
			} else {
				line.WriteString(text + padding)
			}
		}
		f.line(line.String())
	}
}

// refilled breaks lines that are wider than their column.
func refilled(lines []string, width int) []string {
	f := flow{width: width}
	for _, line := range lines {
		f.write(line)
		f.breakLine()
	}
	f.flush()
	return f.lines
}

// records writes a row after the other, each cell on a line behind its heading.
func (f *flow) records(rows [][]cell) {
	var labels []string
	if isHeader(rows[0]) && len(rows) > 1 {
		for _, c := range rows[0] {
			labels = append(labels, label(strings.Join(c.lines, " ")))
			for range c.span - 1 {
				labels = append(labels, "")
			}
		}
		rows = rows[1:]
	}
	for _, row := range rows {
		f.space(2)
		column := 0
		for _, c := range row {
			if len(c.lines) > 0 {
				if column < len(labels) && labels[column] != "" {
					f.write(labels[column] + " ")
				}
				for _, line := range c.lines {
					f.write(line)
					f.breakLine()
				}
				f.space(1)
			}
			column += c.span
		}
	}
}

// label cuts a heading, so that many records do not repeat a long one.
func label(heading string) string {
	if heading == "" {
		return ""
	}
	used := 0
	for i, r := range heading {
		if used += columns(r); used > maxLabel {
			return heading[:i] + "…:"
		}
	}
	return heading + ":"
}
