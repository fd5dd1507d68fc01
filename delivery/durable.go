package delivery

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/smtp"
)

// Durable is the journal of a run in a ledger. What the run does with messages in
// doubt must be what the ledger is told here, and its policy for addresses what the
// ledger was told when it was opened.
func Durable(run *ledger.Run, doubt DoubtPolicy) Journal { return &durable{run: run, doubt: doubt} }

type durable struct {
	run   *ledger.Run
	doubt DoubtPolicy
	desks sync.Pool // of *desk
}

// desk has room for what one call tells the ledger.
type desk struct {
	rows     []ledger.Row
	outcomes []ledger.Outcome
	ids      []ledger.ID
	messages []string
}

func (d *durable) take() *desk {
	if w, ok := d.desks.Get().(*desk); ok {
		return w
	}
	return &desk{}
}

// giveBack keeps a desk for another call, without what was on it.
func (d *durable) giveBack(w *desk) {
	clear(w.rows)
	clear(w.outcomes)
	clear(w.messages)
	w.rows, w.outcomes, w.ids, w.messages = w.rows[:0], w.outcomes[:0], w.ids[:0], w.messages[:0]
	d.desks.Put(w)
}

// Look implements Journal.
func (d *durable) Look(_ context.Context, rows []Entry, known []Known) error {
	w := d.take()
	defer d.giveBack(w)
	standings, err := d.run.Look(w.planned(rows))
	if err != nil {
		return err
	}
	for i := range standings {
		if known[i], err = d.known(&standings[i]); err != nil {
			return err
		}
	}
	return nil
}

// Finished implements Journal.
func (d *durable) Finished(_ context.Context, rows []Entry, known []Known) error {
	w := d.take()
	defer d.giveBack(w)
	standings, err := d.run.Finished(w.planned(rows))
	if err != nil {
		return err
	}
	for i := range standings {
		if standings[i].ID == 0 {
			continue
		}
		if known[i], err = d.known(&standings[i]); err != nil {
			return err
		}
	}
	return nil
}

// Claim implements Journal.
func (d *durable) Claim(_ context.Context, rows []Entry, known []Known) error {
	w := d.take()
	defer d.giveBack(w)
	standings, err := d.run.Plan(w.planned(rows))
	if err != nil {
		return err
	}
	if err := d.renew(w, standings); err != nil {
		return err
	}
	var again []ledger.ID // rows in doubt that are to be sent again
	for i := range standings {
		s := &standings[i]
		if known[i], err = d.known(s); err != nil {
			return err
		}
		switch known[i].Status {
		case StatusNew, StatusOpen:
			w.ids = append(w.ids, s.ID)
		case StatusDoubtful:
			if d.doubt == Resend {
				again = append(again, s.ID)
			}
		}
	}
	if len(again) > 0 {
		if _, err := d.run.Resolve(ledger.Resend, again...); err != nil {
			return err
		}
		w.ids = append(w.ids, again...)
	}
	if got := d.run.Claim(w.ids); len(got) != len(w.ids) {
		return fmt.Errorf("the ledger lets %d of %d rows be claimed", len(got), len(w.ids))
	}
	return nil
}

// renew gives back the claims of rows whose time had not come when they were claimed before,
// and plans these once more: of rows that are claimed the ledger does not say what has changed
// since, such as who gets nothing any more.
func (d *durable) renew(w *desk, standings []ledger.Standing) error {
	var rows []ledger.Row
	var at []int // in standings
	for i := range standings {
		if s := &standings[i]; s.ID != 0 && s.State == ledger.Deferred && d.run.Unclaim([]ledger.ID{s.ID}) {
			rows, at = append(rows, w.rows[i]), append(at, i)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	planned, err := d.run.Plan(rows)
	if err != nil {
		return err
	}
	for i, s := range planned {
		standings[at[i]] = s
	}
	return nil
}

func (w *desk) planned(rows []Entry) []ledger.Row {
	for i := range rows {
		e := &rows[i]
		w.rows = append(w.rows, ledger.Row{Key: e.Key, Number: e.Number, Hash: e.Hash, Recipients: e.Recipients})
	}
	return w.rows
}

// known is what a row of the ledger is to the pipeline.
func (d *durable) known(s *ledger.Standing) (Known, error) {
	k := Known{ID: int64(s.ID)}
	switch {
	case s.ID == 0 && s.Taken != "":
		k.Status, k.Holder = StatusTaken, &Holder{s.Taken, s.TakenKey}
		return k, nil
	case s.ID == 0 && s.New:
		k.Status = StatusNew
		return k, nil
	case s.ID == 0:
		k.Status = StatusDuplicate
		return k, nil
	case s.New && s.State == ledger.Planned:
		k.Status = StatusNew
		return k, nil
	}
	switch s.State {
	case ledger.Planned, ledger.Claimed:
		k.Status = StatusNew
	case ledger.Deferred:
		k.Status = StatusOpen
	case ledger.Unknown, ledger.InDoubt:
		k.Status = StatusDoubtful
	case ledger.Sent:
		k.Status = StatusSent
	case ledger.Failed:
		k.Status = StatusFailed
	case ledger.Suppressed, ledger.Skipped:
		k.Status = StatusSuppressed
	case ledger.Duplicate:
		k.Status = StatusDuplicate
	default:
		return k, fmt.Errorf("the ledger says that a row is %s", s.State)
	}
	if s.Edit == ledger.Kept && k.Status != StatusSuppressed && k.Status != StatusFailed {
		k.Status = StatusEdited
	}
	if k.Status == StatusSuppressed || k.Status == StatusSent {
		return k, nil
	}
	item, err := d.run.Item(s.ID)
	if err != nil {
		return k, err
	}
	k.Tried = triedOf(&item)
	return k, nil
}

// triedOf is what earlier attempts have left; nil where there was none.
func triedOf(item *ledger.Item) *Tried {
	var t Tried
	for i := range item.Recipients {
		r := &item.Recipients[i]
		t.Past = append(t.Past, pastOf(r))
		t.Attempts = max(t.Attempts, r.Attempts)
		if !r.First.IsZero() && (t.First.IsZero() || r.First.Before(t.First)) {
			t.First = r.First
		}
		if !r.Next.IsZero() && (t.Again.IsZero() || r.Next.Before(t.Again)) {
			t.Again = r.Next
		}
		if len(r.Sum) > 0 {
			t.Sum = r.Sum
		}
	}
	if t.Attempts == 0 && t.Sum == nil {
		return nil
	}
	return &t
}

func pastOf(r *ledger.Recipient) smtp.Recipient {
	past := smtp.Recipient{Address: r.Address, Reply: smtp.Reply{Code: r.Code, Enhanced: r.Enhanced}}
	if r.Text != "" {
		past.Reply.Lines = strings.Split(r.Text, "\n")
	}
	switch r.State {
	case ledger.Sent:
		past.Outcome = smtp.Sent
	case ledger.Failed, ledger.Suppressed:
		past.Outcome = smtp.Failed
	case ledger.Deferred:
		past.Outcome = smtp.Deferred
	case ledger.Unknown, ledger.InDoubt:
		past.Outcome = smtp.InDoubt
	}
	return past
}

// Doubt implements Journal.
func (d *durable) Doubt(_ context.Context, settled []Settled, attempts []Attempt) error {
	w := d.take()
	defer d.giveBack(w)
	b := ledger.Batch{Settled: w.settled(settled), Doubt: w.of(attempts)}
	if len(attempts) > 0 {
		b.Via = attempts[0].Via
		for i := range attempts {
			w.messages = append(w.messages, attempts[i].MessageID)
		}
		b.Messages = w.messages
	}
	return d.run.Commit(b)
}

// Release implements Journal.
func (d *durable) Release(_ context.Context, attempts []Attempt) error {
	w := d.take()
	defer d.giveBack(w)
	return d.run.Release(w.of(attempts))
}

func (w *desk) of(attempts []Attempt) []ledger.ID {
	for i := range attempts {
		w.ids = append(w.ids, ledger.ID(attempts[i].ID))
	}
	return w.ids
}

// Settle implements Journal.
func (d *durable) Settle(_ context.Context, settled []Settled) error {
	w := d.take()
	defer d.giveBack(w)
	return d.run.Settle(w.settled(settled))
}

func (w *desk) settled(settled []Settled) []ledger.Outcome {
	for i := range settled {
		s := &settled[i]
		for j := range s.To {
			to := &s.To[j]
			at := j
			if s.Open != nil {
				at = s.Open[j]
			}
			o := ledger.Outcome{
				ID: ledger.ID(s.ID), Recipient: at, Code: to.Reply.Code, Enhanced: to.Reply.Enhanced, Text: to.Reply.Text(),
				Via: s.Via, Time: s.At, Message: s.MessageID, Sum: s.Sum, Assumed: s.Assumed,
			}
			switch to.Outcome {
			case smtp.Sent:
				o.State = ledger.Sent
			case smtp.Failed:
				o.State = ledger.Failed
			case smtp.InDoubt:
				o.State = ledger.Unknown
			default:
				o.State, o.Next = ledger.Deferred, s.Again
				if o.Next.IsZero() {
					o.Next = s.At.Add(time.Second)
				}
			}
			w.outcomes = append(w.outcomes, o)
		}
	}
	return w.outcomes
}
