//go:build matrix

package smtptest_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

var (
	modes    = []TLSMode{TLSOff, TLSStart, TLSImplicit}
	tlsModes = modes[1:]
)

// specialCells are faults that belong to one state only.
func specialCells(t *testing.T) []cell {
	list := append(handshakeCells(t), authCells()...)
	list = append(list, loneDotCells()...)
	list = append(list, lmtpCells()...)
	for _, mode := range modes {
		list = append(list, cell{
			name: "connect/refused", mode: mode, transfer: "DATA", refused: true,
			expect: &prediction{connect: "connect", usable: "no", streams: []string{""}},
		})
	}
	return append(list, cell{ // FAULTS 31
		name: "STARTTLS/not offered", mode: TLSStart, transfer: "DATA", server: func(s *Server) { s.TLS = TLSOff },
		expect: &prediction{connect: "refused", usable: "no", streams: []string{hello, hello + "QUIT\r\n"}},
	})
}

// handshakeCells are FAULTS 8 to 13 and 36.
func handshakeCells(t *testing.T) (list []cell) {
	other, err := NewIdentity("other.example")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := NewIdentity("mx.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range tlsModes {
		before := ""
		if mode == TLSStart {
			before = hello + "STARTTLS\r\n"
		}
		add := func(name, kind string, act Act) *cell {
			list = append(list, cell{
				name: "handshake/" + name, mode: mode, transfer: "DATA", state: state{auth: "PLAIN"},
				rules:  []Rule{{At: Handshake, Do: act}},
				fault:  fault{slow: kind == "timeout"},
				expect: &prediction{connect: kind, usable: "no", streams: []string{before}},
			})
			return &list[len(list)-1]
		}
		add("refused", "tls", Act{TLS: Refuse})
		add("alert after", "tls", Act{TLS: AlertAfter})
		add("plaintext", "tls", Act{Raw: "220 mx.example ESMTP\r\n"})
		add("plaintext refusal", "tls", Act{Raw: "500 5.5.1 what\r\n"})
		add("junk", "tls", Act{Raw: strings.Repeat("\xde\xad", 50)})
		add("half a record", "tls", Act{Raw: "\x16\x03\x03\x00\x50abc", Then: Drop})
		add("silence", "timeout", Act{Then: Silence})
		add("half a record, silence", "timeout", Act{Raw: "\x16\x03\x03\x00\x50abc", Then: Silence})
		for _, then := range []Ending{Close, Drop, Reset, HalfClose} {
			add(string(then), "tls", Act{Then: then})
		}
		add("host of another", "tls", Act{}).server = func(s *Server) { s.Identity.Certificate = other.Certificate }
		add("unknown authority", "tls", Act{}).server = func(s *Server) { s.Identity.Certificate = stranger.Certificate }
		octets := add("octets", "", Act{Octets: true})
		octets.expect = &prediction{usable: "yes", out: all("sent"), copies: 1, streams: []string{join(octets.writes()) + "QUIT\r\n"}}
	}
	return list
}

// authCells are FAULTS 35 and 39, and credentials in clear text.
func authCells() (list []cell) {
	ask := Reply{Code: 334, Lines: []string{base64.StdEncoding.EncodeToString([]byte("more"))}}
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		for _, mode := range modes {
			c := cell{mode: mode, transfer: "DATA", state: state{auth: mechanism}}
			start, opening := "", "AUTH LOGIN\r\n"
			for _, w := range c.writes() {
				if strings.HasPrefix(w.text, "AUTH") {
					opening = w.text
					break
				}
				start += w.text
			}
			add := func(name string, rule Rule, streams ...string) {
				c := c
				c.name, c.rules = "AUTH "+mechanism+"/"+name, []Rule{rule}
				c.expect = &prediction{auth: "protocol", usable: "no", streams: streams}
				list = append(list, c)
			}
			cancelled := start + opening + "*\r\n"
			add("lines", Rule{At: Auth, Do: Act{Reply: Reply{Code: 334, Lines: []string{"VXNlcm5hbWU6", "VXNlcm5hbWU6"}}}}, cancelled)
			if mechanism == "PLAIN" {
				add("not base64", Rule{At: Auth, Do: Act{Reply: Reply{Code: 334, Lines: []string{"!?"}}}}, cancelled)
				add("one question too many", Rule{At: Auth, Do: Act{Reply: ask}}, cancelled)
			} else {
				name := base64.StdEncoding.EncodeToString([]byte(user)) + "\r\n"
				secret := base64.StdEncoding.EncodeToString([]byte(password)) + "\r\n"
				add("endless", Rule{At: AuthResponse, Do: Act{Reply: ask}}, start+opening+name+secret+"*\r\n")
				add("long question", Rule{At: AuthResponse, Do: Act{Raw: "334 " + strings.Repeat("QUFB", 5000) + "\r\n"}}, start+opening+name)
			}
		}
		list = append(list, cell{
			name: "AUTH " + mechanism + "/in clear", mode: TLSOff, transfer: "DATA", state: state{auth: mechanism}, inClear: "refused",
			expect: &prediction{auth: "auth", usable: "yes", streams: []string{hello + "QUIT\r\n"}},
		}, cell{
			// Offered before TLS, and not after it.
			name: "AUTH " + mechanism + "/not after TLS", mode: TLSStart, transfer: "DATA", state: state{auth: mechanism},
			server: func(s *Server) {
				s.Users, s.Secure = nil, s.Capabilities
				s.Capabilities = append([]string{"AUTH PLAIN LOGIN"}, s.Capabilities...)
			},
			expect: &prediction{auth: "auth", usable: "yes", streams: []string{hello + "STARTTLS\r\n" + hello + "QUIT\r\n"}},
		})
	}
	return list
}

// loneDotCells are FAULTS 51: every recipient is refused, and DATA accepted.
func loneDotCells() (list []cell) {
	for _, mode := range modes {
		for _, code := range []int{450, 550} {
			for name, act := range map[string]Act{
				"250": {Reply: Reply{Code: 250}}, "554": {Reply: Reply{Code: 554}}, "451": {Reply: Reply{Code: 451}}, "421": {Reply: Reply{Code: 421}},
				"drop": {Mute: true, Then: Drop}, "reset": {Mute: true, Then: Reset}, "garbage": {Raw: "250x\r\n"}, "silence": {Mute: true, Then: Silence},
			} {
				c := cell{
					name: fmt.Sprintf("lone dot/%d then %s", code, name), mode: mode, transfer: "DATA", pipelining: true,
					state: state{refused: true}, fault: fault{slow: name == "silence"},
					rules: []Rule{{At: Rcpt, Do: Act{Reply: Reply{Code: code}}}, {At: Data, Do: Act{Reply: Reply{Code: 354}}}, {At: Message, Do: act}},
				}
				list0 := c.writes()
				upto := join(list0[:len(list0)-1]) + ".\r\n"
				p := prediction{out: all(of(code)), usable: "no", streams: []string{upto}}
				if name == "250" || name == "554" || name == "451" {
					p.usable, p.streams = "yes", []string{upto + "QUIT\r\n", upto + "RSET\r\nQUIT\r\n"}
				}
				c.expect = &p
				list = append(list, c)
			}
		}
	}
	return list
}

// lmtpCells are faults at each of the three replies to one message (RFC 2033,
// section 4.2).
func lmtpCells() (list []cell) {
	for _, f := range faults() {
		if f.class == mute || f.class == surplus && f.name != "fragment" || strings.HasPrefix(f.name, "cut") {
			continue // a reply moved from one recipient to another cannot be told
		}
		for call := 1; call <= 3; call++ {
			for _, mode := range modes {
				for _, transfer := range []string{"DATA", "BDAT"} {
					c := cell{
						mode: mode, transfer: transfer, pipelining: true, lmtp: true, fault: f,
						state: state{name: fmt.Sprintf("LMTP %d", call), at: Message, call: call, usual: Reply{Code: 250, Enhanced: "2.0.0"}},
					}
					if f.class == wrong && f.code/100 == 2 {
						continue
					}
					c.expect = c.predictLMTP(call - 1)
					list = append(list, c)
				}
			}
		}
	}
	return list
}

func (c cell) predictLMTP(at int) *prediction {
	whole := strings.ReplaceAll(join(c.writes()), "EHLO", "LHLO")
	p := prediction{out: all("sent"), usable: "yes", copies: 1, streams: []string{whole + "QUIT\r\n", whole + "RSET\r\nQUIT\r\n"}}
	doubt := func(from int) {
		p.usable, p.streams = "no", []string{whole}
		for i := from; i < 3; i++ {
			p.out[i] = "in_doubt"
		}
	}
	switch c.fault.class {
	case silent, garbage, wrong:
		doubt(at)
	case surplus: // a fragment spoils what comes behind it
		doubt(at + 1)
	case leaving:
		doubt(at + 1)
		p.usable = "either"
		p.streams = append(p.streams, whole+"QUIT\r\n")
	case refusal, hangup:
		if c.fault.class == hangup || c.fault.code == 421 {
			doubt(at + 1) // FAULTS 66
			p.usable = "either"
			if c.fault.code == 421 {
				p.usable = "no"
			}
			p.streams = append(p.streams, whole+"QUIT\r\n", whole+"RSET\r\n", whole+"RSET\r\nQUIT\r\n")
		}
		p.out[at] = of(c.fault.code)
	}
	return &p
}
