//go:build matrix

package smtptest_test

import (
	"strings"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// refusedAt is a 4xx or 5xx.
func (c cell) refusedAt(list []write, i int, good prediction, stop func(string) prediction, final bool) prediction {
	code, upto := c.fault.code, join(list[:i+1])
	over := []string{upto + "QUIT\r\n", upto + "RSET\r\nQUIT\r\n"}
	p := prediction{usable: "yes", streams: over}
	if code == 421 || c.fault.class == hangup {
		p.streams = []string{upto, upto + "RSET\r\n"}
		p.usable = "no" // FAULTS 27
		if c.fault.class == hangup {
			p.usable = "either"
			p.streams = append(over, p.streams...)
		}
	}
	switch {
	case c.state.at == Greeting:
		p.connect, p.usable = "greeting", "no" // FAULTS 15, 16
		p.streams = []string{"", "QUIT\r\n"}
	case c.state.at == Ehlo && code >= 500:
		return c.helo(list, i, upto) // FAULTS 28
	case c.state.at == Ehlo, c.state.at == StartTLS:
		p.connect, p.usable = "refused", "no" // FAULTS 32
		p.streams = append(p.streams, upto)
	case c.phase() == "auth":
		p.auth = "auth" // FAULTS 37, 38
	case c.state.at == Rset:
		p.out, p.usable = good.out, "no" // FAULTS 79
		p.streams = []string{upto, upto + "QUIT\r\n"}
	case c.state.at == Message:
		p.out, p.copies = all(of(code)), 1 // FAULTS 66 to 68
	case c.state.at != Rcpt:
		p.out = all(of(code)) // FAULTS 44 to 47, 55, 71
		if c.fault.class == hangup && code < 500 && c.pipelining {
			p.send = "*"
		}
	default:
		return c.refusedRecipient(p, list, i, stop, final)
	}
	return p
}

// refusedRecipient is a 4xx or 5xx to one recipient of three.
func (c cell) refusedRecipient(p prediction, list []write, i int, stop func(string) prediction, final bool) prediction {
	code, at := c.fault.code, c.state.call-1
	upto := join(list[:i+1])
	if code == 421 {
		p = stop("*") // FAULTS 27
		p.streams = []string{upto}
		return p
	}
	if c.fault.class == hangup {
		p = stop("*")
		p.usable = "no"
		p.streams = []string{upto, join(list[:min(i+2, len(list))])}
		if final {
			p.out = all("deferred in_doubt")
		}
		p.out[at] = of(code)
		return p
	}
	p.out, p.copies = all("sent"), 1
	p.streams = []string{join(list) + "QUIT\r\n"}
	if c.fault.again && at > 0 {
		// FAULTS 49: the rest in a transaction of its own.
		p.streams = []string{join(list) + join(c.transaction(recipients[at:at+1])) + "QUIT\r\n"}
		p.copies = 2
		return p
	}
	p.out[at] = of(code) // FAULTS 48
	return p
}

// helo is what follows a refused EHLO: HELO, and then a server without
// extensions (FAULTS 28).
func (c cell) helo(list []write, i int, upto string) prediction {
	upto += "HELO client.example\r\n"
	switch {
	case c.fault.code == 421:
		panic("421 is a temporary refusal")
	case c.fault.class == hangup:
		return prediction{connect: "*", usable: "no", streams: []string{strings.TrimSuffix(upto, "HELO client.example\r\n"), upto}}
	case c.mode == TLSStart && c.state.name == "EHLO":
		return prediction{connect: "refused", usable: "no", streams: []string{upto, upto + "QUIT\r\n"}}
	case c.transfer == "BDAT":
		return prediction{send: "refused", usable: "yes", streams: []string{upto + "QUIT\r\n"}}
	}
	plain := c
	plain.pipelining = false
	return prediction{out: all("sent"), usable: "yes", copies: 1, streams: []string{upto + join(plain.transaction(recipients)) + "QUIT\r\n"}}
}
