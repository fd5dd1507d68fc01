package smtp

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	xdg "github.com/xdg-go/scram"
)

// oracle is a SCRAM server nobody here wrote.
func oracle(t *testing.T, hash xdg.HashGeneratorFcn, password string) *xdg.Server {
	t.Helper()
	server, err := hash.NewServer(func(string) (xdg.StoredCredentials, error) {
		client, err := hash.NewClient("ann", password, "")
		if err != nil {
			return xdg.StoredCredentials{}, err
		}
		return client.GetStoredCredentialsWithError(xdg.KeyFactors{Salt: "0123456789abcdef", Iters: 4096})
	})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// exchange plays a mechanism against the oracle.
func exchange(m mechanism, server *xdg.ServerConversation) error {
	said, ok, err := m.start()
	for ok && err == nil && !server.Done() {
		var challenge string
		if challenge, err = server.Step(string(said.response)); err != nil && challenge == "" {
			break
		}
		said, err = m.next([]byte(challenge))
	}
	if err == nil && !server.Valid() {
		err = errors.New("the server is not convinced")
	}
	if err == nil {
		err = m.finish()
	}
	return err
}

func TestScramAgainstOracle(t *testing.T) {
	for name, hash := range map[string]xdg.HashGeneratorFcn{"SCRAM-SHA-1": xdg.SHA1, "SCRAM-SHA-256": xdg.SHA256, "SCRAM-SHA-512": xdg.SHA512} {
		for _, user := range []string{"ann", "ann=x,y", "jürgen", "ann\u00a0b", "Ⅸ\u00adx"} {
			for _, password := range []string{"secret", "pass word", "naïve", "ﬁﬂ\u2003x", "=,"} {
				m := &scram{mechanism: name, hash: scramHash(name), username: user, password: NewSecret(password), header: "n,,"}
				conversation := oracle(t, hash, password).NewConversation()
				if err := exchange(m, conversation); err != nil {
					t.Errorf("%s %q %q: %v", name, user, password, err)
				}
				if want, _ := saslPrep(user); conversation.Username() != want {
					t.Errorf("%s: user %q arrived as %q", name, user, conversation.Username())
				}
			}
		}
		m := &scram{mechanism: name, hash: scramHash(name), username: "ann", password: NewSecret("wrong"), header: "n,,"}
		if err := exchange(m, oracle(t, hash, "secret").NewConversation()); err == nil {
			t.Errorf("%s: the wrong password does", name)
		}
	}
}

// tlsPair is both ends of one TLS connection, after the handshake.
func tlsPair(t *testing.T, version uint16) (client, server tls.ConnectionState) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mx.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), SignatureAlgorithm: x509.ECDSAWithSHA384}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	accepted := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MaxVersion: version})
	done := make(chan error, 1)
	go func() { done <- accepted.Handshake() }()
	dialled := tls.Client(near, &tls.Config{ServerName: "mx.example", RootCAs: roots})
	if err := errors.Join(dialled.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	server = accepted.ConnectionState()
	server.PeerCertificates = []*x509.Certificate{leaf} // its own: what the binding of the end point is made of
	return dialled.ConnectionState(), server
}

func TestChannelBinding(t *testing.T) {
	client13, server13 := tlsPair(t, tls.VersionTLS13)
	client12, server12 := tlsPair(t, tls.VersionTLS12)
	other13, _ := tlsPair(t, tls.VersionTLS13)
	exporter, err := xdg.NewTLSExporterBinding(&server13)
	if err != nil {
		t.Fatal(err)
	}
	endPoint, err := xdg.NewTLSServerEndpointBinding(&server12)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		client *tls.ConnectionState
		server xdg.ChannelBinding
		good   bool
	}{
		{"exporter", &client13, exporter, true},
		{"end point", &client12, endPoint, true},
		{"another connection", &other13, exporter, false},
		{"another kind", &client12, exporter, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &Session{tls: test.client}
			m, err := s.newMechanism("SCRAM-SHA-256-PLUS", Credentials{Username: "ann", Password: NewSecret("secret")}, []string{"SCRAM-SHA-256-PLUS"})
			if err != nil {
				t.Fatal(err)
			}
			err = exchange(m, oracle(t, xdg.SHA256, "secret").NewConversationWithChannelBindingRequired(test.server))
			if (err == nil) != test.good {
				t.Error(err)
			}
		})
	}
	// Somebody in the middle takes -PLUS from what the server offers: the server
	// sees that the client would have bound the channel.
	s := &Session{tls: &client13}
	m, err := s.newMechanism("SCRAM-SHA-256", Credentials{Username: "ann", Password: NewSecret("secret")}, []string{"SCRAM-SHA-256", "PLAIN"})
	if err != nil {
		t.Fatal(err)
	}
	if err := exchange(m, oracle(t, xdg.SHA256, "secret").NewConversationWithChannelBinding(exporter)); err == nil {
		t.Error("the server does not notice that it was stripped of -PLUS")
	}
}

// hostileScram are server messages that end the exchange, with what is said of
// them. NONCE stands for the client's.
var hostileScram = []struct{ first, final, want string }{
	{"", "", `no "r"`},
	{"r=NONCEx,s=MDEyMw==,i=1", "", "between 4096 and 1000000"},
	{"r=NONCEx,s=MDEyMw==,i=4095", "", "between 4096 and 1000000"},
	{"r=NONCEx,s=MDEyMw==,i=1000000000", "", "between 4096 and 1000000"},
	{"r=NONCEx,s=MDEyMw==,i=99999999999999999999", "", "between 4096 and 1000000"},
	{"r=NONCEx,s=MDEyMw==,i=-4096", "", "between 4096 and 1000000"},
	{"r=NONCE,s=MDEyMw==,i=4096", "", "nonce"},
	{"r=xNONCE,s=MDEyMw==,i=4096", "", "nonce"},
	{"r=NONCEx,s=,i=4096", "", "salt"},
	{"r=NONCEx,s=???,i=4096", "", "salt"},
	{"m=ext,r=NONCEx,s=MDEyMw==,i=4096", "", `no "r"`},
	{"r=NONCEx,i=4096,s=MDEyMw==", "", `no "s"`},
	{"r=NONCEx,s=MDEyMw==,i=4096", "v=AAAA", "signature is wrong"},
	{"r=NONCEx,s=MDEyMw==,i=4096", "v=", "signature is wrong"},
	{"r=NONCEx,s=MDEyMw==,i=4096", "e=invalid-proof", "invalid-proof"},
	{"r=NONCEx,s=MDEyMw==,i=4096", "x=1", `no "v"`},
}

// FAULTS.md, row 41.
func TestFault41(t *testing.T) {
	for _, test := range hostileScram {
		m := &scram{mechanism: "SCRAM-SHA-256", hash: scramHash("SCRAM-SHA-256"), username: "ann", password: NewSecret("x"), header: "n,,", nonce: "abc"}
		if _, _, err := m.start(); err != nil {
			t.Fatal(err)
		}
		_, err := m.next([]byte(strings.ReplaceAll(test.first, "NONCE", "abc")))
		if err == nil {
			_, err = m.next([]byte(test.final))
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q, %q: %v, want %s", test.first, test.final, err, test.want)
		}
		if m.finish() == nil {
			t.Errorf("%q, %q: the server has proved nothing, and is believed", test.first, test.final)
		}
	}
}

// A server that says 235 at once has not proved anything.
func TestFault41Unproved(t *testing.T) {
	session, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
		say(conn, "220 mx")
		expect(t, r, "EHLO client.example")
		say(conn, "250-mx", "250 AUTH SCRAM-SHA-256")
		_, _ = r.ReadString('\n')
		say(conn, "235 welcome")
		forever(r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = session.Auth(t.Context(), Credentials{Username: "ann", Password: NewSecret("x"), InClear: true})
	wantFault(t, err, KindAuth)
	if session.Usable() == nil {
		t.Error("the session goes on with a server that proved nothing")
	}
}

// Which mechanism is taken, and why none.
func TestChoiceOfMechanism(t *testing.T) {
	for _, test := range []struct {
		offered     string
		credentials Credentials
		want        string // a mechanism, or part of the error
	}{
		{"PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", Credentials{}, "SCRAM-SHA-256"},
		{"LOGIN PLAIN", Credentials{}, "PLAIN"},
		{"LOGIN", Credentials{}, "LOGIN"},
		{"PLAIN CRAM-MD5", Credentials{}, "CRAM-MD5"},
		{"SCRAM-SHA-256-PLUS SCRAM-SHA-1", Credentials{}, "SCRAM-SHA-1"}, // no TLS, nothing to bind to
		{"PLAIN SCRAM-SHA-256", Credentials{Mechanism: "plain"}, "PLAIN"},
		{"PLAIN SCRAM-SHA-256", Credentials{Minimum: "scram-sha-1"}, "SCRAM-SHA-256"},
		{"PLAIN LOGIN", Credentials{Minimum: "SCRAM-SHA-1"}, "the server offers PLAIN, LOGIN; SCRAM-SHA-512-PLUS"},
		{"PLAIN", Credentials{Minimum: "SCRAM-SHA-1", Mechanism: "PLAIN"}, "mechanism PLAIN is weaker than the minimum SCRAM-SHA-1"},
		{"PLAIN", Credentials{Minimum: "strong"}, `the minimum "strong" is none of`},
		{"PLAIN", Credentials{Mechanism: "NTLM"}, `mechanism "NTLM" is none of EXTERNAL`},
		{"PLAIN", Credentials{Mechanism: "SCRAM-SHA-256"}, "SCRAM-SHA-256 would be needed"},
		{"PLAIN XOAUTH2", Credentials{Token: NewSecret("t")}, "XOAUTH2"},
		{"OAUTHBEARER XOAUTH2", Credentials{Token: NewSecret("t")}, "OAUTHBEARER"},
		{"PLAIN", Credentials{Token: NewSecret("t")}, "OAUTHBEARER or XOAUTH2 would be needed"},
		{"XOAUTH2 PLAIN", Credentials{Mechanism: "XOAUTH2"}, "XOAUTH2"},
		{"EXTERNAL PLAIN", Credentials{Mechanism: "EXTERNAL"}, "EXTERNAL"},
		{"SCRAM-SHA-256-PLUS", Credentials{Mechanism: "SCRAM-SHA-256-PLUS"}, "channel binding needs TLS"},
	} {
		s := &Session{caps: Capabilities{keywords: []Capability{{"AUTH", test.offered}}}, log: &transcript{}}
		if test.credentials.Token.IsZero() {
			test.credentials.Password = NewSecret("x")
		}
		m, err := s.mechanism(test.credentials)
		switch {
		case err != nil && !strings.Contains(err.Error(), test.want), err == nil && m.name() != test.want:
			t.Errorf("%s, %+v: %v, %v; want %s", test.offered, test.credentials, m, err, test.want)
		}
	}
}

// Whole exchanges of the mechanisms without mathematics, as their documents show
// them.
func TestExchanges(t *testing.T) {
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, test := range []struct {
		name        string
		credentials Credentials
		lines       [][2]string // what the client says, what the server answers
		want        string      // of the error
	}{
		{"CRAM-MD5", Credentials{Username: "tim", Password: NewSecret("tanstaaftanstaaf")}, [][2]string{ // RFC 2195, section 2
			{"AUTH CRAM-MD5", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"},
			{"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "235 welcome"},
		}, ""},
		{"XOAUTH2", Credentials{Username: "ann@gmail.com", Token: NewSecret("ya29.token")}, [][2]string{
			{"AUTH XOAUTH2 " + encode("user=ann@gmail.com\x01auth=Bearer ya29.token\x01\x01"), "334 " + encode(`{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}`)},
			{"", "535 5.7.8 not accepted"},
		}, `the server says of the token: "401" (it should be for "https://mail.google.com/"): 535 5.7.8 not accepted`},
		{"OAUTHBEARER", Credentials{Username: "user@example.com", Token: NewSecret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")}, [][2]string{ // RFC 7628, section 4.3
			{"AUTH OAUTHBEARER " + encode("n,a=user@example.com,\x01host=mx.example\x01port=25\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"), "334 " + encode(`{"status":"invalid_token"}`)},
			{"AQ==", "535 5.7.8 no"},
		}, `the server says of the token: "invalid_token": 535 5.7.8 no`},
		{"EXTERNAL", Credentials{Mechanism: "EXTERNAL"}, [][2]string{{"AUTH EXTERNAL =", "235 welcome"}}, ""},
		{"EXTERNAL", Credentials{Mechanism: "EXTERNAL", Username: "ann"}, [][2]string{{"AUTH EXTERNAL YW5u", "235 welcome"}}, ""},
		{"EXTERNAL", Credentials{Mechanism: "EXTERNAL", Username: "ann"}, [][2]string{{"AUTH EXTERNAL YW5u", "334 YQ=="}, {"*", "501 cancelled"}}, "asks for more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			session, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
				say(conn, "220 mx")
				expect(t, r, "EHLO client.example")
				say(conn, "250-mx", "250 AUTH "+test.name)
				for _, line := range test.lines {
					expect(t, r, line[0])
					say(conn, line[1])
				}
				forever(r)
			}))
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			test.credentials.InClear = true
			_, err = session.Auth(t.Context(), test.credentials)
			if fmt.Sprint(err) == "<nil>" != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

// The last challenge of SCRAM would let who reads a transcript try passwords.
func TestTranscriptOfScram(t *testing.T) {
	server := oracle(t, xdg.SHA256, "secret").NewConversation()
	var final string
	session, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
		say(conn, "220 mx")
		expect(t, r, "EHLO client.example")
		say(conn, "250-mx", "250 AUTH SCRAM-SHA-256")
		for range 2 {
			line, _ := r.ReadString('\n')
			said, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(line, "AUTH SCRAM-SHA-256 ")))
			challenge, err := server.Step(string(said))
			if err != nil {
				t.Error(err)
			}
			final = base64.StdEncoding.EncodeToString([]byte(challenge))
			say(conn, "334 "+final)
		}
		_, _ = r.ReadString('\n')
		say(conn, "235 welcome")
		forever(r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.Auth(t.Context(), Credentials{Username: "ann", Password: NewSecret("secret"), InClear: true}); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for _, entry := range session.Transcript() {
		fmt.Fprintln(&shown, entry)
	}
	if strings.Contains(shown.String(), final) || !strings.Contains(shown.String(), "334 ‹secret›") {
		t.Errorf("the transcript shows the server's proof:\n%s", shown.String())
	}
}

// LOGIN's one-write form, with servers that take it and those that do not.
func TestLoginInOneWrite(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []string
		code    int
	}{
		{"taken", []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 welcome"}, 235},
		{"wrong password", []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "535 no"}, 535},
		{"refused", []string{"504 no such mechanism", "500 what", "500 what"}, 504},
		{"refused half-way", []string{"334 VXNlcm5hbWU6", "535 no", "500 what"}, 535},
	} {
		t.Run(test.name, func(t *testing.T) {
			written := make(chan int, 1)
			options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
				say(conn, "220 mx")
				expect(t, r, "EHLO client.example")
				say(conn, "250-mx", "250 AUTH LOGIN")
				_, _ = r.Peek(1)
				written <- r.Buffered()
				for range 3 {
					_, _ = r.ReadString('\n')
				}
				say(conn, strings.Join(test.answers, "\r\n"))
				expect(t, r, "NOOP")
				say(conn, "250 ok")
				forever(r)
			})
			session, err := Connect(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			session.tls = &tls.ConnectionState{} // as if there were
			reply, _ := session.Auth(context.Background(), Credentials{Username: "ann", Password: NewSecret("x"), LoginInOneWrite: true})
			if reply.Code != test.code {
				t.Errorf("code %d, want %d", reply.Code, test.code)
			}
			if n, want := <-written, len("AUTH LOGIN\r\nYW5u\r\neA==\r\n"); n != want {
				t.Errorf("the first write has %d octets, want %d", n, want)
			}
			// The answers to what the server took for commands are no one else's.
			if reply, err := session.Noop(t.Context()); err != nil || reply.Code != 250 {
				t.Errorf("NOOP: %v, %v", reply, err)
			}
		})
	}
}

// Whatever a server says, no mechanism panics, runs on for long, or believes a
// server that has proved nothing.
func FuzzMechanism(f *testing.F) {
	for _, test := range hostileScram {
		f.Add(strings.ReplaceAll(test.first, "NONCE", "abc"), test.final)
	}
	f.Add(`{"status":"401"}`, "")
	f.Fuzz(func(t *testing.T, first, second string) {
		if strings.Contains(first, "i=") && len(first) > 200 {
			return
		}
		s := &Session{options: Options{Host: "mx.example", Port: 25}}
		for _, name := range []string{"SCRAM-SHA-1", "CRAM-MD5", "OAUTHBEARER", "XOAUTH2", "EXTERNAL", "PLAIN", "LOGIN"} {
			m, err := s.newMechanism(name, Credentials{Username: "ann", Password: NewSecret("x")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if sc, ok := m.(*scram); ok {
				sc.nonce = "abc"
			}
			if _, _, err := m.start(); err != nil {
				t.Fatal(err)
			}
			for _, challenge := range []string{first, second} {
				if _, err := m.next([]byte(challenge)); err != nil {
					break
				}
			}
			if _, ok := m.(*scram); ok && m.finish() == nil {
				t.Errorf("%q, %q: the server is believed", first, second)
			}
		}
	})
}
