package luaapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/probe"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// probeOptions are the options of smtp.probe.
type probeOptions struct {
	connectOptions
	Auth    bool    `lua:"auth" doc:"try to log in too, over a verified connection only"`
	Timeout seconds `lua:"timeout" doc:"for each exchange, default 15 s; timeouts is not used"`
}

// Advice is the hint for an error of the client, "" where there is none.
func Advice(err error) string {
	var fault *smtp.Error
	if errors.As(err, &fault) {
		return smtpHint(fault)
	}
	return ""
}

// KnownService is what is known of a mail service by the name of its server.
func KnownService(host string) []probe.Finding {
	for _, s := range config.Services() {
		if s.Regional() || net.ParseIP(s.Host) != nil || !strings.EqualFold(s.Host, strings.TrimSuffix(host, ".")) {
			continue
		}
		return []probe.Finding{{
			Severity: probe.Note, Name: "service", What: "this is the well-known service " + s.Name,
			Action: s.Note, Config: fmt.Sprintf("service = %q", s.Name),
		}}
	}
	return nil
}

func probeFunction() Function {
	return Function{
		Name: "probe", Params: []Param{{"account?", "string|probe.options", "an account's name, or a server; default the account \"default\""}},
		Options: probeOptions{}, Returns: "report",
		Doc: "Find out what a server offers and what is wrong with it; nothing is sent. " +
			"A host without a port is asked on 465, 587 and 25. Whatever goes wrong is a finding, not an error.",
		Example: "local report = smtp.probe { host = \"mail.bank.example\", port = 587 }\n" +
			"for _, finding in ipairs(report.findings) do\n  print(finding.severity, finding.what)\nend",
		Call: func(c *Call) []lua.LValue {
			var o probeOptions
			if name, ok := c.Arg(0).(lua.LString); ok {
				o.Account = string(name)
			} else {
				c.Options(0, &o)
			}
			if o.MX != "" {
				c.Usage("smtp.connect finds the mail servers of a domain; probe takes one of them", `option "mx" is for smtp.connect`)
			}
			a := c.resolve(o.connectOptions)
			options := probe.Options{Connection: a.options, Account: a.name, Timeout: o.Timeout, Advise: Advice, Known: KnownService(a.options.Host)}
			if connection := &options.Connection; a.name != "" {
				connection.Port = PortOf(*connection)
			}
			if o.Auth {
				login := c.logIn(a)
				options.Login = &login
			}
			report := probe.Run(c.Context(), options)
			return values(c.object("report", &reported{&report, report.Chosen}))
		},
	}
}

// PortOf is the port that a session would be connected to; 0 with a socket.
func PortOf(o smtp.Options) int {
	switch {
	case o.Port != 0 || o.Socket != "":
		return o.Port
	case o.TLS == smtp.TLSImplicit:
		return smtp.PortSubmissions
	}
	return smtp.PortSubmission
}

// logIn is the account's credentials, its password read.
func (c *Call) logIn(a account) smtp.Credentials {
	c.checkNotRefused(a)
	credentials := a.credentials
	if credentials.Password.IsZero() && credentials.Token.IsZero() && a.password != nil {
		password, err := a.password()
		if err != nil {
			c.Fail(err)
		}
		credentials.Password = password
	}
	if err := credentials.Check(); err != nil {
		c.Fail(err)
	}
	return credentials
}

// reported is one target of a report.
type reported struct {
	*probe.Report
	index int
}

func (r *reported) target() *probe.Target { return &r.Targets[r.index] }

func reportClass() *Class {
	of := func(c *Call) *probe.Target { return c.Self.(*reported).target() }
	capabilities := func(c *Call, list []probe.Capability) lua.LValue {
		t := c.rt.State().NewTable()
		for _, offered := range list {
			t.RawSetString(offered.Keyword, lua.LString(offered.Parameters))
		}
		return t
	}
	return &Class{
		Name: "report",
		Doc:  "What smtp.probe found out about one port. Where several were asked it is the one to use, and targets has them all. The names in its tables are those of docs/probe.md.",
		Fields: []Field{
			{"ok", "boolean", "no finding is an error", func(c *Call) lua.LValue { return lua.LBool(!of(c).Failed()) }},
			{"target", "string", "host and port, or the path of the socket", func(c *Call) lua.LValue { return lua.LString(of(c).Address) }},
			{"tls_mode", "string?", "the value for the option tls that fits; nil where there was no mail server", func(c *Call) lua.LValue { return optional(string(of(c).Mode)) }},
			{"greeting", "string?", "the first reply, with its code", func(c *Call) lua.LValue { return optional(of(c).Greeting) }},
			{"capabilities", "table<string, string>", "what EHLO offered, behind STARTTLS where there is one: keyword in upper case to its parameters",
				func(c *Call) lua.LValue { return capabilities(c, of(c).Capabilities) }},
			{"capabilities_in_clear", "table<string, string>", "the same before STARTTLS", func(c *Call) lua.LValue { return capabilities(c, of(c).InClear) }},
			{"tls", "table?", "version, cipher, verified, certificates (subject, issuer, names, not_before, not_after, days_left, key, signature, authority, fingerprint, pin, pem), old_versions; nil without encryption",
				func(c *Call) lua.LValue {
					if of(c).TLS == nil {
						return lua.LNil
					}
					return c.data(of(c).TLS)
				}},
			{"auth", "table", "mechanisms (name, strength, supported), mechanisms_in_clear, choice, login", func(c *Call) lua.LValue { return c.data(of(c).Auth) }},
			{"limits", "table", "message_size in octets, messages, recipients, recipient_domains, as far as the server says", func(c *Call) lua.LValue { return c.data(of(c).Limits) }},
			{"pipelining", "table", "offered, and behaviour: \"works\", \"fails\" or \"unknown\"", func(c *Call) lua.LValue { return c.data(of(c).Pipelining) }},
			{"chunking", "table", "the same of CHUNKING", func(c *Call) lua.LValue { return c.data(of(c).Chunking) }},
			{"findings", "finding[]", "what is wrong or good to know, errors first", func(c *Call) lua.LValue {
				list := of(c).Findings
				return c.list(len(list), func(i int) lua.LValue { return c.object("finding", &list[i]) })
			}},
			{"account", "string?", "the account to write into mailscript.toml", func(c *Call) lua.LValue { return optional(c.Self.(*reported).Account) }},
			{"targets", "report[]", "a report of each port that was asked", func(c *Call) lua.LValue {
				r := c.Self.(*reported)
				return c.list(len(r.Targets), func(i int) lua.LValue { return c.object("report", &reported{r.Report, i}) })
			}},
		},
		Text: func(self any) string { return self.(*reported).target().String() },
	}
}

func findingClass() *Class {
	of := func(c *Call) *probe.Finding { return c.Self.(*probe.Finding) }
	return &Class{
		Name: "finding",
		Doc:  "One thing that smtp.probe found wrong, or good to know.",
		Fields: []Field{
			{"severity", "string", `"error", "warning" or "note"`, func(c *Call) lua.LValue { return lua.LString(of(c).Severity) }},
			{"name", "string", `what kind of finding it is, such as "certificate-expired"`, func(c *Call) lua.LValue { return lua.LString(of(c).Name) }},
			{"what", "string", "what was seen", func(c *Call) lua.LValue { return lua.LString(of(c).What) }},
			{"cause", "string?", "why that is likely so", func(c *Call) lua.LValue { return optional(of(c).Cause) }},
			{"action", "string?", "what to do", func(c *Call) lua.LValue { return optional(of(c).Action) }},
			{"config", "string?", "what to write into the account", func(c *Call) lua.LValue { return optional(of(c).Config) }},
		},
		Text: func(self any) string {
			f := self.(*probe.Finding)
			return string(f.Severity) + ": " + f.What
		},
	}
}

// data makes a table of a struct that has JSON, with the same names.
func (b *bound) data(v any) lua.LValue {
	text, err := json.Marshal(v)
	var plain any
	if err == nil {
		err = json.Unmarshal(text, &plain)
	}
	if err != nil {
		panic(err) // a struct of our own without JSON
	}
	return b.plain(plain)
}

func (b *bound) plain(v any) lua.LValue {
	switch v := v.(type) {
	case map[string]any:
		t := b.rt.State().NewTable()
		for name, field := range v {
			t.RawSetString(name, b.plain(field))
		}
		return t
	case []any:
		return b.list(len(v), func(i int) lua.LValue { return b.plain(v[i]) })
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	case bool:
		return lua.LBool(v)
	}
	return lua.LNil
}
