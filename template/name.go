package template

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// nearest returns the name that was probably meant; "" if none is near.
func nearest(name string, names []string) string {
	slices.Sort(names)
	best, found := 4, ""
	if n := utf8.RuneCountInString(name); n < 6 {
		best = n/3 + 2
	}
	for _, other := range names {
		if d := distance(name, other, best); d < best {
			best, found = d, other
		}
	}
	return found
}

// distance counts the characters to insert, remove or replace between two words, as
// far as it is below the limit.
func distance(a, b string, limit int) int {
	if difference := len(a) - len(b); difference >= limit || -difference >= limit {
		return limit
	}
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}

// unknownName says that a word is none of the words, and which was meant.
func unknownName(what, name string, names []string) *mistake {
	m := mistakef("unknown %s %q", what, name)
	if near := nearest(name, slices.Clone(names)); near != "" {
		return m.withHint(fmt.Sprintf("did you mean %q?", near))
	}
	return m
}

// unknownFunction says that there is no such function.
func unknownFunction(name string) *mistake {
	switch name {
	case "html", "js", "urlquery":
		return mistakef("no function %q", name).withHint("values are escaped for the place they stand in; query and urlescape make addresses")
	case "call":
		return mistakef("no function %q", name)
	}
	var names []string
	for n := range functions {
		if n[0] != '_' {
			names = append(names, n)
		}
	}
	return unknownName("function", name, names)
}
