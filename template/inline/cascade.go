package inline

import (
	"sort"

	"github.com/tdewolff/parse/v2/css"
)

// entry is one declaration that may hold for an element.
type entry struct {
	declaration *declaration
	unit        *unit // nil for the element's own style attribute
	index       int   // of the declaration in its rule
	answer      truth
	rank        rank

	moves     bool // it is to be written into the style attribute
	stays     bool // it has been found that it must not be
	important bool // it is written there with !important
	// copied is set where it stays, with !important, and is written into the attribute
	// for those who do not see the style element.
	copied bool
}

// rank says which of two declarations wins (CSS Cascading Level 4, section 6.1).
type rank struct {
	important   bool
	own         bool // of the style attribute
	specificity [3]int
	order       int
	index       int
}

func (a rank) less(b rank) bool {
	switch {
	case a.important != b.important:
		return b.important
	case a.own != b.own:
		return b.own
	case a.specificity != b.specificity:
		for i := range a.specificity {
			if a.specificity[i] != b.specificity[i] {
				return a.specificity[i] < b.specificity[i]
			}
		}
	case a.order != b.order:
		return a.order < b.order
	}
	return a.index < b.index
}

// cascade is all that holds for one element.
type cascade struct {
	element *element
	entries []*entry // the weakest first
	own     *attributeStyle
}

// attributeStyle is what is known of an element's style attribute.
type attributeStyle struct {
	declarations []declaration
	// sealed is set where nothing can be written behind it: it does not end where it
	// seems to, in a string or because of an action.
	sealed bool
}

// newCascade collects what holds for an element.
func newCascade(d *document, number int, units []*unit) *cascade {
	e := d.elements[number]
	c := &cascade{element: e, own: &attributeStyle{}}
	for _, u := range units {
		for i := range u.rule.declarations {
			decl := &u.rule.declarations[i]
			c.entries = append(c.entries, &entry{
				declaration: decl, unit: u, index: i, answer: u.answer[number],
				rank: rank{decl.important, false, u.selector.specificity, u.order, i},
			})
		}
	}
	if e.style != nil {
		c.own = readAttribute(d, e.style)
	}
	for _, a := range e.styles {
		for _, decl := range readAttribute(d, a).declarations {
			decl.action = true
			c.own.declarations = append(c.own.declarations, decl)
		}
	}
	for i := range c.own.declarations {
		decl := &c.own.declarations[i]
		c.entries = append(c.entries, &entry{
			declaration: decl, index: i, answer: yes,
			rank: rank{important: decl.important, own: true, index: i},
		})
	}
	sort.SliceStable(c.entries, func(i, j int) bool { return c.entries[i].rank.less(c.entries[j].rank) })
	return c
}

// readAttribute reads a style attribute.
func readAttribute(d *document, a *attribute) *attributeStyle {
	masked := d.actions.mask(d.source, a.valueStart, a.valueEnd)
	style := &attributeStyle{sealed: a.valueEnd == len(d.source)}
	// Entities are decoded, but offsets are lost by it: actions are found by offset.
	acts := d.actions.any(a.valueStart, a.valueEnd)
	if !acts {
		masked = d.value(a)
	}
	list := tokens(masked)
	found, plain := declarations(masked, list)
	if !plain {
		style.sealed = true
	}
	depth := d.actions.depthAt(a.valueStart)
	for i := range found {
		if acts {
			start, end := a.valueStart+found[i].start, a.valueStart+found[i].end
			found[i].action = d.actions.any(start, end) || d.actions.depthAt(start) != depth
		}
	}
	if acts && d.actions.depthAt(a.valueEnd) != depth {
		style.sealed = true
	}
	style.sealed = style.sealed || open(masked, list)
	style.declarations = found
	return style
}

// open says whether tokens end in a string, comment, function or block that is not closed.
func open(sheet string, list []token) bool {
	for i := 0; i < len(list); i++ {
		switch {
		case list[i].opens():
			end := blockEnd(list, i)
			if end == len(list) {
				return true
			}
			i = end
		case list[i].closes(), list[i].kind == css.BadStringToken, list[i].kind == css.BadURLToken:
			return true
		}
	}
	if len(list) == 0 {
		return false
	}
	t := list[len(list)-1]
	s := sheet[t.start:t.end]
	switch t.kind {
	case css.StringToken:
		return len(s) < 2 || s[len(s)-1] != s[0]
	case css.URLToken:
		return s[len(s)-1] != ')'
	case css.CommentToken:
		return len(s) < 4 || s[len(s)-2:] != "*/"
	}
	return s[len(s)-1] == '\\'
}

// movable says whether a declaration of a sheet can be written into the element in place
// of the sheet.
func (c *cascade) movable(e *entry) bool { return !e.stays && c.writable(e) }

// writable says whether a declaration of a sheet can be written into the element at all.
func (c *cascade) writable(e *entry) bool {
	return e.unit != nil && e.answer == yes && !e.unit.rule.conditional && !e.declaration.action &&
		!e.declaration.custom() && !c.element.fixed && !c.element.hidden &&
		!(c.own.sealed && e.rank.important)
}

// choose says what moves. What a stronger declaration of the same name overrides does
// not, unless readers may pass over the stronger one's value.
func (c *cascade) choose() {
	strongest := map[string]*entry{}
	for i := len(c.entries) - 1; i >= 0; i-- {
		e := c.entries[i]
		movable := c.movable(e)
		e.moves = movable
		e.copied = e.stays && e.unit.raised[e.index] && c.writable(e)
		if !movable && !e.copied && !(e.unit == nil && !e.declaration.action) {
			continue
		}
		above := strongest[e.declaration.name]
		if above != nil && (above.unit != e.unit || above.rank.important != e.rank.important || above.declaration.value == e.declaration.value) {
			e.moves, e.copied = false, false
		}
		if above == nil && !e.declaration.risky() {
			strongest[e.declaration.name] = e
		}
	}
}

// repeats says that the style attribute itself says the same, so that a second run
// changes nothing.
func (c *cascade) repeats(e *entry) bool {
	for i := range c.own.declarations {
		d := &c.own.declarations[i]
		if d.name == e.declaration.name && d.value == e.declaration.value && !d.action && (d.important || !e.important) {
			return true
		}
	}
	return false
}

// ends says that the style attribute as it is comes to the same as with these
// declarations behind it.
func (c *cascade) ends(with []*entry) bool {
	for i, e := range with {
		if !overridden(e, with[i+1:]) && !c.shows(e.declaration) {
			return false
		}
	}
	return true
}

func overridden(e *entry, by []*entry) bool {
	for _, other := range by {
		if other.declaration.name == e.declaration.name {
			return true
		}
	}
	return false
}

// shows says that the last word of the style attribute on a property is this.
func (c *cascade) shows(want *declaration) bool {
	for i := len(c.own.declarations) - 1; i >= 0; i-- {
		if d := &c.own.declarations[i]; overlap(d.name, want.name) {
			return d.name == want.name && d.value == want.value && !d.action
		}
	}
	return false
}

// settles says that a declaration of a sheet is in the style attribute of this element
// too, or that a stronger one is that makes it void: its copy in the sheet competes with
// none.
func (c *cascade) settles(e *entry) bool { return c.movable(e) }

// resolve lets each declaration win over those in the style element that it won over
// before, and lose to those it lost to. It returns whether something has changed that
// other elements depend on.
//
// Inlined declarations beat all of the sheet but what is !important there. So what is
// stronger in the sheet gets !important, and what is inlined gets it where a weaker one
// in the sheet has it. Where a declaration has both a stronger and a weaker one, it
// stays in the sheet.
func (c *cascade) resolve() (changed bool) {
	c.choose()
	for i, d := range c.entries {
		d.important = false
		own := d.unit == nil
		if !d.moves && !own {
			continue
		}
		above, below := false, false
		for _, weak := range c.entries[:i] { // !important is stronger than place
			below = below || weak.important && overlap(weak.declaration.name, d.declaration.name)
		}
		for _, k := range c.entries {
			if !k.inSheet() || k == d || !overlap(k.declaration.name, d.declaration.name) {
				continue
			}
			stronger := d.rank.less(k.rank)
			if c.settles(k) {
				if stronger { // what is inlined of it is stronger too
					continue
				}
				below = below || k.declaration.important || k.unit.raised[k.index]
				continue
			}
			effective := k.declaration.important || k.unit.raised[k.index]
			switch {
			case stronger && effective:
				above = true
			case stronger && k.unit.frozen[k.index]:
				d.stays, changed = true, true
			case stronger:
				k.unit.raised[k.index], changed, above = true, true, true
			case effective:
				below = true
			}
		}
		switch {
		case own:
			d.important = below && !d.declaration.important && !c.void(d)
		case above && below, below && c.own.sealed && d.rank.important:
			d.stays, changed = true, true
		default:
			d.important = below
		}
		if d.stays && !own {
			d.moves = false
			d.unit.kept[d.index] = true
		}
	}
	return c.lift() || changed
}

// lift gives !important to what is stronger than something that has been given it.
func (c *cascade) lift() (changed bool) {
	for i, k := range c.entries {
		if !k.inSheet() || k.declaration.important || k.unit.raised[k.index] || k.unit.frozen[k.index] || c.settles(k) {
			continue
		}
		for _, weak := range c.entries[:i] {
			if weak.inSheet() && weak.unit.raised[weak.index] && overlap(weak.declaration.name, k.declaration.name) {
				k.unit.raised[k.index], changed = true, true
				break
			}
		}
	}
	return changed
}

// inSheet says whether a declaration stays in a style element and competes there.
func (e *entry) inSheet() bool { return e.unit != nil && e.unit.kept[e.index] }

// freeze forbids !important where it would do harm: where the style attribute's own
// declaration, which cannot be given it too, or a stronger one of the sheet would lose.
// It returns whether something has changed.
func (c *cascade) freeze() (changed bool) {
	for i, k := range c.entries {
		if k.unit == nil || k.declaration.important || k.unit.frozen[k.index] {
			continue
		}
		if c.element.tag != nil && c.element.tag.unknown { // a style attribute of an action
			k.unit.frozen[k.index], changed = true, true
			continue
		}
		for _, strong := range c.entries[i+1:] {
			if !overlap(k.declaration.name, strong.declaration.name) {
				continue
			}
			var fixed bool
			switch {
			case strong.unit == nil:
				fixed = !strong.declaration.important && !c.void(strong) && (strong.declaration.action || c.own.sealed || c.element.fixed || c.outdone(strong))
			case strong.declaration.important:
				both := k.rank
				both.important = true
				fixed = strong.rank.less(both)
			default:
				fixed = strong.unit.frozen[strong.index]
			}
			if fixed {
				k.unit.frozen[k.index], changed = true, true
				break
			}
		}
	}
	return changed
}

// void says that the style attribute has a stronger declaration of the same name.
func (c *cascade) void(e *entry) bool {
	for _, other := range c.entries {
		if other.unit == nil && other.declaration.name == e.declaration.name && e.rank.less(other.rank) && !other.declaration.risky() {
			return true
		}
	}
	return false
}

// outdone says that there is an !important declaration that sets a part of the same, in
// the style attribute or the style element: with !important too, this one would win.
func (c *cascade) outdone(e *entry) bool {
	for _, other := range c.entries {
		if other.declaration.important && !c.movable(other) && overlap(other.declaration.name, e.declaration.name) {
			return true
		}
	}
	return false
}
