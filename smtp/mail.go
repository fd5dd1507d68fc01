package smtp

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// BodyType is the BODY parameter of MAIL (RFC 6152, RFC 3030).
type BodyType string

const (
	Body7Bit   BodyType = "7BIT"
	Body8Bit   BodyType = "8BITMIME"
	BodyBinary BodyType = "BINARYMIME"
)

// DSNReturn is how much of a message a delivery status notification returns.
type DSNReturn string

const (
	ReturnFull    DSNReturn = "FULL"
	ReturnHeaders DSNReturn = "HDRS"
)

// MailOptions are the parameters of MAIL. What the server does not offer is an
// error, never dropped.
type MailOptions struct {
	Size       int64     // SIZE, octets; 0 says nothing (RFC 1870)
	Body       BodyType  // BODY; "" says nothing
	UTF8       bool      // SMTPUTF8: addresses or header fields hold UTF-8 (RFC 6531)
	Return     DSNReturn // RET: how much of the message a notice returns (RFC 3461)
	EnvelopeID string    // ENVID: comes back in notices (RFC 3461)
	// RequireTLS is REQUIRETLS: every server on the way must use TLS and verify
	// the next (RFC 8689). It needs a connection with TLS.
	RequireTLS bool
	DeliverBy  DeliverBy // BY (RFC 2852)
	// HoldFor and HoldUntil are FUTURERELEASE (RFC 4865): the server keeps the
	// message so long. One of them, in whole seconds.
	HoldFor   time.Duration
	HoldUntil time.Time
	// Priority is MT-PRIORITY, from -9 to 9 (RFC 6710); nil says nothing.
	Priority *int
	// Submitter is AUTH, who submitted the message first; "<>" is nobody known
	// (RFC 4954, section 5).
	Submitter string
}

// DeliverBy is how long a delivery may take. The zero value says nothing.
type DeliverBy struct {
	Within time.Duration // whole seconds
	Late   LateMail      // what becomes of a message that is late; required
	Trace  bool          // ask for a notice of each hop that does not know BY
}

// LateMail is what a server does with a message past its time.
type LateMail string

const (
	LateReturn LateMail = "R" // it goes back
	LateNotify LateMail = "N" // it is delivered, and the sender told
)

// Mail begins a transaction. address "" is the null reverse-path of notices.
func (s *Session) Mail(ctx context.Context, address string, options MailOptions) (Reply, error) {
	text, err := s.mailLine(address, options)
	if err != nil {
		return Reply{}, err
	}
	return s.Command(ctx, text)
}

func (s *Session) mailLine(address string, o MailOptions) (string, error) {
	s.words = s.words[:0]
	err := s.wordMail(address, &o)
	return string(s.words), err
}

// wordMail words MAIL behind what the session's words hold already.
func (s *Session) wordMail(address string, o *MailOptions) error {
	p := s.parameters("MAIL", "FROM", address)
	if address != "" {
		p.fail(checkMailbox(address))
	}
	if o.Size > 0 {
		p.add("SIZE", "SIZE=")
		s.words = strconv.AppendInt(s.words, o.Size, 10)
	}
	switch o.Body {
	case "":
	case Body7Bit, Body8Bit:
		p.add("8BITMIME", "BODY="+string(o.Body))
	case BodyBinary:
		p.add("BINARYMIME", "BODY="+string(o.Body))
	default:
		p.refuse("body %q is none of 7BIT, 8BITMIME, BINARYMIME", o.Body)
	}
	if o.UTF8 {
		p.add("SMTPUTF8", "SMTPUTF8")
	}
	switch o.Return {
	case "":
	case ReturnFull, ReturnHeaders:
		p.add("DSN", "RET="+string(o.Return))
	default:
		p.refuse("ret %q is neither FULL nor HDRS", o.Return)
	}
	if o.EnvelopeID != "" {
		// RFC 3461, section 4.4: at most 100 characters, printable.
		if len(o.EnvelopeID) > 100 || !printableASCII(o.EnvelopeID) {
			p.refuse("the envelope id must be at most 100 printable ASCII characters")
		}
		p.add("DSN", "ENVID="+xtext(o.EnvelopeID))
	}
	if o.RequireTLS {
		if s.tls == nil {
			p.refuse("REQUIRETLS needs a connection with TLS")
		}
		p.add("REQUIRETLS", "REQUIRETLS")
	}
	o.DeliverBy.word(&p)
	o.hold(&p)
	if o.Priority != nil {
		if *o.Priority < -9 || *o.Priority > 9 {
			p.refuse("priority %d is not between -9 and 9", *o.Priority)
		}
		p.add("MT-PRIORITY", "MT-PRIORITY="+strconv.Itoa(*o.Priority))
	}
	if o.Submitter != "" {
		if o.Submitter != "<>" {
			p.fail(checkMailbox(o.Submitter))
		}
		p.add("AUTH", "AUTH="+xtext(o.Submitter))
	}
	return p.err
}

// maxDeliverBy is what nine digits hold (RFC 2852, section 4).
const maxDeliverBy = 999_999_999 * time.Second

func (d DeliverBy) word(p *parameters) {
	if d == (DeliverBy{}) {
		return
	}
	if d.Late != LateReturn && d.Late != LateNotify {
		p.refuse("deliver by: what becomes of late mail must be R (return) or N (notify)")
	}
	if d.Within < time.Second || d.Within > maxDeliverBy {
		p.refuse("deliver by: the time must be between 1 and 999999999 seconds")
	}
	// RFC 2852, section 3: the keyword's parameter is the least the server takes.
	least, _ := p.session.caps.Parameters("DELIVERBY")
	if seconds, err := strconv.Atoi(least); err == nil && d.Late == LateReturn && d.Within < time.Duration(seconds)*time.Second {
		p.refuse("deliver by: the server takes no less than %d seconds", seconds)
	}
	text := fmt.Sprintf("BY=%d;%s", int64(d.Within/time.Second), d.Late)
	if d.Trace {
		text += "T"
	}
	p.add("DELIVERBY", text)
}

// hold words FUTURERELEASE, within what the server allows: "FUTURERELEASE
// max-interval max-date-time" (RFC 4865, section 4).
func (o *MailOptions) hold(p *parameters) {
	if o.HoldFor == 0 && o.HoldUntil.IsZero() {
		return
	}
	offered, _ := p.session.caps.Parameters("FUTURERELEASE")
	longest, latest, _ := strings.Cut(offered, " ")
	switch {
	case o.HoldFor != 0 && !o.HoldUntil.IsZero():
		p.refuse("hold for and hold until exclude each other")
	case o.HoldFor != 0:
		seconds := int64(o.HoldFor / time.Second)
		if seconds < 1 || seconds > 999_999_999 {
			p.refuse("hold for must be between 1 and 999999999 seconds")
		}
		if most, err := strconv.ParseInt(longest, 10, 64); err == nil && seconds > most {
			p.refuse("hold for: the server keeps mail no longer than %d seconds", most)
		}
		p.add("FUTURERELEASE", "HOLDFOR="+strconv.FormatInt(seconds, 10))
	default:
		until := o.HoldUntil.UTC().Format(time.RFC3339)
		if most, err := time.Parse(time.RFC3339, latest); err == nil && o.HoldUntil.After(most) {
			p.refuse("hold until: the server keeps mail no longer than until %s", latest)
		}
		p.add("FUTURERELEASE", "HOLDUNTIL="+until)
	}
}
