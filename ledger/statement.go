package ledger

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// prepared is a statement that is kept.
func (l *Ledger) prepared(query string) (*sqlite.Stmt, error) {
	if s, ok := l.stmt[query]; ok {
		return s, nil
	}
	s, err := l.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	l.stmt[query] = s
	return s, nil
}

// bind sets the parameters of a statement.
func bind(s *sqlite.Stmt, arguments []any) error {
	for i, a := range arguments {
		switch v := a.(type) {
		case nil:
			s.BindNull(i + 1)
		case int64:
			s.BindInt64(i+1, v)
		case int:
			s.BindInt64(i+1, int64(v))
		case ID:
			s.BindInt64(i+1, int64(v))
		case State:
			s.BindInt64(i+1, int64(v))
		case string:
			s.BindText(i+1, v)
		case []byte:
			s.BindBytes(i+1, v)
		default:
			return fmt.Errorf("ledger: a parameter of type %T", a)
		}
	}
	return nil
}

// run executes a statement that returns nothing.
func (l *Ledger) run(query string, arguments ...any) error {
	return l.query(query, nil, arguments...)
}

// query executes a statement and calls each with every row of its result. The statement
// is not to be executed again from there.
func (l *Ledger) query(query string, each func(*sqlite.Stmt) error, arguments ...any) error {
	s, err := l.prepared(query)
	if err != nil {
		return err
	}
	if err := bind(s, arguments); err != nil {
		return err
	}
	for {
		more, err := s.Step()
		if err != nil {
			return err
		}
		if !more {
			return s.Reset()
		}
		if each == nil {
			continue
		}
		switch err := each(s); {
		case err == errEnough:
			return s.Reset()
		case err != nil:
			return errors.Join(err, s.Reset())
		}
	}
}

// errEnough ends a query early.
var errEnough = errors.New("enough")

// execute is run without its detours, for statements that are executed for each row and
// whose parameters are bound.
func execute(s *sqlite.Stmt) error {
	if _, err := s.Step(); err != nil {
		return err
	}
	return s.Reset()
}

// integer is the first column of the only row of a result, 0 where there is none.
func (l *Ledger) integer(query string, arguments ...any) (int64, error) {
	var n int64
	err := l.query(query, func(s *sqlite.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}, arguments...)
	return n, err
}

func columnBytes(s *sqlite.Stmt, column int) []byte {
	b := make([]byte, s.ColumnLen(column))
	s.ColumnBytes(column, b)
	return b
}

// bindOptional binds null in place of an empty text.
func bindOptional(s *sqlite.Stmt, parameter int, text string) {
	if text == "" {
		s.BindNull(parameter)
	} else {
		s.BindText(parameter, text)
	}
}

// explain turns what SQLite says of a file into what it means.
func (l *Ledger) explain(err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	code := sqlite.ErrCode(err).ToPrimary()
	if t, ok := troubleOf(err); ok && (l.writes || code != sqlite.ResultReadOnly) {
		return &Error{Path: l.path, Text: t.text, Hint: t.advice(l.path), Err: err}
	}
	switch code {
	case sqlite.ResultCorrupt:
		return l.corrupt(err.Error())
	case sqlite.ResultNotADB:
		return &Error{Path: l.path, Text: "this is no database", Hint: "move it away; a new ledger knows nothing of earlier runs", Err: ErrNotLedger}
	case sqlite.ResultReadOnly:
		return &Error{Path: l.path, Text: "it has to be put right, and cannot be written to", Hint: "the next run does that, where it may write", Err: err}
	}
	return &Error{Path: l.path, Text: "cannot be used", Err: err}
}

// opening is explain for what is written before there is a run.
func (l *Ledger) opening(err error) error {
	if _, ok := troubleOf(err); ok {
		return l.stopped("opening it for writing", err)
	}
	return l.explain(err)
}

func (l *Ledger) corrupt(what string) error {
	return &Error{
		Path: l.path, Text: "it is damaged: " + what, Err: ErrCorrupt,
		Hint: "mailscript ledger check says more; mailscript ledger salvage copies what can be read into a new one",
	}
}
