package luaapi

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// connectOptions are the options of smtp.connect and smtp.dial.
type connectOptions struct {
	Account     string        `lua:"account" doc:"an account of mailscript.toml; default \"default\" where no host is given"`
	Host        string        `lua:"host" doc:"server name or IP address"`
	Port        int           `lua:"port" doc:"default 465 where tls is \"implicit\", else 587"`
	TLS         string        `lua:"tls" type:"\"implicit\"|\"starttls\"|\"opportunistic\"|\"off\"" doc:"default \"implicit\" on port 465, else \"starttls\"; never silently less"`
	CA          string        `lua:"ca" doc:"PEM file of the authorities to trust in place of the system's"`
	Username    string        `lua:"username" doc:"who to log in as, for auth"`
	Password    smtp.Secret   `lua:"password" doc:"never shown, not even in traces"`
	Mechanism   string        `lua:"mechanism" type:"\"PLAIN\"|\"LOGIN\"" doc:"default the strongest both sides have"`
	AuthInClear bool          `lua:"auth_in_clear" doc:"log in without encryption"`
	LocalName   string        `lua:"local_name" doc:"what EHLO says; default this machine's name or address"`
	Timeouts    timeoutFields `lua:"timeouts" doc:"absolute, one for each kind of exchange"`
}

type timeoutFields struct {
	Connect   seconds `lua:"connect" doc:"TCP connection, default 30 s"`
	Handshake seconds `lua:"handshake" doc:"TLS, default 60 s"`
	Greeting  seconds `lua:"greeting" doc:"until the 220, default 5 min"`
	Command   seconds `lua:"command" doc:"EHLO, AUTH, MAIL, RCPT and others, default 5 min"`
	Data      seconds `lua:"data" doc:"DATA until the 354, default 2 min"`
	Block     seconds `lua:"block" doc:"one write of message text, default 3 min"`
	Message   seconds `lua:"message" doc:"end of the message until its reply, default 10 min"`
	Reset     seconds `lua:"reset" doc:"RSET, default 20 s"`
	Quit      seconds `lua:"quit" doc:"QUIT, default 5 s"`
}

// account is where to connect and who to be.
type account struct {
	name        string // "" where the script gave options
	options     smtp.Options
	credentials smtp.Credentials
}

// key tells accounts apart: for the pool, and for those that were refused.
func (a account) key() string {
	return fmt.Sprintf("%s:%d %s %s", a.options.Host, a.options.Port, a.options.TLS, a.credentials.Username)
}

// label is the account as results and errors name it.
func (a account) label() string {
	if a.name != "" {
		return a.name
	}
	if a.credentials.Username != "" {
		return a.credentials.Username + " at " + a.options.Host
	}
	return a.options.Host
}

// The server a rehearsal pretends to talk to where no account says more.
const (
	rehearsalHost = "localhost"
	rehearsalPort = smtp.PortSubmissions
)

// account reads argument i: an account's name, options, or nothing.
func (c *Call) account(i int) account {
	var o connectOptions
	switch v := c.Arg(i).(type) {
	case *lua.LTable:
		c.Options(i, &o)
	case lua.LString:
		o.Account = string(v)
	}
	return c.resolve(o)
}

// resolve finds where to connect, and who to be.
func (c *Call) resolve(o connectOptions) account {
	if o.Account != "" && o.Host != "" {
		// The account's password must not travel to another host.
		c.Usage("give one or the other", `options "account" and "host" exclude each other`)
	}
	a := o.account()
	if o.Host == "" {
		a.name = o.Account
		if a.name == "" {
			a.name = "default"
		}
		if !c.options.Rehearsal {
			c.rt.Raise(c.L, noAccount(c.function.full, a.name))
		}
		a.options.Host, a.options.Port = rehearsalHost, rehearsalPort
	}
	if c.options.Rehearsal && a.credentials.Username == "" {
		a.credentials.Username, a.credentials.Password = "rehearsal", smtp.NewSecret("rehearsal")
	}
	a.options.Dial, a.options.Trace = c.options.Dial, c.options.Trace
	a.options.RootCAs = c.options.RootCAs
	if o.CA != "" && !c.options.Rehearsal {
		a.options.RootCAs = c.authorities(o.CA)
	}
	return a
}

// authorities reads a PEM file of certificates.
func (c *Call) authorities(path string) *x509.CertPool {
	text, err := os.ReadFile(c.path(path))
	if err != nil {
		c.Fail(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		c.rt.Raise(c.L, &engine.Fault{
			Kind: engine.KindFile, Message: fmt.Sprintf("%s: %s holds no certificate", c.function.full, path),
			Hint: "a PEM file has lines that say BEGIN CERTIFICATE",
		})
	}
	return pool
}

func (o connectOptions) account() account {
	return account{
		options: smtp.Options{
			Host: o.Host, Port: o.Port, TLS: smtp.TLSMode(o.TLS), LocalName: o.LocalName,
			Timeouts: smtp.Timeouts{
				Connect: o.Timeouts.Connect, Handshake: o.Timeouts.Handshake, Greeting: o.Timeouts.Greeting,
				Command: o.Timeouts.Command, Data: o.Timeouts.Data, Block: o.Timeouts.Block,
				Message: o.Timeouts.Message, Reset: o.Timeouts.Reset, Quit: o.Timeouts.Quit,
			},
		},
		credentials: smtp.Credentials{Username: o.Username, Password: o.Password, Mechanism: o.Mechanism, InClear: o.AuthInClear},
	}
}

func noAccount(function, name string) *engine.Fault {
	return &engine.Fault{
		Kind:    engine.KindConfig,
		Message: fmt.Sprintf("%s: there is no account %q", function, name),
		Hint:    `give a server, as in smtp.connect{host = "mail.example.org", username = "…", password = "…"}, or rehearse with --sink`,
	}
}

// refusedLogin is an account whose credentials a server has refused for good.
type refusedLogin struct{ reply smtp.Reply }

// checkNotRefused raises where the account was refused before in this run:
// providers lock accounts after a few dozen failed log-ins, and the fifty-first
// with the same password will not be the one that works.
func (c *Call) checkNotRefused(a account) {
	if r, ok := c.refused[a.key()]; ok {
		c.rt.Raise(c.L, &engine.Fault{
			Kind: engine.KindAuth, Command: r.reply.Command, Code: r.reply.Code, Enhanced: r.reply.Enhanced,
			Message: fmt.Sprintf("%s: the account was refused earlier in this run (%s), and is not tried again", c.function.full, r.reply),
			Hint:    "correct the password and run the script again; servers lock accounts after repeated failures",
		})
	}
}

// rememberRefusal notes a 535: the credentials are wrong, not the moment.
func (c *Call) rememberRefusal(a account, err error) {
	var fault *smtp.Error
	if errors.As(err, &fault) && fault.Kind == smtp.KindAuth && fault.Reply != nil && fault.Reply.Code == 535 {
		c.refused[a.key()] = &refusedLogin{*fault.Reply}
	}
}

// connect opens a session and keeps it for the end of the run.
func (c *Call) connect(a account, open func(smtp.Options) (*smtp.Session, error)) (*session, error) {
	c.checkNotRefused(a)
	wire, err := open(a.options)
	if err != nil {
		return nil, err
	}
	s := &session{Session: wire, account: a}
	// Sessions that ended long ago are not kept for a script of many.
	kept := c.sessions[:0]
	for _, old := range c.sessions {
		if old.Usable() == nil {
			kept = append(kept, old)
		}
	}
	c.API.sessions = append(kept, s)
	return s, nil
}

// authenticate logs in with credentials; where none are given, with the account's.
func (c *Call) authenticate(s *session, credentials smtp.Credentials) (smtp.Reply, error) {
	a := s.account
	a.credentials = credentials
	c.checkNotRefused(a)
	if strings.TrimSpace(credentials.Username) == "" {
		return smtp.Reply{}, &engine.Fault{
			Kind: engine.KindConfig, Message: c.function.full + ": no user name is known for " + s.account.options.Host,
			Hint: `give it to connect, or to auth: session:auth{username = "…", password = "…"}`,
		}
	}
	reply, err := s.Auth(c.Context(), credentials)
	if err != nil {
		c.rememberRefusal(a, err)
		return reply, err
	}
	s.authenticated = true
	return reply, nil
}
