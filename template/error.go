package template

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is a mistake in a template, or data that a template cannot show.
type Error struct {
	// File is the file of the template, or what its source was called; "" where
	// nothing points into a source.
	File string
	// Line and Column count from 1, Column in characters; 0 where unknown.
	Line, Column int
	// Text is the line, without its line break.
	Text string
	// Row says which row of the data it was. The caller fills it, with WithRow.
	Row string
	// Message says what is wrong.
	Message string
	// Hint says what to do; "" where nothing is likely.
	Hint string
	// Err is the cause, where there is one besides Message.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("template: ")
	if e.File != "" {
		b.WriteString(e.File)
		for _, n := range []int{e.Line, e.Column} {
			if n > 0 {
				b.WriteByte(':')
				b.WriteString(strconv.Itoa(n))
			}
		}
		b.WriteString(": ")
	}
	if e.Row != "" {
		b.WriteString(e.Row)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString(" (")
		b.WriteString(e.Hint)
		b.WriteByte(')')
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// WithRow returns a copy that names the row of the data, for instance "people.csv:17".
func (e *Error) WithRow(row string) *Error {
	named := *e
	named.Row = row
	return &named
}

// excerptWidth is how many characters of a line Excerpt shows on each side of the column.
const excerptWidth = 60

// Excerpt returns the line with a caret below the column, in two lines that end in
// LF; "" where the line is unknown.
func (e *Error) Excerpt() string {
	if e.Line == 0 || e.Text == "" {
		return ""
	}
	runes := []rune(strings.ReplaceAll(e.Text, "\t", " "))
	column := max(e.Column, 1) - 1
	from, until := max(0, column-excerptWidth), min(len(runes), column+excerptWidth)
	if from >= until {
		from = 0
	}
	number := strconv.Itoa(e.Line)
	shown := fmt.Sprintf("%s | %s\n", number, string(runes[from:until]))
	if e.Column > 0 {
		shown += strings.Repeat(" ", len(number)) + " | " + strings.Repeat(" ", column-from) + "^\n"
	}
	return shown
}

// mistake is an error of a helper or of data that does not know its place yet.
type mistake struct {
	message, hint string
}

func (m *mistake) Error() string { return m.message }

func mistakef(format string, args ...any) *mistake {
	return &mistake{message: fmt.Sprintf(format, args...)}
}

func (m *mistake) withHint(hint string) *mistake {
	m.hint = hint
	return m
}

// source is one text that somebody wrote: a file, or a value of its front matter.
type source struct {
	name string
	text string
	// line and column are those of the first octet of text in its file, from 1.
	line, column int
}

// errorAt makes an error that points at an offset of the source.
func (s *source) errorAt(offset int, cause error) *Error {
	offset = min(max(offset, 0), len(s.text))
	before := s.text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	line, _, _ := strings.Cut(s.text[start:], "\n")
	line = strings.TrimSuffix(line, "\r")
	e := &Error{
		File: s.name, Line: s.line + strings.Count(before, "\n"),
		Column: utf8.RuneCountInString(before[start:]) + 1, Text: line,
	}
	if start == 0 {
		e.Column += s.column - 1
	}
	e.explain(cause)
	return e
}

// errorInLine makes an error for a line of the source, counted from 1.
func (s *source) errorInLine(line int, cause error) *Error {
	rest := s.text
	offset := 0
	for range line - 1 {
		i := strings.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		offset, rest = offset+i+1, rest[i+1:]
	}
	e := s.errorAt(offset, cause)
	e.Column = 0
	return e
}

// explain takes over what the cause says.
func (e *Error) explain(cause error) {
	if m, ok := cause.(*mistake); ok {
		e.Message, e.Hint = m.message, m.hint
		return
	}
	e.Message, e.Err = cause.Error(), cause
}
