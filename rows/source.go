package rows

import (
	"context"
	"errors"
	"io"
	"iter"
)

// A Source is where rows come from. It may be opened again and again, and by several
// goroutines at a time.
type Source interface {
	// Name is what errors and reports call it: a path, or the name of a database.
	Name() string
	// Open begins to read at the first row. The context holds until Close: when it is
	// done, Next returns its error.
	Open(ctx context.Context) (Reader, error)
}

// A Reader reads the rows of a source once. It belongs to one goroutine.
type Reader interface {
	// Columns are those of every row where the source has them ahead of its rows: CSV,
	// XLSX, SQL. nil for JSON, whose objects each have their own.
	Columns() *Columns
	// Next returns a row, or io.EOF behind the last one. After an *Error that is not
	// Fatal it goes on with the row behind the bad one; any other error comes again.
	Next() (*Row, error)
	Close() error
}

// All iterates over a source. Bad rows come as errors between the rows; after any
// other error the iteration ends. It closes what it opens.
func All(ctx context.Context, source Source) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		reader, err := source.Open(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer reader.Close()
		for {
			row, err := reader.Next()
			if err == io.EOF {
				return
			}
			if !yield(row, err) || err != nil && !OfOneRow(err) {
				return
			}
		}
	}
}

// Count reads a source to its end and counts its rows. The first error of any kind
// ends it.
func Count(ctx context.Context, source Source) (int64, error) {
	var n int64
	for _, err := range All(ctx, source) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Where is the source of those rows that keep says yes to. An error of keep comes out
// of Next, and the next call goes on behind that row.
func Where(source Source, keep func(*Row) (bool, error)) Source {
	return &where{source, keep}
}

type where struct {
	Source
	keep func(*Row) (bool, error)
}

func (w *where) Open(ctx context.Context) (Reader, error) {
	reader, err := w.Source.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &whereReader{reader, w.keep}, nil
}

type whereReader struct {
	Reader
	keep func(*Row) (bool, error)
}

func (w *whereReader) Next() (*Row, error) {
	for {
		row, err := w.Reader.Next()
		if err != nil {
			return nil, err
		}
		if kept, err := w.keep(row); err != nil {
			return nil, err
		} else if kept {
			return row, nil
		}
	}
}

// OfOneRow says whether an error concerns one row only, so that reading can go on.
func OfOneRow(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.Fatal
}
