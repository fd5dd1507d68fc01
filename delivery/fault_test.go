package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
)

// inBubble runs a test on a virtual clock, with a server behind pipes.
func inBubble(t *testing.T, p *post, o smtp.PoolOptions, test func(t *testing.T, pool *smtp.Pool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pool, end := p.pipes(o)
		defer end()
		test(t, pool)
	})
}

// A server that says 421 after each 10 messages is asked again, on another
// connection, for what it has not taken.
func TestServerLeaves(t *testing.T) {
	const n = 100
	p := &post{message: func(_ []string, call int) server.Reply {
		if call%10 == 0 {
			return server.Reply{Code: 421, Enhanced: "4.7.0", Text: "too many messages on this connection"}
		}
		return server.Reply{}
	}}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		begun := time.Now()
		var got results
		counts, err := Run(t.Context(), numbered(n, nil), Options{Pool: pool, OnResult: got.add, Stream: smtp.StreamOptions{Transfer: smtp.TransferData}})
		if err != nil || counts.Sent != n {
			t.Error(counts, err)
		}
		got.check(t, n)
		for i := 1; i <= n; i++ {
			if times := p.times(fmt.Sprintf("to%d@example.net", i)); times != 1 {
				t.Errorf("row %d arrived %d times", i, times)
			}
		}
		if took := time.Since(begun); took > 5*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// A server that finds us too fast for a while gets less, and later more again.
func TestTooFast(t *testing.T) {
	const n = 3000
	begun := time.Time{}
	slow := server.Reply{Code: 450, Enhanced: "4.7.1", Text: "too much mail from you"}
	p := &post{}
	p.rcpt = func(string, int) server.Reply {
		if since := time.Since(begun); since > time.Second && since < 20*time.Second {
			return slow
		}
		return server.Reply{}
	}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		begun = time.Now()
		least := 4
		trouble := false
		counts, err := Run(t.Context(), numbered(n, nil), Options{
			Pool: pool, Rate: Rate{Messages: 100}, Interval: time.Second,
			OnProgress: func(p Progress) {
				least = min(least, p.Connections)
				trouble = trouble || p.Trouble != nil
			},
		})
		if err != nil || counts.Sent != n {
			t.Error(counts, err)
		}
		if least > 2 || !trouble {
			t.Errorf("at least %d connections were allowed, trouble %v", least, trouble)
		}
		if allowed := pool.Allowed(); allowed != 4 {
			t.Errorf("%d connections are allowed again", allowed)
		}
		if extra := counts.Attempts - n; extra > 1000 {
			t.Errorf("%d messages were refused", extra)
		}
	})
}

// A refused password is tried once, and ends the run.
func TestRefusedPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int64
		pool := smtp.NewPool(func(context.Context) (*smtp.Session, error) {
			tries.Add(1)
			time.Sleep(100 * time.Millisecond)
			return nil, &smtp.Error{Kind: smtp.KindAuth, Command: "AUTH PLAIN", Reply: &smtp.Reply{Code: 535, Enhanced: "5.7.8"}}
		}, smtp.PoolOptions{})
		counts, err := Run(t.Context(), numbered(1000, nil), Options{Pool: pool})
		var fault *smtp.Error
		if !errors.As(err, &fault) || fault.Kind != smtp.KindAuth || tries.Load() != 1 || counts.Sent != 0 || counts.Untried != counts.Rows {
			t.Error(err, tries.Load(), counts)
		}
	})
}

// A server that is away for a while is waited for; one that stays away ends the run.
func TestServerAway(t *testing.T) {
	for _, away := range []time.Duration{10 * time.Minute, 1000 * time.Hour} {
		p := &post{}
		inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
			begun, tries := time.Now(), 0
			p.dial = func() error {
				if tries++; time.Since(begun) < away {
					return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
				}
				return nil
			}
			counts, err := Run(t.Context(), numbered(100, nil), Options{Pool: pool})
			switch took := time.Since(begun); {
			case tries > 30:
				t.Errorf("%d tries", tries)
			case away < time.Hour && (err != nil || counts.Sent != 100):
				t.Error(err, counts)
			case away > time.Hour && (err == nil || counts.Sent != 0 || took < 25*time.Minute || took > 40*time.Minute):
				t.Error(err, counts, took)
			}
		})
	}
}

// A server that refuses everything for good ends the run before all rows have failed.
func TestCircuit(t *testing.T) {
	p := &post{message: func([]string, int) server.Reply {
		return server.Reply{Code: 554, Enhanced: "5.7.1", Text: "looks like spam"}
	}}
	var got results
	counts, err := Run(t.Context(), numbered(10_000, nil), Options{Pool: p.pool(t, smtp.PoolOptions{}), OnResult: got.add})
	if !errors.Is(err, ErrRefused) || counts.Failed < 10 || counts.Failed > 10+2*4*64 || counts.Sent != 0 {
		t.Error(err, counts)
	}
	if err != nil && !strings.Contains(err.Error(), "looks like spam") {
		t.Error(err)
	}
}

// dying is a server that drops the connection behind the n-th message, before or
// after its end.
func dying(p *post, every int) func(conn net.Conn, number int) bool {
	return func(conn net.Conn, number int) bool {
		_ = server.Serve(context.Background(), conn, server.Config{Handler: &dyingPost{post: p, conn: conn, every: every}})
		return true
	}
}

type dyingPost struct {
	*post
	conn  net.Conn
	every int
	n     int
}

func (d *dyingPost) Message(ctx context.Context, peer server.Peer, envelope server.Envelope, body io.Reader) server.Reply {
	if d.n++; d.n%d.every == 0 {
		_, _ = io.Copy(io.Discard, body)
		_ = d.conn.Close() // taken or not: nobody knows
		return server.Reply{}
	}
	return d.post.Message(ctx, peer, envelope, body)
}

// A connection that ends behind a message leaves it in doubt; the policy decides.
func TestConnectionDies(t *testing.T) {
	const n = 100
	for policy, want := range map[DoubtPolicy]Counts{
		Hold:       {Rows: n, Sent: n - 9, InDoubt: 9},
		AssumeSent: {Rows: n, Sent: n},
		Resend:     {Rows: n, Sent: n},
	} {
		t.Run(string(policy), func(t *testing.T) {
			p := &post{}
			p.talk = dying(p, 12)
			inBubble(t, p, smtp.PoolOptions{Connections: 1}, func(t *testing.T, pool *smtp.Pool) {
				var got results
				counts, err := Run(t.Context(), numbered(n, nil), Options{
					Pool: pool, Connections: 1, Doubt: policy, OnResult: got.add, Stream: smtp.StreamOptions{Transfer: smtp.TransferData},
				})
				if err != nil {
					t.Fatal(err)
				}
				got.check(t, n)
				counts.Attempts, counts.Octets = 0, 0
				if policy == Hold {
					if counts.InDoubt < 7 || counts.InDoubt > 10 || counts.Sent+counts.InDoubt != n {
						t.Errorf("%+v", counts)
					}
				} else if counts != want {
					t.Errorf("%+v, want %+v", counts, want)
				}
				for i := 1; i <= n; i++ {
					if times := p.times(fmt.Sprintf("to%d@example.net", i)); times > 1 || times == 0 && policy == Resend {
						t.Errorf("row %d arrived %d times", i, times)
					}
				}
			})
		})
	}
}

// A server that stalls behind a message costs the timeout of that connection, and
// the others go on.
func TestStall(t *testing.T) {
	const n = 5000
	var stalled atomic.Bool
	p := &post{}
	p.message = func(to []string, _ int) server.Reply { return server.Reply{} }
	p.rcpt = func(to string, _ int) server.Reply {
		if numberIn(to) == 50 && stalled.CompareAndSwap(false, true) {
			time.Sleep(time.Hour)
		}
		return server.Reply{}
	}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		begun := time.Now()
		var got results
		var last time.Time
		counts, err := Run(t.Context(), numbered(n, nil), Options{Pool: pool, OnResult: func(r Result) error {
			if r.Job.Number == n {
				last = time.Now()
			}
			return got.add(r)
		}})
		if err != nil || counts.Sent+counts.InDoubt != n {
			t.Error(err, counts)
		}
		got.check(t, n)
		if took := time.Since(begun); took > 20*time.Minute {
			t.Errorf("took %s", took)
		}
		if most := begun.Add(30 * time.Second); last.After(most) {
			t.Errorf("row %d came after %s", n, last.Sub(begun))
		}
	})
}

// A message that is not the same when it is built again is not sent again.
func TestChangedMessage(t *testing.T) {
	p := &post{rcpt: func(_ string, call int) server.Reply {
		if call == 1 {
			return server.Reply{Code: 451, Enhanced: "4.2.0", Text: "later"}
		}
		return server.Reply{}
	}}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		var built atomic.Int64
		var got results
		counts, err := Run(t.Context(), numbered(1, func(j *Job) {
			j.Build = func(context.Context) (Letter, error) { return letterOf(built.Add(1)), nil }
		}), Options{Pool: pool, OnResult: got.add})
		if err != nil || counts.Failed != 1 || !errors.Is(got.all[0].Err, ErrChanged) || p.count() != 0 {
			t.Error(err, counts)
		}
	})
}

// Of several recipients, those that are open get the message again, and only they.
func TestOpenRecipients(t *testing.T) {
	p := &post{rcpt: func(to string, call int) server.Reply {
		switch {
		case strings.HasPrefix(to, "later") && call == 1:
			return server.Reply{Code: 450, Enhanced: "4.2.1", Text: "later"}
		case strings.HasPrefix(to, "never"):
			return server.Reply{Code: 550, Enhanced: "5.1.1", Text: "never"}
		}
		return server.Reply{}
	}}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		var got results
		counts, err := Run(t.Context(), numbered(1, func(j *Job) {
			j.Envelope.To = []string{"now@example.net", "later@example.net", "never@example.net"}
		}), Options{Pool: pool, OnResult: got.add})
		if err != nil || counts.Failed != 1 || counts.Attempts != 2 {
			t.Fatal(err, counts)
		}
		r := got.all[0].Sent
		for i, want := range []smtp.Outcome{smtp.Sent, smtp.Sent, smtp.Failed} {
			if r.Recipients[i].Outcome != want {
				t.Errorf("%s: %s", r.Recipients[i].Address, r.Recipients[i].Outcome)
			}
		}
		if r.Outcome != smtp.Partial || r.Reply.Code != 550 {
			t.Errorf("%s, %s", r.Outcome, r.Reply)
		}
		if p.times("now@example.net") != 1 || p.times("later@example.net") != 1 {
			t.Errorf("arrived: %v", p.arrived)
		}
	})
}

// Once the context ends, the run does, at once: what is not answered is in doubt.
func TestCancel(t *testing.T) {
	p := &post{}
	p.message = func(_ []string, call int) server.Reply {
		if call > 20 {
			time.Sleep(10 * time.Minute)
		}
		return server.Reply{}
	}
	inBubble(t, p, smtp.PoolOptions{Connections: 1}, func(t *testing.T, pool *smtp.Pool) {
		ctx, cancel := context.WithCancel(t.Context())
		begun := time.Now()
		time.AfterFunc(time.Minute, cancel)
		var got results
		counts, err := Run(ctx, numbered(1000, nil), Options{Pool: pool, Connections: 1, OnResult: got.add})
		if !errors.Is(err, context.Canceled) || counts.InDoubt == 0 || counts.Sent+counts.InDoubt+counts.Untried != counts.Rows {
			t.Error(err, counts)
		}
		if took := time.Since(begun); took > 65*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// failing is a journal that breaks at a step.
type failing struct {
	*Memory
	claims, doubts, settles atomic.Int64 // how many work
}

var errDisk = errors.New("no space left on device")

func (f *failing) Claim(ctx context.Context, rows []Entry, known []Known) error {
	if f.claims.Add(-1) < 0 {
		return errDisk
	}
	return f.Memory.Claim(ctx, rows, known)
}

func (f *failing) Doubt(ctx context.Context, settled []Settled, attempts []Attempt) error {
	if f.doubts.Add(-1) < 0 || len(settled) > 0 && f.settles.Add(-1) < 0 {
		return errDisk
	}
	return f.Memory.Doubt(ctx, settled, attempts)
}

func (f *failing) Settle(ctx context.Context, settled []Settled) error {
	if f.settles.Add(-1) < 0 {
		return errDisk
	}
	return f.Memory.Settle(ctx, settled)
}

// A journal that cannot write ends the run, and no message's end is written that
// it does not know of.
func TestJournalFails(t *testing.T) {
	for _, step := range []string{"claim", "doubt", "settle"} {
		t.Run(step, func(t *testing.T) {
			f := &failing{Memory: NewMemory()}
			for _, n := range []*atomic.Int64{&f.claims, &f.doubts, &f.settles} {
				n.Store(1 << 40)
			}
			switch step {
			case "claim":
				f.claims.Store(2)
			case "doubt":
				f.doubts.Store(2)
			case "settle":
				f.settles.Store(2)
			}
			p := &post{}
			counts, err := Run(t.Context(), numbered(15_000, nil), Options{Pool: p.pool(t, smtp.PoolOptions{}), Journal: f})
			if !errors.Is(err, errDisk) {
				t.Error(err)
			}
			if counts.Sent != int64(p.count()) || counts.Sent+counts.Untried != counts.Rows || counts.Rows > 10_000 {
				t.Errorf("%d arrived: %+v", p.count(), counts)
			}
		})
	}
}

// A server that drops connections again and again leaves fewer and fewer messages
// in doubt.
func TestReach(t *testing.T) {
	const n = 1000
	p := &post{}
	p.talk = dying(p, 20)
	inBubble(t, p, smtp.PoolOptions{Connections: 1}, func(t *testing.T, pool *smtp.Pool) {
		counts, err := Run(t.Context(), numbered(n, nil), Options{Pool: pool, Connections: 1})
		if err != nil || counts.InDoubt > 250 || counts.Sent+counts.InDoubt != n {
			t.Error(err, counts)
		}
	})
	r := reach{most: 64}
	for _, step := range []struct{ messages, answers, doubts, want int }{
		{64, 100, 0, 64}, {64, 10, 54, 16}, {16, 3, 13, 4}, {64, 10, 54, 1}, {1, 3, 0, 1}, {1, 4, 0, 2},
		{2, 100, 0, 4}, {4, 100, 0, 8}, {8, 100, 0, 16}, {16, 100, 0, 32}, {32, 128, 0, 64},
	} {
		if r.note(step.messages, step.answers, step.doubts); r.messages() != step.want {
			t.Errorf("%+v: %d", step, r.messages())
		}
	}
}

// What a run holds does not grow with its rows.
func TestMemoryIsFlat(t *testing.T) {
	pool := smtp.NewPool(echoSession, smtp.PoolOptions{Connections: 1})
	defer pool.Close(t.Context())
	var early, late uint64
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const n = 40_000
	counts, err := Run(t.Context(), benchSource(n), Options{
		Pool: pool, Connections: 1, Journal: forgetful{}, Duplicates: FirstDuplicate, Addresses: AnyAddresses,
		OnResult: func(r Result) error {
			switch r.Job.Number {
			case 5000:
				early = held()
			case n - 2000:
				late = held()
			}
			return nil
		},
	})
	if err != nil || counts.Sent != n {
		t.Fatal(err, counts)
	}
	if late > early+2<<20 {
		t.Errorf("%d octets are held at row 5,000 and %d at row %d", early, late, n-2000)
	}
}

// counting is a journal that knows how many rows are in doubt.
type counting struct {
	*Memory
	mu        sync.Mutex
	now, most int
	pause     func()
}

func (c *counting) Doubt(ctx context.Context, settled []Settled, attempts []Attempt) error {
	c.mu.Lock()
	c.now += len(attempts) - len(settled)
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	return c.Memory.Doubt(ctx, settled, attempts)
}

func (c *counting) Release(ctx context.Context, attempts []Attempt) error {
	c.mu.Lock()
	c.now -= len(attempts)
	c.mu.Unlock()
	return c.Memory.Release(ctx, attempts)
}

func (c *counting) Settle(ctx context.Context, settled []Settled) error {
	c.pause()
	c.mu.Lock()
	c.now -= len(settled)
	c.mu.Unlock()
	return c.Memory.Settle(ctx, settled)
}

// However slowly results are noted, no more rows are in doubt at a time than may be
// on their way.
func TestDoubtBound(t *testing.T) {
	for _, transfer := range []smtp.Transfer{smtp.TransferBdat, smtp.TransferData} {
		t.Run(string(transfer), func(t *testing.T) {
			p := &post{message: func(_ []string, call int) server.Reply {
				if call%50 == 0 {
					return server.Reply{Code: 554, Enhanced: "5.6.0", Text: "no"}
				}
				return server.Reply{}
			}}
			c := &counting{Memory: NewMemory(), pause: func() { runtime.Gosched() }}
			o := Options{Pool: p.pool(t, smtp.PoolOptions{}), Journal: c, Connections: 2}
			o.Stream.Messages, o.Stream.Transfer = 8, transfer
			if _, err := Run(t.Context(), numbered(3000, nil), o); err != nil {
				t.Fatal(err)
			}
			if c.now != 0 || c.most > 2*8 || c.most < 8 {
				t.Errorf("%d rows were in doubt at a time, want 16 at most; %d still are", c.most, c.now)
			}
		})
	}
}
