package workbook

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Type says what the values of a column are. Each takes nil for an empty cell. Numbers are int, int64, float64 or text that
// is a decimal number, as databases return NUMERIC; dates and times are time.Time, of which the clock of its zone counts, or text
// of ISO 8601.
type Type string

// The types.
const (
	Any     Type = "any"     // each value as it is: text, number, bool or time
	Text    Type = "text"    // text, whatever it looks like; numbers and bools are written out
	Number  Type = "number"  // 1,234.5 and so on, with as many decimals as there are
	Integer Type = "integer" // 1,234
	Money   Type = "money"   // 1,234.50 €
	Percent Type = "percent" // 0.25 shows as 25.0%
	Date    Type = "date"    // 2026-11-26
	Time    Type = "time"    // 2026-11-26 09:15, a date with its time of day
	Bool    Type = "bool"    // TRUE or FALSE
)

// formats are the number formats of the types. Where they group and what the point is, the spreadsheet's settings say.
var formats = map[Type]string{
	Any: "", Text: "@", Number: "#,##0.##########", Integer: "#,##0", Money: "#,##0.00", Percent: "0.0%",
	Date: "yyyy-mm-dd", Time: "yyyy-mm-dd hh:mm", Bool: "",
}

// extra is a style beside those of the columns.
type extra int

// The extra styles, of cells in columns of any.
const (
	none extra = iota
	asTime
	asDate
	asText
)

// cell is a value that was checked.
type cell struct {
	value any // string, float64, int64, bool, or nil
	width int // in characters, about
	style extra
}

// check says what is wrong with a column.
func (c Column) check() error {
	if _, known := formats[c.kind()]; !known {
		return fmt.Errorf("type is %q, and not any, text, number, integer, money, percent, date, time or bool", string(c.Type))
	}
	switch {
	case units(c.Title) > maxText:
		return fmt.Errorf("the title has %d characters, and at most %d", units(c.Title), maxText)
	case c.Width < 0 || c.Width > maxWidth || math.IsNaN(c.Width):
		return fmt.Errorf("width is %v, and not 0 to %d", c.Width, maxWidth)
	case c.Currency != "" && c.kind() != Money:
		return fmt.Errorf("a currency goes with type money, and not %s", c.kind())
	case strings.Contains(c.Currency, `"`) || utf8.RuneCountInString(c.Currency) > 10 || printable(c.Currency) != c.Currency:
		return fmt.Errorf("currency %q is none", c.Currency)
	}
	return checkFormat(c.Format)
}

func (c Column) kind() Type {
	if c.Type == "" {
		return Any
	}
	return c.Type
}

// checkFormat refuses what makes spreadsheets call the whole file damaged.
func checkFormat(format string) error {
	if utf8.RuneCountInString(format) > 255 || printable(format) != format {
		return fmt.Errorf("format %q is longer than 255 characters, or has some that cannot be printed", format)
	}
	quoted, bracket := false, false
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			if i++; i == len(format) {
				return fmt.Errorf("format %q ends after %q, which needs a character behind it", format, string(c))
			}
		case c == '[' && !bracket:
			bracket = true
		case c == '[' || c == ']' && !bracket:
			return fmt.Errorf("format %q has brackets that do not match", format)
		case c == ']':
			bracket = false
		}
	}
	if quoted || bracket {
		return fmt.Errorf("format %q has a quotation mark or bracket without its match", format)
	}
	if strings.Count(format, ";") > 3 {
		return fmt.Errorf("format %q has more than 4 sections", format)
	}
	return nil
}

// newStyles returns the numbers of the styles: those of the columns, then the extra ones; and that of the header.
func newStyles(file *excelize.File, columns []Column) (styles []int, header int, err error) {
	for i, column := range columns {
		format := column.Format
		if format == "" {
			format = formats[column.kind()]
			if column.Currency != "" {
				format += `\ "` + column.Currency + `"`
			}
		}
		id, err := newStyle(file, format)
		if err != nil {
			return nil, 0, fmt.Errorf("column %s: format %q: %w", columnName(i, column), format, err)
		}
		styles = append(styles, id)
	}
	for _, kind := range []Type{Time, Date, Text} { // as the extra styles are counted
		id, err := newStyle(file, formats[kind])
		if err != nil {
			return nil, 0, fmt.Errorf("format %q: %w", formats[kind], err)
		}
		styles = append(styles, id)
	}
	header, err = file.NewStyle(&excelize.Style{
		Font:      &excelize.Font{Bold: true},
		Border:    []excelize.Border{{Type: "bottom", Style: 1, Color: "808080"}},
		Alignment: &excelize.Alignment{Vertical: "center"},
	})
	if err != nil {
		return nil, 0, fmt.Errorf("header: %w", err)
	}
	return styles, header, nil
}

func newStyle(file *excelize.File, format string) (int, error) {
	switch format {
	case "":
		return 0, nil
	case "@":
		return file.NewStyle(&excelize.Style{NumFmt: 49}) // text, one of those built in
	}
	return file.NewStyle(&excelize.Style{CustomNumFmt: &format})
}

// cell checks a value and makes a cell of it.
func (c Column) cell(value any) (cell, error) {
	if value == nil {
		return cell{}, nil
	}
	switch c.kind() {
	case Text:
		return textCell(value)
	case Number, Money, Percent:
		number, err := numberOf(value)
		if err != nil {
			return cell{}, err
		}
		return cell{value: number, width: c.digits(number)}, nil
	case Integer:
		number, err := integerOf(value)
		if err != nil {
			return cell{}, err
		}
		return cell{value: number, width: c.digits(float64(number))}, nil
	case Date:
		at, err := timeOf(value)
		if err != nil {
			return cell{}, err
		}
		serial, err := serialOf(at)
		return cell{value: math.Floor(serial), width: max(len("2026-11-26"), len(c.Format))}, err
	case Time:
		at, err := timeOf(value)
		if err != nil {
			return cell{}, err
		}
		serial, err := serialOf(at)
		return cell{value: serial, width: max(len("2026-11-26 09:15"), len(c.Format))}, err
	case Bool:
		if b, ok := value.(bool); ok {
			return cell{value: b, width: len("FALSE")}, nil
		}
		return cell{}, fmt.Errorf("%s is no bool", show(value))
	}
	return c.anyCell(value)
}

// anyCell makes a cell as the value has it.
func (c Column) anyCell(value any) (cell, error) {
	switch v := value.(type) {
	case string:
		made, err := textCell(v)
		if c.Format == "" {
			made.style = asText
		}
		return made, err
	case bool:
		return cell{value: v, width: len("FALSE")}, nil
	case int, int64:
		number, err := integerOf(v)
		return cell{value: number, width: c.digits(float64(number))}, err
	case float64:
		number, err := numberOf(v)
		return cell{value: number, width: c.digits(number)}, err
	case time.Time:
		serial, err := serialOf(v)
		made := cell{value: serial, width: len("2026-11-26 09:15")}
		switch {
		case c.Format != "":
		case serial == math.Floor(serial):
			made.style = asDate
		default:
			made.style = asTime
		}
		return made, err
	}
	return cell{}, fmt.Errorf("%s is nothing to put into a cell", show(value))
}

// textCell makes a cell of text.
func textCell(value any) (cell, error) {
	var content string
	switch v := value.(type) {
	case string:
		content = v
	case int:
		content = strconv.Itoa(v)
	case int64:
		content = strconv.FormatInt(v, 10)
	case float64:
		content = strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		content = strconv.FormatBool(v)
	case time.Time:
		content = v.Format(time.RFC3339)
	default:
		return cell{}, fmt.Errorf("%s is no text", show(value))
	}
	if n := units(content); n > maxText {
		return cell{}, fmt.Errorf("the text has %d characters, and a cell at most %d", n, maxText)
	}
	width := 0
	for line := range strings.SplitSeq(content, "\n") {
		width = max(width, utf8.RuneCountInString(line))
	}
	return cell{value: text(content), width: width}, nil
}

// text replaces what XML cannot hold (XML 1.0, section 2.2) by U+FFFD, and CRLF, which cells do not have, by LF.
func text(content string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, strings.ReplaceAll(content, "\r\n", "\n"))
}

// digits estimates how wide a number is.
func (c Column) digits(number float64) int {
	whole := len(strconv.FormatFloat(math.Abs(math.Trunc(number)), 'f', 0, 64))
	width := whole + (whole-1)/3
	if number < 0 {
		width++
	}
	switch c.kind() {
	case Money:
		width += 3
		if c.Currency != "" {
			width += 1 + utf8.RuneCountInString(c.Currency)
		}
	case Percent:
		width += 5
	case Number, Any:
		_, fraction, _ := strings.Cut(strconv.FormatFloat(number, 'f', -1, 64), ".")
		width += 1 + min(len(fraction), 10)
	}
	return max(width, len(c.Format))
}

// numberOf reads a number.
func numberOf(value any) (float64, error) {
	switch v := value.(type) {
	case int:
		return exact(int64(v))
	case int64:
		return exact(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, fmt.Errorf("%v is no number that a cell can hold", v)
		}
		return rounded(v), nil
	case string:
		if !decimal(v) {
			return 0, fmt.Errorf("%s is no number", show(v))
		}
		if significant(v) > 15 {
			return 0, fmt.Errorf("%s has more than 15 digits, which spreadsheets round; make the column text", show(v))
		}
		number, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return 0, fmt.Errorf("%s is no number that a cell can hold", show(v))
		}
		return number, nil
	}
	return 0, fmt.Errorf("%s is no number", show(value))
}

// integerOf reads a whole number.
func integerOf(value any) (int64, error) {
	number, err := numberOf(value)
	if err != nil {
		return 0, err
	}
	if number != math.Trunc(number) {
		return 0, fmt.Errorf("%s is no whole number", show(value))
	}
	if math.Abs(number) >= 1e15 {
		return 0, fmt.Errorf("%s has more than 15 digits, which spreadsheets round; make the column text", show(value))
	}
	return int64(number), nil
}

// exact returns a whole number that spreadsheets do not round: they keep 15 digits.
func exact(number int64) (float64, error) {
	if number >= 1e15 || number <= -1e15 {
		return 0, fmt.Errorf("%d has more than 15 digits, which spreadsheets round; make the column text", number)
	}
	return float64(number), nil
}

// decimal reports whether a text is a number as databases write them, with an exponent at most.
func decimal(text string) bool {
	digits := false
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits = true
		case (r == '-' || r == '+') && (i == 0 || text[i-1] == 'e' || text[i-1] == 'E'):
		case r == '.':
		case (r == 'e' || r == 'E') && digits:
		default:
			return false
		}
	}
	return digits
}

// significant counts the digits of a number that mean something.
func significant(text string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(strings.TrimLeft(text, "+-")), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := strings.TrimLeft(whole+fraction, "0")
	if fraction == "" {
		digits = strings.TrimRight(digits, "0")
	}
	return len(digits)
}

// timeOf reads a time, or a text of ISO 8601.
func timeOf(value any) (time.Time, error) {
	switch v := value.(type) {
	case time.Time:
		return v, nil
	case string:
		for _, layout := range []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04"} {
			if at, err := time.Parse(layout, v); err == nil {
				return at, nil
			}
		}
		return time.Time{}, fmt.Errorf("%s is no time; it is written as 2026-11-26 or 2026-11-26T09:15:00", show(v))
	}
	return time.Time{}, fmt.Errorf("%s is no time", show(value))
}

// serialOf returns the number of days since 30 December 1899 that clocks of the time's zone show. Before 1 March 1900
// spreadsheets count wrongly, for they take that year for a leap year.
func serialOf(at time.Time) (float64, error) {
	year, month, day := at.Date()
	if year > 9999 || year < 1900 || year == 1900 && month < 3 {
		return 0, fmt.Errorf("%s is not between 1 March 1900 and 31 December 9999, the times spreadsheets know", at.Format(time.DateOnly))
	}
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	hour, minute, second := at.Clock()
	milliseconds := float64((hour*3600+minute*60+second)*1000 + at.Nanosecond()/1e6)
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	days := float64((date.Unix() - epoch.Unix()) / 86_400)
	serial := rounded(days + milliseconds/86_400_000)
	// Readers that cut instead of rounding would show a second less where the fraction came out too small.
	if math.Floor((serial-days)*86_400_000) < milliseconds {
		serial = rounded(serial + 1e-10)
	}
	return serial, nil
}

// rounded returns the number with the 15 digits that spreadsheets keep. excelize would cut the others off.
func rounded(number float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(number, 'e', 14, 64), 64)
	if err != nil {
		return number // the largest there is
	}
	return short
}

// show writes a value for an error: what it is, and not more of it than one can read.
func show(value any) string {
	switch v := value.(type) {
	case string:
		if utf8.RuneCountInString(v) > 40 {
			v = string([]rune(v)[:40]) + "…"
		}
		return strconv.Quote(v)
	case bool, int, int64, float64:
		return fmt.Sprint(v)
	case time.Time:
		return v.Format(time.RFC3339)
	}
	return fmt.Sprintf("a value of type %T", value)
}
