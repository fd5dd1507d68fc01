package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Format says how numbers are written, at axes, bars and slices.
type Format struct {
	// Style is what a number is; the zero value is a plain one.
	Style Style
	// Decimals is how many digits stand behind the point: 0 is as many as the numbers need, and 2 at most; none is -1.
	Decimals int
	// Separators shows how digits are grouped and which sign the point is: 1,234.5 (the default), 1.234,5, 1 234,5, 1'234.5,
	// 1234.5 or 1234,5.
	Separators string
	// Prefix and Suffix stand around the number, such as "€ " or " km".
	Prefix, Suffix string
}

// Style is what a number is.
type Style string

// The styles.
const (
	Plain   Style = "plain"   // the default
	Percent Style = "percent" // 0.25 is 25%
	Compact Style = "compact" // 12,500 is 12.5k; 3,200,000 is 3.2M
)

const maxDecimals = 9

// separators are the sign between groups and the point.
var separators = map[string][2]string{
	"1,234.5": {",", "."},
	"1.234,5": {".", ","},
	"1 234,5": {"\u00a0", ","},
	"1'234.5": {"’", "."},
	"1234.5":  {"", "."},
	"1234,5":  {"", ","},
}

func (f Format) withDefaults() Format {
	if f.Style == "" {
		f.Style = Plain
	}
	if f.Separators == "" {
		f.Separators = "1,234.5"
	}
	f.Prefix, f.Suffix = keepSpace(f.Prefix), keepSpace(f.Suffix)
	return f
}

// keepSpace is oneLine, but spaces at the ends are meant.
func keepSpace(text string) string {
	inner := oneLine(text)
	if inner == "" {
		return ""
	}
	if strings.HasPrefix(text, " ") {
		inner = " " + inner
	}
	if strings.HasSuffix(text, " ") {
		inner += " "
	}
	return inner
}

func (f Format) check() error {
	switch {
	case f.Style != Plain && f.Style != Percent && f.Style != Compact:
		return fmt.Errorf("style is %q, and not plain, percent or compact", string(f.Style))
	case f.Decimals < -1 || f.Decimals > maxDecimals:
		return fmt.Errorf("decimals is %d, and not -1 to %d", f.Decimals, maxDecimals)
	}
	if _, ok := separators[f.Separators]; !ok {
		return fmt.Errorf("separators are %q, and not 1,234.5, 1.234,5, 1 234,5, 1'234.5, 1234.5 or 1234,5", f.Separators)
	}
	return nil
}

// write writes a number with as many decimals as it needs, unless the format says how many.
func (f Format) write(number float64, needs int) string {
	suffix := f.Suffix
	switch f.Style {
	case Percent:
		number *= 100
		needs = max(0, needs-2)
		suffix = "%" + suffix
	case Compact:
		for _, unit := range []struct {
			size float64
			zero int
			sign string
		}{{1e12, 12, "T"}, {1e9, 9, "G"}, {1e6, 6, "M"}, {1e3, 3, "k"}} {
			if math.Abs(number) >= unit.size {
				number /= unit.size
				needs = min(max(0, needs+unit.zero), decimalsOf(number))
				suffix = unit.sign + suffix
				break
			}
		}
	}
	switch {
	case f.Decimals > 0:
		needs = f.Decimals
	case f.Decimals < 0:
		needs = 0
	}
	needs = max(0, needs)
	if number == 0 && needs > 6 {
		needs = 0
	}
	// Beyond what anybody reads, digits give way to an exponent.
	if size := math.Abs(number); size >= 1e15 || size > 0 && size < 1e-6 && needs > 6 {
		return f.Prefix + strings.Replace(strconv.FormatFloat(number, 'e', 2, 64), "e+", "e", 1) + suffix
	}
	text := strconv.FormatFloat(math.Abs(number), 'f', needs, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	signs := separators[f.Separators]
	var b strings.Builder
	if number < 0 && strings.Trim(text, "0.") != "" {
		b.WriteString("−")
	}
	b.WriteString(f.Prefix)
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 && signs[0] != "" {
			b.WriteString(signs[0])
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString(signs[1] + fraction)
	}
	b.WriteString(suffix)
	return b.String()
}

// decimalsOf returns how many decimals a number needs: 2 at most, and for one below 1 two digits that count.
func decimalsOf(number float64) int {
	size := math.Abs(number)
	most := 2
	if size > 0 && size < 0.1 {
		most = min(maxDecimals, 1-int(math.Floor(math.Log10(size))))
	}
	if size >= 1e15 {
		return 0
	}
	for n := range most {
		shifted := size * math.Pow10(n)
		if math.Abs(shifted-math.Round(shifted)) < 1e-9*max(1, shifted) {
			return n
		}
	}
	return most
}
