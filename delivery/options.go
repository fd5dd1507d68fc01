package delivery

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// Options refine Run. Pool is required; the zero value of any other field is the
// usual.
type Options struct {
	// Pool has the connections. It stays the caller's, who closes it.
	Pool *smtp.Pool
	// Connections is how many are used at once; 0 is 4. The pool may allow fewer.
	Connections int
	// Stream says how many messages may be on their way over each connection, and
	// how they travel. Commit and Left are not the caller's.
	Stream smtp.StreamOptions
	// Send goes with each message that does not say otherwise.
	Send smtp.SendOptions
	// Journal remembers; nil is one in memory, which the run takes with it.
	Journal Journal

	// Workers build messages; 0 is as many as there are processors.
	Workers int
	// Window is how many rows may be on their way, from their source to their
	// result; 0 follows from workers and connections.
	Window int
	// Bytes is how many octets of built messages may be; 0 is 16 MiB.
	Bytes int64

	Rate  Rate
	Retry Retry
	// Doubt is what becomes of messages whose end was written and never answered.
	Doubt DoubtPolicy
	// Duplicates are rows with a key that an earlier row has.
	Duplicates DuplicatePolicy
	// Addresses says whether one may get more than one message.
	Addresses AddressPolicy
	// Edits are rows that changed since they were sent.
	Edits EditPolicy
	// Examined is what is known of an earlier look at all rows.
	Examined Examined
	// StopAfter is how many messages in a row may be refused for good for what
	// they are, or for whom they come from, before the run ends; 0 is 10, less is
	// never.
	StopAfter int
	// Ends reports whether a fault of one message ends the run; nil means none does.
	Ends func(error) bool

	// Stop, once closed, lets the run end early: nothing more is begun, what is on
	// its way is awaited. The context of Run ends it at once.
	Stop <-chan struct{}
	// OnResult is told what became of each row, in their order. A row that is to be
	// tried again steps aside until it is decided. An error stops the run as Stop
	// does, and is what Run returns.
	OnResult func(Result) error
	// OnProgress is told how far the run has come, each Interval; 0 is a second.
	OnProgress func(Progress)
	Interval   time.Duration

	// Failpoint is called at each of Failpoints, by name, for tests: an error ends the
	// run there as one of the journal would, and what never returns is a crash.
	Failpoint func(name string) error

	// Now is the time of day, for what the journal keeps; nil is that of the machine.
	Now func() time.Time
	// Random returns numbers from 0 to 1 that spread attempts; nil is a good one.
	Random func() float64
}

// DoubtPolicy is what becomes of a message that may have arrived.
type DoubtPolicy string

const (
	Hold       DoubtPolicy = "hold"        // it is left to a person
	Resend     DoubtPolicy = "resend"      // it is sent again, and may arrive twice
	AssumeSent DoubtPolicy = "assume-sent" // it counts as sent, and may be lost
)

// DuplicatePolicy is what becomes of rows with a key that an earlier one has.
type DuplicatePolicy string

const (
	RefuseDuplicates DuplicatePolicy = "refuse" // nothing is sent
	FirstDuplicate   DuplicatePolicy = "first"  // the first is sent, the others count as duplicates
)

// AddressPolicy is whether an address may be in two rows.
type AddressPolicy string

const (
	UniqueAddresses AddressPolicy = "unique" // else nothing is sent
	AnyAddresses    AddressPolicy = "any"
)

// EditPolicy is what becomes of rows that changed since they were sent.
type EditPolicy string

const (
	RefuseEdits EditPolicy = "refuse" // they fail, and where rows are looked at first nothing is sent
	IgnoreEdits EditPolicy = "ignore" // they stay what they are: already sent, or in doubt
)

// Examined is what a run that looked at all rows before anything was sent has left to
// those that resume it.
type Examined struct {
	// Sum is what Note was told last. Where the rows still have it, whom their messages
	// are for is not asked again: describing them must be what it was. nil is no sum.
	Sum []byte
	// Note keeps the sum of rows in which nothing was wrong; nil is nobody who does.
	Note func(sum []byte) error
}

// Retry says when what was refused for now is tried again.
type Retry struct {
	// For is how long a row is tried again in this run; 0 is 30 minutes, less is
	// not at all.
	For time.Duration
	// Expire is how old a row may be, from its first attempt, before it fails; 0
	// is 48 hours.
	Expire time.Duration
	// Soon is the first pause after a connection that ended; 0 is a second.
	Soon time.Duration
	// Least and Most are the bounds of the first pause after a refusal that does
	// not say how long: servers that greylist want one of some minutes (RFC 6647,
	// section 5). 0 is 5 and 15 minutes. Each further pause doubles.
	Least, Most time.Duration
	// Longest bounds all pauses; 0 is 4 hours.
	Longest time.Duration
	// Rows is how many may wait; 0 is 10,000. More are left to another run.
	Rows int
}

func (r Retry) withDefaults() Retry {
	setDefault(&r.For, 30*time.Minute)
	setDefault(&r.Expire, 48*time.Hour)
	setDefault(&r.Soon, time.Second)
	setDefault(&r.Least, 5*time.Minute)
	setDefault(&r.Most, 15*time.Minute)
	setDefault(&r.Longest, 4*time.Hour)
	setDefault(&r.Rows, 10_000)
	return r
}

func (o Options) withDefaults() Options {
	setDefault(&o.Connections, 4)
	setDefault(&o.Stream.Messages, 64)
	setDefault(&o.Workers, runtime.GOMAXPROCS(0))
	setDefault(&o.Window, groupSize*(2*o.Workers+2)+2*o.Connections*o.Stream.Messages)
	setDefault(&o.Bytes, 16<<20)
	setDefault(&o.Doubt, Hold)
	setDefault(&o.Duplicates, RefuseDuplicates)
	setDefault(&o.Addresses, UniqueAddresses)
	setDefault(&o.Edits, RefuseEdits)
	setDefault(&o.StopAfter, 10)
	setDefault(&o.Interval, time.Second)
	o.Retry = o.Retry.withDefaults()
	if o.Journal == nil {
		o.Journal = NewMemory()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Ends == nil {
		o.Ends = func(error) bool { return false }
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// background is for what must be noted although the run has ended.
func background(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }
