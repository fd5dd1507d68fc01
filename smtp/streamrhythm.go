package smtp

import (
	"time"
)

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

// hungry reports whether there is room for so much that filling it comes before
// handing out results.
func (st *Stream) hungry() bool {
	if st.exhausted || st.slow {
		return false
	}
	return st.rhythm != backToBack || st.held() <= st.options.Messages/2
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
	case st.gone():
		st.abandon()
	case st.broken(), st.ctx.Err() != nil:
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
			f := st.shift()
			f.alone = true
			st.start(f)
		}
	}
}

// fewMails is how many transactions a server must take on a connection for the
// probe to be worth one (RFC 9422, section 4).
const fewMails = 10

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
	if most := s.caps.bounds.mails; transfer == "" && (known.counts || most > 0 && most <= fewMails) {
		return // the probe would cost one of them
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
		st.start(st.untried(m))
	case good:
		st.rhythm, st.bdat = backToBack, true
	default:
		// A server that reads refused chunks as commands is given none that it
		// might refuse, unless the caller insists.
		st.bdat = transfer == TransferBdat
	}
}

// launch begins as many transactions as there is room for, back to back.
func (st *Stream) launch() {
	if st.blocked() {
		return
	}
	st.gather(st.options.Messages)
	if len(st.gathered) == 0 || !st.commit() {
		return
	}
	st.out.at = time.Since(st.session.log.start)
	for len(st.gathered) > 0 {
		f := st.shift()
		// Once it is started, the reader may have to decide it.
		decided := f.result.Outcome != ""
		f.alone, f.begins = st.lonely(f), true
		st.start(f)
		if f.alone {
			break
		}
		if decided {
			continue
		}
		if len(st.out.buf)+f.envelopeSize()+int(f.weight) > blockSize {
			st.out.write() // rather than a message in two writes
		}
		if err := st.out.envelope(f); err != nil {
			st.refuse(f, err)
			break
		}
		st.out.message(f)
	}
	st.out.write()
}

// turn moves on where every message waits for the envelope of its own: it sends
// the text of the one that is ready together with the envelope of the next.
func (st *Stream) turn() {
	current := st.current
	ahead := 1
	if st.options.Commit != nil {
		ahead = st.options.Messages
	}
	if current != nil && !st.ready(current) {
		if len(st.gathered) == 0 && !st.slow {
			st.gather(ahead)
		}
		return
	}
	st.out.at = time.Since(st.session.log.start)
	st.setCurrent(nil)
	if len(st.gathered) == 0 && !(current != nil && st.slow) {
		st.gather(ahead)
	}
	committed := st.commit()
	if current != nil {
		st.moves++
		st.text(current)
	}
	for committed && len(st.gathered) > 0 && !st.blocked() {
		f := st.shift()
		decided := f.result.Outcome != ""
		f.alone = st.lonely(f)
		f.asks, f.begins = !st.bdat, st.bdat || st.dirty
		st.start(f)
		if f.alone {
			break
		}
		if decided {
			continue
		}
		st.dirty = st.bdat
		if err := st.out.envelope(f); err != nil {
			st.refuse(f, err)
			break
		}
		st.setCurrent(f)
		break
	}
	st.out.write()
}

func (st *Stream) setCurrent(f *flight) {
	st.mu.Lock()
	st.current = f
	st.mu.Unlock()
}

// text words the message whose envelope was answered, where it is wanted.
func (st *Stream) text(f *flight) {
	st.mu.Lock()
	answered, wanted := f.answered, f.willing() > 0
	if !answered && !wanted {
		f.empty = true
	}
	st.mu.Unlock()
	switch {
	case answered:
		st.dirty = true
	case wanted:
		st.out.message(f)
	default:
		// RFC 2920, section 3.1: with every recipient refused, and the message
		// asked for all the same, a lone dot ends it.
		st.out.behindHeld()
		st.session.log.mu.Lock()
		st.out.line(".")
		st.session.log.mu.Unlock()
		st.out.marks = append(st.out.marks, mark{flight: f, asked: f.envelope() + 1})
		st.dirty = true
	}
}

// ready reports whether the envelope of a flight is answered.
func (st *Stream) ready(f *flight) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return f.answered || f.asked > 0 && f.heard == f.envelope()
}

// blocked reports whether something must come to its end before more is begun.
func (st *Stream) blocked() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.leftovers > 0 {
		return true
	}
	last := len(st.flights) - 1
	return last >= st.hearing && st.flights[last].alone
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
	st.batch = st.batch[:0]
	for _, f := range st.gathered[st.committed:] {
		st.batch = append(st.batch, f.given)
	}
	err := st.options.Commit(st.ctx, st.batch)
	clear(st.batch)
	if err != nil {
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

// refuse ends the stream for a flight that may not be begun.
func (st *Stream) refuse(f *flight, err error) {
	st.mu.Lock()
	f.lost(false)
	st.hear()
	st.flights = st.flights[:len(st.flights)-1]
	st.hearing = min(st.hearing, len(st.flights))
	st.final = f
	st.mu.Unlock()
	st.end(err)
	st.drop()
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
	st.untry()
}

// untry hands out what was gathered and will not be begun.
func (st *Stream) untry() {
	for _, f := range st.gathered {
		if f.result.Outcome == "" {
			f.lost(false)
		}
		st.start(f)
	}
	st.gathered, st.committed = nil, 0
}
