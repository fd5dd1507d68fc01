package luaapi

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// session is a connection as scripts hold it.
type session struct {
	*smtp.Session
	account       account
	authenticated bool
	streaming     *stream   // occupies the session, nil without
	used          time.Time // by smtp.send, last
}

// leavingStreams makes methods leave the stream of their session first, unless
// they do not need the connection.
func leavingStreams(methods []Function) []Function {
	for i := range methods {
		call, name := methods[i].Call, methods[i].Name
		methods[i].Call = func(c *Call) []lua.LValue {
			s := c.Self.(*session)
			s.refuseInSource(c)
			switch name {
			case "stream", "offers", "close":
			default:
				s.leave()
			}
			return call(c)
		}
	}
	return methods
}

// exchange makes a method of a command that returns a reply.
func exchange(name string, params []Param, options any, doc, example string, do func(c *Call, s *session) (smtp.Reply, error)) Function {
	return Function{
		Name: name, Params: params, Options: options, Returns: "reply", Doc: doc, Example: example,
		Call: func(c *Call) []lua.LValue {
			reply, err := do(c, c.Self.(*session))
			if err != nil {
				c.Fail(err)
			}
			return values(c.reply(reply))
		},
	}
}

// ending makes a method that may end a message: with LMTP it returns one reply
// for each accepted recipient, else one.
func ending(name string, params []Param, doc, example string, do func(c *Call, s *session) ([]smtp.Reply, error)) Function {
	return Function{
		Name: name, Params: params, Returns: "reply ...", Doc: doc, Example: example,
		Call: func(c *Call) []lua.LValue {
			s := c.Self.(*session)
			replies, err := do(c, s)
			c.noteDoubt(s, err)
			c.failWithReplies(replies, err)
			results := make([]lua.LValue, len(replies))
			for i, reply := range replies {
				results[i] = c.reply(reply)
			}
			return results
		},
	}
}

func sessionClass() *Class {
	return &Class{
		Name:    "session",
		Doc:     "One connection to a server. It never reconnects by itself; quit, close or the end of the run end it. After a fault every further call raises the kind \"closed\".",
		Fields:  sessionFields(),
		Methods: leavingStreams(append(append(sessionSending(), sessionCommands()...), sessionRaw()...)),
		Text: func(self any) string {
			s := self.(*session)
			return fmt.Sprintf("session with %s", s.Target().Address())
		},
	}
}

func sessionFields() []Field {
	of := func(c *Call) *session { return c.Self.(*session) }
	return []Field{
		{"greeting", "reply", "what the server said first", func(c *Call) lua.LValue { return c.reply(of(c).Greeting()) }},
		{"capabilities", "table<string, string>", "what EHLO offered: keyword in upper case to its parameters", func(c *Call) lua.LValue {
			t := c.rt.State().NewTable()
			for _, offered := range of(c).Capabilities().All() {
				t.RawSetString(offered.Keyword, lua.LString(offered.Parameters))
			}
			return t
		}},
		{"max_size", "integer?", "the largest message the server takes, in octets (RFC 1870)", func(c *Call) lua.LValue {
			return optionalNumber(of(c).Capabilities().MaxSize())
		}},
		{"tls", "table?", "nil without encryption, else version, cipher, server_name and the certificate's subject, issuer, names and expires", func(c *Call) lua.LValue {
			return c.tlsState(of(c).TLS())
		}},
		{"transcript", "string[]", "the last 512 lines of what crossed the connection, credentials replaced", func(c *Call) lua.LValue {
			entries := of(c).Transcript()
			return c.list(len(entries), func(i int) lua.LValue { return lua.LString(entries[i].String()) })
		}},
		{"account", "string", "the account it was connected with", func(c *Call) lua.LValue { return lua.LString(of(c).account.label()) }},
	}
}

func (c *Call) tlsState(state *tls.ConnectionState) lua.LValue {
	if state == nil {
		return lua.LNil
	}
	t, leaf := c.rt.State().NewTable(), state.PeerCertificates[0]
	for name, text := range map[string]string{
		"version": tls.VersionName(state.Version), "cipher": tls.CipherSuiteName(state.CipherSuite),
		"server_name": state.ServerName, "subject": leaf.Subject.String(), "issuer": leaf.Issuer.String(),
		"expires": leaf.NotAfter.UTC().Format("2006-01-02T15:04:05Z"),
	} {
		t.RawSetString(name, lua.LString(text))
	}
	t.RawSetString("names", c.list(len(leaf.DNSNames), func(i int) lua.LValue { return lua.LString(leaf.DNSNames[i]) }))
	return t
}

// sessionSending are the methods most scripts need.
func sessionSending() []Function {
	return []Function{
		{
			Name:    "send",
			Params:  []Param{{"message", "message|description", "what to send"}, {"opts?", "send.options", ""}},
			Options: sendOptions{}, Returns: "result",
			Doc:     "Send one message and return what became of it. Only what prevents an answer raises; a refusal is a result.",
			Example: "local result = session:send(message)\nprint(result.outcome, result.code)",
			Call: func(c *Call) []lua.LValue {
				s := c.Self.(*session)
				m := c.letter(0)
				options, envelope := c.sendOptions(1, m)
				return values(c.object("result", c.sendOn(s, m, envelope, options)))
			},
		},
		streamFunction(),
		exchange("auth", []Param{{"opts?", "auth.options", ""}}, loginOptions{},
			"Log in with the strongest mechanism both sides have; raises when refused. Credentials are the account's unless given here, and never cross an unencrypted connection unless auth_in_clear says so.",
			`session:auth{username = "reports@bank.example", password = "…"}`,
			func(c *Call, s *session) (smtp.Reply, error) {
				var o loginOptions
				c.Options(0, &o)
				credentials := o.over(s.account.credentials)
				return c.authenticate(s, credentials)
			}),
		exchange("quit", nil, nil, "Say goodbye and close. It is best effort: every message before has its own answer. The reply is empty where none came.",
			"session:quit()", func(c *Call, s *session) (smtp.Reply, error) { return s.Quit(c.Context()) }),
		{
			Name: "close", Doc: "Close without saying goodbye, and without waiting for what a stream has on its way. It never fails.", Example: "session:close()",
			Call: func(c *Call) []lua.LValue {
				s := c.Self.(*session)
				s.Close()
				s.leave() // of what was cut off, all is known now
				return nil
			},
		},
		{
			Name: "offers", Params: []Param{{"keyword", "string", `"PIPELINING", in any case`}}, Returns: "boolean",
			Doc: "Whether the last EHLO offered an extension.", Example: `print(session:offers("PIPELINING"))`,
			Call: func(c *Call) []lua.LValue {
				return values(lua.LBool(c.Self.(*session).Capabilities().Has(c.String(0))))
			},
		},
	}
}

// sessionCommands are the protocol underneath, each call one command.
func sessionCommands() []Function {
	name := []Param{{"name?", "string", "what to call ourselves; default the account's"}}
	return []Function{
		exchange("ehlo", name, nil, "Introduce ourselves and learn what the server offers; HELO follows a 5xx. Raises when both are refused.", "local offered = session:ehlo()",
			func(c *Call, s *session) (smtp.Reply, error) { return s.Ehlo(c.Context(), c.String(0)) }),
		exchange("helo", name, nil, "Introduce ourselves the old way; the server then offers nothing. Raises when refused.", "session:helo()",
			func(c *Call, s *session) (smtp.Reply, error) { return s.Helo(c.Context(), c.String(0)) }),
		exchange("starttls", nil, nil, "Encrypt the connection and say EHLO again (RFC 3207). Raises when not offered, refused, or the certificate does not fit.", "session:starttls()",
			func(c *Call, s *session) (smtp.Reply, error) { return s.StartTLS(c.Context()) }),
		exchange("mail", []Param{{"address", "string|address", `the sender; "" is the null reverse-path`}, {"opts?", "mail.options", ""}}, mailOptions{},
			"Begin a transaction (MAIL). Parameters the server does not offer raise.", `session:mail("news@bank.example")`,
			func(c *Call, s *session) (smtp.Reply, error) {
				var o mailOptions
				c.Options(1, &o)
				return s.Mail(c.Context(), c.wireAddress(0), o.options(c))
			}),
		exchange("rcpt", []Param{{"address", "string|address", "the recipient"}, {"opts?", "rcpt.options", ""}}, rcptOptions{},
			"Add a recipient (RCPT).", `local reply = session:rcpt("ann@example.org")`,
			func(c *Call, s *session) (smtp.Reply, error) {
				var o rcptOptions
				c.Options(1, &o)
				return s.Rcpt(c.Context(), c.wireAddress(0), o.options())
			}),
		exchange("data", nil, nil, "Ask to send the message (DATA). After a 354, body must follow.", "if session:data().code == 354 then\n  session:body(message)\nend",
			func(c *Call, s *session) (smtp.Reply, error) { return s.Data(c.Context()) }),
		ending("body", []Param{{"message", "message|string", "a message, or its bytes"}},
			"Send the message text after DATA, dots doubled and line ends repaired, and return the reply to it; with LMTP, one for each accepted recipient. A connection lost after its end raises with temporary = false: it may have arrived.", `session:body("Subject: hello\r\n\r\nHello\r\n")`,
			func(c *Call, s *session) ([]smtp.Reply, error) {
				c.refuseShownSecret("the message", c.String(0))
				content := smtp.ContentOf([]byte(c.String(0)))
				if m, ok := c.Object(0).(*letter); ok {
					var err error
					if content, err = c.byHand(s, m); err != nil {
						c.Fail(err)
					}
				}
				return s.Body(c.Context(), content)
			}),
		ending("bdat", []Param{{"bytes", "string", "one chunk, sent as it is"}, {"last?", "boolean", "true ends the message"}},
			"Send one chunk of a message (BDAT, RFC 3030). Raises where CHUNKING is not offered.", `session:bdat("Subject: hello\r\n\r\nHello\r\n", true)`,
			func(c *Call, s *session) ([]smtp.Reply, error) {
				position := smtp.MoreChunks
				if lua.LVAsBool(c.Arg(1)) {
					position = smtp.LastChunk
				}
				return s.Bdat(c.Context(), []byte(c.String(0)), position)
			}),
		exchange("reset", nil, nil, "Abort the transaction under way (RSET).", "session:reset()",
			func(c *Call, s *session) (smtp.Reply, error) { return s.Reset(c.Context()) }),
		exchange("noop", nil, nil, "Ask for a reply and nothing else (NOOP).", "session:noop()",
			func(c *Call, s *session) (smtp.Reply, error) { return s.Noop(c.Context()) }),
		exchange("verify", []Param{{"address", "string", "an address or a name"}}, nil, "Ask whether an address exists (VRFY). Most servers answer 252: they do not say.", `print(session:verify("postmaster"))`,
			func(c *Call, s *session) (smtp.Reply, error) { return s.Verify(c.Context(), c.String(0)) }),
		exchange("xclient", []Param{{"attributes", "table<string, string>", `such as addr = "192.0.2.1", name, helo, login`}}, nil,
			"Tell a server that trusts us whom we stand for (Postfix's XCLIENT), and say EHLO again. Raises when not offered.", `session:xclient{addr = "192.0.2.1", name = "client.example"}`,
			func(c *Call, s *session) (smtp.Reply, error) {
				var attributes [][2]string
				c.Arg(0).(*lua.LTable).ForEach(func(name, value lua.LValue) {
					attributes = append(attributes, [2]string{lua.LVAsString(name), lua.LVAsString(value)})
				})
				slices.SortFunc(attributes, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
				return s.XClient(c.Context(), attributes)
			}),
		exchange("command", []Param{{"line", "string", "without line end"}}, nil,
			"Send any command and return its reply. STARTTLS, AUTH and BDAT have methods of their own.", `print(session:command("HELP"))`,
			func(c *Call, s *session) (smtp.Reply, error) {
				c.refuseShownSecret("the line", c.String(0))
				return s.Command(c.Context(), c.String(0))
			}),
	}
}

// byHand is a message for single commands: as it was built, since nobody but the script knows
// what MAIL has said, and signed only where the message itself asks for it.
func (c *Call) byHand(s *session, m *letter) (smtp.Content, error) {
	if m.signing.mode == signSuiting {
		return m.content(), nil
	}
	signers, err := c.signers(m.domains, m.signing, s.account.name)
	if err != nil || len(signers) == 0 {
		return m.content(), err
	}
	return c.signed(m, signers)
}

// sessionRaw are the methods that take several commands at once, or bytes.
func sessionRaw() []Function {
	return []Function{
		{
			Name: "pipeline", Params: []Param{{"lines", "string[]", "commands; DATA only as the last"}}, Returns: "reply[]",
			Doc:     "Send n commands in one write and return n replies, in order (RFC 2920). A fault carries the replies that came as .replies.",
			Example: "for _, reply in ipairs(session:pipeline{ \"NOOP\", \"RSET\" }) do\n  print(reply)\nend",
			Call: func(c *Call) []lua.LValue {
				var lines []string
				for i, item := range listItems(c.Arg(0).(*lua.LTable)) {
					line, ok := item.(lua.LString)
					if !ok {
						c.Usage("", "line %d must be a string, got %s", i+1, engine.TypeName(item))
					}
					c.refuseShownSecret("a line", string(line))
					lines = append(lines, string(line))
				}
				replies, err := c.Self.(*session).Pipeline(c.Context(), lines)
				c.failWithReplies(replies, err)
				return values(c.replies(replies))
			},
		},
		{
			Name: "write", Params: []Param{{"bytes", "string", "sent as they are"}},
			Doc:     "Send bytes past all checks, for probing with what no client should say. Fetch each reply they cause with read. The transcript shows them as they are, credentials included.",
			Example: "session:write(\"NOOP\\r\\nNOOP\\r\\n\")\nprint(#session:read(2))",
			Call: func(c *Call) []lua.LValue {
				c.refuseShownSecret("the text", c.String(0))
				if err := c.Self.(*session).Write(c.Context(), []byte(c.String(0))); err != nil {
					c.Fail(err)
				}
				return nil
			},
		},
		{
			Name: "read", Params: []Param{{"n?", "integer", "how many replies; without it, one, not in a list"}}, Returns: "reply|reply[]",
			Doc: "Wait for replies to what was sent with write.", Example: "session:write(\"NOOP\\r\\n\")\nprint(session:read())",
			Call: func(c *Call) []lua.LValue {
				n := 1
				if c.Given(0) {
					n = int(lua.LVAsNumber(c.Arg(0)))
				}
				if n < 1 || n > 10000 {
					c.Usage("", "n must be between 1 and 10000, got %d", n)
				}
				s := c.Self.(*session)
				replies, err := s.Read(c.Context(), n)
				c.noteDoubt(s, err)
				c.failWithReplies(replies, err)
				if !c.Given(0) {
					return values(c.reply(replies[0]))
				}
				return values(c.replies(replies))
			},
		},
	}
}

func (c *Call) failWithReplies(replies []smtp.Reply, err error) {
	if err == nil {
		return
	}
	f := c.fault(err)
	f.Replies = c.replies(replies)
	c.rt.Raise(c.L, f)
}

// noteDoubt remembers a message that single commands left in doubt: no result
// speaks for it, but the exit status must.
func (c *Call) noteDoubt(s *session, err error) {
	var fault *smtp.Error
	if errors.As(err, &fault) && fault.InDoubt {
		c.outcomes.record(fmt.Sprintf("by hand, %p", s), []smtp.Recipient{{Address: s.Target().Address(), Outcome: smtp.InDoubt}})
	}
}
