package rows

import (
	"slices"
	"strings"
)

// Columns are the names of a row's values, in order. Rows of one reading share theirs
// where they have the same, so that what is found out for one can be kept for the next
// by comparing pointers.
type Columns struct {
	names  []string
	index  map[string]int
	sorted []int // by name
}

// newColumns makes columns of names that are all different.
func newColumns(names []string) *Columns {
	c := &Columns{names: names, index: make(map[string]int, len(names)), sorted: make([]int, len(names))}
	for i, name := range names {
		c.index[name], c.sorted[i] = i, i
	}
	slices.SortFunc(c.sorted, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	return c
}

// Len is how many there are.
func (c *Columns) Len() int { return len(c.names) }

// Name is that of the column at i, from 0.
func (c *Columns) Name(i int) string { return c.names[i] }

// Names are all of them, in order.
func (c *Columns) Names() []string { return slices.Clone(c.names) }

// Index finds a column by its name, case and all.
func (c *Columns) Index(name string) (int, bool) {
	i, ok := c.index[name]
	return i, ok
}

// unknown is the error for a name that is not there.
func (c *Columns) unknown(place Place, name string) *Error {
	e := &Error{Place: place, Text: "no column " + excerpt(name) + didYouMean(name, c.names)}
	const most = 20
	switch {
	case len(c.names) == 0:
		e.Hint = "it has no columns"
	case len(c.names) <= most:
		e.Hint = printable("its columns are " + strings.Join(c.names, ", "))
	default:
		e.Hint = printable("its columns begin with " + strings.Join(c.names[:most], ", "))
	}
	return e
}

// repeated finds two equal names.
func repeated(names []string) (first, second int, found bool) {
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if before, ok := seen[name]; ok {
			return before, i, true
		}
		seen[name] = i
	}
	return 0, 0, false
}
