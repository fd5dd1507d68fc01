package smtp

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// delivery is one message on its way to all its recipients, in one transaction
// or, where the server takes fewer at once, in several.
type delivery struct {
	session *Session
	options SendOptions
	content Content
	mail    line
	to      []*addressee
	result  Result
	checked bool // only asked for recipients: nothing was to be sent
}

// addressee is one RCPT command.
type addressee struct {
	line   line
	domain string
	// copies are those whose copy it asks for, as indexes of result.Recipients: a
	// guard may send several to one address.
	copies []int
	// again says that the server had enough recipients before this one.
	again bool
}

// prepare words the commands and refuses what cannot succeed.
func (d *delivery) prepare(envelope Envelope) error {
	s := d.session
	if len(envelope.To) == 0 {
		return &Error{Kind: KindArgument, Command: "MAIL", Err: &argumentError{"no recipients"}}
	}
	for _, address := range envelope.To {
		d.result.Recipients = append(d.result.Recipients, Recipient{Address: address})
	}
	addresses, copies, err := d.guarded(envelope.To)
	if err != nil {
		return err
	}
	if len(addresses) == 0 {
		d.result.conclude()
		return nil
	}
	if err := d.chooseTransfer(); err != nil {
		return err
	}
	options := d.options.Mail
	options.UTF8 = options.UTF8 || d.content.UTF8
	for _, address := range append([]string{envelope.From}, addresses...) {
		options.UTF8 = options.UTF8 || strings.ContainsFunc(address, func(c rune) bool { return c > 127 })
	}
	options.Size, options.Body = 0, ""
	if d.content.Size > 0 && s.has("SIZE") {
		options.Size = d.content.Size
	}
	switch {
	case d.content.Binary:
		options.Body = BodyBinary
	case d.content.EightBit:
		options.Body = Body8Bit
	}
	if d.impossible(options) {
		return nil
	}
	text, err := s.mailLine(envelope.From, options)
	if err != nil {
		return err
	}
	d.mail = line{text: text, limit: s.options.Timeouts.Command}
	for i, address := range addresses {
		text, err := s.rcptLine(address, d.rcptOptions(envelope.To[copies[i][0]]))
		if err != nil {
			return err
		}
		_, domain, _ := splitMailbox(address)
		d.to = append(d.to, &addressee{
			line:   line{text: text, limit: s.options.Timeouts.Command, asked: true},
			domain: strings.ToLower(domain), copies: copies[i],
		})
	}
	return nil
}

func (d *delivery) rcptOptions(address string) RcptOptions {
	if o, ok := d.options.Recipients[address]; ok {
		return o
	}
	return d.options.Rcpt
}

// chooseTransfer takes BDAT where it was asked for or nothing else will do.
func (d *delivery) chooseTransfer() error {
	switch d.options.Transfer {
	case "":
		d.options.Transfer = TransferData
		if d.content.Binary {
			d.options.Transfer = TransferBdat
		}
	case TransferData:
		if d.content.Binary {
			return &Error{Kind: KindArgument, Command: "DATA", Err: &argumentError{"a binary message cannot travel with DATA"}}
		}
	case TransferBdat:
		if !d.session.has("CHUNKING") {
			return chunkingMissing()
		}
	default:
		return &Error{Kind: KindArgument, Command: "MAIL", Err: &argumentError{fmt.Sprintf("transfer %q is neither DATA nor BDAT", d.options.Transfer)}}
	}
	return nil
}

// impossible answers in the server's place what it would only refuse.
func (d *delivery) impossible(options MailOptions) bool {
	s, limit := d.session, d.session.caps.MaxSize()
	refuse := func(code int, enhanced, text string) bool {
		reply := localReply("MAIL", code, enhanced, text)
		s.log.notef("not sent: %s", reply)
		d.decide(reply)
		return true
	}
	switch {
	case options.UTF8 && !s.has("SMTPUTF8"):
		return refuse(553, "5.6.7", "an address or header field is not ASCII, and the server does not offer SMTPUTF8")
	case d.content.Binary && !s.has("BINARYMIME", "CHUNKING"):
		return refuse(554, "5.6.1", "the message is binary, and the server does not offer BINARYMIME")
	case d.content.EightBit && !s.has("8BITMIME"):
		return refuse(554, "5.6.3", "the message is 8-bit, and the server does not offer 8BITMIME")
	case limit > 0 && d.content.Size > limit:
		return refuse(552, "5.3.4", fmt.Sprintf("the message has %d octets; the server takes %d", d.content.Size, limit))
	}
	return false
}

// guarded asks the guard for each recipient and returns the addresses to write,
// and whose copies each stands for. Whom it refuses is decided here; those that
// it sends to one address share it, so that a redirected message arrives there
// once.
func (d *delivery) guarded(to []string) (addresses []string, copies [][]int, err error) {
	s := d.session
	place := map[string]int{}
	for i, address := range to {
		if s.options.Guard.Recipient == nil {
			addresses, copies = append(addresses, address), append(copies, []int{i})
			continue
		}
		if err := checkMailbox(address); err != nil {
			return nil, nil, &Error{Kind: KindArgument, Command: "RCPT", Err: err}
		}
		replacement, err := s.guardAddress(address)
		if err != nil {
			reply := localReply("RCPT TO:<"+address+">", 550, "5.7.1", s.wire.redactor.clean(sanitize([]byte(err.Error()))))
			s.log.notef("not sent to %s: %s", sanitize([]byte(address)), reply)
			d.result.Recipients[i].Reply, d.result.Recipients[i].Outcome = reply, Failed
			continue
		}
		at, known := place[replacement]
		if !known {
			at = len(addresses)
			place[replacement] = at
			addresses, copies = append(addresses, replacement), append(copies, nil)
		}
		copies[at] = append(copies[at], i)
	}
	return addresses, copies, nil
}

// run works through the recipients.
func (d *delivery) run(ctx context.Context) error {
	for waiting := d.to; len(waiting) > 0; {
		if err := d.session.mayMail(); err != nil {
			return d.unanswered(err)
		}
		batch := d.session.caps.limits().batch(waiting)
		t := transaction{delivery: d, to: batch}
		if err := t.run(ctx); err != nil {
			return d.unanswered(err)
		}
		waiting = waiting[len(batch):]
		for _, a := range batch {
			if a.again {
				a.again = false
				waiting = append(waiting, a)
			}
		}
		if len(waiting) == 0 || !d.undecided() {
			break
		}
		if err := d.session.wire.usable("MAIL"); err != nil {
			return d.unanswered(err)
		}
		d.session.log.notef("%s left for another transaction", howMany(len(waiting), "recipients"))
	}
	if d.checked {
		for i := range d.result.Recipients {
			d.result.Recipients[i].Outcome = ""
		}
		return nil
	}
	d.result.conclude()
	return nil
}

func (d *delivery) undecided() bool {
	for _, r := range d.result.Recipients {
		if r.Outcome == "" {
			return true
		}
	}
	return false
}

// decide gives every recipient still undecided the same reply.
func (d *delivery) decide(reply Reply) {
	for i := range d.result.Recipients {
		if r := &d.result.Recipients[i]; r.Outcome == "" {
			r.Reply, r.Outcome = reply, outcomeOf(reply)
		}
	}
	d.result.conclude()
}

// unanswered fills in what is known when a fault ends the delivery: who was
// refused was refused, for everybody else it is safe to try again.
func (d *delivery) unanswered(err error) error {
	for i := range d.result.Recipients {
		if r := &d.result.Recipients[i]; r.Outcome == "" {
			r.Reply, r.Outcome = Reply{}, Deferred
		}
	}
	d.result.conclude()
	return err
}

// each calls f for the results of one RCPT.
func (d *delivery) each(a *addressee, f func(*Recipient)) {
	for _, i := range a.copies {
		f(&d.result.Recipients[i])
	}
}

// limits are what a server takes at once (RFC 9422); 0 is no limit.
type limits struct{ mails, recipients, domains int }

func (c Capabilities) limits() (l limits) {
	parameters, _ := c.Parameters("LIMITS")
	for _, word := range strings.Fields(parameters) {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			continue // RFC 9422, section 3: what cannot be read is ignored
		}
		switch strings.ToUpper(name) {
		case "MAILMAX":
			l.mails = n
		case "RCPTMAX":
			l.recipients = n
		case "RCPTDOMAINMAX":
			l.domains = n
		}
	}
	return l
}

// batch is how many of the addressees fit into one transaction.
func (l limits) batch(waiting []*addressee) []*addressee {
	domains := map[string]bool{}
	for i, a := range waiting {
		domains[a.domain] = true
		if l.recipients > 0 && i == l.recipients || l.domains > 0 && len(domains) > l.domains {
			return waiting[:i]
		}
	}
	return waiting
}

// mayMail refuses one transaction more than the server takes on a connection.
func (s *Session) mayMail() error {
	if most := s.caps.limits().mails; most > 0 && s.mails >= most {
		return limitReached(most)
	}
	return nil
}

func limitReached(most int) error {
	return &Error{Kind: KindRefused, Command: "MAIL", Err: fmt.Errorf("%w: it takes %s a connection", ErrLimit, howMany(most, "messages"))}
}
