package ledger

import "fmt"

// State is where a row, or one of its recipients, stands. The numbers are in the database.
type State uint8

const (
	// Planned is a row that is to be sent and was not tried yet.
	Planned State = 1
	// Sent is one whose message the server accepted.
	Sent State = 2
	// Failed is one that is given up.
	Failed State = 3
	// Skipped is one the script did not want to send.
	Skipped State = 4
	// Suppressed is one whose recipient is on the list of those who get nothing.
	Suppressed State = 5
	// Duplicate is one that would have gone to an address that another row has.
	Duplicate State = 6
	// Deferred is one that is to be tried again.
	Deferred State = 8
	// Unknown is one whose message was finished, and whose reply never came.
	Unknown State = 9
	// InDoubt is one whose message may be being finished at this moment. It is
	// reported, and never that of a recipient in the database: batches in doubt are a
	// record of their own.
	InDoubt State = 10
	// Claimed is one a worker of this process has taken. It is in no database.
	Claimed State = 11
)

var stateNames = [...]string{
	Planned: "planned", Sent: "sent", Failed: "failed", Skipped: "skipped", Suppressed: "suppressed",
	Duplicate: "duplicate", Deferred: "deferred", Unknown: "unknown", InDoubt: "in doubt", Claimed: "claimed",
}

func (s State) String() string {
	if int(s) < len(stateNames) && stateNames[s] != "" {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// open reports whether there is still something to be sent.
func (s State) open() bool { return s == Planned || s == Deferred }

// stored reports whether a recipient may have it in the database.
func (s State) stored() bool {
	return s >= Sent && s <= Duplicate || s == Deferred || s == Unknown
}

// of is the state of a row whose recipients have these: what is worst to overlook comes
// first.
func of(recipients []State) State {
	rank := func(s State) int {
		switch s {
		case Unknown:
			return 8
		case Deferred:
			return 7
		case Planned:
			return 6
		case Failed:
			return 5
		case Sent:
			return 4
		}
		return 1 // nothing was ever to be sent
	}
	var worst State
	tried := false
	for _, s := range recipients {
		if worst == 0 || rank(s) > rank(worst) {
			worst = s
		}
		tried = tried || s != Planned && rank(s) > 1
	}
	if worst == Planned && tried {
		return Deferred // some of its recipients are done
	}
	return worst
}

// Policy is what becomes of rows that are unknown.
type Policy string

const (
	// Hold leaves them to a person. It is the default.
	Hold Policy = "hold"
	// Resend sends them again, with the same bytes.
	Resend Policy = "resend"
	// AssumeSent takes them as sent.
	AssumeSent Policy = "assume-sent"
)

func (p Policy) valid() bool { return p == Hold || p == Resend || p == AssumeSent }
