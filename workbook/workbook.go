// Package workbook writes XLSX workbooks (ECMA-376): sheets of typed columns under a bold header that stays in place.
//
// Rows are taken one at a time. What a spreadsheet would cut, round or refuse is an error that says where, text stays text
// whatever it looks like, and the same input makes the same octets, so that mail can be built again. The cells are written
// by github.com/xuri/excelize, of which nothing shows here.
package workbook

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// Sheet is one of a workbook.
type Sheet struct {
	// Name stands on the tab: 1 to 31 UTF-16 units, none of : \ / ? * [ ], no apostrophe at either end, no other sheet of that
	// name in any case.
	Name string
	// Columns are at least one.
	Columns []Column
	// Rows yields the values of each row, in the order of the columns; those left out at the end, and nil, are empty cells. An
	// error ends the workbook. A nil Rows is a sheet without rows.
	Rows iter.Seq2[[]any, error]
}

// Column says what stands in a column.
type Column struct {
	// Title stands in the first row.
	Title string
	// Type says what values are and how they look; the zero value is Any.
	Type Type
	// Currency stands behind amounts of money, as in € or EUR.
	Currency string
	// Format is a number format of spreadsheets, such as 0.000 or dd.mm.yyyy, in place of that of the type.
	Format string
	// Width is in characters, up to 255; 0 is estimated from the title and the first rows.
	Width float64
}

// Options are for the whole workbook.
type Options struct {
	// Author and Title stand in the properties of the file.
	Author, Title string
	// Created stands there too. The zero value is a fixed time, so that the same input makes the same octets.
	Created time.Time
}

// Limits of spreadsheets (Excel specifications and limits).
const (
	maxRows      = 1_048_576
	maxColumns   = 16_384
	maxSheetName = 31     // UTF-16 units
	maxText      = 32_767 // UTF-16 units of a cell
	maxWidth     = 255
	maxSheets    = 1_000 // a bound of ours
)

// sampleRows is how many rows are looked at to estimate widths.
const sampleRows = 100

// Write writes a workbook. Rows are kept in a temporary file beyond 16 MiB a sheet, and so is what was compressed.
func Write(ctx context.Context, w io.Writer, sheets []Sheet, options Options) error {
	if err := check(sheets); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	file := excelize.NewFile()
	defer file.Close() // removes the temporary files
	created := options.Created
	if created.IsZero() {
		created = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	stamp := created.UTC().Format("2006-01-02T15:04:05Z")
	if err := file.SetDocProps(&excelize.DocProperties{
		Creator: printable(options.Author), Title: printable(options.Title), Created: stamp, Modified: stamp,
	}); err != nil {
		return fmt.Errorf("workbook: writing properties: %w", err)
	}
	for i, sheet := range sheets {
		if err := addSheet(ctx, file, i, sheet); err != nil {
			return fmt.Errorf("workbook: sheet %q, %w", sheet.Name, err)
		}
	}
	archive := &archive{to: w}
	defer archive.discard()
	file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return archive })
	if _, err := file.WriteToBuffer(); err != nil {
		return fmt.Errorf("workbook: writing: %w", err)
	}
	return nil
}

// check says what is wrong with sheets before a row is read.
func check(sheets []Sheet) error {
	switch {
	case len(sheets) == 0:
		return fmt.Errorf("there are no sheets")
	case len(sheets) > maxSheets:
		return fmt.Errorf("there are %d sheets, and at most %d", len(sheets), maxSheets)
	}
	seen := map[string]int{}
	for i, sheet := range sheets {
		if err := checkName(sheet.Name); err != nil {
			return fmt.Errorf("sheet %d: %w", i+1, err)
		}
		// Spreadsheets compare names without regard to case.
		folded := strings.ToLower(strings.ToUpper(sheet.Name))
		if first, ok := seen[folded]; ok {
			return fmt.Errorf("sheet %d: name %q is that of sheet %d, but for its case", i+1, sheet.Name, first)
		}
		seen[folded] = i + 1
		switch {
		case len(sheet.Columns) == 0:
			return fmt.Errorf("sheet %q: there are no columns", sheet.Name)
		case len(sheet.Columns) > maxColumns:
			return fmt.Errorf("sheet %q: there are %d columns, and at most %d", sheet.Name, len(sheet.Columns), maxColumns)
		}
		for j, column := range sheet.Columns {
			if err := column.check(); err != nil {
				return fmt.Errorf("sheet %q, column %s: %w", sheet.Name, columnName(j, column), err)
			}
		}
	}
	return nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the name is empty")
	case units(name) > maxSheetName:
		return fmt.Errorf("name %q has %d characters, and at most %d", name, units(name), maxSheetName)
	case strings.ContainsAny(name, `:\/?*[]`):
		return fmt.Errorf(`name %q has one of : \ / ? * [ ]`, name)
	case strings.HasPrefix(name, "'") || strings.HasSuffix(name, "'"):
		return fmt.Errorf("name %q begins or ends with an apostrophe", name)
	case strings.EqualFold(name, "History"):
		return fmt.Errorf("name %q is one that Excel keeps for itself", name)
	case printable(name) != name:
		return fmt.Errorf("name %q has characters that cannot be printed", name)
	}
	return nil
}

// printable is a text without control characters, and in UTF-8.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, text)
}

// units counts as spreadsheets do.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// columnName says which column is meant, in errors.
func columnName(i int, column Column) string {
	letters, err := excelize.ColumnNumberToName(i + 1)
	if err != nil {
		letters = fmt.Sprint(i + 1)
	}
	if column.Title == "" {
		return letters
	}
	return fmt.Sprintf("%s (%s)", letters, column.Title)
}
