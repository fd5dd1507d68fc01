package template

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// plain returns a value as one of the kinds of data that Record names.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, int64, float64, time.Time, []any, map[string]any, Record, jsonText:
		return v, nil
	case int:
		return int64(v), nil
	case []byte:
		return string(v), nil
	case fmt.Stringer:
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
			return nil, nil
		}
		return v.String(), nil
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		return r.String(), nil
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if r.Uint() <= math.MaxInt64 {
			return int64(r.Uint()), nil
		}
		return strconv.FormatUint(r.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return r.Float(), nil
	}
	return nil, mistakef("data of type %T cannot be used in a template", v)
}

// kindOf is what users call the kind of a value.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nil"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case int64, float64, int:
		return "a number"
	case time.Time:
		return "a time"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	case Record:
		return "a row"
	}
	return fmt.Sprintf("a %T", v)
}

// lookup takes a field of a value.
func lookup(v any, name string) (any, error) {
	var found any
	var ok bool
	switch v := v.(type) {
	case map[string]any:
		found, ok = v[name]
	case Record:
		found, ok = v.Field(name)
	case nil:
		return nil, mistakef("there is no value to take the field %q of", name)
	default:
		return nil, mistakef("%s has no fields, and so no %q", kindOf(v), name)
	}
	if !ok {
		return nil, unknownField(v, name)
	}
	return found, nil
}

// maybe takes a field; nil where there is none.
func maybe(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[name]
	case Record:
		found, _ := v.Field(name)
		return found
	}
	return nil
}

// unknownField says that a field is missing, and which was meant.
func unknownField(v any, name string) error {
	var names []string
	switch v := v.(type) {
	case map[string]any:
		for n := range v {
			names = append(names, n)
		}
	case interface{ Names() []string }:
		names = v.Names()
	}
	m := mistakef("no field %q", name)
	if near := nearest(name, names); near != "" {
		return m.withHint(fmt.Sprintf("did you mean %q?", near))
	}
	return m.withHint(fmt.Sprintf("{{.%s | default \"\"}} where it may be missing", name))
}

// text returns what a value prints as. Numbers follow API: integral ones print as
// integers, others as %.14g of C; nil prints as nothing.
func text(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	v, err := plain(v)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return decimal(v).String(), nil
	case jsonText:
		return v.String(), nil
	case time.Time:
		return v.Format(timeFormat(v)), nil
	case []any:
		return "", mistakef("a list cannot be printed").withHint("{{range}} goes through it; join and json print it")
	}
	return "", mistakef("%s cannot be printed", kindOf(v)).withHint("print its fields, or use json")
}

// appendText appends what a value prints as.
func appendText(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return out, nil
	case string:
		return append(out, v...), nil
	case int64:
		return strconv.AppendInt(out, v, 10), nil
	case float64:
		return decimal(v).append(out), nil
	}
	s, err := text(v)
	return append(out, s...), err
}

// timeFormat shows a time of day unless it is midnight: dates are times to most sources.
func timeFormat(t time.Time) string {
	if t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 {
		return time.DateOnly
	}
	return time.DateTime
}

// show returns what html/template is to print: of what is text a string, and what has
// another form in a script as it is.
func show(v any) (any, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	v, err := plain(v)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil, bool, int64, jsonText:
		return v, nil
	case float64:
		if i, ok := integral(v); ok {
			return i, nil
		}
		return decimal(v), nil
	}
	return text(v)
}

// decimal is a number that is no integer.
type decimal float64

func (d decimal) String() string { return string(d.append(nil)) }

func (d decimal) append(out []byte) []byte {
	f := float64(d)
	switch i, ok := integral(f); {
	case ok:
		return strconv.AppendInt(out, i, 10)
	case math.IsInf(f, 1):
		return append(out, "inf"...)
	case math.IsInf(f, -1):
		return append(out, "-inf"...)
	case math.IsNaN(f):
		return append(out, "nan"...)
	}
	return strconv.AppendFloat(out, f, 'g', 14, 64)
}

// MarshalJSON is what a script is given: null for what JSON has no number for.
func (d decimal) MarshalJSON() ([]byte, error) {
	if f := float64(d); math.IsInf(f, 0) || math.IsNaN(f) {
		return []byte("null"), nil
	}
	return []byte(d.String()), nil
}

// integral returns a float as an integer if it is one.
func integral(f float64) (int64, bool) {
	if f >= -1<<63 && f < 1<<63 && f == math.Trunc(f) {
		return int64(f), true
	}
	return 0, false
}

// jsonText is what the helper json returns: it stands in scripts as it is.
type jsonText string

func (j jsonText) String() string { return string(j) }

// MarshalJSON returns the text, which is JSON.
func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// encodeJSON encodes plain data.
func encodeJSON(v any) (jsonText, error) {
	v, err := jsonValue(v, 0)
	if err != nil {
		return "", err
	}
	encoded, err := json.Marshal(v)
	return jsonText(encoded), err
}

// maxNesting bounds how deep tables lie within tables, where they may be circular.
const maxNesting = 100

func jsonValue(v any, depth int) (any, error) {
	if depth > maxNesting {
		return nil, mistakef("tables lie more than %d deep", maxNesting)
	}
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if list[i], err = jsonValue(item, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		table := make(map[string]any, len(v))
		for name, item := range v {
			var err error
			if table[name], err = jsonValue(item, depth+1); err != nil {
				return nil, err
			}
		}
		return table, nil
	case time.Time:
		return v.Format(time.RFC3339), nil
	case Record:
		if table, ok := tableOf(v); ok {
			return jsonValue(table, depth)
		}
	}
	return show(v)
}

// tableOf makes all fields of a record, where it can name them.
func tableOf(r Record) (table map[string]any, ok bool) {
	named, ok := r.(interface{ Names() []string })
	if !ok {
		return nil, false
	}
	table = map[string]any{}
	for _, name := range named.Names() {
		table[name], _ = r.Field(name)
	}
	return table, true
}

// truth is that of html/template: false, 0, nil and what is empty are false.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case int64:
		return v != 0
	case float64:
		return v != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	case time.Time:
		return true
	}
	t, _ := template.IsTrue(v)
	return t
}

// items returns what {{range}} goes through: a list, a table, a number of times, or nil.
func items(v any) (any, error) {
	switch v := v.(type) {
	case nil, []any, map[string]any, int:
		return v, nil
	case int64:
		return int(v), nil
	case float64:
		if i, ok := integral(v); ok {
			return int(i), nil
		}
	case Record:
		if table, ok := tableOf(v); ok {
			return table, nil
		}
	}
	return nil, mistakef("range cannot go through %s", kindOf(v)).withHint("it takes a list, a table or a whole number")
}

// oneLine makes every run of space and control characters one space, so that no
// value can begin a header field (RFC 5322, section 2.2).
func oneLine(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		c := s[i]
		clean = c > ' ' && c < 0x7f || c == ' ' && i > 0 && s[i-1] != ' ' && i+1 < len(s)
	}
	if clean {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, breaksLine), " ")
}

// breaksLine tells of what is no part of a word in a header field. A no-break space is.
func breaksLine(r rune) bool {
	return r <= ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
}
