package probe

import (
	"context"
	"fmt"

	"github.com/mailscript/mailscript/smtp"
)

// A batch holds one command that every server refuses, a recipient without a
// sender (RFC 5321, section 4.1.4), so that the replies can be told apart.
var batch = []string{"NOOP", "RSET", "RCPT TO:<postmaster>", "NOOP", "RSET"}

// refusedAt is its place.
const refusedAt = 2

// pipelining finds out whether commands that come in one write, and in pieces,
// are all answered.
func (p *prober) pipelining(ctx context.Context, offered smtp.Capabilities) {
	e := &p.target.Pipelining
	if e.Offered = offered.Has("PIPELINING"); !e.Offered {
		p.unasked(ctx)
		return
	}
	s, err := p.usable(ctx)
	if err != nil {
		e.Behaviour = Unknown
		return
	}
	what := tryBatch(ctx, s)
	if what == "" {
		what = tryPieces(ctx, s)
	}
	if ctx.Err() != nil {
		e.Behaviour = Unknown
		return
	}
	if e.Behaviour = Works; what == "" {
		return
	}
	e.Behaviour = Fails
	s.Close()
	p.find(Finding{
		Severity: Error, Name: "pipelining-broken", What: "PIPELINING is offered and does not work: " + what,
		Cause:  "the server, or a filter or proxy in front of it, throws away what arrives together with a command",
		Action: "have it repaired or PIPELINING no longer offered (Postfix: smtpd_discard_ehlo_keywords = pipelining); until then a script must send command by command, with session:mail, :rcpt, :data and :body",
	})
}

// tryBatch writes commands at once, and says what is wrong with the replies.
func tryBatch(ctx context.Context, s *smtp.Session) string {
	replies, err := s.Pipeline(ctx, batch)
	if err != nil {
		return fmt.Sprintf("of %d commands in one write, %d were answered", len(batch), len(replies))
	}
	for i, reply := range replies {
		if i == refusedAt == reply.OK() {
			return fmt.Sprintf("%s in the midst of a write was answered with %s", batch[i], reply)
		}
	}
	return ""
}

// tryPieces writes commands octet by octet: TCP keeps no bounds, and a server
// must not either.
func tryPieces(ctx context.Context, s *smtp.Session) string {
	const text, commands = "NOOP\r\nRSET\r\nNOOP\r\n", 3
	for i := range len(text) {
		if err := s.Write(ctx, []byte{text[i]}); err != nil {
			return "the connection was lost while commands came in pieces"
		}
	}
	replies, err := s.Read(ctx, commands)
	if err != nil {
		return fmt.Sprintf("of %d commands that came in pieces, %d were answered", commands, len(replies))
	}
	for _, reply := range replies {
		if !reply.OK() {
			return "a command that came in pieces was answered with " + reply.String()
		}
	}
	// Another command shows whether more was answered than asked.
	if _, err := s.Noop(ctx); err != nil {
		return "more replies came than commands went: " + said(err)
	}
	return ""
}

// unasked finds out whether commands may be pipelined though the server does not
// say so. Some servers hang up on those who try, so it is done on a connection of
// its own, with the least there is.
func (p *prober) unasked(ctx context.Context) {
	s, err := p.connect(ctx)
	if err != nil {
		return
	}
	defer s.Close()
	replies, err := s.Pipeline(ctx, []string{"NOOP", "NOOP"})
	if err != nil || !replies[0].OK() || !replies[1].OK() {
		return
	}
	p.target.Pipelining.Behaviour = Works
	p.find(Finding{
		Severity: Note, Name: "pipelining-unadvertised", What: "PIPELINING is not offered, and works",
		Cause:  "it is switched off, or something on the way removes it from the reply to EHLO",
		Action: "mailscript keeps to what is offered; with PIPELINING a message would cost fewer round trips",
	})
	_, _ = s.Quit(ctx)
}
