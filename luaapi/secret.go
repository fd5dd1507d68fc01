package luaapi

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

func secretModule() *Module {
	read := func(name, param, what, doc, example string, source func(c *Call, of string) config.Source) Function {
		return Function{
			Name: name, Params: []Param{{param, "string", what}}, Returns: "secret", Doc: doc, Example: example,
			Call: func(c *Call) []lua.LValue {
				of := c.String(0)
				ask := func(c *Call) (smtp.Secret, error) {
					return c.readSecret(fmt.Sprintf("secret.%s(%q)", name, of), source(c, of))
				}
				if c.options.Rehearsal {
					// No source is asked: a rehearsal must not need the real thing, unless it
					// asks a web service.
					stand := smtp.NewSecret("rehearsal")
					return values(c.object("secret", &heldSecret{stand, []secretPiece{{hidden: true, ask: ask}}}))
				}
				value, err := ask(c)
				if err != nil {
					c.Fail(err)
				}
				return values(c.object("secret", &heldSecret{value, []secretPiece{{value: value, hidden: true}}}))
			},
		}
	}
	return &Module{
		Name: "secret",
		Doc:  "Passwords and tokens from outside the script. A secret prints as ‹secret› everywhere; only log-ins read it, and http where it is part of a request.",
		Functions: []Function{
			read("get", "name", "a name in mailscript.toml", "The secret [secret.NAME] of mailscript.toml: from a command, the environment, a file, the keyring or a prompt.",
				`local token = secret.get("crm")`, func(c *Call, of string) config.Source { return c.namedSecret(of) }),
			read("env", "variable", "of the environment", "A secret from an environment variable.",
				`local password = secret.env("SMTP_PASSWORD")`, func(_ *Call, of string) config.Source { return config.Source{Env: of} }),
			read("file", "path", "relative to the project folder", "A secret from the first line of a file, which nobody else should be able to read.",
				`local password = secret.file("password.txt")`, func(c *Call, of string) config.Source { return config.Source{File: c.path(of)} }),
			read("prompt", "question", "what to ask for", "A secret typed at the terminal, not shown. Raises where there is no terminal.",
				`local password = secret.prompt("Password")`, func(_ *Call, of string) config.Source { return config.Source{Prompt: true, Question: of} }),
		},
		Classes: []*Class{{
			Name: "secret",
			Doc:  "A password or token. It prints as ‹secret›; joined with a string it stays a secret.",
			Text: func(self any) string { return self.(*heldSecret).String() },
		}},
	}
}

// heldSecret is a secret as scripts hold it: the whole, which log-ins read, and what it
// was joined of.
type heldSecret struct {
	smtp.Secret
	pieces []secretPiece
}

// secretPiece is a secret, or a text that one was joined with.
type secretPiece struct {
	value  smtp.Secret
	hidden bool // it is more than a text

	ask func(*Call) (smtp.Secret, error) // reads it in a rehearsal, where value is none; nil elsewhere
}

// reveal calls use with each piece of a secret. What errors and logs must not show is hidden.
func (c *Call) reveal(held *heldSecret, use func(text string, hidden bool)) {
	for _, piece := range held.pieces {
		value := piece.value
		if piece.ask != nil {
			var err error
			if value, err = piece.ask(c); err != nil {
				c.Fail(err)
			}
		}
		var text strings.Builder
		if err := value.SaveTo(&text); err != nil {
			c.Fail(err)
		}
		use(text.String(), piece.hidden)
	}
}

func (c *Call) namedSecret(name string) config.Source {
	var names []string
	if c.options.Config != nil {
		if source, ok := c.options.Config.Secrets[name]; ok {
			return source
		}
		for known := range c.options.Config.Secrets {
			names = append(names, known)
		}
	}
	f := &engine.Fault{
		Kind: engine.KindConfig, Message: fmt.Sprintf("%s: there is no secret %q", c.function.full, name),
		Hint: "write [secret." + name + "] in mailscript.toml",
	}
	if near, ok := engine.Closest(name, names); ok {
		f.Message += fmt.Sprintf(" (did you mean %q?)", near)
	}
	c.rt.Raise(c.L, f)
	return config.Source{}
}

// joinSecret is .. where one side is a secret: the result is one too.
func (b *bound) joinSecret(L *lua.LState) lua.LValue {
	joined := &heldSecret{}
	for i := range 2 {
		switch v := L.Get(i + 1).(type) {
		case lua.LString, lua.LNumber:
			joined.pieces = append(joined.pieces, secretPiece{value: smtp.NewSecret(lua.LVAsString(v))})
			joined.Secret = smtp.Join(joined.Secret, smtp.NewSecret(lua.LVAsString(v)))
			continue
		case *lua.LUserData:
			if held, ok := v.Value.(*heldSecret); ok {
				joined.pieces = append(joined.pieces, held.pieces...)
				joined.Secret = smtp.Join(joined.Secret, held.Secret)
				continue
			}
		}
		b.rt.RaiseUsage(L, "", "attempt to join a secret with a %s", engine.TypeName(L.Get(i+1)))
	}
	return b.object("secret", joined)
}

// shownSecret is what a secret prints as. Text that holds it was meant to hold
// the secret, and would arrive as the mark: refused before it is sent.
const shownSecret = "‹secret›"

func (c *Call) refuseShownSecret(field, text string) {
	if strings.Contains(text, shownSecret) {
		c.rt.Raise(c.L, secretInText(c.function.full+": "+field))
	}
}

func secretInText(place string) *engine.Fault {
	return &engine.Fault{
		Kind: engine.KindArgument, Message: fmt.Sprintf("%s holds the text %s: a secret was put into it", place, shownSecret),
		Hint: "secrets are for log-ins and for http, which take them as they are; leave it out of the text",
	}
}

// refuseSecretsIn looks at every text of an options struct.
func (c *Call) refuseSecretsIn(options any) { c.refuseSecretsBelow(reflect.ValueOf(options)) }

func (c *Call) refuseSecretsBelow(options reflect.Value) {
	shape := c.shape(options.Type())
	for i := range shape.fields {
		field := &shape.fields[i]
		value := options.FieldByIndex(field.index)
		switch {
		case field.nested != nil:
			c.refuseSecretsBelow(value)
		case value.Kind() == reflect.String:
			if value.Len() >= len(shownSecret) {
				c.refuseShownSecret(field.name, value.String())
			}
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.String:
			for j := range value.Len() {
				c.refuseShownSecret(field.name, value.Index(j).String())
			}
		}
	}
}
