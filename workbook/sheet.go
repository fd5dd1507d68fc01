package workbook

import (
	"context"
	"fmt"
	"iter"
	"math"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// addSheet writes a sheet into the file.
func addSheet(ctx context.Context, file *excelize.File, index int, sheet Sheet) error {
	if index == 0 {
		if err := file.SetSheetName("Sheet1", sheet.Name); err != nil { // the one a new file has
			return fmt.Errorf("naming it: %w", err)
		}
	} else if _, err := file.NewSheet(sheet.Name); err != nil {
		return fmt.Errorf("adding it: %w", err)
	}
	to, err := file.NewStreamWriter(sheet.Name)
	if err != nil {
		return fmt.Errorf("beginning it: %w", err)
	}
	styles, header, err := newStyles(file, sheet.Columns)
	if err != nil {
		return err
	}
	next, stop := pull(sheet.Rows)
	defer stop()
	t := table{ctx: ctx, sheet: sheet, to: to, styles: styles, cells: make([]any, len(sheet.Columns))}
	// Widths must be written before rows, so the first rows are kept until they are known.
	var sample [][]cell
	for len(sample) < sampleRows {
		row, ok, err := t.read(next)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		sample = append(sample, row)
	}
	if err := t.begin(sample, header); err != nil {
		return err
	}
	for _, row := range sample {
		if err := t.write(row); err != nil {
			return err
		}
	}
	for len(sample) == sampleRows {
		row, ok, err := t.read(next)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := t.write(row); err != nil {
			return err
		}
	}
	if err := to.Flush(); err != nil {
		return fmt.Errorf("ending it: %w", err)
	}
	return nil
}

func pull(rows iter.Seq2[[]any, error]) (next func() ([]any, error, bool), stop func()) {
	if rows == nil {
		rows = func(func([]any, error) bool) {}
	}
	return iter.Pull2(rows)
}

// table is a sheet that is being written. Rows count as people see them: the header is row 1.
type table struct {
	ctx    context.Context
	sheet  Sheet
	to     *excelize.StreamWriter
	styles []int
	cells  []any
	// readRows and writtenRows are the numbers of the last rows, the header's while there are none.
	readRows, writtenRows int
}

// read takes the next row and turns its values into cells.
func (t *table) read(next func() ([]any, error, bool)) ([]cell, bool, error) {
	if err := t.ctx.Err(); err != nil {
		return nil, false, fmt.Errorf("row %d: %w", max(t.readRows, 1)+1, err)
	}
	values, err, ok := next()
	if !ok {
		return nil, false, nil
	}
	t.readRows = max(t.readRows, 1) + 1
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("row %d: reading: %w", t.readRows, err)
	case t.readRows > maxRows:
		return nil, false, fmt.Errorf("row %d: a sheet has at most %d rows; spread them over several", t.readRows, maxRows)
	case len(values) > len(t.sheet.Columns):
		return nil, false, fmt.Errorf("row %d: it has %d values, and there are %d columns", t.readRows, len(values), len(t.sheet.Columns))
	}
	row := make([]cell, len(values))
	for i, value := range values {
		if row[i], err = t.sheet.Columns[i].cell(value); err != nil {
			return nil, false, fmt.Errorf("row %d, column %s: %w", t.readRows, columnName(i, t.sheet.Columns[i]), err)
		}
	}
	return row, true, nil
}

// begin writes widths, panes and the header.
func (t *table) begin(sample [][]cell, header int) error {
	for i, column := range t.sheet.Columns {
		width := column.Width
		if width == 0 {
			width = estimate(column, i, sample)
		}
		if err := t.to.SetColWidth(i+1, i+1, width); err != nil {
			return fmt.Errorf("column %s: setting the width: %w", columnName(i, column), err)
		}
	}
	if err := t.to.SetPanes(&excelize.Panes{
		Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft",
		Selection: []excelize.Selection{{SQRef: "A2", ActiveCell: "A2", Pane: "bottomLeft"}},
	}); err != nil {
		return fmt.Errorf("freezing the header: %w", err)
	}
	for i, column := range t.sheet.Columns {
		t.cells[i] = excelize.Cell{StyleID: header, Value: text(column.Title)}
	}
	t.writtenRows = 1
	if err := t.to.SetRow("A1", t.cells); err != nil {
		return fmt.Errorf("row 1: writing: %w", err)
	}
	return nil
}

// write writes a row of cells.
func (t *table) write(row []cell) error {
	t.writtenRows++
	for i, c := range row {
		t.cells[i] = nil
		if c.value != nil {
			style := t.styles[i]
			if c.style != 0 {
				style = t.styles[len(t.sheet.Columns)+int(c.style)-1]
			}
			t.cells[i] = excelize.Cell{StyleID: style, Value: c.value}
		}
	}
	name, err := excelize.CoordinatesToCellName(1, t.writtenRows)
	if err == nil {
		err = t.to.SetRow(name, t.cells[:len(row)])
	}
	if err != nil {
		return fmt.Errorf("row %d: writing: %w", t.writtenRows, err)
	}
	return nil
}

// estimate returns how wide a column should be, in characters.
func estimate(column Column, i int, sample [][]cell) float64 {
	const least, most = 6, 60
	width := utf8.RuneCountInString(column.Title) + 1 // bold letters are wider
	for _, row := range sample {
		if i < len(row) {
			width = max(width, row[i].width)
		}
	}
	return math.Min(math.Max(float64(width)+1.5, least), most)
}
