package luaapi

import (
	"bytes"

	"github.com/mailscript/mailscript/mime/lint"
	lua "github.com/yuin/gopher-lua"
)

// lintOptions are the options of message:lint.
type lintOptions struct {
	Ignore []string `lua:"ignore" doc:"names of rules to leave out"`
	bytesOptions
}

func lintFunction() Function {
	return Function{
		Name: "lint", Params: []Param{{"opts?", "lint.options", ""}}, Options: lintOptions{}, Returns: "remark[]",
		Doc: "What is wrong with the message, in its order: what breaks on the way, what readers will not see as it was meant, what makes receivers distrust it. docs/lint.md has the rules. The message is looked at as bytes gives it.",
		Example: "for _, remark in ipairs(message:lint()) do\n" +
			"  print(remark.severity, remark.text, remark.hint)\nend",
		Call: func(c *Call) []lua.LValue {
			var o lintOptions
			c.Options(0, &o)
			var text bytes.Buffer
			if _, err := c.form(o.DKIM).WriteTo(&text); err != nil {
				c.Fail(err)
			}
			found, err := lint.Check(text.Bytes(), lint.Options{Ignore: o.Ignore})
			if err != nil {
				c.Usage("docs/lint.md has the rules", "%v", err)
			}
			return values(c.list(len(found), func(i int) lua.LValue { return c.object("remark", &found[i]) }))
		},
	}
}

func remarkClass() *Class {
	of := func(c *Call) *lint.Finding { return c.Self.(*lint.Finding) }
	return &Class{
		Name: "remark",
		Doc:  "One thing that message:lint found.",
		Fields: []Field{
			{"rule", "string", `its name, such as "cid-dangling"; it does not change`, func(c *Call) lua.LValue { return lua.LString(of(c).Rule) }},
			{"severity", "string", `"error": the message is broken, or will be; "warning": some will not get it, or not as it was meant; "note": good to know`,
				func(c *Call) lua.LValue { return lua.LString(of(c).Severity) }},
			{"line", "integer?", "the line of the message, from 1; nil for what is wrong with the whole", func(c *Call) lua.LValue { return optionalNumber(int64(of(c).Line)) }},
			{"header", "string?", "the header field", func(c *Call) lua.LValue { return optional(of(c).Header) }},
			{"part", "string?", `the part as IMAP counts, such as "1.2"`, func(c *Call) lua.LValue { return optional(of(c).Part) }},
			{"text", "string", "what was found", func(c *Call) lua.LValue { return lua.LString(of(c).Text) }},
			{"hint", "string", "what to do", func(c *Call) lua.LValue { return lua.LString(of(c).Hint) }},
		},
		Text: func(self any) string { return self.(*lint.Finding).String() },
	}
}

// LintPage is docs/lint.md's table of rules, in Markdown.
func LintPage() string {
	var b bytes.Buffer
	b.WriteString(lintPage)
	for _, r := range lint.Rules() {
		b.WriteString("| <a id=\"" + r.ID + "\"></a>`" + r.ID + "` | " + string(r.Severity) + " | " + cell(r.Doc) + " | " + cell(r.Hint) + " |\n")
	}
	return b.String()
}

const lintPage = `<!-- Generated from the rules in mime/lint; do not edit. -->
# What is wrong with a message

` + "```" + `
mailscript lint hello.eml              # a message in a file
mailscript lint newsletter.lua         # every message that a script would send; nothing leaves the machine
` + "```" + `

` + "`mailscript lint`" + ` looks at the bytes as a server would get them, signatures included, and says where something is wrong and what
to do. A script runs in a rehearsal, as with ` + "`--sink`" + `. The exit status is 76 where a finding is an error, 0 where there are only
warnings and notes. ` + "`--ignore RULE`" + ` leaves a rule out, ` + "`--json`" + ` prints an object with ` + "`findings`" + ` and how many there are.
A file whose lines all end in LF is taken as a message stored by a program of Unix.

In a script, ` + "`message:lint()`" + ` returns the same findings as a list: ` + "`rule`, `severity`, `line`, `header`, `part`, `text`, `hint`" + `.

- An **error** breaks the message, now or on its way.
- A **warning** is for what some will not get, or not as it was meant.
- A **note** is good to know.

Signatures are not verified, since that would ask the DNS.

| rule | | what is found | what to do |
|---|---|---|---|
`
