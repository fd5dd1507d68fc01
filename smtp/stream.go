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
	// Messages is how many may be on their way at once, from Commit until Next
	// returns their results; 0 is 64.
	Messages int
	// Bytes is how many octets may be; 0 is 1 MiB. A larger message travels alone.
	Bytes int64
	// Transfer is how messages travel whose own options do not say; "" takes BDAT
	// where the server shows that it handles it well, else DATA.
	Transfer Transfer
	// Commit is called before the end of any message of batch is written, with
	// the messages in the order of the source; each message is in one batch, which
	// is the stream's again once it returns. On an error the stream ends, and none
	// of the batch is sent.
	Commit func(ctx context.Context, batch []Mail) error
	// Grace is how long replies are awaited after ctx has ended, for messages
	// whose end was written; 0 is 3 seconds.
	Grace time.Duration
	// Left is told of the messages that were still on their way when the stream
	// was left, once it is known what became of them; and, with an empty Result,
	// of those that were taken from the source and will not be begun.
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
	batch      []Mail    // room for what the hook is told
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
	st.out.stream, st.out.buf, s.room = st, s.room, nil
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

// held is how many messages were begun and not handed out: whoever notes results as
// he gets them has all of these in doubt. mu is held.
func (st *Stream) held() int { return len(st.flights) - st.first }

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

// gone reports whether the connection is, with whatever might still come over it.
func (st *Stream) gone() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.session.wire.broken != nil
}

// broken reports whether the connection can carry no more.
func (st *Stream) broken() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.session.wire.broken != nil || !st.writeAt.IsZero()
}

// conclude gives the session back.
func (st *Stream) conclude() {
	if st.over {
		return
	}
	st.over = true
	st.pause()
	s := st.session
	// Streams of a merge are many and short. Whatever was written has left the room.
	if s.room, st.out.buf = st.out.buf[:0], nil; cap(s.room) > 2*blockSize {
		s.room = nil
	}
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
	st.end(io.EOF)
	gathered := st.gathered
	st.gathered, st.committed = nil, 0
	defer func() {
		st.gathered = gathered
		st.drop()
	}()
	st.mu.Lock()
	if last := len(st.flights) - 1; last >= st.first && st.flights[last].alone {
		// Its transaction is not begun.
		st.octets -= st.flights[last].weight
		st.flights = st.flights[:last]
		st.hearing = min(st.hearing, last)
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
