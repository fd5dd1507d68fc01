package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/daemon"
	"github.com/mailscript/mailscript/schedule"
	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
)

// bubble is mailscript serve in a bubble of synctest, with a server to take its mail:
// time goes by when nobody has anything to do, and no real time does.
type bubble struct {
	t      *testing.T
	box    *mailbox
	folder string
	shared shared
	log    *slog.Logger
	hangup chan os.Signal
	quit   func()       // while it serves
	rings  atomic.Int64 // how often a timer woke it
}

// bubbleStart is the time at which each bubble begins.
const bubbleStart = "2026-11-26T06:30:00Z"

// inBubble runs a test with the jobs of a project, see jobProject. Nothing serves yet.
func inBubble(t *testing.T, jobs string, files []string, test func(*bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{t: t, box: &mailbox{port: 25, more: make(chan struct{}, 1)}, shared: newShared(), log: slog.New(slog.DiscardHandler), hangup: make(chan os.Signal)}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b.shared.dial = func(context.Context, smtp.Target) (net.Conn, error) {
			client, accepted := net.Pipe()
			go func() {
				_ = server.Serve(ctx, accepted, server.Config{Hostname: "mx.example", Handler: b.box})
			}()
			return client, nil
		}
		b.folder = jobProject(t, b.box, jobs, files...)
		b.until(bubbleStart)
		test(b)
		if b.quit != nil {
			b.stop()
		}
	})
}

// serve starts it.
func (b *bubble) serve() {
	b.t.Helper()
	p, err := openJobs(b.folder, func(text string) { b.t.Error(text) })
	if err != nil {
		b.t.Fatal(err)
	}
	s := &jobServer{
		folder: p.folder, log: b.log, shared: b.shared, clock: bubbleClock{time.Now(), &b.rings},
		service: daemon.NewNotifier(func(string) string { return "" }, 1),
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, p, 30*time.Second, b.hangup) }()
	b.quit = func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	}
	synctest.Wait()
}

func (b *bubble) stop() {
	b.t.Helper()
	b.quit()
	b.quit = nil
	synctest.Wait()
}

// reload changes the configuration, as SIGHUP has it read.
func (b *bubble) reload(jobs string) {
	b.t.Helper()
	path := filepath.Join(b.folder, "mailscript.toml")
	text := fmt.Sprintf("[account.default]\nhost = \"127.0.0.1\"\nport = %d\ntls = \"off\"\n%s", b.box.port, jobs)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.hangup <- syscall.SIGHUP
	synctest.Wait()
}

// until lets time go by.
func (b *bubble) until(at string) {
	b.t.Helper()
	end, err := time.Parse(time.RFC3339, at)
	if err != nil {
		b.t.Fatal(err)
	}
	time.Sleep(time.Until(end))
	synctest.Wait()
}

// got are the subjects of the mail for a recipient, with the times at which it was sent, as
// in "2026-11-26 at 2026-11-26T07:00:00Z", and empties the mailbox of it.
func (b *bubble) got(to string) []string {
	b.t.Helper()
	var subjects []string
	for _, e := range b.take(to) {
		at, err := e.header.Date()
		if err != nil {
			b.t.Fatal(err)
		}
		subjects = append(subjects, e.header.Get("Subject")+" at "+at.UTC().Format(time.RFC3339))
	}
	return subjects
}

func (b *bubble) take(to string) []envelope {
	b.box.mu.Lock()
	defer b.box.mu.Unlock()
	var taken []envelope
	b.box.letters = slices.DeleteFunc(b.box.letters, func(e envelope) bool {
		if e.to == to {
			taken = append(taken, e)
		}
		return e.to == to
	})
	return taken
}

const (
	boss = "boss@bank.example" // gets reports
	ops  = "ops@bank.example"  // gets notices
)

func (b *bubble) want(to string, want ...string) {
	b.t.Helper()
	if got := b.got(to); !slices.Equal(got, want) {
		b.t.Errorf("%s got\n  %s\nwant\n  %s", to, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// bubbleClock is the time of a bubble.
type bubbleClock struct {
	start time.Time
	rings *atomic.Int64
}

func (c bubbleClock) Now() time.Time         { return time.Now().Round(0) }
func (c bubbleClock) Elapsed() time.Duration { return time.Since(c.start) }
func (c bubbleClock) Alarm() schedule.Alarm {
	return &bubbleAlarm{rings: c.rings, c: make(chan struct{}, 1)}
}

type bubbleAlarm struct {
	rings *atomic.Int64
	timer *time.Timer
	c     chan struct{}
}

func (a *bubbleAlarm) Set(at time.Time) {
	a.Close()
	if !at.IsZero() {
		a.timer = time.AfterFunc(time.Until(at), func() {
			a.rings.Add(1)
			select {
			case a.c <- struct{}{}:
			default:
			}
		})
	}
}

func (a *bubbleAlarm) C() <-chan struct{} { return a.c }

func (a *bubbleAlarm) Close() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
