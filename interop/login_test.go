//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
)

// Every mechanism that Cyrus SASL and mailscript both have, without TLS, because
// the account insists.
func TestLoginsInClear(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			toml := account(p.clear, "off") + fmt.Sprintf("auth_in_clear = true\nmechanism = %q\n", mechanism)
			r := p.script(t, toml, password, `print(require "smtp".connect():auth().code)`)
			expect(t, r, "235\n")
			if !strings.Contains(r.stderr, "AUTH "+mechanism) {
				t.Error(r)
			}
		})
	}
}
