package luaapi

import (
	"strings"
	"time"

	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/smtp"
)

// commonOptions say how to send, for one message and for a stream of them.
type commonOptions struct {
	StopAfter string   `lua:"stop_after" type:"\"rcpt\"" doc:"\"rcpt\" asks for every recipient and sends nothing"`
	Transfer  string   `lua:"transfer" type:"\"DATA\"|\"BDAT\"" doc:"how the message travels; default DATA, BDAT where it is binary or, in a stream, where the server handles it well"`
	DKIM      luaValue `lua:"dkim" type:"boolean|string|string[]" doc:"as in a message, and before what that says"`
	deliveryOptions
}

// sending is how to send a message.
type sending struct {
	smtp.SendOptions
	signing *signing // what the options say, nil where they leave it to the message
}

// sendOptions are the options of session:send; those of smtp.send add to them.
type sendOptions struct {
	DSN      dsnOptions `lua:"dsn" doc:"when to be told of delivery or failure (RFC 3461)"`
	Envelope luaValue   `lua:"envelope" type:"envelope.options" doc:"sender and recipients where they differ from the header fields"`
	commonOptions
}

// oneShotOptions are the options of smtp.send: an account or a server, and how
// to send.
type oneShotOptions struct {
	connectOptions
	sendOptions
}

func (c *Call) sendOptions(i int, m *letter) (sending, smtp.Envelope) {
	var o sendOptions
	c.Options(i, &o)
	return c.readSendOptions(o, m)
}

// wireOptions are those that hold for any message.
func (c *Call) wireOptions(o commonOptions, dsn noticeOptions) sending {
	options := smtp.SendOptions{Mail: o.deliveryOptions.mail(c), Rcpt: smtp.RcptOptions{Notify: dsn.Notify}, Transfer: smtp.Transfer(o.Transfer)}
	options.Mail.Return, options.Mail.EnvelopeID = smtp.DSNReturn(dsn.Ret), dsn.EnvID
	switch o.StopAfter {
	case "":
	case string(smtp.UntilRcpt):
		options.Until = smtp.UntilRcpt
	default:
		c.Usage("", `option "stop_after" must be "rcpt", got %q`, o.StopAfter)
	}
	return sending{SendOptions: options, signing: c.signing(o.DKIM)}
}

func (c *Call) readSendOptions(o sendOptions, m *letter) (sending, smtp.Envelope) {
	options := c.wireOptions(o.commonOptions, o.DSN.noticeOptions)
	envelope := m.envelope()
	if o.Envelope != nil {
		d := &describer{c: c}
		given := d.envelope(o.Envelope)
		if given.From != nil {
			envelope.From = c.wire(*given.From)
		}
		if given.To != nil {
			envelope.To = nil
			for _, address := range given.To {
				envelope.To = append(envelope.To, c.wire(address))
			}
		}
	}
	options.Recipients = o.DSN.recipients(c, envelope.To)
	return options, envelope
}

// wire is an address as MAIL and RCPT carry it.
func (c *Call) wire(a mime.Address) string {
	text, err := a.Wire()
	if err != nil {
		c.Fail(err)
	}
	return text
}

// wireAddress is argument i, a string or an address, as MAIL and RCPT carry it.
func (c *Call) wireAddress(i int) string {
	if a, ok := c.Object(i).(*mime.Address); ok {
		return c.wire(*a)
	}
	text := c.String(i)
	if strings.TrimSpace(text) == "" {
		return ""
	}
	a, err := mime.ParseAddress(text)
	if err != nil {
		c.Fail(err)
	}
	return c.wire(a)
}

// sendOn sends over a session.
func (c *Call) sendOn(s *session, m *letter, envelope smtp.Envelope, options sending) *result {
	s.refuseInSource(c) // from a result that is kept
	s.leave()
	content, err := c.content(s, s.account.name, m, options)
	if err != nil {
		c.Fail(err)
	}
	return c.sendContent(s, m, content, envelope, options)
}

// sendContent sends the bytes of a message, and keeps them for another attempt.
func (c *Call) sendContent(s *session, m *letter, content smtp.Content, envelope smtp.Envelope, options sending) *result {
	s.refuseInSource(c)
	s.leave()
	sent, err := s.Send(c.Context(), envelope, content, options.SendOptions)
	return c.delivered(&result{
		Result: sent, message: m, account: s.account.label(),
		again: func(c *Call, envelope smtp.Envelope) *result { return c.sendContent(s, m, content, envelope, options) },
	}, err)
}

// sendThrough sends over the account's pooled session, connecting where there
// is none that can be used. A connection that turns out dead before anything of
// the message was written is replaced once.
func (c *Call) sendThrough(a account, m *letter, envelope smtp.Envelope, options sending) *result {
	var content *smtp.Content // once made, every attempt sends the same bytes
	var attempt func(c *Call, envelope smtp.Envelope) *result
	attempt = func(c *Call, envelope smtp.Envelope) *result {
		s, err := c.pooled(a)
		if err != nil {
			return c.delivered(&result{Result: undelivered(envelope, err), message: m, account: a.label()}, err)
		}
		if content == nil {
			made, err := c.content(s, a.name, m, options)
			if err != nil {
				c.Fail(err)
			}
			content = &made
		}
		sent, err := s.Send(c.Context(), envelope, *content, options.SendOptions)
		s.used = time.Now()
		return c.delivered(&result{Result: sent, message: m, account: a.label(), again: attempt}, err)
	}
	return attempt(c, envelope)
}

// pooled returns a session of the account that answers, logged in where the
// account has credentials.
func (c *Call) pooled(a account) (*session, error) {
	if s, ok := c.pool[a.key()]; ok {
		if c.answers(s) {
			return s, nil
		}
		s.Close()
	}
	s, err := c.connectAndAuthenticate(a)
	if err == nil {
		c.pool[a.key()] = s
	}
	return s, err
}

// trusted is how long a connection that shows no sign of its end is used without
// asking the server.
const trusted = 10 * time.Second

// answers reports whether a session that lay idle can be used again.
func (c *Call) answers(s *session) bool {
	if s.Idle() != nil {
		return false
	}
	if time.Since(s.used) < trusted {
		return true
	}
	reply, err := s.Noop(c.Context())
	return err == nil && reply.OK()
}

// open connects to an account's server.
func (c *Call) open(a account) (*session, error) {
	return c.connect(a, func(o smtp.Options) (*smtp.Session, error) {
		o.Lessons = c.lessons
		if a.mx != "" {
			return smtp.ConnectMX(c.Context(), a.mx, o)
		}
		return smtp.Connect(c.Context(), o)
	})
}

func (c *Call) connectAndAuthenticate(a account) (*session, error) {
	s, err := c.open(a)
	if err != nil {
		return nil, err
	}
	if a.credentials.Username == "" || c.options.Rehearsal && !s.Capabilities().Has("AUTH") {
		return s, nil
	}
	if _, err := c.authenticate(s, a.credentials); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
