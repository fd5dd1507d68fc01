package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
)

// strict is a journal over several runs that holds the pipeline to the protocol.
type strict struct {
	t      *testing.T
	mu     sync.Mutex
	epoch  int
	rows   []*strictRow
	byKey  map[string]*strictRow
	policy DoubtPolicy
}

type strictRow struct {
	id       int64
	entry    Entry
	epoch    int // that claimed it last
	state    string
	outcomes []smtp.Outcome
	tried    *Tried
}

func newStrict(t *testing.T, policy DoubtPolicy) *strict {
	return &strict{t: t, byKey: map[string]*strictRow{}, policy: policy}
}

// reopen is what a new process finds.
func (s *strict) reopen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
}

func (s *strict) Look(_ context.Context, rows []Entry, known []Known) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range rows {
		known[i], _ = s.look(rows[i])
	}
	return nil
}

func (s *strict) look(e Entry) (Known, *strictRow) {
	r := s.byKey[e.Key]
	if r == nil {
		return Known{Status: StatusNew}, nil
	}
	k := Known{ID: r.id, Tried: r.tried}
	touched := slices.ContainsFunc(r.outcomes, func(o smtp.Outcome) bool { return o == smtp.Sent || o == smtp.InDoubt }) || r.state == "doubtful"
	switch {
	case r.entry.Hash != e.Hash && touched:
		k.Status = StatusEdited
	case r.epoch == s.epoch && r.entry.Number != e.Number:
		k.Status = StatusDuplicate
	case r.state != "doubtful" && r.tried == nil:
		k.Status = StatusNew
	case slices.Contains(r.outcomes, "") && r.state != "doubtful", slices.Contains(r.outcomes, smtp.Deferred):
		k.Status = StatusOpen
	case r.state == "doubtful", slices.Contains(r.outcomes, smtp.InDoubt):
		k.Status = StatusDoubtful
	case slices.Contains(r.outcomes, smtp.Failed):
		k.Status = StatusFailed
	default:
		k.Status = StatusSent
	}
	return k, r
}

func (s *strict) Finished(_ context.Context, rows []Entry, known []Known) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range rows {
		k, r := s.look(e)
		if r == nil || r.entry.Number != e.Number || r.entry.Hash != e.Hash {
			continue
		}
		switch k.Status {
		case StatusSent, StatusFailed, StatusSuppressed:
			known[i], r.epoch = k, s.epoch
		}
	}
	return nil
}

func (s *strict) Claim(_ context.Context, rows []Entry, known []Known) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range rows {
		k, r := s.look(e)
		if r == nil {
			r = &strictRow{id: int64(len(s.rows)), entry: e, outcomes: make([]smtp.Outcome, len(e.Recipients))}
			s.rows = append(s.rows, r)
			s.byKey[e.Key] = r
			k.ID = r.id
		}
		known[i] = k
		if k.Status == StatusDuplicate {
			continue
		}
		if r.epoch == s.epoch && r.state == "claimed" {
			s.t.Errorf("%s: claimed twice", e.Key)
		}
		r.epoch, r.entry.Number = s.epoch, e.Number
		if k.Status == StatusNew || k.Status == StatusOpen || k.Status == StatusDoubtful && s.policy == Resend {
			r.state = "claimed"
		}
	}
	return nil
}

func (s *strict) Doubt(ctx context.Context, settled []Settled, attempts []Attempt) error {
	if err := s.Settle(ctx, settled); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range attempts {
		r := s.rows[a.ID]
		if r.state != "claimed" {
			s.t.Errorf("%s: in doubt, was %s", r.entry.Key, r.state)
		}
		r.state = "doubtful"
		for _, i := range each(a.Open, len(r.outcomes)) {
			if r.outcomes[i] == smtp.Sent || r.outcomes[i] == smtp.Failed {
				s.t.Errorf("%s: recipient %d is %s and gets it again", r.entry.Key, i, r.outcomes[i])
			}
		}
	}
	return nil
}

func (s *strict) Release(_ context.Context, attempts []Attempt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range attempts {
		r := s.rows[a.ID]
		if r.state != "doubtful" {
			s.t.Errorf("%s: released, was %s", r.entry.Key, r.state)
		}
		r.state = "claimed"
	}
	return nil
}

func (s *strict) Settle(_ context.Context, settled []Settled) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range settled {
		r := s.rows[one.ID]
		if r.state != "doubtful" && r.state != "claimed" {
			s.t.Errorf("%s: settled, was %s", r.entry.Key, r.state)
		}
		r.state = "settled"
		open := each(one.Open, len(r.outcomes))
		if len(open) != len(one.To) {
			s.t.Errorf("%s: %d recipients settled of %d", r.entry.Key, len(one.To), len(open))
		}
		deferred := false
		for n, i := range open {
			if one.To[n].Address != r.entry.Recipients[i] {
				s.t.Errorf("%s: %s for recipient %d", r.entry.Key, one.To[n].Address, i)
			}
			r.outcomes[i] = one.To[n].Outcome
			deferred = deferred || one.To[n].Outcome == smtp.Deferred
		}
		if deferred && (one.Again.IsZero() || one.Sum == nil) {
			s.t.Errorf("%s: deferred until %s, sum %x", r.entry.Key, one.Again, one.Sum)
		}
		t := &Tried{Attempts: 1, First: one.At}
		if r.tried != nil {
			*t = *r.tried
			t.Attempts++
		}
		t.Again, t.Sum = one.Again, one.Sum
		t.Past = make([]smtp.Recipient, len(r.outcomes))
		for i, o := range r.outcomes {
			t.Past[i] = smtp.Recipient{Address: r.entry.Recipients[i], Outcome: o}
		}
		r.tried = t
	}
	return nil
}

// each is a list of indexes, where nil is all.
func each(open []int, n int) []int {
	if open != nil {
		return open
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// A run that is stopped and run again sends each message once.
func TestResume(t *testing.T) {
	const n = 2000
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	s := newStrict(t, Hold)
	var counts Counts
	for times := 0; ; times++ {
		s.reopen()
		stop := make(chan struct{})
		before := p.count()
		var err error
		var got results
		counts, err = Run(t.Context(), numbered(n, nil), Options{Pool: pool, Journal: s, Stop: stop, OnResult: func(r Result) error {
			if len(got.all) == times*150+250 {
				close(stop)
			}
			return got.add(r)
		}})
		if err == nil || errors.Is(err, ErrFinished) {
			got.check(t, n)
			break
		}
		if !errors.Is(err, ErrStopped) || times > 100 {
			t.Fatal(err)
		}
		if counts.Sent != int64(p.count()-before) {
			t.Errorf("%+v, %d arrived", counts, p.count()-before)
		}
	}
	if counts.AlreadySent+counts.Sent != n || counts.AlreadySent == 0 {
		t.Errorf("%+v", counts)
	}
	for i := 1; i <= n; i++ {
		if times := p.times(fmt.Sprintf("to%d@example.net", i)); times != 1 {
			t.Errorf("row %d arrived %d times", i, times)
		}
	}
	s.reopen()
	if _, err := Run(t.Context(), numbered(n, nil), Options{Pool: pool, Journal: s}); !errors.Is(err, ErrFinished) {
		t.Error(err)
	}
	s.reopen()
	var edited *EditError
	if _, err := Run(t.Context(), numbered(n+1, func(j *Job) {
		if j.Number == 77 {
			j.Hash++
		}
	}), Options{Pool: pool, Journal: s}); !errors.As(err, &edited) || edited.Total != 1 || edited.Places[0] != "row 77" {
		t.Error(err)
	}
}

// Whatever a server does, each row has one result, the journal's protocol is kept
// to, and what the results say is what arrived.
func TestAnyServer(t *testing.T) {
	for seed := range uint64(12) {
		for _, transfer := range []smtp.Transfer{smtp.TransferData, ""} {
			t.Run(fmt.Sprintf("%d %s", seed, transfer), func(t *testing.T) {
				anyServer(t, seed, transfer, func(policy DoubtPolicy) Journal { return newStrict(t, policy) })
			})
		}
	}
}

func anyServer(t *testing.T, seed uint64, transfer smtp.Transfer, journal func(DoubtPolicy) Journal) {
	random := rand.New(rand.NewPCG(seed, 1))
	n := int64(100 + random.IntN(400))
	policy := []DoubtPolicy{Hold, Resend, AssumeSent}[random.IntN(3)]
	var mu sync.Mutex
	chance := func(per int) bool {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(1000) < per
	}
	bad, busy, leave, die := random.IntN(50), random.IntN(200), random.IntN(20), random.IntN(20)
	p := &post{}
	p.rcpt = func(to string, call int) server.Reply {
		switch {
		case chance(bad):
			return server.Reply{Code: 550, Enhanced: "5.1.1", Text: "no"}
		case chance(busy):
			return server.Reply{Code: 450, Enhanced: "4.2.1", Text: "later"}
		case chance(busy / 10):
			return server.Reply{Code: 451, Enhanced: "4.7.0", Text: "slower"}
		}
		return server.Reply{}
	}
	p.message = func([]string, int) server.Reply {
		switch {
		case chance(leave):
			return server.Reply{Code: 421, Enhanced: "4.3.2", Text: "bye"}
		case chance(busy / 4):
			return server.Reply{Code: 452, Enhanced: "4.2.2", Text: "full"}
		}
		return server.Reply{}
	}
	s := journal(policy)
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		p.conn = func(post *post, conn net.Conn) server.Handler {
			return &mortal{post: post, conn: conn, dies: func() bool { return chance(die) }}
		}
		var got results
		source := numbered(n, func(j *Job) {
			if j.Number%5 == 0 {
				j.Envelope.To = append(j.Envelope.To, fmt.Sprintf("second%d@example.net", j.Number), fmt.Sprintf("third%d@example.net", j.Number))
			}
		})
		counts, err := Run(t.Context(), source, Options{
			Pool: pool, Journal: s, Doubt: policy, OnResult: got.add, StopAfter: -1, Window: 64 + random.IntN(500),
			Stream: smtp.StreamOptions{Transfer: transfer, Messages: 1 + random.IntN(64)},
		})
		if err != nil {
			t.Fatal(err)
		}
		got.check(t, n)
		t.Logf("%s: %+v", policy, counts)
		if counts.Sent+counts.Failed+counts.Deferred+counts.InDoubt != n {
			t.Errorf("%+v", counts)
		}
		for _, r := range got.all {
			for _, to := range r.Sent.Recipients {
				times := p.times(to.Address)
				switch {
				case to.Outcome == smtp.Sent && times == 0 && policy != AssumeSent,
					to.Outcome == smtp.Sent && times != 1 && policy == Hold,
					to.Outcome == smtp.Failed && times > 0 && policy == Hold,
					to.Outcome == smtp.Deferred && times > 0 && policy == Hold,
					times > 1 && policy != Resend:
					t.Errorf("row %d: %s is %s and arrived %d times", r.Job.Number, to.Address, to.Outcome, times)
				}
			}
		}
		if doubts := counts.InDoubt; policy != Hold && doubts > 0 {
			t.Errorf("%d in doubt", doubts)
		}
		for _, text := range p.arrived {
			for _, one := range text {
				if !strings.Contains(one, "Hello") {
					t.Errorf("half a message arrived: %q", one)
				}
			}
		}
	})
}

// mortal is a server whose connection may end behind any message, taken or not.
type mortal struct {
	*post
	conn net.Conn
	dies func() bool
}

func (m *mortal) Message(ctx context.Context, peer server.Peer, envelope server.Envelope, body io.Reader) server.Reply {
	if m.dies() {
		if len(envelope.Recipients[0].Address)%2 == 0 {
			m.post.Message(ctx, peer, envelope, body)
		} else {
			_, _ = io.Copy(io.Discard, body)
		}
		_ = m.conn.Close()
		return server.Reply{}
	}
	return m.post.Message(ctx, peer, envelope, body)
}

// Runs that are cut off again and again lose nothing, and send nothing twice
// that they do not say is in doubt.
func TestCutOff(t *testing.T) {
	for _, policy := range []DoubtPolicy{Hold, Resend} {
		t.Run(string(policy), func(t *testing.T) {
			const n = 1500
			p := &post{}
			s := newStrict(t, policy)
			inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
				p.message = func([]string, int) server.Reply {
					time.Sleep(20 * time.Millisecond)
					return server.Reply{}
				}
				var got results
				for times := 0; ; times++ {
					s.reopen()
					ctx, cancel := context.WithCancel(t.Context())
					got = results{}
					calls := 0
					counts, err := Run(ctx, numbered(n, nil), Options{Pool: pool, Journal: s, Doubt: policy, Stream: smtp.StreamOptions{Grace: time.Millisecond}, OnResult: func(r Result) error {
						if r.Outcome == Sent {
							if calls++; calls == 200 {
								cancel()
							}
						}
						return got.add(r)
					}})
					cancel()
					if err == nil || errors.Is(err, ErrFinished) {
						break
					}
					if !errors.Is(err, context.Canceled) || times > 50 {
						t.Fatal(times, err, counts)
					}
				}
				got.check(t, n)
				inDoubt := 0
				for _, r := range got.all {
					to := r.Job.Envelope.To[0]
					times := p.times(to)
					switch {
					case r.Outcome == InDoubt && policy == Hold:
						inDoubt++
					case r.Outcome != Sent && r.Outcome != AlreadySent:
						t.Errorf("%s: %s", to, r.Outcome)
					case times == 0, times > 1 && policy == Hold:
						t.Errorf("%s: %s and arrived %d times", to, r.Outcome, times)
					}
				}
				if policy == Hold && inDoubt == 0 {
					t.Error("nothing was in doubt: the test tests nothing")
				}
			})
		})
	}
}
