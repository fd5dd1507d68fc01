package template

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// isEmpty tells of what default and coalesce replace: nil and "". 0 and false are values.
func isEmpty(v any) bool { return v == nil || v == "" }

// defaultTo: {{.x | default "y"}}, {{default "y" .x}}.
func defaultTo(_ *run, args []any) (any, error) {
	if isEmpty(args[1]) {
		return args[0], nil
	}
	return args[1], nil
}

// has: {{if has "x" .}}.
func has(_ *run, args []any) (any, error) {
	name, err := text(args[0])
	if err != nil {
		return nil, err
	}
	return !isEmpty(maybe(args[1], name)), nil
}

func coalesce(_ *run, args []any) (any, error) {
	for _, a := range args {
		if !isEmpty(a) {
			return a, nil
		}
	}
	return nil, nil
}

// equal compares numbers by value, times by instant, and all else of the same kind.
func equal(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	c, err := compare(a, b)
	if err == nil {
		return c == 0
	}
	x, errX := plain(a)
	y, errY := plain(b)
	if errX != nil || errY != nil {
		return false
	}
	p, isBool := x.(bool)
	q, bothBool := y.(bool)
	return isBool && bothBool && p == q
}

func equalAny(_ *run, args []any) (any, error) {
	for _, other := range args[1:] {
		if equal(args[0], other) {
			return true, nil
		}
	}
	return false, nil
}

// compare orders two numbers, strings or times.
func compare(a, b any) (int, error) {
	x, err := plain(a)
	if err != nil {
		return 0, err
	}
	y, err := plain(b)
	if err != nil {
		return 0, err
	}
	switch x := x.(type) {
	case int64:
		switch y := y.(type) {
		case int64:
			return cmp.Compare(x, y), nil
		case float64:
			return cmp.Compare(float64(x), y), nil
		}
	case float64:
		switch y := y.(type) {
		case int64:
			return cmp.Compare(x, float64(y)), nil
		case float64:
			return cmp.Compare(x, y), nil
		}
	case string:
		if y, ok := y.(string); ok {
			return strings.Compare(x, y), nil
		}
	case time.Time:
		if y, ok := y.(time.Time); ok {
			return x.Compare(y), nil
		}
	}
	return 0, mistakef("%s cannot be compared with %s", kindOf(x), kindOf(y))
}

func comparison(holds func(int) bool) func(*run, []any) (any, error) {
	return func(_ *run, args []any) (any, error) {
		c, err := compare(args[0], args[1])
		return holds(c), err
	}
}

// length counts the characters of a string, the items of a list and the fields of a table.
func length(_ *run, args []any) (any, error) {
	v, err := plain(args[0])
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return int64(0), nil
	case string:
		return int64(utf8.RuneCountInString(v)), nil
	case []any:
		return int64(len(v)), nil
	case map[string]any:
		return int64(len(v)), nil
	case Record:
		if named, ok := v.(interface{ Names() []string }); ok {
			return int64(len(named.Names())), nil
		}
	}
	return nil, mistakef("%s has no length", kindOf(v))
}

// index: {{index .list 0}}, {{index . "First name"}}, {{index .table "a" 1}}.
func index(_ *run, args []any) (any, error) {
	v := args[0]
	for _, at := range args[1:] {
		list, ok := v.([]any)
		if !ok {
			name, err := text(at)
			if err != nil {
				return nil, err
			}
			if v, err = lookup(v, name); err != nil {
				return nil, err
			}
			continue
		}
		i, err := whole(at)
		if err != nil {
			return nil, err
		}
		if i < 0 || i >= int64(len(list)) {
			return nil, mistakef("item %d of a list of %d", i, len(list)).withHint("the first item is 0")
		}
		v = list[i]
	}
	return v, nil
}

// slice: {{slice .text 0 3}} is the first three characters, or items.
func slice(_ *run, args []any) (any, error) {
	v, err := plain(args[0])
	if err != nil {
		return nil, err
	}
	bounds := [2]int64{0, -1}
	for i, a := range args[1:] {
		if bounds[i], err = whole(a); err != nil {
			return nil, err
		}
	}
	cut := func(n int) (int, int) {
		until := bounds[1]
		if len(args) < 3 || until > int64(n) {
			until = int64(n)
		}
		until = max(until, 0)
		return int(min(max(bounds[0], 0), until)), int(until)
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		runes := []rune(v)
		from, until := cut(len(runes))
		return string(runes[from:until]), nil
	case []any:
		from, until := cut(len(v))
		return v[from:until], nil
	}
	return nil, mistakef("%s cannot be sliced", kindOf(v))
}

func first(_ *run, args []any) (any, error) {
	list, err := listOf(args[0])
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func last(_ *run, args []any) (any, error) {
	list, err := listOf(args[0])
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[len(list)-1], nil
}

func listOf(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	case map[string]any:
		if len(v) == 0 {
			return nil, nil // An empty table of Lua is a list too.
		}
	}
	return nil, mistakef("%s is not a list", kindOf(v))
}

// whole returns a whole number.
func whole(v any) (int64, error) {
	n, err := numeric(v)
	if err != nil {
		return 0, err
	}
	switch n := n.(type) {
	case int64:
		return n, nil
	case float64:
		if i, ok := integral(n); ok {
			return i, nil
		}
	}
	return 0, mistakef("%s is not a whole number", fmt.Sprint(v))
}
