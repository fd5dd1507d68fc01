package luaapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/template"
	"github.com/mailscript/mailscript/template/inline"
	lua "github.com/yuin/gopher-lua"
)

// templateOptions are the options of template.load.
type templateOptions struct {
	Language string `lua:"language" doc:"for numbers, money, dates and plurals, such as \"de\" or \"pt-BR\"; default \"en\""`
	KeepCSS  bool   `lua:"keep_css" doc:"leave style sheets as they are; by default they go into style attributes, which all mail programs know"`
	Timezone string `lua:"timezone" doc:"that times are shown in, such as \"Europe/Paris\"; default the one each has"`
}

// sourceFields are the fields of template.new.
type sourceFields struct {
	HTML      string `lua:"html" doc:"the HTML part"`
	Markdown  string `lua:"markdown" doc:"in place of html and text: both are made of it"`
	Text      string `lua:"text" doc:"the text part"`
	Subject   string `lua:"subject" doc:"the subject, one line"`
	Preheader string `lua:"preheader" doc:"what mail programs show behind the subject"`
	Layout    string `lua:"layout" doc:"a file in the folder layouts, into which the HTML goes"`
	Name      string `lua:"name" doc:"what errors call it; default \"template\""`
	templateOptions
}

func templateModule() *Module {
	return &Module{
		Name: "template",
		Doc:  "Letters with blanks: HTML, Markdown, text and subject, filled with the fields of a row. What comes from a row is data wherever it stands, never markup. See docs/templates.md.",
		Functions: []Function{
			{
				Name: "load", Params: []Param{{"name", "string", "without ending: NAME.html or NAME.md, NAME.txt, or both, below the project folder"}, {"opts?", "template.options", ""}}, Options: templateOptions{}, Returns: "template",
				Doc:     "The template in files of that name. The first lines may say subject, preheader and layout. It is read and checked once; rendering is quick.",
				Example: `local letter = template.load "letter"`,
				Call: func(c *Call) []lua.LValue {
					var o templateOptions
					c.Options(1, &o)
					options := c.templateOptions(o)
					letter, err := template.Load(c.String(0), options)
					if err == nil {
						c.noteLetterFiles(c.String(0), o)
					}
					return c.template(letter, err)
				},
			},
			{
				Name: "new", Params: []Param{{"source", "source.options", ""}}, Options: sourceFields{}, Returns: "template",
				Doc:     "A template that is written in the script.",
				Example: `local greeting = template.new { subject = "Hello {{.name}}", html = "<p>Dear {{.name}}" }`,
				Call: func(c *Call) []lua.LValue {
					var o sourceFields
					c.Options(0, &o)
					options := c.templateOptions(o.templateOptions)
					c.noteLetter(fmt.Sprintf("%+v", o))
					return c.template(template.New(template.Source{
						Name: o.Name, HTML: o.HTML, Markdown: o.Markdown, Text: o.Text, Subject: o.Subject, Preheader: o.Preheader, Layout: o.Layout,
					}, options))
				},
			},
		},
		Classes: []*Class{templateClass()},
	}
}

func templateClass() *Class {
	of := func(c *Call) *template.Template { return c.Self.(*template.Template) }
	return &Class{
		Name: "template",
		Doc:  "A letter with blanks. A description takes it as template, with data.",
		Methods: []Function{{
			Name: "render", Params: []Param{{"data", "row|table", "what the fields of the template are taken from"}}, Returns: "table",
			Doc:     "The parts of the message: html, text, subject and preheader, those that the template has. A field that the data does not have is an error.",
			Example: `print(template.new({ text = "Dear {{.name}}" }):render({ name = "Ann" }).text)`,
			Call: func(c *Call) []lua.LValue {
				data := c.templateData(c.function.full+": data", c.Arg(0), nil)
				rendered, err := data.render(c.Context(), of(c))
				if err != nil {
					c.Fail(err)
				}
				parts := c.rt.State().NewTable()
				for _, part := range []struct{ name, text string }{
					{"html", rendered.HTML}, {"text", rendered.Text}, {"subject", rendered.Subject}, {"preheader", rendered.Preheader},
				} {
					if part.text != "" {
						parts.RawSetString(part.name, lua.LString(part.text))
					}
				}
				return values(parts)
			},
		}},
		Fields: []Field{
			{"name", "string", "the name it was loaded by", func(c *Call) lua.LValue { return lua.LString(of(c).Name()) }},
		},
		Text: func(self any) string { return self.(*template.Template).Name() },
	}
}

func (c *Call) template(t *template.Template, err error) []lua.LValue {
	if err != nil {
		c.Fail(err)
	}
	return values(c.object("template", t))
}

func (c *Call) templateOptions(o templateOptions) template.Options {
	options := template.Options{Language: o.Language, Now: c.options.Now, Files: c.projectFiles()}
	if !o.KeepCSS {
		options.Inline = func(html string) (string, error) { return inline.HTML(html, inline.Options{}) }
	}
	if o.Timezone != "" {
		zone, err := time.LoadLocation(o.Timezone)
		if err != nil {
			c.Usage("zones have names such as Europe/Paris", `option "timezone": there is no zone %q`, o.Timezone)
		}
		options.Zone = zone
	}
	return options
}

// projectFiles are the files below the project folder; links do not lead out of it.
func (b *bound) projectFiles() fs.FS {
	if b.files == nil {
		folder := b.options.Root
		if folder == "" {
			folder = "."
		}
		root, err := os.OpenRoot(folder)
		if err != nil {
			return nowhere{err}
		}
		b.rt.Defer(func(context.Context) error { return root.Close() })
		b.files = root.FS()
	}
	return b.files
}

// nowhere is the files of a folder that cannot be opened.
type nowhere struct{ err error }

func (n nowhere) Open(string) (fs.File, error) { return nil, n.err }

// record is a row as templates see it. One is used for one rendering at a time.
type record struct {
	row   *rows.Row
	fault error // of the first field that is not what its column should hold
}

// Field implements template.Record.
func (r *record) Field(name string) (any, bool) {
	i, ok := r.row.Columns().Index(name)
	if !ok {
		return nil, false
	}
	value, err := r.row.At(i)
	if err != nil && r.fault == nil {
		r.fault = err
	}
	return value, true
}

// Text is Field for text, without making a value of it.
func (r *record) Text(name string) (string, bool) {
	i, ok := r.row.Columns().Index(name)
	if !ok {
		return "", false
	}
	return r.row.Text(i)
}

// Names are those of the fields, for "did you mean".
func (r *record) Names() []string { return r.row.Columns().Names() }

// data is what a template is filled with: a *record, or what was a table.
type data struct {
	value   any
	records []*record // in it
}

// rowData is a row as data.
func rowData(row *rows.Row) data {
	r := &record{row: row}
	return data{r, []*record{r}}
}

// templateData reads data on the script's thread; rendering it needs no Lua. same are what
// a merge has in the data of several rows, nil elsewhere.
func (c *Call) templateData(place string, v lua.LValue, same *constants) data {
	if ud, ok := v.(*lua.LUserData); ok {
		if row, ok := ud.Value.(*rows.Row); ok {
			return rowData(row)
		}
	}
	if _, ok := v.(*lua.LTable); !ok {
		c.Usage("", "%s must be a row or a table, got %s", place, engine.TypeName(v))
	}
	var made data
	w := toGo{bound: c.bound, constants: same, object: c.dataOf, filling: &made}
	if same != nil {
		same.begin()
	}
	value, err := w.value(v, 0)
	if err != nil {
		c.Usage("", "%s: %v", place, err)
	}
	if list, ok := value.([]any); ok {
		if len(list) > 0 {
			c.Usage("give the list a name: data = { items = list }", "%s must have names, got a list", place)
		}
		value = map[string]any{}
	}
	made.value = value
	return made
}

// object makes data of what only templates take.
func (d *data) object(v *lua.LUserData, depth int) (any, bool) {
	switch value := v.Value.(type) {
	case *picture:
		return map[string]any{"width": int64(value.width), "height": int64(value.height), "alt": value.alt}, true
	case *rows.Row:
		if depth == 1 { // one deeper down may be part of what several renderings share
			r := &record{row: value}
			d.records = append(d.records, r)
			return r, true
		}
	}
	return nil, false
}

// render fills a template. It may be called on any goroutine, once at a time.
func (d data) render(ctx context.Context, t *template.Template) (template.Rendered, error) {
	for _, r := range d.records {
		r.fault = nil
	}
	rendered, err := t.Render(ctx, d.value)
	for _, r := range d.records {
		if r.fault != nil {
			return template.Rendered{}, r.fault
		}
	}
	var mistake *template.Error
	if r, ok := d.value.(*record); ok && errors.As(err, &mistake) {
		err = mistake.WithRow(r.row.Place().String())
	}
	return rendered, err
}

// templateFault words a mistake in a template, with the line it is in.
func templateFault(err *template.Error) *engine.Fault {
	kind := engine.KindArgument
	if err.File != "" && err.Row == "" {
		kind = engine.KindFile
	}
	bare := *err
	bare.Hint = ""
	f := &engine.Fault{Kind: kind, Message: bare.Error(), Hint: err.Hint, Err: err}
	if excerpt := strings.TrimSuffix(err.Excerpt(), "\n"); excerpt != "" {
		f.Message += fmt.Sprintf("\n  %s", strings.ReplaceAll(excerpt, "\n", "\n  "))
	}
	return f
}
