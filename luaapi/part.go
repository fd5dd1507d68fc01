package luaapi

import (
	"fmt"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	lua "github.com/yuin/gopher-lua"
)

// partOptions are the options of mime.file.
type partOptions struct {
	Name        string `lua:"name" doc:"the name a reader saves it under; default the file's"`
	Type        string `lua:"type" doc:"media type; default detected from name and content"`
	Charset     string `lua:"charset" doc:"declared for text; the bytes are not converted"`
	Disposition string `lua:"disposition" type:"\"attachment\"|\"inline\"" doc:"default by where it is used"`
	ContentID   string `lua:"content_id" doc:"what cid: in a tree of your own refers to: id@domain"`
}

func (o partOptions) options() mime.PartOptions {
	return mime.PartOptions{Name: o.Name, Type: o.Type, Charset: o.Charset, Disposition: mime.Disposition(o.Disposition), ContentID: o.ContentID}
}

// bodyOptions are the fields of mime.part.
type bodyOptions struct {
	partOptions
	Body  luaValue `lua:"body" type:"string" doc:"the content; text becomes CRLF, anything else stays as it is"`
	Parts luaValue `lua:"parts" type:"part[]" doc:"the parts of a multipart type"`
}

func (d *describer) onePart(field string, v lua.LValue) *mime.Part {
	if ud, ok := v.(*lua.LUserData); ok {
		if p, ok := partOf(ud.Value); ok {
			return p
		}
	}
	d.c.Usage(`write mime.file("…")`, "%s must be a part, got %s", field, engine.TypeName(v))
	return nil
}

func (d *describer) parts(field string, v lua.LValue) []*mime.Part {
	t, ok := v.(*lua.LTable)
	if !ok {
		return []*mime.Part{d.onePart(field, v)}
	}
	list := []*mime.Part{}
	for i, item := range listItems(t) {
		list = append(list, d.onePart(fmt.Sprintf("%s[%d]", field, i+1), item))
	}
	return list
}

func (d *describer) inline(v lua.LValue) []mime.Inline {
	t, ok := v.(*lua.LTable)
	if !ok {
		d.c.Usage(`write inline = { logo = mime.file("logo.png") }`, `option "inline" must be a table, got %s`, engine.TypeName(v))
	}
	var list []mime.Inline
	for _, name := range d.sorted("inline", t) {
		list = append(list, mime.Inline{Name: name, Part: d.onePart("inline."+name, t.RawGetString(name))})
	}
	return list
}

func (c *Call) part(p *mime.Part, err error) []lua.LValue {
	if err != nil {
		c.Fail(err)
	}
	return values(c.object("part", p))
}

func explicitPart(c *Call) []lua.LValue {
	var o bodyOptions
	c.Options(0, &o)
	switch {
	case o.Type == "":
		c.Usage("", `option "type" is missing`)
	case (o.Body == nil) == (o.Parts == nil):
		c.Usage("", `give either "body" or "parts"`)
	case o.Parts != nil:
		d := &describer{c: c}
		return c.part(mime.NewMultipart(o.Type, d.parts("parts", o.Parts), o.options()))
	}
	body, ok := o.Body.(lua.LString)
	if !ok {
		c.Usage("", `option "body" must be a string, got %s`, engine.TypeName(o.Body))
	}
	return c.part(mime.NewPart(o.Type, []byte(body), o.options()))
}

func partClass() *Class {
	of := func(c *Call) *mime.Part {
		p, _ := partOf(c.Self)
		return p
	}
	return &Class{
		Name: "part",
		Doc:  "One body of a message. It can be used in any number of messages and is encoded only once.",
		Fields: []Field{
			{"name", "string?", "the file name", func(c *Call) lua.LValue { return optional(of(c).Name()) }},
			{"type", "string", "the media type", func(c *Call) lua.LValue { return lua.LString(of(c).Type()) }},
			{"size", "integer", "octets before encoding", func(c *Call) lua.LValue { return lua.LNumber(of(c).Size()) }},
			pictureField("width", "integer?", "of a chart: how wide to show it, in pixels of the page; the picture has twice as many, for fine displays", func(p *picture) lua.LValue { return lua.LNumber(p.width) }),
			pictureField("height", "integer?", "of a chart: how high to show it", func(p *picture) lua.LValue { return lua.LNumber(p.height) }),
			pictureField("alt", "string?", "of a chart: what it shows, for those who do not see it", func(p *picture) lua.LValue { return lua.LString(p.alt) }),
		},
		Methods: []Function{imageMethod()},
		Text: func(self any) string {
			p, _ := partOf(self)
			return p.String()
		},
	}
}
