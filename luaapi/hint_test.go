package luaapi

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	"golang.org/x/net/dns/dnsmessage"
)

// condition is what makes a hint appear: a server, and the script that meets it.
type condition struct {
	hint string // its name in the table
	// server is a conversation: "S: text" is written, "C: VERB" awaited, "TLS"
	// puts TLS under what follows. It ends with the connection closed, after
	// "hang" with nothing more said.
	server []string
	// certificate is the one of the server's TLS, default a good one.
	certificate func(*issuing) tls.Certificate
	maximum     uint16 // version of TLS, default the newest
	wantsClient bool
	// script runs with PORT set; default: connect with tls = "off".
	script string
	// toml is mailscript.toml, with PORT and CA to be filled in.
	toml string
	// endpoint is what a token endpoint answers, whose address is TOKENS in toml:
	// a status and a body.
	endpoint []string
	dial     func(ctx context.Context, target smtp.Target) (net.Conn, error)
	env      string // NAME=value
}

const (
	connectClear    = `smtp.connect { host = "127.0.0.1", port = PORT, tls = "off" }`
	connectImplicit = `smtp.connect { host = "localhost", port = PORT, tls = "implicit", timeouts = { handshake = 0.3 } }`
	connectStartTLS = `smtp.connect { host = "localhost", port = PORT, tls = "starttls" }`
	logIn           = `smtp.connect { host = "127.0.0.1", port = PORT, tls = "off", username = "ann", password = "x", auth_in_clear = true }:auth()`
	logInByAccount  = `smtp.connect():auth()`
	withTokens      = `[account.default]
host = "127.0.0.1"
port = PORT
tls = "off"
auth_in_clear = true
username = "ann"
[account.default.oauth2]
token_url = "TOKENS"
ca = 'CA'
client_id = "mailscript"
refresh_token = "refresh"
`
	withKey     = "[account.default]\nhost = '127.0.0.1'\nport = PORT\ntls = 'off'\n[dkim.bank]\ndomain = 'bank.example'\nselector = 's'\nkey_env = 'KEY'\n"
	sendSigned  = `smtp.send({ from = "a@bank.example", to = "bob@example.org", text = "x" }, { dkim = true })`
	sendClear   = `local r = smtp.send({ from = "a@bank.example", to = "bob@example.org", text = "x" }, { host = "127.0.0.1", port = PORT, tls = "off" }) error(r.text)`
	sendAddress = `local s = smtp.connect { host = "127.0.0.1", port = PORT, tls = "off" } s:send { from = "a@bank.example", to = "jürgen@example.org", text = "x" }`
)

// hello is the beginning of most conversations; plain offers what log-ins need.
func hello(then ...string) []string {
	return append([]string{"S: 220 mx.example ESMTP", "C: EHLO", "S: 250 mx.example"}, then...)
}

func offering(keyword string, then ...string) []string {
	return append([]string{"S: 220 mx.example ESMTP", "C: EHLO", "S: 250-mx.example", "S: 250 " + keyword}, then...)
}

func refusing(recipient string) []string {
	return hello("C: MAIL", "S: 250 ok", "C: RCPT", "S: "+recipient, "C: RSET", "S: 250 ok", "C: QUIT", "S: 221 bye")
}

func conditions() []condition {
	refusedTokens := func(reply string) []string { // with the token that was there, and with a new one
		return offering("AUTH XOAUTH2", "C: AUTH", "S: 334 e30=", "C: ", "S: "+reply, "C: AUTH", "S: 334 e30=", "C: ", "S: "+reply, "hang")
	}
	granting := []string{"200", `{"access_token": "fresh", "token_type": "Bearer", "expires_in": 3599}`}
	refusedLogin := func(reply string) []string { return offering("AUTH PLAIN", "C: AUTH", "S: "+reply) }
	return []condition{
		{hint: "microsoft-basic", server: refusedLogin("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."), script: logIn},
		{hint: "microsoft-basic", server: refusedLogin("550 5.7.30 Basic authentication is not supported for Client Submission."), script: logIn},
		{hint: "gmail-app-password", server: refusedLogin("535-5.7.8 Username and Password not accepted. For more information, go to\r\n535 5.7.8  https://support.google.com/mail/?p=BadCredentials a1-gsmtp"), script: logIn},
		{hint: "gmail-app-password", server: refusedLogin("534-5.7.9 Application-specific password required. Learn more at\r\n534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor a1-gsmtp"), script: logIn},
		{hint: "auth-in-clear", server: offering("AUTH PLAIN", "hang"),
			script: `smtp.connect { host = "127.0.0.1", port = PORT, tls = "off", username = "ann", password = "x" }:auth()`},
		{hint: "starttls-first", server: hello("C: MAIL", "S: 530 5.7.0 Must issue a STARTTLS command first", "hang"), script: sendClear},
		{hint: "auth-required", server: hello("C: MAIL", "S: 530 5.7.0 Authentication required", "hang"), script: sendClear},
		{hint: "auth-behind-starttls", server: offering("STARTTLS", "hang"), script: logIn},
		{hint: "auth-not-offered", server: hello("hang"), script: logIn},
		{hint: "auth-mechanism", server: offering("AUTH GSSAPI NTLM", "hang"), script: logIn},
		{hint: "auth-later", server: refusedLogin("454 4.7.0 Temporary authentication failure"), script: logIn},
		{hint: "auth-wrong", server: refusedLogin("535 5.7.8 Error: authentication failed"), script: logIn},

		{hint: "token-microsoft", server: refusedTokens("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."), toml: withTokens, endpoint: granting, script: logInByAccount},
		{hint: "token-microsoft", server: refusedTokens("535 5.7.3 Authentication unsuccessful"), toml: withTokens, endpoint: granting, script: logInByAccount},
		{hint: "token-wrong", server: refusedTokens("535-5.7.8 Username and Password not accepted. For more information, go to\r\n535 5.7.8  https://support.google.com/mail/?p=BadCredentials a1-gsmtp"), toml: withTokens, endpoint: granting, script: logInByAccount},
		{hint: "token-invalid-grant", server: offering("AUTH XOAUTH2", "hang"), toml: withTokens, script: logInByAccount,
			endpoint: []string{"400", `{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}`}},
		{hint: "token-invalid-client", server: offering("AUTH XOAUTH2", "hang"), toml: withTokens, endpoint: []string{"401", `{"error": "invalid_client"}`}, script: logInByAccount},
		{hint: "token-scope", server: offering("AUTH XOAUTH2", "hang"), toml: withTokens, endpoint: []string{"400", `{"error": "invalid_scope"}`}, script: logInByAccount},
		{hint: "token-redirect", server: offering("AUTH XOAUTH2", "hang"), toml: withTokens, endpoint: []string{"307", ``}, script: logInByAccount},
		{hint: "token-later", server: offering("AUTH XOAUTH2", "hang"), toml: withTokens, endpoint: []string{"503", `busy`}, script: logInByAccount},
		{hint: "token-later", server: offering("AUTH XOAUTH2", "hang"), script: logInByAccount,
			toml: strings.Replace(withTokens, "TOKENS", "https://127.0.0.1:CLOSED/token", 1)},
		{hint: "token-certificate", server: offering("AUTH XOAUTH2", "hang"), toml: strings.Replace(withTokens, "ca = 'CA'", "", 1), endpoint: granting, script: logInByAccount},
		{hint: "token-endpoint", server: offering("AUTH XOAUTH2", "hang"), toml: withTokens, endpoint: []string{"404", `<html>`}, script: logInByAccount},

		{hint: "clear-text-on-tls-port", server: []string{"S: 220 mx.example ESMTP", "C: ", "hang"}, script: connectImplicit},
		{hint: "tls-on-clear-text-port", server: []string{"TLS", "S: 220 mx.example ESMTP", "hang"},
			script: `smtp.connect { host = "127.0.0.1", port = PORT, tls = "off", timeouts = { greeting = 0.3 } }`},
		{hint: "starttls-not-offered", server: hello("hang"), script: connectStartTLS},
		{hint: "starttls-refused", server: offering("STARTTLS", "C: STARTTLS", "S: 454 4.7.0 TLS not available", "hang"), script: connectStartTLS},
		{hint: "surplus", server: offering("STARTTLS", "C: STARTTLS", "S: 220 go ahead\r\n250 injected", "hang"), script: connectStartTLS},

		{hint: "certificate-expired", server: []string{"TLS"}, certificate: (*issuing).expired, script: connectImplicit},
		{hint: "certificate-host", server: []string{"TLS"}, certificate: (*issuing).ofAnother, script: connectImplicit},
		{hint: "certificate-self-signed", server: []string{"TLS"}, certificate: (*issuing).selfSigned, script: connectImplicit},
		{hint: "certificate-authority", server: []string{"TLS"}, certificate: (*issuing).ofStranger, script: connectImplicit},
		{hint: "certificate-incomplete", server: []string{"TLS"}, certificate: (*issuing).incomplete, script: connectImplicit},
		{hint: "certificate-signature", server: []string{"TLS"}, certificate: (*issuing).ofNamesake, script: connectImplicit},
		{hint: "certificate-weak", server: []string{"TLS"}, certificate: (*issuing).weak, script: connectImplicit},
		{hint: "certificate-other", server: []string{"TLS"}, certificate: (*issuing).ofClient, script: connectImplicit},
		{hint: "certificate-pin", server: []string{"TLS"}, script: `smtp.connect()`,
			toml: "[account.default]\nhost = 'localhost'\nport = PORT\ntls = 'implicit'\nca = 'CA'\npins = ['sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=']\n"},
		{hint: "tls-old", server: []string{"TLS"}, maximum: tls.VersionTLS11, script: connectImplicit},
		{hint: "client-certificate", server: []string{"TLS", "S: 220 mx.example ESMTP"}, wantsClient: true, script: connectImplicit},

		{hint: "dns-unknown", dial: resolving(dnsmessage.RCodeNameError), script: `smtp.connect { host = "smtp.exmaple.test" }`},
		{hint: "dns-failed", dial: resolving(dnsmessage.RCodeServerFailure), script: `smtp.connect { host = "smtp.example.test" }`},
		{hint: "connection-refused", script: `smtp.connect { host = "127.0.0.1", port = CLOSED }`},
		{hint: "proxy-needed", dial: lost, env: "HTTPS_PROXY=http://proxy.example:3128",
			script: `smtp.connect { host = "smtp.example.test", timeouts = { connect = 0.05 } }`},
		{hint: "ipv6-unreachable", dial: unreachable("[2001:db8::25]:587"), script: `smtp.connect { host = "2001:db8::25" }`},
		{hint: "unreachable", dial: unreachable("192.0.2.25:587"), script: `smtp.connect { host = "192.0.2.25" }`},
		{hint: "timeout-connect", dial: lost, script: `smtp.connect { host = "smtp.example.test", timeouts = { connect = 0.05 } }`},
		{hint: "timeout-tls", server: []string{"hang"}, script: connectImplicit},
		{hint: "timeout-command", server: []string{"S: 220 mx.example ESMTP", "C: EHLO", "hang"},
			script: `smtp.connect { host = "127.0.0.1", port = PORT, tls = "off", timeouts = { command = 0.1 } }`},
		{hint: "timeout-message", server: hello("C: MAIL", "S: 250 ok", "C: RCPT", "S: 250 ok", "C: DATA", "S: 354 go", "C: .", "hang"), script: `
			local s = smtp.connect { host = "127.0.0.1", port = PORT, tls = "off", timeouts = { message = 0.1 } }
			s:mail "a@bank.example" s:rcpt "bob@example.org" s:data() s:body "x"`},
		{hint: "broken", server: hello("C: NOOP", "S: 25 what"), script: `
			local s = smtp.connect { host = "127.0.0.1", port = PORT, tls = "off" } try(s.noop, s) s:noop()`},
		{hint: "closed", server: hello("C: QUIT", "S: 221 bye"), script: `
			local s = smtp.connect { host = "127.0.0.1", port = PORT, tls = "off" } s:quit() s:noop()`},

		{hint: "relay-denied", server: refusing("554 5.7.1 <bob@example.org>: Relay access denied"), script: sendClear},
		{hint: "too-large", server: refusing("552 5.2.3 message size exceeds limit"), script: sendClear},
		{hint: "utf8", server: hello("hang"), script: sendAddress},
		{hint: "greylisted", server: refusing("450 4.7.1 Greylisted, try again in 5 minutes"), script: sendClear},
		{hint: "sender-refused", server: refusing("553 5.7.1 Sender address rejected: not owned by user ann"), script: sendClear},
		{hint: "not-allowed", server: hello("hang"), script: `smtp.send { from = "a@bank.example", to = "bob@example.org", text = "x" }`,
			toml: "[account.default]\nhost = '127.0.0.1'\nport = PORT\ntls = 'off'\n[recipients]\nallow = ['bank.example']\n"},

		{hint: "dkim-no-key", server: hello("hang"), toml: withKey, env: "KEY=", script: `smtp.send({ from = "a@bank.example", to = "bob@example.org", text = "x" }, { dkim = "NAME" })`},
		{hint: "dkim-alignment", server: hello("hang"), toml: withKey, env: "KEY=", script: `smtp.send({ from = "a@other.example", to = "bob@example.org", text = "x" }, { dkim = "bank" })`},
		{hint: "dkim-public-key", server: hello("hang"), toml: withKey, script: sendSigned,
			env: "KEY=-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"},
		{hint: "dkim-encrypted-key", server: hello("hang"), toml: withKey, script: sendSigned,
			env: "KEY=-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"},
		{hint: "dkim-key", server: hello("hang"), toml: withKey, script: sendSigned, env: "KEY=secret"},
	}
}

// Every hint of the table appears under the real condition, and no other does.
func TestHints(t *testing.T) {
	texts, reached := map[string]string{}, map[string]bool{}
	for _, h := range Hints() {
		if texts[h.Name] != "" || h.Seen == "" || h.Text == "" || strings.HasSuffix(h.Text, ".") {
			t.Errorf("hint %q is there twice, or incomplete, or ends like a sentence", h.Name)
		}
		texts[h.Name] = h.Text
	}
	issuer := newIssuing(t)
	for _, c := range conditions() {
		reached[c.hint] = true
		t.Run(c.hint, func(t *testing.T) {
			want, ok := texts[c.hint]
			if !ok {
				t.Fatal("no such hint")
			}
			got, message := provoke(t, issuer, c)
			if got != want {
				t.Errorf("hint is\n  %s\nwant\n  %s\nerror was %s", got, want, message)
			}
			if strings.Contains(message, "\n") {
				t.Errorf("message has several lines: %q", message)
			}
		})
	}
	// These need a process of their own, or a certificate made with care.
	for name, path := range map[string]string{
		"certificate-roots":   "../cmd/mailscript/testdata/script/no_roots.txtar",
		"certificate-revoked": "../smtp/revocation_test.go",
		"tls-alert":           "../smtp/certificate_test.go",
	} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		reached[name] = true
	}
	for name := range texts {
		if !reached[name] {
			t.Errorf("nothing provokes hint %q", name)
		}
	}
}

// provoke runs a condition and returns the hint and the message that a user
// reads: of the fault, or of what was not delivered.
func provoke(t *testing.T, issuer *issuing, c condition) (hint, message string) {
	if name, value, ok := strings.Cut(c.env, "="); ok {
		t.Setenv(name, value)
	} else {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"} {
			t.Setenv(name, "")
		}
	}
	port := 0
	if c.server != nil {
		port = play(t, issuer, c)
	}
	root, tokens := t.TempDir(), ""
	if c.endpoint != nil {
		tokens = tokenEndpoint(t, issuer, c.endpoint[0], c.endpoint[1])
	}
	fill := strings.NewReplacer("TOKENS", tokens, "PORT", fmt.Sprint(port), "CLOSED", fmt.Sprint(closedPort(t)), "CA", issuer.path)
	options := Options{Root: root, RootCAs: issuer.pool, Dial: c.dial}
	if c.toml != "" {
		path := filepath.Join(root, "mailscript.toml")
		if err := os.WriteFile(path, []byte(fill.Replace(c.toml)), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := config.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		options.Config, options.Guard = file, Bounds{Allows: file.AllowsDomain}.Guard()
	}
	api := New(options)
	var out bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	script, err := engine.LoadSource("test.lua", `local smtp = require "smtp" `+fill.Replace(c.script))
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Run(t.Context(), script)
	list := api.Undelivered()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a server that hangs does not answer QUIT either
	api.Close(ctx)
	if closing := rt.Close(t.Context()); closing != nil {
		t.Error(closing)
	}
	var fault *engine.Fault
	switch {
	case errors.As(err, &fault):
		return fault.Hint, fault.Message
	case len(list) == 1:
		return list[0].Hint, list[0].Reply.String()
	}
	t.Fatalf("neither a fault nor one undelivered message: %v, %v", err, list)
	return "", ""
}

// tokenEndpoint answers every request alike.
func tokenEndpoint(t *testing.T, issuer *issuing, status, body string) string {
	code, err := strconv.Atoi(status)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if code/100 == 3 {
			w.Header().Set("Location", "https://elsewhere.example/token")
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{issuer.good()}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return fmt.Sprintf("https://localhost:%d/token", server.Listener.Addr().(*net.TCPAddr).Port)
}

// play serves a conversation until the test ends.
func play(t *testing.T, issuer *issuing, c condition) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	t.Cleanup(func() {
		close(done)
		listener.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			converse(conn, issuer, c, done)
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func converse(conn net.Conn, issuer *issuing, c condition, done <-chan struct{}) {
	go func() { <-done; conn.Close() }()
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, step := range c.server {
		switch {
		case step == "hang":
			_, _ = in.WriteTo(discard{})
			return
		case step == "TLS":
			make := (*issuing).good
			if c.certificate != nil {
				make = c.certificate
			}
			settings := &tls.Config{Certificates: []tls.Certificate{make(issuer)}, MinVersion: tls.VersionTLS10, MaxVersion: c.maximum}
			if c.wantsClient {
				settings.ClientAuth = tls.RequireAnyClientCert
			}
			secured := tls.Server(conn, settings)
			if secured.Handshake() != nil {
				return
			}
			conn, in = secured, bufio.NewReader(secured)
		case strings.HasPrefix(step, "S: "):
			if _, err := conn.Write([]byte(step[3:] + "\r\n")); err != nil {
				return
			}
		default:
			for { // the text of a message may stand before what is awaited
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if strings.HasPrefix(line, strings.TrimPrefix(step, "C: ")) {
					break
				}
			}
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func closedPort(t *testing.T) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// lost dials into a network that drops packets.
func lost(ctx context.Context, target smtp.Target) (net.Conn, error) {
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
}

// unreachable dials in a network without a route; a real one would depend on
// the machine.
func unreachable(address string) func(context.Context, smtp.Target) (net.Conn, error) {
	return func(context.Context, smtp.Target) (net.Conn, error) {
		addr, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			return nil, err
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: addr, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	}
}

// resolving dials with a name server that gives one answer.
func resolving(code dnsmessage.RCode) func(context.Context, smtp.Target) (net.Conn, error) {
	return func(ctx context.Context, target smtp.Target) (net.Conn, error) {
		dialer := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go answerName(far, code)
			return near, nil
		}}}
		return dialer.DialContext(ctx, "tcp", target.Address())
	}
}

// answerName answers DNS questions as over TCP (RFC 1035, section 4.2.2), which
// is what the resolver speaks over a pipe.
func answerName(conn net.Conn, code dnsmessage.RCode) {
	defer conn.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil || n <= 2 {
			return
		}
		var question dnsmessage.Message
		if question.Unpack(buffer[2:n]) != nil {
			return
		}
		question.Response, question.RCode, question.Additionals = true, code, nil
		packed, err := question.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append([]byte{byte(len(packed) >> 8), byte(len(packed))}, packed...)); err != nil {
			return
		}
	}
}

// issuing makes certificates for localhost.
type issuing struct {
	t         *testing.T
	authority tls.Certificate
	pool      *x509.CertPool
	path      string // of the authority, PEM
	serial    int64
}

func newIssuing(t *testing.T) *issuing {
	i := &issuing{t: t, pool: x509.NewCertPool(), path: filepath.Join(t.TempDir(), "ca.pem")}
	i.authority = i.make(tls.Certificate{}, authority("Bank Root"))
	i.pool.AddCert(i.authority.Leaf)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.authority.Certificate[0]})
	if err := os.WriteFile(i.path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return i
}

// make issues a certificate; one without a parent signs itself.
func (i *issuing) make(parent tls.Certificate, change func(*x509.Certificate)) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	i.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(i.serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	signer, signKey := template, any(key)
	if parent.Leaf != nil {
		signer, signKey = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, signKey)
	if err != nil {
		i.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		i.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (i *issuing) good() tls.Certificate { return i.make(i.authority, nil) }

func (i *issuing) expired() tls.Certificate {
	return i.make(i.authority, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
}

func (i *issuing) ofAnother() tls.Certificate {
	return i.make(i.authority, func(c *x509.Certificate) { c.DNSNames = []string{"mail.bank.example"} })
}

func (i *issuing) ofClient() tls.Certificate {
	return i.make(i.authority, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
}

func (i *issuing) weak() tls.Certificate {
	return i.make(i.authority, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })
}

func (i *issuing) selfSigned() tls.Certificate {
	return i.make(tls.Certificate{}, nil)
}

func (i *issuing) ofStranger() tls.Certificate {
	stranger := i.make(tls.Certificate{}, authority("Strange Root"))
	leaf := i.make(stranger, nil)
	leaf.Certificate = append(leaf.Certificate, stranger.Certificate[0])
	return leaf
}

// ofNamesake is of an authority that has the name of the trusted one, and another
// key.
func (i *issuing) ofNamesake() tls.Certificate {
	return i.make(i.make(tls.Certificate{}, authority("Bank Root")), nil)
}

func (i *issuing) incomplete() tls.Certificate {
	return i.make(i.make(i.authority, authority("Bank Intermediate")), nil)
}

func authority(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid, c.KeyUsage = name, true, true, x509.KeyUsageCertSign
	}
}
