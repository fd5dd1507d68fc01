package luaapi

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// Options structs are decoded strictly: an unknown name, a wrong type or a
// fraction where a whole number belongs is an error, never dropped. The tag
// `lua:"name"` names an option, `doc:"…"` says what it does and in which unit,
// `type:"…"` gives the LuaLS type where the Go type does not.

// decoder reads one options table.
type decoder struct {
	b    *bound
	L    *lua.LState
	path string // "smtp.connect", then "smtp.connect: timeouts"
	sent bool   // what it reads is sent, and must hold no secret
}

func (c *Call) decode(path string, t *lua.LTable, into any) {
	d := &decoder{b: c.bound, L: c.L, path: path}
	d.table(t, reflect.ValueOf(into).Elem())
}

// luaValue is an option that its function reads by itself.
type luaValue = lua.LValue

// seconds is a duration option: a number of seconds, or "1.5s", "5m", "2h30m".
type seconds = time.Duration

func (d *decoder) fail(hint, format string, a ...any) {
	d.b.rt.RaiseUsage(d.L, hint, "%s: %s", d.path, fmt.Sprintf(format, a...))
}

// table decodes t into a struct.
func (d *decoder) table(t *lua.LTable, into reflect.Value) {
	shape := d.b.shape(into.Type())
	// In the order of the struct, so that of several mistakes the same one is
	// reported every time; unknown names first.
	var unknown []string
	type option struct {
		place int
		value lua.LValue
	}
	var room [16]option
	given := room[:0]
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		name, isName := key.(lua.LString)
		place, known := shape.places[string(name)]
		switch {
		case !isName:
			unknown = append(unknown, lua.LVAsString(key))
		case !known:
			unknown = append(unknown, string(name))
		default:
			given = append(given, option{place, value})
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		if near, ok := engine.Closest(unknown[0], shape.names); ok {
			d.fail("", "unknown option %q (did you mean %q?)", unknown[0], near)
		}
		d.fail("the options are "+strings.Join(shape.names, ", "), "unknown option %q", unknown[0])
	}
	slices.SortFunc(given, func(a, b option) int { return a.place - b.place })
	for _, o := range given {
		field := &shape.fields[o.place]
		d.value(field.name, o.value, into.FieldByIndex(field.index))
	}
}

// optionFields are the fields of an options struct, those of embedded structs
// among them.
func optionFields(t reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for _, field := range reflect.VisibleFields(t) {
		if field.Tag.Get("lua") != "" && reachedByEmbedding(t, field.Index) {
			fields = append(fields, field)
		}
	}
	return fields
}

func reachedByEmbedding(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if !t.Field(i).Anonymous {
			return false
		}
		t = t.Field(i).Type
	}
	return true
}

func (d *decoder) value(name string, v lua.LValue, into reflect.Value) {
	wrong := func(want string) {
		d.fail("", "option %q must be %s, got %s", name, want, engine.TypeName(v))
	}
	switch target := into.Addr().Interface().(type) {
	case *luaValue:
		*target = v
		return
	case *time.Duration:
		*target = d.duration(name, v)
		return
	case *smtp.Secret:
		switch v := v.(type) {
		case lua.LString:
			*target = smtp.NewSecret(string(v))
			return
		case *lua.LUserData:
			if held, ok := v.Value.(*heldSecret); ok {
				*target = held.Secret
				return
			}
		}
		wrong("a string or a secret")
		return
	case *[]string:
		*target = d.strings(name, v)
		return
	case **lua.LFunction:
		f, ok := v.(*lua.LFunction)
		if !ok {
			wrong("a function")
		}
		*target = f
		return
	}
	switch into.Kind() {
	case reflect.String:
		text, ok := v.(lua.LString)
		if !ok {
			wrong("a string")
		}
		d.text(name, string(text))
		into.SetString(string(text))
	case reflect.Bool:
		truth, ok := v.(lua.LBool)
		if !ok {
			wrong("true or false")
		}
		into.SetBool(bool(truth))
	case reflect.Int, reflect.Int64:
		n, ok := v.(lua.LNumber)
		if !ok || n != lua.LNumber(int64(n)) {
			wrong("a whole number")
		}
		into.SetInt(int64(n))
	case reflect.Struct:
		t, ok := v.(*lua.LTable)
		if !ok {
			wrong("a table")
		}
		nested := &decoder{b: d.b, L: d.L, path: d.path + ": " + name, sent: d.sent}
		nested.table(t, into)
	default:
		panic("luaapi: no decoder for option " + name + " of " + into.Type().String())
	}
}

// utf8 refuses text that is not UTF-8: Lua strings are bytes, options are text.
func (d *decoder) utf8(name, text string) {
	if utf8.ValidString(text) {
		return
	}
	offset := 0
	for offset < len(text) {
		c, size := utf8.DecodeRuneInString(text[offset:])
		if c == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	d.fail("convert the text to UTF-8 first, or read it with encoding=", "option %q is not valid UTF-8 at byte %d", name, offset+1)
}

// isTable reports whether an option of this type is a table of options.
func isTable(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[smtp.Secret]()
}

// text refuses what is no text, and a secret where it would be sent.
func (d *decoder) text(name, text string) {
	d.utf8(name, text)
	if d.sent && strings.Contains(text, shownSecret) {
		d.b.rt.Raise(d.L, secretInText(d.path+": "+name))
	}
}

// strings reads a list of strings; one string is a list of one.
func (d *decoder) strings(name string, v lua.LValue) []string {
	if text, ok := v.(lua.LString); ok {
		d.text(name, string(text))
		return []string{string(text)}
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		d.fail("", "option %q must be a string or a list of strings, got %s", name, engine.TypeName(v))
	}
	var list []string
	for i, item := range listItems(t) {
		text, ok := item.(lua.LString)
		if !ok {
			d.fail("", "option %q: element %d must be a string, got %s", name, i+1, engine.TypeName(item))
		}
		d.text(name, string(text))
		list = append(list, string(text))
	}
	return list
}

// listItems returns the elements 1 to the highest index, without nils. Reading
// by index keeps the order, which traversal does not.
func listItems(t *lua.LTable) []lua.LValue {
	var items []lua.LValue
	for i := 1; i <= t.MaxN(); i++ {
		if v := t.RawGetInt(i); v != lua.LNil {
			items = append(items, v)
		}
	}
	return items
}

// duration reads seconds, or a text such as "5m".
func (d *decoder) duration(name string, v lua.LValue) time.Duration {
	duration, err := parseDuration(v)
	if err != nil {
		d.fail(`a number of seconds, or a text such as "90s", "5m", "1h30m"`, "option %q: %v", name, err)
	}
	return duration
}

func parseDuration(v lua.LValue) (time.Duration, error) {
	switch v := v.(type) {
	case lua.LNumber:
		if !(v >= 0 && v < 1e9) {
			return 0, fmt.Errorf("%v is not a duration", v)
		}
		return time.Duration(float64(v) * float64(time.Second)), nil
	case lua.LString:
		if n, err := strconv.ParseFloat(string(v), 64); err == nil && n >= 0 && n < 1e9 {
			return time.Duration(n * float64(time.Second)), nil
		}
		duration, err := time.ParseDuration(string(v))
		if err != nil || duration < 0 {
			return 0, fmt.Errorf("%q is not a duration", string(v))
		}
		return duration, nil
	}
	return 0, fmt.Errorf("a duration is a number or a string, not a %s", engine.TypeName(v))
}
