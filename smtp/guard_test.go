package smtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// looseServer takes for a command whatever any server might: lines that end in
// CR or LF alone, in a message too, blanks and control characters in front of a
// verb, and the octets of a chunk that it did not want. It writes down every
// command.
type looseServer struct {
	offers []string

	mu       sync.Mutex
	commands []string
	messages int
	done     chan struct{}
}

func newLooseServer() *looseServer {
	return &looseServer{
		offers: []string{"250-mx.example", "250-PIPELINING", "250-CHUNKING", "250-DSN", "250-8BITMIME", "250-SMTPUTF8", "250 SIZE 100000"},
		done:   make(chan struct{}),
	}
}

func (s *looseServer) options(guard Guard) Options {
	return Options{
		Host: "mx.example", TLS: TLSOff, LocalName: "client.example", Guard: guard,
		Dial: func(context.Context, Target) (net.Conn, error) {
			client, server := newPipe()
			go s.serve(server)
			return client, nil
		},
	}
}

// looseLine reads up to CR or LF; CRLF is one end.
func looseLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			return string(line), err
		}
		if c == '\n' {
			return string(line), nil
		}
		if c == '\r' {
			// A pipe delivers what was written at once, so a LF that belongs to it
			// has arrived.
			if next, err := r.Peek(min(1, r.Buffered())); err == nil && len(next) == 1 && next[0] == '\n' {
				_, _ = r.ReadByte()
			}
			return string(line), nil
		}
		line = append(line, c)
	}
}

// looseVerb skips what is no letter.
func looseVerb(line string) (verb, rest string) {
	line = strings.ToUpper(strings.TrimLeftFunc(line, func(c rune) bool { return c < 'A' || c > 'z' || c > 'Z' && c < 'a' }))
	end := strings.IndexFunc(line, func(c rune) bool { return c < 'A' || c > 'Z' })
	if end < 0 {
		return line, ""
	}
	return line[:end], line[end:]
}

func (s *looseServer) serve(conn net.Conn) {
	defer close(s.done)
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 1<<20)
	say(conn, "220 mx.example")
	recipients, ready := 0, false
	for {
		line, err := looseLine(r)
		if line != "" {
			s.hear(line)
		}
		if err != nil {
			return
		}
		verb, rest := looseVerb(line)
		switch verb {
		case "EHLO":
			recipients = 0
			say(conn, s.offers...)
		case "MAIL":
			recipients = 0
			say(conn, "250 ok")
		case "RCPT":
			recipients++
			say(conn, "250 ok")
		case "RSET":
			recipients, ready = 0, false
			say(conn, "250 ok")
		case "DATA":
			if recipients == 0 {
				say(conn, "503 no recipients")
				continue
			}
			say(conn, "354 go ahead")
			for line := ""; line != "."; {
				if line, err = looseLine(r); err != nil {
					return
				}
			}
			s.complete()
			recipients = 0
			say(conn, "250 queued")
		case "BDAT":
			words := strings.Fields(rest)
			size := 0
			if len(words) > 0 {
				size, _ = strconv.Atoi(words[0])
			}
			if recipients == 0 || size > 100000 {
				ready = false
				say(conn, "503 not wanted") // and its octets are commands
				continue
			}
			if _, err := io.CopyN(io.Discard, r, int64(size)); err != nil {
				return
			}
			if size > 50000 {
				recipients, ready = 0, false
				say(conn, "452 too much for now")
				continue
			}
			ready = ready || size > 0
			if len(words) > 1 {
				recipients = 0
				s.complete()
			}
			say(conn, "250 ok")
		case "QUIT":
			say(conn, "221 bye")
			return
		default:
			say(conn, "250 ok")
		}
	}
}

func (s *looseServer) hear(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, line)
}

func (s *looseServer) complete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages++
}

// heard is the commands with one of the verbs, once the connection has ended.
func (s *looseServer) heard(verbs ...string) (lines []string) {
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.commands {
		if verb, _ := looseVerb(line); slices.Contains(verbs, verb) {
			lines = append(lines, line)
		}
	}
	return lines
}

const owner = "me@owner.example"

var (
	toOwner      = regexp.MustCompile(`^(?i:RCPT TO):<me@owner\.example>( (?i:NOTIFY|ORCPT)=[!-;?-~]+)*$`)
	errForbidden = errors.New("not on the list")
	// elsewhere are verbs by which mail leaves in other ways, or by which the
	// server comes to see another client.
	elsewhere = []string{"SEND", "SAML", "SOML", "ETRN", "ATRN", "TURN", "BURL", "XCLIENT", "XFORWARD", "XEXCH", "STARTTLS", "AUTH"}
)

func redirecting() Guard {
	return Guard{Recipient: func(string) (string, error) { return owner, nil }}
}

func refusing() Guard {
	return Guard{Recipient: func(string) (string, error) { return "", errForbidden }}
}

// spellings are ways to ask for a recipient that some server might understand.
func spellings() []string {
	const victim = "victim@v.example"
	addresses := []string{
		victim, "VICTIM@V.EXAMPLE", `"victim"@v.example`, `"vic\tim"@v.example`, `"a>RCPT TO:<victim"@v.example`, `"a b"@v.example`,
		"@relay.example:" + victim, "@a,@b:" + victim, "victim%v.example@owner.example", "v.example!victim@owner.example",
		`"victim@v.example"@owner.example`, "victim", "postmaster", "", "victim@[192.0.2.1]", "victim@[IPv6:2001:db8::1]",
		"me@owner.example,victim@v.example", "me@owner.example> <victim@v.example", "victim@v.example\x00", "vict\u00a0im@v.example",
		"ｖictim@v.example", "victim@v\u3002example", "victim@v.example\u2028", "xn--victim@xn--v.example",
	}
	var lines []string
	for _, address := range addresses {
		lines = append(lines, "RCPT TO:<"+address+">")
	}
	for _, format := range []string{
		"rcpt to:<%s>", "Rcpt To:<%s>", "RCPT TO: <%s>", "RCPT  TO:<%s>", "RCPT\tTO:<%s>", "RCPT TO:%s", "RCPT TO:<%s", "RCPT TO <%s>",
		" RCPT TO:<%s>", "\tRCPT TO:<%s>", "\vRCPT TO:<%s>", "\u00a0RCPT TO:<%s>", "\x00RCPT TO:<%s>", "\xffRCPT TO:<%s>", "\x7fRCPT TO:<%s>",
		"RCPT TO:<%s> ", "RCPT TO:<%s> NOTIFY=NEVER", "RCPT TO:<%s> ORCPT=rfc822;victim@v.example", "RCPT TO:<%s> orcpt=rfc822;x",
		"RCPT TO:<%s> ORCPT=rfc822;x> <y@z.example", "RCPT TO:<%s> RCPT TO:<victim@v.example>", "RCPT TO:<me@owner.example> RCPT TO:<%s>",
		"RCPT TO:<me@owner.example><%s>", "RCPT TO:<me@owner.example>,<%s>", "RCPT TO:<me@owner.example> XFORWARD=%s", "RCPT TO:<%s> SIZE=1",
		"RCPT TO:<me@owner.example>\r\nRCPT TO:<%s>", "RCPT TO:<me@owner.example>\nRCPT TO:<%s>", "RCPT TO:<me@owner.example>\rRCPT TO:<%s>",
		"NOOP\r\nRCPT TO:<%s>", "NOOP\nRCPT TO:<%s>", "NOOP\rRCPT TO:<%s>", "NOOP \x85RCPT TO:<%s>", "HELP\x00\nRCPT TO:<%s>",
		"RCPT FROM:<%s>", "RCPTTO:<%s>", "RCPT:TO:<%s>", "RCPT=TO:<%s>", "RCPT-TO:<%s>", "XRCPT TO:<%s>", "R CPT TO:<%s>", "RCPT\\ TO:<%s>",
		"SEND FROM:<%s>", "SAML FROM:<%s>", "SOML FROM:<%s>", "ETRN %s", "ATRN v.example", "TURN", "BURL imap://%s LAST", "XCLIENT ADDR=%s",
		"XFORWARD NAME=%s", "XEXCH50 1 2", "MAIL FROM:<a@x.example>\r\nRCPT TO:<%s>", "MAIL FROM:<a@x.example> RCPT TO:<%s>",
		"BDAT 30\r\nRCPT TO:<%s>", "DATA\r\n.\r\nRCPT TO:<%s>", "DATA now", "RSET\x0bRCPT TO:<%s>", "STARTTLS", "AUTH PLAIN %s", "",
		"\u2028RCPT TO:<%s>", "\ufeffRCPT TO:<%s>", "ＲＣＰＴ TO:<%s>", "RCPT\u00a0TO:<%s>", "rcpt tſ:<%s>",
	} {
		line := format
		if strings.Contains(format, "%s") {
			line = fmt.Sprintf(format, victim)
		}
		lines = append(lines, line)
	}
	return lines
}

// ways are all by which a caller can make a session write something. What they
// return is not looked at: what the server heard is.
var ways = map[string]func(ctx context.Context, s *Session, line string){
	"command": func(ctx context.Context, s *Session, line string) {
		_, _ = s.Command(ctx, line)
	},
	"command in a transaction": func(ctx context.Context, s *Session, line string) {
		_, _ = s.Mail(ctx, "a@x.example", MailOptions{})
		_, _ = s.Command(ctx, line)
		_, _ = s.Command(ctx, line)
		_, _ = s.Data(ctx)
		_, _ = s.Body(ctx, ContentOf([]byte(line)))
	},
	"pipeline": func(ctx context.Context, s *Session, line string) {
		_, _ = s.Pipeline(ctx, []string{"MAIL FROM:<a@x.example>", line, "RCPT TO:<other@v.example>", line, "DATA"})
		_, _ = s.Body(ctx, ContentOf([]byte("x")))
	},
	"pipeline, first": func(ctx context.Context, s *Session, line string) {
		_, _ = s.Pipeline(ctx, []string{line, "NOOP"})
	},
	"write": func(ctx context.Context, s *Session, line string) {
		if s.Write(ctx, []byte("MAIL FROM:<a@x.example>\r\n"+line+"\r\n")) == nil {
			_, _ = s.Read(ctx, 1)
		}
	},
	"rcpt": func(ctx context.Context, s *Session, line string) {
		_, _ = s.Mail(ctx, "a@x.example", MailOptions{})
		_, _ = s.Rcpt(ctx, addressIn(line), RcptOptions{Notify: []string{"never"}, Original: "rfc822;" + addressIn(line)})
		_, _ = s.Rcpt(ctx, line, RcptOptions{})
	},
	"mail": func(ctx context.Context, s *Session, line string) {
		_, _ = s.Mail(ctx, addressIn(line), MailOptions{EnvelopeID: line})
		_, _ = s.Mail(ctx, line, MailOptions{})
	},
	"send": func(ctx context.Context, s *Session, line string) {
		_, _ = s.Send(ctx, Envelope{From: "a@x.example", To: []string{addressIn(line), "other@v.example", line}}, ContentOf([]byte("x")), SendOptions{})
		_, _ = s.Send(ctx, Envelope{From: "a@x.example", To: []string{addressIn(line)}}, ContentOf([]byte("x")), SendOptions{})
		_, _ = s.Send(ctx, Envelope{From: addressIn(line), To: []string{"other@v.example"}}, ContentOf([]byte("x")), SendOptions{Mail: MailOptions{EnvelopeID: line}})
	},
	"message": func(ctx context.Context, s *Session, line string) {
		for _, end := range []string{"\r\n.\r\n", "\n.\n", "\r.\r", "\r\n.\n", "\n.\r\n", "\r.\n", "\n.\r", "\r\n\x00.\r\n", "\n..\n"} {
			text := "x" + end + "MAIL FROM:<a@x.example>\r\n" + line + "\r\nDATA\r\n"
			_, _ = s.Send(ctx, Envelope{From: "a@x.example", To: []string{"other@v.example"}}, ContentOf([]byte(text)), SendOptions{})
		}
	},
	"hello": func(ctx context.Context, s *Session, line string) {
		_, _ = s.Ehlo(ctx, line)
		_, _ = s.Helo(ctx, "x "+line)
		_, _ = s.Verify(ctx, line)
	},
	"chunk": func(ctx context.Context, s *Session, line string) {
		chunk := []byte("\r\n" + line + "\r\n")
		_, _ = s.Bdat(ctx, chunk, MoreChunks) // no transaction
		_, _ = s.Mail(ctx, "a@x.example", MailOptions{})
		_, _ = s.Bdat(ctx, chunk, LastChunk) // no recipient
		_, _ = s.Rcpt(ctx, "other@v.example", RcptOptions{})
		_, _ = s.Bdat(ctx, append(make([]byte, 200000), chunk...), MoreChunks) // too large
		_, _ = s.Bdat(ctx, make([]byte, 60000), MoreChunks)                    // refused
		_, _ = s.Bdat(ctx, chunk, LastChunk)
		_, _ = s.Reset(ctx)
		_, _ = s.Mail(ctx, "a@x.example", MailOptions{})
		_, _ = s.Rcpt(ctx, "other@v.example", RcptOptions{})
		_, _ = s.Bdat(ctx, chunk, MoreChunks)
		_, _ = s.Bdat(ctx, chunk, LastChunk)
		_, _ = s.Bdat(ctx, chunk, LastChunk) // after the end
		_, _ = s.Command(ctx, "RCPT TO:<other@v.example>")
		_, _ = s.Command(ctx, "RSET")
		_, _ = s.Bdat(ctx, chunk, MoreChunks) // after RSET
	},
}

// addressIn is what stands between the first < and the last >.
func addressIn(line string) string {
	_, line, _ = strings.Cut(line, "<")
	if end := strings.LastIndexByte(line, '>'); end >= 0 {
		line = line[:end]
	}
	return line
}

// tryAround plays one way to send one line past a guard, and returns the server.
func tryAround(t testing.TB, guard Guard, way, line string) *looseServer {
	t.Helper()
	server := newLooseServer()
	s, err := Connect(t.Context(), server.options(guard))
	if err != nil {
		t.Fatal(err)
	}
	ways[way](t.Context(), s, line)
	s.Close()
	return server
}

// wantGuarded fails where a recipient other than the owner reached the server.
func wantGuarded(t testing.TB, server *looseServer, redirected bool, what string) {
	t.Helper()
	for _, heard := range server.heard("RCPT", "XRCPT", "RCPTTO") {
		if !redirected || !toOwner.MatchString(heard) {
			t.Errorf("%s: the server heard %q", what, heard)
		}
	}
	if heard := server.heard(elsewhere...); len(heard) > 0 {
		t.Errorf("%s: the server heard %q", what, heard)
	}
}

// TestGuardRecipient tries every spelling in every way.
func TestGuardRecipient(t *testing.T) {
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			// In a bubble, a reply that does not come costs no time.
			synctest.Test(t, func(t *testing.T) {
				for _, line := range spellings() {
					wantGuarded(t, tryAround(t, redirecting(), way, line), true, strconv.Quote(line)+" redirected")
					wantGuarded(t, tryAround(t, refusing(), way, line), false, strconv.Quote(line)+" refused")
				}
			})
		})
	}
}

// TestGuardAllowList lets one domain through. An address that names another in
// its local part must not pass for one of that domain.
func TestGuardAllowList(t *testing.T) {
	guard := Guard{Recipient: func(address string) (string, error) {
		if strings.HasSuffix(strings.ToLower(address), "@owner.example") {
			return address, nil
		}
		return "", errForbidden
	}}
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, line := range append(spellings(), "RCPT TO:<"+owner+">") {
					server := tryAround(t, guard, way, line)
					for _, heard := range server.heard("RCPT", "XRCPT", "RCPTTO") {
						path, _, _ := strings.Cut(heard, " ORCPT=")
						if strings.Contains(strings.ToLower(path), "v.example") {
							t.Errorf("%q: the server heard %q", line, heard)
						}
					}
				}
			})
		})
	}
}

// TestGuardLets makes sure that the server above would hear what it should not:
// without a guard it does, and with one the plain wordings still get through.
func TestGuardLets(t *testing.T) {
	for _, line := range []string{"RCPT TO:<victim@v.example>", "rcpt to:<victim@v.example>", "RCPT\tTO:<victim@v.example>", " RCPT TO:<victim@v.example>"} {
		if heard := tryAround(t, Guard{}, "command", line).heard("RCPT"); len(heard) != 1 || strings.Contains(heard[0], owner) {
			t.Errorf("%q without a guard: the server heard %q", line, heard)
		}
	}
	for _, line := range []string{"RCPT TO:<victim@v.example>", "rcpt to:<victim@v.example>", "Rcpt To:<victim@v.example> NOTIFY=NEVER ORCPT=rfc822;victim@v.example"} {
		if heard := tryAround(t, redirecting(), "command", line).heard("RCPT"); len(heard) != 1 || !toOwner.MatchString(heard[0]) {
			t.Errorf("%q redirected: the server heard %q", line, heard)
		}
	}
	server := tryAround(t, redirecting(), "send", "<b@y.example>")
	if heard := server.heard("RCPT"); len(heard) != 2 || server.messages != 2 {
		t.Errorf("redirected: %d messages, and the server heard %q", server.messages, heard)
	}
	if server := tryAround(t, redirecting(), "chunk", "RCPT TO:<b@y.example>"); server.messages != 1 {
		t.Errorf("%d messages in chunks, want 1", server.messages)
	}
}

// TestGuardRefusal words what callers see.
func TestGuardRefusal(t *testing.T) {
	server := newLooseServer()
	s, err := Connect(t.Context(), server.options(refusing()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	result, err := s.Send(t.Context(), Envelope{From: "a@x.example", To: []string{"b@y.example", "c@y.example"}}, ContentOf([]byte("x")), SendOptions{})
	if err != nil || result.Outcome != Failed || !result.Recipients[1].Reply.Local || result.Reply.Code != 550 {
		t.Errorf("%+v, %v", result, err)
	}
	_, err = s.Rcpt(t.Context(), "b@y.example", RcptOptions{})
	if fault := wantFault(t, err, KindRefused); !errors.Is(err, errForbidden) || fault.Error() != "smtp: RCPT TO:<b@y.example>: not on the list" {
		t.Error(err)
	}
	_, err = s.Command(t.Context(), "TURN")
	wantFault(t, err, KindArgument)
	if err := s.Usable(); err != nil {
		t.Errorf("a refusal of ours broke the connection: %v", err)
	}
}

// TestGuardBegin lets so many transactions begin, in whatever way.
func TestGuardBegin(t *testing.T) {
	lines := []string{
		"MAIL FROM:<a@x.example>", "mail from:<a@x.example>", "MAIL\tFROM:<a@x.example>", " MAIL FROM:<a@x.example>",
		"NOOP\nMAIL FROM:<a@x.example>", "RCPT TO:<b@y.example>",
	}
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for i, line := range append(lines, lines...) {
					limit := i / len(lines) * 2
					began := 0
					server := newLooseServer()
					s, err := Connect(t.Context(), server.options(Guard{Begin: func() error {
						if began == limit {
							return errForbidden
						}
						began++
						return nil
					}}))
					if err != nil {
						t.Fatal(err)
					}
					for range 3 {
						ways[way](t.Context(), s, line)
					}
					s.Close()
					if heard := server.heard("MAIL"); len(heard) > limit {
						t.Errorf("limit %d, %q: the server heard %q", limit, line, heard)
					}
				}
			})
		})
	}
}

// TestGuardEnded is told of each message that may have become whole, before it
// can have.
func TestGuardEnded(t *testing.T) {
	for _, way := range []string{"send", "message", "chunk", "command in a transaction"} {
		ended := 0
		server := tryAround(t, Guard{Ended: func() { ended++ }}, way, "RCPT TO:<b@y.example>")
		<-server.done
		if server.messages == 0 || ended != server.messages {
			t.Errorf("%s: told of %d messages, the server has %d", way, ended, server.messages)
		}
	}
}

// FuzzGuard sends any line in any way.
func FuzzGuard(f *testing.F) {
	names := make([]string, 0, len(ways))
	for way := range ways {
		names = append(names, way)
	}
	slices.Sort(names)
	for i, line := range spellings() {
		f.Add(line, byte(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, line string, way byte, redirect bool) {
		guard := refusing()
		if redirect {
			guard = redirecting()
		}
		name := names[int(way)%len(names)]
		synctest.Test(t, func(t *testing.T) {
			wantGuarded(t, tryAround(t, guard, name, line), redirect, name+" "+strconv.Quote(line))
		})
	})
}
