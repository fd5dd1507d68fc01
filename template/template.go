// Package template renders the parts of a message – HTML, text, subject – from
// templates and one row of data after another.
//
// Templates are those of html/template and text/template; HTML may be written in
// Markdown. What is escaped, and how, is decided by html/template for every place in
// the HTML. A template is read, put together with its layout and partials, escaped and
// compiled once (compile.go); what the compiler does not know is executed by
// html/template itself, with the same result.
//
// Between parser and escaper the tree is changed (rewrite.go): reading a field, printing
// a value and going through a list become calls of functions of this package, so that
// the data may be rows that make their fields when asked, a field that is not there is
// an error, nil prints as nothing and 3.0 prints as 3.
//
// A template reaches no file and no environment when it is rendered, and when it is read
// only the files below Options.Files.
package template

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"sync"
	"time"

	"github.com/mailscript/mailscript/mime/plaintext"
)

// Record is data with fields made when they are asked for: a row. Beside records,
// data is made of map[string]any, []any, string, bool, int64, float64, time.Time and
// nil; other kinds of numbers and whatever has a String method are taken too.
type Record interface {
	// Field returns the value of a field, and whether there is one of the name.
	// It must be safe for concurrent use where a record is rendered concurrently.
	// A record that has Names() []string too can be gone through by range, counted by
	// len and encoded by json, and errors say which of its fields was meant. Text(name
	// string) (string, bool) spares it the values of fields that are strings.
	Field(name string) (any, bool)
}

// textRecord is a record that makes texts without making values of them, which spares a merge
// an allocation for each field.
type textRecord interface {
	Record
	// Text is what Field returns, where that is a string; false where it is not.
	Text(name string) (string, bool)
}

// Options say where templates find their parts, and how values are written. The zero
// value has no files, writes English, and takes times as they are.
type Options struct {
	// Files is where Load, layouts and partials look. Links that lead out of it are
	// for its maker to refuse: os.Root does.
	Files fs.FS
	// Language is a BCP 47 tag, for numbers, money, dates and plurals; "en" if empty.
	Language string
	// Zone is the time zone that dates are shown in; nil leaves each in its own.
	Zone *time.Location
	// Now is what the helper now returns; time.Now if nil.
	Now func() time.Time
	// MaxSize bounds each part of a rendered message, in octets; 16 MiB if 0.
	MaxSize int
	// Inline, unless nil, is given the whole document of HTML, once, before it is
	// parsed, and returns it changed. Actions of the template are in it as
	// {{…}} that say nothing; it must leave them whole, and may repeat them.
	Inline func(html string) (string, error)
}

func (o Options) withDefaults() Options {
	if o.Language == "" {
		o.Language = "en"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxSize == 0 {
		o.MaxSize = 16 << 20
	}
	o.MaxSize = min(o.MaxSize, math.MaxInt/2) // it is added to the length of what was there before
	return o
}

// Template is a compiled template. It never changes and is safe for concurrent use.
type Template struct {
	name                           string
	options                        Options
	locale                         *locale
	html, text, subject, preheader *part
	// textOfHTML says that the text is made of the rendered HTML.
	textOfHTML bool
	// maxSteps is the constant, but for tests.
	maxSteps int
	rooms    sync.Pool
}

// Name returns the name the template was loaded by.
func (t *Template) Name() string { return t.name }

// Part is one of the parts that a template may have.
type Part string

// The parts.
const (
	HTML      Part = "html"
	Text      Part = "text"
	Subject   Part = "subject"
	Preheader Part = "preheader"
)

// Has tells whether the template has a part. That of text is there for Markdown too.
func (t *Template) Has(p Part) bool {
	switch p {
	case HTML:
		return t.html != nil
	case Text:
		return t.text != nil || t.textOfHTML
	case Subject:
		return t.subject != nil
	case Preheader:
		return t.preheader != nil
	}
	return false
}

// Rendered are the parts of one message. A part that the template does not have is "".
type Rendered struct {
	HTML, Text string
	// Subject and Preheader are one line: line breaks, tabs and other control
	// characters in them are a space.
	Subject, Preheader string
}

// Render fills the template with data, which is map[string]any or a Record. It
// returns ctx.Err() soon after the context ends, and *Error for all else. Nobody may change
// lists and tables of the data later: what is made of them may be used again.
func (t *Template) Render(ctx context.Context, data any) (Rendered, error) {
	w, _ := t.rooms.Get().(*room)
	if w == nil {
		w = new(room)
	}
	var err error
	var ends [4]int
	out := w.out[:0]
	for i, p := range [...]*part{t.subject, t.preheader, t.html, t.text} {
		if p != nil && err == nil {
			out, err = p.render(ctx, data, out)
		}
		ends[i] = len(out)
	}
	var r Rendered
	if err == nil {
		r.Subject, r.Preheader = oneLine(string(out[:ends[0]])), oneLine(string(out[ends[0]:ends[1]]))
		// One piece of memory for the two of them.
		bodies := string(out[ends[1]:])
		r.HTML, r.Text = bodies[:ends[2]-ends[1]], bodies[ends[2]-ends[1]:]
		if t.textOfHTML {
			r.Text = plaintext.FromHTML(r.HTML)
		}
	}
	if w.out = out; cap(out) <= maxKept {
		t.rooms.Put(w)
	}
	return r, err
}

// room is what the parts of a message are written into.
type room struct{ out []byte }

// partKind says whether a part is HTML.
type partKind int

const (
	plainPart partKind = iota
	htmlPart
)

// part is one compiled part.
type part struct {
	kind     partKind
	document *document
	program  *program
	// reference executes what the compiler does not know; nil where there is a program.
	reference *reference
	template  *Template
}

// part puts the pieces together and compiles them.
func (t *Template) part(e *expander, outer, letter *fragment, kind partKind) (*part, error) {
	if e.first == nil {
		e.first = []*fragment{letter}
	}
	segments, err := e.expand(outer.body, outer)
	if err != nil {
		return nil, err
	}
	return t.assemble(segments, outer, letter, kind)
}

// assemble compiles the pieces that were put together.
func (t *Template) assemble(segments []segment, outer, letter *fragment, kind partKind) (*part, error) {
	var err error
	if kind == htmlPart {
		written := delimiters(segments)
		if t.options.Inline != nil {
			if segments, err = inlined(segments, t.options.Inline); err != nil {
				return nil, &Error{File: letter.source.name, Message: fmt.Sprintf("inlining CSS: %v", err), Err: err}
			}
		}
		if segments, err = conditionals(outer.source, segments, written); err != nil {
			return nil, err
		}
	}
	p := &part{kind: kind, document: join(outer.source, segments), template: t}
	return p, p.compile()
}

// render executes the part, and appends what it makes.
func (p *part) render(ctx context.Context, data any, out []byte) ([]byte, error) {
	if p.program != nil {
		return p.program.render(ctx, data, out)
	}
	return p.reference.render(ctx, data, out)
}
