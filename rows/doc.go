// Package rows reads tables of records from where people keep them: CSV, JSON, JSON
// Lines, XLSX, and the databases SQLite, PostgreSQL and MySQL.
//
// A Source can be read again and again, one row at a time, in memory that does not
// grow with the number of rows. A Row never changes and may be kept. Its values are
// made when they are asked for:
//
//	nil        an empty cell, SQL's NULL, JSON's null
//	string     text; and whole numbers beyond 2⁵³, SQL's DECIMAL and time of day, bytes
//	bool
//	int64      whole numbers within ±2⁵³, which float64 holds too
//	float64    all other numbers
//	time.Time  a moment; where the source names no zone it is in UTC, so that it prints as it stands there
//	Date       a day of the calendar
//	[]any, map[string]any   lists and objects of JSON, a new one each time
//
// Nothing is guessed: cells of CSV are text unless the options give a type, numbers
// have a decimal point unless the options say otherwise, text that looks like a
// formula is text, and a column that is not there is an error and not nil.
//
// An *Error names the place. One that is not Fatal concerns one row, and the next call
// of Next goes on behind it, so that all bad rows of a file can be found at once.
package rows
