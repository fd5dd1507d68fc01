package smtp

import (
	"bufio"
	"net"
	"strings"
	"testing"
)

// FAULTS.md, row 40: a server that offers less than the floor, or that somebody
// in between has made offer less, gets no credentials; nor does one get them
// under a mechanism that the owner forced.
func TestFault40(t *testing.T) {
	for _, test := range []struct {
		offers, minimum, mechanism string
		want                       string // of the error
		kind                       Kind
	}{
		{"PLAIN LOGIN", "SCRAM-SHA-256", "", "the server offers PLAIN, LOGIN; ", KindAuth},
		{"SCRAM-SHA-1 CRAM-MD5 PLAIN", "SCRAM-SHA-256", "", "would be needed", KindAuth},
		{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "", "would be needed", KindAuth},
		{"PLAIN", "", "SCRAM-SHA-256", "SCRAM-SHA-256 would be needed", KindAuth},
		{"PLAIN", "SCRAM-SHA-256", "PLAIN", "mechanism PLAIN is weaker than the minimum SCRAM-SHA-256", KindArgument},
	} {
		t.Run(test.offers+" under "+test.minimum+test.mechanism, func(t *testing.T) {
			read := make(chan string, 1)
			s, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
				say(conn, "220 mx")
				expect(t, r, "EHLO client.example")
				say(conn, "250-mx", "250 AUTH "+test.offers)
				line, _ := r.ReadString('\n')
				read <- line
			}))
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Auth(t.Context(), Credentials{
				Username: "ann", Password: NewSecret(canary), Minimum: test.minimum, Mechanism: test.mechanism, InClear: true,
			})
			if wantFault(t, err, test.kind); !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
			if s.Usable() != nil {
				t.Error("nothing was sent, and the session is of no use")
			}
			s.Close()
			if line := <-read; line != "" {
				t.Errorf("the client sent %q", line)
			}
		})
	}
}
