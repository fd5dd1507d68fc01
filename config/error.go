package config

import "fmt"

// Error is a fault in the configuration, or in fetching what it points to.
type Error struct {
	Path         string // the file, "" where there is none
	Line, Column int    // from 1, the column in characters; 0 where the fault has no place
	Text         string // what is wrong, in lower case
	Hint         string // what to do about it, "" where nothing is known
	Excerpt      string // the line and a caret below it, secrets hidden; two lines, no line end
	Err          error  // the cause, or nil
}

// Error is one line: the place and the text.
func (e *Error) Error() string {
	switch {
	case e.Path == "" && e.Line == 0:
		return e.Text
	case e.Path == "":
		return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text)
	case e.Line == 0:
		return e.Path + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Text)
}

func (e *Error) Unwrap() error { return e.Err }

// place is where a setting was written, kept for faults that show only later.
type place struct {
	path         string
	line, column int
	excerpt      string
}

func (p place) fault(text, hint string, cause error) *Error {
	return &Error{
		Path: p.path, Line: p.line, Column: p.column, Excerpt: p.excerpt,
		Text: text, Hint: hint, Err: cause,
	}
}
