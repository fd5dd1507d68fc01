package luaapi

import lua "github.com/yuin/gopher-lua"

// constants are tables that a script puts into the data of one row after the other, such
// as a list of offers. Each is made a Go value once, and again when it has changed: made for
// each row, they would be a tenth of what a merge allocates. Templates only read their data,
// so that many rows may have the same value, on many goroutines.
type constants struct {
	kept [8]constant
	row  int64 // counts
	// now are tables that are in the data of this row, before were in that of the last:
	// what is in both is likely to be there again.
	now, before []*lua.LTable
}

// constant is what is known of one of them.
type constant struct {
	part        // what it held where value is not nil
	value any   // nil until it is made
	seen  int64 // by which row
	rest  int   // for how many rows it is not looked at, since that did not pay
}

// Bounds of what is remembered beside the tables themselves.
const (
	mostHeld = 1024 // keys and elements of one table, with those inside
	restRows = 16
	unseen   = 64 // rows without a table before its place is given to another
)

// begin is called for each row.
func (k *constants) begin() {
	k.row++
	k.now, k.before = k.before[:0], k.now
	clear(k.now[:cap(k.now)])
}

// value is that of a table in the data of a row.
func (k *constants) value(w *toGo, t *lua.LTable) (any, error) {
	c := k.find(t)
	switch {
	case c == nil:
	case c.rest > 0:
		c.rest--
	case c.value == nil:
		value, err := w.table(t, 1)
		room := mostHeld
		if err == nil && c.note(t, &room) {
			c.value = value
		} else {
			c.forget()
		}
		return value, err
	case c.unchanged():
		return c.value, nil
	default:
		c.forget()
	}
	return w.table(t, 1)
}

// made reports whether a list or table is a value that was made for several rows.
func (k *constants) made(v any) bool {
	if k == nil {
		return false
	}
	id := identityOf(v)
	for i := range k.kept {
		if value := k.kept[i].value; value != nil && identityOf(value) == id {
			return true
		}
	}
	return false
}

func (c *constant) forget() { c.part, c.value, c.rest = part{table: c.table}, nil, restRows }

// find is what is known of a table, nil unless the row before had it too.
func (k *constants) find(t *lua.LTable) *constant {
	oldest := &k.kept[0]
	for i := range k.kept {
		c := &k.kept[i]
		if c.table == t {
			c.seen = k.row
			return c
		}
		if c.seen < oldest.seen {
			oldest = c
		}
	}
	for _, other := range k.before {
		if other == t && (oldest.table == nil || k.row-oldest.seen > unseen) {
			*oldest = constant{part: part{table: t}, seen: k.row}
			return oldest
		}
	}
	if len(k.now) < len(k.kept) {
		k.now = append(k.now, t)
	}
	return nil
}

// part is a table as it was when its value was made, with the tables inside.
type part struct {
	table  *lua.LTable
	meta   lua.LValue
	list   []held
	last   lua.LValue // key of the last in list, nil where there is none
	fields []held     // in the order that Next gives them
}

// held is what stood at one key.
type held struct {
	key, value lua.LValue // no key in lists
	inner      *part      // of a table
}

// note takes down what a table holds that was made a value, so that it has an end. It
// reports whether there was room.
func (p *part) note(t *lua.LTable, room *int) bool {
	p.table, p.meta, p.last = t, t.Metatable, lua.LNil
	n := t.MaxN()
	for i := range n {
		h := held{value: t.RawGetInt(i + 1)}
		if !h.note(room) {
			return false
		}
		p.list = append(p.list, h)
	}
	if n > 0 {
		p.last = lua.LNumber(n)
	}
	for key, value := t.Next(p.last); key != lua.LNil; key, value = t.Next(key) {
		h := held{key: key, value: value}
		if !h.note(room) {
			return false
		}
		p.fields = append(p.fields, h)
	}
	return true
}

func (h *held) note(room *int) bool {
	if *room--; *room < 0 {
		return false
	}
	inner, ok := h.value.(*lua.LTable)
	if !ok {
		return true
	}
	h.inner = new(part)
	return h.inner.note(inner, room)
}

// unchanged reports whether the table still holds the same. Objects never change.
func (p *part) unchanged() bool {
	if p.table.Metatable != p.meta { // which can make it a list
		return false
	}
	for i := range p.list {
		if !p.list[i].is(p.table.RawGetInt(i + 1)) {
			return false
		}
	}
	key, value := p.table.Next(p.last) // a further element, where there is one
	for i := range p.fields {
		if f := &p.fields[i]; key != f.key || !f.is(value) {
			return false
		}
		key, value = p.table.Next(key)
	}
	return key == lua.LNil
}

func (h *held) is(v lua.LValue) bool {
	return v == h.value && (h.inner == nil || h.inner.unchanged())
}
