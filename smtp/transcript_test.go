package smtp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A transcript is a test that is the conversation. In testdata/faults:
//
//	# what happens, with its number in the list of faults
//	@ starttls           the client's TLS mode, else "off"
//	! send a@x.example b@y.example c@y.example   what the client does
//	S: 250 ok            what the server writes; adjacent lines in one write
//	S- 250               the same without a line end
//	C: MAIL FROM:<…>     what the server must read
//	C: (1000 octets)     so much, whatever it is
//	S: (close)           the server ends the connection; (reset) does so rudely
//	S: (stop)            the server has no more to say, and the client must not
//	                     finish its message
//	= sent 250           what the client reports, in order
//
// In S: lines \r, \n, \0, \t and \xHH stand for bytes, {n:text} for n times text.
type conversation struct {
	name   string
	mode   TLSMode  // the "@" line
	does   []string // "!" lines
	want   []string // "=" lines
	server []turn
}

type turn struct {
	expect string // a line to read, or
	octets int    // so many octets to read, or
	write  string // bytes to write, or
	end    string // "close", "reset" or "stop"
}

func readConversation(t *testing.T, path string) conversation {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := conversation{name: strings.TrimSuffix(filepath.Base(path), ".txt"), mode: TLSOff}
	for number, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		switch mark {
		case "#", "":
		case "@":
			c.mode = TLSMode(rest)
		case "!":
			c.does = append(c.does, rest)
		case "=":
			c.want = append(c.want, rest)
		case "C:":
			var n int
			if _, err := fmt.Sscanf(rest, "(%d octets)", &n); err == nil {
				c.server = append(c.server, turn{octets: n})
			} else {
				c.server = append(c.server, turn{expect: rest + "\r\n"})
			}
		case "S:", "S-":
			if rest == "(close)" || rest == "(reset)" || rest == "(stop)" {
				c.server = append(c.server, turn{end: strings.Trim(rest, "()")})
				continue
			}
			written := unescape(t, path, number+1, rest)
			if mark == "S:" {
				written += "\r\n"
			}
			if last := len(c.server) - 1; last >= 0 && c.server[last].write != "" {
				c.server[last].write += written
			} else {
				c.server = append(c.server, turn{write: written})
			}
		default:
			t.Fatalf("%s:%d: what is %q", path, number+1, mark)
		}
	}
	return c
}

func unescape(t *testing.T, path string, number int, text string) string {
	t.Helper()
	for {
		before, rest, found := strings.Cut(text, "{")
		count, rest, ok := strings.Cut(rest, ":")
		n, err := strconv.Atoi(count)
		if !found || !ok || err != nil {
			break
		}
		repeated, after, _ := strings.Cut(rest, "}")
		text = before + strings.Repeat(repeated, n) + after
	}
	s, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(text, `"`, `\"`), `\0`, `\x00`) + `"`)
	if err != nil {
		t.Fatalf("%s:%d: %v", path, number, err)
	}
	return s
}

// serverBytes is how many octets the server writes in all.
func (c conversation) serverBytes() int {
	n := 0
	for _, turn := range c.server {
		n += len(turn.write)
	}
	return n
}

// firstCut is where cutting begins: at the first octet, but where megabytes
// cross the connection only in the last thing the server says.
func (c conversation) firstCut() int {
	first := 1
	for i, turn := range c.server {
		if turn.octets < 1000 {
			continue
		}
		for _, before := range c.server[:i] {
			first += len(before.write)
		}
	}
	return first
}

// play is the server's side.
func (c conversation) play(conn *net.TCPConn) error {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for i, turn := range c.server {
		switch {
		case turn.end == "close":
			return nil
		case turn.end == "reset":
			_ = conn.SetLinger(0)
			return nil
		case turn.end == "stop":
			rest, _ := io.ReadAll(r)
			if bytes.Contains(rest, []byte("\r\n.\r\n")) {
				return errors.New("the client finished its message")
			}
			return nil
		case turn.octets > 0:
			if _, err := io.CopyN(io.Discard, r, int64(turn.octets)); err != nil {
				return fmt.Errorf("turn %d: %w", i, err)
			}
		case turn.write != "":
			_, err := io.WriteString(conn, turn.write)
			if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
				return nil // the client has heard enough, which the transcript's result says
			}
			if err != nil {
				return fmt.Errorf("turn %d: %w", i, err)
			}
		default:
			got, err := r.ReadString('\n')
			if err != nil {
				return fmt.Errorf("turn %d: waiting for %q: got %q, %w", i, turn.expect, got, err)
			}
			if got != turn.expect {
				return fmt.Errorf("turn %d: client sent %q, want %q", i, got, turn.expect)
			}
		}
	}
	// The client ends it. More commands than the transcript holds are a fault.
	rest, _ := io.ReadAll(r)
	if len(rest) > 0 {
		return fmt.Errorf("after the last turn the client sent %q", rest)
	}
	return nil
}

// cutConn delivers the server's bytes in the pieces a test asks for.
type cutConn struct {
	*net.TCPConn
	pieces []int // length of each piece; after the last, 1 each if ones
	ones   bool
}

func (c *cutConn) Read(p []byte) (int, error) {
	limit := len(p)
	switch {
	case len(c.pieces) > 0:
		limit = min(limit, c.pieces[0])
	case c.ones:
		limit = 1
	}
	n, err := c.TCPConn.Read(p[:limit])
	if len(c.pieces) > 0 {
		if c.pieces[0] -= n; c.pieces[0] == 0 {
			c.pieces = c.pieces[1:]
		}
	}
	return n, err
}

// run plays a conversation once and returns what the client reported.
func (c conversation) run(t *testing.T, pieces []int, ones bool) []string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	played := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			played <- err
			return
		}
		played <- c.play(conn.(*net.TCPConn))
	}()
	report := clientSide(c.does, Options{
		Host: "mx.example", Port: 25, TLS: c.mode, LocalName: "client.example",
		Timeouts: Timeouts{Command: 20 * time.Second, Message: 20 * time.Second, Greeting: 20 * time.Second},
		Dial: func(ctx context.Context, _ Target) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
			if err != nil {
				return nil, err
			}
			return &cutConn{TCPConn: conn.(*net.TCPConn), pieces: pieces, ones: ones}, nil
		},
	})
	listener.Close()
	if err := <-played; err != nil {
		report = append(report, "server: "+err.Error())
	}
	return report
}

// clientSide does what the "!" lines say and words what came of it.
func clientSide(does []string, options Options) (report []string) {
	say := func(format string, a ...any) { report = append(report, fmt.Sprintf(format, a...)) }
	ctx := context.Background()
	session, err := Connect(ctx, options)
	if err != nil {
		say("connect: %s", faultLine(err))
		return report
	}
	defer session.Close()
	single := func(name string, reply Reply, err error) {
		if err != nil {
			say("%s: %s", name, faultLine(err))
			return
		}
		say("%s: %s", name, reply)
	}
	for _, do := range does {
		words := strings.Fields(do)
		switch words[0] {
		case "send", "sendbig", "sendshort", "check":
			content := ContentOf([]byte("Subject: x\r\n\r\n.hello\r\n"))
			if words[0] == "sendbig" {
				content = ContentOf([]byte(strings.Repeat(strings.Repeat("x", 70)+"\r\n", 1<<19)))
			}
			if words[0] == "sendshort" {
				content.Size += 10
			}
			options := SendOptions{}
			if words[0] == "check" {
				options.Until = UntilRcpt
			}
			result, err := session.Send(ctx, Envelope{From: words[1], To: words[2:]}, content, options)
			if err != nil {
				say("send: %s", faultLine(err))
			}
			say("%s %s", result.Outcome, result.Reply)
			for _, r := range result.Recipients {
				say("%s %s %s", r.Address, r.Outcome, r.Reply)
			}
		case "caps":
			say("caps: %v size %d auth %v", session.Capabilities().All(), session.Capabilities().MaxSize(), session.Capabilities().Mechanisms())
		case "noop":
			reply, err := session.Noop(ctx)
			single("noop", reply, err)
		case "quit":
			reply, err := session.Quit(ctx)
			single("quit", reply, err)
		case "usable":
			if session.Usable() != nil {
				say("broken")
			} else {
				say("usable")
			}
		case "auth":
			reply, err := session.Auth(ctx, Credentials{Username: words[1], Password: NewSecret(words[2]), InClear: true})
			single("auth", reply, err)
		case "bdat":
			replies, err := session.Bdat(ctx, []byte(words[1]), ChunkPosition(strings.Join(words[2:], "")))
			single("bdat", append(replies, Reply{})[0], err)
		default:
			reply, err := session.Command(ctx, do)
			single(words[0], reply, err)
		}
	}
	return report
}

func faultLine(err error) string {
	var fault *Error
	if !errors.As(err, &fault) {
		return "untyped: " + err.Error()
	}
	line := string(fault.Kind)
	if fault.Temporary() {
		line += " temporary"
	}
	if fault.InDoubt {
		line += " in doubt"
	}
	if fault.Reply != nil {
		line += " " + fault.Reply.String()
	}
	return line
}

// TestFaults plays every transcript as it is, one octet at a time, and cut in
// two at every octet: the result must be the same.
func TestFaults(t *testing.T) {
	paths, err := filepath.Glob("testdata/faults/*.txt")
	if err != nil || len(paths) < 40 {
		t.Fatalf("found %d transcripts, %v", len(paths), err)
	}
	for _, path := range paths {
		c := readConversation(t, path)
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, c.run(t, nil, false)); diff != "" {
				t.Fatalf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(c.want, c.run(t, nil, true)); diff != "" {
				t.Fatalf("one octet at a time (-want +got)\n%s", diff)
			}
			for cut := c.firstCut(); cut < min(c.serverBytes(), 1500); cut++ {
				if diff := cmp.Diff(c.want, c.run(t, []int{cut}, false)); diff != "" {
					t.Fatalf("cut at octet %d (-want +got)\n%s", cut, diff)
				}
			}
		})
	}
}
