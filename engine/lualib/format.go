package lualib

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// format is string.format(format, …): the conversions of C that Lua 5.1 knows, and no more. gopher-lua hands the
// format to Go, whose %#v prints the inside of any object, passwords included.
func format(L *lua.LState) int {
	text := CheckString(L, 1, "format")
	var b []byte
	argument := 1
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			b = append(b, text...)
			break
		}
		b = append(b, text[:i]...)
		text = text[i+1:]
		if strings.HasPrefix(text, "%") {
			b = append(b, '%')
			text = text[1:]
			continue
		}
		var d directive
		d, text = parseDirective(L, text)
		argument++
		b = d.append(L, b, argument)
	}
	L.Push(lua.LString(b))
	return 1
}

// directive is one conversion: %-08.3f.
type directive struct {
	left, plus, space, alternate, zero bool

	width, precision int // precision -1 is none given
	verb             byte
}

func parseDirective(L *lua.LState, text string) (directive, string) {
	d := directive{precision: -1}
	i := 0
	for ; i < len(text) && strings.IndexByte("-+ #0", text[i]) >= 0; i++ {
		switch text[i] {
		case '-':
			d.left = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '#':
			d.alternate = true
		case '0':
			d.zero = true
		}
		if i >= 5 {
			L.RaiseError("invalid format (repeated flags)")
		}
	}
	number := func() int {
		start := i
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		if i-start > 2 {
			L.RaiseError("invalid format (width or precision too long)")
		}
		n, _ := strconv.Atoi(text[start:i]) // "" is 0
		return n
	}
	d.width = number()
	if i < len(text) && text[i] == '.' {
		i++
		d.precision = number()
	}
	if i >= len(text) {
		L.RaiseError("invalid format string to 'format' (it ends within a conversion)")
	}
	d.verb = text[i]
	return d, text[i+1:]
}

// append appends the argument as the directive says.
func (d directive) append(L *lua.LState, b []byte, argument int) []byte {
	switch d.verb {
	case 'c':
		return d.pad(b, "", string([]byte{byte(CheckInt(L, argument, "format"))}))
	case 'd', 'i':
		return d.integer(b, CheckNumber(L, argument, "format"))
	case 'u', 'o', 'x', 'X':
		return d.unsigned(b, CheckNumber(L, argument, "format"))
	case 'a', 'A', 'e', 'E', 'f', 'F', 'g', 'G':
		return d.float(b, CheckNumber(L, argument, "format"))
	case 'q':
		return quote(b, CheckString(L, argument, "format"))
	case 's':
		if argument > L.GetTop() {
			ArgumentError(L, argument, "format", "string expected, got no value")
		}
		s := ToString(L, L.Get(argument))
		if d.precision >= 0 && d.precision < len(s) {
			s = s[:d.precision]
		}
		if len(b)+len(s) > MaxString {
			tooLong(L, "format")
		}
		return d.pad(b, "", s)
	}
	L.RaiseError("invalid option '%%%s' to 'format'", string([]byte{d.verb}))
	return nil
}

// pad appends a prefix (a sign or 0x) and text, filled up to the width.
func (d directive) pad(b []byte, prefix, text string) []byte {
	fill := d.width - len(prefix) - len(text)
	zero := d.zero && !d.left && d.verb != 's' && d.verb != 'c'
	if !d.left && !zero {
		b = appendFill(b, ' ', fill)
	}
	b = append(b, prefix...)
	if zero {
		b = appendFill(b, '0', fill)
	}
	b = append(b, text...)
	if d.left {
		b = appendFill(b, ' ', fill)
	}
	return b
}

func appendFill(b []byte, c byte, n int) []byte {
	for ; n > 0; n-- {
		b = append(b, c)
	}
	return b
}

func (d directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

// digits pads a number to the precision, which for integers is a count of digits.
func (d directive) digits(text string) string {
	if d.precision == 0 && text == "0" {
		return ""
	}
	if n := d.precision - len(text); n > 0 {
		return strings.Repeat("0", n) + text
	}
	return text
}

func (d directive) integer(b []byte, f float64) []byte {
	n := toInt64(f)
	text := strconv.FormatInt(n, 10)
	text = d.digits(strings.TrimPrefix(text, "-"))
	d.zero = d.zero && d.precision < 0
	return d.pad(b, d.sign(n < 0), text)
}

func (d directive) unsigned(b []byte, f float64) []byte {
	n := toUint64(f)
	base, prefix := 10, ""
	switch d.verb {
	case 'o':
		base = 8
	case 'x', 'X':
		base = 16
		if d.alternate && n != 0 {
			prefix = "0" + string(d.verb)
		}
	}
	text := strconv.FormatUint(n, base)
	if d.verb == 'X' {
		text = strings.ToUpper(text)
	}
	text = d.digits(text)
	if d.verb == 'o' && d.alternate && !strings.HasPrefix(text, "0") {
		text = "0" + text
	}
	d.zero = d.zero && d.precision < 0
	return d.pad(b, prefix, text)
}

// toInt64 converts as amd64 does: what does not fit is the smallest number.
func toInt64(f float64) int64 {
	if math.IsNaN(f) || f >= 1<<63 || f < -1<<63 {
		return math.MinInt64
	}
	return int64(f)
}

func toUint64(f float64) uint64 {
	if f >= 1<<63 && f < 1<<64 {
		return uint64(f)
	}
	return uint64(toInt64(f))
}

func (d directive) float(b []byte, f float64) []byte {
	upper := d.verb < 'a'
	verb := d.verb | 0x20
	prefix := d.sign(math.Signbit(f) && !math.IsNaN(f))
	if math.IsInf(f, 0) || math.IsNaN(f) {
		d.zero = false
		return d.pad(b, prefix, string(appendSpecial(nil, math.Abs(f), upper)))
	}
	f = math.Abs(f)
	precision := d.precision
	if precision < 0 && verb != 'a' {
		precision = 6
	}
	var text string
	switch verb {
	case 'g':
		text = string(appendG(nil, f, precision, d.alternate, false))
	case 'a':
		text = hexFloat(f, precision)
		prefix += text[:2]
		text = text[2:]
	default:
		text = strconv.FormatFloat(f, verb, precision, 64)
	}
	if d.alternate && verb != 'g' && strings.IndexByte(text, '.') < 0 {
		if i := strings.IndexAny(text, "ep"); i >= 0 && verb != 'f' {
			text = text[:i] + "." + text[i:]
		} else {
			text += "."
		}
	}
	if upper {
		text, prefix = strings.ToUpper(text), strings.ToUpper(prefix)
	}
	return d.pad(b, prefix, text)
}

// hexFloat is C's %a: strconv writes exponents of two digits.
func hexFloat(f float64, precision int) string {
	text := strconv.FormatFloat(f, 'x', precision, 64)
	i := strings.IndexByte(text, 'p') + 2
	exponent := strings.TrimLeft(text[i:], "0")
	if exponent == "" {
		exponent = "0"
	}
	return text[:i] + exponent
}

// quote appends a string so that Lua reads it back.
func quote(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b = append(b, '\\', c)
		case '\r':
			b = append(b, `\r`...)
		case 0:
			b = append(b, `\000`...)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
