package smtp

import (
	"context"
	"time"
)

// slowSource is how long a source may take for a message before messages ahead
// of it are no longer kept back for company.
const slowSource = time.Millisecond

// gather takes messages from the source until so many are ready to be begun.
func (st *Stream) gather(most int) {
	asked := time.Since(st.session.log.start)
	st.mu.Lock()
	held, octets := st.held(), st.octets
	st.mu.Unlock()
	before := octets
	defer func() {
		st.mu.Lock()
		st.octets += octets - before
		st.mu.Unlock()
	}()
	for !st.exhausted && len(st.gathered) < most {
		busy := held + len(st.gathered)
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
	if f.result.Outcome != "" { // decided without asking
		f.answered = true
		st.hear()
	}
	return f
}

// untried is a flight that was never begun: it is safe to try again.
func (st *Stream) untried(m Mail) *flight {
	f := st.flight(m)
	for _, address := range m.Envelope.To {
		f.result.Recipients = append(f.result.Recipients, Recipient{Address: address})
	}
	f.lost(false)
	return f
}

// drop tells of what is gathered and will not be begun.
func (st *Stream) drop() {
	gathered := st.gathered
	st.gathered, st.committed = nil, 0
	for _, f := range gathered {
		st.mu.Lock()
		st.octets -= f.weight
		st.mu.Unlock()
		if st.options.Left != nil {
			st.options.Left(f.given, Result{})
		}
	}
}

// shift takes the first of what is gathered.
func (st *Stream) shift() *flight {
	f := st.gathered[0]
	st.gathered = st.gathered[1:]
	st.committed--
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

// envelopeSize is about how much the commands of a flight take.
func (f *flight) envelopeSize() int {
	n := len(f.mail.text) + 16
	for _, a := range f.delivery.to {
		n += len(a.line.text) + 2
	}
	return n
}
