package rows

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// XLSXOptions say how a workbook is to be read.
type XLSXOptions struct {
	// Name is what errors call the file; the path where empty.
	Name string
	// Sheet is its name; left out, the first one that is not hidden.
	Sheet string
	// Header is the number of the row that has the names of the columns; left out, the
	// first one that is not empty.
	Header int64
	// Rename gives columns other names, by those in the file.
	Rename map[string]string
	// Types of columns, by their final names; all others are what their cells are.
	Types map[string]Type
}

// XLSX is a sheet of a workbook of Office Open XML (ECMA-376), as Excel, LibreOffice
// and others save it. Names of columns are as for CSV; rows without any value are
// skipped, hidden ones are not.
//
// A cell has what was saved with it: of a formula that is its last result, and one
// without a result is an error, as is #N/A and its like. Numbers whose format shows a
// date are a Date, those that show a date and a time are a time.Time in UTC, those
// that show a time or a duration are text such as "07:30:00". Numbers are what the
// cell holds, whatever decimals, currency or percent sign its format shows.
func XLSX(path string, options XLSXOptions) Source {
	options.Name = cmp.Or(options.Name, path)
	return &xlsxSource{options, func() (fileAt, int64, error) { return openAt(path) }, maxSharedTexts}
}

// fileAt is what the parts of a workbook are read from.
type fileAt interface {
	io.ReaderAt
	io.Closer
}

func openAt(path string) (fileAt, int64, error) {
	opened, err := openFile(path)()
	if err != nil {
		return nil, 0, err
	}
	file := opened.(*os.File)
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

type xlsxSource struct {
	options XLSXOptions
	open    func() (fileAt, int64, error)
	shared  int // bytes of the texts that cells share
}

func (s *xlsxSource) Name() string { return s.options.Name }

func (s *xlsxSource) Open(ctx context.Context) (Reader, error) {
	place := Place{File: s.options.Name}
	file, size, err := s.open()
	if err != nil {
		return nil, openFault(place, err)
	}
	r := &xlsxReader{ctx: ctx, file: file, options: s.options}
	if err := r.begin(size, s.shared); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

type xlsxReader struct {
	ctx     context.Context
	file    fileAt
	options XLSXOptions
	sheet   string
	book    *workbook
	part    *xmlPart
	shape   *shape
	cells   []int // the numbers of the cells that have names
	row     int64 // the last one that was read
	current []any // its cells
	failed  error
	closed  bool
}

func (r *xlsxReader) Columns() *Columns { return r.shape.columns }

func (r *xlsxReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.part != nil {
		r.part.Close()
	}
	return r.file.Close()
}

func (r *xlsxReader) place() Place {
	return Place{File: r.options.Name, Sheet: r.sheet, Row: r.row}
}

// begin finds the sheet and reads its header.
func (r *xlsxReader) begin(size int64, shared int) error {
	var err error
	if r.book, err = openWorkbook(r.ctx, r.file, size, shared); err != nil {
		return r.fatal(err)
	}
	sheet, err := r.book.sheet(r.options.Sheet)
	if err != nil {
		return r.fatal(err)
	}
	r.sheet = sheet.name
	if r.part, err = r.book.open(sheet.part, maxSheet); err != nil {
		return r.fatal(err)
	}
	for {
		err := r.nextRow()
		if err == io.EOF {
			return r.fatal(fmt.Errorf("no row with the names of columns"))
		}
		if err != nil {
			return err
		}
		if r.row == r.options.Header || r.options.Header == 0 && slices.ContainsFunc(r.current, isValue) {
			break
		}
		if r.options.Header != 0 && r.row > r.options.Header {
			r.row = 0
			return r.fatal(fmt.Errorf("row %d, which should have the names of columns, is empty", r.options.Header))
		}
	}
	names := make([]string, len(r.current))
	text := converter{kind: TypeText}
	for i, value := range r.current {
		if fault, ok := value.(cellFault); ok {
			return &Error{Place: r.place(), Cell: i + 1, Text: string(fault), Fatal: true}
		}
		name, e := text.convert(value)
		if e != nil {
			e.Place, e.Cell, e.Fatal = r.place(), i+1, true
			return e
		}
		if name != nil {
			names[i] = strings.Trim(name.(string), " \t\u00a0")
		}
	}
	columns, cells, err := header(r.place(), names, r.options.Rename)
	if err != nil {
		return err
	}
	form := &xlsxForm{}
	whole := Place{File: r.options.Name, Sheet: r.sheet}
	if form.converters, err = converters(whole, columns, r.options.Types, '.'); err != nil {
		return err
	}
	r.cells, form.cells = cells, cells
	r.shape = &shape{columns: columns, file: r.options.Name, sheet: r.sheet, form: form}
	return nil
}

func isValue(value any) bool { return value != nil }

// fatal is the error of the sheet or the workbook.
func (r *xlsxReader) fatal(err error) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	e := &Error{Place: r.place(), Text: err.Error(), Err: err, Fatal: true}
	var hinted *hintedError
	if errors.As(err, &hinted) {
		e.Hint = hinted.hint
	}
	return e
}

func (r *xlsxReader) Next() (*Row, error) {
	for {
		if r.failed != nil {
			return nil, r.failed
		}
		if r.closed {
			return nil, errClosed
		}
		err := r.nextRow()
		if err != nil {
			if !OfOneRow(err) {
				r.failed = err
			}
			return nil, err
		}
		if !slices.ContainsFunc(r.current, isValue) {
			continue
		}
		return r.make()
	}
}

// make makes a row of the current cells.
func (r *xlsxReader) make() (*Row, error) {
	values := make([]any, len(r.cells))
	for i, cell := range r.cells {
		if cell < len(r.current) {
			values[i], r.current[cell] = r.current[cell], nil
		}
	}
	if i := slices.IndexFunc(r.current, isValue); i >= 0 {
		return nil, &Error{
			Place: r.place(), Cell: i + 1, Text: "a value in a column without a name",
			Hint: "name the column in the row that has the names",
		}
	}
	return &Row{shape: r.shape, values: values, number: r.row}, nil
}

// nextRow reads the next row of the sheet into current.
func (r *xlsxReader) nextRow() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	for {
		token, err := r.part.token()
		if err != nil {
			return r.broken(" behind this row", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "row" {
				return r.readRow(token)
			}
		case xml.EndElement:
			if token.Name.Local == "sheetData" {
				// What is left is read for its checksum.
				if err := r.part.finish(); err != nil {
					return r.broken(" behind this row", err)
				}
				return io.EOF
			}
		}
	}
}

// broken is the error of a sheet that cannot be read on: in a row, or behind the last.
func (r *xlsxReader) broken(where string, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if r.row == 0 {
		where = ""
	}
	return r.fatal(fmt.Errorf("broken%s: %w", where, err))
}

func (r *xlsxReader) readRow(start xml.StartElement) error {
	number := r.row + 1
	if text, ok := attribute(start, "r"); ok {
		n, err := parseUint(text)
		if err != nil || n < number || n > maxSheetRows {
			return r.fatal(fmt.Errorf("a row numbered %s behind this one", excerpt(text)))
		}
		number = n
	} else if number > maxSheetRows {
		return r.fatal(fmt.Errorf("more than %d rows", maxSheetRows))
	}
	r.row = number
	r.current = r.current[:0]
	size := 0
	for {
		token, err := r.part.token()
		if err != nil {
			return r.broken("", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local != "c" {
				continue
			}
			at := len(r.current)
			if reference, ok := attribute(token, "r"); ok {
				if at, ok = columnNumber(reference); !ok || at < len(r.current) {
					return r.fatal(fmt.Errorf("a cell numbered %s", excerpt(reference)))
				}
			}
			if at >= MaxColumns {
				return r.fatal(fmt.Errorf("more than %d columns", MaxColumns))
			}
			value, err := r.book.cell(r.part, token)
			if err != nil {
				return r.broken("", err)
			}
			for len(r.current) < at {
				r.current = append(r.current, nil)
			}
			if text, ok := value.(string); ok {
				if size += len(text); size > MaxRow {
					return r.fatal(fmt.Errorf("larger than %d MiB", MaxRow>>20))
				}
			}
			r.current = append(r.current, value)
		case xml.EndElement:
			if token.Name.Local == "row" {
				return nil
			}
		}
	}
}

// xlsxForm is that of rows with values, some of which may be faults.
type xlsxForm struct {
	cells      []int
	converters []*converter
}

func (f *xlsxForm) value(r *Row, i int) (any, *Error) {
	value := r.values[i]
	if fault, ok := value.(cellFault); ok {
		e := &Error{Cell: f.cells[i] + 1, Text: string(fault)}
		if fault == noResult {
			e.Hint = "open the workbook in a spreadsheet program and save it"
		}
		return nil, e
	}
	if f.converters != nil && f.converters[i] != nil {
		converted, e := f.converters[i].convert(value)
		if e != nil {
			e.Cell = f.cells[i] + 1
		}
		return converted, e
	}
	return value, nil
}

func (f *xlsxForm) text(r *Row, i int) (string, bool) {
	if f.converters != nil && f.converters[i] != nil && f.converters[i].kind != TypeText {
		return "", false
	}
	text, ok := r.values[i].(string)
	return text, ok
}
