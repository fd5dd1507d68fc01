//go:build matrix

package smtptest_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// state is where in the conversation a fault occurs.
type state struct {
	name  string
	at    Point
	call  int
	usual Reply
	auth  string // the mechanism, where the client authenticates
	big   bool   // the message needs two chunks
	// refused has every recipient refused, so that RSET comes next.
	refused bool
}

const (
	user, password = "ann", "sesame-open-7"
	sender         = "a@x.example"
	chunk          = 256 << 10 // of the client's BDAT
)

var recipients = []string{"b@y.example", "c@y.example", "d@y.example"}

func states() []state {
	ok, asks := Reply{Code: 250, Enhanced: "2.0.0"}, base64.StdEncoding.EncodeToString
	login := func(question string) Reply { return Reply{Code: 334, Lines: []string{asks([]byte(question))}} }
	accepted := Reply{Code: 235, Enhanced: "2.7.0"}
	return []state{
		{name: "greeting", at: Greeting, call: 1, usual: Reply{Code: 220, Lines: []string{"mx.example ESMTP"}}},
		{name: "EHLO", at: Ehlo, call: 1, usual: Reply{Code: 250}},
		{name: "STARTTLS", at: StartTLS, call: 1, usual: Reply{Code: 220, Enhanced: "2.0.0"}},
		{name: "EHLO 2", at: Ehlo, call: 2, usual: Reply{Code: 250}},
		{name: "AUTH PLAIN", at: Auth, call: 1, usual: accepted, auth: "PLAIN"},
		{name: "AUTH LOGIN", at: Auth, call: 1, usual: login("Username:"), auth: "LOGIN"},
		{name: "LOGIN name", at: AuthResponse, call: 1, usual: login("Password:"), auth: "LOGIN"},
		{name: "LOGIN password", at: AuthResponse, call: 2, usual: accepted, auth: "LOGIN"},
		{name: "MAIL", at: Mail, call: 1, usual: ok},
		{name: "RCPT 1", at: Rcpt, call: 1, usual: ok},
		{name: "RCPT 2", at: Rcpt, call: 2, usual: ok},
		{name: "RCPT 3", at: Rcpt, call: 3, usual: ok},
		{name: "DATA", at: Data, call: 1, usual: Reply{Code: 354}},
		{name: "BDAT first", at: Bdat, call: 1, usual: ok, big: true},
		{name: "message", at: Message, call: 1, usual: ok},
		{name: "RSET", at: Rset, call: 1, usual: ok, refused: true},
		{name: "QUIT", at: Quit, call: 1, usual: Reply{Code: 221}},
	}
}

// cell is one experiment.
type cell struct {
	state      state
	fault      fault
	mode       TLSMode
	transfer   string
	pipelining bool

	// For cells that the table of states and faults does not make:
	name    string
	rules   []Rule
	expect  *prediction
	content []byte
	server  func(*Server) // last changes
	inClear string        // "refused": credentials are not to cross in clear
	huge    bool          // the message has no end to speak of
	lmtp    bool
	refused bool                    // nobody listens
	seen    func(Connection) string // one more look
}

func (c cell) String() string {
	name := c.name
	if name == "" {
		name = c.state.name + "/" + c.fault.name
	}
	way := c.transfer
	if c.pipelining {
		way += " pipelined"
	}
	return strings.ReplaceAll(fmt.Sprintf("%s/%s/%s", name, c.mode, way), " ", "_")
}

// cells are all of the table that can occur.
func cells() (list []cell) {
	for _, s := range states() {
		for _, f := range faults() {
			for _, mode := range []TLSMode{TLSOff, TLSStart, TLSImplicit} {
				for _, transfer := range []string{"DATA", "BDAT"} {
					for _, pipelining := range []bool{false, true} {
						c := cell{state: s, fault: f, mode: mode, transfer: transfer, pipelining: pipelining}
						if c.possible() {
							list = append(list, c)
						}
					}
				}
			}
		}
	}
	return list
}

// possible leaves out what cannot occur, and what would only repeat another cell.
func (c cell) possible() bool {
	s, f := c.state, c.fault
	envelope := slices.Contains([]Point{Mail, Rcpt, Data, Message, Bdat, Rset}, s.at)
	switch {
	case (s.name == "STARTTLS" || s.name == "EHLO 2") && c.mode != TLSStart,
		s.at == Data && c.transfer == "BDAT", s.at == Bdat && c.transfer == "DATA",
		// Before MAIL the two ways of a message are one, and pipelining is none.
		!envelope && (c.transfer == "BDAT" && s.at != Ehlo || c.pipelining):
		return false
	case f.class == wrong && f.code/100 == s.usual.Code/100 && (s.at != Greeting && s.at != StartTLS):
		return false
	case f.class == wrong && s.auth != "":
		return false // a challenge too many is a cell of its own
	case strings.HasPrefix(f.name, "cut") && c.pipelining && c.mode != TLSOff:
		return false
	}
	return true
}

// message is what the client sends.
func (c cell) message() []byte {
	switch {
	case c.content != nil:
		return c.content
	case c.state.big:
		return bigMessage(chunk + 1000)
	}
	return []byte(header + ".hello\r\n")
}

const header = "Subject: x\r\n\r\n"

func bigMessage(size int) []byte {
	line := strings.Repeat("x", 78) + "\r\n"
	return []byte(header + strings.Repeat(line, size/len(line)))
}

// usual is what a server says at the state when it is good.
func (c cell) usual() Reply {
	if c.state.at != Ehlo {
		return c.state.usual
	}
	lines := append([]string{"mx.example"}, c.capabilities()...)
	if c.mode == TLSStart && c.state.call == 1 {
		lines = append(lines, "STARTTLS")
	}
	return Reply{Code: 250, Lines: append(lines, "HELP")}
}

func (c cell) capabilities() []string {
	list := []string{"8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING"}
	if c.pipelining {
		list = append(list, "PIPELINING")
	}
	return list
}

// serverFor is the server of the cell.
func (c cell) serverFor(identity Identity) Server {
	s := Server{
		TLS: c.mode, Capabilities: c.capabilities(), Identity: identity,
		Users: map[string]string{user: password}, Rules: c.rules,
	}
	if c.lmtp {
		s.Protocol = LMTP
	}
	if c.fault.act != nil {
		act := c.fault.act(c.usual())
		if c.state.at == Ehlo && act.Reply.Code == 0 && act.Raw == "" && !act.Mute {
			act.Reply = c.usual()
		}
		s.Rules = append(s.Rules, Rule{At: c.state.at, Call: c.state.call, Do: act})
		if c.fault.class == surplus && c.pipelining && (c.state.at == Mail || c.state.at == Rcpt) {
			// All replies in one write, so that none is late by chance.
			last := 2
			if c.transfer == "DATA" {
				last = 3
			}
			s.Rules[0].Do.Hold = c.state.at == Mail || c.state.call <= last
			for call := 1; call <= last; call++ {
				s.Rules = append(s.Rules, Rule{At: Rcpt, Call: call, Do: Act{Hold: true}})
			}
		}
	}
	if c.state.refused {
		s.Rules = append(s.Rules, Rule{At: Rcpt, Do: Act{Reply: Reply{Code: 550, Enhanced: "5.1.1"}}})
	}
	if c.server != nil {
		c.server(&s)
	}
	return s
}
