package smtp

import (
	"context"
	"crypto/tls"
	"time"
)

// Session is one connection to a server. Its methods are for one goroutine at
// a time. After a fault it is broken: every further call returns an *Error of
// KindClosed that names the first one. It never reconnects.
type Session struct {
	options  Options
	wire     *wire
	log      *transcript
	greeting Reply
	caps     Capabilities
	tls      *tls.ConnectionState

	open    bool  // MAIL was accepted and the transaction has not ended
	rcpts   int   // RCPTs accepted since the last MAIL
	mails   int   // transactions begun on this connection
	chunked int64 // octets sent with BDAT since the last MAIL
	data    bool  // DATA was answered with 354: the next octets are the message
	raw     bool  // octets were written past the queue, see Write

	words  []byte  // where commands are worded
	room   []byte  // where a stream gathers what it writes, while there is none
	stream *Stream // occupies the session
	skips  verdict // whether the server skips a chunk it refuses
	// obliging: it takes a message for nobody, see discards.
	obliging bool
}

// Dial opens a connection and reads the greeting. With TLS mode "implicit" the
// handshake comes first; any other mode leaves STARTTLS to the caller.
func Dial(ctx context.Context, options Options) (*Session, error) {
	options = options.withDefaults()
	if err := options.check(); err != nil {
		return nil, err
	}
	log := &transcript{start: time.Now(), trace: options.Trace}
	s := &Session{options: options, log: log, wire: newWire(log)}
	log.clean = func(text string) string { return s.wire.redactor.clean(text) }
	if err := s.dial(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Connect opens a connection, reads the greeting, says EHLO and makes the
// connection as secure as the TLS mode asks, or fails.
func Connect(ctx context.Context, options Options) (*Session, error) {
	s, err := Dial(ctx, options)
	if err != nil {
		return nil, err
	}
	if err := s.hello(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Session) hello(ctx context.Context) error {
	if _, err := s.Ehlo(ctx, ""); err != nil {
		return err
	}
	switch s.options.TLS {
	case TLSStartTLS:
		_, err := s.StartTLS(ctx)
		return err
	case TLSOpportunistic:
		return s.startTLSIfOffered(ctx)
	}
	return nil
}

func (s *Session) dial(ctx context.Context) error {
	target := Target{Host: s.options.Host, Port: s.options.Port, TLS: s.options.TLS}
	what := "connect " + target.Address()
	dialContext, cancel := context.WithTimeout(ctx, s.options.Timeouts.Connect)
	defer cancel()
	conn, err := s.options.open(dialContext, target)
	if err != nil {
		kind, err := kindOf(ctx, err)
		if kind == KindLost && ctx.Err() == nil {
			kind = KindConnect
		}
		return &Error{Kind: kind, Command: what, Err: err}
	}
	s.wire.use(conn)
	where := target.Address()
	if s.options.Socket != "" {
		where = "unix socket"
	}
	s.log.notef("connected to %s (%s)", where, conn.RemoteAddr())
	if s.options.TLS == TLSImplicit {
		if err := s.handshake(ctx, "TLS handshake with "+target.Address()); err != nil {
			return err
		}
	}
	return s.greet(ctx)
}

// greet reads what the server says first (RFC 5321, section 3.1).
func (s *Session) greet(ctx context.Context) error {
	s.wire.expect("greeting", s.options.Timeouts.Greeting)
	reply, err := s.wire.await(ctx)
	if err != nil {
		return err
	}
	reply.Command = ""
	s.greeting = reply
	if reply.Code != 220 {
		fault := &Error{Kind: KindGreeting, Command: "greeting", Reply: &reply}
		s.wire.breakOff(fault)
		return fault
	}
	return nil
}

// Greeting is what the server said first.
func (s *Session) Greeting() Reply { return s.greeting }

// Capabilities is what the last EHLO offered.
func (s *Session) Capabilities() Capabilities { return s.caps }

// TLS is the state of the encryption, nil without.
func (s *Session) TLS() *tls.ConnectionState { return s.tls }

// Transcript returns the last entries of what crossed the connection, oldest first.
func (s *Session) Transcript() []Entry { return s.log.entries() }

// Target is where the session connected to.
func (s *Session) Target() Target {
	return Target{Host: s.options.Host, Port: s.options.Port, TLS: s.options.TLS}
}

// Usable reports whether the connection can carry another command: nil, or the
// *Error any call would return.
func (s *Session) Usable() error { return s.wire.usable("") }

// Messages is how many transactions were begun on the connection.
func (s *Session) Messages() int { return s.mails }

// Idle returns nil where a connection on which nothing is owed is as it was left:
// the server has neither spoken nor hung up. It asks nothing of the server. Else
// the session is broken, and the *Error says why.
func (s *Session) Idle() error {
	const what = "idle connection"
	s.leaveStream()
	if err := s.wire.usable(what); err != nil {
		return err
	}
	if err := s.wire.quiet(what); err != nil {
		return err
	}
	if s.wire.ended() {
		return s.wire.failAs(KindLost, what, ErrHungUp)
	}
	return s.wire.quiet(what)
}

// interrupt ends the connection below everything that uses it. It alone may be
// called while another goroutine uses the session.
func (s *Session) interrupt() { _ = s.wire.raw.Close() }

// Close ends the connection without QUIT, and what a stream has on its way with
// it. It never fails and may be called again.
func (s *Session) Close() {
	if s.stream != nil {
		s.stream.cut()
	}
	s.wire.close()
}

// Quit says goodbye and closes. A server that does not answer, or answers
// otherwise, changes nothing: all messages before were answered on their own.
func (s *Session) Quit(ctx context.Context) (Reply, error) {
	s.leaveStream()
	if err := s.wire.usable("QUIT"); err != nil {
		return Reply{}, err
	}
	defer s.Close()
	if s.data || s.raw {
		// The server is reading a message: QUIT would become its text.
		return Reply{}, nil
	}
	reply, err := s.command(ctx, "QUIT", s.options.Timeouts.Quit)
	if err != nil && ctx.Err() != nil {
		return Reply{}, err
	}
	return reply, nil
}

// begin notes that a transaction was opened.
func (s *Session) begin() {
	s.open, s.rcpts, s.chunked = true, 0, 0
	s.mails++
}

// pipelines reports whether commands may be sent before those ahead of them are
// answered: the server says so, and no connection has shown otherwise.
func (s *Session) pipelines() bool {
	return s.has("PIPELINING") && !s.options.Lessons.about(s.Target()).deaf
}

// has reports whether all the given keywords, in upper case, are offered.
func (s *Session) has(keywords ...string) bool {
	for _, k := range keywords {
		if !s.caps.has(k) {
			return false
		}
	}
	return true
}
