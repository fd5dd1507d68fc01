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
	options *SendOptions
	content *Content
	mail    line
	to      []*addressee
	result  Result
	room    []string // for the text of the reply that decides
	checked bool     // only asked for recipients: nothing was to be sent
}

// soleResult is room for the result of a message to one recipient, as most are.
type soleResult struct {
	recipients [1]Recipient
	lines      [1]string
}

// addressee is one RCPT command.
type addressee struct {
	line line
	end  int // of the line, among the words of the transaction
	// copies are those whose copy it asks for, as indexes of result.Recipients: a
	// guard may send several to one address.
	copies []int
	self   [1]int // what copies mostly is
	// again says that the server had enough recipients before this one.
	again bool
}

// prepare words the commands and refuses what cannot succeed.
func (d *delivery) prepare(envelope Envelope) error {
	s := d.session
	if len(envelope.To) == 0 {
		return &Error{Kind: KindArgument, Command: "MAIL", Err: &argumentError{"no recipients"}}
	}
	if len(envelope.To) == 1 {
		r := &soleResult{}
		d.result.Recipients, d.room = r.recipients[:], r.lines[:]
	} else {
		d.result.Recipients = make([]Recipient, len(envelope.To))
	}
	for i, address := range envelope.To {
		d.result.Recipients[i].Address = address
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
	options.UTF8 = options.UTF8 || !ascii(envelope.From)
	for _, address := range addresses {
		options.UTF8 = options.UTF8 || !ascii(address)
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
	s.words = s.words[:0]
	if err := s.wordMail(envelope.From, &options); err != nil {
		return err
	}
	d.mail = line{limit: s.options.Timeouts.Command}
	end := len(s.words)
	for i, address := range addresses {
		a := d.addressee(i)
		if copies == nil {
			a.self[0] = i
			a.copies = a.self[:]
		} else {
			a.copies = copies[i]
		}
		if err := s.wordRcpt(address, d.rcptOptions(envelope.To[a.copies[0]])); err != nil {
			return err
		}
		a.line = line{limit: s.options.Timeouts.Command, asked: true}
		a.end = len(s.words)
	}
	// One text for all of them.
	text := string(s.words)
	d.mail.text = text[:end]
	for _, a := range d.to {
		a.line.text, end = text[end:a.end], a.end
	}
	return nil
}

// addressee is the next one, number i; one that an earlier message of a stream
// had is used again.
func (d *delivery) addressee(i int) *addressee {
	if i < cap(d.to) {
		d.to = d.to[:i+1]
		if a := d.to[i]; a != nil {
			*a = addressee{}
			return a
		}
		d.to[i] = &addressee{}
		return d.to[i]
	}
	d.to = append(d.to, &addressee{})
	return d.to[i]
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
// and whose copies each stands for: nil where that is its own. Whom it refuses is decided here; those that
// it sends to one address share it, so that a redirected message arrives there
// once.
func (d *delivery) guarded(to []string) (addresses []string, copies [][]int, err error) {
	s := d.session
	if s.options.Guard.Recipient == nil {
		return to, nil, nil
	}
	place := map[string]int{}
	for i, address := range to {
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
		batch := d.session.caps.bounds.batch(waiting)
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

// domain is that of the address, in lower case.
func (a *addressee) domain() string {
	path, _, _ := strings.Cut(a.line.text, "> ")
	return strings.ToLower(strings.TrimSuffix(path[strings.LastIndexByte(path, '@')+1:], ">"))
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
	if l.recipients == 0 && l.domains == 0 {
		return waiting
	}
	domains := map[string]bool{}
	for i, a := range waiting {
		domains[a.domain()] = true
		if l.recipients > 0 && i == l.recipients || l.domains > 0 && len(domains) > l.domains {
			return waiting[:i]
		}
	}
	return waiting
}

// mayMail refuses one transaction more than the server takes on a connection.
func (s *Session) mayMail() error {
	if most := s.caps.bounds.mails; most > 0 && s.mails >= most {
		return limitReached(most)
	}
	return nil
}

func limitReached(most int) error {
	return &Error{Kind: KindRefused, Command: "MAIL", Err: fmt.Errorf("%w: it takes %s a connection", ErrLimit, howMany(most, "messages"))}
}
