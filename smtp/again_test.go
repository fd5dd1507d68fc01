package smtp

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"testing"
)

// A message that can be read once cannot go out in a second transaction: what is
// left of it would be sent empty.
func TestSplitOfAStream(t *testing.T) {
	s, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
		say(conn, "220 mx")
		for {
			line, err := r.ReadString('\n')
			switch {
			case err != nil:
				return
			case strings.HasPrefix(line, "EHLO"):
				say(conn, "250-mx", "250 LIMITS RCPTMAX=1")
			case line == "DATA\r\n":
				say(conn, "354 go")
				text := ""
				for line != ".\r\n" {
					if line, err = r.ReadString('\n'); err != nil {
						return
					}
					text += line
				}
				if text == ".\r\n" {
					t.Error("an empty message arrives")
				}
				say(conn, "250 ok")
			default:
				say(conn, "250 ok")
			}
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	once := Content{Size: -1, Writer: bytes.NewReader([]byte("Subject: x\r\n\r\nHello\r\n"))}
	result, err := s.Send(t.Context(), Envelope{From: "a@x.example", To: []string{"b@y.example", "c@y.example"}}, once, SendOptions{})
	wantFault(t, err, KindFile)
	if got := []Outcome{result.Recipients[0].Outcome, result.Recipients[1].Outcome}; got[0] != Sent || got[1] != Deferred {
		t.Errorf("outcomes %q", got)
	}
}
