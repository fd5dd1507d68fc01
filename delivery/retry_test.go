package delivery

import (
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
)

// A server that greylists each recipient once gets each again, once it is time,
// and the results come with the second attempt.
func TestGreylisting(t *testing.T) {
	const n = 200
	p := &post{rcpt: func(_ string, call int) server.Reply {
		if call == 1 {
			return server.Reply{Code: 451, Enhanced: "4.7.1", Text: "Greylisting in action, please come back later"}
		}
		return server.Reply{}
	}}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		begun := time.Now()
		var got results
		counts, err := Run(t.Context(), numbered(n, nil), Options{Pool: pool, OnResult: got.add})
		if err != nil {
			t.Fatal(err)
		}
		got.check(t, n)
		took := time.Since(begun)
		if counts.Sent != n || counts.Attempts != 2*n || took < 5*time.Minute || took > 16*time.Minute {
			t.Errorf("%+v in %s", counts, took)
		}
		if allowed := pool.Allowed(); allowed != 4 {
			t.Errorf("%d connections allowed: greylisting is no complaint about them", allowed)
		}
	})
}

// What the server says about when to come back is heeded.
func TestHint(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"4.2.0 <x>: Recipient address rejected: Greylisted, see http://postgrey.example/help/x.html": 0,
		"Greylisted, please try again in 300 seconds":                                                300 * time.Second,
		"Greylisting in action, please come back in 00:05:00":                                        0,
		"too many messages, retry after 2 minutes":                                                   2 * time.Minute,
		"Try again in 5m":     5 * time.Minute,
		"mailbox over quota":  0,
		"wait 1 hour":         time.Hour,
		"delayed for 60 secs": time.Minute,
	} {
		if got := hinted(smtp.Reply{Code: 451, Lines: []string{text}}); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	p := &post{rcpt: func(_ string, call int) server.Reply {
		if call == 1 {
			return server.Reply{Code: 450, Enhanced: "4.2.0", Text: "Greylisted, try again in 60 seconds"}
		}
		return server.Reply{}
	}}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		begun := time.Now()
		counts, err := Run(t.Context(), numbered(1, nil), Options{Pool: pool})
		if took := time.Since(begun); err != nil || counts.Sent != 1 || took < time.Minute || took > 70*time.Second {
			t.Error(counts, err, took)
		}
	})
}

// A mailbox that stays full is deferred when the time for retries is over, and
// fails when it has been so for too long.
func TestRetryFor(t *testing.T) {
	full := server.Reply{Code: 452, Enhanced: "4.2.2", Text: "mailbox full"}
	p := &post{rcpt: func(to string, _ int) server.Reply {
		if numberIn(to)%10 == 0 {
			return full
		}
		return server.Reply{}
	}}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		begun := time.Now()
		var got results
		counts, err := Run(t.Context(), numbered(50, nil), Options{Pool: pool, OnResult: got.add})
		if took := time.Since(begun); err != nil || counts.Sent != 45 || counts.Deferred != 5 || took > 31*time.Minute {
			t.Error(counts, err, took)
		}
		got.check(t, 50)
		if counts.Attempts < 45+2*5 {
			t.Errorf("%d attempts", counts.Attempts)
		}
		counts, err = Run(t.Context(), numbered(50, nil), Options{Pool: pool, Retry: Retry{For: 100 * time.Hour, Expire: 10 * time.Hour}})
		if err != nil || counts.Sent != 45 || counts.Failed != 5 {
			t.Error(counts, err)
		}
	})
}

// A recipient in doubt is left alone while another of the same message is tried again.
func TestDoubtAndRetry(t *testing.T) {
	for _, journal := range []Journal{NewMemory(), newStrict(t, Hold)} {
		p := &post{rcpt: func(to string, call int) server.Reply {
			if to == "later@example.net" && call == 1 {
				return server.Reply{Code: 450, Enhanced: "4.2.1", Text: "later"}
			}
			return server.Reply{}
		}}
		p.talk = dying(p, 1)
		inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
			time.AfterFunc(time.Minute, func() { p.mu.Lock(); p.talk = nil; p.mu.Unlock() })
			var got results
			counts, err := Run(t.Context(), numbered(1, func(j *Job) {
				j.Envelope.To = []string{"doubt@example.net", "later@example.net"}
			}), Options{Pool: pool, Journal: journal, OnResult: got.add, Stream: smtp.StreamOptions{Transfer: smtp.TransferData}})
			if err != nil || counts.InDoubt != 1 || counts.Attempts != 2 {
				t.Fatal(err, counts)
			}
			if p.times("doubt@example.net") != 0 || p.times("later@example.net") != 1 {
				t.Errorf("arrived: %v", p.arrived)
			}
			r := got.all[0].Sent
			if r.Outcome != smtp.InDoubt || r.Recipients[0].Outcome != smtp.InDoubt || r.Recipients[1].Outcome != smtp.Sent {
				t.Errorf("%+v", r)
			}
		})
	}
}
