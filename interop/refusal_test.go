//go:build interop

package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// What a real server refuses, and what a user then reads.
func TestRefusals(t *testing.T) {
	p := startPostfix(t)
	send := `require "smtp".send { from = "news@bank.example", to = arg[1] or "ann@example.org", text = "x" }`
	for _, test := range []struct {
		name, toml, script, to string
		status                 int
		says                   []string
	}{
		{name: "wrong password", toml: strings.ReplaceAll(p.toml(p.implicit, "implicit"), password, password+"x"), script: send, status: 69,
			says: []string{"AUTH PLAIN: 535 5.7.8", "hint: check user name and password"}},
		{name: "relay", toml: fmt.Sprintf("[account.default]\nhost='localhost'\nport=%d\ntls='off'\n", p.clear), script: send, to: "eve@elsewhere.example", status: 69,
			says: []string{"eve@elsewhere.example: 554 5.7.1", "hint: the server takes mail for other domains only after a log-in"}},
		{name: "no such user", toml: p.toml(p.implicit, "implicit"), script: send, to: "eve@example.org", status: 69,
			says: []string{"eve@example.org: 550 5.1.1"}},
		{name: "starttls first", toml: fmt.Sprintf("[account.default]\nhost='localhost'\nport=%d\ntls='off'\n", p.starttls), script: send, status: 69,
			says: []string{"530 5.7.0 Must issue a STARTTLS command first", `hint: the server wants an encrypted connection: set tls = "starttls"`}},
		{name: "log-in in clear", toml: strings.Replace(p.toml(p.clear, "off"), "ca =", "# ca =", 1), script: send, status: 69,
			says: []string{"credentials are not sent over an unencrypted connection", "hint: use tls ="}},
		{name: "implicit TLS on the STARTTLS port", toml: p.toml(p.starttls, "implicit"), script: send, status: 69,
			says: []string{"clear text", `hint: the server speaks clear text on this port: use tls = "starttls"`}},
		{name: "STARTTLS on the implicit port", toml: p.toml(p.implicit, "starttls") + "timeouts = { greeting = \"1s\" }\n", script: send, status: 75,
			says: []string{"greeting", `hint: a server that says nothing, or garbage, may be waiting for TLS`}},
		{name: "unknown authority", toml: strings.Replace(p.toml(p.implicit, "implicit"), "ca =", "# ca =", 1), script: send, status: 69,
			says: []string{"certificate of localhost", "hint: "}},
		{name: "another key", toml: p.toml(p.implicit, "implicit") + "pins = [\"sha256//" + strings.Repeat("A", 43) + "=\"]\n", script: send, status: 69,
			says: []string{"no certificate of its chain has a pinned key; its own is " + p.pin, "hint: if the server's key was changed on purpose"}},
		{name: "no client certificate", toml: p.toml(p.mutual, "implicit"), script: send, status: 75,
			says: []string{"421 4.7.1", "hint: set client_certificate and client_key"}},
		{name: "nobody there", toml: strings.Replace(p.toml(p.implicit, "implicit"), `"localhost"`, `"127.0.0.2"`, 1), script: send, status: 75,
			says: []string{"connection refused", "hint: nothing listens there"}},
		{name: "too large", toml: p.toml(p.starttls, "starttls"), status: 69,
			script: `require "smtp".send { from = "news@bank.example", to = "ann@example.org", text = ("x"):rep(6e6) }`,
			says:   []string{"552 5.3.4", "hint: the server's limit is session.max_size"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, filepath.Join(folder, "mailscript.toml"), test.toml, 0o600)
			write(t, filepath.Join(folder, "send.lua"), test.script+"\n", 0o600)
			args := []string{"run", "send.lua"}
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
			noSecret(t, password, r)
			if t.Failed() {
				t.Log(r)
			}
		})
	}
}
