package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// decoder turns the values of a text into a File, and collects what is wrong
// with them.
type decoder struct {
	*document
	file   *File
	faults []fault
}

type fault struct {
	at         span
	text, hint string
}

func (d *decoder) fail(at span, hint, format string, arguments ...any) {
	d.faults = append(d.faults, fault{at, fmt.Sprintf(format, arguments...), hint})
}

// place is where a span is, for faults that show only later.
func (d *decoder) place(at span) place {
	line, column := d.position(at.start)
	return place{d.file.Path, line, column, d.excerpt(at)}
}

// table reads one table of the file, key by key. The keys it is asked for are
// those it knows; finish complains of the others.
type table struct {
	*decoder
	name   string // as in [name], "" for the file itself
	entry  *entry
	values map[string]any
	known  []string
}

// take returns the value of a key, nil where it is not there.
func (t *table) take(key string) (any, *entry) {
	t.known = append(t.known, key)
	value, ok := t.values[key]
	if !ok {
		return nil, nil
	}
	if found, ok := t.entry.entries[key]; ok {
		return value, found
	}
	return value, t.entry
}

// finish complains of every key that was not asked for; hint may say what to
// write in place of one of them.
func (t *table) finish(hint func(key string) string) {
	for key := range t.values {
		if slices.Contains(t.known, key) {
			continue
		}
		at := t.entry.key
		if found, ok := t.entry.entries[key]; ok {
			at = found.key
		}
		where := ""
		if t.name != "" {
			where = " in [" + t.name + "]"
		}
		help := ""
		if hint != nil {
			help = hint(key)
		}
		t.fail(at, help, "unknown key %s%s%s", shownKey(key), where, didYouMean(key, t.known))
	}
}

// table reads a table inside this one; nil where it is not there.
func (t *table) table(key string) *table {
	value, e := t.take(key)
	if value == nil {
		return nil
	}
	values, ok := value.(map[string]any)
	if !ok {
		t.wrongType(e, key, "a table", value)
		return nil
	}
	name := key
	if key == "" || strings.ContainsFunc(key, func(c rune) bool { return c >= 0x80 || !isBare(byte(c)) }) {
		name = shownKey(key)
	}
	if t.name != "" {
		name = t.name + "." + name
	}
	return &table{decoder: t.decoder, name: name, entry: e, values: values}
}

// shownKey is a key in quotes, unless it looks like more than one.
func shownKey(key string) string {
	if isGuarded(key) {
		return hiddenMark
	}
	return fmt.Sprintf("%q", key)
}

// isName reports whether a text names an account or a secret.
func isName(text string) bool {
	return text != "" && !isGuarded(text) &&
		!strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) || strings.ContainsRune(` =\"'`, c) })
}

// tables reads a table whose keys are names given by the user, in the order of
// the file. what is the kind of thing they name, with its article.
func (t *table) tables(key, what string) []*table {
	outer := t.table(key)
	if outer == nil {
		return nil
	}
	var inner []*table
	for name := range outer.values {
		value, e := outer.take(name)
		if !isName(name) {
			t.fail(e.key, "", "%s is not a name for %s", shownKey(name), what)
			continue
		}
		if _, ok := value.(map[string]any); !ok {
			t.fail(e.key, fmt.Sprintf("%s has a name: [%s.default] or the like", what, key),
				"%s stands in [%s], which holds tables only", shownKey(name), key)
			continue
		}
		inner = append(inner, outer.table(name))
	}
	slices.SortFunc(inner, func(a, b *table) int { return a.entry.key.start - b.entry.key.start })
	return inner
}

func (t *table) wrongType(e *entry, key, want string, value any) {
	hint := ""
	switch value.(type) {
	case string:
		switch want {
		case "an integer":
			hint = "write it without quotes"
		case "true or false":
			hint = "write true or false, without quotes"
		}
	case int64, float64:
		if want == "a string" {
			hint = "write it in quotes"
		}
	case []any:
		if want == "a string" {
			hint = "write one string"
		}
	case time.Time:
		if want == "a list of strings" {
			hint = "write it in quotes"
		}
	}
	t.fail(e.value, hint, "%s must be %s, not %s", key, want, typeName(value))
}

func typeName(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a number with a fraction"
	case bool:
		return "true or false"
	case time.Time:
		return "a date"
	case []any, []map[string]any:
		return "a list"
	}
	return "a table"
}

// string reads a string, "" where it is not there. It is never an empty one, and
// holds no control character.
func (t *table) string(key string) (string, *entry) {
	value, e := t.take(key)
	if value == nil {
		return "", nil
	}
	text, ok := value.(string)
	if !ok {
		t.wrongType(e, key, "a string", value)
		return "", nil
	}
	if !t.printable(e, key, text) {
		return "", nil
	}
	return text, e
}

func (t *table) printable(e *entry, key, text string) bool {
	switch {
	case strings.TrimSpace(text) == "":
		t.fail(e.value, "leave the key out", "%s is empty", key)
	case strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }):
		t.fail(e.value, escapeHint, "%s holds a control character", key)
	default:
		return true
	}
	return false
}

// strings reads a list of strings; one string is a list of one. each is called
// for every element.
func (t *table) strings(key string, each func(text string, e *entry)) (*entry, int) {
	value, e := t.take(key)
	if value == nil {
		return nil, 0
	}
	if text, ok := value.(string); ok {
		value, e = []any{text}, &entry{key: e.key, value: e.value}
	}
	list, ok := value.([]any)
	if !ok {
		t.wrongType(e, key, "a list of strings", value)
		return nil, 0
	}
	for i, value := range list {
		at := e
		if i < len(e.elements) {
			at = e.elements[i]
		}
		text, ok := value.(string)
		if !ok {
			t.wrongType(at, key, "a list of strings", value)
			continue
		}
		if t.printable(at, key, text) {
			each(text, at)
		}
	}
	return e, len(list)
}

func (t *table) bool(key string) bool {
	value, e := t.take(key)
	yes, ok := value.(bool)
	if value != nil && !ok {
		t.wrongType(e, key, "true or false", value)
	}
	return yes
}

func (t *table) integer(key string) (int64, *entry) {
	value, e := t.take(key)
	if value == nil {
		return 0, nil
	}
	number, ok := value.(int64)
	if !ok {
		t.wrongType(e, key, "an integer", value)
		return 0, nil
	}
	return number, e
}

// maxTimeout bounds a timeout; more is a mistake in the unit.
const maxTimeout = 24 * time.Hour

// duration reads seconds, or a string such as "5m".
func (t *table) duration(key string) time.Duration {
	value, e := t.take(key)
	var d time.Duration
	switch v := value.(type) {
	case nil:
		return 0
	case int64:
		d = seconds(float64(v))
	case float64:
		d = seconds(v)
	case string:
		var err error
		if d, err = time.ParseDuration(v); err != nil {
			t.fail(e.value, `write "30s", "5m", or seconds without quotes`, "%s: %q is not a duration", key, v)
			return 0
		}
	default:
		t.wrongType(e, key, `seconds or a string such as "5m"`, value)
		return 0
	}
	switch {
	case d <= 0:
		t.fail(e.value, "leave the key out for the default", "%s must be more than zero", key)
		return 0
	case d > maxTimeout:
		t.fail(e.value, `a bare number is seconds`, "%s is longer than a day", key)
		return 0
	}
	return d
}

// seconds clamps, so that the product cannot overflow. What is not a number is
// no time at all.
func seconds(n float64) time.Duration {
	if math.IsNaN(n) {
		return 0
	}
	return time.Duration(max(-1, min(n, (maxTimeout+time.Second).Seconds())) * float64(time.Second))
}

// parseLongTime reads "14d", or what time.ParseDuration reads.
func parseLongTime(text string) (time.Duration, error) {
	number, inDays := strings.CutSuffix(text, "d")
	if !inDays {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseUint(number, 10, 16)
	return time.Duration(n) * 24 * time.Hour, err
}

// secondsUpTo is a number of seconds that cannot overflow; one beyond most is a second more
// than it, for the caller to refuse.
func secondsUpTo(n int64, most time.Duration) time.Duration {
	return time.Duration(min(max(n, 0), int64(most/time.Second)+1)) * time.Second
}
