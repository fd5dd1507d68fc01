package luaapi

import (
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// deliveryOptions are what MAIL can ask of the servers on the way, for
// session:mail and for whole messages alike.
type deliveryOptions struct {
	RequireTLS bool             `lua:"require_tls" doc:"REQUIRETLS: every server on the way must use TLS and verify the next (RFC 8689)"`
	DeliverBy  deliverByOptions `lua:"deliver_by" doc:"how long delivery may take (RFC 2852)"`
	HoldFor    seconds          `lua:"hold_for" doc:"the server keeps the message so long (FUTURERELEASE, RFC 4865)"`
	HoldUntil  string           `lua:"hold_until" doc:"the same until a moment, \"2026-12-24T07:00:00Z\""`
	Priority   luaValue         `lua:"priority" type:"integer" doc:"MT-PRIORITY, from -9 to 9 (RFC 6710)"`
	Submitter  string           `lua:"submitter" doc:"AUTH: who submitted the message first, \"<>\" for nobody known (RFC 4954)"`
}

type deliverByOptions struct {
	Within seconds `lua:"within" doc:"1 s to 999999999 s"`
	Late   string  `lua:"late" type:"\"return\"|\"notify\"" doc:"what becomes of late mail: back to the sender, or delivered with a notice"`
	Trace  bool    `lua:"trace" doc:"a notice of each server that does not know BY"`
}

func (o deliveryOptions) mail(c *Call) smtp.MailOptions {
	m := smtp.MailOptions{RequireTLS: o.RequireTLS, HoldFor: o.HoldFor, Submitter: o.Submitter}
	switch o.DeliverBy.Late {
	case "":
		m.DeliverBy = smtp.DeliverBy{Within: o.DeliverBy.Within, Trace: o.DeliverBy.Trace}
	case "return":
		m.DeliverBy = smtp.DeliverBy{Within: o.DeliverBy.Within, Trace: o.DeliverBy.Trace, Late: smtp.LateReturn}
	case "notify":
		m.DeliverBy = smtp.DeliverBy{Within: o.DeliverBy.Within, Trace: o.DeliverBy.Trace, Late: smtp.LateNotify}
	default:
		c.Usage("", `option "deliver_by": "late" must be "return" or "notify", got %q`, o.DeliverBy.Late)
	}
	if o.HoldUntil != "" {
		until, err := time.Parse(time.RFC3339, o.HoldUntil)
		if err != nil {
			c.Usage(`write it as "2026-12-24T07:00:00Z"`, `option "hold_until" is not a moment: %q`, o.HoldUntil)
		}
		m.HoldUntil = until
	}
	if o.Priority != nil {
		n, ok := o.Priority.(lua.LNumber)
		if !ok || n != lua.LNumber(int(n)) {
			c.Usage("", `option "priority" must be a whole number, got %s`, engine.TypeName(o.Priority))
		}
		priority := int(n)
		m.Priority = &priority
	}
	return m
}

// mailOptions are the options of session:mail.
type mailOptions struct {
	Size  int64  `lua:"size" doc:"SIZE, in octets (RFC 1870)"`
	Body  string `lua:"body" type:"\"7BIT\"|\"8BITMIME\"|\"BINARYMIME\"" doc:"BODY (RFC 6152, RFC 3030)"`
	UTF8  bool   `lua:"utf8" doc:"SMTPUTF8 (RFC 6531)"`
	Ret   string `lua:"ret" type:"\"FULL\"|\"HDRS\"" doc:"RET: how much a notice returns (RFC 3461)"`
	EnvID string `lua:"envid" doc:"ENVID: comes back in notices (RFC 3461)"`
	deliveryOptions
}

func (o mailOptions) options(c *Call) smtp.MailOptions {
	m := o.deliveryOptions.mail(c)
	m.Size, m.Body, m.UTF8 = o.Size, smtp.BodyType(o.Body), o.UTF8
	m.Return, m.EnvelopeID = smtp.DSNReturn(o.Ret), o.EnvID
	return m
}

// rcptOptions are the options of session:rcpt.
type rcptOptions struct {
	Notify   []string `lua:"notify" doc:"\"never\", or any of \"success\", \"failure\", \"delay\" (RFC 3461)"`
	Original string   `lua:"orcpt" doc:"ORCPT, such as \"rfc822;ann@example.org\" (RFC 3461)"`
}

func (o rcptOptions) options() smtp.RcptOptions {
	return smtp.RcptOptions{Notify: o.Notify, Original: o.Original}
}

// noticeOptions are delivery status notifications of any message.
type noticeOptions struct {
	Notify []string `lua:"notify" doc:"\"never\", or any of \"success\", \"failure\", \"delay\""`
	Ret    string   `lua:"ret" type:"\"FULL\"|\"HDRS\"" doc:"how much of the message a notice returns"`
	EnvID  string   `lua:"envid" doc:"comes back in notices"`
}

// dsnOptions are those of one message, whose recipients are known.
type dsnOptions struct {
	noticeOptions
	Recipients luaValue `lua:"recipients" type:"table<string, rcpt.options>" doc:"notify and orcpt of single recipients, by address"`
}

// recipients reads the options of single recipients. Their keys are compared
// with the addresses of the envelope, so that a misspelt one is found.
func (o dsnOptions) recipients(c *Call, to []string) map[string]smtp.RcptOptions {
	if o.Recipients == nil {
		return nil
	}
	const path = `option "dsn": "recipients"`
	t, ok := o.Recipients.(*lua.LTable)
	if !ok {
		c.Usage("", "%s must be a table, got %s", path, engine.TypeName(o.Recipients))
	}
	options := map[string]smtp.RcptOptions{}
	t.ForEach(func(key, value lua.LValue) {
		address, table := lua.LVAsString(key), value
		fields, ok := table.(*lua.LTable)
		if !ok {
			c.Usage("", "%s: %q must be a table, got %s", path, address, engine.TypeName(table))
		}
		known := false
		for _, recipient := range to {
			known = known || recipient == address
		}
		if !known {
			if near, ok := engine.Closest(address, to); ok {
				c.Usage("", "%s: %q is no recipient (did you mean %q?)", path, address, near)
			}
			c.Usage("", "%s: %q is no recipient of this message", path, address)
		}
		var one rcptOptions
		c.decode(c.function.full+": dsn.recipients", fields, &one)
		options[address] = one.options()
	})
	return options
}
