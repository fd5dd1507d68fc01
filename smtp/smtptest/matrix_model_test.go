//go:build matrix

package smtptest_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// prediction is what must come of a cell. It follows from FAULTS.md and the
// RFCs; nothing of it is taken from the client.
type prediction struct {
	// Kinds of the errors of connecting, authenticating and sending; "" is none,
	// "*" leaves it open.
	connect, auth, send string
	// out is the outcome of each recipient: "" was never tried; several words
	// where which of them depends on what crosses first.
	out    [3]string
	usable string // "yes", "no" or "either", before QUIT
	// streams are all that may arrive, TLS taken off. part allows any beginning
	// of one of them that holds no end of the message.
	streams []string
	part    bool
	body    bool // behind the only stream comes the message, or a part of it
	copies  int  // how many complete messages; -1 leaves it open
}

// write is what the client writes at once.
type write struct {
	text  string
	at    []string // states whose replies it waits for
	final bool     // it holds the end of the message
}

const hello = "EHLO client.example\r\n"

// writes are those of a client whom nothing befalls, up to QUIT.
func (c cell) writes() []write {
	list := []write{{text: hello, at: []string{"EHLO"}}}
	if c.lmtp {
		list[0].text = "LHLO client.example\r\n" // RFC 2033, section 4.1
	}
	if c.mode == TLSStart {
		list = append(list, write{text: "STARTTLS\r\n", at: []string{"STARTTLS"}}, write{text: hello, at: []string{"EHLO 2"}})
	}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	switch c.state.auth {
	case "PLAIN":
		list = append(list, write{text: "AUTH PLAIN " + b64("\x00"+user+"\x00"+password) + "\r\n", at: []string{"AUTH PLAIN"}})
	case "LOGIN":
		list = append(list, write{text: "AUTH LOGIN\r\n", at: []string{"AUTH LOGIN"}},
			write{text: b64(user) + "\r\n", at: []string{"LOGIN name"}}, write{text: b64(password) + "\r\n", at: []string{"LOGIN password"}})
	}
	return append(list, c.transaction(recipients)...)
}

// transaction are the writes of one transaction.
func (c cell) transaction(to []string) (list []write) {
	lines := []write{{text: "MAIL FROM:<" + sender + ">\r\n", at: []string{"MAIL"}}}
	for i, address := range to {
		lines = append(lines, write{text: "RCPT TO:<" + address + ">\r\n", at: []string{fmt.Sprintf("RCPT %d", i+1)}})
	}
	if c.transfer == "DATA" {
		lines = append(lines, write{text: "DATA\r\n", at: []string{"DATA"}})
	}
	if c.pipelining {
		all := write{}
		for _, l := range lines {
			all.text += l.text
			all.at = append(all.at, l.at...)
		}
		lines = []write{all}
	}
	if c.state.refused {
		if c.transfer == "DATA" && !c.pipelining {
			lines = lines[:len(lines)-1] // nobody to send to
		}
		return append(lines, write{text: "RSET\r\n", at: []string{"RSET"}})
	}
	return append(lines, c.texts()...)
}

// texts are the writes of the message itself.
func (c cell) texts() (list []write) {
	message := string(c.message())
	if c.transfer == "DATA" {
		stuffed := strings.ReplaceAll(message, "\r\n.", "\r\n..")
		return []write{{text: stuffed + ".\r\n", at: []string{"message"}, final: true}}
	}
	for len(message) > chunk {
		list = append(list, write{text: fmt.Sprintf("BDAT %d\r\n%s", chunk, message[:chunk]), at: []string{"BDAT first"}})
		message = message[chunk:]
	}
	return append(list, write{text: fmt.Sprintf("BDAT %d LAST\r\n%s", len(message), message), at: []string{"message"}, final: true})
}

func join(list []write) string {
	var b strings.Builder
	for _, w := range list {
		b.WriteString(w.text)
	}
	return b.String()
}

// phase is what the client is doing at the state.
func (c cell) phase() string {
	switch c.state.at {
	case Greeting, Ehlo, StartTLS, Handshake:
		return "connect"
	case Auth, AuthResponse:
		return "auth"
	}
	return "send"
}

func all(outcome string) [3]string { return [3]string{outcome, outcome, outcome} }

// of is the outcome of a refusal.
func of(code int) string {
	if code >= 500 {
		return "failed"
	}
	return "deferred"
}

// predict says what must come of the cell.
func (c cell) predict() prediction {
	if c.expect != nil {
		return *c.expect
	}
	list := c.writes()
	i := slices.IndexFunc(list, func(w write) bool { return slices.Contains(w.at, c.state.name) })
	if c.state.at == Quit {
		i = len(list) - 1
	}
	upto := join(list[:i+1])
	good := prediction{out: all("sent"), usable: "yes", streams: []string{join(list) + "QUIT\r\n"}, copies: 1}
	if c.state.refused {
		good.out, good.copies = all("failed"), 0
	}
	if c.state.at == Quit || c.fault.class == harmless {
		return good // FAULTS 25, 26, 82
	}
	final := i+1 < len(list) && list[i+1].final
	// How it ends where the connection does, or has to.
	broken := prediction{usable: "no", streams: []string{upto}}
	stop := func(kind string) prediction {
		p := broken
		switch {
		case c.state.at == Rset:
			p.out = good.out // FAULTS 79: what was said before stands
		case c.state.at == Message:
			p.out, p.copies = all("in_doubt"), 1 // FAULTS 63, 64
		case c.phase() == "connect":
			p.connect = kind
		case c.phase() == "auth":
			p.auth = kind
		default:
			p.send, p.out = kind, all("deferred")
		}
		return p
	}
	// The same where the fault shows with the next thing the client does.
	next := func(kind string) prediction {
		connected := c.state.name == "EHLO 2" || c.state.name == "EHLO" && c.mode != TLSStart
		authenticated := c.state.name == "AUTH PLAIN" || c.state.name == "LOGIN password"
		if connected || authenticated {
			p := broken
			p.send, p.out = kind, all("deferred")
			return p
		}
		return stop(kind)
	}
	switch c.fault.class {
	case silent, garbage:
		p := stop(c.fault.kind) // FAULTS 13, 20 to 24, 30, 52, 56, 63, 64
		if c.state.at == Greeting && c.fault.name == string(Reset) {
			p.connect = "lost connect" // the reset may come before connect has returned
		}
		return p
	case mute:
		if c.pipelining && c.transfer == "DATA" && (c.state.at == Mail || c.state.at == Rcpt) {
			return stop("protocol") // 354 answers a recipient
		}
		return stop("timeout")
	case leaving:
		return c.leaves(good, next, upto, join(list[:min(i+2, len(list))]), final)
	case surplus:
		return c.surplus(good, next, upto)
	case wrong:
		return c.wrong(stop)
	}
	return c.refusedAt(list, i, good, stop, final)
}

// leaves is a server that gives the usual reply and is gone.
func (c cell) leaves(good prediction, next func(string) prediction, upto, further string, final bool) prediction {
	if c.state.at == Message || c.state.at == Rset {
		good.usable = "either" // FAULTS 65
		good.streams = append(good.streams, upto)
		return good
	}
	p := next("lost")
	if c.state.at == Greeting && strings.HasSuffix(c.fault.name, string(Reset)) {
		p.connect = "lost connect"
	}
	if c.state.at == StartTLS {
		p.connect = "tls"
	}
	p.streams = []string{upto, further}
	if final || c.state.at == Data {
		// Whether the client has heard of it before it ends the message is chance.
		p.send, p.out = "*", all("deferred in_doubt")
	}
	return p
}

// surplus is a server that says more than it was asked.
func (c cell) surplus(good prediction, next func(string) prediction, upto string) prediction {
	if c.state.at == Message || c.state.at == Rset {
		good.usable, good.streams = "no", []string{upto} // FAULTS 64
		return good
	}
	if c.outOfStep() {
		return prediction{send: "*", out: all("failed deferred"), usable: "no", streams: []string{upto}}
	}
	return next("protocol") // FAULTS 18, 33, 34; pipelined, the replies are out of step
}

// outOfStep reports whether a reply too many must be taken for a refusal of
// DATA: nothing tells the two apart.
func (c cell) outOfStep() bool {
	return c.state.name == "RCPT 3" && c.fault.name == "550 more" && c.pipelining && c.transfer == "DATA"
}

// wrong is a reply of a class that means nothing here.
func (c cell) wrong(stop func(string) prediction) prediction {
	switch {
	case c.state.at == Greeting:
		return stop("greeting")
	case c.state.at == Ehlo, c.state.at == StartTLS:
		p := stop("refused")
		p.usable = "either"
		return p
	case c.state.at == Data && c.fault.code == 334:
		p := stop("*")
		p.usable = "either"
		p.streams = append(p.streams, p.streams[0]+"RSET\r\nQUIT\r\n", p.streams[0]+"QUIT\r\n")
		return p
	}
	return stop("protocol") // FAULTS 54
}
