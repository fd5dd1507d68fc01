package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// testTLS makes a certificate for mx.test and the configurations of both sides.
func testTLS(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mx.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: "mx.test"}
}

func TestStartTLS(t *testing.T) {
	serverTLS, clientTLS := testTLS(t)
	handler := &recorder{}
	k := newTalk(t, t.Context(), Config{Hostname: "mx.test", TLS: serverTLS, Handler: handler})
	k.say("", "220 mx.test ESMTP")
	before := k.ehlo()
	if !offered(before, "STARTTLS") || offered(before, "AUTH") {
		t.Errorf("offered in clear text: %q", before)
	}
	k.say("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n", "538 5.7.11 encryption required")
	k.say("STARTTLS now\r\n", "501 5.5.4 STARTTLS takes no argument")
	k.say("MAIL FROM:<ann@client.test>\r\nSTARTTLS\r\nRSET\r\n", "250 2.1.0 sender ok",
		"503 5.5.1 a transaction is open", "250 2.0.0 reset")
	k.say("STARTTLS\r\n", "220 2.0.0 go ahead")
	k.startTLS(clientTLS)
	// RFC 3207, section 4.2: the server has forgotten the EHLO.
	k.say("MAIL FROM:<ann@client.test>\r\n", "503 5.5.1 EHLO first")
	after := k.ehlo()
	if offered(after, "STARTTLS") || !offered(after, "AUTH") {
		t.Errorf("offered under TLS: %q", after)
	}
	k.say("STARTTLS\r\n", "503 5.5.1 TLS is active")
	k.say("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n", "235 2.7.0 authenticated")
	k.say("MAIL FROM:<ann@client.test>\r\nRCPT TO:<bob@mx.test>\r\nDATA\r\n", "250 2.1.0 sender ok",
		"250 2.1.5 recipient ok", "354 end with <CRLF>.<CRLF>")
	k.say("x\r\n.\r\n", "250 2.0.0 message accepted")
	k.say("QUIT\r\n", "221 2.0.0 bye")
	if err := k.ended(); err != nil {
		t.Error(err)
	}
	if len(handler.messages) != 1 {
		t.Errorf("messages: %q", handler.messages)
	}
}

// Row U9: octets behind STARTTLS are dropped and the connection ends, wherever
// the command is split from them.
func TestStartTLSInjection(t *testing.T) {
	serverTLS, _ := testTLS(t)
	for _, surplus := range []string{"MAIL FROM:<eve@client.test>\r\n", "R", "EHLO eve\r\nNOOP\r\n"} {
		dialogue := "EHLO client.test\r\nSTARTTLS\r\n" + surplus
		for i := 1; i < len(dialogue); i++ {
			handler := &recorder{}
			ours, theirs := net.Pipe()
			var tasks sync.WaitGroup
			var err error
			tasks.Go(func() {
				err = Serve(t.Context(), theirs, Config{Hostname: "mx.test", TLS: serverTLS, Handler: handler})
			})
			tasks.Go(func() {
				_, _ = io.WriteString(ours, dialogue[:i])
				_, _ = io.WriteString(ours, dialogue[i:])
				if i >= len(dialogue)-len(surplus) {
					// The surplus came after the reply: it is a broken handshake, and
					// one that may still be short of a record.
					_, _ = io.WriteString(ours, strings.Repeat("\r\n", 5))
				}
			})
			said, _ := io.ReadAll(ours)
			_ = ours.Close()
			tasks.Wait()
			if err == nil {
				t.Errorf("%q split at %d: no error", surplus, i)
			}
			_, end, _ := strings.Cut(string(said), "250 STARTTLS\r\n")
			refused := end == "554 5.5.1 input behind STARTTLS, closing connection\r\n"
			broken := strings.HasPrefix(end, "220 2.0.0 go ahead\r\n") && !strings.Contains(end, "250")
			if !refused && !(broken && i >= len(dialogue)-len(surplus)) {
				t.Errorf("%q split at %d: %q", surplus, i, said)
			}
		}
	}
}

func TestImplicitTLS(t *testing.T) {
	serverTLS, clientTLS := testTLS(t)
	ours, theirs := net.Pipe()
	k := &talk{t: t, conn: ours}
	k.task.Go(func() { k.err = Serve(t.Context(), tls.Server(theirs, serverTLS), Config{TLS: serverTLS}) })
	k.startTLS(clientTLS)
	k.say("", "220 localhost ESMTP")
	if keywords := k.ehlo(); offered(keywords, "STARTTLS") || !offered(keywords, "AUTH") {
		t.Errorf("offered: %q", keywords)
	}
	k.say("QUIT\r\n", "221 2.0.0 bye")
	if err := k.ended(); err != nil {
		t.Error(err)
	}
}
