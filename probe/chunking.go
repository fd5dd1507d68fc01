package probe

import (
	"context"
	"fmt"

	"github.com/mailscript/mailscript/smtp"
)

// chunk is one of 12 octets that a server must take and throw away, as there is
// no recipient. One that forgets to throw it away reads two commands in it.
const chunk = "BDAT 12 LAST\r\nNOOP\r\nNOOP\r\n"

// maxReplies ends the count of replies to chunk and QUIT.
const maxReplies = 8

// chunking finds out whether a chunk that is refused is thrown away (RFC 3030,
// section 2). Where it is not, a mail's text is taken for commands.
func (p *prober) chunking(ctx context.Context, offered smtp.Capabilities) {
	e := &p.target.Chunking
	if e.Offered = offered.Has("CHUNKING"); !e.Offered {
		return
	}
	e.Behaviour = Unknown
	s, err := p.usable(ctx)
	if err != nil {
		return
	}
	defer s.Close()
	mail, err := s.Mail(ctx, "", smtp.MailOptions{})
	if err != nil {
		return
	}
	if err := s.Write(ctx, []byte(chunk)); err != nil {
		return
	}
	first, err := s.Read(ctx, 1)
	if err != nil {
		p.unclear("was not answered: " + said(err))
		return
	}
	answer := first[0]
	more, bye := untilBye(ctx, s)
	switch {
	case answer.OK():
		e.Behaviour = Fails
		p.badChunk("a chunk without a recipient was answered with " + answer.String())
	case more > 0 && !mail.OK():
		// Dovecot, for one, does not know BDAT before a log-in, and takes the chunk
		// for commands. Nobody sends one there.
		p.find(Finding{
			Severity: Note, Name: "chunking-unclear", What: "whether CHUNKING works cannot be told before a log-in: MAIL was answered with " + mail.String(),
			Action: "mailscript probe --account NAME --auth tries it behind a log-in",
		})
	case more > 0:
		e.Behaviour = Fails
		p.badChunk(fmt.Sprintf("a refused chunk was not thrown away: %d replies came to one BDAT, as its text was read as commands", more+1))
	case bye && answer.Permanent():
		e.Behaviour = Works
	default:
		p.unclear("was answered with " + answer.String() + ", and the connection ended")
	}
}

// untilBye says QUIT, and counts what is answered before the 221. Counting up to
// a reply that cannot be another's needs no waiting for silence.
func untilBye(ctx context.Context, s *smtp.Session) (more int, bye bool) {
	if err := s.Write(ctx, []byte("QUIT\r\n")); err != nil {
		return 0, false
	}
	for more < maxReplies {
		replies, err := s.Read(ctx, 1)
		if err != nil {
			return more, false
		}
		if replies[0].Code == 221 {
			return more, true
		}
		more++
	}
	return more, false
}

func (p *prober) badChunk(what string) {
	p.find(Finding{
		Severity: Warning, Name: "chunking-broken", What: "CHUNKING is offered and does not work: " + what,
		Cause:  "a mistake of the server's program (as in emersion/go-smtp up to v0.24): text of one customer's mail may be taken for commands",
		Action: "update the server, or have it offer CHUNKING no longer (Postfix: smtpd_discard_ehlo_keywords = chunking); mailscript streams with one round trip for each message here, and sends no chunk before a recipient was accepted",
	})
}

func (p *prober) unclear(what string) {
	p.find(Finding{
		Severity: Note, Name: "chunking-unclear", What: "whether CHUNKING works could not be told: a chunk without a recipient " + what,
		Cause:  "the server, or a filter in front of it, gives up on clients that make mistakes",
		Action: "mailscript sends no chunk before a recipient was accepted, so nothing need be done",
	})
}
