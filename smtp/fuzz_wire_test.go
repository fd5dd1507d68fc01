package smtp

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// FuzzCapabilities reads any answer to EHLO: what it yields is within bounds,
// whatever it says of itself.
func FuzzCapabilities(f *testing.F) {
	for _, s := range []string{"SIZE 100", "AUTH=PLAIN LOGIN", "LIMITS RCPTMAX=3 MAILMAX=-1", "size -1", "SIZE 99999999999999999999", "auth plain\nAUTH PLAIN", " ", "FUTURERELEASE 1 x", "DELIVERBY -5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		caps := parseCapabilities(Reply{Code: 250, Lines: append([]string{"mx"}, strings.Split(text, "\n")...)})
		for _, offered := range caps.All() {
			if offered.Keyword == "" || offered.Keyword != strings.ToUpper(offered.Keyword) || !caps.Has(strings.ToLower(offered.Keyword)) {
				t.Errorf("keyword %q", offered.Keyword)
			}
		}
		seen := map[string]bool{}
		for _, name := range caps.Mechanisms() {
			if seen[name] || name == "" {
				t.Errorf("mechanism %q is there twice, or empty", name)
			}
			seen[name] = true
		}
		l := caps.limits()
		if caps.MaxSize() < 0 || l.mails < 0 || l.recipients < 0 || l.domains < 0 {
			t.Errorf("negative limits: %d, %+v", caps.MaxSize(), l)
		}
		waiting := []*addressee{{line: line{text: "RCPT TO:<x@a>"}}, {line: line{text: "RCPT TO:<x@b> NOTIFY=NEVER"}}, {line: line{text: "RCPT TO:<x@A>"}}}
		if n := len(l.batch(waiting)); n == 0 {
			t.Errorf("%+v lets nobody through", l)
		}
		s := &Session{caps: caps}
		for _, o := range []MailOptions{{HoldFor: 60e9}, {DeliverBy: DeliverBy{Within: 60e9, Late: LateReturn}}, {Size: 5}} {
			if line, err := s.mailLine("a@b.example", o); err == nil && checkLine(line) != nil {
				t.Errorf("worded %q", line)
			}
		}
	})
}

// FuzzChunks sends any bytes with BDAT and reads them by the lengths alone (RFC
// 3030, section 2): nothing of the message is taken for a command.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("hello\r\n.\r\nRSET\r\n"), false, 3)
	f.Add([]byte("a\rb\nc"), true, 1)
	f.Add(bytes.Repeat([]byte("x"), chunkSize+1), true, 1000)
	f.Fuzz(func(t *testing.T, message []byte, binary bool, piece int) {
		var got []byte
		chunks := make(chan []byte, 1)
		options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
			var all []byte
			defer func() { chunks <- all }()
			say(conn, "220 mx")
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				var size int
				if n, _ := fmt.Sscanf(line, "BDAT %d", &size); n == 0 {
					if !strings.HasPrefix(line, "EHLO ") && !strings.HasPrefix(line, "MAIL ") && !strings.HasPrefix(line, "RCPT ") && line != "QUIT\r\n" {
						t.Errorf("the server reads the command %q", line)
					}
					say(conn, "250-mx", "250-BINARYMIME", "250-8BITMIME", "250 CHUNKING")
					continue
				}
				chunk := make([]byte, size)
				if _, err := io.ReadFull(r, chunk); err != nil {
					return
				}
				all = append(all, chunk...)
				say(conn, "250 ok")
				if strings.HasSuffix(line, " LAST\r\n") {
					return
				}
			}
		})
		s, err := Connect(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		content := Content{Size: int64(len(message)), Binary: binary, Writer: pieces{message, piece}}
		result, err := s.Send(t.Context(), Envelope{From: "a@b.example", To: []string{"c@d.example"}}, content, SendOptions{Transfer: TransferBdat})
		if err != nil || result.Outcome != Sent {
			t.Fatal(result, err)
		}
		s.Close()
		got = <-chunks
		want := string(message)
		if !binary {
			want = strings.ReplaceAll(want, "\r\n", "\n")
			want = strings.ReplaceAll(strings.ReplaceAll(want, "\r", "\n"), "\n", "\r\n")
			if want != "" && !strings.HasSuffix(want, "\r\n") {
				want += "\r\n"
			}
		}
		if string(got) != want {
			t.Fatalf("sent %q, arrived %q", want, got)
		}
	})
}

// pieces is a message that comes in pieces.
type pieces struct {
	message []byte
	size    int
}

func (p pieces) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for rest := p.message; len(rest) > 0; {
		n := min(max(1, p.size%5000), len(rest))
		m, err := w.Write(rest[:n])
		total += int64(m)
		if err != nil {
			return total, err
		}
		rest = rest[n:]
	}
	return total, nil
}

// FuzzRedaction has a server repeat a password in any surroundings, in all the
// forms it can have on the wire: none of them is shown.
func FuzzRedaction(f *testing.F) {
	f.Add("secret-word", "before ", " after", 0)
	f.Add("päss wörd", "\x00ann\x00", "", 3)
	f.Add("aaa", "a", "aa", 5)
	f.Fuzz(func(t *testing.T, secret, before, after string, form int) {
		// Short ones are not hidden in what servers say; repeated ones overlap.
		if len(secret) < 8 || len(secret) > 100 || strings.Contains(secretMark, secret) || strings.Contains(secret[1:]+secret[:len(secret)-1], secret) {
			return
		}
		var text, hidden string
		switch form % 4 {
		case 0:
			text, hidden = before+secret+after, secret
		case 1:
			text, hidden = before+hex.EncodeToString([]byte(secret))+after, hex.EncodeToString([]byte(secret))
		case 2:
			text = base64.StdEncoding.EncodeToString([]byte(before + secret + after))
			hidden = inBase64(base64.StdEncoding, before, secret)
		default:
			text = base64.URLEncoding.EncodeToString([]byte(before + secret + after))
			hidden = inBase64(base64.URLEncoding, before, secret)
		}
		var r redactor
		r.hide("another secret")
		r.hide(secret)
		if shown := r.clean(text); strings.Contains(shown, hidden) {
			t.Errorf("%q is shown as %q, which holds %q", text, shown, hidden)
		}
	})
}

// inBase64 are the characters of base64 that depend on the secret alone.
func inBase64(encoding *base64.Encoding, before, secret string) string {
	shift := len(before) % 3
	encoded := encoding.WithPadding(base64.NoPadding).EncodeToString([]byte("\x00\x00\x00"[:shift] + secret))
	return encoded[(shift*8+5)/6 : (shift+len(secret))*8/6]
}
