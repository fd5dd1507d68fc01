package delivery

import (
	"fmt"
	"strings"
)

// Holder is the row of a run that an address belongs to: it got a message there, or may
// have got one.
type Holder struct {
	Address string
	Key     string // "" where the journal does not know it any more
}

// Taken is a row that would write to an address again.
type Taken struct {
	Place  string
	Key    string // of the row
	Holder Holder
}

func (t Taken) Error() string {
	holder := fmt.Sprintf("the key %q", t.Holder.Key)
	if t.Holder.Key == "" {
		holder = "a key that the damaged ledger does not know any more"
	}
	return fmt.Sprintf("this run has a message to %s already, under %s; here the key is %q", t.Holder.Address, holder, t.Key)
}

// TakenError is why nothing is sent: rows would write to addresses that the run has
// written to, as other rows.
type TakenError struct {
	Taken []Taken // the first of them
	Total int64
}

func (e *TakenError) Error() string {
	var b strings.Builder
	if e.Total > 1 {
		fmt.Fprintf(&b, "%d rows are to go to addresses that this run has written to already: ", e.Total)
	}
	writeFirst(&b, e.Taken, func(t Taken) string { return t.Place })
	return b.String()
}

func (e *TakenError) add(j *Job, holder *Holder) {
	if e.Total++; len(e.Taken) < keptClashes {
		e.Taken = append(e.Taken, Taken{j.where(), j.Key, *holder})
	}
}
