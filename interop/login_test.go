//go:build interop

package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// Every mechanism that Cyrus SASL and mailscript both have, with TLS and, where
// the account insists, without.
func TestLogins(t *testing.T) {
	p := startPostfix(t)
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		for _, toml := range []string{
			account(p.starttls, "starttls"),
			account(p.clear, "off") + "auth_in_clear = true\n",
		} {
			mode := "tls"
			if strings.Contains(toml, "auth_in_clear") {
				mode = "clear"
			}
			t.Run(mechanism+"/"+mode, func(t *testing.T) {
				folder := project(t, toml+fmt.Sprintf("mechanism = %q\n", mechanism), password, p.ca)
				write(t, filepath.Join(folder, "login.lua"), `local session = require "smtp".connect()
print(session:auth().code)
session:quit()
`, 0o600)
				r := mailscript(t, folder, "run", "--trace", "login.lua")
				if r.status != 0 || r.stdout != "235\n" || !strings.Contains(r.stderr, "AUTH "+mechanism) {
					t.Error(r)
				}
				noSecret(t, password, r)
			})
		}
	}
}
