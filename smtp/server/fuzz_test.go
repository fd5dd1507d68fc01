package server

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// auditor checks that a message only comes with an envelope that was accepted.
type auditor struct {
	Accept
	t          *testing.T
	sender     string
	recipients []string
}

func (a *auditor) Mail(_ context.Context, _ Peer, sender Sender) Reply {
	reply := judge(sender.Address)
	a.sender, a.recipients = "(none)", nil
	if reply.Positive() || reply == (Reply{}) {
		a.sender = sender.Address
	}
	return reply
}

func (a *auditor) Rcpt(_ context.Context, _ Peer, _ Envelope, recipient Recipient) Reply {
	reply := judge(recipient.Address)
	if reply.Positive() || reply == (Reply{}) {
		a.recipients = append(a.recipients, recipient.Address)
	}
	return reply
}

func (a *auditor) Message(_ context.Context, _ Peer, envelope Envelope, body io.Reader) Reply {
	if envelope.Sender.Address != a.sender || len(envelope.Recipients) == 0 {
		a.t.Errorf("message with the envelope %+v, accepted %q %q", envelope, a.sender, a.recipients)
	}
	for i, recipient := range envelope.Recipients {
		if i >= len(a.recipients) || recipient.Address != a.recipients[i] {
			a.t.Errorf("message with the envelope %+v, accepted %q %q", envelope, a.sender, a.recipients)
		}
	}
	_, _ = io.Copy(io.Discard, body)
	return Reply{}
}

// FuzzServe sends arbitrary octets. The server neither panics nor hangs, says
// only well-formed replies, and gives a message to the handler only with an
// envelope the handler accepted.
func FuzzServe(f *testing.F) {
	paths, _ := filepath.Glob("testdata/transcripts/*.txt")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(clientSide(string(text)), uint16(7))
	}
	f.Fuzz(func(t *testing.T, client []byte, cut uint16) {
		ours, theirs := net.Pipe()
		var tasks sync.WaitGroup
		defer tasks.Wait()
		done := make(chan struct{})
		tasks.Go(func() {
			defer close(done)
			_ = Serve(t.Context(), theirs, Config{AuthInClear: true, Handler: &auditor{t: t},
				Limits: Limits{MessageSize: 4096, Recipients: 5}})
		})
		replies := &replyChecker{t: t}
		tasks.Go(func() { _, _ = io.Copy(replies, ours) })
		at := min(int(cut), len(client))
		_, _ = ours.Write(client[:at])
		_, _ = ours.Write(client[at:])
		_ = ours.Close()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatal("the server hangs")
		}
	})
}

// replyChecker is a writer that takes well-formed reply lines only.
type replyChecker struct {
	t    *testing.T
	line []byte
}

func (r *replyChecker) Write(p []byte) (int, error) {
	for _, c := range p {
		r.line = append(r.line, c)
		if c != '\n' {
			continue
		}
		l := r.line
		if len(l) < 6 || len(l) > replyLine || l[len(l)-2] != '\r' || l[0] < '2' || l[0] > '5' || l[3] != ' ' && l[3] != '-' {
			r.t.Errorf("malformed reply line %q", l)
		}
		r.line = r.line[:0]
	}
	return len(p), nil
}
