package delivery

import (
	"errors"
	"fmt"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// ErrEdited is what is wrong with a row that was sent and has changed since.
var ErrEdited = errors.New("the row has changed since it was sent")

// ErrDuplicate is what is wrong with a row whose key an earlier one has, where
// that was not seen before anything was sent: the source has changed meanwhile.
var ErrDuplicate = errors.New("an earlier row has the same key")

// claim is the stage that asks the journal which rows are to be sent.
func (r *run) claim() {
	defer close(r.builds)
	var (
		entries []Entry
		known   []Known
		asked   []*item // those the journal is asked about
		ended   []*item // those that go no further
	)
	for g := range r.claims {
		entries, asked, ended = entries[:0], asked[:0], ended[:0]
		if r.isStopped() {
			r.untried(g.all)
			continue
		}
		for _, it := range g.all {
			switch j := &it.job; {
			case j.Err != nil:
				it.end(Failed, j.Err)
				r.fresh.Store(true)
			case j.Suppressed != "":
				it.end(Suppressed, nil)
			case j.Skip != "":
				it.end(Skipped, nil)
			case r.clashing(it):
			default:
				asked = append(asked, it)
				entries = append(entries, Entry{j.Key, j.Number, j.Hash, j.Envelope.To})
				continue
			}
			ended = append(ended, it)
		}
		known = append(known[:0], make([]Known, len(entries))...)
		if err := r.ask(entries, known); err != nil {
			r.stop(fmt.Errorf("journal: %w", err))
			r.answer(ended)
			r.untried(asked)
			continue
		}
		build := g.all[:0]
		for i, it := range asked {
			r.known(it, known[i])
			if it.ended() || !it.again.IsZero() {
				ended = append(ended, it)
			} else {
				build = append(build, it)
			}
		}
		// Once its last row is answered, the group is the caller's again.
		g.all = build
		if len(build) > 0 {
			r.builds <- g
		}
		r.answer(ended)
	}
}

// ask asks the journal. Check has none.
func (r *run) ask(entries []Entry, known []Known) error {
	if r.inspect == nil {
		if err := r.point("rows.claim"); err != nil {
			return err
		}
		if err := r.o.Journal.Claim(r.ctx, entries, known); err != nil {
			return err
		}
		return r.point("rows.claimed")
	}
	for i := range known {
		known[i].Status = StatusNew
	}
	return nil
}

// known takes what the journal knows of a row.
func (r *run) known(it *item, k Known) {
	it.known, it.again = k, time.Time{}
	var t Tried
	if k.Tried != nil {
		t = *k.Tried
	}
	if it.returns {
		it.open = it.still
	} else {
		it.open = r.openOf(t.Past)
		it.to = t.Past
		it.attempts, it.before, it.began, it.sum = t.Attempts, t.Attempts, t.First, t.Sum
	}
	switch k.Status {
	case StatusNew, StatusOpen, StatusDoubtful:
		r.fresh.Store(true)
	}
	switch k.Status {
	case StatusNew:
	case StatusOpen:
		// One that this run has tried itself comes when it is due.
		if now := r.o.Now(); it.first.IsZero() && t.Again.After(now) {
			it.again, it.first = t.Again, now
			if t.Again.Sub(now) > r.o.Retry.For {
				it.leave()
			}
		}
	case StatusDoubtful:
		if it.returns {
			break // for another recipient
		}
		switch r.o.Doubt {
		case Hold:
			it.end(InDoubt, nil)
		case AssumeSent:
			r.assume(it)
		}
	case StatusSent:
		it.end(AlreadySent, nil)
	case StatusFailed:
		it.end(Failed, errFailedBefore)
	case StatusSuppressed:
		it.end(Suppressed, nil)
	case StatusDuplicate:
		if r.o.Duplicates == FirstDuplicate {
			it.end(Duplicate, nil)
		} else {
			it.end(Failed, ErrDuplicate)
		}
	case StatusTaken:
		r.fresh.Store(true)
		it.end(Failed, Taken{it.job.where(), it.job.Key, *k.Holder})
	case StatusEdited:
		if r.o.Edits == IgnoreEdits {
			it.unedited()
		} else {
			it.end(Failed, ErrEdited)
		}
	default:
		it.end(Failed, fmt.Errorf("journal: unknown status %q", k.Status))
	}
}

// unedited ends a row whose change is ignored as what it was. Nobody gets the new content in the
// place of the old, also not those who have had none.
func (it *item) unedited() {
	outcome := outcomeOf(it.to)
	if outcome == Sent {
		it.to = nil // the answer is that of an earlier run
		outcome = AlreadySent
	}
	it.end(outcome, nil)
}

// openOf are the recipients that are still to get a message, as indexes; nil where
// that are all.
func (r *run) openOf(past []smtp.Recipient) (open []int) {
	for i := range past {
		switch past[i].Outcome {
		case "", smtp.Deferred:
		case smtp.InDoubt:
			if r.o.Doubt != Resend {
				continue
			}
		default:
			continue
		}
		open = append(open, i)
	}
	if len(open) == len(past) {
		return nil
	}
	return open
}

var errFailedBefore = errors.New("it failed in an earlier run")
