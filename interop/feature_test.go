//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
)

// feature is a row of docs/servers.md.
type feature struct {
	name string
	// keyword is what EHLO says of it, and parameter a word behind that; without
	// a keyword every server has it.
	keyword, parameter string
	// anyway marks a command that works without being offered.
	anyway bool
	// over says which servers can have it at all.
	over transport
	// check uses it and returns what it found, for the table.
	check func(t *testing.T, s server) string
	// unoffered is Lua that uses it all the same, with a session logged in, where
	// it is not offered. It returns what comes of that. Rows about a detail of the
	// one before have none.
	unoffered string
}

// detail says that a row is about the one before.
func (f feature) detail() bool { return strings.HasPrefix(f.name, "…") }

type transport string

const (
	both     transport = ""
	smtpOnly transport = "SMTP" // over TCP, with log-ins
)

// What a cell says; a check may say more.
const (
	yes        = "yes"
	notOffered = "no"
	impossible = "–"

	untried = "offered, and nothing here uses it"
)

// features are the rows, in order.
func features() []feature {
	rows := []feature{
		{name: "TLS from the first byte", over: smtpOnly, check: checkImplicit},
		{name: "STARTTLS", keyword: "STARTTLS", check: checkSTARTTLS},
		{name: "client certificate", over: smtpOnly, check: checkClientCertificate},
	}
	for _, mechanism := range []string{
		"EXTERNAL", "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1",
		"CRAM-MD5", "PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2",
	} {
		check := func(t *testing.T, s server) string { return checkLogin(t, s, mechanism) }
		if mechanism == "EXTERNAL" {
			check = checkExternal
		}
		rows = append(rows, feature{
			name: "AUTH " + mechanism, keyword: "AUTH", parameter: mechanism, over: smtpOnly, check: check,
			unoffered: fmt.Sprintf(`return require "smtp".connect():auth { mechanism = %q }`, mechanism),
		})
	}
	return append(rows,
		feature{name: "a wrong password", over: smtpOnly, check: checkWrongPassword},
		feature{name: "PIPELINING", keyword: "PIPELINING", check: checkPipelining},
		feature{name: "… RSET in one write with a refused recipient", keyword: "PIPELINING", check: checkPipelinedReset},
		feature{name: "8BITMIME", keyword: "8BITMIME", check: checkEightBit,
			unoffered: `return session:mail("news@bank.example", { body = "8BITMIME" })`},
		feature{name: "CHUNKING", keyword: "CHUNKING", check: checkChunking,
			unoffered: `return session:send({ from = "news@bank.example", to = "ann@example.org", text = "x" }, { transfer = "BDAT" })`},
		feature{name: "BINARYMIME", keyword: "BINARYMIME", check: checkBinary,
			unoffered: `return session:mail("news@bank.example", { body = "BINARYMIME" })`},
		feature{name: "SMTPUTF8", keyword: "SMTPUTF8", check: checkUTF8,
			unoffered: `return session:send { from = "news@bank.example", to = "jürgen@example.org", text = "x" }:handled()`},
		feature{name: "SIZE", keyword: "SIZE", check: checkSize,
			unoffered: `return session:mail("news@bank.example", { size = 100 })`},
		feature{name: "… beyond the limit, said by MAIL", keyword: "SIZE", check: checkNamedSize},
		feature{name: "… beyond the limit, seen at the end", keyword: "SIZE", check: checkHiddenSize},
		feature{name: "DSN", keyword: "DSN", check: checkNotice,
			unoffered: `return session:send({ from = "ann@example.org", to = "bob@example.org", text = "x" }, { dsn = { notify = "success" } })`},
		feature{name: "… the notice of success names", keyword: "DSN", check: checkNoticeFields},
		option("REQUIRETLS", smtpOnly, `{ require_tls = true }`), // needs TLS
		option("DELIVERBY", both, `{ deliver_by = { within = "2h", late = "notify" } }`),
		option("FUTURERELEASE", both, `{ hold_for = "1s" }`),
		option("MT-PRIORITY", both, `{ priority = 3 }`),
		feature{name: "ENHANCEDSTATUSCODES", keyword: "ENHANCEDSTATUSCODES", check: checkEnhanced,
			unoffered: `return { text = session:reset().enhanced or "not offered" }`},
		feature{name: "XCLIENT", keyword: "XCLIENT", check: checkXclient,
			unoffered: `return session:xclient { addr = "192.0.2.7" }`},
		feature{name: "PROXY header, version 1", over: smtpOnly, check: func(t *testing.T, s server) string { return checkProxyHeader(t, s, 1) }},
		feature{name: "PROXY header, version 2", over: smtpOnly, check: func(t *testing.T, s server) string { return checkProxyHeader(t, s, 2) }},
		feature{name: "VRFY", keyword: "VRFY", anyway: true, check: checkVerify},
		feature{name: "one bad recipient among good", check: checkPartly},
		feature{name: "a message after a refused one", check: checkAfterRefusal},
		feature{name: "replies behind a message for two", check: checkReplies},
	)
}

// option is an extension that is an option of sending.
func option(keyword string, over transport, options string) feature {
	send := fmt.Sprintf(`session:send({ from = "news@bank.example", to = "ann@example.org", text = "x\n" }, %s)`, options)
	return feature{name: keyword, keyword: keyword, over: over, unoffered: "return " + send, check: func(t *testing.T, s server) string {
		expect(t, s.session(t, "print("+send+".outcome)"), "sent\n")
		s.delivered(t, "ann")
		return yes
	}}
}

// expect fails where a script failed or printed something else.
func expect(t *testing.T, r ran, want string) {
	t.Helper()
	if r.status != 0 || r.stdout != want {
		t.Fatalf("want %q\n%v", want, r)
	}
}

// sent are the lines of the dialogue that begin with one of the verbs: what the
// client said and, for S, that the server answered.
func (r ran) sent(verbs ...string) []string {
	var lines []string
	for line := range strings.Lines(r.stderr) {
		// C:   40 bytes    0.003s  MAIL FROM:…
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[2] != "bytes" {
			continue
		}
		for _, verb := range verbs {
			if fields[0] == "C:" && fields[4] == verb {
				lines = append(lines, verb)
			} else if fields[0] == verb {
				lines = append(lines, "S")
			}
		}
	}
	return lines
}

// checkUnoffered asks for what the server does not have: nothing of it may be
// sent.
func checkUnoffered(t *testing.T, s server, f feature) {
	t.Helper()
	switch f.name {
	case "PIPELINING": // one command, one reply
		r := s.session(t, `print(session:send { from = "news@bank.example", to = "ann@example.org", text = "x\n" }.outcome)`)
		expect(t, r, "sent\n")
		if got := strings.Join(r.sent("MAIL", "RCPT", "DATA", "S:"), " "); !strings.Contains(got, "MAIL S RCPT S DATA S") {
			t.Error(r)
		}
		s.delivered(t, "ann")
		return
	case "STARTTLS":
		t.Fatal("every server here can be made to offer it")
	}
	r := s.session(t, fmt.Sprintf(`
local result, fault = try(function() %s end)
print(fault and fault.message or result.text)
for k in pairs(session.capabilities) do assert(k ~= %q or k == "AUTH") end`, f.unoffered, f.keyword))
	if r.status != 0 || !strings.Contains(r.stdout, "not offer") || len(r.sent("MAIL", "BDAT")) > 0 || len(r.sent("AUTH")) > 1 {
		t.Error(r)
	}
}
