//go:build matrix

package smtptest_test

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// way is how a stream is carried.
type way struct {
	name       string
	bdat       bool
	pipelining bool
	window     int
	messages   int // of the stream
	at         int // the message that the fault hits, from 1
	// mixed has messages around that one refused in part and in whole.
	mixed bool
	// commit has the client take what it can from its source before it writes.
	commit bool
	turns  bool // BDAT, with a probe that fails
}

func ways() []way {
	return []way{
		{name: "DATA, lock-step", messages: 5, at: 3},
		{name: "DATA, W=8", pipelining: true, window: 8, messages: 11, at: 6, mixed: true, commit: true},
		{name: "DATA, W=64", pipelining: true, window: 64, messages: 5, at: 3},
		{name: "BDAT, W=8", bdat: true, pipelining: true, window: 8, messages: 11, at: 6, mixed: true},
		{name: "BDAT, W=64", bdat: true, pipelining: true, window: 64, messages: 5, at: 3, commit: true},
		{name: "BDAT in turns", bdat: true, pipelining: true, window: 64, messages: 5, at: 3, turns: true},
	}
}

// streamCell is one experiment with a stream.
type streamCell struct {
	way   way
	state string
	rules []Rule
	at    Point // where the last of the rules applies
	fault fault
	mode  TLSMode
	lmtp  bool
	// alone says that the fault is a refusal, or none, which the other messages
	// have nothing to do with.
	alone bool
}

func (c streamCell) String() string {
	return strings.ReplaceAll(fmt.Sprintf("stream %s/%s/%s/%s", c.state, c.fault.name, c.mode, c.way.name), " ", "_")
}

// probed is 1 where the probe has said MAIL before the messages do.
func (w way) probed() int {
	if w.bdat {
		return 1
	}
	return 0
}

// streamState is a place in the stream, by the message that the fault hits.
type streamState struct {
	name  string
	at    Point
	call  func(way) int // 0 leaves it out
	usual Reply
}

func streamStates() []streamState {
	ok := Reply{Code: 250, Enhanced: "2.0.0"}
	only := func(bdat bool, call func(way) int) func(way) int {
		return func(w way) int {
			if w.bdat != bdat {
				return 0
			}
			return call(w)
		}
	}
	probe := func(call int) func(way) int {
		return func(w way) int {
			if !w.bdat || w.mixed || w.turns {
				return 0
			}
			return call
		}
	}
	return []streamState{
		{"MAIL", Mail, func(w way) int { return w.at + w.probed() }, Reply{Code: 250, Enhanced: "2.1.0"}},
		{"RCPT 1", Rcpt, func(w way) int { return 2*w.at - 1 }, Reply{Code: 250, Enhanced: "2.1.5"}},
		{"RCPT 2", Rcpt, func(w way) int { return 2 * w.at }, Reply{Code: 250, Enhanced: "2.1.5"}},
		{"DATA", Data, only(false, func(w way) int { return w.at }), Reply{Code: 354}},
		{"message", Message, func(w way) int { return w.at }, ok},
		{"first message", Message, func(w way) int { return 1 }, ok},
		{"last message", Message, func(w way) int { return w.messages }, ok},
		{"RSET", Rset, func(w way) int {
			switch {
			case w.bdat:
				return w.at
			case w.pipelining:
				return 1 // behind a message that nobody wants
			}
			return 0
		}, ok},
		{"QUIT", Quit, func(way) int { return 1 }, Reply{Code: 221}},
		{"probe MAIL", Mail, probe(1), Reply{Code: 250, Enhanced: "2.1.0"}},
		{"probe BDAT", Bdat, probe(1), Reply{Code: 503, Enhanced: "5.5.1"}},
		{"probe EHLO", Ehlo, probe(2), Reply{Code: 250}},
	}
}

// streamCells are the states of a stream times the faults, the modes of TLS and
// the ways.
func streamCells() (list []streamCell) {
	for _, w := range ways() {
		for _, mode := range modes {
			if mode == TLSStart && w.name != "BDAT, W=64" {
				continue // once MAIL may come, it is as TLSImplicit
			}
			for _, s := range streamStates() {
				edge := strings.HasPrefix(s.name, "first") || strings.HasPrefix(s.name, "last")
				if call := s.call(w); call > 0 && (mode == TLSOff || !edge) {
					list = append(list, w.faultsAt(s, call, mode)...)
				}
			}
			list = append(list, w.textFaults(mode)...)
			list = append(list, w.lmtpFaults(mode)...)
		}
	}
	return list
}

func (w way) faultsAt(s streamState, call int, mode TLSMode) (list []streamCell) {
	for _, f := range faults() {
		if f.class == wrong && f.code/100 == s.usual.Code/100 || strings.HasPrefix(f.name, "cut") && mode != TLSOff {
			continue
		}
		if w.mixed && (f.class == mute || f.class == surplus) {
			continue // which message a refusal is for then cannot be told
		}
		act := f.act(s.usual)
		if s.at == Ehlo {
			if mode == TLSStart {
				call++
			}
			usual := Reply{Code: 250, Lines: append([]string{"mx.example"}, w.capabilities()...)}
			if act = f.act(usual); act.Reply.Code == 0 && act.Raw == "" && !act.Mute {
				act.Reply = usual
			}
		}
		if s.at == Ehlo {
			f.slow = true // an answer that is no list may be one to a line of the chunk
		}
		c := streamCell{way: w, state: s.name, fault: f, mode: mode, at: s.at}
		if w.turns {
			c.rules = append(c.rules, Rule{At: Bdat, Call: 1, Do: Act{Reply: Reply{Code: 250}}})
		}
		c.rules = append(c.rules, Rule{At: s.at, Call: call, Do: act})
		c.rules = append(c.rules, w.around()...)
		if s.at == Rset && !w.bdat {
			for _, call := range []int{2*w.at - 3, 2*w.at - 2} {
				c.rules = append(c.rules, Rule{At: Rcpt, Call: call, Do: Act{Reply: Reply{Code: 550, Enhanced: "5.1.1"}}})
			}
		}
		gone := f.code == 421 || f.class != harmless && f.class != refusal
		c.alone = !gone && (s.at != Rset || f.class == harmless) && !strings.HasPrefix(s.name, "probe")
		list = append(list, c)
	}
	return list
}

// around are refusals of messages near the one that the fault hits.
func (w way) around() []Rule {
	if !w.mixed {
		return nil
	}
	refuse := func(at Point, call, code int) Rule {
		return Rule{At: at, Call: call, Do: Act{Reply: Reply{Code: code}}}
	}
	return []Rule{refuse(Rcpt, 2*(w.at-1)-1, 550), refuse(Rcpt, 2*(w.at+1), 450), refuse(Message, w.at+2, 554)}
}

// textFaults are faults while a message of the stream arrives.
func (w way) textFaults(mode TLSMode) (list []streamCell) {
	for _, f := range textFaults() {
		text := w.mail(w.at).text
		ends := []int{1, len(text) - 1}
		if !w.bdat {
			ends[1] = len(text) + len(".\r\n")
		}
		for i, after := range ends {
			act := f.act
			act.After = after
			c := streamCell{
				way: w, state: fmt.Sprintf("text %d", i), mode: mode, at: Text,
				fault: fault{name: strings.ReplaceAll(f.name, "/", ""), class: f.class, kind: f.kind, slow: f.slow, code: f.code},
			}
			if w.turns {
				c.rules = append(c.rules, Rule{At: Bdat, Call: 1, Do: Act{Reply: Reply{Code: 250}}})
			}
			c.rules = append(c.rules, Rule{At: Text, Call: w.at, Do: act})
			c.rules = append(c.rules, w.around()...)
			list = append(list, c)
		}
	}
	return list
}

// lmtpFaults are faults at either of the replies to one message (RFC 2033,
// section 4.2).
func (w way) lmtpFaults(mode TLSMode) (list []streamCell) {
	if w.mixed || w.turns || mode == TLSStart {
		return nil
	}
	for call := 2*w.at - 1; call <= 2*w.at; call++ {
		s := streamState{name: fmt.Sprintf("LMTP %d", call-2*w.at+2), at: Message, usual: Reply{Code: 250, Enhanced: "2.0.0"}}
		for _, c := range w.faultsAt(s, call, mode) {
			if c.fault.class == mute || c.fault.class == surplus && c.fault.name != "fragment" {
				continue // a reply moved from one recipient to another cannot be told
			}
			c.lmtp = true
			list = append(list, c)
		}
	}
	return list
}

func (w way) capabilities() []string {
	list := []string{"8BITMIME", "ENHANCEDSTATUSCODES"}
	if w.pipelining {
		list = append(list, "PIPELINING")
	}
	if w.bdat {
		list = append(list, "CHUNKING")
	}
	return list
}

// streamMail is one message of a stream.
type streamMail struct {
	from string
	to   []string
	text []byte
}

func (w way) mail(i int) streamMail {
	return streamMail{
		fmt.Sprintf("from%d@x.example", i), []string{fmt.Sprintf("a%d@y.example", i), fmt.Sprintf("b%d@y.example", i)},
		[]byte(fmt.Sprintf("Subject: %d\r\n\r\n.dot\r\nend of %d.\r\n", i, i)),
	}
}

func (c streamCell) serverFor(identity Identity) Server {
	s := Server{TLS: c.mode, Capabilities: c.way.capabilities(), Identity: identity, Rules: c.rules}
	if c.lmtp {
		s.Protocol = LMTP
	}
	return s
}

// untouched are the messages that must be sent: all in front of the one that the
// fault hits, and where it is a matter between that one and the server, all
// behind it.
func (c streamCell) untouched() (list []int) {
	w := c.way
	hit := []int{w.at}
	if w.mixed {
		hit = append(hit, w.at-1, w.at+1, w.at+2, w.at+3) // which of the last two is the refused one depends on the fault
	}
	if c.at == Rset {
		hit = append(hit, w.at-1)
	}
	last := w.messages
	if !c.alone {
		last = w.at - 1
	}
	switch {
	case c.state == "first message":
		hit = append(hit, 1)
		if !c.alone {
			last = 0
		}
	case c.state == "last message":
		hit = append(hit, w.messages)
		last = w.messages - 1
	case strings.HasPrefix(c.state, "probe"):
		last = 0
	case c.at == Quit:
		last = w.messages
	}
	for i := 1; i <= last; i++ {
		if !slices.Contains(hit, i) || c.fault.class == harmless && !w.mixed && c.at != Rset {
			list = append(list, i)
		}
	}
	return list
}
