package rows

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// JSONOptions say how a file of JSON is to be read.
type JSONOptions struct {
	// Name is what errors call the file; the path where empty.
	Name string
	// Open opens what is to be read in place of the file at the path.
	Open func() (io.ReadCloser, error)
	// Encoding as for CSV. JSON is UTF-8 (RFC 8259, section 8.1), but PowerShell writes
	// UTF-16 with its mark.
	Encoding string
	// Columns are names that every row has: nil where its object has none.
	Columns []string
	// Rename gives values other names, by those in the file.
	Rename map[string]string
	// Types of columns, by their final names, for what JSON has no types for: dates.
	Types map[string]Type
}

func (o JSONOptions) withDefaults(path string) JSONOptions {
	o.Name = cmp.Or(o.Name, path)
	if o.Open == nil {
		o.Open = openFile(path)
	}
	return o
}

// JSON is a file with an array of objects, a row each, or of JSON Lines: the first
// character says which. A name twice in one object is an error of the row; of an array,
// a fault in the syntax ends it.
func JSON(path string, options JSONOptions) Source {
	return &jsonSource{options.withDefaults(path), false}
}

// JSONL is a file of JSON Lines: one object on each line; empty lines are skipped.
func JSONL(path string, options JSONOptions) Source {
	return &jsonSource{options.withDefaults(path), true}
}

type jsonSource struct {
	options JSONOptions
	lines   bool
}

func (s *jsonSource) Name() string { return s.options.Name }

func (s *jsonSource) Open(ctx context.Context) (Reader, error) {
	place := Place{File: s.options.Name}
	text, err := openText(place, s.options.Open, s.options.Encoding)
	if err != nil {
		return nil, err
	}
	r := &jsonReader{window: newWindow(ctx, text), text: text, options: s.options, line: 1, lines: s.lines}
	if err := r.begin(); err != nil {
		text.Close()
		return nil, err
	}
	return r, nil
}

type jsonReader struct {
	window  *window
	text    *textFile
	options JSONOptions
	lines   bool  // JSON Lines
	row     int64 // of the last object
	line    int64 // that the window begins in
	last    *jsonShape
	shapes  map[string]*jsonShape // by the names of an object in order
	names   [][]byte              // of the object that is being read
	spans   []int                 // of its values: where each begins and ends
	scratch []byte
	failed  error
	closed  bool
}

// jsonShape is that of objects with the same names in the same order.
type jsonShape struct {
	shape
	names []string // in the file
}

// maxShapes bounds how many are kept for another object.
const maxShapes = 256

func (r *jsonReader) Columns() *Columns { return nil }

func (r *jsonReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.text.Close()
}

// begin looks at the first character, and at the options.
func (r *jsonReader) begin() error {
	place := Place{File: r.options.Name}
	for name, t := range r.options.Types {
		if _, err := newConverter(t, '.'); err != nil {
			return &Error{Place: place, Column: name, Text: err.Error(), Fatal: true}
		}
	}
	c, err := r.blank()
	switch {
	case err == io.EOF && r.lines:
		return nil
	case err == io.EOF:
		return &Error{Place: place, Text: "is empty: neither an array nor an object", Fatal: true}
	case err != nil:
		return r.readError(place, err)
	case r.lines:
	case c == '[':
		r.window.consume(1)
	case c == '{':
		r.lines = true
	default:
		if c == 0 {
			return &Error{Place: place, Text: "begins with a NUL", Hint: `if it is in UTF-16, encoding = "utf-16le"`, Fatal: true}
		}
		return &Error{Place: place, Text: fmt.Sprintf("begins with %q, and neither with an array of objects nor with an object", c), Fatal: true}
	}
	return nil
}

func (r *jsonReader) place() Place { return Place{File: r.options.Name, Row: r.row, Line: r.line} }

func (r *jsonReader) readError(place Place, err error) error {
	if err == errRowTooLarge {
		return &Error{Place: place, Text: fmt.Sprintf("larger than %d MiB", MaxRow>>20), Fatal: true, Err: err}
	}
	if r.window.ctx.Err() != nil {
		return err
	}
	return readFault(place, err)
}

// blank passes over white space, counts its lines, and returns the character behind it.
func (r *jsonReader) blank() (byte, error) {
	for {
		for i, c := range r.window.rest() {
			switch c {
			case '\n':
				r.line++
			case ' ', '\t', '\r':
			default:
				r.window.consume(i)
				return c, nil
			}
		}
		r.window.consume(len(r.window.rest()))
		if err := r.window.more(); err != nil {
			return 0, err
		}
	}
}

func (r *jsonReader) Next() (*Row, error) {
	if r.failed != nil {
		return nil, r.failed
	}
	if r.closed {
		return nil, errClosed
	}
	if r.row%64 == 0 {
		if err := r.window.ctx.Err(); err != nil {
			return nil, err
		}
	}
	row, err := r.next()
	if err != nil && !OfOneRow(err) {
		r.failed = err
	}
	return row, err
}

func (r *jsonReader) next() (*Row, error) {
	size, err := r.element()
	if err != nil {
		return nil, err
	}
	text := r.window.rest()[:size]
	row, err := r.object(text)
	r.line += int64(bytes.Count(text, []byte("\n")))
	r.window.consume(size)
	return row, err
}

// element finds the next object in the window, and its size.
func (r *jsonReader) element() (int, error) {
	c, err := r.blank()
	if r.lines {
		if err == io.EOF {
			return 0, io.EOF
		}
		r.row++
		if err != nil {
			return 0, r.readError(r.place(), err)
		}
		return r.lineSize()
	}
	between := r.row > 0
	if err == nil && c == ']' {
		r.window.consume(1)
		if c, err = r.blank(); err == nil {
			return 0, &Error{Place: Place{File: r.options.Name, Line: r.line}, Text: fmt.Sprintf("%q behind the end of the array", c), Fatal: true}
		} else if err == io.EOF {
			return 0, io.EOF
		}
		return 0, r.readError(Place{File: r.options.Name}, err)
	}
	if err == nil && between {
		if c != ',' {
			return 0, &Error{Place: r.place(), Text: fmt.Sprintf("%q behind the row, where a comma or the end of the array should be", c), Fatal: true}
		}
		r.window.consume(1)
		if c, err = r.blank(); err == nil && c == ']' {
			return 0, &Error{Place: r.place(), Text: "a comma behind the last row", Fatal: true}
		}
	}
	if err == io.EOF {
		return 0, &Error{Place: r.place(), Text: "the file ends behind this row and before the end of the array", Hint: "it may be a part of a larger one", Fatal: true}
	}
	r.row++
	if err != nil {
		return 0, r.readError(r.place(), err)
	}
	return r.valueSize()
}

// lineSize is that of the line which the window begins with, without its end.
func (r *jsonReader) lineSize() (int, error) {
	for looked := 0; ; {
		rest := r.window.rest()
		if i := bytes.IndexByte(rest[looked:], '\n'); i >= 0 {
			return looked + i, nil
		}
		looked = len(rest)
		if err := r.window.more(); err == io.EOF {
			return looked, nil
		} else if err != nil {
			return 0, r.readError(r.place(), err)
		}
	}
}

// valueSize is that of the value which the window begins with. It looks at brackets
// and quotes only; what is between them is checked later.
func (r *jsonReader) valueSize() (int, error) {
	depth, quoted, escaped := 0, false, false
	for i := 0; ; {
		rest := r.window.rest()
		for ; i < len(rest); i++ {
			c := rest[i]
			switch {
			case escaped:
				escaped = false
			case quoted:
				if c == '\\' {
					escaped = true
				} else if c == '"' {
					quoted = false
				}
			case c == '"':
				quoted = true
			case c == '{' || c == '[':
				depth++
			case c == '}' || c == ']':
				if depth == 0 {
					return i, nil // the end of the array
				}
				if depth--; depth == 0 {
					return i + 1, nil
				}
			case c == ',' && depth == 0:
				return i, nil
			}
		}
		if err := r.window.more(); err == io.EOF {
			return 0, &Error{Place: r.place(), Text: "the file ends in the middle of this row", Hint: "it may be a part of a larger one", Fatal: true}
		} else if err != nil {
			return 0, r.readError(r.place(), err)
		}
	}
}

// object makes a row of one object.
func (r *jsonReader) object(text []byte) (*Row, error) {
	p := jsonParser{text: text}
	if p.blank() != '{' {
		value, err := p.whole()
		if err != nil {
			return nil, r.fault(err, text, "")
		}
		return nil, &Error{Place: r.place(), Text: fmt.Sprintf("a %s, and no object with names", kindOf(value))}
	}
	if r.text.decoded && bytes.Contains(text, []byte("\ufffd")) {
		return nil, &Error{Place: r.place(), Text: "bytes that are no " + r.text.encoding}
	}
	r.names, r.spans = r.names[:0], r.spans[:0]
	column := ""
	err := p.members(func(name []byte) error {
		r.names = append(r.names, name)
		p.blank()
		start := p.pos
		if err := p.skip(); err != nil {
			column = string(name)
			return err
		}
		r.spans = append(r.spans, start, p.pos)
		return nil
	})
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return nil, r.fault(err, text, column)
	}
	shape, err := r.shapeOf()
	if err != nil {
		return nil, err
	}
	b := append(r.scratch[:0], text[:p.pos]...)
	for i := range shape.columns.names {
		var start, end int // of a column that the object has not
		if 2*i < len(r.spans) {
			start, end = r.spans[2*i], r.spans[2*i+1]
		}
		b = append(b, byte(start), byte(start>>8), byte(start>>16), byte(start>>24), byte(end), byte(end>>8), byte(end>>16), byte(end>>24))
	}
	r.scratch = b
	return &Row{shape: &shape.shape, raw: string(b), number: r.row, line: r.line}, nil
}

// fault is the error of a row. In an array, what follows a fault in the syntax cannot
// be told.
func (r *jsonReader) fault(err error, text []byte, column string) error {
	e := &Error{Place: r.place(), Column: column, Text: err.Error(), Err: err}
	var fault *jsonError
	if errors.As(err, &fault) {
		e.Fatal = fault.syntax && !r.lines
		e.Text = fmt.Sprintf("%s, at offset %d", fault.text, r.window.at()+int64(fault.offset)+r.text.skipped)
		e.Err = nil
		if r.lines && fault.syntax && fault.offset >= len(text) {
			e.Hint = "one object stands on one line; several lines are for an array: [ … ]"
		}
		if bad := invalidAt(text); bad >= 0 {
			e.Hint = encodingHint(text)
		}
	}
	return e
}

// shapeOf finds or makes the shape of the names of the object that was read.
func (r *jsonReader) shapeOf() (*jsonShape, error) {
	if r.last != nil && sameNames(r.last.names, r.names) {
		return r.last, nil
	}
	key := string(bytes.Join(r.names, []byte{0xff})) // no byte of UTF-8
	if shape, ok := r.shapes[key]; ok && sameNames(shape.names, r.names) {
		r.last = shape
		return shape, nil
	}
	fail := func(column, text string) (*jsonShape, error) {
		return nil, &Error{Place: r.place(), Column: column, Text: text}
	}
	if len(r.names)+len(r.options.Columns) > MaxColumns {
		return fail("", fmt.Sprintf("%d values, and there may be %d", len(r.names), MaxColumns))
	}
	made := &jsonShape{}
	var final []string
	for _, name := range r.names {
		made.names = append(made.names, string(name))
		final = append(final, string(name))
		if other, ok := r.options.Rename[string(name)]; ok {
			final[len(final)-1] = other
		}
	}
	if _, i, found := repeated(final); found {
		return fail(final[i], "rename: two values would have this name")
	}
	for _, name := range r.options.Columns {
		if !slices.Contains(final, name) {
			final = append(final, name)
		}
	}
	form := &jsonForm{}
	for i, name := range final {
		if t, ok := r.options.Types[name]; ok {
			if form.converters == nil {
				form.converters = make([]*converter, len(final))
			}
			form.converters[i], _ = newConverter(t, '.') // begin has looked at it
		}
	}
	made.shape = shape{columns: newColumns(final), file: r.options.Name, form: form}
	if r.shapes == nil || len(r.shapes) >= maxShapes {
		r.shapes = map[string]*jsonShape{}
	}
	r.shapes[key], r.last = made, made
	return made, nil
}

func sameNames(names []string, others [][]byte) bool {
	if len(names) != len(others) {
		return false
	}
	for i, name := range names {
		if name != string(others[i]) {
			return false
		}
	}
	return true
}

// jsonForm makes values of the text of an object, behind which stands where each of
// them begins and ends.
type jsonForm struct{ converters []*converter }

// span is the text of the value i, "" where the object has none.
func (f *jsonForm) span(r *Row, i int) string {
	spans := r.raw[len(r.raw)-8*r.Len():]
	return r.raw[packed32(spans, 2*i):packed32(spans, 2*i+1)]
}

func (f *jsonForm) value(r *Row, i int) (any, *Error) {
	value, e := f.plain(f.span(r, i))
	if e == nil && f.converters != nil && f.converters[i] != nil {
		return f.converters[i].convert(value)
	}
	return value, e
}

// plain is the value as JSON has it.
func (f *jsonForm) plain(span string) (any, *Error) {
	if span == "" {
		return nil, nil
	}
	if text, ok := plainText(span); ok {
		return text, nil
	}
	p := jsonParser{text: []byte(span)}
	value, err := p.value()
	if err != nil {
		return nil, &Error{Text: err.Error()}
	}
	return value, nil
}

// plainText is a text without escapes.
func plainText(span string) (string, bool) {
	if span == "" || span[0] != '"' {
		return "", false
	}
	for i := range len(span) {
		if span[i] == '\\' {
			return "", false
		}
	}
	return span[1 : len(span)-1], true
}

func (f *jsonForm) text(r *Row, i int) (string, bool) {
	if f.converters != nil && f.converters[i] != nil {
		return "", false
	}
	span := f.span(r, i)
	if text, ok := plainText(span); ok {
		return text, true
	}
	if span == "" || span[0] != '"' {
		return "", false
	}
	value, e := f.plain(span)
	text, ok := value.(string)
	return text, ok && e == nil
}
