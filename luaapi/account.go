package luaapi

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// connectOptions are the options of smtp.connect and smtp.dial.
type connectOptions struct {
	Account string `lua:"account" doc:"an account of mailscript.toml; default \"default\" where no host is given"`
	Host    string `lua:"host" doc:"server name or IP address"`
	Port    int    `lua:"port" doc:"default 465 where tls is \"implicit\", else 587"`
	TLS     string `lua:"tls" type:"\"implicit\"|\"starttls\"|\"opportunistic\"|\"off\"" doc:"default \"implicit\" on port 465, else \"starttls\"; never silently less"`
	CA      string `lua:"ca" doc:"PEM file of the authorities to trust in place of the system's"`
	loginOptions
	transportOptions
	LocalName string        `lua:"local_name" doc:"what EHLO says; default this machine's name or address"`
	Timeouts  timeoutFields `lua:"timeouts" doc:"absolute, one for each kind of exchange"`
}

// loginOptions are who to be, and how to prove it. Those of auth alone are
// these; connect takes them too, and keeps them for auth.
type loginOptions struct {
	Username        string      `lua:"username" doc:"who to log in as"`
	Password        smtp.Secret `lua:"password" doc:"never shown, not even in traces"`
	Token           smtp.Secret `lua:"token" doc:"an OAuth 2 access token, in place of a password"`
	Mechanism       string      `lua:"mechanism" doc:"a SASL mechanism such as \"PLAIN\" or \"XOAUTH2\"; default the strongest both sides have"`
	AuthMin         string      `lua:"auth_min" doc:"the weakest mechanism to take for a password, such as \"SCRAM-SHA-256\""`
	ChannelBinding  string      `lua:"channel_binding" type:"\"tls-exporter\"|\"tls-server-end-point\"" doc:"what SCRAM with -PLUS binds to; default tls-exporter with TLS 1.3"`
	LoginInOneWrite bool        `lua:"login_in_one_write" doc:"send LOGIN and its answers at once, over TLS: saves two round trips, where the server bears it"`
	AuthInClear     bool        `lua:"auth_in_clear" doc:"log in without encryption"`
}

// over puts what is given here over credentials known before.
func (o loginOptions) over(c smtp.Credentials) smtp.Credentials {
	given := smtp.Credentials{
		Username: o.Username, Password: o.Password, Token: o.Token, Mechanism: o.Mechanism, Minimum: o.AuthMin,
		ChannelBinding: smtp.ChannelBinding(o.ChannelBinding),
	}
	if given.Username == "" {
		given.Username = c.Username
	}
	if given.Password.IsZero() && given.Token.IsZero() {
		given.Password, given.Token = c.Password, c.Token
	}
	if given.Mechanism == "" {
		given.Mechanism = c.Mechanism
	}
	if given.Minimum == "" {
		given.Minimum = c.Minimum
	}
	if given.ChannelBinding == "" {
		given.ChannelBinding = c.ChannelBinding
	}
	given.LoginInOneWrite = o.LoginInOneWrite || c.LoginInOneWrite
	given.InClear = o.AuthInClear || c.InClear
	return given
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
	mx          string // a domain, where one of its mail servers is to be found
	options     smtp.Options
	credentials smtp.Credentials
	// password reads the password when it is first needed; nil where credentials
	// hold it, or there is none.
	password func() (smtp.Secret, error)
	// tokens fetch an access token in place of a password; nil where the account
	// has none.
	tokens func() (*config.Tokens, error)
}

// key tells accounts apart: for the pool, and for those that were refused.
func (a account) key() string {
	o := a.options
	return fmt.Sprintf("%s %s%s:%d %s %s %s", a.mx, o.Socket, o.Host, o.Port, o.TLS, o.Proxy.Address, a.credentials.Username)
}

// label is the account as results and errors name it.
func (a account) label() string {
	if a.name != "" {
		return a.name
	}
	where := a.options.Host
	switch {
	case a.mx != "":
		where = "mail servers of " + a.mx
	case a.options.Socket != "":
		where = a.options.Socket
	}
	if a.credentials.Username != "" {
		return a.credentials.Username + " at " + where
	}
	return where
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
func (c *Call) resolve(given connectOptions) account {
	// An account's password must not travel to another host.
	places := 0
	for _, place := range []string{given.Host, given.MX, given.Socket} {
		if place != "" {
			places++
		}
	}
	if places > 1 || places == 1 && given.Account != "" {
		c.Usage("give one of them", `options "account", "host", "mx" and "socket" exclude each other`)
	}
	var a account
	if places == 0 {
		a = c.configured(given)
	} else {
		a = given.account()
		if given.CA != "" && !c.options.Rehearsal {
			a.options.RootCAs = c.authorities(given.CA)
		}
		a.mx = given.MX
	}
	o := &a.options
	given.apply(c, o)
	o.Trace, o.Guard, o.Dial = c.options.Trace, c.options.Guard, c.options.Dial
	if o.RootCAs == nil {
		o.RootCAs = c.options.RootCAs
	}
	if c.options.Rehearsal {
		c.rehearse(&a)
	}
	return a
}

// rehearse points an account at the embedded server. What only a real server
// could satisfy is left out, and said so.
func (c *Call) rehearse(a *account) {
	o := &a.options
	if len(o.Pins) > 0 || len(o.Certificates) > 0 || o.RootCAs != nil && o.RootCAs != c.options.RootCAs {
		c.notice("pins, client certificates and ca are not used in a rehearsal")
	}
	o.Pins, o.Certificates, o.SourceAddress = nil, nil, ""
	o.Proxy, o.ProxyHeader, o.Socket = smtp.Proxy{}, smtp.ProxyHeader{}, ""
	if o.Protocol == smtp.LMTP {
		c.notice("LMTP is rehearsed as SMTP")
	}
	o.Protocol = smtp.SMTP
	if a.mx != "" {
		o.Host, a.mx = a.mx, ""
		if o.Port == 0 {
			o.Port = smtp.PortSMTP
		}
	}
	if o.Host == "" {
		o.Host = rehearsalHost
	}
	o.RootCAs = c.options.RootCAs
	if a.credentials.Username == "" {
		// Nobody logs in there; who would calls auth with what it has.
		a.credentials.Username, a.credentials.InClear = "rehearsal", true
	}
	a.credentials.Password, a.password, a.tokens = smtp.NewSecret("rehearsal"), nil, nil
}

// configured is an account of mailscript.toml, with what the script says
// otherwise.
func (c *Call) configured(o connectOptions) account {
	name := o.Account
	if name == "" {
		name = "default"
	}
	if name == "default" && c.options.Account != "" {
		name = c.options.Account
	}
	known := map[string]config.Account{}
	if c.options.Config != nil {
		known = c.options.Config.Accounts
	}
	entry, ok := known[name]
	switch {
	case !ok && c.options.Rehearsal:
		return account{name: name, options: smtp.Options{Host: rehearsalHost, Port: rehearsalPort}}
	case !ok:
		c.rt.Raise(c.L, noAccount(c.function.full, name, known))
	}
	if c.options.Rehearsal {
		// The embedded server has a certificate of its own, and no file of the
		// real one need exist here.
		entry.CA, entry.ClientCertificate, entry.ClientKey = "", "", ""
	}
	options, err := entry.Options()
	if err != nil {
		c.Fail(err)
	}
	extras, err := entry.Extras()
	if err != nil {
		c.Fail(err)
	}
	options.SourceAddress, options.Certificates, options.Pins = extras.SourceAddress, extras.Certificates, extras.Pins
	given := o.account()
	if o.LocalName != "" {
		options.LocalName = o.LocalName
	}
	if o.Timeouts != (timeoutFields{}) {
		options.Timeouts = given.options.Timeouts
	}
	a := account{
		name: name, options: options,
		credentials: smtp.Credentials{
			Username: entry.Username, Mechanism: entry.Mechanism, Minimum: entry.AuthMin,
			ChannelBinding: entry.ChannelBinding, InClear: entry.AuthInClear,
		},
	}
	if entry.OAuth2.IsZero() {
		a.password = func() (smtp.Secret, error) {
			return c.readSecret("account "+name, entry.Password)
		}
	} else {
		a.tokens = func() (*config.Tokens, error) { return c.tokensOf(entry) }
	}
	return a
}

// readSecret asks a source once a run: a password manager may ask a person.
func (c *Call) readSecret(what string, source config.Source) (smtp.Secret, error) {
	if known, ok := c.secrets[what]; ok {
		return known, nil
	}
	if source.IsZero() {
		return smtp.Secret{}, &engine.Fault{
			Kind: engine.KindConfig, Message: c.function.full + ": " + what + " has no password",
			Hint: "set password_command, password_env, password_file or keyring in mailscript.toml",
		}
	}
	value, err := c.options.Secrets.Secret(c.Context(), source)
	if err != nil {
		if strings.HasPrefix(what, "secret.") {
			err = fmt.Errorf("%s: %w", what, err)
		}
		return smtp.Secret{}, err
	}
	c.secrets[what] = value
	return value, nil
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
		credentials: o.over(smtp.Credentials{}),
	}
}

func noAccount(function, name string, known map[string]config.Account) *engine.Fault {
	f := &engine.Fault{
		Kind:    engine.KindConfig,
		Message: fmt.Sprintf("%s: there is no account %q", function, name),
		Hint:    `write [account.` + name + `] in mailscript.toml (mailscript init makes one), give a server, as in smtp.connect{host = "mail.example.org"}, or rehearse with --sink`,
	}
	names := slices.Sorted(maps.Keys(known))
	if near, ok := engine.Closest(name, names); ok {
		f.Message += fmt.Sprintf(" (did you mean %q?)", near)
	} else if len(names) > 0 {
		f.Hint = "mailscript.toml has " + strings.Join(names, ", ")
	}
	return f
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
	login, err := c.login(a, credentials)
	if err != nil {
		return smtp.Reply{}, err
	}
	reply, err := login(c.Context(), s.Session)
	if err != nil {
		c.rememberRefusal(a, err)
		return reply, err
	}
	s.authenticated = true
	return reply, nil
}

// login returns what logs in to an account, on any goroutine. Passwords are read now.
func (c *Call) login(a account, credentials smtp.Credentials) (func(context.Context, *smtp.Session) (smtp.Reply, error), error) {
	known := !credentials.Token.IsZero() || strings.EqualFold(credentials.Mechanism, "EXTERNAL") || len(a.options.Certificates) > 0
	if strings.TrimSpace(credentials.Username) == "" && !known {
		return nil, &engine.Fault{
			Kind: engine.KindConfig, Message: c.function.full + ": no user name is known for " + a.options.Host,
			Hint: `give it to connect, or to auth: session:auth{username = "…", password = "…"}`,
		}
	}
	if c.options.Rehearsal {
		if err := credentials.Check(); err != nil {
			return nil, err
		}
		// The embedded server believes anybody, and has the plain mechanisms only.
		credentials = smtp.Credentials{Username: credentials.Username, Password: smtp.NewSecret("rehearsal"), InClear: credentials.InClear}
	}
	if credentials.Password.IsZero() && credentials.Token.IsZero() {
		switch {
		case a.tokens != nil:
			return c.tokenLogin(a, credentials), nil
		case a.password != nil:
			password, err := a.password()
			if err != nil {
				return nil, err
			}
			credentials.Password = password
		}
	}
	return func(ctx context.Context, s *smtp.Session) (smtp.Reply, error) { return s.Auth(ctx, credentials) }, nil
}
