package rows

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type is what the cells of a column are to be made into. After "date:" or "time:" may
// stand how they are written, with the letters of strftime: "date:%d.%m.%Y",
// "time:%d/%m/%Y %H:%M".
type Type string

const (
	TypeText    Type = "text"
	TypeInteger Type = "integer"
	TypeNumber  Type = "number"
	TypeBoolean Type = "boolean" // true, false, yes, no, 1, 0
	TypeDate    Type = "date"    // 2026-11-24
	TypeTime    Type = "time"    // 2026-11-24 07:00[:00], with T or a blank, and Z, an offset or nothing behind it
)

var typeNames = []string{string(TypeText), string(TypeInteger), string(TypeNumber), string(TypeBoolean), string(TypeDate), string(TypeTime)}

// converter makes values of one type.
type converter struct {
	kind    Type
	layouts []string // of dates and times, in Go's notation
	given   bool     // the layout, by the options
	decimal byte     // between the digits of numbers
}

var (
	dateLayouts = []string{"2006-01-02"}
	timeLayouts = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}
)

// newConverter is nil for text that stays as it is.
func newConverter(t Type, decimal byte) (*converter, error) {
	name, format, formatted := strings.Cut(string(t), ":")
	c := &converter{kind: Type(name), decimal: decimal}
	if !slices.Contains(typeNames, name) {
		return nil, fmt.Errorf("unknown type %q%s; there are %s", name, didYouMean(name, typeNames), strings.Join(typeNames, ", "))
	}
	switch {
	case formatted && c.kind != TypeDate && c.kind != TypeTime:
		return nil, fmt.Errorf("type %q takes no format", name)
	case formatted:
		layout, err := layoutOf(format)
		if err != nil {
			return nil, err
		}
		c.layouts, c.given = []string{layout}, true
	case c.kind == TypeDate:
		c.layouts = dateLayouts
	case c.kind == TypeTime:
		c.layouts = timeLayouts
	}
	return c, nil
}

// layoutOf translates the letters of strftime. Days, months and hours may have one digit.
func layoutOf(format string) (string, error) {
	letters := map[byte]string{'Y': "2006", 'y': "06", 'm': "1", 'd': "2", 'e': "2", 'H': "15", 'I': "3", 'M': "4", 'S': "5", 'p': "PM", 'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'z': "-0700", '%': "%"}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case c == '%' && i+1 < len(format) && letters[format[i+1]] != "":
			i++
			b.WriteString(letters[format[i]])
		case c == '%':
			return "", fmt.Errorf("format %q: unknown letter behind %%", format)
		case c == 'T' || strings.IndexByte(" ./-:,", c) >= 0:
			b.WriteByte(c)
		default:
			// Go's layouts would take letters and digits for parts of a date.
			return "", fmt.Errorf("format %q: %q can not stand between the parts", format, c)
		}
	}
	return b.String(), nil
}

// convert makes a value of the type from one that a source has; nil stays nil.
func (c *converter) convert(value any) (any, *Error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case string:
		return c.parse(value)
	case int64:
		switch c.kind {
		case TypeInteger, TypeNumber:
			return value, nil
		case TypeText:
			return strconv.FormatInt(value, 10), nil
		case TypeBoolean:
			return c.parse(strconv.FormatInt(value, 10))
		}
	case float64:
		whole := value == math.Trunc(value) && math.Abs(value) <= maxExact
		switch c.kind {
		case TypeNumber:
			return value, nil
		case TypeInteger:
			if whole {
				return int64(value), nil
			}
			return nil, &Error{Text: strconv.FormatFloat(value, 'g', -1, 64) + " is no whole number"}
		case TypeText:
			return strconv.FormatFloat(value, 'f', -1, 64), nil
		}
	case bool:
		switch c.kind {
		case TypeBoolean:
			return value, nil
		case TypeText:
			return strconv.FormatBool(value), nil
		}
	case Date:
		switch c.kind {
		case TypeDate:
			return value, nil
		case TypeTime:
			return value.Time(time.UTC), nil
		case TypeText:
			return value.String(), nil
		}
	case time.Time:
		switch c.kind {
		case TypeTime:
			return value, nil
		case TypeDate:
			return dateOf(value), nil
		case TypeText:
			return value.Format(time.RFC3339), nil
		}
	}
	return nil, &Error{Text: fmt.Sprintf("a %s where the type is %s", kindOf(value), c.kind)}
}

// parse makes a value of text. Blanks around all but text are of no account, and text
// that is blank is none.
func (c *converter) parse(text string) (any, *Error) {
	if c.kind == TypeText {
		return text, nil
	}
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return nil, nil
	}
	refuse := func(what string) (any, *Error) { return nil, &Error{Text: excerpt(text) + " is no " + what} }
	switch c.kind {
	case TypeInteger:
		if whole(trimmed) {
			return integer(trimmed), nil
		}
		return refuse("whole number")
	case TypeNumber:
		number, ok := decimal(trimmed, c.decimal)
		if ok {
			return number, nil
		}
		_, e := refuse("number")
		if c.decimal == '.' && strings.Contains(trimmed, ",") {
			e.Hint = `decimal = "," reads numbers with a decimal comma`
		}
		return nil, e
	case TypeBoolean:
		switch strings.ToLower(trimmed) {
		case "true", "yes", "1":
			return true, nil
		case "false", "no", "0":
			return false, nil
		}
		return refuse("boolean: true, false, yes, no, 1, 0")
	}
	for _, layout := range c.layouts {
		if t, err := time.Parse(layout, trimmed); err == nil {
			if c.kind == TypeDate {
				return dateOf(t), nil
			}
			return t, nil
		}
	}
	_, e := refuse(string(c.kind) + " such as " + time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC).Format(c.layouts[0]))
	if !c.given {
		e.Hint = fmt.Sprintf(`a type such as "%s:%%d.%%m.%%Y" says how it is written`, c.kind)
	}
	return nil, e
}

// whole says whether text is digits with or without a sign.
func whole(text string) bool {
	digits := strings.TrimLeft(text[:1], "+-") + text[1:]
	if digits == "" {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// integer is the value of a whole number: an int64, or beyond 2⁵³ its text.
func integer(text string) any {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return strings.TrimPrefix(text, "+")
	}
	return exact(n)
}

// exact is a whole number where float64 holds it, and its text elsewhere.
func exact(n int64) any {
	if n > maxExact || n < -maxExact {
		return strconv.FormatInt(n, 10)
	}
	return n
}

// decimal reads a number that has neither groups of thousands nor words.
func decimal(text string, point byte) (float64, bool) {
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && c != point && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	if point != '.' {
		text = strings.Replace(text, string(point), ".", 1)
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}

// kindOf is what people call a value.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "boolean"
	case int64, float64:
		return "number"
	case time.Time:
		return "time"
	case Date:
		return "date"
	case []any:
		return "list"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", value)
}
