package sink

import (
	"crypto/tls"
	"testing"

	"github.com/mailscript/mailscript/smtp"
)

// A certificate is good for the host that was asked for, and for no other.
func TestCertificates(t *testing.T) {
	s := openTest(t)
	for _, host := range []string{"mail.bank.example", "MAIL.Bank.Example", "mail.bank.example.", "localhost",
		"xn--bcher-kva.example", "under_score.example", "192.0.2.1", "2001:db8::1", "[2001:db8::2]"} {
		dial(t, s, host, 465, smtp.TLSImplicit).quit()
		conn, err := s.Dial(t.Context(), host, 465, smtp.TLSImplicit)
		if err != nil {
			t.Fatal(err)
		}
		other := tls.Client(conn, &tls.Config{RootCAs: s.RootCAs(), ServerName: "other.example"})
		if err := other.HandshakeContext(t.Context()); err == nil {
			t.Errorf("the certificate for %s is good for another name", host)
		}
		_ = conn.Close()
	}
	// Another sink's authority is none of this one's.
	conn, err := s.Dial(t.Context(), "mail.bank.example", 465, smtp.TLSImplicit)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	foreign := tls.Client(conn, &tls.Config{RootCAs: openTest(t).RootCAs(), ServerName: "mail.bank.example"})
	if err := foreign.HandshakeContext(t.Context()); err == nil {
		t.Error("a foreign authority verifies")
	}
}
