package server

import (
	"context"
	"strings"
	"testing"
)

// odd is a handler whose replies are not fit to be sent as they are.
type odd struct{ Accept }

func (odd) Mail(_ context.Context, _ Peer, s Sender) Reply {
	switch s.Address {
	case "go-ahead@x":
		return Reply{354, "", "go ahead"}
	case "inject@x":
		return Reply{550, "2.1.0", "no\r\n250 ok\x00\x1b[1m\x7f"}
	case "long@x":
		return Reply{550, "5.1.1", strings.Repeat("x", 1000)}
	}
	return Reply{250, "9.9", "grün"}
}

func TestOddReplies(t *testing.T) {
	k := newTalk(t, t.Context(), Config{Handler: odd{}})
	k.say("", "220 localhost ESMTP")
	k.ehlo()
	k.say("MAIL FROM:<go-ahead@x>\r\n", "451 4.3.0 local error")
	k.say("MAIL FROM:<inject@x>\r\n", "550-5.0.0 no", "550 5.0.0 250 ok  [1m ")
	k.say("MAIL FROM:<long@x>\r\n", "550 5.1.1 "+strings.Repeat("x", 500))
	k.say("MAIL FROM:<a@x>\r\n", "250 2.0.0 gr?n")
	k.say("RSET\r\nMAIL FROM:<a@x> SMTPUTF8\r\n", "250 2.0.0 reset", "250 2.0.0 grün")
}
