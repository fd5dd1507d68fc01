package smtp

import (
	"context"
	"fmt"
	"strings"
)

// Envelope is whom a message is from and to, as far as servers care.
type Envelope struct {
	From string // "" is the null reverse-path
	To   []string
}

// SendOptions refine Send. The zero value is the usual.
type SendOptions struct {
	Return     DSNReturn // RET
	EnvelopeID string    // ENVID
	Notify     []string  // NOTIFY, the same for every recipient
	// Until stops early; "" sends the message.
	Until SendStage
}

// SendStage is a point of a transaction.
type SendStage string

// UntilRcpt asks for every recipient and then resets: nothing is sent.
const UntilRcpt SendStage = "rcpt"

// rcptBatch bounds what is written without reading: a server that stops reading
// until its replies are read must not stop both sides (RFC 2920, section 3.1,
// leaves it to the client to see to this).
const rcptBatch = 4 << 10

// Send carries one message. What the server answers is in the Result; the error
// is what prevented an answer, and the Result then holds what is known of each
// recipient. A message whose end was written and not answered is a Result with
// the outcome InDoubt and no error.
func (s *Session) Send(ctx context.Context, envelope Envelope, content Content, options SendOptions) (Result, error) {
	t := transaction{session: s, options: options}
	mail, rcpts, err := t.prepare(envelope, content)
	if err != nil {
		return Result{}, err
	}
	if t.result.Outcome != "" {
		return t.result, nil // refused without asking
	}
	if s.open {
		// A transaction begun with single commands would lend its recipients.
		if err := t.reset(ctx); err != nil {
			return t.result, err
		}
	}
	if err := t.run(ctx, mail, rcpts, content); err != nil {
		return t.result, err
	}
	s.settle()
	return t.result, nil
}

// settle breaks the connection where the server has said more than it was
// asked: the next command would read a stale reply.
func (s *Session) settle() {
	if s.wire.broken == nil {
		_ = s.wire.quiet("after the message")
	}
}

// transaction is one message on its way.
type transaction struct {
	session *Session
	options SendOptions
	result  Result
	mail    Reply
	data    Reply
	copies  [][]int // whose copy each RCPT asks for, as indexes of result.Recipients
	refused bool    // MAIL was refused: replies after it only repeat that
	goodbye *Reply  // a 421, after which nothing else is answered
}

// prepare words the commands and refuses what cannot succeed.
func (t *transaction) prepare(envelope Envelope, content Content) (mail line, rcpts []line, err error) {
	s := t.session
	if err := s.notInMessage("MAIL"); err != nil {
		return line{}, nil, err
	}
	if len(envelope.To) == 0 {
		return line{}, nil, &Error{Kind: KindArgument, Command: "MAIL", Err: &argumentError{"no recipients"}}
	}
	for _, address := range envelope.To {
		t.result.Recipients = append(t.result.Recipients, Recipient{Address: address})
	}
	to, err := t.guarded(envelope.To)
	if err != nil {
		return line{}, nil, err
	}
	if len(to) == 0 {
		t.result.conclude()
		return line{}, nil, nil
	}
	options := MailOptions{Return: t.options.Return, EnvelopeID: t.options.EnvelopeID, UTF8: content.UTF8}
	for _, address := range append([]string{envelope.From}, to...) {
		options.UTF8 = options.UTF8 || strings.ContainsFunc(address, func(c rune) bool { return c > 127 })
	}
	if content.Size > 0 && s.has("SIZE") {
		options.Size = content.Size
	}
	limit := s.caps.MaxSize()
	switch {
	case options.UTF8 && !s.has("SMTPUTF8"):
		t.refuse(553, "5.6.7", "an address or header field is not ASCII, and the server does not offer SMTPUTF8")
	case content.Binary && !s.has("BINARYMIME", "CHUNKING"):
		t.refuse(554, "5.6.1", "the message is binary, and the server does not offer BINARYMIME")
	case content.EightBit && !s.has("8BITMIME"):
		t.refuse(554, "5.6.3", "the message is 8-bit, and the server does not offer 8BITMIME")
	case limit > 0 && content.Size > limit:
		t.refuse(552, "5.3.4", fmt.Sprintf("the message has %d octets; the server takes %d", content.Size, limit))
	}
	if t.result.Outcome != "" {
		return line{}, nil, nil
	}
	if content.EightBit {
		options.Body = Body8Bit
	}
	text, err := s.mailLine(envelope.From, options)
	if err != nil {
		return line{}, nil, err
	}
	mail = line{text: text, limit: s.options.Timeouts.Command}
	for _, address := range to {
		text, err := s.rcptLine(address, RcptOptions{Notify: t.options.Notify})
		if err != nil {
			return line{}, nil, err
		}
		rcpts = append(rcpts, line{text: text, limit: s.options.Timeouts.Command, asked: true})
	}
	return mail, rcpts, nil
}

// guarded asks the guard for each recipient and returns the addresses to write.
// Whom it refuses is decided here; those that it sends to one address share it,
// so that a redirected message arrives there once.
func (t *transaction) guarded(to []string) ([]string, error) {
	s := t.session
	if s.options.Guard.Recipient == nil {
		return to, nil
	}
	var addresses []string
	place := map[string]int{}
	for i, address := range to {
		if err := checkMailbox(address); err != nil {
			return nil, &Error{Kind: KindArgument, Command: "RCPT", Err: err}
		}
		replacement, err := s.guardAddress(address)
		if err != nil {
			reply := localReply("RCPT TO:<"+address+">", 550, "5.7.1", s.wire.redactor.clean(sanitize([]byte(err.Error()))))
			s.log.notef("not sent to %s: %s", sanitize([]byte(address)), reply)
			t.result.Recipients[i].Reply, t.result.Recipients[i].Outcome = reply, Failed
			continue
		}
		at, known := place[replacement]
		if !known {
			at = len(addresses)
			place[replacement] = at
			addresses, t.copies = append(addresses, replacement), append(t.copies, nil)
		}
		t.copies[at] = append(t.copies[at], i)
	}
	return addresses, nil
}

// refuse answers in the server's place.
func (t *transaction) refuse(code int, enhanced, text string) {
	reply := localReply("MAIL", code, enhanced, text)
	t.session.log.notef("not sent: %s", reply)
	t.decide(reply)
}

// decide gives every recipient still undecided the same reply.
func (t *transaction) decide(reply Reply) {
	for i := range t.result.Recipients {
		if r := &t.result.Recipients[i]; r.Outcome == "" {
			r.Reply, r.Outcome = reply, outcomeOf(reply)
		}
	}
	t.result.conclude()
}

func (t *transaction) run(ctx context.Context, mail line, rcpts []line, content Content) error {
	if err := t.envelope(ctx, mail, rcpts); err != nil {
		return t.unanswered(err)
	}
	s := t.session
	switch {
	case t.options.Until == UntilRcpt && !t.refused:
		for i := range t.result.Recipients {
			t.result.Recipients[i].Outcome = ""
		}
		return t.reset(ctx)
	case t.refused:
		t.decide(t.mail)
	case t.accepted() == 0:
		t.result.conclude()
	case t.data.Code == 354:
		return t.message(ctx, content)
	default:
		t.decide(t.data)
	}
	if s.data {
		if err := s.endEmpty(ctx); err != nil {
			return nil // the verdict stands; the connection is broken
		}
	}
	return t.reset(ctx)
}

// envelope sends MAIL, RCPT and DATA: in as few writes as the server allows.
func (t *transaction) envelope(ctx context.Context, mail line, rcpts []line) error {
	s := t.session
	lines := append([]line{mail}, rcpts...)
	if t.options.Until != UntilRcpt {
		lines = append(lines, line{text: "DATA", limit: s.options.Timeouts.Data})
	}
	for next := 0; next < len(lines); {
		end := next + 1
		if s.has("PIPELINING") {
			for size := len(lines[next].text) + 2; end < len(lines); end++ {
				size += len(lines[end].text) + 2
				if size > rcptBatch {
					break
				}
			}
		}
		if lines[next].text == "DATA" && t.accepted() == 0 {
			return nil // nobody to send to
		}
		if err := s.push(ctx, lines[next:end]...); err != nil {
			return t.afterRefusal(err)
		}
		for ; next < end; next++ {
			if err := t.answer(ctx, next, len(rcpts)); err != nil {
				return t.afterRefusal(err)
			}
		}
		if t.refused && !s.data {
			return nil
		}
	}
	return nil
}

// afterRefusal forgives a connection that ends once MAIL was refused for good:
// the first refusal is the verdict, whatever became of the rest.
func (t *transaction) afterRefusal(err error) error {
	if t.refused && t.mail.Permanent() {
		return nil
	}
	return err
}

// answer reads the reply to command i: MAIL, then the recipients, then DATA.
func (t *transaction) answer(ctx context.Context, i, rcpts int) error {
	s := t.session
	if i > 0 {
		if err := s.wire.usable("MAIL"); err != nil {
			return err // a 421 ended it
		}
	}
	reply, err := s.wire.await(ctx)
	if err != nil {
		return err
	}
	switch {
	case reply.Code == 421:
		t.goodbye = &reply
	case i <= rcpts && reply.Class() == 3, i > rcpts && reply.OK():
		// No standard allows it here: the replies are out of step, and none of
		// them can be trusted.
		return s.wire.failAs(KindProtocol, reply.Command, fmt.Errorf("unexpected reply: %s", reply))
	}
	switch {
	case i == 0:
		t.mail, t.refused = reply, !reply.OK()
		if reply.OK() {
			s.begin()
		}
	case i <= rcpts:
		if !t.refused {
			t.answerRcpt(i-1, reply)
		}
	default:
		t.data, s.data = reply, reply.Code == 354
	}
	return nil
}

// answerRcpt gives the reply to one RCPT to everybody it was sent for.
func (t *transaction) answerRcpt(rcpt int, reply Reply) {
	copies := []int{rcpt}
	if t.copies != nil {
		copies = t.copies[rcpt]
	}
	for _, i := range copies {
		r := &t.result.Recipients[i]
		r.Reply = reply
		if !reply.OK() {
			r.Outcome = outcomeOf(reply)
		}
	}
}

// accepted is the number of recipients the server would take the message for.
func (t *transaction) accepted() int {
	n := 0
	for _, r := range t.result.Recipients {
		if r.Outcome == "" && r.Reply.OK() {
			n++
		}
	}
	return n
}

// message sends the text and gives each accepted recipient the reply to it.
func (t *transaction) message(ctx context.Context, content Content) error {
	s := t.session
	s.data, s.open = false, false
	reply, err := s.transmit(ctx, content)
	fault, _ := err.(*Error)
	switch {
	case fault != nil && fault.InDoubt:
		s.log.notef("in doubt: the end of the message was written, no reply came")
		t.doubt(Reply{Command: "message"})
		return nil
	case err != nil:
		return t.unanswered(err)
	case reply.Class() == 3:
		// No standard reply to a message; it neither accepts nor refuses.
		s.wire.breakOff(&Error{Kind: KindProtocol, Command: "message", Reply: &reply})
		t.doubt(reply)
		return nil
	}
	if reply.Code == 421 {
		s.log.notef("421 in answer to the message: refused for now, though a copy may have been kept")
	}
	t.decide(reply)
	return nil
}

// doubt is decide for a message that may or may not have been taken.
func (t *transaction) doubt(reply Reply) {
	for i := range t.result.Recipients {
		if r := &t.result.Recipients[i]; r.Outcome == "" {
			r.Reply, r.Outcome = reply, InDoubt
		}
	}
	t.result.conclude()
}

// unanswered fills in what is known when a fault ends the transaction before
// the end of the message: who was refused was refused, for everybody else it is
// safe to try again. A server that said 421 has answered for all of them.
func (t *transaction) unanswered(err error) error {
	if t.goodbye != nil {
		t.decide(*t.goodbye)
		return nil
	}
	for i := range t.result.Recipients {
		if r := &t.result.Recipients[i]; r.Outcome == "" {
			r.Reply, r.Outcome = Reply{}, Deferred
		}
	}
	t.result.conclude()
	return err
}

// reset clears the server's memory of a transaction that came to nothing. A
// server that cannot even do that is not used again.
func (t *transaction) reset(ctx context.Context) error {
	s := t.session
	if !s.open || s.wire.broken != nil {
		return nil
	}
	reply, err := s.Reset(ctx)
	if err == nil && !reply.OK() {
		s.wire.breakOff(&Error{Kind: KindRefused, Command: "RSET", Reply: &reply})
	}
	return nil
}
