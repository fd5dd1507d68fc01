package rows

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// querySource is what a query returns.
type querySource struct {
	database      *Database
	runner        runner
	query         string
	params        []any
	inTransaction bool
}

func (s *querySource) Name() string { return s.database.name }

func (s *querySource) Open(ctx context.Context) (Reader, error) {
	given, err := parameters(s.params)
	if err != nil {
		return nil, s.database.fault("", err)
	}
	// Leaving a long result early ends the query; drivers would read on to its end. In
	// a transaction that would end more than the query.
	cancel := func() {}
	queryCtx := ctx
	if !s.inTransaction {
		queryCtx, cancel = context.WithCancel(ctx)
	}
	result, err := s.runner.QueryContext(queryCtx, s.query, given...)
	if err != nil {
		cancel()
		return nil, s.database.faultUnlessDone(ctx, "", err)
	}
	r := &queryReader{ctx: ctx, cancel: cancel, database: s.database, result: result}
	if err := r.begin(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

type queryReader struct {
	ctx      context.Context
	cancel   context.CancelFunc
	database *Database
	result   *sql.Rows
	shape    *shape
	types    []string // as the driver calls them
	values   []any
	pointers []any // to values
	row      int64
	failed   error
	closed   bool
}

func (r *queryReader) Columns() *Columns { return r.shape.columns }

func (r *queryReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.cancel()
	r.result.Close() // what it says is about a query that nobody asks about any more
	return nil
}

func (r *queryReader) begin() error {
	columns, err := r.result.ColumnTypes()
	if err != nil {
		return r.database.fault("", err)
	}
	if len(columns) == 0 {
		return r.database.fault("", fmt.Errorf("the statement returns no columns, and so no rows"))
	}
	var names []string
	for _, column := range columns {
		names = append(names, column.Name())
		kind := strings.ToUpper(column.DatabaseTypeName())
		if kind == "BIT" && r.database.bits {
			kind = mySQLBits
		}
		r.types = append(r.types, kind)
	}
	if first, second, found := repeated(names); found {
		return &Error{
			Place: Place{File: r.database.name}, Column: names[second], Cell: second + 1, Fatal: true,
			Text: fmt.Sprintf("the name of column %d of the query again", first+1), Hint: "AS gives one of them another name",
		}
	}
	r.shape = &shape{columns: newColumns(names), file: r.database.name, form: valuesForm{}}
	r.values, r.pointers = make([]any, len(names)), make([]any, len(names))
	for i := range r.values {
		r.pointers[i] = &r.values[i]
	}
	return nil
}

func (r *queryReader) Next() (*Row, error) {
	if r.failed != nil {
		return nil, r.failed
	}
	if r.closed {
		return nil, errClosed
	}
	row, err := r.next()
	r.failed = err
	return row, err
}

func (r *queryReader) next() (*Row, error) {
	if !r.result.Next() {
		if err := r.result.Err(); err != nil {
			return nil, r.fault(err)
		}
		return nil, io.EOF
	}
	r.row++
	if err := r.result.Scan(r.pointers...); err != nil {
		return nil, r.fault(err)
	}
	values := make([]any, len(r.values))
	for i, value := range r.values {
		values[i] = fromSQL(value, r.types[i])
	}
	return &Row{shape: r.shape, values: values, number: r.row}, nil
}

func (r *queryReader) fault(err error) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	e := r.database.fault("", err)
	e.Row = r.row
	return e
}

// mySQLBits are bytes, where PostgreSQL's BIT is digits.
const mySQLBits = "BIT of MySQL"

// fromSQL makes a value of one of a driver, by the type of its column.
func fromSQL(value any, kind string) any {
	switch value := value.(type) {
	case int64:
		if (kind == "BOOLEAN" || kind == "BOOL") && (value == 0 || value == 1) {
			return value == 1 // SQLite has no type for it
		}
		return exact(value)
	case uint64:
		if value > maxExact {
			return strconv.FormatUint(value, 10)
		}
		return int64(value)
	case float32:
		// The shortest decimal that is this number, as people wrote it.
		f, _ := strconv.ParseFloat(strconv.FormatFloat(float64(value), 'g', -1, 32), 64)
		return f
	case []byte:
		return textFromSQL(string(value), kind)
	case string:
		return textFromSQL(value, kind)
	case time.Time:
		switch kind {
		case "DATE":
			if value.IsZero() {
				return nil // QUIRK: MySQL's 0000-00-00
			}
			return dateOf(value)
		case "TIME":
			return value.Format("15:04:05.999999")
		case "TIMETZ":
			return value.Format("15:04:05.999999Z07:00")
		case "DATETIME", "TIMESTAMP":
			if value.IsZero() {
				return nil
			}
		}
		return value
	case nil, bool, float64:
		return value
	}
	return cellFault(fmt.Sprintf("a value of the unknown kind %T", value))
}

func textFromSQL(text, kind string) any {
	if len(text) > MaxCell {
		return cellFault(fmt.Sprintf("%d bytes, and a cell may have %d", len(text), MaxCell))
	}
	switch kind {
	case "JSON", "JSONB":
		p := jsonParser{text: []byte(text)}
		value, err := p.whole()
		if err != nil {
			return cellFault("JSON: " + err.Error())
		}
		return value
	case mySQLBits:
		var n uint64
		for i := range len(text) { // eight at most
			n = n<<8 | uint64(text[i])
		}
		return fromSQL(n, "")
	}
	return text
}

// parameters are values for a driver. A whole number goes as one, whatever it was
// computed with.
func parameters(params []any) ([]any, error) {
	given := make([]any, len(params))
	for i, param := range params {
		switch value := param.(type) {
		case float64:
			given[i] = value
			if value == math.Trunc(value) && math.Abs(value) <= maxExact {
				given[i] = int64(value)
			}
		case Date:
			given[i] = value.String()
		case nil, string, bool, int64, time.Time:
			given[i] = value
		default:
			return nil, fmt.Errorf("parameter %d is a %s", i+1, kindOf(param))
		}
	}
	return given, nil
}
