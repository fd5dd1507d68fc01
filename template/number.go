package template

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/feature/plural"
)

// numeric returns an int64 or a float64. Strings that are numbers count as such:
// sources give decimals as strings, to lose no digit.
func numeric(v any) (any, error) {
	v, err := plain(v)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case int64, float64:
		return v, nil
	case string:
		s := strings.TrimSpace(v)
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i, nil
		}
		if !isDecimal(s) {
			return nil, mistakef("%q is not a number", shorten(v))
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, mistakef("%q is not a number", shorten(v))
		}
		return f, nil
	}
	return nil, mistakef("%s is not a number", kindOf(v))
}

// shorten bounds what an error quotes of the data.
func shorten(s string) string {
	if runes := []rune(s[:min(len(s), 200)]); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return s
}

// isDecimal tells of what is digits, with a sign, a point or an exponent: neither
// hexadecimal nor "inf".
func isDecimal(s string) bool {
	return s != "" && strings.Trim(s, "0123456789+-.eE") == "" && strings.ContainsAny(s, "0123456789")
}

func asFloat(n any) float64 {
	if i, ok := n.(int64); ok {
		return float64(i)
	}
	return n.(float64)
}

// arithmetic makes a function that computes with whole numbers as long as it can.
func arithmetic(f func(a, b any) (any, error)) func(*run, []any) (any, error) {
	return func(_ *run, args []any) (any, error) {
		sum, err := numeric(args[0])
		for _, a := range args[1:] {
			if err != nil {
				return nil, err
			}
			var n any
			if n, err = numeric(a); err == nil {
				sum, err = f(sum, n)
			}
		}
		return sum, err
	}
}

func integers(a, b any) (int64, int64, bool) {
	x, ok := a.(int64)
	y, both := b.(int64)
	return x, y, ok && both
}

func addNumbers(a, b any) (any, error) {
	if x, y, ok := integers(a, b); ok && (x+y > x) == (y > 0) {
		return x + y, nil
	}
	return asFloat(a) + asFloat(b), nil
}

func subNumbers(a, b any) (any, error) {
	if x, y, ok := integers(a, b); ok && (x-y < x) == (y > 0) {
		return x - y, nil
	}
	return asFloat(a) - asFloat(b), nil
}

func mulNumbers(a, b any) (any, error) {
	product := asFloat(a) * asFloat(b)
	if x, y, ok := integers(a, b); ok && math.Abs(product) < 1<<53 {
		return x * y, nil
	}
	return product, nil
}

func divNumbers(a, b any) (any, error) {
	if asFloat(b) == 0 {
		return nil, mistakef("division by zero")
	}
	return asFloat(a) / asFloat(b), nil
}

// modNumbers has the sign of the divisor, as in Lua.
func modNumbers(a, b any) (any, error) {
	if asFloat(b) == 0 {
		return nil, mistakef("division by zero")
	}
	if x, y, ok := integers(a, b); ok && y != -1 {
		m := x % y
		if m != 0 && (m < 0) != (y < 0) {
			m += y
		}
		return m, nil
	}
	x, y := asFloat(a), asFloat(b)
	m := math.Mod(x, y)
	if m != 0 && (m < 0) != (y < 0) {
		m += y
	}
	return m, nil
}

// maxPlaces bounds how many decimal places are asked for.
const maxPlaces = 20

func places(v any) (int, error) {
	n, err := whole(v)
	if err == nil && (n < 0 || n > maxPlaces) {
		err = mistakef("%d decimal places; 0 to %d are possible", n, maxPlaces)
	}
	return int(n), err
}

// digits is a number in decimal, its point as ".".
type digits struct {
	negative bool
	whole    string
	fraction string
}

// digitsOf writes a number with so many places, halves away from zero; all that it
// has where places is negative. Decimals given as strings lose no digit.
func digitsOf(v any, places int) (digits, error) {
	v, err := plain(v)
	if err != nil {
		return digits{}, err
	}
	s, ok := v.(string)
	if s = strings.TrimSpace(s); !ok || !isDecimal(s) || strings.ContainsAny(s, "eE") {
		n, err := numeric(v)
		if err != nil {
			return digits{}, err
		}
		f := asFloat(n)
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return digits{}, mistakef("%s is not a number that can be shown", decimal(f))
		}
		if i, ok := n.(int64); ok {
			s = strconv.FormatInt(i, 10)
		} else {
			s = strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	d := digits{negative: strings.HasPrefix(s, "-")}
	d.whole, d.fraction, _ = strings.Cut(strings.TrimLeft(s, "+-"), ".")
	if strings.Trim(d.whole+d.fraction, "0123456789") != "" {
		return digits{}, mistakef("%q is not a number", shorten(s))
	}
	if places >= 0 {
		d.round(places)
	}
	d.whole = strings.TrimLeft(d.whole, "0")
	if d.whole == "" {
		d.whole = "0"
	}
	if strings.Trim(d.whole+d.fraction, "0") == "" {
		d.negative = false
	}
	return d, nil
}

func (d *digits) round(places int) {
	if len(d.fraction) <= places {
		d.fraction += strings.Repeat("0", places-len(d.fraction))
		return
	}
	up := d.fraction[places] >= '5'
	all := []byte("0" + d.whole + d.fraction[:places])
	for i := len(all) - 1; up && i >= 0; i-- {
		if up = all[i] == '9'; up {
			all[i] = '0'
		} else {
			all[i]++
		}
	}
	d.whole, d.fraction = string(all[:len(all)-places]), string(all[len(all)-places:])
}

// round: {{.x | round 2}} is a number that prints with at most two places.
func round(_ *run, args []any) (any, error) {
	n, err := places(args[0])
	if err != nil {
		return nil, err
	}
	d, err := digitsOf(args[1], n)
	if err != nil {
		return nil, err
	}
	s := d.whole
	if n > 0 {
		s += "." + d.fraction
	}
	if d.negative {
		s = "-" + s
	}
	return numeric(s)
}

// number: {{number .n}} groups digits, {{.n | number 2}} rounds to two places too.
func number(r *run, args []any) (any, error) {
	n := -1
	if len(args) == 2 {
		var err error
		if n, err = places(args[0]); err != nil {
			return nil, err
		}
	}
	d, err := digitsOf(args[len(args)-1], n)
	if err != nil {
		return nil, err
	}
	return string(r.part.template.locale.appendNumber(nil, d)), nil
}

// percent: {{.share | percent 1}}: 0.253 is "25.3 %".
func percent(r *run, args []any) (any, error) {
	n := 0
	if len(args) == 2 {
		var err error
		if n, err = places(args[0]); err != nil {
			return nil, err
		}
	}
	d, err := digitsOf(args[len(args)-1], -1)
	if err != nil {
		return nil, err
	}
	d.fraction += strings.Repeat("0", max(0, 2-len(d.fraction)))
	d.whole, d.fraction = d.whole+d.fraction[:2], d.fraction[2:]
	d.round(n)
	if d.whole = strings.TrimLeft(d.whole, "0"); d.whole == "" {
		d.whole = "0"
	}
	l := r.part.template.locale
	return string(append(l.appendNumber(nil, d), l.percent...)), nil
}

// money: {{.price | money "EUR"}}.
func money(r *run, args []any) (any, error) {
	code, err := text(args[0])
	if err != nil {
		return nil, err
	}
	unit, err := currency.ParseISO(code)
	if err != nil {
		return nil, mistakef("%q is not a currency", shorten(code)).withHint("use the three letters of ISO 4217, like EUR")
	}
	if isEmpty(args[1]) {
		return nil, mistakef("there is no amount")
	}
	scale, _ := currency.Standard.Rounding(unit)
	d, err := digitsOf(args[1], scale)
	if err != nil {
		return nil, err
	}
	return string(r.part.template.locale.appendMoney(nil, d, unit.String())), nil
}

// pluralOf: {{.n | plural "item" "items"}}; languages with more forms are given one, few
// and many, or all of one, few, many and other.
func pluralOf(r *run, args []any) (any, error) {
	d, err := digitsOf(args[len(args)-1], -1)
	if err != nil {
		return nil, err
	}
	forms := args[:len(args)-1]
	// Plural rules look at the last digits of large numbers only.
	whole, _ := strconv.Atoi(d.whole[max(0, len(d.whole)-7):])
	if len(d.whole) > 7 {
		whole += 10_000_000
	}
	fraction, _ := strconv.Atoi(d.fraction[:min(len(d.fraction), 7)])
	trimmed := strings.TrimRight(d.fraction[:min(len(d.fraction), 7)], "0")
	short, _ := strconv.Atoi(trimmed)
	form := plural.Cardinal.MatchPlural(r.part.template.locale.tag, whole, min(len(d.fraction), 7), len(trimmed), fraction, short)
	at := len(forms) - 1
	switch form {
	case plural.One:
		at = 0
	case plural.Few:
		at = min(1, at)
	case plural.Many:
		at = min(2, at)
	}
	if form == plural.Few && len(forms) == 2 {
		at = 1
	}
	return forms[at], nil
}
