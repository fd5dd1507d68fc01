package smtptest

import (
	"net"
	"sync"
	"testing"
)

// TLSMode says when the server encrypts.
type TLSMode string

const (
	TLSOff      TLSMode = "off"
	TLSStart    TLSMode = "starttls" // RFC 3207
	TLSImplicit TLSMode = "implicit" // RFC 8314, section 3.3
)

// Protocol is what the server speaks.
type Protocol string

const (
	SMTP Protocol = "smtp" // RFC 5321
	LMTP Protocol = "lmtp" // RFC 2033
)

// Server is what a server is like. The zero value keeps to the standards,
// offers most of what it can, and does not encrypt.
type Server struct {
	Name     string // of the host; default "mx.example"
	TLS      TLSMode
	Protocol Protocol
	// Capabilities are the lines behind the first of the reply to EHLO, without
	// STARTTLS and AUTH, which follow from TLS and Users. nil is
	// DefaultCapabilities; an empty list offers nothing. SIZE and LIMITS are kept
	// to.
	Capabilities []string
	// Secure are the same once TLS is on; nil is like before.
	Secure []string
	// Users are names and passwords for AUTH. Without any it is not offered.
	Users map[string]string
	// Identity is whom TLS shows; the zero value is made by Start, for Name.
	Identity Identity
	// Rules are where the server is not as good as it could be.
	Rules []Rule
}

// DefaultCapabilities are what a server offers that is not told otherwise.
func DefaultCapabilities() []string {
	return []string{"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "SMTPUTF8"}
}

func (s Server) withDefaults() Server {
	if s.Name == "" {
		s.Name = "mx.example"
	}
	if s.TLS == "" {
		s.TLS = TLSOff
	}
	if s.Protocol == "" {
		s.Protocol = SMTP
	}
	if s.Capabilities == nil {
		s.Capabilities = DefaultCapabilities()
	}
	if s.Secure == nil {
		s.Secure = s.Capabilities
	}
	return s
}

// Serve holds one conversation and returns what it has seen. It ends when the
// client has left, and closes conn.
func (s Server) Serve(conn net.Conn) Connection { return s.serve(conn, nil) }

func (s Server) serve(conn net.Conn, closing <-chan struct{}) Connection {
	c := newConversation(s.withDefaults(), conn, closing)
	c.hold()
	return *c.record
}

// Running is a server that listens.
type Running struct {
	// Address is host and port, on the loopback interface.
	Address string
	// Identity is whom it shows.
	Identity Identity

	server   Server
	listener net.Listener
	closing  chan struct{}
	closed   sync.Once
	all      sync.WaitGroup

	mu    sync.Mutex
	open  map[net.Conn]bool
	seen  []*seen
	grown *sync.Cond // seen has one more, or the server is closed
}

// seen is one connection, now or later.
type seen struct {
	done   chan struct{}
	record Connection
}

// Start listens on a free port until the test ends.
func (s Server) Start(t testing.TB) *Running {
	t.Helper()
	s = s.withDefaults()
	if s.TLS != TLSOff && s.Identity.Roots == nil {
		identity, err := NewIdentity(s.Name)
		if err != nil {
			t.Fatal(err)
		}
		s.Identity = identity
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Running{
		Address: listener.Addr().String(), Identity: s.Identity,
		server: s, listener: listener, closing: make(chan struct{}), open: map[net.Conn]bool{},
	}
	r.grown = sync.NewCond(&r.mu)
	r.all.Go(r.accept)
	t.Cleanup(r.Close)
	return r
}

func (r *Running) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		one := &seen{done: make(chan struct{})}
		r.mu.Lock()
		r.open[conn] = true
		r.seen = append(r.seen, one)
		r.mu.Unlock()
		r.grown.Broadcast()
		r.all.Go(func() {
			defer close(one.done)
			one.record = r.server.serve(conn, r.closing)
			r.mu.Lock()
			delete(r.open, conn)
			r.mu.Unlock()
		})
	}
}

// Connection waits until the n-th connection, from 0, has ended, and returns
// what was seen of it. A closed server that never had so many returns none.
func (r *Running) Connection(n int) Connection {
	r.mu.Lock()
	for len(r.seen) <= n && !r.isClosed() {
		r.grown.Wait()
	}
	if len(r.seen) <= n {
		r.mu.Unlock()
		return Connection{}
	}
	one := r.seen[n]
	r.mu.Unlock()
	<-one.done
	return one.record
}

// Count is how many connections there were.
func (r *Running) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

// Close ends all conversations and waits for them. It may be called again.
func (r *Running) Close() {
	r.closed.Do(func() {
		_ = r.listener.Close()
		r.mu.Lock()
		close(r.closing)
		for conn := range r.open {
			_ = conn.Close()
		}
		r.mu.Unlock()
		r.grown.Broadcast()
	})
	r.all.Wait()
}

func (r *Running) isClosed() bool {
	select {
	case <-r.closing:
		return true
	default:
		return false
	}
}
