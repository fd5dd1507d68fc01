package inline

import (
	"sort"
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// edit replaces source[start:end].
type edit struct {
	start, end int
	text       string
}

// splice makes the edits.
func splice(source string, edits []edit) string {
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].start < edits[j].start })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.WriteString(source[at:e.start])
		out.WriteString(e.text)
		at = e.end
	}
	out.WriteString(source[at:])
	return out.String()
}

// finish returns the edits of a style element; one in which nothing but comments is left
// goes, where that moves no element that a selector counts.
func (s *sheet) finish(d *document, positional bool) []edit {
	edits := s.edits(d.source)
	if len(edits) == 0 {
		return nil
	}
	tag := s.element.tag
	inner := make([]edit, len(edits))
	for i, e := range edits {
		inner[i] = edit{e.start - tag.end, e.end - tag.end, e.text}
	}
	left := splice(d.source[tag.end:tag.rawEnd], inner)
	if d.actions.any(tag.end, tag.rawEnd) {
		return edits
	}
	for _, t := range tokens(left) {
		if !t.blank() && t.kind != css.CDOToken && t.kind != css.CDCToken {
			return edits
		}
	}
	head := s.element.parent >= 0 && d.elements[s.element.parent].node.Data == "head"
	end := tag.rawEnd
	// What stands before must not become one word with what follows: "&am", "<".
	apart := tag.start == 0 || d.source[tag.start-1] == '>' || isSpace(d.source[tag.start-1])
	if close := strings.IndexByte(d.source[end:], '>'); close >= 0 && apart && (head || !positional) && len(s.element.unsure) == 0 {
		return []edit{{tag.start, end + close + 1, ""}}
	}
	return []edit{{tag.end, end, ""}}
}

// edits writes what moves into an element's style attribute: before what is there, or
// behind it where it was !important and so stronger. What is !important in the attribute
// too is stronger wherever it stands, and must not stand behind what beats it.
func (c *cascade) edits(d *document, options Options) []edit {
	quote := byte('"')
	if c.element.style != nil && c.element.style.quote != 0 {
		quote = c.element.style.quote
	}
	var before, behind []string
	var last []*entry
	for _, e := range c.entries {
		switch {
		case e.moves && e.rank.important && !e.important:
			if e.inSheet() && c.repeats(e) { // the style element sees to it
				continue
			}
			last = append(last, e)
		case (e.moves || e.copied) && !c.repeats(e), e.unit == nil && e.important: // one's own is repeated with !important
			before = append(before, write(e.declaration, e.important, quote))
		}
	}
	if !c.ends(last) {
		for _, e := range last {
			behind = append(behind, write(e.declaration, false, quote))
		}
	}
	var edits []edit
	if len(before)+len(behind) > 0 {
		edits = append(edits, c.attribute(d, quote, strings.Join(before, "; "), strings.Join(behind, "; ")))
	}
	if options.Attributes == AttributesTables {
		if text := c.attributes(d); text != "" {
			at := c.element.insertion()
			edits = append(edits, edit{at, at, text})
		}
	}
	return edits
}

func (c *cascade) attribute(d *document, quote byte, before, behind string) edit {
	a := c.element.style
	if a == nil {
		if before != "" && behind != "" {
			before += "; "
		}
		at := c.element.insertion()
		return edit{at, at, ` style="` + before + behind + `"`}
	}
	own := strings.TrimSpace(d.source[a.valueStart:a.valueEnd])
	if own == ";" {
		own = ""
	}
	if a.quote == 0 && own != "" {
		own = d.source[a.valueStart:a.valueEnd]
		if !d.actions.any(a.valueStart, a.valueEnd) {
			own = strings.ReplaceAll(own, `"`, "&quot;")
		}
	}
	value := before
	if own != "" {
		if value != "" {
			value += "; "
		}
		value += own
	}
	if behind != "" {
		if value != "" && !strings.HasSuffix(value, ";") {
			value += ";"
		}
		if value != "" {
			value += " "
		}
		value += behind
	}
	return edit{a.start, a.end, d.source[a.start:min(a.start+len("style"), a.end)] + "=" + string(quote) + value + string(quote)}
}

// insertion returns where an attribute can be written: behind the last one, or behind the
// name where actions stand between the attributes.
func (e *element) insertion() int {
	t := e.tag
	if n := len(t.attributes); n > 0 && !t.branched && !t.unknown {
		return t.attributes[n-1].end
	}
	return t.nameEnd
}

// write writes a declaration into an attribute with the given quotes. Strings get the
// other kind.
func write(d *declaration, important bool, quote byte) string {
	other := byte('\'')
	if quote == '\'' {
		other = '"'
	}
	var out strings.Builder
	out.WriteString(d.name + ": ")
	for _, t := range tokens(d.value) {
		s := d.value[t.start:t.end]
		if t.kind == css.StringToken && len(s) > 1 && s[0] == quote && s[len(s)-1] == quote && strings.IndexByte(s, other) < 0 && strings.IndexByte(s, '\\') < 0 {
			s = string(other) + s[1:len(s)-1] + string(other)
		}
		if t.kind == css.URLToken {
			if open, close := strings.IndexByte(s, quote), strings.LastIndexByte(s, quote); open >= 0 && close > open && strings.IndexByte(s, other) < 0 && strings.IndexByte(s, '\\') < 0 {
				s = s[:open] + string(other) + s[open+1:close] + string(other) + s[close+1:]
			}
		}
		out.WriteString(s)
	}
	if important {
		out.WriteString(" !important")
	}
	return escape(out.String(), quote)
}

// escape writes a text as part of an attribute.
func escape(text string, quote byte) string {
	if strings.IndexByte(text, quote) < 0 && !strings.ContainsAny(text, "&<>") {
		return text
	}
	name := "&quot;"
	if quote == '\'' {
		name = "&#39;"
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", string(quote), name).Replace(text)
}
