package luaapi

import (
	"strings"

	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// letter is a built message as scripts hold it. The name keeps it apart from
// mime.Message, which knows nothing of the wire.
type letter struct{ *mime.Message }

func (l *letter) id() string { return l.ID() }

// content is the message as the client needs to know it.
func (l *letter) content() smtp.Content {
	c := smtp.Content{Size: l.Size(), EightBit: l.EightBit(), Binary: l.Binary(), UTF8: l.UTF8(), Writer: l.Message}
	if !c.Binary {
		c.Pieces = l.Segments()
	}
	return c
}

func (l *letter) envelope() smtp.Envelope {
	from, to := l.Envelope()
	envelope := smtp.Envelope{From: from.Mailbox}
	for _, address := range to {
		envelope.To = append(envelope.To, address.Mailbox)
	}
	return envelope
}

func (l *letter) from() string { return l.envelope().From }

// letter is argument i, a message or the description of one.
func (c *Call) letter(i int) *letter {
	if l, ok := c.Object(i).(*letter); ok {
		return l
	}
	d := &describer{c: c}
	return c.build(d.description(c.Arg(i).(*lua.LTable)))
}

func (c *Call) build(d mime.Description) *letter {
	m, err := mime.Build(d, mime.Environment{})
	if err != nil {
		c.Fail(err)
	}
	return &letter{m}
}

func messageClass() *Class {
	of := func(c *Call) *letter { return c.Self.(*letter) }
	return &Class{
		Name: "message",
		Doc:  "A finished message. It never changes; with{…} makes a changed copy, so that nothing of one recipient's mail leaks into the next.",
		Methods: []Function{
			{
				Name: "with", Params: []Param{{"description", "description", "fields that replace those of the message"}}, Returns: "message",
				Doc:     "A copy with some fields replaced. Date and Message-ID are made anew unless given.",
				Example: `local other = message:with { to = "bob@example.org" }`,
				Call: func(c *Call) []lua.LValue {
					d := &describer{c: c}
					return values(c.object("message", c.build(d.change(of(c).Description(), c.Arg(0).(*lua.LTable)))))
				},
			},
			{
				Name: "bytes", Returns: "string", Doc: "The message as it is sent (RFC 5322), lines ending in CRLF.", Example: "print(#message:bytes())",
				Call: func(c *Call) []lua.LValue {
					var text strings.Builder
					if _, err := of(c).WriteTo(&text); err != nil {
						c.Fail(err)
					}
					return values(lua.LString(text.String()))
				},
			},
			{
				Name: "header", Params: []Param{{"name", "string", "in any case"}}, Returns: "string?",
				Doc: "The value of the first header field of that name, decoded; nil where there is none.", Example: `print(message:header("Subject"))`,
				Call: func(c *Call) []lua.LValue {
					value, ok := of(c).Header(c.String(0))
					if !ok {
						return values(lua.LNil)
					}
					return values(lua.LString(value))
				},
			},
			{
				Name: "headers", Returns: "table[]", Doc: "All header fields in order, each {name, value}, decoded.",
				Example: "for _, field in ipairs(message:headers()) do\n  print(field[1], field[2])\nend",
				Call: func(c *Call) []lua.LValue {
					fields := of(c).Headers()
					return values(c.list(len(fields), func(i int) lua.LValue {
						return c.list(2, func(j int) lua.LValue {
							return lua.LString([]string{fields[i].Name, fields[i].Value}[j])
						})
					}))
				},
			},
			{
				Name: "part", Params: []Param{{"opts?", "part.options", ""}}, Options: partOptions{}, Returns: "part",
				Doc:     "The message as a part of another, to forward it or to report it (message/rfc822). It must not have asked for 8bit or binary.",
				Example: `local forwarded = mime.message { from = "bob@example.org", to = "carol@example.org", subject = "Fwd: Hello", text = "See below.", attach = message:part { name = "hello.eml" } }`,
				Call: func(c *Call) []lua.LValue {
					var o partOptions
					c.Options(0, &o)
					c.refuseSecretsIn(o)
					return c.part(of(c).Part(o.options()))
				},
			},
			{
				Name: "save", Params: []Param{{"path", "string", "a file inside the project folder"}}, Returns: "string",
				Doc:     "Write the message to a file, which is replaced whole or not at all. Returns the path.",
				Example: `message:save("hello.eml")`,
				Call:    save,
			},
		},
		Fields: []Field{
			{"id", "string", "the Message-ID, with its angle brackets", func(c *Call) lua.LValue { return lua.LString(of(c).ID()) }},
			{"size", "integer", "octets", func(c *Call) lua.LValue { return lua.LNumber(of(c).Size()) }},
		},
		Text: func(self any) string { return self.(*letter).String() },
	}
}
