//go:build crash && unix

package crash

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp/server"
)

// witness is a server that knows which messages it has taken and how often. It
// outlives the processes that are killed.
type witness struct {
	address string
	storm   storm

	mu    sync.Mutex
	idle  *sync.Cond // open has become 0
	rows  []seen     // by number, from 1
	open  int        // connections
	total int        // messages taken
	calm  bool       // nothing goes wrong any more
	upset int        // connections that ended in a storm
	// reached is called, outside of the lock, with each message taken.
	reached func(total int)
	// ask finds out what another server has taken; nil is none.
	ask func()
}

// seen is what the witness knows of one row.
type seen struct {
	taken   int // messages
	mute    int // of them, those whose reply was never written
	refused int // for good
	sum     [8]byte
	id      string
	wrong   string // a message with other octets than the first
}

// storm is what goes wrong, for each as one in so many messages; 0 is never.
type storm struct {
	Later, Never, Leave   int // 451, 554 and 421 in the place of 250
	RcptLater, RcptNever  int // 450 and 550 to RCPT
	Before, After, Behind int // the connection ends before the message is taken, before its reply, behind it
	Reset                 int // it is reset
	Stall                 int // some time passes
}

// fair is a storm in which a merge gets on.
func fair() storm {
	return storm{Later: 400, Never: 700, Leave: 6000, RcptLater: 900, RcptNever: 150, Before: 3000, After: 3000, Behind: 3000, Stall: 1500}
}

// startWitness listens until the test ends.
func startWitness(t *testing.T, rows int, s storm, withheld ...server.Extension) *witness {
	t.Helper()
	w := newWitness(rows, s)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			w.open++
			w.mu.Unlock()
			all.Go(func() {
				defer w.left()
				l := &line{TCPConn: conn.(*net.TCPConn), witness: w}
				_ = server.Serve(ctx, l, server.Config{Handler: &clerk{witness: w, line: l}, Withhold: withheld, Hostname: "mx.example"})
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		cancel()
		all.Wait()
	})
	return w
}

func newWitness(rows int, s storm) *witness {
	w := &witness{storm: s, rows: make([]seen, rows+1)}
	w.idle = sync.NewCond(&w.mu)
	return w
}

func (w *witness) left() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open--; w.open == 0 {
		w.idle.Broadcast()
	}
}

// quiet waits until nobody is connected.
func (w *witness) quiet() {
	if w.ask != nil {
		w.ask()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.open > 0 {
		w.idle.Wait()
	}
}

// happens decides whether something of the storm does. w.mu is held.
func (w *witness) happens(oneIn int) bool {
	return oneIn > 0 && !w.calm && rand.IntN(oneIn) == 0
}

// line is a connection that can end at a chosen octet.
type line struct {
	*net.TCPConn
	witness *witness
	// All is of the goroutine that serves.
	unsaid []int // rows taken whose reply was not written
	behind bool  // it ends with the next write
	cut    bool
}

var errCut = errors.New("the line is cut")

func (l *line) Write(p []byte) (int, error) {
	if l.cut {
		return 0, errCut
	}
	n, err := l.TCPConn.Write(p)
	if err != nil {
		return n, err
	}
	// A write that ends within a line may end within the last reply.
	kept := 0
	if !strings.HasSuffix(string(p), "\n") && len(l.unsaid) > 0 {
		kept = 1
	}
	l.unsaid = l.unsaid[len(l.unsaid)-kept:]
	if l.behind {
		l.cut = true
		return n, errCut
	}
	return n, nil
}

func (l *line) Read(p []byte) (int, error) {
	if l.cut {
		return 0, errCut
	}
	return l.TCPConn.Read(p)
}

// Close lets replies that were written arrive: a reset would overtake them. Those that
// were not leave their messages in doubt.
func (l *line) Close() error {
	if l.cut {
		l.witness.mu.Lock()
		for _, row := range l.unsaid {
			l.witness.rows[row].mute++
		}
		l.unsaid = nil
		l.witness.mu.Unlock()
	}
	if l.cut && l.TCPConn.CloseWrite() == nil {
		_ = l.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, _ = io.Copy(io.Discard, l.TCPConn)
	}
	return l.TCPConn.Close()
}

// end cuts the line now.
func (l *line) end() { l.cut = true }

// reset ends it so that what was written before may be lost too.
func (l *line) reset() {
	l.cut = true
	_ = l.SetLinger(0)
	_ = l.TCPConn.Close()
}

// clerk decides on one connection.
type clerk struct {
	server.Accept
	*witness
	line *line
}

var (
	later = server.Reply{Code: 451, Enhanced: "4.2.0", Text: "busy, try again in 1 second"}
	never = server.Reply{Code: 554, Enhanced: "5.6.0", Text: "nobody wants to read that"}
	leave = server.Reply{Code: 421, Enhanced: "4.3.2", Text: "closing for a moment"}
)

// Rcpt implements server.Handler.
func (c *clerk) Rcpt(_ context.Context, _ server.Peer, _ server.Envelope, to server.Recipient) server.Reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.happens(c.storm.RcptLater):
		return server.Reply{Code: 450, Enhanced: "4.2.1", Text: "the mailbox is locked, try again in 1 second"}
	case c.happens(c.storm.RcptNever):
		c.rows[rowOf(to.Address)].refused++
		return server.Reply{Code: 550, Enhanced: "5.1.1", Text: "no such mailbox"}
	}
	return server.Reply{}
}

var messageID = regexp.MustCompile(`(?im)^message-id:\s*(\S+)`)

// Message implements server.Handler.
func (c *clerk) Message(_ context.Context, _ server.Peer, envelope server.Envelope, body io.Reader) server.Reply {
	text, err := io.ReadAll(body)
	if err != nil || c.line.cut {
		return later // the session does not end well, whatever is said here
	}
	row := rowOf(envelope.Recipients[0].Address)
	reply, total, stall := c.judge(row, text)
	if total > 0 && c.reached != nil {
		c.reached(total)
	}
	if stall {
		time.Sleep(time.Duration(20+rand.IntN(150)) * time.Millisecond)
	}
	return reply
}

// judge decides what becomes of a message; total is 0 where it is not taken.
func (c *clerk) judge(row int, text []byte) (reply server.Reply, total int, stall bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stall = c.happens(c.storm.Stall)
	switch {
	case c.happens(c.storm.Later):
		return later, 0, stall
	case c.happens(c.storm.Never):
		c.rows[row].refused++
		return never, 0, stall
	case c.happens(c.storm.Leave):
		c.upset++
		return leave, 0, stall
	case c.happens(c.storm.Before):
		c.upset++
		c.line.end()
		return later, 0, stall
	}
	total = c.take(row, text)
	c.line.unsaid = append(c.line.unsaid, row)
	switch {
	case c.happens(c.storm.After):
		c.upset++
		c.line.end()
	case c.happens(c.storm.Behind):
		c.upset++
		c.line.behind = true
	case c.happens(c.storm.Reset):
		c.upset++
		c.line.reset()
	}
	return server.Reply{}, total, stall
}

// take notes a message and returns how many there are. mu is held.
func (w *witness) take(row int, text []byte) int {
	r := &w.rows[row]
	r.taken++
	w.total++
	digest := sha256.Sum256(text)
	id := ""
	if m := messageID.FindSubmatch(text); m != nil {
		id = string(m[1])
	}
	switch {
	case r.taken == 1:
		r.sum, r.id = [8]byte(digest[:8]), id
	case r.id != id:
		r.wrong = "another Message-ID: " + id
	case r.sum != [8]byte(digest[:8]):
		r.wrong = "other octets"
	}
	return w.total
}

// rowOf is the number in an address: "r17@example.org" is 17.
func rowOf(address string) int {
	number, _, _ := strings.Cut(strings.TrimPrefix(address, "r"), "@")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return n
}
