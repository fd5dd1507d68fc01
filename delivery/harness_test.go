package delivery

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// letterOf is a short message.
func letterOf(number int64) Letter {
	text := fmt.Sprintf("Message-ID: <%d@example.com>\r\nSubject: number %d\r\n\r\nHello\r\n", number, number)
	return Letter{Content: smtp.ContentOf([]byte(text)), MessageID: fmt.Sprintf("<%d@example.com>", number)}
}

// jobOf is row number n, for one recipient.
func jobOf(n int64) Job {
	return Job{
		Number: n, Key: fmt.Sprintf("key%d", n), Hash: uint64(n),
		Envelope: smtp.Envelope{From: "from@example.com", To: []string{fmt.Sprintf("to%d@example.net", n)}},
		Build:    func(context.Context) (Letter, error) { return letterOf(n), nil },
	}
}

// numbered is a source of n rows, each of which change may change.
func numbered(n int64, change func(*Job)) Source {
	return func(context.Context, Need) (Rows, error) {
		var next int64
		return Rows{Next: func() (Job, error) {
			if next == n {
				return Job{}, io.EOF
			}
			next++
			j := jobOf(next)
			if change != nil {
				change(&j)
			}
			return j, nil
		}}, nil
	}
}

// post is a server that keeps who got what, and decides as it is told.
type post struct {
	server.Accept
	rcpt    func(to string, call int) server.Reply
	message func(to []string, call int) server.Reply
	// each connection is handed to talk, where that is set, in the place of the
	// server's own way.
	talk func(conn net.Conn, number int) bool
	// conn makes what decides on one connection, where it is set.
	conn func(p *post, conn net.Conn) server.Handler
	// dial is asked before each connection over a pipe, where it is set.
	dial func() error

	mu       sync.Mutex
	arrived  map[string][]string // texts by recipient
	calls    map[string]int      // RCPTs by recipient
	taken    int                 // messages, refused ones as well
	messages int
	conns    int
	open     int
	most     int // connections at once
}

func (p *post) Rcpt(_ context.Context, _ server.Peer, _ server.Envelope, to server.Recipient) server.Reply {
	p.mu.Lock()
	if p.calls == nil {
		p.calls = map[string]int{}
	}
	p.calls[to.Address]++
	call := p.calls[to.Address]
	p.mu.Unlock()
	if p.rcpt == nil {
		return server.Reply{}
	}
	return p.rcpt(to.Address, call)
}

func (p *post) Message(_ context.Context, _ server.Peer, envelope server.Envelope, body io.Reader) server.Reply {
	text, err := io.ReadAll(body)
	if err != nil {
		return server.Reply{Code: 451, Enhanced: "4.3.0", Text: "what was that?"}
	}
	p.mu.Lock()
	p.taken++
	call := p.taken
	p.mu.Unlock()
	var to []string
	for _, r := range envelope.Recipients {
		to = append(to, r.Address)
	}
	if p.message != nil {
		if reply := p.message(to, call); reply != (server.Reply{}) && !reply.Positive() {
			return reply
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages++
	if p.arrived == nil {
		p.arrived = map[string][]string{}
	}
	for _, r := range to {
		p.arrived[r] = append(p.arrived[r], string(text))
	}
	return server.Reply{}
}

func (p *post) serve(ctx context.Context, conn net.Conn) {
	p.mu.Lock()
	p.conns++
	number := p.conns
	p.open++
	p.most = max(p.most, p.open)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.open--
		p.mu.Unlock()
	}()
	p.mu.Lock()
	talk := p.talk
	p.mu.Unlock()
	if talk != nil && talk(conn, number) {
		_ = conn.Close()
		return
	}
	var handler server.Handler = p
	if p.conn != nil {
		handler = p.conn(p, conn)
	}
	_ = server.Serve(ctx, conn, server.Config{Handler: handler, AuthInClear: true})
}

// pool is a pool of connections to p over the loopback interface.
func (p *post) pool(t testing.TB, o smtp.PoolOptions) *smtp.Pool {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(ctx, conn) })
		}
	})
	lessons := &smtp.Lessons{}
	pool := smtp.NewPool(func(ctx context.Context) (*smtp.Session, error) {
		return smtp.Connect(ctx, smtp.Options{
			Host: "mx.example", TLS: smtp.TLSOff, Lessons: lessons, LocalName: "client.example",
			Dial: func(ctx context.Context, _ smtp.Target) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
			},
		})
	}, o)
	t.Cleanup(func() {
		pool.Close(context.Background())
		_ = listener.Close()
		cancel()
		all.Wait()
	})
	return pool
}

// pipes is the same over pipes, for bubbles of synctest.
func (p *post) pipes(o smtp.PoolOptions) (pool *smtp.Pool, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	pool = smtp.NewPool(func(dialled context.Context) (*smtp.Session, error) {
		return smtp.Connect(dialled, smtp.Options{
			Host: "mx.example", TLS: smtp.TLSOff, LocalName: "client.example",
			Dial: func(context.Context, smtp.Target) (net.Conn, error) {
				if p.dial != nil {
					if err := p.dial(); err != nil {
						return nil, err
					}
				}
				client, end := newPipe()
				all.Go(func() { p.serve(ctx, end) })
				return client, nil
			},
		})
	}, o)
	return pool, func() {
		pool.Close(context.Background())
		cancel()
		all.Wait()
	}
}

// connections is how many there were.
func (p *post) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns
}

// count is how many messages were taken.
func (p *post) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.messages
}

// times is how many messages a recipient has.
func (p *post) times(to string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.arrived[to])
}

// results collects what OnResult is told.
type results struct{ all []Result }

func (r *results) add(one Result) error {
	r.all = append(r.all, one)
	return nil
}

// numbers are those of the rows, in the order of their results.
func (r *results) numbers() []int64 {
	var n []int64
	for i := range r.all {
		n = append(n, r.all[i].Job.Number)
	}
	return n
}

// check verifies that each of n rows has one result.
func (r *results) check(t *testing.T, n int64) {
	t.Helper()
	seen := map[int64]int{}
	for i := range r.all {
		seen[r.all[i].Job.Number]++
	}
	for i := int64(1); i <= n; i++ {
		if seen[i] != 1 {
			t.Errorf("row %d has %d results", i, seen[i])
		}
	}
	if int64(len(r.all)) != n {
		t.Errorf("%d results of %d rows", len(r.all), n)
	}
}

// checkOrder verifies that the results came in the order of the rows.
func (r *results) checkOrder(t *testing.T) {
	t.Helper()
	if !slices.IsSorted(r.numbers()) {
		t.Errorf("out of order: %v", r.numbers())
	}
}

// numberIn is the number of a row in an address: "to17@…" is 17.
func numberIn(address string) int {
	var n int
	_, _ = fmt.Sscanf(strings.TrimPrefix(address, "to"), "%d", &n)
	return n
}
