package smtp

// Outcome is what became of a message, or of one recipient's copy.
type Outcome string

const (
	Sent     Outcome = "sent"     // the server took responsibility
	Partial  Outcome = "partial"  // for some recipients only
	Deferred Outcome = "deferred" // refused for now (4xx)
	Failed   Outcome = "failed"   // refused (5xx)
	InDoubt  Outcome = "in_doubt" // the message's end was written and never answered
)

// Recipient is what became of one recipient.
type Recipient struct {
	Address string
	// Reply is the reply that decided: to RCPT where that was refused, to the
	// message where it was accepted. Code 0 means no answer came.
	Reply   Reply
	Outcome Outcome
}

// Result is what became of a message.
type Result struct {
	Outcome Outcome
	// Reply is the reply that decided: to the message, or to what kept it from
	// being sent. Code 0 means no answer came.
	Reply      Reply
	Recipients []Recipient
}

// OK reports whether every recipient was accepted and the message too. For a
// recipient check that sends nothing, it means every recipient was accepted.
func (r Result) OK() bool {
	for _, recipient := range r.Recipients {
		if recipient.Outcome != Sent && !(r.Outcome == "" && recipient.Reply.OK()) {
			return false
		}
	}
	return len(r.Recipients) > 0
}

// outcomeOf is what a reply means for one recipient.
func outcomeOf(reply Reply) Outcome {
	switch reply.Class() {
	case 2:
		return Sent
	case 5:
		return Failed
	}
	return Deferred
}

// conclude sets the outcome of the whole from those of the recipients, and the
// reply that a reader wants to see first: that of a recipient that got nothing
// where there is one.
func (r *Result) conclude() {
	var sent, deferred, inDoubt, failed int
	for i := range r.Recipients {
		switch r.Recipients[i].Outcome {
		case Sent:
			sent++
		case Deferred:
			deferred++
		case InDoubt:
			inDoubt++
		case Failed:
			failed++
		}
	}
	switch {
	case inDoubt > 0:
		r.Outcome = InDoubt
	case sent == len(r.Recipients):
		r.Outcome = Sent
	case sent > 0:
		r.Outcome = Partial
	case deferred > 0:
		r.Outcome = Deferred
	default:
		r.Outcome = Failed
	}
	want := r.Outcome
	if want == Partial {
		want = Failed
		if failed == 0 {
			want = Deferred
		}
	}
	for i := range r.Recipients {
		if r.Recipients[i].Outcome == want {
			r.Reply = r.Recipients[i].Reply
			return
		}
	}
}
