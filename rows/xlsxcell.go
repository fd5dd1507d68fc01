package rows

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const noResult cellFault = "a formula without a result"

// cell reads a cell behind its start (ECMA-376 part 1, section 18.3.1.4).
func (b *workbook) cell(part *xmlPart, start xml.StartElement) (any, error) {
	kind, _ := attribute(start, "t")
	style, _ := attribute(start, "s")
	var value, inline string
	var formula, valued bool
	for {
		token, err := part.token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "v":
				if value, err = part.text("v"); err != nil {
					return nil, err
				}
				valued = true
			case "is":
				if inline, err = part.richText("is"); err != nil {
					return nil, err
				}
			case "f":
				formula = true
			}
			continue
		case xml.EndElement:
			if token.Name.Local != "c" {
				continue
			}
		default:
			continue
		}
		break
	}
	switch kind {
	case "s":
		if !valued {
			return nil, nil
		}
		text, err := b.shared(value)
		return textOrNil(text), err
	case "inlineStr":
		return textOrNil(inline), nil
	case "str":
		if formula && !valued {
			return noResult, nil
		}
		return textOrNil(unescapeXString(value)), nil
	}
	value = strings.TrimSpace(value)
	if value == "" {
		if formula {
			return noResult, nil
		}
		return nil, nil
	}
	switch kind {
	case "b":
		return value == "1" || value == "true", nil
	case "e":
		return cellFault("is " + excerpt(value) + ", an error of the spreadsheet"), nil
	case "d":
		return isoDate(value), nil
	case "", "n":
		number, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
			return cellFault(excerpt(value) + " is no number"), nil
		}
		return b.number(number, b.formatOf(style)), nil
	}
	return cellFault("a cell of the unknown type " + excerpt(kind)), nil
}

func textOrNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// isoDate is the value of a cell of type d.
func isoDate(text string) any {
	c := converter{kind: TypeTime, layouts: timeLayouts}
	if !strings.ContainsAny(text, "T ") {
		c = converter{kind: TypeDate, layouts: dateLayouts}
	}
	value, e := c.parse(text)
	if e != nil {
		return cellFault(e.Text)
	}
	return value
}

// number is what a number means in a format.
func (b *workbook) number(number float64, format numberFormat) any {
	switch format {
	case formatDuration:
		return clockText(number)
	case formatTime:
		return clockText(number - math.Floor(number))
	case formatDate, formatDateTime:
		moment, ok := b.moment(number)
		if !ok {
			return cellFault(strconv.FormatFloat(number, 'g', -1, 64) + " is no date of a spreadsheet")
		}
		if format == formatDate {
			return dateOf(moment)
		}
		return moment
	}
	if number == math.Trunc(number) && math.Abs(number) <= maxExact {
		return int64(number)
	}
	return number
}

const dayMilliseconds = 24 * 60 * 60 * 1000

// clockText is a part of days as hours, minutes and seconds; the hours may be many.
func clockText(days float64) any {
	if math.Abs(days) > 1e7 {
		return cellFault("a duration too long")
	}
	sign := ""
	if days < 0 {
		sign, days = "-", -days
	}
	ms := int64(math.Round(days * dayMilliseconds))
	if days < 1 {
		ms %= dayMilliseconds // a clock has no 24:00
	}
	text := fmt.Sprintf("%s%02d:%02d:%02d", sign, ms/3600000, ms/60000%60, ms/1000%60)
	if ms%1000 != 0 {
		text += fmt.Sprintf(".%03d", ms%1000)
	}
	return text
}

// moment is the time that a number of days is (ECMA-376 part 1, section 18.17.4): day
// 1 is 1900-01-01, or day 0 is 1904-01-01. What the number cannot hold exactly is
// rounded to a millisecond.
func (b *workbook) moment(days float64) (time.Time, bool) {
	const last = 2958465 // 9999-12-31
	if days < 0 || days >= last+1 {
		return time.Time{}, false
	}
	ms := int64(math.Round(days * dayMilliseconds))
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch day := ms / dayMilliseconds; {
	case b.epoch1904:
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day == 60:
		return time.Time{}, false // QUIRK: 1900-02-29, which Lotus 1-2-3 took for a day
	case day < 60:
		epoch = epoch.AddDate(0, 0, 1)
	}
	return epoch.AddDate(0, 0, int(ms/dayMilliseconds)).Add(time.Duration(ms%dayMilliseconds) * time.Millisecond), true
}

// columnNumber is the number from 0 of the column in a reference such as "C12".
func columnNumber(reference string) (int, bool) {
	number, letters := 0, 0
	for ; letters < len(reference) && letters < 4; letters++ {
		c := reference[letters] | 0x20
		if c < 'a' || c > 'z' {
			break
		}
		number = 26*number + int(c-'a') + 1
	}
	if letters == 0 || letters > 3 {
		return 0, false
	}
	if _, err := parseUint(reference[letters:]); err != nil {
		return 0, false
	}
	return number - 1, true
}

func parseUint(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 62)
	return int64(n), err
}

// unescapeXString resolves the escapes of ST_Xstring (ECMA-376 part 1, section
// 22.9.2.19), by which a cell has characters that XML does not: _x000D_. CR LF becomes
// LF, as in CSV.
func unescapeXString(text string) string {
	if !strings.Contains(text, "_x") {
		return strings.ReplaceAll(text, "\r\n", "\n")
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], "_x") && len(text) >= i+7 && text[i+6] == '_' {
			if r, ok := hexRune([]byte(text[i+2 : i+6])); ok && utf8.ValidRune(r) {
				b.WriteRune(r)
				i += 7
				continue
			}
		}
		b.WriteByte(text[i])
		i++
	}
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}
