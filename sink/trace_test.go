package sink

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp/server"
)

// No value of an envelope can begin a line of its own, whatever the server let through.
func TestEnvelopeCannotInjectHeaders(t *testing.T) {
	peer := server.Peer{Remote: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25}, Hello: "client.test"}
	good := trace{peer, server.Envelope{Sender: server.Sender{Address: "a@b"},
		Recipients: []server.Recipient{{Address: `"x > y"@d`}}}, "mx.test"}
	header, err := good.header(time.Unix(0, 0).UTC())
	if err != nil || strings.Count(string(header), "\r\n") != 5 || strings.Contains(strings.ReplaceAll(string(header), "\r\n", ""), "\n") {
		t.Errorf("%q, %v", header, err)
	}
	for _, bad := range []string{"a\r\nBcc: x", "a\nb", "a\rb", "a\x00b", "a\x85b", "a\u2028b", "a\u0085b", "a\tb", "\xff", "\x7f"} {
		for _, spoil := range []func(*trace){
			func(t *trace) { t.envelope.Sender.Address = bad },
			func(t *trace) { t.envelope.Recipients = []server.Recipient{{Address: "c@d"}, {Address: bad}} },
			func(t *trace) { t.peer.Hello = bad },
			func(t *trace) { t.host = bad },
		} {
			spoiled := good
			spoil(&spoiled)
			if header, err := spoiled.header(time.Unix(0, 0)); err == nil {
				t.Errorf("%q passes: %q", bad, header)
			}
		}
	}
}
