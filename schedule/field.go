package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// field is one place of a specification: what it is called and what it takes.
type field struct {
	name     string
	min, max int
	names    []string // of min, min+1, …
	form     string   // of the field's own items, for its errors
}

var (
	secondField  = field{name: "second", max: 59}
	minuteField  = field{name: "minute", max: 59}
	hourField    = field{name: "hour", max: 23}
	dayField     = field{name: "day", min: 1, max: 31, form: ", L, L-3, LW or 15W"}
	monthField   = field{name: "month", min: 1, max: 12, names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}}
	weekdayField = field{name: "weekday", max: 7, names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, form: ", 5L or MON#2"}
)

// days says whether the field is one of those two for which an asterisk decides
// how they go together.
func (f *field) days() bool { return f.name == dayField.name || f.name == weekdayField.name }

// values are what one field of a specification means.
type values struct {
	set     uint64   // plain values, one bit each
	special []string // items that depend on the month, as gronx takes them
	star    bool     // begins with an asterisk
	step    int      // of the asterisk; 1 is every value
}

// count is how many different items there are.
func (v values) count() int { return bits.OnesCount64(v.set) + len(v.special) }

// every says that the field restricts nothing.
func (v values) every() bool { return v.star && v.step == 1 }

// segment is the field as gronx takes it. It is written anew from what was
// understood, because gronx reads more than it understands: "MON-SUN" is an
// error there, "5#9" is silently never, and names are replaced within words.
func (v values) segment() string {
	if v.every() {
		return "*"
	}
	if v.star {
		return "*/" + strconv.Itoa(v.step)
	}
	var items []string
	for set := v.set; set != 0; set &= set - 1 {
		items = append(items, strconv.Itoa(bits.TrailingZeros64(set)))
	}
	return strings.Join(append(items, v.special...), ",")
}

// parse reads the text of a field; column is where in the specification it
// begins.
func (f *field) parse(text string, column int) (values, *SpecError) {
	var v values
	items := strings.Split(text, ",")
	for _, item := range items {
		problem, hint := f.item(&v, item, len(items) == 1)
		if problem != "" {
			return values{}, &SpecError{Field: f.name, Column: column, Problem: problem, Hint: hint}
		}
		column += len(item) + 1
	}
	return v, nil
}

func (f *field) item(v *values, item string, alone bool) (problem, hint string) {
	if item == "" {
		return "nothing between two commas", ""
	}
	if item == "*" || item == "?" && f.days() {
		if !alone {
			return fmt.Sprintf("%q in a list makes the rest of it meaningless", item), ""
		}
		v.star, v.step, v.set = true, 1, f.span(f.min, f.top(), 1)
		return "", ""
	}
	if f.special(v, item) {
		return "", ""
	}
	span, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		n, ok := number(stepText)
		if !ok || n == 0 {
			return fmt.Sprintf("step %q of %q is not a number from 1", stepText, item), ""
		}
		step = n
	}
	if span == "*" {
		if !alone && f.days() {
			return fmt.Sprintf("%q in a list of days: whether both fields of days must agree would depend on its place", item), "write the days out"
		}
		if step > f.top()-f.min {
			return fmt.Sprintf("a step of %d leads out of the field, which goes from %d to %d", step, f.min, f.top()), ""
		}
		v.set |= f.span(f.min, f.top(), step)
		v.star, v.step = alone, step
		return "", ""
	}
	from, to, ranged := strings.Cut(span, "-")
	first, problem, hint := f.value(from)
	if problem != "" {
		return problem, hint
	}
	if !ranged && !stepped {
		v.set |= f.span(first, first, 1)
		return "", ""
	}
	// Where something follows it, Sunday is the first day of the week.
	if f.name == weekdayField.name && first == 7 && to != "7" && !strings.EqualFold(to, "SUN") {
		first = 0
	}
	last := f.top()
	if ranged {
		if last, problem, hint = f.value(to); problem != "" {
			return problem, hint
		}
		if f.name == weekdayField.name && last == 0 && first > 0 {
			last = 7 // MON-SUN
		}
	}
	if last < first {
		return fmt.Sprintf("range %q runs backwards", span), fmt.Sprintf("write %s-%s,%s-%s", from, f.text(f.top()), f.text(f.min), to)
	}
	if stepped && step > last-first {
		return fmt.Sprintf("a step of %d from %s leads past %s at once", step, from, f.text(last)), "write " + from
	}
	v.set |= f.span(first, last, step)
	return "", ""
}

// top is the last value; of weekdays it is Saturday, as 7 is Sunday again.
func (f *field) top() int {
	if f.name == weekdayField.name {
		return 6
	}
	return f.max
}

// span is the set of the values from first to last.
func (f *field) span(first, last, step int) uint64 {
	var set uint64
	for n := first; n <= last; n += step {
		if f.name == weekdayField.name {
			set |= 1 << (n % 7)
		} else {
			set |= 1 << n
		}
	}
	return set
}

// special takes items that depend on the month.
func (f *field) special(v *values, item string) bool {
	item = strings.ToUpper(item)
	switch f.name {
	case dayField.name:
		if item == "L" || item == "LW" {
			v.add(item)
			return true
		}
		if text, ok := strings.CutPrefix(item, "L-"); ok {
			// From 30 on, no month would be long enough.
			if n, ok := number(text); ok && n >= 1 && n <= 30 {
				v.add("L-" + strconv.Itoa(n))
				return true
			}
		}
		if text, ok := strings.CutSuffix(item, "W"); ok {
			if n, ok := number(text); ok && n >= 1 && n <= 31 {
				v.add(strconv.Itoa(n) + "W")
				return true
			}
		}
	case weekdayField.name:
		if text, ok := strings.CutSuffix(item, "L"); ok {
			if n, problem, _ := f.value(text); problem == "" {
				v.add(strconv.Itoa(n%7) + "L")
				return true
			}
		}
		if text, nth, ok := strings.Cut(item, "#"); ok {
			n, problem, _ := f.value(text)
			if k, ok := number(nth); ok && problem == "" && k >= 1 && k <= 5 {
				v.add(strconv.Itoa(n%7) + "#" + strconv.Itoa(k))
				return true
			}
		}
	}
	return false
}

func (v *values) add(item string) {
	for _, s := range v.special {
		if s == item {
			return
		}
	}
	v.special = append(v.special, item)
}

// value reads a number or a name.
func (f *field) value(text string) (n int, problem, hint string) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.min + i, "", ""
		}
	}
	n, ok := number(text)
	if !ok {
		kind := "number"
		if f.names != nil {
			kind = fmt.Sprintf("number or name (%s, %s, …)", f.names[0], f.names[1])
		}
		return 0, fmt.Sprintf("%q is not a %s%s", text, kind, f.form), f.guess(text)
	}
	if n < f.min || n > f.max {
		return 0, fmt.Sprintf("%d is not from %d to %d", n, f.min, f.max), ""
	}
	return n, "", ""
}

// guess is a name that begins like the text.
func (f *field) guess(text string) string {
	if len(text) < 2 {
		return ""
	}
	for _, name := range f.names {
		if strings.EqualFold(text[:2], name[:2]) {
			return "did you mean " + name + "?"
		}
	}
	return ""
}

func (f *field) text(n int) string {
	if f.names != nil {
		return f.names[(n-f.min)%len(f.names)]
	}
	return strconv.Itoa(n)
}

// number reads digits and nothing else: strconv.Atoi takes signs.
func number(text string) (int, bool) {
	if text == "" || len(text) > 4 {
		return 0, false
	}
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, true
}
