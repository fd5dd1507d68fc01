package rows

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Row is one record. It never changes, may be kept, and may be used by several
// goroutines at a time.
type Row struct {
	shape  *shape
	raw    string // what the cells of text formats are made of; its layout is that of the format
	values []any  // of formats that have values
	number int64
	line   int64
}

// shape is what the rows of a reading have in common.
type shape struct {
	columns     *Columns
	file, sheet string
	form        form
}

// form makes values of what a row holds.
type form interface {
	// value makes that of column i. An error is an *Error without a place.
	value(r *Row, i int) (any, *Error)
	// text is the text of column i where its value is text, without making a value.
	text(r *Row, i int) (string, bool)
}

// Columns are the names of the row's values.
func (r *Row) Columns() *Columns { return r.shape.columns }

// Len is the number of columns.
func (r *Row) Len() int { return len(r.shape.columns.names) }

// Place is where the row stands.
func (r *Row) Place() Place {
	return Place{File: r.shape.file, Sheet: r.shape.sheet, Row: r.number, Line: r.line}
}

// Number is Place().Row.
func (r *Row) Number() int64 { return r.number }

// At makes the value of the column at i, from 0. The error says that the cell is not
// what the options want of it.
func (r *Row) At(i int) (any, error) {
	value, e := r.shape.form.value(r, i)
	if e != nil {
		return nil, r.fault(i, e)
	}
	return value, nil
}

func (r *Row) fault(i int, e *Error) *Error {
	e.Place, e.Column = r.Place(), r.shape.columns.names[i]
	if e.Cell == 0 {
		e.Cell = i + 1
	}
	return e
}

// Text is At for text, without the cost of a value: false where the value is no text,
// nil included, or an error.
func (r *Row) Text(i int) (string, bool) { return r.shape.form.text(r, i) }

// Get makes the value of a column by its name. A name that the row does not have is
// an error that says which one may have been meant.
func (r *Row) Get(name string) (any, error) {
	i, ok := r.shape.columns.index[name]
	if !ok {
		return nil, r.shape.columns.unknown(r.Place(), name)
	}
	return r.At(i)
}

// Map makes all values.
func (r *Row) Map() (map[string]any, error) {
	values := make(map[string]any, r.Len())
	for i, name := range r.shape.columns.names {
		value, err := r.At(i)
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

// Check makes all values and returns every error.
func (r *Row) Check() []*Error {
	var faults []*Error
	for i := range r.Len() {
		if _, e := r.shape.form.value(r, i); e != nil {
			faults = append(faults, r.fault(i, e))
		}
	}
	return faults
}

// Maker makes rows of values that come from elsewhere: a script, a web service. Its
// zero value is ready.
type Maker struct {
	Name string // what errors call the place they come from

	last *shape
}

// Row makes a row of names and values of the kinds that the package doc lists; it
// keeps the values and copies the names. number counts from 1.
func (m *Maker) Row(number int64, names []string, values []any) (*Row, error) {
	place := Place{File: m.Name, Row: number}
	if len(names) != len(values) {
		return nil, &Error{Place: place, Text: fmt.Sprintf("%d names for %d values", len(names), len(values))}
	}
	if m.last == nil || m.last.file != m.Name || !slices.Equal(m.last.columns.names, names) {
		if _, i, found := repeated(names); found {
			return nil, &Error{Place: place, Column: names[i], Text: "two values have this name"}
		}
		m.last = &shape{columns: newColumns(slices.Clone(names)), file: m.Name, form: valuesForm{}}
	}
	for i, value := range values {
		if err := allowed(value, 0); err != nil {
			return nil, &Error{Place: place, Column: names[i], Cell: i + 1, Text: err.Error()}
		}
	}
	return &Row{shape: m.last, values: values, number: number}, nil
}

// allowed says what keeps a value from being one of a row.
func allowed(value any, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("more than %d lists and objects inside each other", MaxDepth)
	}
	switch value := value.(type) {
	case nil, string, bool, int64, float64, time.Time, Date:
		return nil
	case []any:
		for _, item := range value {
			if err := allowed(item, depth+1); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		for _, item := range value {
			if err := allowed(item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("a %T is no value of a row", value)
}

// valuesForm is that of rows whose values are there, or why they are not.
type valuesForm struct{}

func (valuesForm) value(r *Row, i int) (any, *Error) {
	if fault, ok := r.values[i].(cellFault); ok {
		return nil, &Error{Text: string(fault)}
	}
	return copied(r.values[i]), nil
}

// cellFault is why a cell has no value; it is an error only where somebody asks.
type cellFault string

func (valuesForm) text(r *Row, i int) (string, bool) {
	text, ok := r.values[i].(string)
	return text, ok
}

// copied makes new lists and objects, so that no reader of a row can change it.
func copied(value any) any {
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = copied(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, item := range value {
			object[name] = copied(item)
		}
		return object
	}
	return value
}

var errClosed = errors.New("rows: the reader is closed")
