package lualib

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// spaces are what C's isspace accepts in the C locale.
const spaces = " \t\n\v\f\r"

// ParseNumber reads a number as Lua source and tonumber do: decimal or 0x, with spaces around.
func ParseNumber(text string) (float64, bool) {
	text = strings.Trim(text, spaces)
	digits, negative := text, false
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' {
		n, ok := parseDigits(digits[2:], 16)
		if negative {
			n = -n
		}
		return n, ok
	}
	// strconv knows more than Lua: inf, nan, infinity, 0b, 0x1p4, and digits apart by underscores.
	if digits == "" || strings.IndexFunc(digits, func(r rune) bool { return !strings.ContainsRune("0123456789.eE+-", r) }) >= 0 {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(n, 0) {
		return 0, false
	}
	return n, true
}

// parseDigits reads an unsigned whole number of any size in a base from 2 to 36.
func parseDigits(digits string, base int) (float64, bool) {
	if digits == "" {
		return 0, false
	}
	if n, err := strconv.ParseUint(digits, base, 64); err == nil && !strings.ContainsRune(digits, '_') {
		return float64(n), true
	}
	n := 0.0
	for i := range len(digits) {
		d := digit(digits[i])
		if d >= base {
			return 0, false
		}
		n = n*float64(base) + float64(d)
	}
	return n, true
}

func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	}
	return math.MaxInt
}

// FormatNumber writes a number as Lua 5.1 does, "%.14g": whole numbers below 1e15 without a point or an exponent.
func FormatNumber(n float64) string {
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		if n == 0 && math.Signbit(n) {
			return "-0"
		}
		return strconv.FormatInt(int64(n), 10)
	}
	return string(appendG(nil, n, 14, false, false))
}

// appendG appends C's %g: strconv writes exponents of at least two digits as C does, but keeps trailing zeros out
// or in by other rules.
func appendG(b []byte, n float64, precision int, keepZeros, upper bool) []byte {
	if math.IsInf(n, 0) || math.IsNaN(n) {
		return appendSpecial(b, n, upper)
	}
	if precision == 0 {
		precision = 1
	}
	mantissa := strconv.AppendFloat(nil, n, 'e', precision-1, 64)
	at := strings.IndexByte(string(mantissa), 'e')
	exponent, _ := strconv.Atoi(string(mantissa[at+1:]))
	var text, tail string
	if exponent < -4 || exponent >= precision {
		text, tail = string(mantissa[:at]), string(mantissa[at:])
	} else {
		text = strconv.FormatFloat(n, 'f', precision-1-exponent, 64)
	}
	if !keepZeros && strings.IndexByte(text, '.') >= 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	} else if keepZeros && strings.IndexByte(text, '.') < 0 {
		text += "."
	}
	if upper {
		tail = strings.ToUpper(tail)
	}
	return append(append(b, text...), tail...)
}

func appendSpecial(b []byte, n float64, upper bool) []byte {
	text := "inf"
	switch {
	case math.IsNaN(n):
		text = "nan" // the sign of a NaN differs between processors
	case n < 0:
		text = "-inf"
	}
	if upper {
		text = strings.ToUpper(text)
	}
	return append(b, text...)
}

// ToString is the text of a value as tostring gives it, __tostring included.
func ToString(L *lua.LState, v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return FormatNumber(float64(v))
	case lua.LBool, *lua.LNilType:
		return v.String()
	}
	f, ok := L.GetMetaField(v, "__tostring").(*lua.LFunction)
	if !ok {
		return v.String()
	}
	L.Push(f)
	L.Push(v)
	L.Call(1, 1)
	result := L.Get(-1)
	L.Pop(1)
	switch result := result.(type) {
	case lua.LString:
		return string(result)
	case lua.LNumber:
		return FormatNumber(float64(result))
	}
	L.RaiseError("'__tostring' must return a string")
	return ""
}

// ToNumber is tonumber(value, base?).
func ToNumber(L *lua.LState) int {
	value := CheckAny(L, 1, "tonumber")
	result := lua.LNil
	if L.Get(2) == lua.LNil || CheckInt(L, 2, "tonumber") == 10 {
		switch v := value.(type) {
		case lua.LNumber:
			result = v
		case lua.LString:
			if n, ok := ParseNumber(string(v)); ok {
				result = lua.LNumber(n)
			}
		}
		L.Push(result)
		return 1
	}
	base := CheckInt(L, 2, "tonumber")
	if base < 2 || base > 36 {
		ArgumentError(L, 2, "tonumber", "base out of range")
	}
	text := strings.Trim(CheckString(L, 1, "tonumber"), spaces)
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(text, "-")
	if base == 16 && len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		text = text[2:]
	}
	if n, ok := parseDigits(text, base); ok {
		if negative {
			n = -n
		}
		result = lua.LNumber(n)
	}
	L.Push(result)
	return 1
}
