package luaapi

import (
	"fmt"

	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// answered is what replies, results and recipients have in common.
type answered interface{ answer() smtp.Reply }

type reply struct{ smtp.Reply }

func (r *reply) answer() smtp.Reply { return r.Reply }

// answerFields are the fields of everything that carries a reply.
func answerFields(what string) []Field {
	of := func(c *Call) smtp.Reply { return c.Self.(answered).answer() }
	return []Field{
		{"code", "integer?", "reply code of " + what + ", 200 to 599; nil where no reply came (RFC 5321, section 4.2)",
			func(c *Call) lua.LValue { return optionalNumber(int64(of(c).Code)) }},
		{"enhanced", "string?", `status code such as "5.1.1" (RFC 3463)`,
			func(c *Call) lua.LValue { return optional(of(c).Enhanced) }},
		{"text", "string", "the text without codes, lines joined with a line feed",
			func(c *Call) lua.LValue { return lua.LString(of(c).Text()) }},
		{"class", "integer?", "first digit of the code: 2 done, 3 go on, 4 not now, 5 no",
			func(c *Call) lua.LValue { return optionalNumber(int64(of(c).Class())) }},
	}
}

func replyClass() *Class {
	of := func(c *Call) smtp.Reply { return c.Self.(*reply).Reply }
	return &Class{
		Name: "reply",
		Doc:  "What the server answered to one command. Whatever its code, it is a value to look at, not an error.",
		Fields: append([]Field{
			{"ok", "boolean", "the command was done: code 200 to 299",
				func(c *Call) lua.LValue { return lua.LBool(of(c).OK()) }},
		}, append(answerFields("the reply"), []Field{
			{"lines", "string[]", "the text of each line, without the reply code",
				func(c *Call) lua.LValue {
					return c.list(len(of(c).Lines), func(i int) lua.LValue { return lua.LString(of(c).Lines[i]) })
				}},
			{"temporary", "boolean", "the same command may succeed later: code 400 to 499",
				func(c *Call) lua.LValue { return lua.LBool(of(c).Temporary()) }},
			{"permanent", "boolean", "the same command will fail again: code 500 to 599",
				func(c *Call) lua.LValue { return lua.LBool(of(c).Permanent()) }},
			{"command", "string?", "the command this answers, without credentials",
				func(c *Call) lua.LValue { return optional(of(c).Command) }},
		}...)...),
		Text: func(self any) string { return self.(*reply).String() },
	}
}

func (b *bound) reply(r smtp.Reply) lua.LValue { return b.object("reply", &reply{r}) }

func (b *bound) replies(list []smtp.Reply) lua.LValue {
	return b.list(len(list), func(i int) lua.LValue { return b.reply(list[i]) })
}

// recipient is one recipient of a result.
type recipient struct{ smtp.Recipient }

func (r *recipient) answer() smtp.Reply { return r.Reply }

func recipientClass() *Class {
	of := func(c *Call) smtp.Recipient { return c.Self.(*recipient).Recipient }
	return &Class{
		Name: "recipient",
		Doc:  "What became of one recipient of a message.",
		Fields: append([]Field{
			{"address", "string", "the envelope address",
				func(c *Call) lua.LValue { return lua.LString(of(c).Address) }},
			{"ok", "boolean", "this recipient was accepted, and the message too",
				func(c *Call) lua.LValue {
					return lua.LBool(of(c).Outcome == smtp.Sent || of(c).Outcome == "" && of(c).Reply.OK())
				}},
			{"outcome", "string?", `"sent", "deferred", "failed" or "in_doubt"; nil where nothing was to be sent`,
				func(c *Call) lua.LValue { return optional(string(of(c).Outcome)) }},
			{"temporary", "boolean", "refused for now: another attempt may succeed",
				func(c *Call) lua.LValue { return lua.LBool(of(c).Outcome == smtp.Deferred) }},
		}, answerFields("the reply that decided")...),
		Text: func(self any) string {
			r := self.(*recipient)
			return fmt.Sprintf("%s %s: %s", r.Address, r.Outcome, r.Reply)
		},
	}
}
