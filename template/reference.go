package template

import (
	"context"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	texttemplate "text/template"
	"text/template/parse"
)

// reference executes a part by html/template or text/template. It is what the compiler
// is measured by, and what runs a part the compiler does not know all of.
type reference struct {
	part *part
	// tree is rewritten, not escaped.
	tree *parse.Tree
	// instances are for one execution at a time each: their functions know which.
	instances sync.Pool
}

type instance struct {
	run     run
	execute func(io.Writer, any) error
	// tree is what is executed: escaped, for HTML, from the first execution on.
	tree *parse.Tree
}

// instance makes a template of a copy of the tree.
func (r *reference) instance() (*instance, error) {
	i := &instance{tree: r.tree.Copy()}
	i.run.part = r.part
	if r.part.kind == plainPart {
		t, err := texttemplate.New(rootName).Funcs(texttemplate.FuncMap(i.run.funcMap())).AddParseTree(rootName, i.tree)
		if err != nil {
			return nil, err
		}
		i.execute = t.Execute
		return i, nil
	}
	t, err := htmltemplate.New(rootName).Funcs(i.run.funcMap()).AddParseTree(rootName, i.tree)
	if err != nil {
		return nil, err
	}
	i.execute = t.Execute
	return i, nil
}

var errNothing = errors.New("nothing is to be written")

// refusing is a writer that ends an execution at its first octet.
type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, errNothing }

// ended is a context that ended.
type ended struct{}

func (ended) Err() error { return errNothing }

// escaped returns the tree as html/template changed it. Escaping is the first thing that
// an execution does; what follows ends at once.
func (r *reference) escaped() (tree *parse.Tree, err error) {
	i, err := r.instance()
	if err != nil {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			tree, err = nil, &Error{File: r.part.document.root.name, Message: fmt.Sprintf("escaping: %v", v)}
		}
	}()
	i.run.ends = ended{}
	i.run.steps = maxSteps
	err = i.execute(refusing{}, nil)
	var escaping *htmltemplate.Error
	if errors.As(err, &escaping) {
		return nil, r.part.document.escapingError(escaping)
	}
	return i.tree, nil
}

// escapingError turns an error of html/template's escaper into one of ours.
func (d *document) escapingError(e *htmltemplate.Error) error {
	// The description of a context is for those who know html/template's insides.
	what, _, _ := strings.Cut(e.Description, ": {state")
	m := &mistake{message: what}
	switch e.ErrorCode {
	case htmltemplate.ErrBranchEnd, htmltemplate.ErrRangeLoopReentry:
		m.hint = "every branch must leave quotes, tags and comments as it found them"
	case htmltemplate.ErrEndContext:
		m.hint = "a quote, a tag, a comment or a script is not closed"
	case htmltemplate.ErrAmbigContext:
		m.message = "whether this value is in the path or in the query of the address depends on a branch"
		m.hint = "put the whole address, or its end, into each branch"
	}
	if a, ok := e.Node.(*parse.ActionNode); ok && isConditional(a) {
		m = mistakef("a conditional comment cannot stand here").withHint("put it between elements")
	}
	m.message = strings.ReplaceAll(m.message, innerLeft, leftDelimiter)
	if e.Node != nil {
		return d.errorAt(int(e.Node.Position()), m)
	}
	if e.Line > 0 {
		return d.errorInLine(e.Line, m)
	}
	err := &Error{File: d.root.name}
	err.explain(m)
	return err
}

// limited is a writer with an end.
type limited struct {
	out []byte
	max int
}

func (l *limited) Write(p []byte) (int, error) {
	if len(l.out)+len(p) > l.max {
		return 0, errTooLarge
	}
	l.out = append(l.out, p...)
	return len(p), nil
}

var errTooLarge = errors.New("too large")

// tooLarge says that a part grew beyond its bound.
func (p *part) tooLarge() error {
	return &Error{File: p.document.root.name, Message: fmt.Sprintf("the result is larger than %d bytes", p.template.options.MaxSize)}
}

func (r *reference) render(ctx context.Context, data any, out []byte) (_ []byte, err error) {
	if err := ctx.Err(); err != nil {
		return out, err
	}
	i, _ := r.instances.Get().(*instance)
	if i == nil {
		if i, err = r.instance(); err != nil {
			return out, err
		}
	}
	defer func() {
		if v := recover(); v != nil {
			err = &Error{File: r.part.document.root.name, Message: fmt.Sprintf("rendering: %v", v)}
		}
	}()
	i.run = run{part: r.part, ends: ctx}
	w := &limited{out: out, max: len(out) + r.part.template.options.MaxSize}
	err = i.execute(w, data)
	interrupted := i.run.err
	i.run.ends = nil
	r.instances.Put(i)
	switch {
	case interrupted != nil:
		err = interrupted
	case err == errTooLarge:
		err = r.part.tooLarge()
	case err != nil:
		err = r.part.document.executionError(err)
	}
	return w.out, err
}

// executionPattern is how text/template begins its errors: with line and column, which
// counts octets from 0.
var executionPattern = regexp.MustCompile(`(?s)^template: [^:]*:(\d+):(\d+): (?:executing .*?: )?(.*)$`)

// executionError turns an error of an execution into one of ours.
func (d *document) executionError(err error) error {
	m := executionPattern.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{File: d.root.name, Message: err.Error(), Err: err}
	}
	line, _ := strconv.Atoi(m[1])
	position, _ := strconv.Atoi(m[2])
	at := 0
	for range line - 1 {
		at += strings.IndexByte(d.text[at:], '\n') + 1
	}
	var cause error = &mistake{message: m[3]}
	var known *mistake
	if errors.As(err, &known) {
		cause = known
	}
	return d.errorAt(at+position, cause)
}
