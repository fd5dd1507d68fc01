package template

import (
	"fmt"
	"html/template"
)

// function is one that templates call.
type function struct {
	name string
	// least and most are how many arguments it takes; most is -1 for any number.
	least, most int
	// call must neither keep nor change args.
	call func(r *run, args []any) (any, error)
}

func (f *function) arity() string {
	switch {
	case f.most < 0:
		return fmt.Sprintf("at least %d arguments", f.least)
	case f.least != f.most:
		return fmt.Sprintf("%d to %d arguments", f.least, f.most)
	case f.least == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", f.least)
}

// run is one execution of a part.
type run struct {
	part *part
	// ends is the context.
	ends  interface{ Err() error }
	steps int
	// err is what ended the run, where it is not a mistake: it has no place in a template.
	err error
}

// maxSteps bounds how many turns the loops of one part make.
const maxSteps = 1_000_000

// stepsBetweenLooks is how many turns pass between looks at the context.
const stepsBetweenLooks = 256

// step counts a turn of a loop.
func (r *run) step() error {
	if r.steps++; r.steps > r.part.template.maxSteps {
		return mistakef("loops make more than %d turns", r.part.template.maxSteps)
	}
	if r.steps%stepsBetweenLooks == 0 {
		r.err = r.ends.Err()
	}
	return r.err
}

// skip counts turns that need not be made, of which there are few enough.
func (r *run) skip(turns int) {
	before := r.steps / stepsBetweenLooks
	if r.steps += turns; r.steps/stepsBetweenLooks > before {
		r.err = r.ends.Err()
	}
}

// functions are all that templates can call; the documented ones are in docs/templates.md.
// and and or are those of text/template, which evaluate no more arguments than
// they need; the compiler has its own.
var functions = byName(
	&function{"and", 1, -1, nil},
	&function{"or", 1, -1, nil},
	&function{"not", 1, 1, func(_ *run, args []any) (any, error) { return !truth(args[0]), nil }},

	&function{scopeFunction, 1, 1, nil},
	&function{nothingFunction, 0, 0, func(*run, []any) (any, error) { return nil, nil }},
	&function{fieldFunction, 2, 2, func(_ *run, args []any) (any, error) { return lookup(args[0], args[1].(string)) }},
	&function{optionalFunction, 2, 2, func(_ *run, args []any) (any, error) { return maybe(args[0], args[1].(string)), nil }},
	&function{showFunction, 1, 1, func(_ *run, args []any) (any, error) { return show(args[0]) }},
	&function{plainFunction, 1, 1, func(_ *run, args []any) (any, error) { return text(args[0]) }},
	&function{itemsFunction, 1, 1, func(_ *run, args []any) (any, error) { return items(args[0]) }},
	&function{conditionalFunction, 1, 1, func(_ *run, args []any) (any, error) { return template.HTML(args[0].(string)), nil }},
	&function{stepFunction, 0, 0, func(r *run, _ []any) (any, error) { return nil, r.step() }},

	&function{"default", 2, 2, defaultTo},
	&function{"has", 2, 2, has},
	&function{"coalesce", 1, -1, coalesce},
	&function{"json", 1, 1, func(_ *run, args []any) (any, error) { return encodeJSON(args[0]) }},
	&function{"eq", 2, -1, equalAny},
	&function{"ne", 2, 2, func(_ *run, args []any) (any, error) { return !equal(args[0], args[1]), nil }},
	&function{"lt", 2, 2, comparison(func(c int) bool { return c < 0 })},
	&function{"le", 2, 2, comparison(func(c int) bool { return c <= 0 })},
	&function{"gt", 2, 2, comparison(func(c int) bool { return c > 0 })},
	&function{"ge", 2, 2, comparison(func(c int) bool { return c >= 0 })},
	&function{"len", 1, 1, length},
	&function{"index", 2, -1, index},
	&function{"slice", 2, 3, slice},
	&function{"first", 1, 1, first},
	&function{"last", 1, 1, last},

	&function{"print", 0, -1, printAll},
	&function{"printf", 1, -1, printf},
	&function{"upper", 1, 1, onText(upper)},
	&function{"lower", 1, 1, onText(lower)},
	&function{"capitalize", 1, 1, onText(capitalize)},
	&function{"trim", 1, 1, onText(trim)},
	&function{"truncate", 2, 2, truncate},
	&function{"replace", 3, 3, replace},
	&function{"split", 2, 2, split2},
	&function{"join", 2, 2, join2},
	&function{"contains", 2, 2, textTest(containsText)},
	&function{"starts", 2, 2, textTest(startsText)},
	&function{"ends", 2, 2, textTest(endsText)},

	&function{"add", 2, -1, arithmetic(addNumbers)},
	&function{"sub", 2, 2, arithmetic(subNumbers)},
	&function{"mul", 2, -1, arithmetic(mulNumbers)},
	&function{"div", 2, 2, arithmetic(divNumbers)},
	&function{"mod", 2, 2, arithmetic(modNumbers)},
	&function{"round", 2, 2, round},
	&function{"number", 1, 2, number},
	&function{"percent", 1, 2, percent},
	&function{"money", 2, 2, money},
	&function{"plural", 3, 5, pluralOf},

	&function{"date", 1, 2, date},
	&function{"now", 0, 0, now},

	&function{"query", 2, -1, query},
	&function{"link", 1, -1, link},
	&function{"urlescape", 1, 1, onText(urlEscape)},
)

func byName(list ...*function) map[string]*function {
	m := make(map[string]*function, len(list))
	for _, f := range list {
		m[f.name] = f
	}
	return m
}

func functionNamed(name string) *function { return functions[name] }

// parserFunctions are the names that sources may use.
func parserFunctions() map[string]any {
	names := map[string]any{}
	for name := range functions {
		if name[0] != '_' {
			names[name] = true
		}
	}
	return names
}

// funcMap makes the functions known to html/template and text/template.
func (r *run) funcMap() template.FuncMap {
	m := template.FuncMap{}
	for name, f := range functions {
		if f.call == nil {
			continue
		}
		m[name] = func(args ...any) (any, error) {
			for i, a := range args {
				if n, ok := a.(int); ok {
					args[i] = int64(n)
				}
			}
			return f.call(r, args)
		}
	}
	return m
}
