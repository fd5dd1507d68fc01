//go:build matrix

package smtptest_test

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// textFault is what a server can do while a message arrives.
type textFault struct {
	name  string
	class class
	kind  string
	slow  bool
	code  int
	act   Act
}

func textFaults() (list []textFault) {
	for _, then := range []Ending{Close, Drop, Reset, HalfClose} {
		list = append(list, textFault{name: string(then), class: silent, kind: "lost", act: Act{Then: then}})
		list = append(list, textFault{name: "half a reply, " + string(then), class: silent, kind: "lost", act: Act{Raw: "45", Then: then}})
		for _, code := range []int{452, 552} {
			list = append(list, textFault{name: fmt.Sprint(code, ", ", then), class: hangup, code: code, act: Act{Reply: Reply{Code: code}, Then: then}})
		}
	}
	list = append(list, textFault{name: "stop", class: silent, kind: "timeout", slow: true, act: Act{Then: Stop}})
	for _, code := range []int{421, 450, 451, 452, 454, 500, 503, 550, 552, 554} {
		list = append(list, textFault{name: fmt.Sprint(code), class: refusal, code: code, act: Act{Reply: Reply{Code: code, Lines: []string{"a", "b"}}}})
		list = append(list, textFault{name: fmt.Sprint(code, ", octets"), class: refusal, code: code, act: Act{Reply: Reply{Code: code}, Octets: true}})
		list = append(list, textFault{name: fmt.Sprint(code, ", stop"), class: hangup, code: code, slow: true, act: Act{Reply: Reply{Code: code}, Then: Stop}})
	}
	for _, raw := range []string{"2200 x\r\n", "250x\r\n", "666 x\r\n", "\r\n", "250 o\x00k\r\n", "\xff\xfe\r\n", "250-ok\r\n550 no\r\n", "450-ok\r\n250 ok\r\n", "250 " + strings.Repeat("x", 5000) + "\r\n"} {
		list = append(list, textFault{name: fmt.Sprintf("garbage %.12q", strings.ReplaceAll(raw, "/", "")), class: garbage, kind: "protocol", act: Act{Raw: raw}})
	}
	list = append(list, textFault{name: "endless line", class: garbage, kind: "protocol", act: Act{Raw: strings.Repeat("2", 1000), Endless: true}})
	for _, code := range []int{250, 251, 354} {
		list = append(list, textFault{name: fmt.Sprint(code), class: wrong, code: code, act: Act{Reply: Reply{Code: code}}})
	}
	return list
}

// textCells are the faults within a message: early, in its middle, and within
// its terminator.
func textCells() (list []cell) {
	for _, f := range textFaults() {
		for _, mode := range []TLSMode{TLSOff, TLSStart, TLSImplicit} {
			for _, transfer := range []string{"DATA", "BDAT"} {
				for _, pipelining := range []bool{false, true} {
					c := cell{
						mode: mode, transfer: transfer, pipelining: pipelining,
						state: state{name: "text", at: Text, call: 1},
						fault: fault{name: f.name, class: f.class, kind: f.kind, slow: f.slow, code: f.code},
					}
					list = append(list, c.atEnd(f))
					if transfer == "DATA" {
						list = append(list, c.within(f, 1), c.within(f, 1000), c.within(f, 100_000))
						continue
					}
					for _, after := range []int{1, 1000, chunk - 1, chunk, chunk + 1} {
						list = append(list, c.withinChunk(f, after))
					}
				}
			}
		}
	}
	return list
}

func (c cell) rule(f textFault, after int, where string) cell {
	f.act.After = after
	c.rules = []Rule{{At: Text, Call: 1, Do: f.act}}
	c.name = fmt.Sprintf("%s %d/%s", where, after, f.name)
	return c
}

// envelope is what the client has written when it begins the message.
func (c cell) envelope() string {
	list := c.writes()
	return join(list[:slices.IndexFunc(list, func(w write) bool {
		return w.final || slices.Contains(w.at, "BDAT first")
	})])
}

// within is a fault before the client ends a message behind DATA.
func (c cell) within(f textFault, after int) cell {
	c = c.rule(f, after, "text")
	c.huge = true
	p := prediction{usable: "no", part: true, out: all("deferred"), streams: []string{c.envelope()}, body: true}
	switch {
	case f.class == silent, f.class == garbage:
		p.send = f.kind // FAULTS 57, 59
	case f.class == wrong:
		p.send = "protocol" // FAULTS 61
	default:
		p.out = all(of(f.code)) // FAULTS 58
		if f.class == hangup && !f.slow {
			// FAULTS 57 has the client try to read it.
			p.send, p.out = "*", all(of(f.code)+" deferred")
		}
	}
	c.expect = &p
	return c
}

// withinChunk is a fault before the last chunk, where an early reply is the
// reply to its chunk.
func (c cell) withinChunk(f textFault, after int) cell {
	c = c.rule(f, after, "chunk")
	c.content = bigMessage(2*chunk + 5000)
	list := c.writes()
	upto := c.envelope() + list[len(list)-3].text
	if after > chunk {
		upto += list[len(list)-2].text
	}
	p := prediction{usable: "no", part: true, out: all("deferred"), streams: []string{upto}}
	switch {
	case f.class == silent, f.class == garbage:
		p.send = f.kind
	case f.class == wrong && f.code/100 == 2: // the chunk was taken
		p = prediction{out: all("sent"), usable: "yes", copies: 1, streams: []string{join(list) + "QUIT\r\n"}}
	case f.class == wrong:
		p.send = "protocol"
	case f.class == hangup:
		p.send, p.usable, p.out = "*", "either", all(of(f.code)+" deferred")
		p.streams = []string{upto, upto + "RSET\r\n", upto + "RSET\r\nQUIT\r\n", upto + "QUIT\r\n"}
	default:
		p.out = all(of(f.code)) // FAULTS 71
		if f.code != 421 {
			p.usable, p.part, p.streams = "yes", false, []string{upto + "RSET\r\nQUIT\r\n"}
		}
	}
	c.expect = &p
	return c
}

// atEnd is a fault before the last octets of the message, which the client
// has written with all others (FAULTS 62).
func (c cell) atEnd(f textFault) cell {
	list := c.texts()
	text := list[len(list)-1].text
	after := len(text) - 2
	if c.transfer == "BDAT" {
		after = len(c.message()) - 1
	}
	c = c.rule(f, after, "end")
	whole := join(c.writes())
	p := prediction{usable: "no", copies: -1, out: all("in_doubt"), streams: []string{whole}}
	switch {
	case f.class == silent, f.class == garbage, f.class == wrong && f.code/100 == 3:
	case f.class == wrong:
		p.out, p.usable, p.streams = all("sent"), "yes", []string{whole + "QUIT\r\n"}
	default:
		p.out = all(of(f.code))
		if f.code != 421 {
			p.usable = "yes"
			p.streams = []string{whole + "QUIT\r\n", whole + "RSET\r\nQUIT\r\n"}
		}
		if f.class == hangup {
			p.usable = "either"
			p.streams = append(p.streams, whole, whole+"RSET\r\n")
			if !f.slow {
				p.out = all(of(f.code) + " in_doubt")
			}
		}
	}
	c.expect = &p
	return c
}
