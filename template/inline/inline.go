package inline

import (
	"sort"
	"strings"
)

// Options of HTML. The zero value is the default.
type Options struct {
	// Keep says what happens to rules that were inlined in all places.
	Keep Keep
	// Attributes says whether width, height and the like become attributes as well.
	Attributes Attributes
}

// Keep is what stays in style elements.
type Keep string

const (
	// KeepNeeded leaves what could not be inlined everywhere. It is the default.
	KeepNeeded Keep = ""
	// KeepAll leaves all rules, for pages into which markup comes that the source does
	// not show: values of type template.HTML.
	KeepAll Keep = "all"
)

// Attributes is which attributes of HTML are made of styles.
type Attributes string

const (
	// AttributesNone makes none. It is the default.
	AttributesNone Attributes = ""
	// AttributesTables makes width and height of tables, cells and pictures, and bgcolor,
	// background, align and valign of the parts of tables, for Outlook, which reads the
	// attributes better than the styles. Those that are there are left alone.
	AttributesTables Attributes = "tables"
)

// Limits. A page of a mail has some hundred elements and some hundred rules.
const (
	maxSource = 8 << 20   // octets
	maxWork   = 100 << 20 // elements × parts of selectors
	maxEntry  = 1 << 20   // declarations of all elements together
	maxPairs  = 1 << 28   // of declarations on one element that are compared
	maxRounds = 1000      // of changes that follow from changes
)

// HTML inlines the style elements of the source of a template. Errors are of type *Error.
func HTML(source string, options Options) (string, error) {
	result, err := run(source, options)
	if err != nil {
		return "", err
	}
	return result, nil
}

func run(source string, options Options) (string, *Error) {
	if len(source) > maxSource {
		return "", errorAt(source, maxSource, "a page of more than 8 MiB")
	}
	actions, err := findActions(source)
	if err != nil {
		return "", err
	}
	if !mentions(source, "<style") {
		return source, nil
	}
	d, err := newDocument(source, actions)
	if err != nil {
		return "", err
	}
	sheets := d.sheets()
	if len(sheets) == 0 {
		return source, nil
	}
	cascades, err := d.cascades(sheets, options)
	if err != nil {
		return "", err
	}
	var edits []edit
	for _, c := range cascades {
		edits = append(edits, c.edits(d, options)...)
	}
	positional := false
	for _, s := range sheets {
		for _, r := range s.rules {
			for _, u := range r.units {
				positional = positional || u.selector.positional
			}
		}
	}
	for _, s := range sheets {
		edits = append(edits, s.finish(d, positional)...)
	}
	return splice(source, edits), nil
}

// mentions says whether a source has a word, in letters of any case.
func mentions(source, word string) bool {
	return strings.Contains(lower(source), word)
}

// sheets reads the style elements whose rules are inlined or looked at.
func (d *document) sheets() []*sheet {
	var sheets []*sheet
	order := 0
	for _, e := range d.styles {
		conditional := conditionality(e.tag.branched || d.actions.depthAt(e.tag.start) > 0 || d.revealed(e.tag.start))
		skip := e.tag.unknown
		for i := range e.tag.attributes {
			a := &e.tag.attributes[i]
			value := lower(strings.TrimSpace(d.value(a)))
			switch a.name {
			case "data-embed", "title", "disabled":
				skip = true
			case "type":
				skip = skip || value != "" && value != "text/css"
			case "media":
				conditional = conditional || value != "" && value != "all"
			}
		}
		if !skip {
			sheets = append(sheets, newSheet(d, e, conditional, &order))
		}
	}
	return sheets
}

// revealed says whether an offset is between <!--[if !mso]><!--> and <!--<![endif]-->:
// not all readers see it.
func (d *document) revealed(offset int) bool {
	i := sort.Search(len(d.comments), func(i int) bool { return d.comments[i].offset > offset }) - 1
	return i >= 0 && d.comments[i].depth > 0
}

// cascades says for each element what moves into it.
func (d *document) cascades(sheets []*sheet, options Options) ([]*cascade, *Error) {
	m := &matcher{document: d, known: map[string][]truth{}, work: maxWork}
	units := make([][]*unit, len(d.elements))
	entries := 0
	keepAll := d.foreign || options.Keep == KeepAll
	for _, s := range sheets {
		for _, r := range s.rules {
			for _, u := range r.units {
				answer, ok := m.selector(u.selector)
				if !ok {
					return nil, errorAt(d.source, r.start, "too many selectors for so many elements")
				}
				u.answer = answer
				stays := r.conditional || u.selector.elsewhere || u.selector.hook || keepAll
				for i, a := range answer {
					e := d.elements[i]
					if a == no || e.hidden {
						continue
					}
					stays = stays || a == maybe || e.fixed || e.excluded
					if !u.selector.elsewhere {
						units[i] = append(units[i], u)
						entries += len(r.declarations)
					}
				}
				if entries > maxEntry {
					return nil, errorAt(d.source, r.start, "too many declarations for so many elements")
				}
				for i := range u.kept {
					decl := &r.declarations[i]
					u.kept[i] = stays || decl.custom() || decl.action && answer != nil
				}
			}
		}
	}
	var cascades []*cascade
	pairs := 0
	for i, list := range units {
		e := d.elements[i]
		if len(list) == 0 || e.excluded {
			continue
		}
		if e.style != nil && e.tag.twice["style"] {
			e.fixed = true
		}
		c := newCascade(d, i, list)
		for _, entry := range c.entries {
			if entry.unit != nil && entry.rank.important && c.own.sealed {
				entry.unit.kept[entry.index] = true
			}
			if entry.unit != nil && e.fixed {
				entry.unit.kept[entry.index] = true
			}
		}
		pairs += len(c.entries) * len(c.entries)
		if pairs > maxPairs {
			return nil, errorAt(d.source, list[0].rule.start, "too many declarations for one element")
		}
		cascades = append(cascades, c)
	}
	for _, step := range []func(*cascade) bool{(*cascade).freeze, (*cascade).resolve} {
		for round := 0; ; round++ {
			changed := false
			for _, c := range cascades {
				changed = step(c) || changed
			}
			if !changed {
				break
			}
			if round == maxRounds {
				return nil, errorAt(d.source, sheets[0].element.tag.start, "too many rules that depend on each other")
			}
		}
	}
	return cascades, nil
}
