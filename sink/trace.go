package sink

import (
	"fmt"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailscript/mailscript/smtp/server"
)

// trace is what the sink puts on top of a message: its envelope and how it came
// (RFC 5321, section 4.4).
type trace struct {
	peer     server.Peer
	envelope server.Envelope
	host     string // the name the sink answered under
}

// header writes the lines with CRLF, as the message behind them has it. Nothing
// is folded but Received: an address has no place where that is sure to be harmless,
// and its 256 octets fit into a line (RFC 5322, section 2.1.1).
func (t trace) header(now time.Time) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "Return-Path: <%s>\r\n", t.envelope.Sender.Address)
	for _, recipient := range t.envelope.Recipients {
		fmt.Fprintf(&b, "X-Envelope-To: <%s>\r\n", recipient.Address)
	}
	fmt.Fprintf(&b, "Received: from %s (%s)\r\n\tby %s with %s;\r\n\t%s\r\n", t.peer.Hello, remote(t.peer),
		t.host, t.peer.Protocol(t.envelope.Sender), now.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	// The server lets none of these through. The check stands here once more because
	// a line break here would be a header of the sender's making.
	for _, value := range t.values() {
		if err := checkValue(value); err != nil {
			return nil, err
		}
	}
	return []byte(b.String()), nil
}

func (t trace) values() []string {
	list := []string{t.envelope.Sender.Address, t.peer.Hello, t.host}
	for _, recipient := range t.envelope.Recipients {
		list = append(list, recipient.Address)
	}
	return list
}

// remote is the client's address as a literal; its port tells connections apart.
func remote(peer server.Peer) string {
	host, port, err := net.SplitHostPort(peer.Remote.String())
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("[%s]:%s", host, port)
}

func checkValue(value string) error {
	if !utf8.ValidString(value) {
		return fmt.Errorf("envelope value %q: not UTF-8", value)
	}
	for _, c := range value {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029' {
			return fmt.Errorf("envelope value %q: control character", value)
		}
	}
	return nil
}
