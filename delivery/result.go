package delivery

import (
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// Outcome is what became of a row.
type Outcome string

const (
	Sent        Outcome = "sent"         // every recipient was accepted
	Failed      Outcome = "failed"       // for good, for some recipient
	Deferred    Outcome = "deferred"     // for now, for some recipient
	InDoubt     Outcome = "in_doubt"     // it may have arrived
	Skipped     Outcome = "skipped"      // by the script
	Suppressed  Outcome = "suppressed"   // the recipient is to get nothing
	Duplicate   Outcome = "duplicate"    // the run has a row with the same key
	AlreadySent Outcome = "already_sent" // by the run, earlier
	Good        Outcome = "good"         // of Check: nothing is wrong with it
	// Untried is a row that was read and not sent, because the run was stopped. No
	// result is handed out for it.
	Untried Outcome = "untried"
)

// Result is what became of one row.
type Result struct {
	Job     Job
	Outcome Outcome
	// Sent is what the server answered, for each recipient of the envelope.
	Sent      smtp.Result
	MessageID string
	Attempts  int // of this run and those it resumes
	// Err is what kept the message from being sent, where that was no reply.
	Err    error
	Reason string // of skipped and suppressed rows
}

// Counts are how many rows ended in which way.
type Counts struct {
	Rows                                  int64
	Sent, Failed, Deferred, InDoubt       int64
	Skipped, Suppressed, Duplicates, Good int64
	AlreadySent                           int64
	Untried                               int64 // read and not sent, because the run was stopped
	Attempts                              int64
	Octets                                int64 // of messages that were sent
}

func (c *Counts) add(r *Result) {
	c.Rows++
	switch r.Outcome {
	case Sent:
		c.Sent++
	case Failed:
		c.Failed++
	case Deferred:
		c.Deferred++
	case InDoubt:
		c.InDoubt++
	case Skipped:
		c.Skipped++
	case Suppressed:
		c.Suppressed++
	case Duplicate:
		c.Duplicates++
	case AlreadySent:
		c.AlreadySent++
	case Good:
		c.Good++
	case Untried:
		c.Untried++
	}
}

// Progress is how far a run has come.
type Progress struct {
	Counts
	Total   int64 // rows of the source, 0 where it was not counted
	Waiting int64 // rows that are to be tried again
	Elapsed time.Duration
	// PerSecond is how many messages were sent each second, lately.
	PerSecond float64
	// Left is how long the rest will take, 0 where that is not known.
	Left time.Duration
	// Connections is how many there may be at once, at the moment.
	Connections int
	// Trouble is why nothing is sent at the moment, nil where it is.
	Trouble error
}
