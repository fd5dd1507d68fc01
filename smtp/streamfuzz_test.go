package smtp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/smtp/smtptest"
)

// script is a server, and a stream to it, made from any octets.
type script struct {
	server   smtptest.Server
	options  StreamOptions
	messages int
}

func readScript(p []byte) (s script) {
	next := func(n int) int {
		if len(p) == 0 {
			return 0
		}
		v := int(p[0]) % n
		p = p[1:]
		return v
	}
	s.options.Transfer = []Transfer{"", TransferData, TransferBdat, ""}[next(4)]
	s.options.Messages = []int{64, 1, 2, 8}[next(4)]
	s.messages = 1 + next(12)
	if next(4) == 3 {
		s.server.Protocol = smtptest.LMTP
	}
	if next(8) == 7 {
		s.server.Capabilities = []string{"8BITMIME", "CHUNKING"} // one by one
	}
	points := []smtptest.Point{
		smtptest.Mail, smtptest.Rcpt, smtptest.Data, smtptest.Text, smtptest.Bdat, smtptest.Message, smtptest.Rset, smtptest.Ehlo, smtptest.Quit,
	}
	replies := []smtptest.Reply{
		{}, {Code: 250}, {Code: 251}, {Code: 354}, {Code: 334}, {Code: 421}, {Code: 450}, {Code: 451, Lines: []string{"a", "b"}}, {Code: 452, Enhanced: "4.5.3"},
		{Code: 503}, {Code: 550}, {Code: 552, Enhanced: "5.5.3"}, {Code: 554}, {Code: 220},
	}
	raws := []string{"", "250x\r\n", "\r\n", "250-ok\r\n550 no\r\n", "250", "25", "250-a\r\n", "\x00", "250 2.0.0 ok\r\n", "550 5.0.0 no\r\n", "\x16\x03\x01\x00\x05hello"}
	endings := []smtptest.Ending{"", "", "", "", smtptest.Close, smtptest.Drop, smtptest.HalfClose, smtptest.Silence, smtptest.Stop}
	for len(p) > 0 && len(s.server.Rules) < 12 {
		rule := smtptest.Rule{At: points[next(len(points))], Call: 1 + next(2*s.messages)}
		if rule.At == smtptest.Ehlo {
			rule.Call = 2 // the probe's
		}
		act := &rule.Do
		act.Reply = replies[next(len(replies))]
		switch next(8) {
		case 0:
			act.Raw, act.Reply = raws[next(len(raws))], smtptest.Reply{}
		case 1:
			act.Mute = true
		case 2:
			act.Surplus = raws[next(len(raws))]
		case 3:
			act.Cut = next(40)
		case 4:
			act.Octets = true
		case 5:
			act.Delay = time.Duration(next(12)) * time.Minute
		}
		act.Then = endings[next(len(endings))]
		act.After = next(60)
		s.server.Rules = append(s.server.Rules, rule)
	}
	return s
}

// FuzzStream has a server answer in any way: too early, too late, in pieces, too
// much, not at all, or with nonsense. Whatever it does, each message of a stream
// is claimed to be what the server's record allows, nobody gets what was sent to
// somebody else, and the stream comes to its end.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 0, 5, 0, 0, 5, 2, 0, 1, 7, 0})                      // silence in answer to a message, back to back
	f.Add([]byte{1, 0, 5, 0, 0, 0, 1, 6, 7, 0, 0, 1, 3, 10, 7, 0, 0})   // refusals, in turns
	f.Add([]byte{0, 3, 11, 0, 0, 3, 5, 0, 7, 8, 20})                    // stops reading within a message
	f.Add([]byte{2, 2, 8, 0, 0, 4, 0, 1, 7, 0, 0, 6, 2, 0, 2, 9, 0, 0}) // BDAT in turns, and a reply too many
	f.Add([]byte{0, 0, 8, 3, 0, 5, 3, 12, 4, 0, 0})                     // LMTP
	f.Add([]byte{1, 1, 8, 0, 7, 5, 3, 8, 3, 2, 0})                      // one by one
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 200 {
			return
		}
		// Outside of the bubble, whose clock stands still while anything is busy.
		hangs := time.AfterFunc(10*time.Second, func() { panic("the stream does not come to its end") })
		defer hangs.Stop()
		synctest.Test(t, func(t *testing.T) { readScript(program).play(t) })
	})
}

func (s script) play(t *testing.T) {
	pipe, theirs := net.Pipe()
	ours := &severedConn{Conn: pipe, left: 1 << 30}
	done := make(chan smtptest.Connection, 1)
	go func() { done <- s.server.Serve(theirs) }()
	protocol := SMTP
	if s.server.Protocol == smtptest.LMTP {
		protocol = LMTP
	}
	session, err := Connect(t.Context(), Options{
		Host: "mx.example", TLS: TLSOff, LocalName: "client.example", Protocol: protocol, Lessons: &Lessons{},
		Dial: func(context.Context, Target) (net.Conn, error) { return ours, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := &watched{Context: t.Context(), tooMuch: func() {
		t.Error("the stream does not wait")
		theirs.Close()
	}}
	source, pulled := numbered(s.messages), 0
	list, err := everything(session.Stream(ctx, func() (Mail, error) {
		m, err := source()
		if err == nil {
			pulled++
		}
		return m, err
	}, s.options))
	if session.Usable() == nil {
		_, _ = session.Quit(t.Context())
	}
	session.Close()
	seen := <-done
	if len(list) != pulled {
		t.Errorf("%d results of %d messages, then %v", len(list), pulled, err)
	}
	if err == io.EOF && len(list) != s.messages {
		t.Errorf("%d results of %d messages, and the stream says that it is done", len(list), s.messages)
	}
	for _, complaint := range seen.Disputes(claimed(list, numberedMail)) {
		switch {
		case seen.OutOfStep && strings.Contains(complaint, `", and `):
			// Which message a reply is for can then not be told.
		case strings.Contains(complaint, "never arrived whole") && s.begun(ours.begun, complaint):
			// We have left while we wrote it.
		default:
			t.Errorf("%s\n%+v\nclaims: %v, then %v\nsaid %q\nheard %q", complaint, s.server.Rules, outcomes(list), err, seen.Said, seen.Above)
		}
	}
}

// begun reports whether a write was begun that holds the last line of the message
// that a complaint about a recipient is about.
func (s script) begun(written []byte, complaint string) bool {
	i := 0
	_, _ = fmt.Sscanf(complaint[1:], "%d@", &i)
	return bytes.Contains(written, fmt.Appendf(nil, "end of %d\r\n", i))
}
