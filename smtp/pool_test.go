package smtp

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/smtp/smtptest"
	"go.uber.org/goleak"
)

// poolTo is a pool of sessions with a server over TCP.
func poolTo(t testing.TB, server smtptest.Server, options PoolOptions) (*Pool, *smtptest.Running) {
	t.Helper()
	running := server.Start(t)
	p := NewPool(func(ctx context.Context) (*Session, error) {
		return Connect(ctx, Options{
			Host: "mx.example", Port: 2525, TLS: tlsMode(server), RootCAs: running.Identity.Roots, LocalName: "client.example",
			Dial: func(context.Context, Target) (net.Conn, error) { return net.Dial("tcp", running.Address) },
		})
	}, options)
	t.Cleanup(func() { p.Close(context.Background()) })
	return p, running
}

func get(t testing.TB, p *Pool) *Session {
	t.Helper()
	s, err := p.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sendOne(t testing.TB, s *Session, i int) Result {
	t.Helper()
	m := numberedMail(i)
	r, err := s.Send(t.Context(), m.Envelope, m.Content, SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// 80: a server that hangs up, or says 421, while a connection lies in the pool
// costs nobody anything: a new one is used.
func TestFault80(t *testing.T) {
	for name, act := range map[string]smtptest.Act{
		"FIN": {Then: smtptest.Close},
		"RST": {Then: smtptest.Reset},
		"421": {Surplus: "421 4.3.2 shutting down\r\n", Then: smtptest.Close},
	} {
		for _, tls := range []smtptest.TLSMode{smtptest.TLSOff, smtptest.TLSImplicit} {
			t.Run(name+", "+string(tls), func(t *testing.T) {
				p, running := poolTo(t, smtptest.Server{TLS: tls, Rules: []smtptest.Rule{{At: smtptest.Noop, Do: act}}}, PoolOptions{})
				s := get(t, p)
				sendOne(t, s, 1)
				_, _ = s.Noop(t.Context())
				if name == "FIN" || name == "RST" {
					running.Connection(0)
				}
				p.Put(s)
				again := get(t, p)
				if again == s {
					t.Fatal("the same connection")
				}
				if r := sendOne(t, again, 2); r.Outcome != Sent {
					t.Errorf("%s", r.Outcome)
				}
				p.Put(again)
			})
		}
	}
}

// 81: bytes nobody asked for end a pooled connection.
func TestFault81(t *testing.T) {
	p, _ := poolTo(t, smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 1, Do: smtptest.Act{Surplus: "250 and more\r\n"}}}}, PoolOptions{})
	s := get(t, p)
	if r := sendOne(t, s, 1); r.Outcome != Sent {
		t.Fatal(r.Outcome)
	}
	p.Put(s)
	if again := get(t, p); again == s {
		t.Error("the same connection")
	} else {
		p.Put(again)
	}
	if s.Usable() == nil {
		t.Error("it can still be used")
	}
}

// A session is replaced once it has carried enough, is old, or the server takes
// no more on it.
func TestPoolReplaces(t *testing.T) {
	t.Run("messages", func(t *testing.T) {
		p, running := poolTo(t, smtptest.Server{}, PoolOptions{Messages: 3})
		for i := range 7 {
			s := get(t, p)
			sendOne(t, s, i)
			p.Put(s)
		}
		if n := running.Count(); n != 3 {
			t.Errorf("%d connections, want 3", n)
		}
		if ended := running.Connection(0).Ended; ended != smtptest.ByQuit {
			t.Errorf("ended by %s", ended)
		}
	})
	t.Run("LIMITS", func(t *testing.T) {
		p, running := poolTo(t, smtptest.Server{Capabilities: append(smtptest.DefaultCapabilities(), "LIMITS MAILMAX=2")}, PoolOptions{})
		for i := range 4 {
			s := get(t, p)
			sendOne(t, s, i)
			p.Put(s)
		}
		if n := running.Count(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
	for name, test := range map[string]struct {
		pause   time.Duration
		options PoolOptions
		same    bool
		noops   int
	}{
		"age":  {time.Hour, PoolOptions{Age: 59 * time.Minute}, false, 0},
		"idle": {time.Minute, PoolOptions{}, true, 1},
		"busy": {time.Second, PoolOptions{}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var records []func() smtptest.Connection
				p := NewPool(func(ctx context.Context) (*Session, error) {
					s, record := streamTo(t, smtptest.Server{})
					records = append(records, record)
					return s, nil
				}, test.options)
				s := get(t, p)
				p.Put(s)
				time.Sleep(test.pause)
				again := get(t, p)
				if (again == s) != test.same {
					t.Errorf("the same: %t", again == s)
				}
				p.Put(again)
				p.Close(t.Context())
				noops := 0
				for _, verb := range records[0]().Verbs() {
					if verb == "NOOP" {
						noops++
					}
				}
				if noops != test.noops {
					t.Errorf("%d times NOOP, want %d", noops, test.noops)
				}
				for _, record := range records[1:] {
					record()
				}
			})
		})
	}
}

// A server that says it gets too much gets half as many connections, and one more
// after a while without a complaint.
func TestPoolFollows(t *testing.T) {
	p, _ := poolTo(t, smtptest.Server{}, PoolOptions{Connections: 8, Calm: 10})
	sent := func(n int) {
		for range n {
			p.Note(Result{Outcome: Sent, Recipients: []Recipient{{Outcome: Sent, Reply: Reply{Code: 250}}}})
		}
	}
	refused := func(code int, enhanced string) {
		p.Note(Result{Outcome: Deferred, Recipients: []Recipient{{Outcome: Deferred, Reply: Reply{Code: code, Enhanced: enhanced}}}})
	}
	want := func(n int, when string) {
		t.Helper()
		if got := p.Allowed(); got != n {
			t.Fatalf("%s: %d allowed, want %d", when, got, n)
		}
	}
	want(8, "at first")
	refused(450, "4.2.1")
	refused(550, "5.7.1")
	want(8, "after other refusals")
	refused(451, "4.7.1")
	want(4, "after a complaint")
	refused(451, "4.7.1")
	refused(421, "")
	want(4, "after more of what was on its way")
	sent(1)
	refused(421, "4.7.0")
	want(2, "after another")
	sent(9)
	want(2, "not yet")
	sent(1)
	want(3, "after ten messages")
	sent(49)
	want(7, "later")
	sent(100)
	want(8, "and no more than at first")

	// More sessions than are allowed are given up as their owners ask.
	var sessions []*Session
	for range 8 {
		sessions = append(sessions, get(t, p))
	}
	refused(421, "4.7.0")
	goes := 0
	for _, s := range sessions {
		if p.May(s) {
			goes++
		}
		p.Put(s)
	}
	if goes != 4 {
		t.Errorf("%d sessions go on, want 4", goes)
	}
}

// Streams on a pool: every message arrives once, over as many connections as may
// be.
func TestPoolStreams(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p, running := poolTo(t, smtptest.Server{}, PoolOptions{Connections: 3, Messages: 50})
	const n = 400
	var (
		mu   sync.Mutex
		next = 0
		sent = map[string]int{}
		all  sync.WaitGroup
	)
	take := func() (Mail, error) {
		mu.Lock()
		defer mu.Unlock()
		if next == n {
			return Mail{}, io.EOF
		}
		next++
		return numberedMail(next), nil
	}
	more := func() bool { mu.Lock(); defer mu.Unlock(); return next < n }
	for range 3 {
		all.Go(func() {
			for more() {
				s, err := p.Get(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				st := s.Stream(t.Context(), func() (Mail, error) {
					if !p.May(s) {
						return Mail{}, io.EOF
					}
					return take()
				}, StreamOptions{Messages: 8})
				for {
					r, err := st.Next()
					if err != nil {
						if !errors.Is(err, io.EOF) {
							t.Error(err)
						}
						break
					}
					p.Note(r)
					mu.Lock()
					sent[r.Recipients[0].Address]++
					mu.Unlock()
				}
				p.Put(s)
			}
		})
	}
	all.Wait()
	p.Close(t.Context())
	arrived := map[string]int{}
	for i := range running.Count() {
		for _, m := range running.Connection(i).Messages {
			if m.Accepted() && len(m.To) > 0 {
				arrived[m.To[0]]++
			}
		}
	}
	running.Close()
	if len(sent) != n || len(arrived) != n {
		t.Errorf("%d sent, %d arrived", len(sent), len(arrived))
	}
	for to, times := range arrived {
		if times != 1 || sent[to] != 1 {
			t.Errorf("%s: arrived %d times, sent %d times", to, times, sent[to])
		}
	}
	if c := running.Count(); c < 8 {
		t.Errorf("%d connections carried %d messages of at most 50 each", c, n)
	}
}

// Close waits for what is on its way, and cuts it off where its context ends.
func TestPoolCloses(t *testing.T) {
	t.Run("waits", func(t *testing.T) {
		p, _ := poolTo(t, smtptest.Server{}, PoolOptions{Connections: 1})
		s := get(t, p)
		waiting := make(chan error)
		go func() { _, err := p.Get(t.Context()); waiting <- err }()
		closed := make(chan struct{})
		go func() { p.Close(t.Context()); close(closed) }()
		if err := <-waiting; !errors.Is(err, ErrPoolClosed) {
			t.Errorf("who waits hears %v", err)
		}
		if r := sendOne(t, s, 1); r.Outcome != Sent {
			t.Errorf("%s", r.Outcome)
		}
		select {
		case <-closed:
			t.Error("closed with a session in use")
		default:
		}
		p.Put(s)
		<-closed
	})
	t.Run("cuts off", func(t *testing.T) {
		p, _ := poolTo(t, smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Do: smtptest.Act{Then: smtptest.Silence}}}}, PoolOptions{})
		s := get(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan Result)
		go func() {
			m := numberedMail(1)
			r, _ := s.Send(t.Context(), m.Envelope, m.Content, SendOptions{})
			p.Put(s)
			done <- r
		}()
		cancel()
		p.Close(ctx)
		if r := <-done; r.Outcome == Sent {
			t.Error("sent")
		}
	})
	t.Run("context", func(t *testing.T) {
		p, _ := poolTo(t, smtptest.Server{}, PoolOptions{Connections: 1})
		s := get(t, p)
		defer p.Put(s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Get(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}
