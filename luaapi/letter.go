package luaapi

import (
	"io"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/mime/dkim"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// letter is a built message as scripts hold it. The name keeps it apart from
// mime.Message, which knows nothing of the wire.
type letter struct {
	*mime.Message
	transfer mime.Transfer // the widest that the description allows
	domains  []string      // in From, each once
	signing  signing
	// hashes are of the body as it is signed, by canonicalization: whoever sends it again
	// need not read it again.
	hashes map[dkim.Canonicalization]dkim.BodyHash
}

func (l *letter) id() string { return l.ID() }

// content is the message as the client needs to know it, as it was built.
func (l *letter) content() smtp.Content { return contentOf(l.Message) }

func contentOf(m *mime.Message) smtp.Content {
	c := smtp.Content{Size: m.Size(), EightBit: m.EightBit(), Binary: m.Binary(), UTF8: m.UTF8(), Writer: m}
	if !c.Binary {
		c.Pieces = m.Segments()
	}
	return c
}

// content is what goes over a session: encoded for what the server offers, and signed.
// A pooled session may have been opened by another account, to the same server.
func (c *Call) content(s *session, account string, l *letter, options sending) (smtp.Content, error) {
	chosen := l.signing
	if options.signing != nil {
		chosen = *options.signing
	}
	signers, err := c.signers(l.domains, chosen, account)
	if err != nil {
		return smtp.Content{}, err
	}
	if len(signers) > 0 {
		return c.signed(l, signers)
	}
	if l.transfer == mime.TransferSevenBit {
		return l.content(), nil
	}
	m, err := l.For(fitting(l.transfer, s.Capabilities(), options.Transfer))
	if err != nil {
		return smtp.Content{}, err
	}
	return contentOf(m), nil
}

// fitting is the widest encoding that is wanted and offered.
func fitting(wanted mime.Transfer, offered smtp.Capabilities, by smtp.Transfer) mime.Transfer {
	switch {
	case wanted == mime.TransferBinary && offered.Has("BINARYMIME") && offered.Has("CHUNKING") && by != smtp.TransferData:
		return mime.TransferBinary
	case wanted != mime.TransferSevenBit && offered.Has("8BITMIME"):
		return mime.TransferEightBit
	}
	return mime.TransferSevenBit
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
	description := d.description(c.Arg(i).(*lua.LTable))
	return c.build(description, d.signing)
}

func (c *Call) build(d mime.Description, s signing) *letter {
	m, err := mime.Build(d, mime.Environment{Now: c.options.Now})
	if err != nil {
		c.Fail(err)
	}
	return &letter{Message: m, transfer: d.Transfer, signing: s, domains: domainsOf(d)}
}

// domainsOf are those of the addresses in From, each once.
func domainsOf(d mime.Description) (domains []string) {
	for _, address := range d.From {
		if domain := address.Domain(); !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return domains
}

// bytesOptions are the options of message:bytes and message:save.
type bytesOptions struct {
	DKIM luaValue `lua:"dkim" type:"boolean|string|string[]" doc:"true signs as the default account would, which raises where no key suits; or the names of keys"`
}

// written is the message in the form that the options in argument i ask for.
func (c *Call) written(i int) io.WriterTo {
	var o bytesOptions
	c.Options(i, &o)
	return c.form(o.DKIM)
}

func (c *Call) form(asked luaValue) io.WriterTo {
	l := c.Self.(*letter)
	chosen := c.signing(asked)
	if chosen == nil {
		return l.Message
	}
	name := c.options.Account
	if name == "" {
		name = "default"
	}
	signers, err := c.signers(l.domains, *chosen, name)
	if err != nil {
		c.Fail(err)
	}
	if len(signers) == 0 {
		return l.Message
	}
	content, err := c.signed(l, signers)
	if err != nil {
		c.Fail(err)
	}
	return content.Writer
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
					d := &describer{c: c, signing: of(c).signing}
					changed := d.change(of(c).Description(), c.Arg(0).(*lua.LTable))
					return values(c.object("message", c.build(changed, d.signing)))
				},
			},
			{
				Name: "bytes", Params: []Param{{"opts?", "bytes.options", ""}}, Options: bytesOptions{}, Returns: "string",
				Doc: "The message (RFC 5322), lines ending in CRLF. It is signed only where dkim asks for it, since a signature says when it was made.", Example: "print(#message:bytes())",
				Call: func(c *Call) []lua.LValue {
					var text strings.Builder
					if _, err := c.written(0).WriteTo(&text); err != nil {
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
			lintFunction(),
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
				Name: "save", Params: []Param{{"path", "string", "a file inside the project folder"}, {"opts?", "bytes.options", ""}}, Options: bytesOptions{}, Returns: "string",
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
