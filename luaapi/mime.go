package luaapi

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	lua "github.com/yuin/gopher-lua"
)

func mimeModule() *Module {
	return &Module{
		Name: "mime",
		Doc:  "Build messages: text, HTML, inline pictures, attachments (RFC 5322, RFC 2045 to 2049).",
		Functions: []Function{
			{
				Name: "message", Params: []Param{{"description", "description", "who, what, and what is attached"}}, Options: description{}, Returns: "message",
				Doc:     "Build a message. A line break, a NUL or any other control character in a header field is refused: no value can become a header of its own.",
				Example: `local message = mime.message { from = "news@bank.example", to = { "ann@example.org" }, subject = "Grüße", text = "Hello" }`,
				Call: func(c *Call) []lua.LValue {
					return values(c.object("message", c.letter(0)))
				},
			},
			{
				Name: "file", Params: []Param{{"path", "string", "relative to the project folder"}, {"opts?", "part.options", ""}}, Options: partOptions{}, Returns: "part",
				Doc:     "A file to attach or to show inline. It is read now, and a missing file raises the kind \"file\". One of more than 8 MiB is not held but read whenever a message with it is sent; one that has changed by then raises the kind \"file\", and the message is not finished.",
				Example: `local terms = mime.file("terms.pdf")`,
				Call: func(c *Call) []lua.LValue {
					var o partOptions
					c.Options(1, &o)
					return c.part(mime.File(c.path(c.String(0)), o.options()))
				},
			},
			{
				Name: "bytes", Params: []Param{{"bytes", "string", "any bytes"}, {"opts", "part.options", "name is required"}}, Options: partOptions{}, Returns: "part",
				Doc: "Bytes to attach or to show inline; they arrive exactly as they are.", Example: `local report = mime.bytes("a,b\n1,2\n", { name = "report.csv" })`,
				Call: func(c *Call) []lua.LValue {
					var o partOptions
					c.Options(1, &o)
					return c.part(mime.Bytes([]byte(c.String(0)), o.options()))
				},
			},
			{
				Name: "part", Params: []Param{{"description", "part.description.options", "type, and body or parts"}}, Options: bodyOptions{}, Returns: "part",
				Doc:     "A part of your own making: a body of any media type, or a multipart tree.",
				Example: "local both = mime.part { type = \"multipart/alternative\", parts = {\n  mime.part { type = \"text/plain\", body = \"Hello\" },\n  mime.part { type = \"text/html\", body = \"<p>Hello</p>\" },\n} }",
				Call:    explicitPart,
			},
			cardFunction(),
			eventFunction(),
			{
				Name: "address", Params: []Param{{"text_or_name", "string", `an address, "Ann <ann@example.org>", or just the name`}, {"address?", "string", "the address where the first is a name"}}, Returns: "address",
				Doc: "One address. With two arguments the first is a name taken as it is, commas and all.", Example: `local carol = mime.address("Smith, Carol", "carol@example.org")`,
				Call: func(c *Call) []lua.LValue {
					var a mime.Address
					var err error
					if c.Given(1) {
						a, err = mime.NewAddress(c.String(0), c.String(1))
					} else {
						a, err = mime.ParseAddress(c.String(0))
					}
					if err != nil {
						c.Fail(err)
					}
					return values(c.object("address", &a))
				},
			},
			{
				Name: "valid", Params: []Param{{"text", "string", "what may be an address"}}, Returns: "boolean, string?",
				Doc: "Whether text is one address, and why not.", Example: "local ok, reason = mime.valid(\"ann@\")\nprint(ok, reason)",
				Call: func(c *Call) []lua.LValue {
					if err := mime.Valid(c.String(0)); err != nil {
						var bad *mime.AddressError
						if errors.As(err, &bad) {
							return values(lua.LFalse, lua.LString(bad.Reason))
						}
						return values(lua.LFalse, lua.LString(err.Error()))
					}
					return values(lua.LTrue, lua.LNil)
				},
			},
		},
		Classes: []*Class{messageClass(), partClass(), eventClass(), addressClass(), remarkClass()},
	}
}

// path is a path of the script: relative ones start at the project folder,
// wherever the command was called.
func (c *Call) path(path string) string {
	if filepath.IsAbs(path) || c.options.Root == "" {
		return path
	}
	return filepath.Join(c.options.Root, filepath.FromSlash(path))
}

func addressClass() *Class {
	of := func(c *Call) *mime.Address { return c.Self.(*mime.Address) }
	return &Class{
		Name: "address",
		Doc:  "One mailbox and the name it is shown under.",
		Fields: []Field{
			{"name", "string?", "the name", func(c *Call) lua.LValue { return optional(of(c).Name) }},
			{"address", "string", "local@domain", func(c *Call) lua.LValue { return lua.LString(of(c).Mailbox) }},
			{"domain", "string", "what stands behind the @", func(c *Call) lua.LValue { return lua.LString(of(c).Domain()) }},
		},
		Text: func(self any) string { return self.(*mime.Address).String() },
	}
}

// save writes a message into the project folder and nowhere else.
func save(c *Call) []lua.LValue {
	path := c.writtenPath(0)
	if err := writeWhole(path, c.written(1)); err != nil {
		c.Fail(err)
	}
	return values(lua.LString(path))
}

// writtenPath is an argument that names a file to be written: inside the project folder.
func (c *Call) writtenPath(i int) string {
	name := filepath.Clean(filepath.FromSlash(c.String(i)))
	if !filepath.IsLocal(name) {
		c.rt.Raise(c.L, &engine.Fault{
			Kind: engine.KindFile, Message: c.function.full + ": " + c.String(i) + " is not inside the project folder",
			Hint: "give a path relative to the project folder, without ..",
		})
	}
	return c.path(name)
}

// writeWhole writes a file under another name first, so that a reader, or a
// crash, never finds half of it.
func writeWhole(path string, content io.WriterTo) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+strings.TrimPrefix(filepath.Base(path), ".")+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := content.WriteTo(file); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
