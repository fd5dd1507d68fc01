package smtp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzReplies reads any bytes as replies: the same replies come out however the
// bytes are cut, within the limits, and safe to print.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("250-a\r\n250 b\r\n"), 3)
	f.Add([]byte("250 2.1.0 ok\n550 5.1.1 \x1b[31m\r\n"), 1)
	f.Add([]byte("2200 x\r\n"), 2)
	f.Fuzz(func(t *testing.T, input []byte, piece int) {
		read := func(piece int) (replies []Reply, failed bool) {
			var r replyReader
			for rest := input; ; {
				for {
					reply, complete, err := r.next()
					if err != nil {
						return replies, true
					}
					if !complete {
						break
					}
					replies = append(replies, reply)
				}
				if len(rest) == 0 {
					return replies, false
				}
				n := min(piece, len(rest))
				r.feed(rest[:n])
				rest = rest[n:]
			}
		}
		whole, wholeFailed := read(len(input) + 1)
		cut, cutFailed := read(max(1, piece%64))
		if diff := cmp.Diff(whole, cut); diff != "" || wholeFailed != cutFailed {
			t.Fatalf("cut bytes read differently: %v %v\n%s", wholeFailed, cutFailed, diff)
		}
		for _, reply := range whole {
			if reply.Code < 200 || reply.Code > 599 || len(reply.Lines) == 0 || len(reply.Lines) > maxReplyLines {
				t.Fatalf("impossible reply %+v", reply)
			}
			if strings.ContainsAny(strings.Join(reply.Lines, ""), "\x00\x1b\r\n\x7f") {
				t.Fatalf("control characters in %q", reply.Lines)
			}
		}
	})
}

// FuzzDotStuffing sends any bytes as a message and reads them back as a server
// would: the end comes where the client put it, and the text is the same but
// for its line ends.
func FuzzDotStuffing(f *testing.F) {
	f.Add([]byte(".\r\n.\r\nx"), 2)
	f.Add([]byte("a\n.\nb\r.\rc"), 1)
	f.Add([]byte("a\r"), 1)
	f.Fuzz(func(t *testing.T, message []byte, piece int) {
		var wire bytes.Buffer
		d := &dotStuffer{out: &wire}
		for rest := message; len(rest) > 0; {
			n := min(max(1, piece%16), len(rest))
			if m, err := d.Write(rest[:n]); m != n || err != nil {
				t.Fatal(m, err)
			}
			rest = rest[n:]
		}
		wire.WriteString(d.ending())
		text := wire.String()
		if end := strings.Index("\r\n"+text, "\r\n.\r\n"); end+len("\r\n.\r\n") != len(text)+2 {
			t.Fatalf("the message ends early in %q", text)
		}
		var got strings.Builder
		for _, line := range strings.SplitAfter(strings.TrimSuffix(text, ".\r\n"), "\r\n") {
			got.WriteString(strings.TrimPrefix(line, "."))
		}
		want := strings.ReplaceAll(string(message), "\r\n", "\n")
		want = strings.ReplaceAll(strings.ReplaceAll(want, "\r", "\n"), "\n", "\r\n")
		if want != "" && !strings.HasSuffix(want, "\r\n") {
			want += "\r\n"
		}
		if got.String() != want {
			t.Fatalf("sent %q, arrived %q", want, got.String())
		}
	})
}

// FuzzMailbox accepts nothing that could be read as two addresses, or as the
// end of one.
func FuzzMailbox(f *testing.F) {
	for _, s := range []string{"a@b", `"a b"@c`, "a@b>\r\nDATA", `"a\"b"@c`, "a@[1.2.3.4]", "a@b SIZE=1", `a@["]`, "a@[b@c]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if plainMailbox(address) && mailboxFault(address) != nil {
			t.Fatalf("%q is plain and refused", address)
		}
		if checkMailbox(address) != nil {
			return
		}
		quoted, outside := false, ""
		for i := 0; i < len(address); i++ {
			switch c := address[i]; {
			case c < ' ' || c == 0x7f:
				t.Fatalf("control character in %q", address)
			case c == '\\' && quoted:
				i++
			case c == '"':
				quoted = !quoted
			case !quoted:
				outside += string(c)
			}
		}
		if quoted || strings.ContainsAny(outside, "<> ") || strings.Count(outside, "@") != 1 {
			t.Fatalf("accepted %q", address)
		}
	})
}
