//go:build interop

package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// refusal is what goes wrong, and what a user then reads.
type refusal struct {
	name, toml, script, to string
	password, ca           string // default those of the server
	status                 int
	says                   []string // on standard error
}

// What a real server refuses.
func TestRefusals(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	other := makeCertificates(t, "elsewhere.example")
	implicit := account(p.implicit, "implicit")
	without := func(toml, key string) string { return strings.Replace(toml, key+" =", "# "+key+" =", 1) }
	send := `require "smtp".send { from = "news@bank.example", to = arg[1] or "ann@example.org", text = "x" }`
	refusals := []refusal{
		{name: "relay", toml: fmt.Sprintf("[account.default]\nhost='localhost'\nport=%d\ntls='off'\n", p.clear), script: send, to: "eve@elsewhere.example", status: 69,
			says: []string{"eve@elsewhere.example: 554 5.7.1", "hint: the server takes mail for other domains only after a log-in"}},
		{name: "no such user", toml: implicit, script: send, to: "eve@example.org", status: 69,
			says: []string{"eve@example.org: 550 5.1.1"}},
		{name: "starttls first", toml: fmt.Sprintf("[account.default]\nhost='localhost'\nport=%d\ntls='off'\n", p.starttls), script: send, status: 69,
			says: []string{"530 5.7.0 Must issue a STARTTLS command first", `hint: the server wants an encrypted connection: set tls = "starttls"`}},
		{name: "AUTH before STARTTLS", toml: account(p.starttls, "off"), status: 1,
			script: `local session = require "smtp".dial {} session:ehlo() session:write("AUTH PLAIN\r\n") io.stderr:write(tostring(session:read())) os.exit(1)`,
			says:   []string{"530 5.7.0 Must issue a STARTTLS command first"}},
		{name: "log-in in clear", toml: without(account(p.clear, "off"), "ca"), script: send, status: 69,
			says: []string{"send.lua:1: ", "credentials are not sent over an unencrypted connection", "hint: use tls ="}},
		{name: "implicit TLS on the STARTTLS port", toml: account(p.starttls, "implicit"), script: send, status: 69,
			says: []string{"send.lua:1: ", "clear text", `hint: the server speaks clear text on this port: use tls = "starttls"`}},
		{name: "STARTTLS on the implicit port", toml: account(p.implicit, "starttls") + "timeouts = { greeting = \"1s\" }\n", script: send, status: 75,
			says: []string{"send.lua:1: ", "greeting", `hint: a server that says nothing, or garbage, may be waiting for TLS`}},
		{name: "unknown authority", toml: without(implicit, "ca"), script: send, status: 69,
			says: []string{"send.lua:1: ", "certificate of localhost", "Root of localhost", `with ca = "ca.pem" in the account`}},
		{name: "another authority", toml: implicit, ca: other.ca, script: send, status: 69,
			says: []string{"send.lua:1: ", "certificate of localhost", "Root of localhost", `with ca = "ca.pem" in the account`}},
		{name: "another host", toml: account(startStunnel(t, other, p.clear), "implicit"), ca: other.ca, script: send, status: 69,
			says: []string{"send.lua:1: ", "elsewhere.example", "hint: use one of the names that the certificate is for"}},
		{name: "another key", toml: implicit + "pins = [\"sha256//" + strings.Repeat("A", 43) + "=\"]\n", script: send, status: 69,
			says: []string{"send.lua:1: ", "no certificate of its chain has a pinned key; its own is " + p.pin, "hint: if the server's key was changed on purpose"}},
		{name: "no client certificate", toml: p.mutual, script: send, status: 75,
			says: []string{"send.lua:1: ", "421 4.7.1", "hint: set client_certificate and client_key"}},
		{name: "nobody there", toml: strings.Replace(implicit, `"localhost"`, `"127.0.0.2"`, 1), script: send, status: 75,
			says: []string{"send.lua:1: ", "connection refused", "hint: nothing listens there"}},
		{name: "too large", toml: account(p.starttls, "starttls"), status: 69,
			script: `require "smtp".send { from = "news@bank.example", to = "ann@example.org", text = ("x"):rep(6e6) }`,
			says:   []string{"552 5.3.4", "hint: the server's limit is session.max_size"}},
	}
	// Each mechanism has its own way to be refused: SCRAM in the middle, LOGIN at
	// the end.
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"} {
		refusals = append(refusals, refusal{
			name: "wrong password/" + mechanism, toml: implicit + fmt.Sprintf("mechanism = %q\n", mechanism), script: send, password: "wrong-canary-2290", status: 69,
			says: []string{"send.lua:1: ", "AUTH " + mechanism + ": 535 5.7.8", "hint: check user name and password"},
		})
	}
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) { checkRefusal(t, p, test) })
	}
}

func checkRefusal(t *testing.T, p postfix, test refusal) {
	t.Helper()
	if test.password == "" {
		test.password = password
	}
	if test.ca == "" {
		test.ca = p.ca
	}
	folder := project(t, test.toml, test.password, test.ca)
	write(t, filepath.Join(folder, "send.lua"), test.script+"\n", 0o600)
	// The trace must be as silent about passwords as everything else.
	args := []string{"run", "--trace", "send.lua"}
	if test.to != "" {
		args = append(args, "--", test.to)
	}
	r := mailscript(t, folder, args...)
	if r.status != test.status {
		t.Errorf("exit status %d, want %d", r.status, test.status)
	}
	for _, text := range test.says {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("it does not say %q", text)
		}
	}
	noSecret(t, test.password, r)
	if t.Failed() {
		t.Log(r)
	}
}
