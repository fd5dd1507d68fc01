package inline

import (
	"fmt"
	"strings"
)

// Error is a source that cannot be inlined. Line and Column count from 1; Column counts
// bytes.
type Error struct {
	Line, Column int
	Reason       string
}

func (e *Error) Error() string {
	return fmt.Sprintf("inline styles: line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

func errorAt(source string, offset int, reason string) *Error {
	before := source[:offset]
	return &Error{
		Line:   strings.Count(before, "\n") + 1,
		Column: offset - strings.LastIndexByte(before, '\n'),
		Reason: reason,
	}
}
