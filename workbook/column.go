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
