package smtp

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// Pool keeps sessions with one server, for goroutines that send over them. How
// many there are at once follows the server: half as many where it says that we
// send too fast, one more again after a while without that.
type Pool struct {
	connect func(ctx context.Context) (*Session, error)
	options PoolOptions

	mu      sync.Mutex
	allowed int               // sessions at once, at the moment
	calm    int               // messages taken since allowed was last changed
	out     map[*Session]bool // in use
	opening int               // being connected
	idle    []*pooled         // the one used last is the last
	known   map[*Session]*pooled
	changed chan struct{} // closed when somebody waiting may go on
	closed  bool
}

// pooled is what the pool knows of a session.
type pooled struct {
	session *Session
	opened  time.Time
	left    time.Time // when it came back
}

// PoolOptions refine a pool. The zero value is the usual.
type PoolOptions struct {
	// Connections is how many sessions there may be at once; 0 is 4.
	Connections int
	// Messages is how many messages a session carries before it is replaced; 0 is
	// 1000. What the server says itself (RFC 9422) holds beside that.
	Messages int
	// Age is how long a session is used; 0 is 10 minutes.
	Age time.Duration
	// Idle is how long a session may lie unused and be trusted without asking the
	// server; 0 is 10 seconds. Older ones are asked with NOOP.
	Idle time.Duration
	// Calm is how many messages must be taken without a complaint before one more
	// session is allowed; 0 is 100.
	Calm int
}

func (o PoolOptions) withDefaults() PoolOptions {
	if o.Connections <= 0 {
		o.Connections = 4
	}
	if o.Messages <= 0 {
		o.Messages = 1000
	}
	if o.Age <= 0 {
		o.Age = 10 * time.Minute
	}
	if o.Idle <= 0 {
		o.Idle = 10 * time.Second
	}
	if o.Calm <= 0 {
		o.Calm = 100
	}
	return o
}

// ErrPoolClosed is the cause where a pool was closed by its owner.
var ErrPoolClosed = errors.New("the pool is closed")

// NewPool makes a pool. connect opens a session and logs in.
func NewPool(connect func(ctx context.Context) (*Session, error), options PoolOptions) *Pool {
	options = options.withDefaults()
	return &Pool{
		connect: connect, options: options, allowed: options.Connections,
		out: map[*Session]bool{}, known: map[*Session]*pooled{}, changed: make(chan struct{}),
	}
}

// Get returns a session that can be used: one that lay idle and is as it was
// left, or a new one. It waits while as many are in use as may be. The error is
// that of connecting, or of ctx. Every session must come back with Put.
func (p *Pool) Get(ctx context.Context) (*Session, error) {
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, &Error{Kind: KindClosed, Command: "connect", Err: ErrPoolClosed}
		}
		if len(p.out)+p.opening < p.allowed {
			if last := len(p.idle) - 1; last >= 0 {
				one := p.idle[last]
				p.idle = p.idle[:last]
				p.out[one.session] = true
				p.mu.Unlock()
				if p.healthy(ctx, one) {
					return one.session, nil
				}
				p.retire(ctx, one.session)
				continue
			}
			p.opening++
			p.mu.Unlock()
			return p.open(ctx)
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, &Error{Kind: KindLost, Command: "connect", Err: context.Cause(ctx)}
		}
	}
}

func (p *Pool) open(ctx context.Context) (*Session, error) {
	s, err := p.connect(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening--
	switch {
	case err != nil:
		p.complain(err)
		p.wake()
		return nil, err
	case p.closed:
		s.Close()
		p.wake()
		return nil, &Error{Kind: KindClosed, Command: "connect", Err: ErrPoolClosed}
	}
	p.known[s] = &pooled{session: s, opened: time.Now()}
	p.out[s] = true
	return s, nil
}

// healthy reports whether a session that lay idle can be used again.
func (p *Pool) healthy(ctx context.Context, one *pooled) bool {
	s := one.session
	if s.Usable() != nil || !p.May(s) || s.Idle() != nil {
		return false
	}
	if time.Since(one.left) < p.options.Idle {
		return true
	}
	reply, err := s.Noop(ctx)
	return err == nil && reply.OK()
}

// May reports whether a session should carry another message: it is not too old,
// the server takes more on it, and there are not more sessions than may be. A
// stream's source asks it before each message.
func (p *Pool) May(s *Session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.known[s]
	if one == nil || p.closed {
		return false
	}
	return len(p.out)+p.opening <= p.allowed && s.Messages() < p.options.Messages && time.Since(one.opened) < p.options.Age && s.mayMail() == nil
}

// Put gives a session back. One that cannot be used again is ended.
func (p *Pool) Put(s *Session) {
	p.mu.Lock()
	one, keeps := p.known[s], !p.closed
	p.mu.Unlock()
	if one == nil {
		return // it has been here before
	}
	s.leaveStream()
	if !keeps || s.Usable() != nil || !p.May(s) {
		p.retire(context.Background(), s)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	one.left = time.Now()
	delete(p.out, s)
	p.idle = append(p.idle, one)
	p.wake()
}

// retire ends a session, with QUIT where it can hear it.
func (p *Pool) retire(ctx context.Context, s *Session) {
	_, _ = s.Quit(ctx) // changes nothing about what was sent
	s.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.out, s)
	delete(p.known, s)
	p.wake()
}

// Note tells the pool what became of a message, so that it can follow the server.
func (p *Pool) Note(r Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range r.Recipients {
		if tooFast(r.Recipients[i].Reply) {
			p.slowDown()
			return
		}
	}
	if r.Outcome != Sent && r.Outcome != Partial {
		return
	}
	if p.calm++; p.calm >= p.options.Calm && p.allowed < p.options.Connections {
		p.allowed++
		p.calm = 0
		p.wake()
	}
}

// complain slows down where a server refuses to talk at all for now. mu is held.
func (p *Pool) complain(err error) {
	var fault *Error
	if errors.As(err, &fault) && fault.Reply != nil && tooFast(*fault.Reply) {
		p.slowDown()
	}
}

// slowDown halves what is allowed. A complaint that comes before anything was
// taken since the last is about what was on its way then, and counts once. mu is held.
func (p *Pool) slowDown() {
	if p.allowed < p.options.Connections && p.calm == 0 {
		return
	}
	p.allowed = max(p.allowed/2, 1)
	p.calm = 0
}

// tooFast reports whether a reply asks to send less at once: 421, and what is
// refused for now by policy (RFC 3463, section 3.8; servers use 4.7.x for rates)
// or because the system is busy (4.3.x).
func tooFast(r Reply) bool {
	if r.Local || !r.Temporary() {
		return false
	}
	return r.Code == 421 || strings.HasPrefix(r.Enhanced, "4.7.") || strings.HasPrefix(r.Enhanced, "4.3.")
}

// Allowed is how many sessions there may be at once, at the moment.
func (p *Pool) Allowed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.allowed
}

// Close ends the pool: nobody gets a session any more, those that lie idle are
// ended, those in use are awaited. Where ctx ends first, they are cut off.
func (p *Pool) Close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.wake()
	p.mu.Unlock()
	for _, one := range idle {
		p.retire(ctx, one.session)
	}
	for {
		p.mu.Lock()
		changed, busy := p.changed, len(p.out)+p.opening > 0
		p.mu.Unlock()
		if !busy {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			p.cut()
			return
		}
	}
}

// cut interrupts what the sessions in use are doing; each then breaks, and comes
// back.
func (p *Pool) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.out {
		s.interrupt()
	}
}

// wake lets everybody who waits look again. mu is held.
func (p *Pool) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}
