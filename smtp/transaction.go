package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// transaction is one MAIL and what belongs to it.
type transaction struct {
	*delivery
	to      []*addressee
	mailed  Reply  // to MAIL
	data    Reply  // to DATA
	refused bool   // MAIL was refused: replies after it only repeat that
	goodbye *Reply // a 421, after which nothing else is answered
}

func (t *transaction) run(ctx context.Context) error {
	s := t.session
	err := t.envelope(ctx)
	switch {
	case t.goodbye != nil:
		// A server that said 421 has answered for all of them.
		t.decide(*t.goodbye)
		return nil
	case err != nil:
		return err
	}
	switch {
	case t.options.Until == UntilRcpt && !t.refused:
		t.checked = true
		s.resetTransaction(ctx)
		return nil
	case t.refused:
		t.decide(t.mailed)
	case len(t.accepted()) == 0:
	case t.options.Transfer == TransferBdat, t.data.Code == 354:
		if err := t.message(ctx); err != nil {
			return err
		}
	default:
		t.decide(t.data)
	}
	if s.data {
		if err := s.endEmpty(ctx); err != nil {
			return nil // the verdict stands; the connection is broken
		}
	}
	s.resetTransaction(ctx)
	return nil
}

// envelope sends MAIL, RCPT and DATA: in as few writes as the server allows.
func (t *transaction) envelope(ctx context.Context) error {
	s := t.session
	lines := []line{t.mail}
	for _, a := range t.to {
		lines = append(lines, a.line)
	}
	if t.options.Until != UntilRcpt && t.options.Transfer == TransferData {
		lines = append(lines, line{text: "DATA", limit: s.options.Timeouts.Data})
	}
	for next := 0; next < len(lines); {
		end := next + 1
		if s.pipelines() {
			for size := len(lines[next].text) + 2; end < len(lines); end++ {
				size += len(lines[end].text) + 2
				if size > rcptBatch {
					break
				}
			}
		}
		if lines[next].text == "DATA" && len(t.accepted()) == 0 {
			return nil // nobody to send to
		}
		if err := s.push(ctx, lines[next:end]...); err != nil {
			return t.afterRefusal(err)
		}
		for ; next < end; next++ {
			if err := t.answer(ctx, next); err != nil {
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
	if t.outOfStep(err) {
		return err
	}
	if t.refused && t.mailed.Permanent() {
		return nil
	}
	return err
}

// outOfStep takes back what replies said that turned out to be out of step: each
// may have been to another command.
func (t *transaction) outOfStep(err error) bool {
	var fault *Error
	if !errors.As(err, &fault) || fault.Kind != KindProtocol || fault.InDoubt {
		return false
	}
	t.refused = false
	for _, a := range t.to {
		a.again = false
		t.each(a, func(r *Recipient) { r.Reply, r.Outcome = Reply{}, "" })
	}
	return true
}

// answer reads the reply to command i: MAIL, then the recipients, then DATA.
func (t *transaction) answer(ctx context.Context, i int) error {
	s, rcpts := t.session, len(t.to)
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
		t.mailed, t.refused = reply, !reply.OK()
		if reply.OK() {
			s.begin()
		}
	case i <= rcpts:
		if !t.refused {
			t.answerRcpt(t.to[i-1], reply)
		}
	default:
		t.data, s.data = reply, reply.Code == 354
	}
	return nil
}

// answerRcpt gives the reply to one RCPT to everybody it was sent for.
func (t *transaction) answerRcpt(a *addressee, reply Reply) {
	a.again = tooMany(reply) && len(t.accepted()) > 0
	t.each(a, func(r *Recipient) {
		r.Reply = reply
		if !reply.OK() && !a.again {
			r.Outcome = outcomeOf(reply)
		}
	})
	if reply.OK() {
		t.session.rcpts++
	}
}

// tooMany reports whether a server has enough recipients for one transaction.
//
// QUIRK: RFC 821 had 552 for it, which servers still say; behind an accepted
// recipient RFC 5321, section 4.5.3.1.10, has clients take it for 452.
func tooMany(reply Reply) bool {
	switch reply.Code {
	case 452:
		return reply.Enhanced == "" || reply.Enhanced == "4.5.3"
	case 552:
		return reply.Enhanced == "" || reply.Enhanced == "5.5.3"
	}
	return false
}

// accepted are the addressees the server would take the message for.
func (t *transaction) accepted() []*addressee {
	var list []*addressee
	for _, a := range t.to {
		if r := t.result.Recipients[a.copies[0]]; r.Outcome == "" && r.Reply.OK() {
			list = append(list, a)
		}
	}
	return list
}

// message sends the text and gives each accepted recipient the reply to it: one
// for all, or with LMTP one for each (RFC 2033, section 4.2).
func (t *transaction) message(ctx context.Context) error {
	s, accepted := t.session, t.accepted()
	replies := 1
	if s.options.Protocol == LMTP {
		replies = len(accepted)
	}
	send := s.transmit
	if t.options.Transfer == TransferBdat {
		send = s.transmitChunks
	}
	s.data, s.open = false, false
	measured := &measured{WriterTo: t.content.Writer}
	content := *t.content
	content.Writer = measured
	verdicts, err := send(ctx, content, replies)
	if t.content.Size < 0 {
		// Asked again, it must write as much again: one that was read to its end
		// would send nothing.
		t.content.Size = measured.octets
	}
	if errors.Is(err, ErrSurplus) {
		t.outOfStep(err) // nothing of the message was written
	}
	for i, a := range accepted {
		switch {
		case i < len(verdicts):
			t.verdict(a, verdicts[i])
		case err == nil: // one for all of them
			t.verdict(a, verdicts[len(verdicts)-1])
		}
	}
	fault, _ := err.(*Error)
	switch {
	case fault != nil && fault.InDoubt:
		s.log.notef("in doubt: the end of the message was written, no reply came")
		for _, a := range accepted {
			t.doubt(a, Reply{Command: "message"})
		}
	case err != nil:
		return err
	default:
		if last := verdicts[len(verdicts)-1]; last.Class() > 3 && s.options.Protocol != LMTP {
			// What the server has against the message, it has for whoever is left.
			t.decide(last)
		}
	}
	return nil
}

// measured notes how much a message wrote.
type measured struct {
	io.WriterTo
	octets int64
}

func (m *measured) WriteTo(w io.Writer) (int64, error) {
	n, err := m.WriterTo.WriteTo(w)
	m.octets = n
	return n, err
}

// verdict is the reply to the message, for one addressee.
func (t *transaction) verdict(a *addressee, reply Reply) {
	if reply.Class() == 3 {
		return // see verdicts: what it leaves is doubt, or nothing
	}
	if reply.Code == 421 {
		t.session.log.notef("421 in answer to the message: refused for now, though a copy may have been kept")
	}
	t.each(a, func(r *Recipient) { r.Reply, r.Outcome = reply, outcomeOf(reply) })
}

// doubt marks copies that may or may not have been taken.
func (t *transaction) doubt(a *addressee, reply Reply) {
	t.each(a, func(r *Recipient) {
		if r.Outcome == "" {
			r.Reply, r.Outcome = reply, InDoubt
		}
	})
}
