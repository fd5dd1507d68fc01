package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
)

// tlsServer is a server with a certificate, which writes down what it is told.
type tlsServer struct {
	config *tls.Config

	mu    sync.Mutex
	heard []string
}

// options connect a client to the server.
func (s *tlsServer) options(mode TLSMode) Options {
	return Options{
		Host: "mx.example", TLS: mode, LocalName: "client.example",
		Dial: func(context.Context, Target) (net.Conn, error) {
			client, server := newPipe()
			go s.serve(server, mode)
			return client, nil
		},
	}
}

func (s *tlsServer) serve(conn net.Conn, mode TLSMode) {
	defer conn.Close()
	secure := mode == TLSImplicit
	if secure {
		conn = tls.Server(conn, s.config)
	}
	r := bufio.NewReader(conn)
	say(conn, "220 mx.example ESMTP")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		s.hear(line)
		switch verb(line) {
		case "EHLO":
			if secure {
				say(conn, "250-mx.example", "250 AUTH PLAIN")
			} else {
				say(conn, "250-mx.example", "250-AUTH PLAIN", "250 STARTTLS")
			}
		case "STARTTLS":
			say(conn, "220 go ahead")
			conn, secure = tls.Server(conn, s.config), true
			r = bufio.NewReader(conn)
		case "AUTH":
			say(conn, "235 welcome")
		case "QUIT":
			say(conn, "221 bye")
			return
		default:
			say(conn, "250 ok")
		}
	}
}

func (s *tlsServer) hear(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, strings.TrimSpace(line))
}

// said is the verbs the server heard, in order.
func (s *tlsServer) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var verbs []string
	for _, line := range s.heard {
		verbs = append(verbs, verb(line))
	}
	return strings.Join(verbs, " ")
}

// logIn does what a script would: connect, authenticate, begin a message.
func logIn(ctx context.Context, options Options) error {
	session, err := Connect(ctx, options)
	if err != nil {
		return err
	}
	defer session.Close()
	if _, err := session.Auth(ctx, Credentials{Username: "ann", Password: NewSecret(canary)}); err != nil {
		return err
	}
	if _, err := session.Mail(ctx, "a@x.example", MailOptions{}); err != nil {
		return err
	}
	_, err = session.Quit(ctx)
	return err
}

// shown is one way for a server to present itself.
type shown struct {
	host    string // "" is mx.example
	chain   tls.Certificate
	trusted *x509.CertPool
	pins    []string
}

func named(names ...string) edit { return func(c *x509.Certificate) { c.DNSNames = names } }

func addressed(ips ...string) edit {
	return func(c *x509.Certificate) {
		c.DNSNames = nil
		for _, ip := range ips {
			c.IPAddresses = append(c.IPAddresses, net.ParseIP(ip))
		}
	}
}

func expired(c *x509.Certificate)      { c.NotAfter = past }
func notYet(c *x509.Certificate)       { c.NotBefore = future }
func weaklyHashed(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }

func usable(usage ...x509.ExtKeyUsage) edit {
	return func(c *x509.Certificate) { c.ExtKeyUsage = usage }
}

func deep(n int) edit {
	return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
}

func extended(critical bool, value string) edit {
	return func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: critical, Value: []byte(value)})
	}
}

// issued is a leaf straight from a trusted root.
func issued(t *testing.T, edits ...edit) shown {
	root := newRoot(t, "Example Root")
	return shown{chain: chainOf(root.leaf(t, edits...)), trusted: poolOf(root)}
}

// below is a leaf behind an intermediate of a trusted root.
func below(t *testing.T, edits ...edit) shown {
	root := newRoot(t, "Example Root")
	middle := root.intermediate(t, "Example Issuing", edits...)
	return shown{chain: chainOf(middle.leaf(t), middle), trusted: poolOf(root)}
}

func (s shown) at(host string) shown { s.host = host; return s }

// certificateTest is one server and what comes of it.
type certificateTest struct {
	name    string
	show    func(t *testing.T) shown
	problem CertificateProblem // "" is a good one
	text    string
}

var certificateTests = []certificateTest{
	{"good", func(t *testing.T) shown { return issued(t) }, "", ""},
	{"good, with intermediate", func(t *testing.T) shown { return below(t) }, "", ""},
	{"good, self-signed and trusted", func(t *testing.T) shown {
		own := newRoot(t, "mx.example", named("mx.example"))
		return shown{chain: chainOf(own), trusted: poolOf(own)}
	}, "", ""},
	{"good, wrong order", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		one := root.intermediate(t, "One")
		two := one.intermediate(t, "Two")
		return shown{chain: chainOf(two.leaf(t), root, one, two), trusted: poolOf(root)}
	}, "", ""},
	{"good, though an expired intermediate came along", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		middle := root.intermediate(t, "Example Issuing")
		old := root.issue(t, authorityTemplate("Example Issuing"), middle.key, expired)
		return shown{chain: chainOf(middle.leaf(t), old, middle), trusted: poolOf(root)}
	}, "", ""},
	{"good, root sent along with a SHA-1 signature", func(t *testing.T) shown {
		root := newRoot(t, "Example Root", weaklyHashed)
		return shown{chain: chainOf(root.leaf(t), root), trusted: poolOf(root)}
	}, "", ""},
	{"good, critical extension of a root not needed", func(t *testing.T) shown { return issued(t, extended(false, "x")) }, "", ""},
	{"good, pinned root", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		return shown{chain: chainOf(root.leaf(t)), trusted: poolOf(root), pins: []string{PinOf(newRoot(t, "Other").certificate), PinOf(root.certificate)}}
	}, "", ""},
	{"good, RSA with 2048 bits", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		return shown{chain: chainOf(root.issue(t, leafTemplate(), rsaKey(t, 2048))), trusted: poolOf(root)}
	}, "", ""},
	{"expired", func(t *testing.T) shown { return issued(t, expired) }, ProblemExpired,
		`certificate of mx.example has expired: it was valid until 2021-02-03 15:04 UTC (issued by "Example Root")`},
	{"expired intermediate", func(t *testing.T) shown { return below(t, expired) }, ProblemExpired,
		`intermediate "Example Issuing" behind the certificate of mx.example has expired: it was valid until 2021-02-03 15:04 UTC (issued by "Example Root")`},
	{"expired second intermediate", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		one := root.intermediate(t, "One", expired)
		two := one.intermediate(t, "Two")
		return shown{chain: chainOf(two.leaf(t), two, one), trusted: poolOf(root)}
	}, ProblemExpired,
		`intermediate "One" behind the certificate of mx.example has expired: it was valid until 2021-02-03 15:04 UTC (issued by "Example Root")`},
	{"expired root", func(t *testing.T) shown {
		root := newRoot(t, "Example Root", expired)
		middle := root.intermediate(t, "Example Issuing")
		return shown{chain: chainOf(middle.leaf(t), middle), trusted: poolOf(root)}
	}, ProblemExpired,
		`root "Example Root" behind the certificate of mx.example has expired: it was valid until 2021-02-03 15:04 UTC (issued by itself)`},
	{"expired root, sent along", func(t *testing.T) shown {
		root := newRoot(t, "Example Root", expired)
		return shown{chain: chainOf(root.leaf(t), root), trusted: poolOf(root)}
	}, ProblemExpired,
		`root "Example Root" behind the certificate of mx.example has expired: it was valid until 2021-02-03 15:04 UTC (issued by itself)`},
	{"expired and self-signed", func(t *testing.T) shown {
		own := newRoot(t, "mx.example", named("mx.example"), expired)
		return shown{chain: chainOf(own), trusted: poolOf()}
	}, ProblemExpired,
		`certificate of mx.example has expired: it was valid until 2021-02-03 15:04 UTC (issued by itself)`},
	{"expired and untrusted root, sent along", func(t *testing.T) shown {
		root := newRoot(t, "Strange Root", expired)
		return shown{chain: chainOf(root.leaf(t), root), trusted: poolOf()}
	}, ProblemUnknown,
		`certificate of mx.example goes back to "Strange Root", an authority that is not trusted here`},
	{"not yet valid", func(t *testing.T) shown { return issued(t, notYet) }, ProblemNotYetValid,
		`certificate of mx.example is not valid yet: it will be from 2096-05-06 07:08 UTC (issued by "Example Root")`},
	{"intermediate not yet valid", func(t *testing.T) shown { return below(t, notYet) }, ProblemNotYetValid,
		`intermediate "Example Issuing" behind the certificate of mx.example is not valid yet: it will be from 2096-05-06 07:08 UTC (issued by "Example Root")`},
	{"root not yet valid", func(t *testing.T) shown {
		root := newRoot(t, "Example Root", notYet)
		return shown{chain: chainOf(root.leaf(t)), trusted: poolOf(root)}
	}, ProblemNotYetValid,
		`root "Example Root" behind the certificate of mx.example is not valid yet: it will be from 2096-05-06 07:08 UTC (issued by itself)`},
	{"self-signed", func(t *testing.T) shown {
		return shown{chain: chainOf(newRoot(t, "mx.example", named("mx.example"))), trusted: poolOf(newRoot(t, "Example Root"))}
	}, ProblemSelfSigned,
		`certificate of mx.example is self-signed: only "mx.example" itself vouches for it`},
	{"self-signed, no authority", func(t *testing.T) shown {
		own := newRoot(t, "mx.example", named("mx.example"), func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
		return shown{chain: chainOf(own), trusted: poolOf()}
	}, ProblemSelfSigned,
		`certificate of mx.example is self-signed: only "mx.example" itself vouches for it`},
	{"unknown authority", func(t *testing.T) shown {
		root := newRoot(t, "Strange Root")
		middle := root.intermediate(t, "Strange Issuing")
		return shown{chain: chainOf(middle.leaf(t), middle), trusted: poolOf(newRoot(t, "Example Root"))}
	}, ProblemUnknown,
		`certificate of mx.example goes back to "Strange Root", an authority that is not trusted here`},
	{"unknown authority, root sent along", func(t *testing.T) shown {
		root := newRoot(t, "Strange Root")
		return shown{chain: chainOf(root.leaf(t), root), trusted: poolOf()}
	}, ProblemUnknown,
		`certificate of mx.example goes back to "Strange Root", an authority that is not trusted here`},
	{"missing intermediate", func(t *testing.T) shown {
		s := below(t)
		s.chain.Certificate = s.chain.Certificate[:1]
		return s
	}, ProblemIncomplete,
		`certificate of mx.example came without that of its issuer "Example Issuing", which the server did not send and which is not trusted here`},
	{"one of two intermediates missing", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		one := root.intermediate(t, "One")
		two := one.intermediate(t, "Two")
		return shown{chain: chainOf(two.leaf(t), two), trusted: poolOf(root)}
	}, ProblemUnknown,
		`certificate of mx.example goes back to "One", an authority that is not trusted here`},
	{"another authority of the same name", func(t *testing.T) shown {
		return shown{chain: chainOf(newRoot(t, "Example Root").leaf(t)), trusted: poolOf(newRoot(t, "Example Root"))}
	}, ProblemSignature,
		`certificate of mx.example is not signed by "Example Root", which it names as its issuer`},
	{"intermediate of the same name sent instead", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		right, wrong := root.intermediate(t, "Example Issuing"), root.intermediate(t, "Example Issuing")
		return shown{chain: chainOf(right.leaf(t), wrong), trusted: poolOf(root)}
	}, ProblemSignature,
		`certificate of mx.example is not signed by "Example Issuing", which it names as its issuer`},
	{"signature changed", func(t *testing.T) shown {
		s := below(t)
		der := bytes.Clone(s.chain.Certificate[0])
		// The name, in the middle of what was signed.
		replaceAll(t, der, []byte("mx.example"), []byte("MX.example"))
		s.chain.Certificate[0] = der
		return s
	}, ProblemSignature,
		`certificate of mx.example is not signed by "Example Issuing", which it names as its issuer`},
	{"name not permitted", func(t *testing.T) shown {
		return below(t, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"bank.example"} })
	}, ProblemConstraint,
		`certificate of mx.example is for a name that its authority "Example Issuing" may not vouch for: DNS name "mx.example" is not permitted by any constraint`},
	{"name excluded", func(t *testing.T) shown {
		return below(t, func(c *x509.Certificate) { c.ExcludedDNSDomains = []string{"example"} })
	}, ProblemConstraint,
		`certificate of mx.example is for a name that its authority "Example Issuing" may not vouch for: DNS name "mx.example" is excluded by constraint "example"`},
	{"client certificate", func(t *testing.T) shown { return issued(t, usable(x509.ExtKeyUsageClientAuth)) }, ProblemNotServer,
		`certificate of mx.example is not for servers: its extended key usage is client authentication (issued by "Example Root")`},
	{"code signing certificate", func(t *testing.T) shown {
		return issued(t, usable(x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageEmailProtection))
	}, ProblemNotServer,
		`certificate of mx.example is not for servers: its extended key usage is code signing, e-mail protection (issued by "Example Root")`},
	{"intermediate for clients", func(t *testing.T) shown { return below(t, usable(x509.ExtKeyUsageClientAuth)) }, ProblemNotServer,
		`intermediate "Example Issuing" behind the certificate of mx.example is not for servers: its extended key usage is client authentication (issued by "Example Root")`},
	{"issuer that is no authority", func(t *testing.T) shown {
		return below(t, func(c *x509.Certificate) { c.IsCA = false })
	}, ProblemNotAuthority,
		`certificate of mx.example depends on "Example Issuing", which is not the certificate of an authority`},
	{"issuer without basic constraints", func(t *testing.T) shown {
		return below(t, func(c *x509.Certificate) { c.BasicConstraintsValid, c.IsCA = false, false })
	}, ProblemNotAuthority,
		`certificate of mx.example depends on "Example Issuing", which is not the certificate of an authority`},
	{"issuer that may not sign certificates", func(t *testing.T) shown {
		return below(t, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	}, ProblemNotAuthority,
		`certificate of mx.example depends on "Example Issuing", whose key may not sign certificates (key usage)`},
	{"issued by another server's certificate", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		other := root.leaf(t, named("www.example"), func(c *x509.Certificate) { c.Subject.CommonName = "www.example" })
		return shown{chain: chainOf(other.leaf(t), other), trusted: poolOf(root)}
	}, ProblemNotAuthority,
		`certificate of mx.example depends on "www.example", which is not the certificate of an authority`},
	{"path longer than the root allows", func(t *testing.T) shown {
		root := newRoot(t, "Example Root", deep(0))
		middle := root.intermediate(t, "Example Issuing")
		return shown{chain: chainOf(middle.leaf(t), middle), trusted: poolOf(root)}
	}, ProblemPathLength,
		`certificate of mx.example has too many authorities behind it: "Example Root" allows no more below itself`},
	{"path longer than an intermediate allows", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		one := root.intermediate(t, "One", deep(0))
		two := one.intermediate(t, "Two")
		return shown{chain: chainOf(two.leaf(t), two, one, root), trusted: poolOf(root)}
	}, ProblemPathLength,
		`certificate of mx.example has too many authorities behind it: "One" allows no more below itself`},
	{"SHA-1", func(t *testing.T) shown { return issued(t, weaklyHashed) }, ProblemWeakHash,
		`certificate of mx.example is signed with ECDSA-SHA1, which can be forged (issued by "Example Root")`},
	{"SHA-1 behind an intermediate", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		middle := root.intermediate(t, "Example Issuing")
		return shown{chain: chainOf(middle.leaf(t, weaklyHashed), middle), trusted: poolOf(root)}
	}, ProblemWeakHash,
		`certificate of mx.example is signed with ECDSA-SHA1, which can be forged (issued by "Example Issuing")`},
	{"SHA-1 intermediate", func(t *testing.T) shown { return below(t, weaklyHashed) }, ProblemWeakHash,
		`intermediate "Example Issuing" behind the certificate of mx.example is signed with ECDSA-SHA1, which can be forged (issued by "Example Root")`},
	{"MD5", func(t *testing.T) shown {
		key := rsaKey(t, 2048)
		template := authorityTemplate("Example Root")
		root := authority{create(t, template, template, key.Public(), key), key}
		s := shown{chain: chainOf(root.leaf(t)), trusted: poolOf(root)}
		s.chain.Certificate[0] = forgeMD5(t, s.chain.Certificate[0], key)
		return s
	}, ProblemWeakHash,
		`certificate of mx.example is signed with MD5-RSA, which can be forged (issued by "Example Root")`},
	{"RSA with 1024 bits", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		return shown{chain: chainOf(root.issue(t, leafTemplate(), rsaKey(t, 1024))), trusted: poolOf(root)}
	}, ProblemWeakKey,
		`certificate of mx.example has an RSA key of 1024 bits, which can be broken (issued by "Example Root")`},
	{"intermediate with 1024 bits", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		middle := root.issue(t, authorityTemplate("Example Issuing"), rsaKey(t, 1024))
		return shown{chain: chainOf(middle.leaf(t), middle), trusted: poolOf(root)}
	}, ProblemWeakKey,
		`intermediate "Example Issuing" behind the certificate of mx.example has an RSA key of 1024 bits, which can be broken (issued by "Example Root")`},
	{"unknown critical extension", func(t *testing.T) shown { return issued(t, extended(true, "x")) }, ProblemExtension,
		`certificate of mx.example has a critical extension that nobody here understands: 1.3.6.1.4.1.99999.1 (issued by "Example Root")`},
	{"unknown critical extension of an intermediate", func(t *testing.T) shown { return below(t, extended(true, "x")) }, ProblemExtension,
		`intermediate "Example Issuing" behind the certificate of mx.example has a critical extension that nobody here understands: 1.3.6.1.4.1.99999.1 (issued by "Example Root")`},
	{"pin of another key", func(t *testing.T) shown {
		s := issued(t)
		s.pins = []string{PinOf(newRoot(t, "Example Root").certificate)}
		return s
	}, ProblemPin,
		`certificate of mx.example is good, but no certificate of its chain has a pinned key; its own is {pin}`},
	{"pin of a certificate that only came along", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		other := newRoot(t, "Pinned Root")
		return shown{chain: chainOf(root.leaf(t), other), trusted: poolOf(root, other), pins: []string{PinOf(other.certificate)}}
	}, ProblemPin,
		`certificate of mx.example is good, but no certificate of its chain has a pinned key; its own is {pin}`},
	{"pinned but expired", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		own := root.leaf(t, expired)
		return shown{chain: chainOf(own), trusted: poolOf(root), pins: []string{PinOf(own.certificate)}}
	}, ProblemExpired,
		`certificate of mx.example has expired: it was valid until 2021-02-03 15:04 UTC (issued by "Example Root")`},
	{"not a certificate", func(t *testing.T) shown {
		s := issued(t)
		s.chain.Certificate[0] = []byte("-----BEGIN CERTIFICATE-----")
		return s
	}, ProblemMalformed,
		`certificate of mx.example cannot be read: malformed certificate`},
	{"cut short", func(t *testing.T) shown {
		s := issued(t)
		s.chain.Certificate[0] = s.chain.Certificate[0][:len(s.chain.Certificate[0])-9]
		return s
	}, ProblemMalformed,
		`certificate of mx.example cannot be read: malformed certificate`},
	{"malformed intermediate", func(t *testing.T) shown {
		s := below(t)
		s.chain.Certificate[1] = []byte{0x30, 0x03, 0x02, 0x01}
		return s
	}, ProblemMalformed,
		`certificate of mx.example cannot be read: malformed certificate`},
	{"negative serial number", func(t *testing.T) shown {
		root := newRoot(t, "Example Root")
		s := shown{chain: chainOf(root.leaf(t)), trusted: poolOf(root)}
		s.chain.Certificate[0] = forge(t, s.chain.Certificate[0], root.key, func(tbs []byte) {
			replaceAll(t, tbs, []byte{0x02, 0x01, 0x08}, []byte{0x02, 0x01, 0x88})
		})
		return s
	}, ProblemMalformed,
		`certificate of mx.example cannot be read: negative serial number`},
	{"key of another", func(t *testing.T) shown {
		s := issued(t)
		s.chain.PrivateKey = newKey(t)
		return s
	}, ProblemNotHolder,
		`certificate of mx.example was shown by a server that has not got its key`},
}

func replaceAll(t testing.TB, where, old, replacement []byte) {
	t.Helper()
	if len(old) != len(replacement) || !bytes.Contains(where, old) {
		t.Fatalf("cannot replace %x by %x", old, replacement)
	}
	copy(where, bytes.ReplaceAll(where, old, replacement))
}

// TestCertificateTexts counts what a reader can tell apart.
func TestCertificateTexts(t *testing.T) {
	texts, problems := map[string]bool{}, map[CertificateProblem]bool{}
	for _, test := range append(certificateTests, hostTests...) {
		texts[test.text], problems[test.problem] = true, true
	}
	if len(texts)-1 < 40 || len(problems)-1 < 18 {
		t.Errorf("%d texts and %d problems, want 40 and 18", len(texts)-1, len(problems)-1)
	}
}

// TestFault9 shows certificates to a client that wants to log in, with either
// way to TLS. A bad one is refused before anything but EHLO and STARTTLS was
// said, each with a problem and a text of its own.
func TestFault9(t *testing.T) { showCertificates(t, certificateTests) }

func showCertificates(t *testing.T, tests []certificateTest) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			shown := test.show(t)
			for _, mode := range []TLSMode{TLSImplicit, TLSStartTLS, TLSOpportunistic} {
				server := &tlsServer{config: &tls.Config{Certificates: []tls.Certificate{shown.chain}}}
				options := server.options(mode)
				options.RootCAs, options.Pins = shown.trusted, shown.pins
				if shown.host != "" {
					options.Host = shown.host
				}
				err := logIn(t.Context(), options)
				if test.problem == "" {
					if err != nil {
						t.Errorf("%s: %v", mode, err)
					}
					if !strings.HasSuffix(server.said(), "EHLO AUTH MAIL QUIT") {
						t.Errorf("%s: the server heard %s", mode, server.said())
					}
					continue
				}
				fault := wantFault(t, err, KindTLS)
				var refusal *CertificateError
				if !errors.As(err, &refusal) {
					t.Fatalf("%s: %v is no certificate error", mode, err)
				}
				text := refusal.Error()
				if refusal.Certificate != nil {
					text = strings.ReplaceAll(text, PinOf(refusal.Certificate), "{pin}")
				}
				if refusal.Problem != test.problem || text != test.text {
					t.Errorf("%s: problem %q\n got %s\nwant %s", mode, refusal.Problem, text, test.text)
				}
				if !strings.HasSuffix(fault.Error(), refusal.Error()) || fault.Temporary() {
					t.Errorf("%s: %v, temporary %v", mode, fault, fault.Temporary())
				}
				want := map[TLSMode]string{TLSImplicit: "", TLSStartTLS: "EHLO STARTTLS", TLSOpportunistic: "EHLO STARTTLS"}[mode]
				if server.said() != want {
					t.Errorf("%s: the server heard %q, want %q", mode, server.said(), want)
				}
			}
		})
	}
}
