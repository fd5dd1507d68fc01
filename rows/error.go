package rows

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Place is where a row stands.
type Place struct {
	File  string // as the source is called
	Sheet string // of a workbook, or ""
	// Row counts from 1 as a spreadsheet does: the header is a row, and so is an empty
	// one. Of JSON and SQL, which have neither, the first row is 1. 0: the file as a whole.
	Row  int64
	Line int64 // of a text file, from 1, where the row begins; 0 elsewhere
}

// String is as in errors: `people.csv: row 12 (line 15)`.
func (p Place) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	separator := ": "
	if p.Sheet != "" {
		fmt.Fprintf(&b, ": sheet %q", p.Sheet)
		separator = ", "
	}
	if p.Row > 0 {
		fmt.Fprintf(&b, "%srow %d", separator, p.Row)
		if p.Line > 0 && p.Line != p.Row {
			fmt.Fprintf(&b, " (line %d)", p.Line)
		}
	}
	return b.String()
}

// Error is a fault in a source or in one of its rows.
type Error struct {
	Place
	Column string // the name of the column at fault, or ""
	Cell   int    // its number from 1, or 0
	Text   string // what is wrong, in lower case
	Hint   string // what to do about it, or ""
	Fatal  bool   // nothing can be read behind it
	Err    error  // the cause, or nil
}

// Error is one line: place, column, what is wrong.
func (e *Error) Error() string {
	place := e.Place.String()
	if e.Cell > 0 {
		place += ", column "
		letters := ""
		if e.Sheet != "" {
			letters = columnLetters(e.Cell) + strconv.FormatInt(e.Row, 10)
		}
		switch {
		case e.Column == "" && letters != "":
			place += letters
		case e.Column == "":
			place += strconv.Itoa(e.Cell)
		case letters != "":
			place += fmt.Sprintf("%q (%s)", e.Column, letters)
		default:
			place += strconv.Quote(e.Column)
		}
	} else if e.Column != "" {
		place += ", column " + strconv.Quote(e.Column)
	}
	if place == "" {
		return printable(e.Text)
	}
	return printable(place + ": " + e.Text)
}

func (e *Error) Unwrap() error { return e.Err }

// printable escapes what would end the line of an error or steer a terminal.
func printable(text string) string {
	if utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) {
			quoted := strconv.Quote(text[i : i+size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// excerpt quotes the beginning of a text for an error.
func excerpt(text string) string {
	const most = 40 // bytes
	if len(text) <= most {
		return strconv.Quote(text)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strconv.Quote(text[:cut]) + "…"
}

// columnLetters is a spreadsheet's name of the column with a number from 1: A, Z, AA.
func columnLetters(number int) string {
	var letters []byte
	for ; number > 0; number = (number - 1) / 26 {
		letters = append([]byte{byte('A' + (number-1)%26)}, letters...)
	}
	return string(letters)
}
