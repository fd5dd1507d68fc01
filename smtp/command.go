package smtp

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// maxCommand is the longest command line sent: the AUTH line of RFC 4954,
// section 4, is the longest any standard allows.
const maxCommand = 12288

// checkLine is the last look at a command before it is written. No caller's
// text may end the line early: what follows would be a command of its own.
func checkLine(line string) error {
	if len(line) > maxCommand {
		return &argumentError{fmt.Sprintf("command of %d octets is longer than %d", len(line), maxCommand)}
	}
	for _, c := range forbidden {
		if i := strings.IndexByte(line, c); i >= 0 {
			return &argumentError{fmt.Sprintf("command holds %s at offset %d", controlName(c), i)}
		}
	}
	return nil
}

var forbidden = [...]byte{'\r', '\n', 0}

func controlName(c byte) string {
	switch c {
	case '\r':
		return "a carriage return"
	case '\n':
		return "a line feed"
	case 0:
		return "a NUL"
	}
	return fmt.Sprintf("the control character 0x%02x", c)
}

// line is one command about to be written.
type line struct {
	text    string        // without line end
	display string        // what the transcript and errors show; "" means text
	limit   time.Duration // for its reply
	own     bool          // worded by this package: STARTTLS and what AUTH says
	asked   bool          // an RCPT whose address the guard has already allowed
	hidden  bool          // see expectation
}

func (l line) shown() string {
	if l.display != "" {
		return l.display
	}
	return l.text
}

// push writes lines at once and adds their replies to those owed.
func (s *Session) push(ctx context.Context, lines ...line) error {
	first := s.wire.shown(lines[0])
	if err := s.wire.usable(first); err != nil {
		return err
	}
	lines, err := s.guard(lines)
	if err != nil {
		return err
	}
	var out []byte
	for _, l := range lines {
		if err := checkLine(l.text); err != nil {
			return &Error{Kind: KindArgument, Command: s.wire.shown(l), Err: err}
		}
		out = append(append(out, l.text...), "\r\n"...)
	}
	if err := s.wire.quiet(first); err != nil {
		return err
	}
	for _, l := range lines {
		shown := s.wire.shown(l)
		s.wire.expect(shown, l.limit).hidden = l.hidden
		s.wire.logLine(len(l.text)+2, shown)
	}
	return s.wire.write(ctx, lines[0].limit, first, out)
}

// command sends one line and returns its reply, whatever the code.
func (s *Session) command(ctx context.Context, text string, limit time.Duration) (Reply, error) {
	return s.exchange(ctx, line{text: text, limit: limit})
}

func (s *Session) exchange(ctx context.Context, l line) (Reply, error) {
	if err := s.notInMessage(l.shown()); err != nil {
		return Reply{}, err
	}
	if err := s.push(ctx, l); err != nil {
		return Reply{}, err
	}
	return s.wire.await(ctx)
}

// notInMessage refuses a command while the server reads message text, and ends
// the stream there is.
func (s *Session) notInMessage(command string) error {
	s.leaveStream()
	if err := s.wire.usable(command); err != nil {
		return err
	}
	if s.data {
		return &Error{Kind: KindArgument, Command: command, Err: &argumentError{
			"the server is waiting for the message after DATA; send it with body first",
		}}
	}
	return nil
}

// Command sends any line and returns its reply. STARTTLS, AUTH and BDAT have
// methods of their own, which keep the session's knowledge true.
func (s *Session) Command(ctx context.Context, text string) (Reply, error) {
	if err := refuseInCommand(text); err != nil {
		return Reply{}, err
	}
	reply, err := s.command(ctx, text, s.limitOf(text))
	if err == nil {
		s.track(text, reply)
	}
	return reply, err
}

// Pipeline sends all lines in one write (RFC 2920) and returns a reply for
// each. Where a fault cuts the replies short, those that came are returned
// with it.
func (s *Session) Pipeline(ctx context.Context, texts []string) ([]Reply, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	lines := make([]line, len(texts))
	for i, text := range texts {
		if err := refuseInCommand(text); err != nil {
			return nil, err
		}
		if verb(text) == "DATA" && i != len(texts)-1 {
			// RFC 2920, section 3.1: what follows would be read as the message.
			return nil, &Error{Kind: KindArgument, Command: "DATA", Err: &argumentError{"DATA must be the last command of a pipeline"}}
		}
		lines[i] = line{text: text, limit: s.limitOf(text)}
	}
	if err := s.notInMessage(texts[0]); err != nil {
		return nil, err
	}
	if err := s.push(ctx, lines...); err != nil {
		return nil, err
	}
	replies := make([]Reply, 0, len(texts))
	for _, text := range texts {
		if err := s.wire.usable(text); err != nil {
			return replies, err
		}
		reply, err := s.wire.await(ctx)
		if err != nil {
			return replies, err
		}
		s.track(text, reply)
		replies = append(replies, reply)
	}
	return replies, nil
}

func refuseInCommand(text string) error {
	name := verb(text)
	switch name {
	case "STARTTLS", "AUTH", "BDAT":
		return &Error{Kind: KindArgument, Command: name, Err: &argumentError{
			"not as a plain command; use the method " + strings.ToLower(name),
		}}
	}
	return nil
}

// verb is the command's name in upper case. Servers take any blank for the end
// of it, so this does too.
func verb(text string) string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return ""
	}
	return strings.ToUpper(words[0])
}

func (s *Session) limitOf(text string) time.Duration {
	switch verb(text) {
	case "DATA":
		return s.options.Timeouts.Data
	case "RSET":
		return s.options.Timeouts.Reset
	case "QUIT":
		return s.options.Timeouts.Quit
	}
	return s.options.Timeouts.Command
}

// track keeps what the session knows of the server's state true after a
// command the caller worded itself.
func (s *Session) track(text string, reply Reply) {
	switch verb(text) {
	case "MAIL":
		if reply.OK() {
			s.begin()
		}
	case "RCPT":
		if reply.OK() {
			s.rcpts++
		}
	case "DATA":
		s.data = reply.Code == 354
	case "RSET", "HELO":
		// Refused, it leaves the transaction as it was.
		s.open = s.open && !reply.OK()
	case "EHLO":
		if reply.OK() {
			s.caps, s.open = parseCapabilities(reply), false
		}
	case "QUIT":
		s.Close()
	}
}

// Reset aborts the transaction under way (RSET).
func (s *Session) Reset(ctx context.Context) (Reply, error) {
	return s.Command(ctx, "RSET")
}

// Noop asks for a reply and nothing else (NOOP).
func (s *Session) Noop(ctx context.Context) (Reply, error) {
	return s.Command(ctx, "NOOP")
}

// Verify asks whether an address exists (VRFY). Most servers answer 252: they
// do not say.
func (s *Session) Verify(ctx context.Context, address string) (Reply, error) {
	if strings.TrimSpace(address) == "" {
		return Reply{}, &Error{Kind: KindArgument, Command: "VRFY", Err: &argumentError{"no address given"}}
	}
	return s.Command(ctx, "VRFY "+address)
}
