package delivery

import (
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// groupSize is how many rows travel together.
const groupSize = 64

// group is rows on their way, in the order of their source.
type group struct {
	items []item  // of the caller; none where they are tried again
	next  int     // of the caller: items[:next] were handed out
	kept  bool    // some of its rows are still on their way: it is not used again
	all   []*item // for the stages: those that still have to go through them
}

// item is one row on its way. It belongs to one goroutine at a time; what is said
// of its state holds while run.mu is held.
type item struct {
	job     Job
	place   int64 // among all rows of the pass; what is tried again keeps it
	state   state
	known   Known
	letter  Letter
	weight  int64 // octets of the letter that count towards the budget
	late    bool  // its result stands in no order
	returns bool  // it has waited to be tried again

	outcome  Outcome
	err      error
	attempts int       // of this run and those before
	before   int       // of those before
	began    time.Time // when the first of all ended
	// to is what became of each recipient of the envelope; nil before the first
	// attempt.
	to []smtp.Recipient

	open    []int       // the recipients of this attempt, as indexes; nil is all
	answer  smtp.Result // what it brought
	settles bool        // the journal is to hear of it
	owed    *owed       // of the sender that waits for that
	assumed bool
	via     string    // what brought the answer
	still   []int     // the recipients of the next; nil is all
	again   time.Time // when the next attempt is due; zero where there is none
	first   time.Time // when the first of this run ended
	lost    int       // how often its connection ended before it was answered
	alone   bool      // nothing else is to be on its way with it
	sum     []byte    // of its octets, once it has been tried
}

// state is where a row is.
type state int8

const (
	working state = iota
	done          // its result may be handed out
	aside         // it is tried again, and a copy waits for that
)

// end decides a row that is not sent.
func (it *item) end(outcome Outcome, err error) {
	it.outcome, it.err = outcome, err
}

func (it *item) ended() bool { return it.outcome != "" }

// recipients are those of this attempt.
func (it *item) recipients() []string {
	if it.open == nil {
		return it.job.Envelope.To
	}
	to := make([]string, len(it.open))
	for i, n := range it.open {
		to[i] = it.job.Envelope.To[n]
	}
	return to
}

// leave ends a row that is left to another run.
func (it *item) leave() {
	it.outcome = Deferred
	if it.to != nil {
		it.outcome = outcomeOf(it.to)
	}
}

func (it *item) attempt() Attempt {
	return Attempt{ID: it.known.ID, Open: it.open, MessageID: it.letter.MessageID}
}

// settled is what the journal hears of an answer.
func (it *item) settled(now time.Time) Settled {
	return Settled{
		ID: it.known.ID, Open: it.open, To: it.answer.Recipients, At: now,
		Again: it.again, Sum: it.sum, MessageID: it.letter.MessageID, Assumed: it.assumed, Via: it.via,
	}
}

func (it *item) result() Result {
	r := Result{
		Job: it.job, Outcome: it.outcome, MessageID: it.letter.MessageID, Attempts: it.attempts, Err: it.err,
	}
	switch it.outcome {
	case Skipped:
		r.Reason = it.job.Skip
	case Suppressed:
		r.Reason = it.job.Suppressed
	}
	r.Sent = it.answer
	if it.to != nil && (it.open != nil || it.answer.Recipients == nil) {
		r.Sent = conclude(it.to)
	}
	return r
}
