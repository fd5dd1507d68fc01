package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// sender is one goroutine that sends, over one connection after the other.
type sender struct {
	r    *run
	rank int // how many others there are before this one is needed

	session   *smtp.Session
	flying    []*item // taken by the stream and not answered, flying[first:], oldest first
	first     int
	committed int       // of them, how many the journal knows to be in doubt
	slot      time.Time // when the next message may begin; zero where none is reserved
	busy      bool      // one that is to be alone is on its way
	drains    bool      // the stream takes nothing more
	answers   int       // in this stream, those that came from the server
	doubts    int       // in this stream, the messages it left in doubt
	failed    error     // of the journal
	out       []*item   // answered, and not handed on
	outSince  time.Time // when the first of them was
	settled   []Settled // room for what the journal is told of them
	owed      owed      // of those handed on, the journal has yet to hear
	back      []*item   // to be sent again at once, oldest first
	attempts  []Attempt
	used      bool // has had a connection
	useful    bool // a message was taken over it
	via       string
	begun     time.Time
}

// work sends until nothing more comes.
func (s *sender) work() {
	r := s.r
	for {
		least := 0
		if !s.used {
			least = s.rank * rankRows
		}
		if !r.ready.wait(least) {
			return
		}
		if !s.rest(r.brake.wait()) || s.slotFar() && !s.rest(time.Until(s.slot)) {
			continue
		}
		if !r.ready.has() {
			continue // others were quicker
		}
		s.begun = time.Now()
		if s.session = r.connect(s.begun); s.session != nil {
			s.used, s.useful, s.via = true, false, via(s.session)
			s.carry()
		}
	}
}

// via names a connection for the journal.
func via(s *smtp.Session) string {
	if state := s.TLS(); state != nil {
		return s.Target().Address() + " " + tls.VersionName(state.Version)
	}
	return s.Target().Address()
}

// rankRows is how many messages must wait before one more connection is opened.
const rankRows = 8

// connect gets a connection, nil where that is to be tried again later. The first
// of a run is made alone: a wrong password is tried once, and not by each sender.
func (r *run) connect(begun time.Time) *smtp.Session {
	if !r.proven.Load() {
		r.proving <- struct{}{}
		defer func() { <-r.proving }()
		if r.isStopped() || r.brake.wait() > 0 {
			return nil // the one before this failed
		}
	}
	if r.point("connection.open") != nil {
		return nil
	}
	session, err := r.o.Pool.Get(r.connecting)
	if err != nil {
		r.noConnection(begun, err)
		return nil
	}
	r.proven.Store(true)
	return session
}

// noConnection decides how to go on without one.
func (r *run) noConnection(begun time.Time, err error) {
	switch {
	case r.connecting.Err() != nil:
	case !temporary(err):
		r.stop(err)
	default:
		if lasts := r.brake.press(begun, err); lasts >= r.o.Retry.For {
			r.stop(err)
		}
	}
}

// complained takes that the server asks for less.
func (r *run) complained(begun time.Time, reply smtp.Reply) {
	why := &smtp.Error{Kind: smtp.KindRefused, Command: reply.Command, Reply: &reply}
	if lasts := r.brake.press(begun, why); lasts >= r.o.Retry.For {
		r.stop(why)
	}
}

// rest sleeps, and reports whether to go on.
func (s *sender) rest(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.r.stopped:
		return false
	}
}

// How long a sender waits for its moment with messages on their way, whose
// results it does not see meanwhile, and with a connection that does nothing.
const (
	longestHold = 500 * time.Millisecond
	longestIdle = 5 * time.Second
)

func (s *sender) slotFar() bool { return !s.slot.IsZero() && time.Until(s.slot) > longestIdle }

// carry sends over the session while there is something to send, and it may.
func (s *sender) carry() {
	r := s.r
	defer r.o.Pool.Put(s.session)
	for r.ready.has() && s.session.Usable() == nil && r.o.Pool.May(s.session) && r.brake.wait() <= 0 && !s.slotFar() {
		if !s.slot.IsZero() && !s.rest(time.Until(s.slot)) {
			return
		}
		if !s.stream() {
			return
		}
	}
}

// stream runs one stream to its end, and reports whether the session is worth
// another.
func (s *sender) stream() bool {
	r := s.r
	s.busy, s.drains, s.answers, s.doubts, s.begun = false, false, 0, 0, time.Now()
	options := r.o.Stream
	options.Messages = r.reach.messages()
	options.Commit, options.Left = s.commit, nil
	st := s.session.Stream(r.ctx, s.next, options)
	owned := false
	for {
		answer, err := st.Next()
		if err == nil {
			s.answer(answer, nil)
			continue
		}
		if len(answer.Recipients) > 0 {
			owned = true
			s.answer(answer, err)
		}
		s.flush()
		s.giveBack()
		r.reach.note(options.Messages, s.answers, s.doubts)
		return s.judgeEnd(err, owned)
	}
}

// judgeEnd takes the error a stream ended with; owned says that it came with the
// message it is about.
func (s *sender) judgeEnd(err error, owned bool) bool {
	r := s.r
	switch {
	case s.failed != nil:
		r.stop(s.failed)
		return false
	case err == io.EOF, owned && s.session.Usable() == nil:
		return true
	case r.isStopped():
		return false
	case s.session.Usable() == nil && !errors.Is(err, smtp.ErrLimit) && !temporary(err) && r.ctx.Err() == nil:
		r.stop(err) // it would end each stream so
		return false
	}
	if s.answers == 0 {
		r.noConnection(s.begun, &lostError{err})
	}
	return false
}

// lostError is a connection that ended before it was of any use. It is worth
// another, whatever the stream ended with.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error {
	return &smtp.Error{Kind: smtp.KindLost, Command: "stream", Err: e.err}
}

// next is the source of the stream.
func (s *sender) next() (smtp.Mail, error) {
	r := s.r
	if s.drains || s.busy || r.isStopped() || r.brake.wait() > 0 || !r.o.Pool.May(s.session) || !s.due() {
		return s.drain()
	}
	it := r.ready.take()
	if it == nil {
		return s.drain()
	}
	if it.alone {
		if s.first < len(s.flying) {
			r.untried(r.ready.put([]*item{it}))
			return s.drain()
		}
		s.busy = true
	}
	s.slot = time.Time{}
	if s.first == len(s.flying) {
		s.flying, s.first = s.flying[:0], 0
	}
	s.flying = append(s.flying, it)
	m := smtp.Mail{Envelope: smtp.Envelope{From: it.job.Envelope.From, To: it.recipients()}, Content: it.letter.Content}
	if it.letter.Options != nil {
		m.Options = *it.letter.Options
	} else {
		m.Options = r.o.Send
	}
	return m, nil
}

// drain ends the source of the stream: what is answered waits for no window of
// messages to be noted with.
func (s *sender) drain() (smtp.Mail, error) {
	s.drains = true
	s.flush()
	return smtp.Mail{}, io.EOF
}

// due reports whether a message may begin, and waits for that where it is not long.
func (s *sender) due() bool {
	p := s.r.pace
	if !p.bounded() {
		return true
	}
	now := time.Now()
	if s.slot.IsZero() || now.Sub(s.slot) > time.Second {
		s.slot = p.reserve(now)
	}
	wait := s.slot.Sub(now)
	if wait <= 0 {
		return true
	}
	if wait > longestHold {
		return false
	}
	s.flush()
	return s.rest(wait)
}

// commit is called before the end of any of a batch is written. It notes what was
// answered as well, and waits for what the recorder is noting: as the stream bounds
// what it has not returned, no more rows are in doubt than may be on their way.
func (s *sender) commit(ctx context.Context, batch []smtp.Mail) error {
	r := s.r
	s.owed.wait(r.recorded)
	now := r.o.Now()
	s.settled = s.settled[:0]
	for _, it := range s.out {
		if it.settles {
			s.settled = append(s.settled, it.settled(now))
		}
	}
	first := s.first + s.committed
	s.attempts = s.attempts[:0]
	for _, it := range s.flying[first : first+len(batch)] {
		a := it.attempt()
		a.Via = s.via
		s.attempts = append(s.attempts, a)
	}
	err := r.point("window.commit")
	if err == nil {
		err = r.o.Journal.Doubt(ctx, s.settled, s.attempts)
	}
	clear(s.settled)
	if err == nil {
		err = r.point("window.committed")
	}
	if err != nil {
		s.failed = fmt.Errorf("journal: %w", err)
		return err
	}
	s.committed += len(batch)
	for _, it := range s.out {
		it.settles = false
	}
	s.flush()
	return nil
}

// answer takes the result of the message that has waited longest.
func (s *sender) answer(answer smtp.Result, fault error) {
	r := s.r
	if err := r.point("answer.heard"); err != nil {
		s.failed = err
	}
	it := s.flying[s.first]
	s.flying[s.first] = nil
	s.first++
	doubted := s.committed > 0
	if doubted {
		s.committed--
	}
	if answer.Reply.Code != 0 {
		s.answers++
	} else if answer.Outcome == smtp.InDoubt {
		s.doubts++
	}
	next := halted
	if s.failed == nil || doubted {
		s.learn(answer)
		next = r.judge(it, answer, fault)
	}
	switch next {
	case recorded:
		it.via = s.via
		r.drop(it)
		if len(s.out) == 0 {
			s.outSince = time.Now()
		}
		s.out = append(s.out, it)
		if s.drains || len(s.out) >= groupSize || time.Since(s.outSince) > longestSecret {
			s.flush()
		}
	case requeued:
		s.release(it, doubted)
		s.back = append(s.back, it)
	case halted:
		s.release(it, doubted)
		r.untried([]*item{it})
	}
}

// learn lets pool, brake and circuit follow the server.
func (s *sender) learn(answer smtp.Result) {
	r := s.r
	if answer.Outcome == smtp.Sent {
		r.o.Pool.Note(answer)
		r.brake.ease()
		s.useful = true
	} else {
		grey, slow := false, false
		for i := range answer.Recipients {
			reply := &answer.Recipients[i].Reply
			grey = grey || greylisted(*reply)
			// One that leaves after it has taken something is just asked again.
			slow = slow || slowDown(*reply) && (reply.Code != 421 || !s.useful)
		}
		if !grey || slow {
			r.o.Pool.Note(answer)
		}
		if slow {
			r.complained(s.begun, answer.Reply)
		}
	}
	if err := r.circuit.note(answer, r.o.StopAfter); err != nil {
		r.stop(err)
	}
}

// release takes back that a message may have arrived.
func (s *sender) release(it *item, doubted bool) {
	if doubted && s.failed == nil {
		s.attempts = append(s.attempts[:0], it.attempt())
		s.releaseAll()
	}
}

func (s *sender) releaseAll() {
	err := s.r.point("window.release")
	if err == nil {
		err = s.r.o.Journal.Release(background(s.r.ctx), s.attempts)
	}
	if err == nil {
		err = s.r.point("window.released")
	}
	if err != nil {
		s.failed = fmt.Errorf("journal: %w", err)
	}
}

// giveBack returns what the stream took and did not begin.
func (s *sender) giveBack() {
	left := s.flying[s.first:]
	s.attempts = s.attempts[:0]
	for _, it := range left[:min(s.committed, len(left))] {
		s.attempts = append(s.attempts, it.attempt())
	}
	s.committed = 0
	if len(s.attempts) > 0 && s.failed == nil {
		s.releaseAll()
	}
	s.back = append(s.back, left...)
	s.r.untried(s.r.ready.put(s.back))
	clear(left)
	clear(s.back)
	s.flying, s.first, s.back = s.flying[:0], 0, s.back[:0]
}

// longestSecret is how long answers wait for the next window to be noted with it.
const longestSecret = 20 * time.Millisecond

// flush hands on what is answered.
func (s *sender) flush() {
	if len(s.out) > 0 {
		for _, it := range s.out {
			if it.settles {
				it.owed = &s.owed
				s.owed.add(1)
			}
		}
		s.r.answer(s.out)
		s.out = s.out[:0]
	}
}
