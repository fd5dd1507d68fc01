package delivery

import (
	"context"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// Journal remembers what became of the rows of a run: planned → claimed →
// in doubt → sent, deferred or failed, for each recipient. All methods take
// batches, are called on several goroutines at once, and return once what they
// note would survive the machine; that a row was new, and is to be sent, need not
// before Doubt. On any error the run ends: nothing more is sent.
//
// A row is known by its key. Within one opening of the journal a key that comes
// a second time with another number is a duplicate. A journal that outlives the
// process knows whom it has written to, too, unless it was told not to mind.
type Journal interface {
	// Look fills known with what is known of rows, and changes nothing.
	Look(ctx context.Context, rows []Entry, known []Known) error
	// Finished fills known for rows that are done, whose number and hash are what they
	// were, as Claim would: who they were for is not asked, and Recipients is nil. The
	// others are as if they had not been asked about.
	Finished(ctx context.Context, rows []Entry, known []Known) error
	// Claim fills known, notes rows that are New, and takes for the caller those
	// that may be sent: New, Open and Doubtful ones; recipients in doubt stay so
	// until they are settled. It is called again for each further attempt, also where
	// the one before came to nothing because the row was not due. A row of which nothing
	// was ever sent takes the new hash.
	Claim(ctx context.Context, rows []Entry, known []Known) error
	// Doubt notes what became of earlier messages, as Settle does, and then that the
	// ends of these are about to be written: both at once, since a window of
	// messages begins where the one before it ends. The attempts are on one connection.
	Doubt(ctx context.Context, settled []Settled, attempts []Attempt) error
	// Release takes Doubt back: the end was not written, or what the server said
	// to it was that it has taken nothing. Each is again what it was before.
	Release(ctx context.Context, attempts []Attempt) error
	// Settle notes what became of recipients.
	Settle(ctx context.Context, settled []Settled) error
}

// Entry is a row as the journal knows it.
type Entry struct {
	Key        string
	Number     int64
	Hash       uint64
	Recipients []string // of the envelope
}

// Status is what is known of a row.
type Status string

const (
	StatusNew        Status = "new"        // never seen, or planned and never tried
	StatusOpen       Status = "open"       // some recipient is deferred
	StatusDoubtful   Status = "doubtful"   // none is, and some is in doubt
	StatusSent       Status = "sent"       // done, and nothing failed
	StatusFailed     Status = "failed"     // done
	StatusEdited     Status = "edited"     // another content, of which something was sent or may have been
	StatusDuplicate  Status = "duplicate"  // claimed already, under another number
	StatusSuppressed Status = "suppressed" // no recipient may get anything
	StatusTaken      Status = "taken"      // its address got a message as that of another key, or may have
)

// Known is what the journal knows of a row.
type Known struct {
	ID     int64 // of the row in the journal
	Status Status
	// Tried is what came of attempts, nil where there was none.
	Tried *Tried
	// Holder is who has the address of a row that is StatusTaken.
	Holder *Holder
}

// Tried is what earlier attempts at a row have left.
type Tried struct {
	// Past is what became of each recipient of the envelope; the outcome is "" of
	// one that has had no attempt.
	Past     []smtp.Recipient
	Attempts int
	First    time.Time // when the first was made
	Again    time.Time // when an open row is due
	Sum      []byte    // of the message's octets, nil where it is not known
}

// Attempt is a message on its way to some recipients.
type Attempt struct {
	ID   int64
	Open []int // the recipients it is for, as indexes of Entry.Recipients; nil is all
	// MessageID and Via are as in Settled, for whoever has to find out what became of it.
	MessageID string
	Via       string
}

// Settled is what became of an attempt.
type Settled struct {
	ID        int64
	Open      []int            // which recipients; nil is all
	To        []smtp.Recipient // what became of each of them
	At        time.Time
	Again     time.Time // when it is due, where some are deferred
	Sum       []byte    // of the message's octets, where it may be sent again
	MessageID string
	// Via is the server, and how the connection was encrypted: "mx.example:587
	// TLS 1.3". It is "" for what is assumed of an earlier run.
	Via string
	// Assumed is true where an answer never came and To says sent, because the
	// run assumes so.
	Assumed bool
}
