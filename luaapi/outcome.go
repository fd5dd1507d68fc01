package luaapi

import (
	"slices"

	"github.com/mailscript/mailscript/smtp"
)

// copyOf is one recipient's copy of one message.
type copyOf struct{ messageID, recipient string }

// fate is the last that was heard of a copy.
type fate struct {
	outcome smtp.Outcome
	handled bool       // the script said it took care of it
	reply   smtp.Reply // kept where the copy is one of those to be named
}

// outcomes remembers the fate of every copy the run tried to send, so that the
// exit status tells of mail that did not go out even where the script does not
// look at its results.
type outcomes struct {
	last map[copyOf]*fate
	// named are the first copies that were not sent at once, in order.
	named []copyOf
}

// maxNamed is how many undelivered copies the end of a run names: enough to see
// what they have in common.
const maxNamed = 5

// record notes what became of a message.
func (o *outcomes) record(messageID string, recipients []smtp.Recipient) []copyOf {
	keys := make([]copyOf, 0, len(recipients))
	for _, r := range recipients {
		if r.Outcome == "" {
			continue // a check that sent nothing
		}
		key := copyOf{messageID, r.Address}
		keys = append(keys, key)
		if before, ok := o.last[key]; ok && before.outcome == smtp.Sent {
			continue // sent once is sent, whatever a second attempt says
		}
		now := &fate{outcome: r.Outcome}
		if r.Outcome != smtp.Sent && (slices.Contains(o.named, key) || len(o.named) < maxNamed) {
			now.reply = r.Reply
			if !slices.Contains(o.named, key) {
				o.named = append(o.named, key)
			}
		}
		o.last[key] = now
	}
	return keys
}

// handle marks copies as taken care of.
func (o *outcomes) handle(keys []copyOf) {
	for _, key := range keys {
		if f, ok := o.last[key]; ok {
			f.handled = true
		}
	}
}

// Tally counts copies, one for each recipient.
type Tally struct{ Sent, Failed, Deferred, InDoubt, Handled int }

// Tally counts what became of all copies of the run. Copies that were not sent
// and that the script has handled count as Handled only.
func (a *API) Tally() Tally {
	var t Tally
	for _, f := range a.outcomes.last {
		switch {
		case f.outcome == smtp.Sent:
			t.Sent++
		case f.handled:
			t.Handled++
		case f.outcome == smtp.InDoubt:
			t.InDoubt++
		case f.outcome == smtp.Failed:
			t.Failed++
		default:
			t.Deferred++
		}
	}
	a.mergeTally(&t)
	return t
}

// Undelivered is a copy that was not sent.
type Undelivered struct {
	Recipient string
	Outcome   smtp.Outcome
	Reply     smtp.Reply // code 0 where none came
	Hint      string     // "" where no cause is known
}

// Undelivered names the first copies of the run that were neither sent nor
// handled by the script, in the order of the script.
func (a *API) Undelivered() []Undelivered {
	var list []Undelivered
	for _, key := range a.outcomes.named {
		f := a.outcomes.last[key]
		if f.outcome == smtp.Sent || f.handled {
			continue
		}
		list = append(list, Undelivered{Recipient: key.recipient, Outcome: f.outcome, Reply: f.reply, Hint: HintForReply(f.reply)})
	}
	return list
}
