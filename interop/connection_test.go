//go:build interop

package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func checkImplicit(t *testing.T, s server) string {
	sendHello(t, account(s.implicit, "implicit"), s.ca)
	checkHello(t, s.delivered(t, "ann"))
	checkHello(t, s.delivered(t, "bob"))
	return yes
}

func checkSTARTTLS(t *testing.T, s server) string {
	if s.socket != "" {
		folder := t.TempDir()
		write(t, filepath.Join(folder, "send.lua"), fmt.Sprintf(`
local session = require "smtp".connect { host = "localhost", port = %d, tls = "starttls", ca = %q, protocol = "lmtp" }
print(session.tls ~= nil, session:send { from = "news@bank.example", to = "ann@example.org", text = "x\n" }.outcome)
session:quit()`, s.starttls, s.ca), 0o600)
		expect(t, mailscript(t, folder, "run", "--trace", "send.lua"), "true\tsent\n")
		s.delivered(t, "ann")
		return yes
	}
	sendHello(t, account(s.starttls, "starttls"), s.ca)
	checkHello(t, s.delivered(t, "ann"))
	checkHello(t, s.delivered(t, "bob"))
	return yes
}

// checkClientCertificate is let in with a certificate, and not without.
func checkClientCertificate(t *testing.T, s server) string {
	const script = `
local session = require "smtp".connect()
session:auth()
print(session:mail("news@bank.example").code)`
	expect(t, s.script(t, s.withCertificate(s.mutual), password, script), "250\n")
	if r := s.script(t, s.mutual, password, script); r.status == 0 || r.stdout == "250\n" {
		t.Errorf("without the certificate: %v", r)
	}
	return yes
}

func checkLogin(t *testing.T, s server, mechanism string) string {
	toml := account(s.starttls, "starttls") + fmt.Sprintf("mechanism = %q\n", mechanism)
	right, wrong := password, password+"x"
	if s.token != "" && strings.Contains(mechanism, "OAUTH") {
		right, wrong = s.token, s.token[:len(s.token)-8]+"AAAAAAAA"
	}
	r := s.script(t, toml, right, `print(require "smtp".connect():auth().code)`)
	expect(t, r, "235\n")
	if !strings.Contains(r.stderr, "AUTH "+mechanism) {
		t.Error(r)
	}
	r = s.script(t, toml, wrong, refusedLogin)
	if r.status != 0 || !strings.HasPrefix(r.stdout, "535 ") {
		t.Error(r)
	}
	return yes
}

const refusedLogin = `
local _, fault = try(function() return require "smtp".connect():auth() end)
print(fault.code .. " " .. (fault.enhanced or ""))`

func checkWrongPassword(t *testing.T, s server) string {
	r := s.script(t, account(s.implicit, "implicit")+"mechanism = \"PLAIN\"\n", password+"x", refusedLogin)
	if r.status != 0 {
		t.Fatal(r)
	}
	return strings.TrimSpace(r.stdout)
}

func checkExternal(t *testing.T, s server) string {
	toml := s.mutual
	if !strings.Contains(toml, "mechanism") {
		toml += "mechanism = \"EXTERNAL\"\n"
	}
	expect(t, s.script(t, s.withCertificate(toml), password, `print(require "smtp".connect():auth().code)`), "235\n")
	return yes
}

// checkXclient stands for a client elsewhere; the message tells of that one.
func checkXclient(t *testing.T, s server) string {
	script := `
session:xclient { addr = "192.0.2.7", helo = "client.example" }
%s
print(session:send { from = "news@bank.example", to = "ann@example.org", text = "x\n" }.outcome)`
	var r ran
	if s.socket != "" {
		r = s.session(t, fmt.Sprintf(script, ""))
	} else {
		r = s.script(t, account(s.implicit, "implicit"), password, `local session = require "smtp".connect()`+fmt.Sprintf(script, "session:auth()"))
	}
	expect(t, r, "sent\n")
	return seenAs(t, s, "192.0.2.7")
}

func checkProxyHeader(t *testing.T, s server, version int) string {
	if s.proxied == "" {
		return notOffered
	}
	r := s.script(t, s.proxied, password, fmt.Sprintf(`
local session = require "smtp".connect {
  account = "default", timeouts = { greeting = "20s" },
  proxy_header = { version = %d, source = "192.0.2.7:1025", destination = "192.0.2.1:465" },
}
session:auth()
print(session:send { from = "news@bank.example", to = "ann@example.org", text = "x\n" }.outcome)`, version))
	if r.status != 0 && len(r.sent("EHLO")) == 0 {
		t.Log(r)
		return notOffered
	}
	expect(t, r, "sent\n")
	return seenAs(t, s, "192.0.2.7")
}

// seenAs says whether the message that arrived names a client.
func seenAs(t *testing.T, s server, client string) string {
	t.Helper()
	if message := s.delivered(t, "ann"); !strings.Contains(string(message), "["+client+"]") {
		t.Logf("arrived as\n%s", message)
		return "yes, and the message does not show it"
	}
	return yes
}
