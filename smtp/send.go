package smtp

import (
	"context"
)

// Envelope is whom a message is from and to, as far as servers care.
type Envelope struct {
	From string // "" is the null reverse-path
	To   []string
}

// SendOptions refine Send. The zero value is the usual.
type SendOptions struct {
	// Mail are parameters of MAIL; Size, Body and UTF8 follow from the message.
	Mail MailOptions
	// Rcpt are parameters for every recipient, Recipients those for single ones,
	// by address as it stands in the envelope.
	Rcpt       RcptOptions
	Recipients map[string]RcptOptions
	// Transfer is how the message travels; "" takes DATA unless only BDAT can
	// carry it.
	Transfer Transfer
	// Until stops early; "" sends the message.
	Until SendStage
}

// Transfer is a way for a message to travel.
type Transfer string

const (
	TransferData Transfer = "DATA" // RFC 5321, section 4.1.1.4
	TransferBdat Transfer = "BDAT" // RFC 3030
)

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
//
// A server that takes fewer recipients at once than there are gets the message
// several times, each for some of them; content.Writer is then asked each time.
func (s *Session) Send(ctx context.Context, envelope Envelope, content Content, options SendOptions) (Result, error) {
	if err := s.notInMessage("MAIL"); err != nil {
		return Result{}, err
	}
	d := delivery{session: s, content: &content, options: &options}
	if err := d.prepare(envelope); err != nil {
		return Result{}, err
	}
	if d.result.Outcome != "" {
		return d.result, nil // refused without asking
	}
	if s.open {
		// A transaction begun with single commands would lend its recipients.
		s.resetTransaction(ctx)
	}
	err := d.run(ctx)
	if err == nil {
		s.settle()
	}
	return d.result, err
}

// settle breaks the connection where the server has said more than it was
// asked: the next command would read a stale reply.
func (s *Session) settle() {
	if s.wire.broken == nil {
		_ = s.wire.quiet("after the message")
	}
}

// resetTransaction clears the server's memory of a transaction that came to
// nothing. A server that cannot even do that is not used again.
func (s *Session) resetTransaction(ctx context.Context) {
	if !s.open || s.wire.broken != nil {
		return
	}
	reply, err := s.Reset(ctx)
	if err == nil && !reply.OK() {
		s.wire.breakOff(&Error{Kind: KindRefused, Command: "RSET", Reply: &reply})
	}
}
