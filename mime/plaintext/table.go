package plaintext

import (
	"strconv"
	"strings"
)

const (
	// maxColumns is how many columns a table of data may have. Wider ones are written
	// as a list of records.
	maxColumns = 24
	// maxLabel is how many columns of a heading a record repeats.
	maxLabel = 30
	// unlimited is the width of cells whose table is laid out later.
	unlimited = 1 << 30
	separator = "  "
)

// table is a table that is being read.
type table struct {
	data     bool // it has headings, and becomes columns
	captures bool // the cells of the row that is being read are set side by side
	rows     [][]cell
	row      []cell
}

// cell is one cell of a table of data, or of a row whose cells may stand side by side.
type cell struct {
	lines  []string
	header bool
	right  bool
	span   int
}

func (r *renderer) openTable(n *node) {
	r.space(2)
	r.flow.rows = none
	role := strings.ToLower(n.attribute("role"))
	data := n.header && n.plain && !n.outer && role != "presentation" && role != "none" && len(r.pages) < maxCaptured
	r.tables = append(r.tables, &table{data: data})
}

func (r *renderer) openRow(n *node) {
	t := r.tables[len(r.tables)-1]
	t.row = nil
	t.captures = t.data || (n.cells > 1 && len(r.pages) < maxCaptured)
}

func (r *renderer) openCell(n *node) {
	t := r.tables[len(r.tables)-1]
	if !t.captures {
		r.space(2)
		return
	}
	r.numberLink()
	span, err := strconv.Atoi(strings.TrimSpace(n.attribute("colspan")))
	if err != nil || span < 1 || span > maxColumns {
		span = 1
	}
	align := strings.ToLower(n.attribute("align") + n.attribute("style"))
	right := strings.HasPrefix(align, "right") || strings.Contains(strings.ReplaceAll(align, " ", ""), "text-align:right")
	t.row = append(t.row, cell{header: n.tag == "th", right: right, span: span})
	width := unlimited
	if !t.data {
		width = min(r.flow.room(), pageWidth)
	}
	r.flow.flush()
	r.pages = append(r.pages, r.flow)
	r.flow = &flow{width: width}
}

func (r *renderer) closeCell() {
	t := r.tables[len(r.tables)-1]
	r.space(0)
	if !t.captures {
		r.space(2)
		return
	}
	t.row[len(t.row)-1].lines = r.flow.lines
	r.flow = r.pages[len(r.pages)-1]
	r.pages = r.pages[:len(r.pages)-1]
}

func (r *renderer) closeRow() {
	t := r.tables[len(r.tables)-1]
	row := t.row
	t.row = nil
	switch {
	case t.data:
		if len(row) > 0 {
			t.rows = append(t.rows, row)
		}
	case t.captures:
		r.flow.sideBySide(row)
	}
	t.captures = false
}

func (r *renderer) closeTable() {
	t := r.tables[len(r.tables)-1]
	r.tables = r.tables[:len(r.tables)-1]
	r.space(2)
	if t.data {
		r.flow.table(t.rows)
	}
	r.space(2)
	r.flow.rows = none
}

// sideBySide writes a row of a layout table: on one line where its cells are short, as
// in receipts, or else one after the other.
func (f *flow) sideBySide(row []cell) {
	var parts []string
	single, used := true, 0
	for _, c := range row {
		if len(c.lines) == 0 {
			continue
		}
		single = single && len(c.lines) == 1
		parts = append(parts, c.lines[0])
		used += textColumns(c.lines[0]) + len(separator)
	}
	if len(parts) == 0 {
		return
	}
	if single && used-len(separator) <= f.room() {
		if f.rows == len(f.lines) && len(f.lines) > 0 && !f.rule {
			f.gap = 0
		} else {
			f.space(2)
		}
		f.line(strings.Join(parts, separator))
		f.rows = len(f.lines)
		f.space(2)
		return
	}
	for _, c := range row {
		if len(c.lines) == 0 {
			continue
		}
		f.space(2)
		for _, line := range c.lines {
			f.line(line)
		}
		f.space(2)
	}
}
