package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailscript/mailscript/smtp/server"
	"github.com/mailscript/mailscript/smtp/smtptest"
)

// fate is what a server makes of one transaction.
type fate string

const (
	taken           fate = "taken"
	mailRefused     fate = "MAIL refused"
	firstRefused    fate = "first recipient refused"
	lastRefused     fate = "last recipient refused"
	allRefused      fate = "all recipients refused"
	messageRefused  fate = "message refused"
	mailRefusedHard fate = "MAIL refused for good"
)

var fates = []fate{taken, mailRefused, mailRefusedHard, firstRefused, lastRefused, allRefused, messageRefused}

// outcomes are what must become of the two recipients.
func (f fate) outcomes() []Outcome {
	switch f {
	case mailRefused:
		return []Outcome{Deferred, Deferred}
	case mailRefusedHard, allRefused, messageRefused:
		return []Outcome{Failed, Failed}
	case firstRefused:
		return []Outcome{Failed, Sent}
	case lastRefused:
		return []Outcome{Sent, Failed}
	}
	return []Outcome{Sent, Sent}
}

// plan is what becomes of four messages one behind the other.
type plan [4]fate

func plans() (list []plan) {
	for _, a := range fates {
		for _, b := range fates {
			for _, c := range fates {
				for _, d := range fates {
					list = append(list, plan{a, b, c, d})
				}
			}
		}
	}
	return list
}

// of is what becomes of the message that an address belongs to: from3, a3 or b3.
func (p plan) of(address string) fate {
	local, _, _ := strings.Cut(address, "@")
	if n := int(local[len(local)-1] - '1'); n >= 0 && n < len(p) {
		return p[n]
	}
	return taken // the probe's
}

// planned is a handler that does as planned, and keeps what it takes.
type planned struct {
	server.Accept
	plan plan

	mu   sync.Mutex
	kept []smtptest.Received
}

// Mail implements server.Handler. The sender of the probe is that of the first
// message; it is refused as well.
func (h *planned) Mail(_ context.Context, _ server.Peer, sender server.Sender) server.Reply {
	switch h.plan.of(sender.Address) {
	case mailRefused:
		return server.Reply{Code: 451, Enhanced: "4.3.0", Text: "not now"}
	case mailRefusedHard:
		return server.Reply{Code: 550, Enhanced: "5.7.1", Text: "no"}
	}
	return server.Reply{}
}

// Rcpt implements server.Handler.
func (h *planned) Rcpt(_ context.Context, _ server.Peer, _ server.Envelope, recipient server.Recipient) server.Reply {
	refused := false
	switch h.plan.of(recipient.Address) {
	case firstRefused:
		refused = recipient.Address[0] == 'a'
	case lastRefused:
		refused = recipient.Address[0] == 'b'
	case allRefused:
		refused = true
	}
	if refused {
		return server.Reply{Code: 550, Enhanced: "5.1.1", Text: "no such user"}
	}
	return server.Reply{}
}

// Message implements server.Handler.
func (h *planned) Message(_ context.Context, _ server.Peer, envelope server.Envelope, body io.Reader) server.Reply {
	text, err := io.ReadAll(body)
	m := smtptest.Received{From: envelope.Sender.Address, Text: text, Complete: err == nil, Replies: []smtptest.Reply{{Code: 250}}}
	for _, r := range envelope.Recipients {
		m.To = append(m.To, r.Address)
	}
	reply := server.Reply{}
	if h.plan.of(m.From) == messageRefused {
		m.Replies[0].Code = 554
		reply = server.Reply{Code: 554, Enhanced: "5.7.1", Text: "spam"}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, m)
	return reply
}

// lends carries four messages and says what is wrong with where they went.
func (p plan) lends(s *Session, transfer Transfer, record func() smtptest.Connection) (wrong []string) {
	list, err := everything(s.Stream(context.Background(), numbered(4), StreamOptions{Transfer: transfer}))
	if err != io.EOF {
		wrong = append(wrong, fmt.Sprint("the stream ends with ", err))
	}
	var want []Outcome
	for _, f := range p {
		want = append(want, f.outcomes()...)
	}
	if got := outcomes(list); !slices.Equal(got, want) {
		wrong = append(wrong, fmt.Sprintf("%v, want %v", got, want))
	}
	if _, err := s.Quit(context.Background()); err != nil {
		wrong = append(wrong, err.Error())
	}
	return append(wrong, record().Disputes(claimed(list, numberedMail))...)
}

// A rejected transaction never lends its sender or its recipients to the next,
// on our own server: every order of four transactions that are taken or refused
// at MAIL, at RCPT in part or whole, or at their end.
func TestNothingIsLent(t *testing.T) {
	for _, transfer := range []Transfer{"", TransferData} {
		t.Run("transfer "+string(transfer), func(t *testing.T) {
			for i, p := range plans() {
				if i%thinned != 0 {
					continue
				}
				ours, theirs := newPipe()
				handler, done := &planned{plan: p}, make(chan error, 1)
				go func() { done <- server.Serve(t.Context(), theirs, server.Config{Handler: handler}) }()
				s, err := Connect(t.Context(), Options{
					Host: "mx.example", TLS: TLSOff, LocalName: "client.example",
					Dial: func(context.Context, Target) (net.Conn, error) { return ours, nil },
				})
				if err != nil {
					t.Fatal(err)
				}
				wrong := p.lends(s, transfer, func() smtptest.Connection {
					if err := <-done; err != nil && !errors.Is(err, io.EOF) {
						t.Errorf("%v: the server ends with %v", p, err)
					}
					// What was refused is on no record here.
					return smtptest.Connection{Messages: handler.kept, OutOfStep: true}
				})
				for _, complaint := range wrong {
					t.Errorf("%v: %s", p, complaint)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// The same with the scripted server, which forgets nothing of a refused
// transaction but what RSET tells it to.
func TestNothingIsLentByScript(t *testing.T) {
	for _, transfer := range []Transfer{"", TransferData} {
		t.Run("transfer "+string(transfer), func(t *testing.T) {
			for i, p := range plans() {
				if i%thinned != 0 {
					continue
				}
				scripted := smtptest.Server{Rules: p.rules(transfer == "")}
				s, record := streamTo(t, scripted)
				for _, complaint := range p.lends(s, transfer, record) {
					t.Errorf("%v: %s", p, complaint)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// rules are those of a server that does as planned.
func (p plan) rules(chunked bool) (list []smtptest.Rule) {
	probes, messages := 0, 0
	if chunked {
		probes = 1
	}
	for i, f := range p {
		first := 2*i + 1
		switch f {
		case mailRefused:
			list = append(list, answering(smtptest.Mail, i+1+probes, 451))
			continue
		case mailRefusedHard:
			list = append(list, answering(smtptest.Mail, i+1+probes, 550))
			continue
		case allRefused:
			list = append(list, answering(smtptest.Rcpt, first, 550), answering(smtptest.Rcpt, first+1, 550))
			continue
		case firstRefused:
			list = append(list, answering(smtptest.Rcpt, first, 550))
		case lastRefused:
			list = append(list, answering(smtptest.Rcpt, first+1, 550))
		}
		messages++
		if f == messageRefused {
			list = append(list, answering(smtptest.Message, messages, 554))
		}
	}
	return list
}
