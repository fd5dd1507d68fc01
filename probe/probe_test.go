package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/smtptest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const host = "mail.bank.example"

// to is a Dial function that leads each port to a server, and others nowhere.
func to(servers map[int]string) func(context.Context, smtp.Target) (net.Conn, error) {
	return func(ctx context.Context, target smtp.Target) (net.Conn, error) {
		address, ok := servers[target.Port]
		if !ok {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		}
		var dialer net.Dialer
		return dialer.DialContext(ctx, "tcp", address)
	}
}

// identity is a certificate for host, made otherwise than good ones by change.
func identity(t *testing.T, change func(*x509.Certificate)) smtptest.Identity {
	t.Helper()
	make := func(template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if signer == nil {
			parent, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return made, key
	}
	root, rootKey := make(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Bank Root"},
		NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(0, 0, 90).Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	leaf, key := make(template, root, rootKey)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	return smtptest.Identity{Certificate: tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, Roots: roots}
}

// ask probes one server as if it were at host and port.
func ask(t *testing.T, port int, address string, roots *x509.CertPool, change func(*Options)) Report {
	t.Helper()
	o := Options{
		Connection: smtp.Options{Host: host, Port: port, RootCAs: roots, Dial: to(map[int]string{port: address})},
		Timeout:    10 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	return Run(t.Context(), o)
}

// names are those of the findings of a target.
func names(t Target) []string {
	list := []string{}
	for _, f := range t.Findings {
		list = append(list, string(f.Severity)+" "+f.Name)
	}
	return list
}

func wantFindings(t *testing.T, got Target, want ...string) {
	t.Helper()
	if !slices.Equal(names(got), want) {
		t.Errorf("found %q, want %q\n%s", names(got), want, got)
	}
}

func finding(t *testing.T, target Target, name string) Finding {
	t.Helper()
	for _, f := range target.Findings {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no finding %q in\n%s", name, target)
	return Finding{}
}

// A server without a fault has no findings, and all is told of it.
func TestFaultless(t *testing.T) {
	for mode, port := range map[smtptest.TLSMode]int{smtptest.TLSImplicit: 465, smtptest.TLSStart: 587} {
		t.Run(string(mode), func(t *testing.T) {
			server := smtptest.Server{
				TLS: mode, Identity: identity(t, nil), Users: map[string]string{"ann": "right"},
				Capabilities: []string{"PIPELINING", "CHUNKING", "SIZE 10240000", "LIMITS MAILMAX=5 RCPTMAX=100 ODD", "X-UNHEARD of"},
			}.Start(t)
			report := ask(t, port, server.Address, server.Identity.Roots, func(o *Options) {
				o.Login = &smtp.Credentials{Username: "ann", Password: smtp.NewSecret("right")}
			})
			got := report.Targets[0]
			if mode == smtptest.TLSStart {
				wantFindings(t, got, "warning auth-in-clear") // of smtptest
			} else {
				wantFindings(t, got)
			}
			switch {
			case got.Mode != smtp.TLSMode(mode), !got.TLS.Verified, got.TLS.Version != "TLS 1.3":
				t.Errorf("encryption is %q, %+v", got.Mode, got.TLS)
			case got.TLS.Certificates[0].DaysLeft != 90, got.TLS.Certificates[0].Issuer != "Bank Root",
				got.TLS.Certificates[0].Pin != smtp.PinOf(server.Identity.Certificate.Leaf):
				t.Errorf("certificate is %+v", got.TLS.Certificates[0])
			case got.Limits != Limits{MessageSize: 10240000, Messages: 5, Recipients: 100}:
				t.Errorf("limits are %+v", got.Limits)
			case got.Pipelining != Extension{true, Works}, got.Chunking != Extension{true, Works}:
				t.Errorf("pipelining %v, chunking %v", got.Pipelining, got.Chunking)
			case got.Auth.Choice != "PLAIN", got.Auth.Login != "accepted":
				t.Errorf("log-in is %+v", got.Auth)
			case report.Failed(), !strings.HasPrefix(got.Greeting, "220 "):
				t.Errorf("failed: %v, greeting %q", report.Failed(), got.Greeting)
			}
			want := fmt.Sprintf("[account.default]\nhost = %q\nport = %d\n# ca: as in the account, for the authority is none of the system's\nusername = \"ann\"\n# password: as in the account\n", host, port)
			if report.Account != want {
				t.Errorf("account is\n%s", report.Account)
			}
			nothingSent(t, server)
		})
	}
}

// nothingSent looks at what the server has seen: no DATA, no recipient within a
// transaction.
func nothingSent(t *testing.T, server *smtptest.Running) {
	t.Helper()
	server.Close()
	for i := range server.Count() {
		c := server.Connection(i)
		verbs := c.Verbs()
		mail := slices.Index(verbs, "MAIL")
		if slices.Contains(verbs, "DATA") || mail >= 0 && slices.Contains(verbs[mail:], "RCPT") {
			t.Errorf("the server saw %q", verbs)
		}
		for _, m := range c.Messages {
			if len(m.Text) > 0 || len(m.To) > 0 {
				t.Errorf("the server has a message: %+v", m)
			}
		}
	}
}

// What is wrong with a certificate is told, what lies behind it too, and no
// credentials go there.
func TestCertificates(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*x509.Certificate)
		pins   []string
		want   []string
		config string
	}{
		{name: "expired", change: func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -3) }, want: []string{"error certificate-expired"}},
		{name: "wrong host", change: func(c *x509.Certificate) { c.DNSNames = []string{"*.bank.example.net", "mx.bank.example"} },
			want: []string{"error certificate-wrong-host"}, config: `host = "mx.bank.example"`},
		{name: "not for servers", change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
			want: []string{"error certificate-not-a-server-certificate"}},
		{name: "pin", pins: []string{"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, want: []string{"error certificate-pin"}, config: "pins = "},
		{name: "soon", change: func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, 20) }, want: []string{"warning certificate-soon"}},
	} {
		for mode, port := range map[smtptest.TLSMode]int{smtptest.TLSImplicit: 465, smtptest.TLSStart: 587} {
			t.Run(c.name+" "+string(mode), func(t *testing.T) {
				server := smtptest.Server{TLS: mode, Identity: identity(t, c.change), Users: map[string]string{"ann": "right"}}.Start(t)
				report := ask(t, port, server.Address, server.Identity.Roots, func(o *Options) {
					o.Connection.Pins = c.pins
					o.Login = &smtp.Credentials{Username: "ann", Password: smtp.NewSecret("right"), InClear: true}
				})
				got := report.Targets[0]
				refused := strings.HasPrefix(c.want[0], "error")
				want := slices.Clone(c.want)
				if mode == smtptest.TLSStart {
					want = append(want, "warning auth-in-clear") // of smtptest
				}
				if refused {
					want = append(want, "note login-not-tried")
				}
				wantFindings(t, got, want...)
				if got.TLS == nil || got.TLS.Verified == refused || len(got.TLS.Certificates) != 1 || got.Chunking.Behaviour != Works || got.Auth.Choice != "PLAIN" {
					t.Errorf("what lies behind the certificate is missing: %+v\n%s", got.TLS, got)
				}
				if f := got.Findings[0]; !strings.HasPrefix(f.Config, c.config) || f.Cause == "" {
					t.Errorf("finding is %+v", f)
				}
				server.Close()
				for i := range server.Count() {
					if logins := server.Connection(i).Logins; refused && len(logins) > 0 {
						t.Errorf("credentials crossed a connection that was not verified")
					}
				}
			})
		}
	}
}

func TestUntrusted(t *testing.T) {
	server := smtptest.Server{TLS: smtptest.TLSImplicit, Identity: identity(t, nil)}.Start(t)
	report := ask(t, 465, server.Address, x509.NewCertPool(), nil)
	f := finding(t, report.Targets[0], "certificate-incomplete-chain")
	if f.Config != `ca = "ca.pem"` || !strings.Contains(report.Account, "ca = \"ca.pem\"\n") {
		t.Errorf("%+v\n%s", f, report.Account)
	}
}

// Whatever mode was meant, the one that fits is found.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		name  string
		port  int
		mode  smtptest.TLSMode
		given smtp.TLSMode
		found smtp.TLSMode
		want  []string
	}{
		{"clear text on 465", 465, smtptest.TLSOff, "", smtp.TLSOff, []string{"error tls-mode", "error not-encrypted", "warning auth-not-offered"}},
		{"STARTTLS on 465", 465, smtptest.TLSStart, "", smtp.TLSStartTLS, []string{"error tls-mode", "warning auth-not-offered"}},
		{"TLS on 25", 25, smtptest.TLSImplicit, "", smtp.TLSImplicit, []string{"error tls-mode", "note auth-not-offered"}},
		{"TLS on 2525", 2525, smtptest.TLSImplicit, "", smtp.TLSImplicit, []string{}},
		{"TLS on 2525, starttls meant", 2525, smtptest.TLSImplicit, smtp.TLSStartTLS, smtp.TLSImplicit, []string{"error tls-mode"}},
		{"clear text, implicit meant", 2525, smtptest.TLSStart, smtp.TLSImplicit, smtp.TLSStartTLS, []string{"error tls-mode"}},
		{"no STARTTLS", 587, smtptest.TLSOff, "", smtp.TLSOff, []string{"error not-encrypted", "warning auth-not-offered"}},
		{"no STARTTLS, opportunistic meant", 2525, smtptest.TLSOff, smtp.TLSOpportunistic, smtp.TLSOff, []string{"warning not-encrypted"}},
		{"no STARTTLS, off meant", 2525, smtptest.TLSOff, smtp.TLSOff, smtp.TLSOff, []string{"error not-encrypted"}},
		{"STARTTLS unused", 2525, smtptest.TLSStart, smtp.TLSOff, smtp.TLSStartTLS, []string{"warning encryption-unused"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := smtptest.Server{TLS: c.mode, Identity: identity(t, nil)}.Start(t)
			report := ask(t, c.port, server.Address, server.Identity.Roots, func(o *Options) {
				o.Connection.TLS = c.given
				o.Timeout = 2 * time.Second // of which a quarter passes before TLS is tried
			})
			got := report.Targets[0]
			wantFindings(t, got, c.want...)
			if got.Mode != c.found || got.Chunking.Behaviour != Works {
				t.Errorf("mode is %q, want %q\n%s", got.Mode, c.found, got)
			}
			for _, f := range got.Findings {
				if f.Name == "tls-mode" && f.Config != fmt.Sprintf("tls = %q", c.found) {
					t.Errorf("config is %q", f.Config)
				}
			}
		})
	}
}

// Faults on the way are findings.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		server smtptest.Server
		want   []string
		cause  string
	}{
		{"greeting refused", smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Greeting, Do: smtptest.Act{Reply: smtptest.Reply{Code: 554, Lines: []string{"go away"}}}}}},
			[]string{"error greeting-refused"}, "block list"},
		{"greeting later", smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Greeting, Do: smtptest.Act{Reply: smtptest.Reply{Code: 421}}}}},
			[]string{"error greeting-later"}, "busy"},
		{"garbage", smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Greeting, Do: smtptest.Act{Raw: "HTTP/1.1 400 Bad Request\r\n\r\n"}}}},
			[]string{"error not-smtp"}, "something else"},
		{"silent", smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Greeting, Do: smtptest.Act{Then: smtptest.Silence, Mute: true}}}},
			[]string{"error silent"}, "overloaded"},
		{"hangs up", smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Greeting, Do: smtptest.Act{Then: smtptest.Close, Mute: true}}}},
			[]string{"error hung-up"}, "firewall"},
		{"EHLO and HELO refused", smtptest.Server{Rules: []smtptest.Rule{
			{At: smtptest.Ehlo, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550}}}, {At: smtptest.Helo, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550}}}}},
			[]string{"error hello-refused"}, "name or address"},
		{"STARTTLS refused", smtptest.Server{TLS: smtptest.TLSStart, Rules: []smtptest.Rule{{At: smtptest.StartTLS, Do: smtptest.Act{Reply: smtptest.Reply{Code: 454}}}}},
			[]string{"error starttls-refused", "warning auth-not-offered"}, "certificate or key"},
		{"handshake refused", smtptest.Server{TLS: smtptest.TLSStart, Rules: []smtptest.Rule{{At: smtptest.Handshake, Do: smtptest.Act{TLS: smtptest.Refuse}}}},
			[]string{"error tls-handshake"}, "in common"},
		{"AUTH before STARTTLS", smtptest.Server{TLS: smtptest.TLSStart, Capabilities: []string{"PIPELINING", "AUTH CRAM-MD5 PLAIN"}},
			[]string{"warning auth-in-clear"}, "does not insist"},
		{"AUTH without TLS", smtptest.Server{Capabilities: []string{"PIPELINING", "AUTH LOGIN"}},
			[]string{"error not-encrypted", "error auth-in-clear"}, ""},
		{"AUTH that mailscript has not", smtptest.Server{TLS: smtptest.TLSStart, Capabilities: []string{"PIPELINING", "AUTH NTLM GSSAPI"}},
			[]string{"error auth-mechanism"}, "directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.server.TLS != "" {
				c.server.Identity = identity(t, nil)
			}
			server := c.server.Start(t)
			report := ask(t, 587, server.Address, server.Identity.Roots, func(o *Options) {
				if c.name == "silent" {
					o.Timeout = time.Second / 2
				}
			})
			got := report.Targets[0]
			wantFindings(t, got, c.want...)
			if !strings.Contains(got.Findings[0].Cause, c.cause) {
				t.Errorf("cause is %q", got.Findings[0].Cause)
			}
			server.Close()
		})
	}
}

func TestUnreachable(t *testing.T) {
	report := Run(t.Context(), Options{Connection: smtp.Options{Host: host, Dial: to(nil)}, Advise: func(error) string { return "do so" }})
	if len(report.Targets) != 3 || report.Account != "" {
		t.Errorf("%d targets\n%s", len(report.Targets), report)
	}
	for _, target := range report.Targets {
		wantFindings(t, target, "error connect-refused")
		if target.Findings[0].Action != "do so" {
			t.Errorf("%+v", target.Findings[0])
		}
	}
	report = Run(t.Context(), Options{Connection: smtp.Options{Host: host, Dial: func(context.Context, smtp.Target) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}}})
	if len(report.Targets) != 1 {
		t.Errorf("the missing name is told %d times", len(report.Targets))
	}
	wantFindings(t, report.Targets[0], "error dns")
}

// Without a port the usual ones are asked, and what is not there where something
// else is, is no error.
func TestUsualPorts(t *testing.T) {
	id := identity(t, nil)
	submission := smtptest.Server{TLS: smtptest.TLSStart, Identity: id, Users: map[string]string{"ann": "right"}}.Start(t)
	relay := smtptest.Server{TLS: smtptest.TLSStart, Identity: id}.Start(t)
	report := Run(t.Context(), Options{Connection: smtp.Options{
		Host: host, RootCAs: id.Roots, Dial: to(map[int]string{587: submission.Address, 25: relay.Address}),
	}})
	wantFindings(t, report.Targets[0], "note connect-refused")
	wantFindings(t, report.Targets[1], "warning auth-in-clear")
	wantFindings(t, report.Targets[2], "note auth-not-offered")
	if report.Chosen != 1 || report.Failed() || !strings.Contains(report.Account, "port = 587\n") {
		t.Errorf("chose %d\n%s", report.Chosen, report.Account)
	}
}

func TestRefusedLogin(t *testing.T) {
	server := smtptest.Server{TLS: smtptest.TLSImplicit, Identity: identity(t, nil), Users: map[string]string{"ann": "right"}}.Start(t)
	report := ask(t, 465, server.Address, server.Identity.Roots, func(o *Options) {
		o.Login = &smtp.Credentials{Username: "ann", Password: smtp.NewSecret("wrong")}
	})
	wantFindings(t, report.Targets[0], "error login")
	if report.Targets[0].Auth.Login != "refused" {
		t.Errorf("%+v", report.Targets[0].Auth)
	}
}

func TestOldTLS(t *testing.T) {
	id := identity(t, nil)
	address := serve(t, func(conn net.Conn) {
		secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{id.Certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		lineServer{}.talk(secured)
	})
	report := ask(t, 465, address, id.Roots, nil)
	got := report.Targets[0]
	wantFindings(t, got, "error tls-old", "note tls-old-taken")
	if got.TLS == nil || !slices.Equal(got.TLS.OldVersions, []string{"TLS 1.0", "TLS 1.1"}) || got.TLS.Verified {
		t.Errorf("%+v", got.TLS)
	}
}

// lineServer answers line by line, with faults that no standard server has.
type lineServer struct {
	capabilities string // of EHLO, each behind the first
	keepsChunk   bool   // reads a refused chunk as commands, as emersion/go-smtp up to v0.24 does (its issue 315)
	needsLogin   bool   // refuses MAIL and BDAT with 530, and knows no chunks before
	takesChunk   bool   // accepts a chunk without a recipient
	drops        bool   // throws away what came together with a command
	echoes       bool   // answers NOOP twice
	bdatClose    bool   // hangs up on BDAT
}

func (s lineServer) talk(conn net.Conn) {
	in := bufio.NewReader(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 line.example ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if s.drops {
			_, _ = in.Discard(in.Buffered())
		}
		verb, argument, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			text := "250-line.example\r\n"
			for _, keyword := range strings.Fields(s.capabilities) {
				text += "250-" + keyword + "\r\n"
			}
			say(text + "250 HELP")
		case "NOOP":
			if s.echoes {
				say("250 OK\r\n250 OK")
				continue
			}
			say("250 OK")
		case "RSET":
			say("250 OK")
		case "MAIL":
			if s.needsLogin {
				say("530 5.7.0 Authentication required")
				continue
			}
			say("250 OK")
		case "BDAT":
			if s.bdatClose {
				return
			}
			var size int64
			_, _ = fmt.Sscan(argument, &size)
			if !s.keepsChunk && !s.needsLogin {
				_, _ = io.CopyN(io.Discard, in, size)
			}
			if s.takesChunk {
				say("250 OK")
				continue
			}
			say("502 5.5.1 Missing RCPT TO command.")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("503 out of order")
		}
	}
}

// serve serves connections until the test ends.
func serve(t *testing.T, talk func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				talk(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		all.Wait()
	})
	return listener.Addr().String()
}

func TestBehaviour(t *testing.T) {
	for _, c := range []struct {
		name                 string
		server               lineServer
		pipelining, chunking Extension
		want                 []string
		what                 string
	}{
		{"all in order", lineServer{capabilities: "PIPELINING CHUNKING"}, Extension{true, Works}, Extension{true, Works}, []string{}, ""},
		{"chunk not thrown away", lineServer{capabilities: "PIPELINING CHUNKING", keepsChunk: true}, Extension{true, Works}, Extension{true, Fails},
			[]string{"warning chunking-broken"}, "3 replies came to one BDAT"},
		{"chunk without recipient taken", lineServer{capabilities: "PIPELINING CHUNKING", takesChunk: true}, Extension{true, Works}, Extension{true, Fails},
			[]string{"warning chunking-broken"}, "250 OK"},
		{"chunks behind a log-in", lineServer{capabilities: "PIPELINING CHUNKING", needsLogin: true}, Extension{true, Works}, Extension{true, Unknown},
			[]string{"note chunking-unclear"}, "before a log-in"},
		{"hangs up on a chunk", lineServer{capabilities: "PIPELINING CHUNKING", bdatClose: true}, Extension{true, Works}, Extension{true, Unknown},
			[]string{"note chunking-unclear"}, "was not answered"},
		{"pipelining lost", lineServer{capabilities: "PIPELINING", drops: true}, Extension{true, Fails}, Extension{},
			[]string{"error pipelining-broken"}, "of 5 commands in one write, 1 were answered"},
		{"more replies than commands", lineServer{capabilities: "PIPELINING CHUNKING", echoes: true}, Extension{true, Fails}, Extension{true, Works},
			[]string{"error pipelining-broken"}, "250 OK"},
		{"pipelining not offered", lineServer{}, Extension{false, Works}, Extension{}, []string{"note pipelining-unadvertised"}, ""},
		{"pipelining neither offered nor there", lineServer{drops: true}, Extension{}, Extension{}, []string{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := serve(t, c.server.talk)
			report := ask(t, 2525, address, nil, func(o *Options) {
				o.Connection.Host, o.Connection.TLS = "127.0.0.1", smtp.TLSOff
				if c.server.drops { // and does not answer
					o.Timeout = time.Second / 2
				}
			})
			got := report.Targets[0]
			wantFindings(t, got, c.want...)
			if got.Pipelining != c.pipelining || got.Chunking != c.chunking {
				t.Errorf("pipelining %+v, chunking %+v", got.Pipelining, got.Chunking)
			}
			if c.what != "" && !strings.Contains(got.Findings[0].What, c.what) {
				t.Errorf("found %q", got.Findings[0].What)
			}
		})
	}
}

// Cancelling ends at once, with what was found.
func TestCancelled(t *testing.T) {
	server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Greeting, Do: smtptest.Act{Then: smtptest.Silence, Mute: true}}}}.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := Options{Connection: smtp.Options{Host: host, Port: 25, Dial: to(map[int]string{25: server.Address})}, Timeout: time.Hour}
	o.Connection.Trace = func(smtp.Entry) { cancel() } // connected
	report := Run(ctx, o)
	if !report.Failed() {
		t.Errorf("%s", report)
	}
	server.Close()
}

// What a server says of itself does not reach the terminal as it is.
func TestPrintable(t *testing.T) {
	if got := printable("a\x1b[31m\u202eb\nc\u0085"); got != "a?[31m?b?c?" {
		t.Errorf("%q", got)
	}
	if got := printable(strings.Repeat("ü", 300)); len([]rune(got)) != maxShown+1 {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

// The text fits into 80 columns wherever words allow.
func TestText(t *testing.T) {
	server := smtptest.Server{TLS: smtptest.TLSStart, Identity: identity(t, func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -3) })}.Start(t)
	text := ask(t, 587, server.Address, server.Identity.Roots, nil).String()
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if len([]rune(line)) > width || strings.HasSuffix(line, " ") || strings.ContainsAny(line, "\x1b\t") {
			t.Errorf("%q", line)
		}
	}
	for _, part := range []string{host + ":587: encrypted with STARTTLS, certificate refused\n", "expired 3 days ago\n", "\nFor mailscript.toml:\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}
