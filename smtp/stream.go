package smtp

import (
	"context"
	"io"
	"sync"
	"time"
)

// Mail is one message of a stream.
type Mail struct {
	Envelope Envelope
	Content  Content
	Options  SendOptions
}

// StreamOptions refine Stream. The zero value is the usual.
type StreamOptions struct {
	// Messages is how many may be on their way at once; 0 is 64.
	Messages int
	// Bytes is how many octets may be; 0 is 1 MiB. A larger message travels alone.
	Bytes int64
	// Transfer is how messages travel whose own options do not say; "" takes BDAT
	// where the server shows that it handles it well, else DATA.
	Transfer Transfer
	// Commit is called before the end of any message of batch is written, with
	// the messages in the order of the source; each message is in one batch. On
	// an error the stream ends, and none of the batch is sent.
	Commit func(ctx context.Context, batch []Mail) error
	// Grace is how long replies are awaited after ctx has ended, for messages
	// whose end was written; 0 is 3 seconds.
	Grace time.Duration
	// Left is told of the messages that were still on their way when the stream
	// was left, once it is known what became of them.
	Left func(Mail, Result)
}

func (o StreamOptions) withDefaults() StreamOptions {
	if o.Messages <= 0 {
		o.Messages = 64
	}
	if o.Bytes <= 0 {
		o.Bytes = 1 << 20
	}
	if o.Grace <= 0 {
		o.Grace = 3 * time.Second
	}
	return o
}

// rhythm is how the messages of a stream share the connection.
type rhythm string

const (
	// oneByOne is Send for each: the server does not offer PIPELINING.
	oneByOne rhythm = "one by one"
	// inTurns sends the text of a message together with the envelope of the next:
	// one round trip a message (RFC 2920, section 3.1).
	inTurns rhythm = "in turns"
	// backToBack sends whole transactions without waiting: no round trip at all.
	// Text follows recipients that may have been refused, so the server must skip
	// the chunk of a transaction it has refused (RFC 3030, section 2), which the
	// probe finds out.
	backToBack rhythm = "back to back"
)

// Stream carries messages over a session, several at a time, and returns their
// results in the order of their source. Its methods are for one goroutine.
type Stream struct {
	session *Session
	ctx     context.Context
	next    func() (Mail, error)
	options StreamOptions
	rhythm  rhythm
	bdat    bool

	// Of the goroutine that calls Next.
	begun      bool      // the rhythm is chosen
	exhausted  bool      // the source has no more, or the stream ends early
	slow       bool      // the source takes its time
	gathered   []*flight // prepared, not begun
	committed  int       // of gathered, how many the Commit hook has seen
	dirty      bool      // in turns: the next transaction must begin with RSET
	out        output
	moves      int       // changes with whatever may let the stream go on
	graceEnd   time.Time // when replies are no longer awaited, once ctx has ended
	writeUntil time.Time // the write deadline that is set
	over       bool

	mu      sync.Mutex // below, and what the wire knows, while the reader runs
	flights []*flight  // begun, and those that wait for one begun; oldest first
	first   int        // flights[:first] were handed out
	hearing int        // flights[first:hearing] are answered
	octets  int64      // of flights that are not
	pending int        // flights begun and not answered
	current *flight    // in turns: the one whose envelope was sent, and not its text
	// leftovers are flights with recipients left for another transaction.
	leftovers int
	open      bool    // the last transaction heard of was not ended by its message
	behind    bool    // and had a message
	refused   bool    // some transaction was not ended by its message
	ending    error   // what Next returns once all flights are handed out
	final     *flight // whose fault ending is
	reading   bool    // the reader runs
	paused    bool    // and is to end
	readEnd   chan struct{}
	since     time.Time // when the oldest reply owed began to be awaited
	armed     time.Time // the read deadline that is set
	writeAt   time.Time // when a write failed
	wake      chan struct{}
	spare     []*flight
	// stopCancel ends the watch on ctx that goes with the reader.
	stopCancel func() bool
}

// Stream begins to carry messages. next is called, on the goroutine that calls
// Next, for one message after the other, ahead of their results; io.EOF ends
// the stream. ctx governs all of it: once it ends nothing more is begun.
//
// The stream occupies the session until Next has returned an error. Any other
// method of the session leaves the stream: what is on its way is awaited, and
// Left told of it.
func (s *Session) Stream(ctx context.Context, next func() (Mail, error), options StreamOptions) *Stream {
	s.leaveStream()
	st := &Stream{
		session: s, ctx: ctx, next: next, options: options.withDefaults(),
		wake: make(chan struct{}, 1),
	}
	st.out.stream = st
	s.stream = st
	return st
}

// Next returns the result of the next message. After the last, and after
// whatever ended the stream, the error is not nil: io.EOF where all is done. A
// fault that belongs to one message comes with what is known of it; a connection
// that ends is a fault after the results of everything that was on its way,
// each with its own outcome.
func (st *Stream) Next() (Result, error) {
	for {
		before := st.moves
		if !st.over {
			st.advance()
		}
		st.mu.Lock()
		if f := st.oldest(); f != nil && f.done() {
			result := f.result
			st.first++
			st.recycle(f)
			st.mu.Unlock()
			return result, nil
		}
		if st.first == len(st.flights) && len(st.gathered) == 0 && st.ending != nil {
			result, err := Result{}, st.ending
			if st.final != nil {
				result, st.final = st.final.result, nil
			}
			st.mu.Unlock()
			st.conclude()
			return result, err
		}
		st.mu.Unlock()
		if st.moves == before {
			st.wait()
		}
	}
}

// oldest is the flight whose result comes next.
func (st *Stream) oldest() *flight {
	if st.first < len(st.flights) {
		return st.flights[st.first]
	}
	return nil
}

// hungry reports whether there is room for so much that filling it comes before
// handing out results.
func (st *Stream) hungry() bool {
	if st.exhausted || st.slow {
		return false
	}
	return st.rhythm != backToBack || st.pending <= st.options.Messages/2
}

// advance writes what can be written now.
func (st *Stream) advance() {
	if !st.begun {
		st.begin()
	}
	st.interrupted()
	st.mu.Lock()
	f := st.oldest()
	ready, hungry, stuck := f != nil && f.done(), st.hungry(), st.stuck()
	st.mu.Unlock()
	switch {
	case st.broken():
		st.abandon()
	case st.ctx.Err() != nil:
	case stuck != nil:
		st.sendAlone(stuck)
	case ready && !hungry:
	case st.rhythm == inTurns:
		st.turn()
	case st.rhythm == backToBack:
		st.launch()
	default:
		st.gather(1)
		if len(st.gathered) > 0 && st.commit() {
			st.start(st.shift()).alone = true
		}
	}
}

// begin chooses the rhythm, once.
func (st *Stream) begin() {
	st.begun = true
	s := st.session
	s.stream = nil // for what the session does on the stream's behalf
	defer func() { s.stream = st }()
	err := s.notInMessage("MAIL")
	if err == nil {
		err = s.wire.quiet("MAIL")
	}
	if err != nil {
		st.end(err)
		return
	}
	if s.open {
		// A transaction begun with single commands would lend its recipients.
		s.resetTransaction(st.ctx)
	}
	st.rhythm = oneByOne
	if st.options.Transfer == TransferBdat && !s.has("CHUNKING") {
		st.end(chunkingMissing())
		return
	}
	if !s.pipelines() {
		st.bdat = st.options.Transfer == TransferBdat
		return
	}
	known, transfer := s.known(), st.options.Transfer
	st.rhythm = inTurns
	if transfer == TransferData || !s.has("CHUNKING") {
		if known.fragile {
			st.rhythm = oneByOne
		}
		return
	}
	if known.counts && transfer == "" {
		return
	}
	source := st.next
	m, err := source()
	st.next = func() (Mail, error) {
		st.next = source
		return m, err
	}
	if err != nil {
		return // nothing to probe for
	}
	good, err := s.discards(st.ctx, m.Envelope.From)
	switch {
	case err != nil:
		st.end(err)
	case good:
		st.rhythm, st.bdat = backToBack, true
	default:
		// A server that reads refused chunks as commands is given none that it
		// might refuse, unless the caller insists.
		st.bdat = transfer == TransferBdat
	}
}

// slowSource is how long a source may take for a message before messages ahead
// of it are no longer kept back for company.
const slowSource = time.Millisecond

// gather takes messages from the source until so many are ready to be begun.
func (st *Stream) gather(most int) {
	asked := time.Since(st.session.log.start)
	st.mu.Lock()
	pending, octets := st.pending, st.octets
	st.mu.Unlock()
	before := octets
	defer func() {
		st.mu.Lock()
		st.octets += octets - before
		st.mu.Unlock()
	}()
	for !st.exhausted && len(st.gathered) < most {
		busy := pending + len(st.gathered)
		if busy > 0 && (busy >= st.options.Messages || octets >= st.options.Bytes) {
			return
		}
		if err := st.ctx.Err(); err != nil {
			st.end(&Error{Kind: KindLost, Command: "stream", Err: context.Cause(st.ctx)})
			return
		}
		if err := st.mayMail(); err != nil {
			st.end(err)
			return
		}
		m, err := st.next()
		elapsed := time.Since(st.session.log.start)
		st.slow, asked = elapsed-asked > slowSource, elapsed
		if err != nil {
			st.end(err)
			return
		}
		f := st.flight(m)
		err = f.prepare(m.Envelope)
		if err == nil && f.result.Outcome == "" && !st.lonely(f) {
			if err = f.load(); err != nil {
				f.lost(false)
				err = &Error{Kind: KindFile, Command: "message", Err: err}
			}
		}
		if err != nil {
			st.mu.Lock()
			st.final = f
			st.mu.Unlock()
			st.end(err)
			return
		}
		f.weight = max(f.content.Size, 0)
		octets += f.weight
		st.gathered = append(st.gathered, f)
		if st.slow {
			return
		}
	}
}

// mayMail counts what is gathered towards what the server takes.
func (st *Stream) mayMail() error {
	most := st.session.caps.bounds.mails
	if most == 0 {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.session.mails+len(st.gathered) < most {
		return nil
	}
	return limitReached(most)
}

// flight is a new flight, or one that was used before.
func (st *Stream) flight(m Mail) *flight {
	var f *flight
	if last := len(st.spare) - 1; last >= 0 {
		f, st.spare = st.spare[last], st.spare[:last]
		f.progress, f.result, f.pieces, f.tail = progress{}, Result{}, nil, ""
		f.checked, f.refused, f.room = false, false, nil
		f.delivery.to = f.delivery.to[:0]
	} else {
		f = &flight{}
		f.session, f.options, f.content = st.session, &f.given.Options, &f.given.Content
		f.transaction.delivery = &f.delivery
	}
	f.given = m
	if f.options.Transfer == "" && !m.Content.Binary {
		f.options.Transfer = TransferData
		if st.bdat {
			f.options.Transfer = TransferBdat
		}
	}
	return f
}

func (st *Stream) recycle(f *flight) {
	if st.first > 256 {
		kept := copy(st.flights, st.flights[st.first:])
		clear(st.flights[kept:])
		st.flights = st.flights[:kept]
		st.hearing -= st.first
		st.first = 0
	}
	// One whose text is still to be dealt with stays what it is.
	if len(st.spare) < st.options.Messages && f != st.current {
		st.spare = append(st.spare, f)
	}
}

// start takes a gathered flight among those that are begun.
func (st *Stream) start(f *flight) *flight {
	f.transaction.to = f.delivery.to
	st.moves++
	st.mu.Lock()
	defer st.mu.Unlock()
	st.flights = append(st.flights, f)
	st.pending++
	if f.result.Outcome != "" { // decided without asking
		f.answered = true
		st.hear()
	}
	return f
}

// lonely reports whether a message cannot share the connection: a check of
// recipients, one that is large or of unknown size, one that has to be split, or
// one that travels otherwise than the rest.
func (st *Stream) lonely(f *flight) bool {
	if f.result.Outcome != "" {
		return false
	}
	return st.rhythm == oneByOne || f.options.Until != "" ||
		f.content.Size < 0 || f.content.Size > st.options.Bytes ||
		(f.options.Transfer == TransferBdat) != st.bdat ||
		len(st.session.caps.bounds.batch(f.delivery.to)) < len(f.delivery.to) ||
		f.envelopeSize() > rcptBatch
}

// stuck is a flight that waits for the connection to itself, once it has it.
func (st *Stream) stuck() *flight {
	if st.hearing < len(st.flights) {
		if f := st.flights[st.hearing]; f.alone {
			return f
		}
		return nil
	}
	for _, f := range st.flights[st.first:] {
		if f.more {
			return f
		}
	}
	return nil
}

// sendAlone carries one flight, or what is left of it, in the way of Send.
func (st *Stream) sendAlone(f *flight) {
	st.moves++
	st.pause()
	s := st.session
	s.stream = nil
	s.open, st.open, st.dirty = st.open, false, false
	s.resetTransaction(st.ctx)
	var waiting []*addressee
	for _, a := range f.delivery.to {
		if !f.more || a.again {
			a.again = false
			waiting = append(waiting, a)
		}
	}
	f.delivery.to = waiting
	err := f.delivery.run(st.ctx)
	s.stream = st
	st.mu.Lock()
	st.open = s.open
	if f.more {
		st.leftovers--
	}
	f.more, f.alone = false, false
	if !f.answered {
		f.answered = true
		st.hear()
	}
	st.mu.Unlock()
	if err != nil {
		// Its result goes with the fault.
		st.mu.Lock()
		if f == st.flights[len(st.flights)-1] {
			st.flights = st.flights[:len(st.flights)-1]
			st.hearing = min(st.hearing, len(st.flights))
			st.final = f
		}
		st.mu.Unlock()
		st.end(err)
	}
}

// commit tells the hook of what is gathered, and reports whether it may be sent.
func (st *Stream) commit() bool {
	if st.options.Commit == nil || st.committed == len(st.gathered) {
		st.committed = len(st.gathered)
		return true
	}
	var batch []Mail
	for _, f := range st.gathered[st.committed:] {
		batch = append(batch, f.given)
	}
	if err := st.options.Commit(st.ctx, batch); err != nil {
		st.end(&Error{Kind: KindFile, Command: "commit", Err: err})
		for _, f := range st.gathered[st.committed:] {
			f.lost(false)
			st.start(f)
		}
		st.gathered = st.gathered[:st.committed]
		return false
	}
	st.committed = len(st.gathered)
	return true
}

// end notes why nothing more is begun. The first reason is kept, but that the
// source has ended is none beside another.
func (st *Stream) end(err error) {
	st.exhausted = true
	st.moves++
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ending == nil || st.ending == io.EOF {
		st.ending = err
	}
}

// broken reports whether the connection can carry no more.
func (st *Stream) broken() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.session.wire.broken != nil || !st.writeAt.IsZero()
}

// abandon hands out what was gathered and can no longer be begun: it is safe to
// try again. Where nothing is known to be left, the source is asked.
func (st *Stream) abandon() {
	st.mu.Lock()
	if st.session.wire.broken != nil {
		st.loseAll(false)
	}
	asks, why := st.ending == nil && len(st.gathered) == 0, st.session.wire.broken
	if fault, ok := why.(*Error); !ok || fault.InDoubt {
		why = st.session.wire.usable("MAIL")
	}
	st.mu.Unlock()
	if asks {
		st.gather(1)
	}
	st.mu.Lock()
	settled := st.ending != nil && len(st.gathered) == 0
	st.mu.Unlock()
	if settled {
		return // nothing is left that could fail
	}
	st.end(why)
	for _, f := range st.gathered {
		if f.result.Outcome == "" {
			f.lost(false)
		}
		st.start(f)
	}
	st.gathered, st.committed = nil, 0
}

// conclude gives the session back.
func (st *Stream) conclude() {
	if st.over {
		return
	}
	st.over = true
	st.pause()
	s := st.session
	if s.stream == st {
		s.stream = nil
	}
	if s.wire.broken != nil {
		return
	}
	s.open = st.open
	s.resetTransaction(st.ctx)
	s.settle()
}

// Leave stops taking messages from the source and waits for what is on its way.
// Left is told of what Next has not returned.
func (st *Stream) Leave() {
	if st.over {
		return
	}
	st.exhausted, st.gathered, st.committed = true, nil, 0
	st.end(io.EOF)
	st.mu.Lock()
	if last := len(st.flights) - 1; last >= st.first && st.flights[last].alone {
		// Its transaction is not begun.
		st.octets -= st.flights[last].weight
		st.flights = st.flights[:last]
		st.hearing = min(st.hearing, last)
		st.pending--
	}
	st.mu.Unlock()
	for {
		var left Mail
		st.mu.Lock()
		if f := st.oldest(); f != nil {
			left = f.given
		} else if st.final != nil {
			left = st.final.given
		}
		st.mu.Unlock()
		result, err := st.Next()
		if err == nil || len(result.Recipients) > 0 {
			if st.options.Left != nil {
				st.options.Left(left, result)
			}
		}
		if err != nil {
			return
		}
	}
}

// cut ends the stream with the connection.
func (st *Stream) cut() {
	st.mu.Lock()
	st.session.wire.breakOff(ErrClosed)
	st.loseAll(false)
	st.mu.Unlock()
	st.Leave()
}

// leaveStream gives the session back to its other methods.
func (s *Session) leaveStream() {
	if s.stream != nil {
		s.stream.Leave()
	}
}
