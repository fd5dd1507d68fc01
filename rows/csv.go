package rows

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// CSVOptions say how a CSV file is to be read. What they leave out is found.
type CSVOptions struct {
	// Name is what errors call the file; the path where empty.
	Name string
	// Open opens what is to be read in place of the file at the path.
	Open func() (io.ReadCloser, error)
	// Encoding is any name of the WHATWG's list, such as "windows-1252". Left out, it is
	// what the byte order mark says, or UTF-8.
	Encoding string
	// Delimiter is one ASCII character. Left out, it is the one of , ; tab | that stands
	// in the first row, or what a first line `sep=;` says.
	Delimiter string
	// Columns are the names of a file that has no header row, or that has one only of
	// data: the first row is then a row as any other. An empty name is of a column that
	// rows leave out.
	Columns []string
	// Rename gives columns other names, by those in the file.
	Rename map[string]string
	// Types of columns, by their final names; all others are text.
	Types map[string]Type
	// Decimal is what stands in numbers between the digits: "." or ",". Left out, ".".
	Decimal string
}

func (o CSVOptions) withDefaults(path string) CSVOptions {
	o.Name = cmp.Or(o.Name, path)
	o.Decimal = cmp.Or(o.Decimal, ".")
	if o.Open == nil {
		o.Open = openFile(path)
	}
	return o
}

// CSV is a file as RFC 4180 describes it, with lines that end as they like. Its first
// row has the names of the columns, without blanks around them; two equal names are an
// error, and under an empty one no cell may have text. Every row has as many cells as
// the first; one of empty cells only is skipped. In quotes CR LF becomes LF. NUL, a
// CR alone outside of quotes, and quotes inside of cells without quotes are errors of
// the row, after which the next line is read.
func CSV(path string, options CSVOptions) Source {
	return &csvSource{options.withDefaults(path)}
}

type csvSource struct{ options CSVOptions }

func (s *csvSource) Name() string { return s.options.Name }

func (s *csvSource) Open(ctx context.Context) (Reader, error) {
	place := Place{File: s.options.Name}
	fail := func(err error) error { return &Error{Place: place, Text: err.Error(), Fatal: true} }
	if s.options.Delimiter != "" {
		if err := checkDelimiter(s.options.Delimiter); err != nil {
			return nil, fail(err)
		}
	}
	if s.options.Decimal != "." && s.options.Decimal != "," {
		return nil, fail(fmt.Errorf("decimal %q is neither \".\" nor \",\"", s.options.Decimal))
	}
	text, err := openText(place, s.options.Open, s.options.Encoding)
	if err != nil {
		return nil, err
	}
	r := &csvReader{parser: csvParser{window: newWindow(ctx, text), text: text, file: s.options.Name, line: 1}}
	if err := r.begin(s.options); err != nil {
		text.Close()
		return nil, err
	}
	return r, nil
}

// csvReader makes rows of the records of a parser.
type csvReader struct {
	parser csvParser
	shape  *shape
	// cells are the numbers of the cells that have names, where some have none; the
	// others must be empty.
	cells    []int
	kept     []byte // the others, put together
	keptEnds []int
	width    int // cells of every record
	failed   error
	closed   bool
}

func (r *csvReader) Columns() *Columns { return r.shape.columns }

func (r *csvReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.parser.text.Close()
}

// begin finds the delimiter and reads the header.
func (r *csvReader) begin(options CSVOptions) error {
	p := &r.parser
	place := Place{File: options.Name}
	for len(p.window.rest()) < windowSize {
		if err := p.window.more(); err == io.EOF {
			break
		} else if err != nil {
			return p.readError(place, err)
		}
	}
	if options.Delimiter != "" {
		p.divideBy(options.Delimiter[0])
	} else if delimiter, size, found := separatorLine(p.window.rest()); found {
		p.divideBy(delimiter)
		p.skipLine(size)
	} else {
		delimiter, err := findDelimiter(p.window.rest())
		if err != nil {
			return &Error{Place: place, Text: err.Error(), Hint: fmt.Sprintf("delimiter = %q, or whichever it is", delimiters[1:2]), Fatal: true}
		}
		p.divideBy(delimiter)
	}
	names := slices.Clone(options.Columns)
	headerPlace := place
	if names == nil {
		err := p.record()
		if err == io.EOF {
			return &Error{Place: place, Text: "is empty: not even a row with the names of columns", Fatal: true}
		}
		if err != nil {
			if e, ok := err.(*Error); ok {
				e.Fatal = true // without names there are no rows
			}
			return err
		}
		headerPlace.Row, headerPlace.Line = p.row, p.recordLine
		for i := range p.ends {
			names = append(names, strings.Trim(string(p.cell(i)), " \t\u00a0"))
		}
	}
	columns, cells, err := header(headerPlace, names, options.Rename)
	if err != nil {
		return err
	}
	form := &csvForm{}
	if form.converters, err = converters(place, columns, options.Types, options.Decimal[0]); err != nil {
		return err
	}
	r.width = len(names)
	if len(cells) < len(names) {
		r.cells = cells
	}
	r.shape = &shape{columns: columns, file: options.Name, form: form}
	return nil
}

// header makes columns of the names in a first row. cells are the numbers of those
// that are not empty.
func header(place Place, names []string, rename map[string]string) (columns *Columns, cells []int, err error) {
	if len(names) > MaxColumns {
		return nil, nil, &Error{Place: place, Text: fmt.Sprintf("%d columns, and there may be %d", len(names), MaxColumns), Fatal: true}
	}
	var named []string
	for i, name := range names {
		if name != "" {
			named, cells = append(named, name), append(cells, i)
		}
	}
	if len(named) == 0 {
		return nil, nil, &Error{Place: place, Text: "no names of columns", Fatal: true}
	}
	if first, second, found := repeated(named); found {
		return nil, nil, &Error{
			Place: place, Fatal: true, Column: named[second], Cell: cells[second] + 1,
			Text: fmt.Sprintf("the name of column %d again", cells[first]+1),
			Hint: "name one of them differently in the file",
		}
	}
	for _, old := range sortedKeys(rename) {
		i := slices.Index(named, old)
		if i < 0 {
			e := newColumns(named).unknown(place, old)
			e.Text, e.Fatal = "rename: "+e.Text, true
			return nil, nil, e
		}
	}
	renamed := make([]string, len(named))
	for i, name := range named {
		renamed[i] = name
		if other, ok := rename[name]; ok {
			renamed[i] = other
		}
		if renamed[i] == "" {
			return nil, nil, &Error{Place: place, Column: name, Cell: cells[i] + 1, Text: "rename: an empty name", Fatal: true}
		}
	}
	if _, second, found := repeated(renamed); found {
		return nil, nil, &Error{Place: place, Column: renamed[second], Cell: cells[second] + 1, Text: "rename: two columns would have this name", Fatal: true}
	}
	return newColumns(renamed), cells, nil
}

// converters are those of columns, nil for text and nil where all are.
func converters(place Place, columns *Columns, types map[string]Type, decimal byte) ([]*converter, error) {
	var all []*converter
	for _, name := range sortedKeys(types) {
		i, ok := columns.Index(name)
		if !ok {
			e := columns.unknown(place, name)
			e.Text, e.Fatal = "types: "+e.Text, true
			return nil, e
		}
		c, err := newConverter(types[name], decimal)
		if err != nil {
			return nil, &Error{Place: place, Column: name, Cell: i + 1, Text: err.Error(), Fatal: true}
		}
		if all == nil {
			all = make([]*converter, columns.Len())
		}
		all[i] = c
	}
	return all, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (r *csvReader) Next() (*Row, error) {
	for {
		if r.failed != nil {
			return nil, r.failed
		}
		if r.closed {
			return nil, errClosed
		}
		if r.parser.row%64 == 0 {
			if err := r.parser.window.ctx.Err(); err != nil {
				return nil, err
			}
		}
		row, err := r.next()
		if err != nil && !OfOneRow(err) {
			r.failed = err
		}
		if row != nil || err != nil {
			return row, err
		}
	}
}

// next makes a row of a record, and nothing of one of empty cells.
func (r *csvReader) next() (*Row, error) {
	p := &r.parser
	if err := p.record(); err != nil {
		if e, ok := err.(*Error); ok && e.Cell > 0 && e.Column == "" && e.Cell <= r.width {
			e.Column = r.nameOf(e.Cell - 1)
		}
		return nil, err
	}
	cells := len(p.ends)
	if len(p.joined) < cells { // no more than the delimiters between them
		return nil, nil
	}
	if cells != r.width {
		return nil, &Error{
			Place: p.place(), Text: fmt.Sprintf("%d cells, and %d columns", cells, r.width),
			Hint: fmt.Sprintf("cells are divided by %q, and one that holds it stands in quotes", p.delimiter),
		}
	}
	if r.cells != nil {
		if err := r.leaveOut(); err != nil {
			return nil, err
		}
	}
	return &Row{shape: r.shape, raw: p.packed(), number: p.row, line: p.recordLine}, nil
}

// nameOf is the name of a cell's column, or "".
func (r *csvReader) nameOf(cell int) string {
	if r.cells != nil {
		if cell = slices.Index(r.cells, cell); cell < 0 {
			return ""
		}
	}
	return r.shape.columns.names[cell]
}

// leaveOut drops the cells that have no name.
func (r *csvReader) leaveOut() error {
	p := &r.parser
	kept, ends := r.kept[:0], r.keptEnds[:0]
	for i := range p.ends {
		switch cell := p.cell(i); {
		case len(ends) < len(r.cells) && r.cells[len(ends)] == i:
			kept = append(kept, cell...)
			ends = append(ends, len(kept))
			kept = append(kept, p.delimiter)
		case len(cell) > 0:
			return &Error{
				Place: p.place(), Cell: i + 1, Text: excerpt(string(cell)) + " in a column without a name",
				Hint: "name the column in the first row",
			}
		}
	}
	r.kept, r.keptEnds = kept, ends
	p.joined = kept[:len(kept)-1]
	p.ends, r.keptEnds = ends, p.ends // each is written anew for each record
	return nil
}

// csvForm makes values of packed cells.
type csvForm struct{ converters []*converter }

func (f *csvForm) value(r *Row, i int) (any, *Error) {
	cell := csvCell(r.raw, r.Len(), i)
	if cell == "" {
		return nil, nil
	}
	if f.converters != nil && f.converters[i] != nil {
		return f.converters[i].parse(cell)
	}
	return cell, nil
}

func (f *csvForm) text(r *Row, i int) (string, bool) {
	if f.converters != nil && f.converters[i] != nil && f.converters[i].kind != TypeText {
		return "", false
	}
	cell := csvCell(r.raw, r.Len(), i)
	return cell, cell != ""
}
