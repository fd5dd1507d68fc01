package luaapi

import (
	"maps"
	"slices"

	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

func smtpModule() *Module {
	where := []Param{{"account?", "string|connect.options", "an account's name, or a server; default the account \"default\""}}
	return &Module{
		Name: "smtp",
		Doc:  "Talk to mail servers: connect, log in, send, and every command underneath (RFC 5321).",
		Functions: []Function{
			{
				Name:    "send",
				Params:  []Param{{"message", "message|description", "what to send"}, {"opts?", "smtp.send.options", ""}},
				Options: oneShotOptions{}, Returns: "result",
				Doc:     "Connect, log in, send one message and return what became of it. Connections are kept and reused until the end of the run.",
				Example: `local result = smtp.send { from = "news@bank.example", to = "ann@example.org", subject = "Hello", text = "Hello Ann" }`,
				Call: func(c *Call) []lua.LValue {
					var o oneShotOptions
					c.Options(1, &o)
					m := c.letter(0)
					a := c.resolve(o.connectOptions)
					options, envelope := c.readSendOptions(o.sendOptions, m)
					return values(c.object("result", c.sendThrough(a, m, envelope, options)))
				},
			},
			{
				Name: "connect", Params: where, Options: connectOptions{}, Returns: "session",
				Doc:     "Open a session: TCP, TLS, greeting, EHLO. Log in with session:auth().",
				Example: `local session = smtp.connect { host = "mail.bank.example", port = 587 }`,
				Call: func(c *Call) []lua.LValue {
					s, err := c.open(c.account(0))
					if err != nil {
						c.Fail(err)
					}
					return values(c.object("session", s))
				},
			},
			{
				Name: "with",
				Params: []Param{
					{"account", "string|connect.options", "an account's name, or a server"},
					{"f", "fun(session: session): any", "called with the session; its results are returned"},
				}, Options: connectOptions{}, Returns: "any",
				Doc:     "Connect, log in where there are credentials, call f(session), and quit whatever happens.",
				Example: "local code = smtp.with({ host = \"mail.bank.example\" }, function(session)\n  return session:noop().code\nend)",
				Call:    with,
			},
			{
				Name: "accounts", Returns: "string[]",
				Doc: "The names of the accounts in mailscript.toml, sorted.", Example: "for _, name in ipairs(smtp.accounts()) do\n  print(name)\nend",
				Call: func(c *Call) []lua.LValue {
					var names []string
					if c.options.Config != nil {
						names = slices.Sorted(maps.Keys(c.options.Config.Accounts))
					}
					return values(c.list(len(names), func(i int) lua.LValue { return lua.LString(names[i]) }))
				},
			},
			{
				Name: "dial", Params: []Param{{"opts", "connect.options", ""}}, Options: connectOptions{}, Returns: "session",
				Doc:     "Open a connection and read the greeting; nothing else is implied. For probing, and for doing things in the wrong order.",
				Example: "local session = smtp.dial { host = \"mail.bank.example\", port = 25, tls = \"off\" }\nprint(session.greeting)",
				Call: func(c *Call) []lua.LValue {
					if c.Arg(0).(*lua.LTable).RawGetString("mx") != lua.LNil {
						c.Usage("connect finds the mail servers of a domain; dial takes a host", `option "mx" is for smtp.connect`)
					}
					a := c.account(0)
					s, err := c.connect(a, func(o smtp.Options) (*smtp.Session, error) {
						o.Lessons = c.lessons
						return smtp.Dial(c.Context(), o)
					})
					if err != nil {
						c.Fail(err)
					}
					return values(c.object("session", s))
				},
			},
			probeFunction(),
		},
		Classes: []*Class{sessionClass(), replyClass(), resultClass(), recipientClass(), reportClass(), findingClass()},
	}
}

// with quits on every way out: a return, an error of the script, the end of
// the run.
func with(c *Call) []lua.LValue {
	s, err := c.connectAndAuthenticate(c.account(0))
	if err != nil {
		c.Fail(err)
	}
	f, _ := c.Arg(1).(*lua.LFunction)
	results, err := c.rt.Call(c.L, f, lua.MultRet, c.object("session", s))
	s.leave() // even where the run has ended: what is on its way is not in doubt yet
	if c.Context().Err() == nil && s.Usable() == nil {
		_, _ = s.Quit(c.Context())
	}
	s.Close()
	if err != nil {
		c.rt.Rethrow(c.L, err)
	}
	return results
}
