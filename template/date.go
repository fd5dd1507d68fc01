package template

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

func now(r *run, _ []any) (any, error) {
	t := r.part.template.options.Now()
	if zone := r.part.template.options.Zone; zone != nil {
		t = t.In(zone)
	}
	return t, nil
}

// date: {{date .when}} is "2 March 2026", {{.when | date "%d.%m.%Y"}} says how. The formats
// are those of os.date, with %-d for a day without its zero; "long", "short" and "iso"
// are the language's own.
func date(r *run, args []any) (any, error) {
	format := "long"
	if len(args) == 2 {
		var err error
		if format, err = text(args[0]); err != nil {
			return nil, err
		}
	}
	t, err := timeOf(args[len(args)-1])
	if err != nil {
		return nil, err
	}
	if zone := r.part.template.options.Zone; zone != nil {
		t = t.In(zone)
	}
	names := r.part.template.locale.names
	switch format {
	case "iso":
		format = "%F"
	case "long", "short":
		if names == nil {
			return nil, noNames(r.part.template.options.Language)
		}
		if format == "short" {
			format = names.short
		} else {
			format = names.long
		}
	}
	out, err := appendTime(nil, format, t, r.part.template)
	return string(out), err
}

func noNames(language string) error {
	return mistakef("the names of months in the language %q are not known", language).withHint(`write numbers: date "%Y-%m-%d"`)
}

// timeFormats are what strings are taken for times by.
var timeFormats = []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04"}

// timeOf takes times, strings in the form of ISO 8601, and seconds since 1970, as os.time
// counts them.
func timeOf(v any) (time.Time, error) {
	v, err := plain(v)
	if err != nil {
		return time.Time{}, err
	}
	switch v := v.(type) {
	case time.Time:
		return v, nil
	case string:
		for _, format := range timeFormats {
			if t, err := time.Parse(format, strings.TrimSpace(v)); err == nil {
				return t, nil
			}
		}
		return time.Time{}, mistakef("%q is not a date", shorten(v)).withHint("dates are written 2026-03-02 or 2026-03-02T15:04:05Z")
	case int64:
		return time.Unix(v, 0).UTC(), nil
	case float64:
		if math.Abs(v) < 1<<53 {
			return time.Unix(int64(math.Floor(v)), 0).UTC(), nil
		}
	}
	return time.Time{}, mistakef("%s is not a date", kindOf(v))
}

// appendTime writes a time in a format of os.date.
func appendTime(out []byte, format string, t time.Time, of *Template) ([]byte, error) {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out = append(out, format[i])
			continue
		}
		i++
		bare := format[i] == '-' && i+1 < len(format)
		if bare {
			i++
		}
		pad := func(n, width int) {
			if bare {
				width = 1
			}
			out = fmt.Appendf(out, "%0*d", width, n)
		}
		switch c := format[i]; c {
		case 'B', 'b', 'A', 'a':
			names := of.locale.names
			if names == nil {
				return nil, noNames(of.options.Language)
			}
			name := names.days[t.Weekday()]
			if c == 'B' || c == 'b' {
				name = names.months[t.Month()-1]
			}
			if c == 'b' || c == 'a' {
				name = string([]rune(name)[:3])
			}
			out = append(out, name...)
		case 'Y':
			out = strconv.AppendInt(out, int64(t.Year()), 10)
		case 'y':
			pad(t.Year()%100, 2)
		case 'm':
			pad(int(t.Month()), 2)
		case 'd':
			pad(t.Day(), 2)
		case 'e':
			out = strconv.AppendInt(out, int64(t.Day()), 10)
		case 'j':
			pad(t.YearDay(), 3)
		case 'H':
			pad(t.Hour(), 2)
		case 'I':
			pad((t.Hour()+11)%12+1, 2)
		case 'M':
			pad(t.Minute(), 2)
		case 'S':
			pad(t.Second(), 2)
		case 'p':
			out = t.AppendFormat(out, "PM")
		case 'Z':
			out = t.AppendFormat(out, "MST")
		case 'z':
			out = t.AppendFormat(out, "-0700")
		case 'F':
			out = t.AppendFormat(out, time.DateOnly)
		case 'T':
			out = t.AppendFormat(out, time.TimeOnly)
		case 'R':
			out = t.AppendFormat(out, "15:04")
		case '%':
			out = append(out, '%')
		default:
			return nil, mistakef("unknown date format %%%c", c).withHint("%Y %m %d %H %M %S %B %A and a few more are known")
		}
	}
	return out, nil
}
