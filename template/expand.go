package template

import (
	"slices"
	"strings"
)

// fragment is one file, or one source of New, cut into pieces.
type fragment struct {
	source *source
	body   []segment
	// defines are the bodies of its {{define}} and {{block}} actions.
	defines map[string][]segment
}

// fragmentOf cuts a source up. transform, unless nil, is what happens to each piece
// before it is put together with others.
func fragmentOf(s *source, transform func([]segment) ([]segment, error)) (*fragment, error) {
	segments, err := split(s)
	if err != nil {
		return nil, err
	}
	f := &fragment{source: s, defines: map[string][]segment{}}
	for i := 0; i < len(segments); i++ {
		if segments[i].keyword != "define" {
			f.body = append(f.body, segments[i])
			continue
		}
		end := closing(segments, i)
		name, _ := segments[i].argument()
		f.defines[name] = segments[i+1 : end]
		i = end
	}
	if transform != nil {
		if f.body, err = transform(f.body); err != nil {
			return nil, err
		}
		for name, body := range f.defines {
			if f.defines[name], err = transform(body); err != nil {
				return nil, err
			}
		}
	}
	for _, body := range append([][]segment{f.body}, collect(f.defines)...) {
		for i := range body {
			if body[i].keyword == "block" {
				name, _ := body[i].argument()
				f.defines[name] = body[i+1 : closing(body, i)]
			}
		}
	}
	return f, nil
}

func collect(defines map[string][]segment) [][]segment {
	var bodies [][]segment
	for _, body := range defines {
		bodies = append(bodies, body)
	}
	return bodies
}

// definition is what a {{template}} action names.
type definition struct {
	body []segment
	// file is where the body stands: its own definitions are seen from there.
	file *fragment
}

// maxExpanded bounds, in octets, what a template grows to when its partials are put in.
const maxExpanded = 16 << 20

// expander puts the bodies of templates where {{template}} and {{block}} name them.
// A CSS inliner can see whole documents then, and nothing is called when a message
// is rendered. What a template would call itself through is a mistake that is
// found here.
type expander struct {
	// first are files whose definitions win over those of the file that names them:
	// the letter, then its layout.
	first []*fragment
	// special are names with a meaning: content, subject, preheader.
	special map[string]definition
	// partial reads the file of a partial; nil when there is none.
	partial func(name string) (*fragment, error)
	// missing says what to do about a name that nothing has.
	missing func(name string) string
	// used, unless nil, hears of every name.
	used  func(name string)
	stack []string
	size  int
}

func (e *expander) lookup(name string, from *fragment) (definition, bool, error) {
	for _, f := range append(slices.Clip(e.first), from) {
		if body, ok := f.defines[name]; ok {
			return definition{body, f}, true, nil
		}
	}
	if d, ok := e.special[name]; ok {
		return d, true, nil
	}
	f, err := e.partial(name)
	if err != nil || f == nil {
		return definition{}, false, err
	}
	return definition{f.body, f}, true, nil
}

// expand returns the segments with all others put in.
func (e *expander) expand(segments []segment, from *fragment) ([]segment, error) {
	var out []segment
	for i := 0; i < len(segments); i++ {
		s := &segments[i]
		if e.size += len(s.text) + 1; e.size > maxExpanded {
			return nil, s.errorAt(mistakef("the template grows to more than %d bytes with its partials", maxExpanded))
		}
		if s.keyword != "template" && s.keyword != "block" {
			out = append(out, *s)
			continue
		}
		name, pipe := s.argument()
		if e.used != nil {
			e.used(name)
		}
		d, found, err := e.lookup(name, from)
		if err != nil {
			return nil, s.locate(err)
		}
		if !found {
			return nil, s.errorAt(mistakef("no template %q", name).withHint(e.missing(name)))
		}
		if slices.Contains(e.stack, name) {
			way := append(slices.Clone(e.stack[slices.Index(e.stack, name):]), name)
			return nil, s.errorAt(mistakef("template %q contains itself: %s", name, strings.Join(way, " → ")))
		}
		open := pipe
		open.always = true
		open.keyword, open.lead, open.trail = "with", "with "+scopeFunction+" (", ")"
		if pipe.text == "" {
			open.text, open.lead, open.trail, open.source = "", "with "+scopeFunction+" "+nothingFunction, "", nil
		}
		e.stack = append(e.stack, name)
		if s.inline {
			d.body = withoutParagraph(d.body)
		}
		body, err := e.expand(d.body, d.file)
		if err != nil {
			return nil, err
		}
		e.stack = e.stack[:len(e.stack)-1]
		out = append(out, open)
		out = append(out, body...)
		out = append(out, segment{keyword: "end", lead: "end", always: true})
		if s.keyword == "block" {
			i = closing(segments, i)
		}
	}
	return out, nil
}

// withoutParagraph returns what a body says without the paragraph around it, if it is
// one paragraph of Markdown: it goes into another.
func withoutParagraph(body []segment) []segment {
	const open, end = "<p>", "</p>\n"
	paragraphs := 0
	for i := range body {
		if body[i].keyword == "" {
			paragraphs += strings.Count(body[i].text, open)
		}
	}
	if paragraphs != 1 || !strings.HasPrefix(body[0].text, open) || !strings.HasSuffix(body[len(body)-1].text, end) {
		return body
	}
	inner := slices.Clone(body)
	inner[0].text = inner[0].text[len(open):]
	last := &inner[len(inner)-1]
	last.text = last.text[:len(last.text)-len(end)]
	return inner
}

// errorAt makes an error that points at the segment.
func (s *segment) errorAt(cause error) error {
	if s.source == nil {
		e := &Error{}
		e.explain(cause)
		return e
	}
	return s.source.errorAt(s.offset, cause)
}

// locate makes the error point at the segment unless it has a place already.
func (s *segment) locate(err error) error {
	if _, ok := err.(*Error); ok {
		return err
	}
	return s.errorAt(err)
}
