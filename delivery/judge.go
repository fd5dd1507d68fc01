package delivery

import (
	"errors"
	"slices"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// judged is what comes next for a message.
type judged int

const (
	recorded judged = iota // the journal hears of it
	requeued               // it goes on at once: nothing can have arrived
	halted                 // the run ends, and the message was not sent
)

// judge takes what became of an attempt.
func (r *run) judge(it *item, answer smtp.Result, fault error) judged {
	if fault == nil && answer.Outcome == smtp.Sent && it.open == nil {
		it.attempts++
		it.outcome, it.answer, it.to, it.settles = Sent, answer, answer.Recipients, true
		return recorded
	}
	if fault != nil && r.o.Ends(fault) {
		r.stop(fault)
		return halted
	}
	permanent := fault != nil && !temporary(fault)
	if !permanent && untouched(answer) {
		it.lost++
		// Which of those on their way the connection ended for is found out by
		// sending them alone.
		it.alone = it.alone || answer.Reply.Code == 0
		if it.lost < lossLimit || r.ctx.Err() != nil {
			return requeued
		}
		it.lost = 0
	}
	it.attempts++
	it.settles, it.answer = true, answer
	it.err = fault
	if !permanent {
		it.err = nil
	}
	answer.Recipients = slices.Clone(answer.Recipients)
	for i := range answer.Recipients {
		switch to := &answer.Recipients[i]; {
		case to.Outcome == smtp.Deferred && to.Reply.Code == 0 && permanent:
			to.Outcome = smtp.Failed
		case to.Outcome == smtp.InDoubt && r.o.Doubt == AssumeSent:
			to.Outcome, it.assumed = smtp.Sent, true
		}
	}
	it.answer.Recipients = answer.Recipients
	r.schedule(it)
	it.answer = conclude(it.answer.Recipients)
	return recorded
}

// schedule decides whether and when a message is tried again.
func (r *run) schedule(it *item) {
	now := r.o.Now()
	if it.first.IsZero() {
		it.first = now
	}
	if it.began.IsZero() {
		it.began = now
	}
	expired := now.Sub(it.began) >= r.o.Retry.Expire
	var still []int
	var why smtp.Reply
	for i := range it.answer.Recipients {
		to := &it.answer.Recipients[i]
		switch {
		case to.Outcome == smtp.Deferred && expired:
			to.Outcome, it.err = smtp.Failed, ErrExpired
			continue
		case to.Outcome == smtp.Deferred, to.Outcome == smtp.InDoubt && r.o.Doubt == Resend:
		default:
			continue
		}
		if still == nil {
			why = to.Reply
		}
		still = append(still, it.index(i))
	}
	it.merge()
	it.again, it.still = time.Time{}, still
	if len(still) == len(it.to) {
		it.still = nil
	}
	if still == nil {
		it.outcome = outcomeOf(it.to)
		return
	}
	it.again = now.Add(r.o.Retry.pause(it.attempts, why, r.o.Random))
	if sum, err := sumOf(it.letter); err == nil {
		it.sum = sum
	}
	if it.again.Sub(it.first) > r.o.Retry.For {
		it.outcome = outcomeOf(it.to)
	}
}

// index is the place in the envelope of recipient number i of the attempt.
func (it *item) index(i int) int {
	if it.open == nil {
		return i
	}
	return it.open[i]
}

// merge puts what an attempt brought beside what is known already.
func (it *item) merge() {
	if it.open == nil {
		it.to = it.answer.Recipients
		return
	}
	to := make([]smtp.Recipient, len(it.job.Envelope.To))
	for i, address := range it.job.Envelope.To {
		to[i] = smtp.Recipient{Address: address, Outcome: smtp.Sent}
		if i < len(it.to) {
			to[i] = it.to[i]
		}
	}
	for i, recipient := range it.answer.Recipients {
		to[it.open[i]] = recipient
	}
	it.to = to
}

// outcomeOf is the outcome of a row: the worst of those of its recipients.
func outcomeOf(to []smtp.Recipient) Outcome {
	worst := Sent
	for i := range to {
		switch to[i].Outcome {
		case smtp.InDoubt:
			return InDoubt
		case smtp.Deferred:
			worst = Deferred
		case smtp.Failed:
			if worst == Sent {
				worst = Failed
			}
		}
	}
	return worst
}

// conclude is the whole of what became of recipients, with the reply that a
// reader wants to see first.
func conclude(to []smtp.Recipient) smtp.Result {
	r := smtp.Result{Recipients: to}
	var sent int
	for i := range to {
		if to[i].Outcome == smtp.Sent {
			sent++
		}
	}
	want := smtp.Outcome(outcomeOf(to)) // the words are the same
	r.Outcome = want
	if sent > 0 && sent < len(to) && want != smtp.InDoubt {
		r.Outcome = smtp.Partial
		if slices.ContainsFunc(to, func(one smtp.Recipient) bool { return one.Outcome == smtp.Failed }) {
			want = smtp.Failed
		}
	}
	for i := range to {
		if to[i].Outcome == want {
			r.Reply = to[i].Reply
			break
		}
	}
	return r
}

// untouched reports whether the connection ended before anything was decided, so
// that all of it can be done again at once.
func untouched(answer smtp.Result) bool {
	for i := range answer.Recipients {
		to := &answer.Recipients[i]
		if to.Outcome != smtp.Deferred || to.Reply.Code != 0 && to.Reply.Code != 421 {
			return false
		}
	}
	return len(answer.Recipients) > 0
}

// temporary reports whether doing the same again may succeed.
func temporary(err error) bool {
	var fault *smtp.Error
	return errors.As(err, &fault) && fault.Temporary()
}

// assume counts a message in doubt of an earlier run as sent.
func (r *run) assume(it *item) {
	it.open = []int{}
	for i := range it.to {
		if it.to[i].Outcome == smtp.InDoubt {
			it.open = append(it.open, i)
			it.answer.Recipients = append(it.answer.Recipients, smtp.Recipient{Address: it.job.Envelope.To[i], Outcome: smtp.Sent})
		}
	}
	it.answer.Outcome = smtp.Sent
	it.merge()
	it.outcome = outcomeOf(it.to)
	it.settles, it.assumed = true, true
}
