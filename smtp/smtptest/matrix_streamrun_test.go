//go:build matrix

package smtptest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/mailscript/mailscript/smtp"
	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// streamSeen is what came of a stream: what the client says of each message, and
// what the servers saw.
type streamSeen struct {
	results     []smtp.Result
	pulled      int
	err         error
	usable      bool
	busy        bool   // it asked again and again where it should have waited
	begun       []byte // what the client has begun to write; nil where TLS hides it
	seen, again Connection
}

// begunConn notes what the client has begun to write.
type begunConn struct {
	mu   sync.Mutex
	text []byte
}

func (b *begunConn) note(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
}

type begunPipe struct {
	net.Conn
	*begunConn
}

func (p begunPipe) Write(text []byte) (int, error) { p.note(text); return p.Conn.Write(text) }

type begunTCP struct {
	*net.TCPConn
	*begunConn
}

func (p begunTCP) Write(text []byte) (int, error) { p.note(text); return p.TCPConn.Write(text) }

// patient is a context that notes when it is asked far too often whether it has
// ended: the clock of synctest stands still meanwhile.
type patient struct {
	context.Context
	asked   atomic.Int64
	tooMuch func()
}

func (p *patient) Err() error {
	if p.asked.Add(1) == 10_000 && p.tooMuch != nil {
		p.tooMuch()
	}
	return p.Context.Err()
}

// play runs one cell.
func (c streamCell) play(t *testing.T, identity Identity, counted *tally) {
	_, name, _ := strings.Cut(c.String(), "/")
	t.Run(name, func(t *testing.T) {
		run := func(t *testing.T) {
			o := c.observe(t, identity)
			if wrong := counted.news(c.String(), c.judge(o)); len(wrong) > 0 {
				t.Errorf("%s\nclaims: %s\nthe server said %s", strings.Join(wrong, "\n"), &o, short(string(o.seen.Said)))
			}
			kind := "all"
			var fault *smtp.Error
			if errors.As(o.err, &fault) {
				kind = string(fault.Kind)
			}
			counted.add(counted.count, "stream: "+kind)
		}
		if c.fault.slow {
			synctest.Test(t, run)
			return
		}
		run(t)
	})
}

// observe runs the client against the cell's server.
func (c streamCell) observe(t *testing.T, identity Identity) (o streamSeen) {
	server, begun := c.serverFor(identity), &begunConn{}
	patience := &patient{Context: t.Context()}
	var (
		dial func() (net.Conn, error)
		seen func() Connection
	)
	if c.fault.slow {
		done := make(chan Connection, 1)
		dial = func() (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() { done <- server.Serve(theirs) }()
			patience.tooMuch = func() { o.busy = true; theirs.Close() }
			return begunPipe{ours, begun}, nil
		}
		seen = func() Connection { return <-done }
	} else {
		running := server.Start(t)
		defer running.Close()
		dial = func() (net.Conn, error) {
			conn, err := net.Dial("tcp", running.Address)
			if err != nil {
				return nil, err
			}
			return begunTCP{conn.(*net.TCPConn), begun}, nil
		}
		seen = func() Connection { return running.Connection(0) }
	}
	options := smtp.Options{
		Host: "mx.example", Port: 2525, TLS: smtp.TLSMode(c.mode), LocalName: "client.example",
		RootCAs: identity.Roots,
		Dial:    func(context.Context, smtp.Target) (net.Conn, error) { return dial() },
	}
	if c.lmtp {
		options.Protocol = smtp.LMTP
	}
	session, err := smtp.Connect(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	var all []streamMail
	for i := range c.way.messages {
		all = append(all, c.way.mail(i+1))
	}
	o.carry(patience, session, c.way, all)
	o.usable = session.Usable() == nil
	if o.usable {
		if _, err := session.Quit(t.Context()); err != nil {
			t.Errorf("QUIT: %v", err)
		}
	}
	session.Close()
	o.seen = seen()
	if c.mode == TLSOff {
		begun.mu.Lock()
		o.begun = begun.text
		begun.mu.Unlock()
	}
	o.retry(t.Context(), c)
	return o
}

// carry has a stream carry all messages.
func (o *streamSeen) carry(ctx context.Context, session *smtp.Session, w way, all []streamMail) {
	options := smtp.StreamOptions{Messages: w.window, Transfer: smtp.TransferData}
	if w.bdat {
		options.Transfer = smtp.TransferBdat
		if !w.turns {
			options.Transfer = ""
		}
	}
	if w.commit {
		options.Commit = func(context.Context, []smtp.Mail) error { return nil }
	}
	stream := session.Stream(ctx, func() (smtp.Mail, error) {
		if o.pulled == len(all) {
			return smtp.Mail{}, io.EOF
		}
		m := all[o.pulled]
		o.pulled++
		return smtp.Mail{Envelope: smtp.Envelope{From: m.from, To: m.to}, Content: smtp.ContentOf(m.text)}, nil
	}, options)
	for {
		result, err := stream.Next()
		if err == nil || len(result.Recipients) > 0 {
			o.results = append(o.results, result)
		}
		if err != nil {
			if err != io.EOF {
				o.err = err
			}
			return
		}
	}
}

// retry sends to a good server whatever the client says is safe to send again:
// what was deferred, and what was never tried.
func (o *streamSeen) retry(ctx context.Context, c streamCell) {
	var all []streamMail
	for i := range c.way.messages {
		m := c.way.mail(i + 1)
		var to []string
		for j, address := range m.to {
			if outcome := o.outcome(i, j); outcome == "" || outcome == string(smtp.Deferred) {
				to = append(to, address)
			}
		}
		if len(to) > 0 {
			m.to = to
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return
	}
	ours, theirs := net.Pipe()
	done := make(chan Connection, 1)
	go func() { done <- Server{}.Serve(theirs) }()
	session, err := smtp.Connect(ctx, smtp.Options{
		Host: "mx.example", Port: 25, TLS: smtp.TLSOff, LocalName: "client.example",
		Dial: func(context.Context, smtp.Target) (net.Conn, error) { return ours, nil },
	})
	if err == nil {
		second := &streamSeen{}
		second.carry(ctx, session, way{bdat: true, window: 64}, all)
		_, _ = session.Quit(ctx)
	}
	ours.Close()
	o.again = <-done
}

// outcome is that of a recipient, "" for one that was never tried.
func (o *streamSeen) outcome(message, recipient int) string {
	if message >= len(o.results) {
		return ""
	}
	return string(o.results[message].Recipients[recipient].Outcome)
}

func (o *streamSeen) String() string {
	var b strings.Builder
	for i, r := range o.results {
		fmt.Fprintf(&b, " %d:", i+1)
		for _, recipient := range r.Recipients {
			fmt.Fprintf(&b, " %s (%s)", recipient.Outcome, recipient.Reply)
		}
	}
	return fmt.Sprintf("%s; then %v", b.String(), o.err)
}

// judge compares what came of a cell with what must, and returns what is wrong.
func (c streamCell) judge(o streamSeen) (wrong []string) {
	say := func(format string, a ...any) { wrong = append(wrong, fmt.Sprintf(format, a...)) }
	if len(o.results) != o.pulled {
		say("%d messages were taken from the source, and %d results came of them", o.pulled, len(o.results))
	}
	var fault *smtp.Error
	if o.err != nil && !errors.As(o.err, &fault) {
		say("an error that is no *smtp.Error: %v", o.err)
	}
	if o.busy {
		say("the stream does not wait")
	}
	var claims []Claim
	for i := range c.way.messages {
		m := c.way.mail(i + 1)
		for j, to := range m.to {
			if i < len(o.results) && o.results[i].Recipients[j].Address != to {
				say("result %d is of %s", i+1, o.results[i].Recipients[j].Address)
			}
			claims = append(claims, Claim{From: m.from, To: to, Text: m.text, Outcome: o.outcome(i, j)})
		}
		wrong = append(wrong, c.judgeBegun(m, o, i)...)
	}
	wrong = append(wrong, o.seen.Disputes(claims)...)
	wrong = append(wrong, c.judgeCopies(claims, o)...)
	for _, i := range c.untouched() {
		for j := range c.way.mail(i).to {
			outcome := o.outcome(i-1, j)
			if outcome == string(smtp.InDoubt) && o.seen.Ended == ByServer && !c.alone && !c.fault.slow {
				continue // a reset destroys replies that the client has not read
			}
			if outcome != string(smtp.Sent) {
				say("message %d: %q, want sent: it has nothing to do with the fault", i, outcome)
			}
		}
	}
	if c.alone && (o.err != nil || !o.usable) {
		say("the stream ends with %v, the connection usable: %t", o.err, o.usable)
	}
	if o.seen.Ended != ByServer && o.usable != (o.seen.Ended == ByQuit) {
		say("the connection was usable: %t, and ended with %s", o.usable, o.seen.Ended)
	}
	if !c.way.pipelining && o.seen.Ahead > 0 {
		say("%d commands were sent ahead, though PIPELINING is not offered", o.seen.Ahead)
	}
	return wrong
}

// judgeBegun holds what is said of a message that no reply decided against what
// the client has begun to write: in doubt if and only if its end was.
func (c streamCell) judgeBegun(m streamMail, o streamSeen, i int) (wrong []string) {
	if o.begun == nil || i >= len(o.results) {
		return nil
	}
	end := m.text
	if !c.way.bdat {
		end = append(bytes.ReplaceAll(end, []byte("\r\n."), []byte("\r\n..")), ".\r\n"...)
	}
	begun := bytes.Contains(o.begun, end)
	for j, r := range o.results[i].Recipients {
		switch outcome := o.outcome(i, j); {
		case outcome == string(smtp.InDoubt) && !begun:
			wrong = append(wrong, fmt.Sprintf("%s is in doubt, and the end of the message was never written", r.Address))
		case outcome == string(smtp.Deferred) && r.Reply.Code == 0 && begun:
			wrong = append(wrong, fmt.Sprintf("%s is deferred without an answer, though the end of the message may have been written", r.Address))
		}
	}
	return wrong
}

// judgeCopies counts the copies that each recipient may have once what is safe
// to send again was sent again.
func (c streamCell) judgeCopies(claims []Claim, o streamSeen) (wrong []string) {
	say := func(format string, a ...any) { wrong = append(wrong, fmt.Sprintf(format, a...)) }
	for _, claim := range claims {
		copies := 0
		for _, m := range append(append([]Received(nil), o.seen.Messages...), o.again.Messages...) {
			if m.MayHave(claim.To) {
				copies++
			}
		}
		switch {
		case copies > 1:
			say("%s: %d copies after the second attempt", claim.To, copies)
		case copies == 0 && claim.Outcome != string(smtp.Failed) && claim.Outcome != string(smtp.InDoubt):
			say("%s: lost: %q at first, and the second attempt brought nothing", claim.To, claim.Outcome)
		}
	}
	return wrong
}
