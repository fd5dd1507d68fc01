package smtptest_test

import (
	"crypto/tls"
	"io"
	"net"
	netsmtp "net/smtp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// TestPlain is AUTH PLAIN of Go's client, which wants TLS for it, implicit here.
func TestPlain(t *testing.T) {
	server := Server{TLS: TLSImplicit, Users: map[string]string{"ann": "sesame"}}.Start(t)
	for i, password := range []string{"sesame", "wrong"} {
		conn, err := tls.Dial("tcp", server.Address, &tls.Config{ServerName: "mx.example", RootCAs: server.Identity.Roots})
		if err != nil {
			t.Fatal(err)
		}
		client, err := netsmtp.NewClient(conn, "mx.example")
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Auth(netsmtp.PlainAuth("", "ann", password, "mx.example")); (err == nil) != (i == 0) {
			t.Errorf("password %s: %v", password, err)
		}
		client.Close()
		want := []Login{{Mechanism: "PLAIN", Username: "ann", OK: i == 0, Secure: true}}
		seen := server.Connection(i)
		if diff := cmp.Diff(want, seen.Logins); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if strings.Contains(string(seen.Below), "AUTH") || !strings.Contains(string(seen.Above), "AUTH PLAIN") {
			t.Error("below TLS stands what belongs above")
		}
	}
}

// TestLogin is AUTH LOGIN, by hand.
func TestLogin(t *testing.T) {
	server := Server{Users: map[string]string{"ann": "sesame"}}
	got, seen := talk(t, server, "EHLO c\r\nAUTH LOGIN\r\nYW5u\r\nc2VzYW1l\r\nAUTH LOGIN\r\n*\r\nQUIT\r\n")
	for _, reply := range []string{"250 AUTH PLAIN LOGIN\r\n", "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 2.7.0 ok\r\n334 VXNlcm5hbWU6\r\n501 5.7.0 cancelled\r\n"} {
		if !strings.Contains(got, reply) {
			t.Errorf("said %q, without %q", got, reply)
		}
	}
	if len(seen.Logins) != 2 || !seen.Logins[0].OK || seen.Logins[1].OK {
		t.Errorf("%+v", seen.Logins)
	}
}

// TestHandshake are faults of TLS, as crypto/tls words them.
func TestHandshake(t *testing.T) {
	other, err := NewIdentity("other.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, want string
		act        Act
	}{
		{"refused", "handshake failure", Act{TLS: Refuse}},
		{"plaintext", "first record does not look like a TLS handshake", Act{Raw: "220 mx.example\r\n"}},
		{"close", "EOF", Act{Then: Close}},
		{"reset", "reset by peer", Act{Then: Reset}},
		{"alert after", "certificate required", Act{TLS: AlertAfter}},
		{"other", "not mx.example", Act{}},
		{"octets", "", Act{Octets: true}},
	} {
		server := Server{TLS: TLSImplicit, Rules: []Rule{{At: Handshake, Do: test.act}}}
		if test.name == "other" {
			server.Identity = other
		}
		running := server.Start(t)
		conn, err := net.Dial("tcp", running.Address)
		if err != nil {
			t.Fatal(err)
		}
		secure := tls.Client(conn, &tls.Config{ServerName: "mx.example", RootCAs: running.Identity.Roots})
		_, err = io.ReadFull(secure, make([]byte, 4))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
		conn.Close()
		running.Connection(0)
	}
}

// TestTruncated ends TLS within a reply, with close_notify and without (RFC
// 8446, section 6.1): crypto/tls takes both for an end, the octets differ.
func TestTruncated(t *testing.T) {
	octets := map[Ending]int{}
	for _, then := range []Ending{Drop, Close} {
		running := Server{TLS: TLSImplicit, Rules: []Rule{{At: Greeting, Do: Act{Raw: "22", Then: then}}}}.Start(t)
		conn, err := net.Dial("tcp", running.Address)
		if err != nil {
			t.Fatal(err)
		}
		counted := &counter{Conn: conn}
		secure := tls.Client(counted, &tls.Config{ServerName: "mx.example", RootCAs: running.Identity.Roots})
		if err := secure.Handshake(); err != nil {
			t.Fatal(err)
		}
		counted.last = 0
		got, err := io.ReadAll(secure)
		if string(got) != "22" || err != nil {
			t.Errorf("%s: read %q, %v", then, got, err)
		}
		_, _ = io.Copy(io.Discard, counted)
		octets[then] = counted.last
		conn.Close()
	}
	if octets[Close] != octets[Drop]+alert {
		t.Errorf("behind the handshake came %v", octets)
	}
}

// alert is the size of an alert in a record of TLS 1.3: header, alert, type, tag.
const alert = 5 + 2 + 1 + 16

// counter counts what is read behind a handshake, which is as long each time
// but for its certificate's signature.
type counter struct {
	net.Conn
	last int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.last += n
	return n, err
}
