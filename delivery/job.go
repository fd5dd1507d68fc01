package delivery

import (
	"context"
	"fmt"

	"github.com/mailscript/mailscript/smtp"
)

// Job is one row of a merge: a message to be built and sent, or why there is none.
type Job struct {
	Number int64  // of the row in its source, from 1
	Key    string // of the run: one message a key, ever
	// Hash is of what the row holds, the same in each process: it tells a row that
	// was edited since it was sent.
	Hash     uint64
	Place    fmt.Stringer // where the row is, for people, such as "people.csv:17"; may be nil
	Envelope smtp.Envelope
	// Build makes the message. It runs on any goroutine, and may be called again
	// for another attempt, when it must make the same octets.
	Build func(ctx context.Context) (Letter, error)

	// One of these makes the row end without a message.
	Skip       string // why, in the script's words
	Suppressed string // why the recipient gets nothing from us
	Err        error  // what is wrong with the row

	// Row is the caller's own, and comes back with the result.
	Row any
}

// where is the place of the job for messages.
func (j *Job) where() string {
	if j.Place != nil {
		return j.Place.String()
	}
	return fmt.Sprintf("row %d", j.Number)
}

// ends reports whether the row has no message.
func (j *Job) ends() bool { return j.Err != nil || j.Skip != "" || j.Suppressed != "" }

// Letter is a message ready to be sent.
type Letter struct {
	Content   smtp.Content // its Size must be known
	MessageID string
	// Options refine how this one is sent; nil is Options.Send.
	Options *smtp.SendOptions
}

// Need is what of the jobs will be used, so that a source can spare the rest.
type Need string

const (
	NeedKeys       Need = "keys"       // Number, Key, Hash, Place and Row, and Err where these cannot be told
	NeedRecipients Need = "recipients" // all but Build and Row
	NeedLetters    Need = "letters"    // all
)

// Source opens the rows, from the first one on. It is called once for each pass
// over them, and must give the same rows each time.
type Source func(ctx context.Context, need Need) (Rows, error)

// Rows are the rows of one pass. All functions are called on the goroutine that
// called Run.
type Rows struct {
	// Next returns one row after the other, and io.EOF after the last. Any other
	// error ends the run.
	Next func() (Job, error)
	// Describe adds to a row of NeedKeys what NeedLetters has; an error ends the run.
	// nil is a source whose rows always have everything.
	Describe func(*Job) error
	// Close may be nil.
	Close func() error
}
