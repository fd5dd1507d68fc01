package workbook

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

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
