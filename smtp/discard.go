package smtp

import (
	"context"
	"errors"
	"time"
)

// verdict is what the probe found.
type verdict string

const (
	notProbed verdict = ""
	skipped   verdict = "skipped"
	parsed    verdict = "parsed"
)

// probeChunk is what the probe sends where no chunk may come: a server that does
// not skip it answers each line.
const probeChunk = "NOOP\r\nNOOP\r\n"

// discards reports whether the server skips the octets of a chunk it refuses
// (RFC 3030, section 2), which it is asked once a connection: MAIL, a chunk that
// no recipient goes ahead of, and EHLO, whose reply of several lines shows how
// many came before it. Only failure is remembered beyond the connection.
//
// QUIRK: a server may take a message for nobody, and answer 250 where 503 would
// be due: it skips the chunk all the same. Its 250 then says nothing of a
// message whose recipients were all refused.
func (s *Session) discards(ctx context.Context, sender string) (bool, error) {
	if s.options.Lessons.about(s.Target()).parses {
		return false, nil
	}
	if s.skips == notProbed {
		found, err := s.probeDiscard(ctx, sender)
		if found == parsed {
			s.log.notef("the server reads a refused chunk as commands; messages are not sent back to back")
			s.options.Lessons.learn(s.Target(), func(l *lesson) { l.parses = true })
		}
		if err != nil {
			return false, err
		}
		s.skips = found
	}
	return s.skips == skipped, nil
}

// probePause is how long more replies are awaited where one may have been the
// last.
const probePause = 5 * time.Second

func (s *Session) probeDiscard(ctx context.Context, sender string) (verdict, error) {
	const chunk = "BDAT 12 LAST"
	command := s.options.Timeouts.Command
	mail, err := s.mailLine(sender, MailOptions{UTF8: !printableASCII(sender) && s.has("SMTPUTF8")})
	if err != nil {
		return notProbed, err
	}
	verb := "EHLO "
	if s.options.Protocol == LMTP {
		verb = "LHLO "
	}
	w, ehlo := s.wire, verb+s.options.localName(s.wire.conn)
	for _, text := range []string{mail, chunk, "NOOP", "NOOP", ehlo} {
		w.logLine(len(text)+2, text)
	}
	for _, text := range []string{mail, chunk, ehlo} {
		w.expect(text, command)
	}
	if err := w.write(ctx, command, mail, []byte(mail+"\r\n"+chunk+"\r\n"+probeChunk+ehlo+"\r\n")); err != nil {
		return notProbed, err
	}
	s.mails++
	s.open = true // until EHLO ends it (RFC 5321, section 4.1.4)
	found := skipped
	for n := 0; ; n++ {
		if err := w.usable(chunk); err != nil {
			return found, err // a 421
		}
		reply, err := w.await(ctx)
		if err != nil {
			var fault *Error
			if errors.As(err, &fault) && fault.Kind == KindProtocol {
				found = parsed
			}
			return found, err
		}
		switch {
		case n > 0 && reply.OK() && len(reply.Lines) > 1:
			if n != 2 {
				found = parsed
			}
			s.caps, s.open = parseCapabilities(reply), false
			return found, nil
		case n == 1 && reply.OK():
			s.obliging = true
		case n == 1 && !reply.Permanent():
			found = parsed
		case n == 2 && (reply.Permanent() || reply.OK() && !w.more(ctx, probePause)):
			// EHLO is refused, or answered on one line, and nothing more comes.
			return found, nil
		case n > 1 && n < 5:
			// More than was asked for: each line of the chunk was a command.
			found = parsed
			w.expect(ehlo, command)
		case n >= 5:
			return parsed, w.failAs(KindProtocol, ehlo, ErrSurplus)
		}
	}
}
