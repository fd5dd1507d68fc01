package schedule

import (
	"log/slog"
	"math"
	"slices"
	"time"
)

// NoticeKind is what a notice is about.
type NoticeKind string

const (
	// NoticeFailed: the run failed, timed out or was killed, after the last
	// attempt; or it could not begin because the [State] keeps no records.
	NoticeFailed NoticeKind = "failed"
	// NoticeSkipped: the period was not run, for overlap or lateness.
	NoticeSkipped NoticeKind = "skipped"
	// NoticeInDoubt: a process died during the run.
	NoticeInDoubt NoticeKind = "in doubt"
	// NoticeDeadline: the report is not out at its deadline. There is none after
	// another notice about the period.
	NoticeDeadline NoticeKind = "deadline"
	// NoticeHeld: notices were held back by the cap, and this stands for them.
	NoticeHeld NoticeKind = "held"
)

// Notice is something a recipient should hear. As mail it must be marked
// Auto-Submitted: auto-generated (RFC 3834, section 5) and have the null sender
// (RFC 5321, section 4.5.5), so that nothing answers it.
type Notice struct {
	Kind NoticeKind
	To   string
	Job  string
	// Record is the period's, as far as it is known; of [NoticeHeld] the last
	// one held back.
	Record Record
	// Held is how many notices to this recipient were held back by the cap and
	// are told of only here.
	Held int
}

const (
	defaultNotices = 10 // an hour and recipient
	noticeTimeout  = time.Minute
	noticeDrain    = 10 * time.Second
	maxOutbox      = 1000
)

// noticeWaits are the pauses before further attempts to send a notice.
var noticeWaits = [...]time.Duration{time.Minute, 10 * time.Minute, time.Hour}

// moment is a reading of the monotonic clock.
type moment = time.Duration

const never moment = math.MaxInt64

// outbox holds notices until they are sent.
type outbox struct {
	log        *slog.Logger
	most       int // notices an hour and recipient
	letters    []letter
	recipients map[string]*recipient
}

type letter struct {
	Notice
	from  moment // not to be sent before
	tries int
}

// recipient is who got how much within the last hour.
type recipient struct {
	sent []moment
	held int
	last Notice
}

// add takes a notice to one recipient, unless the cap holds it back. Failing to
// send one makes none: that could go on for ever.
func (o *outbox) add(n Notice, now moment) {
	r := o.recipients[n.To]
	if r == nil {
		r = &recipient{}
		o.recipients[n.To] = r
	}
	r.forget(now)
	if len(r.sent) >= o.most {
		r.held++
		r.last = n
		o.log.Warn("notice held back", "to", n.To, "job", n.Job, "period", n.Record.Period, "kind", n.Kind)
		return
	}
	n.Held, r.held = r.held, 0
	r.sent = append(r.sent, now)
	if len(o.letters) == maxOutbox {
		o.log.Error("notice dropped, too many wait", "to", o.letters[0].To, "job", o.letters[0].Job)
		o.letters = slices.Delete(o.letters, 0, 1)
	}
	o.letters = append(o.letters, letter{Notice: n})
}

func (r *recipient) forget(now moment) {
	r.sent = slices.DeleteFunc(r.sent, func(at moment) bool { return now-at >= time.Hour })
}

// release tells recipients of what was held back, once the cap allows it.
func (o *outbox) release(now moment) {
	for _, r := range o.recipients {
		if r.held > 0 && now >= r.sent[0]+time.Hour {
			n := r.last
			n.Kind = NoticeHeld
			o.add(n, now)
		}
	}
}

// ready is the place of a notice that can be sent; -1 when there is none.
func (o *outbox) ready(now moment) int {
	return slices.IndexFunc(o.letters, func(l letter) bool { return l.from <= now })
}

// wake is when there will be something to do.
func (o *outbox) wake(now moment) moment {
	at := never
	for _, l := range o.letters {
		if l.from > now { // what is ready waits for the sender, not for a time
			at = min(at, l.from)
		}
	}
	for _, r := range o.recipients {
		if r.held > 0 {
			at = min(at, r.sent[0]+time.Hour)
		}
	}
	return at
}

// again keeps a notice that could not be sent.
func (o *outbox) again(l letter, now moment, err error) {
	if l.tries >= len(noticeWaits) {
		o.log.Error("notice not sent", "to", l.To, "job", l.Job, "period", l.Record.Period, "kind", l.Kind, "err", err)
		return
	}
	o.log.Warn("notice not sent yet", "to", l.To, "job", l.Job, "err", err)
	l.from = now + noticeWaits[l.tries]
	l.tries++
	o.letters = append(o.letters, l)
}
