package luaapi

import "github.com/mailscript/mailscript/smtp"

// copyOf is one recipient's copy of one message.
type copyOf struct{ messageID, recipient string }

// fate is the last that was heard of a copy.
type fate struct {
	outcome smtp.Outcome
	handled bool // the script said it took care of it
}

// outcomes remembers the fate of every copy the run tried to send, so that the
// exit status tells of mail that did not go out even where the script does not
// look at its results.
type outcomes struct {
	last map[copyOf]*fate
}

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
		o.last[key] = &fate{outcome: r.Outcome}
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
	return t
}
