package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// bothModes runs a test with either way to TLS.
func bothModes(t *testing.T, f func(t *testing.T, mode TLSMode)) {
	for _, mode := range []TLSMode{TLSImplicit, TLSStartTLS} {
		t.Run(string(mode), func(t *testing.T) { f(t, mode) })
	}
}

// talkTo connects a client to a server that is nothing but a function.
func talkTo(mode TLSMode, serve func(conn net.Conn)) Options {
	return Options{
		Host: "mx.example", TLS: mode, LocalName: "client.example",
		Dial: func(context.Context, Target) (net.Conn, error) {
			client, server := newPipe()
			go func() {
				defer server.Close()
				serve(server)
			}()
			return client, nil
		},
	}
}

// untilStartTLS plays a server's part up to the 220 to STARTTLS, where the mode
// has one.
func untilStartTLS(conn net.Conn, mode TLSMode) {
	if mode == TLSImplicit {
		return
	}
	r := bufio.NewReader(conn)
	say(conn, "220 mx.example")
	_, _ = r.ReadString('\n')
	say(conn, "250-mx.example", "250-AUTH PLAIN", "250 STARTTLS")
	_, _ = r.ReadString('\n')
	say(conn, "220 go ahead")
}

// clientHello lets the client's first record come in, and returns it.
func clientHello(conn net.Conn) []byte {
	header := make([]byte, 5)
	_, _ = io.ReadFull(conn, header)
	rest := make([]byte, int(header[3])<<8|int(header[4]))
	_, _ = io.ReadFull(conn, rest)
	return append(header, rest...)
}

// TestFault8 is a server that answers a handshake in clear text.
func TestFault8(t *testing.T) {
	for _, test := range []struct{ name, says, said string }{
		{"SMTP", "220 mx.example ESMTP ready\r\n", "220 mx.example ESMTP ready"},
		{"bare LF", "220 mx.example\n", "220 mx.example"},
		{"no line end", "220 mx", "220 mx"},
		{"several lines", "220-first\r\n220 second\r\n", "220-first"},
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		{"IMAP", "* OK ready\r\n", "* OK ready"},
		{"terminal control", "220 \x1b[31mmx\x07\r\n", "220 \ufffd[31mmx\ufffd"},
		{"long", "220 " + strings.Repeat("x", 2000) + "\r\n", "220 " + strings.Repeat("x", 76) + "…"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bothModes(t, func(t *testing.T, mode TLSMode) {
				sent := make(chan []byte, 1)
				err := logIn(t.Context(), talkTo(mode, func(conn net.Conn) {
					untilStartTLS(conn, mode)
					hello := clientHello(conn)
					_, _ = io.WriteString(conn, test.says)
					rest, _ := io.ReadAll(conn)
					sent <- append(hello, rest...)
				}))
				fault := wantFault(t, err, KindTLS)
				var plaintext *PlaintextError
				if !errors.As(err, &plaintext) || !errors.Is(err, ErrPlaintext) || plaintext.Said != test.said || fault.Temporary() {
					t.Errorf("error %v, want one that says %q", err, test.said)
				}
				want := "smtp: TLS handshake with " + fault.Command[len("TLS handshake with "):] + `: the server speaks clear text where TLS was expected: it said "` + test.said + `"`
				if err.Error() != want {
					t.Errorf("got  %s\nwant %s", err, want)
				}
				if wire := <-sent; wire[0] != 22 || bytes.Contains(wire, []byte("EHLO")) || bytes.Contains(wire, []byte("AUTH")) {
					t.Errorf("the client went on in clear text: %q", wire)
				}
			})
		})
	}
}

// TestFault8Reversed is a TLS server where a greeting should come. One that
// waits for the client's first record says nothing; others send an alert, which
// may even hold a line feed.
func TestFault8Reversed(t *testing.T) {
	for name, record := range map[string]string{
		"unexpected message": "1503010002020a",
		"protocol version":   "15030300020246",
		"short":              "150300",
		"handshake":          "160303003a0200003603",
	} {
		t.Run(name, func(t *testing.T) {
			octets, err := hex.DecodeString(record)
			if err != nil {
				t.Fatal(err)
			}
			for _, mode := range []TLSMode{TLSStartTLS, TLSOpportunistic, TLSOff} {
				for _, piece := range []int{1, len(octets)} {
					_, err := Connect(t.Context(), talkTo(mode, func(conn net.Conn) {
						for rest := octets; len(rest) > 0; {
							n, _ := conn.Write(rest[:min(piece, len(rest))])
							rest = rest[n:]
						}
						if said, _ := io.ReadAll(conn); len(said) > 0 {
							t.Errorf("the client said %q", said)
						}
					}))
					if fault := wantFault(t, err, KindProtocol); !errors.Is(err, ErrUnexpectedTLS) || fault.Command != "greeting" {
						t.Errorf("%s: %v", mode, err)
					}
				}
			}
		})
	}
	t.Run("silent", func(t *testing.T) {
		own := newRoot(t, "mx.example", named("mx.example"))
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := Connect(t.Context(), talkTo(TLSStartTLS, func(conn net.Conn) {
				_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{chainOf(own)}}).Handshake()
			}))
			if fault := wantFault(t, err, KindTimeout); fault.Command != "greeting" || time.Since(start) != GreetingTimeout {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
	})
}

// TestFault11 drips the server's part of a handshake.
func TestFault11(t *testing.T) {
	bothModes(t, func(t *testing.T, mode TLSMode) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := Connect(t.Context(), talkTo(mode, func(conn net.Conn) {
				untilStartTLS(conn, mode)
				hello := clientHello(conn)
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_, _ = io.Copy(io.Discard, conn)
				}()
				for _, octet := range append([]byte{22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc}, hello...) {
					_, _ = conn.Write([]byte{octet})
					select {
					case <-time.After(time.Second):
					case <-ended:
						return
					}
				}
			}))
			wantFault(t, err, KindTimeout)
			if took := time.Since(start); took != HandshakeTimeout {
				t.Errorf("gave up after %v, want %v", took, HandshakeTimeout)
			}
		})
	})
}

// TestFault12 is a server that wants a certificate of the client. TLS 1.3 lets
// it say so only after the client believes the handshake is done.
func TestFault12(t *testing.T) {
	root, strange := newRoot(t, "Example Root"), newRoot(t, "Strange Root")
	server := chainOf(root.leaf(t))
	for _, test := range []struct {
		name  string
		shown []tls.Certificate
		good  bool
	}{
		{"none", nil, false},
		{"of a strange authority", []tls.Certificate{chainOf(strange.leaf(t, usable(x509.ExtKeyUsageClientAuth)))}, false},
		{"expired", []tls.Certificate{chainOf(root.leaf(t, usable(x509.ExtKeyUsageClientAuth), expired))}, false},
		{"for servers", []tls.Certificate{chainOf(root.leaf(t))}, false},
		{"good", []tls.Certificate{chainOf(root.leaf(t, usable(x509.ExtKeyUsageClientAuth)))}, true},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(test.name+", "+tls.VersionName(version), func(t *testing.T) {
				bothModes(t, func(t *testing.T, mode TLSMode) {
					server := &tlsServer{config: &tls.Config{
						Certificates: []tls.Certificate{server}, MaxVersion: version,
						ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: poolOf(root),
					}}
					options := server.options(mode)
					options.RootCAs, options.Certificates = poolOf(root), test.shown
					err := logIn(t.Context(), options)
					if test.good {
						if err != nil || !strings.HasSuffix(server.said(), "AUTH MAIL QUIT") {
							t.Errorf("%v, the server heard %s", err, server.said())
						}
						return
					}
					fault := wantFault(t, err, KindTLS)
					if !errors.Is(err, ErrClientCertificate) || fault.Temporary() || strings.Contains(server.said(), "AUTH") {
						t.Errorf("%v, temporary %v, the server heard %s", err, fault.Temporary(), server.said())
					}
				})
			})
		}
	}
}

// cutWriter lets so many octets through, and then ends the connection.
type cutWriter struct {
	net.Conn
	left int // -1 for all
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if c.left < 0 || c.left >= len(p) {
		if c.left >= 0 {
			c.left -= len(p)
		}
		return c.Conn.Write(p)
	}
	_, _ = c.Conn.Write(p[:c.left])
	c.left = 0
	_ = c.Conn.Close()
	return 0, net.ErrClosed
}

// TestFault13 ends the connection below TLS, without its goodbye, inside each
// reply: between two octets of text, and between two of a TLS record. Half a
// reply is none, whatever its code.
func TestFault13(t *testing.T) {
	root := newRoot(t, "Example Root")
	config := &tls.Config{Certificates: []tls.Certificate{chainOf(root.leaf(t))}}
	replies := []string{"220 mx.example", "250-mx.example\r\n250 SIZE 1000", "250 sender ok", "250 recipient ok", "354 go ahead", "250 queued as 1"}
	steps := []string{"greeting", "EHLO client.example", "MAIL FROM:<a@x.example> SIZE=3", "RCPT TO:<b@y.example>", "DATA", "message"}
	for step, reply := range replies {
		t.Run(steps[step], func(t *testing.T) {
			for cut := 0; cut < len(reply)+2+30; cut += 1 + cut/3 {
				for _, inRecord := range []bool{false, true} {
					if !inRecord && cut >= len(reply)+2 {
						continue
					}
					options := talkTo(TLSImplicit, func(conn net.Conn) {
						below := &cutWriter{Conn: conn, left: -1}
						secure := tls.Server(below, config)
						r := bufio.NewReader(secure)
						for i, reply := range replies {
							if i == len(replies)-1 {
								for line := ""; line != ".\r\n" && i > 0; {
									line, _ = r.ReadString('\n')
								}
							} else if i > 0 {
								_, _ = r.ReadString('\n')
							} else if secure.Handshake() != nil {
								return
							}
							text := reply + "\r\n"
							if i == step && inRecord {
								below.left = cut
							} else if i == step {
								text = text[:cut]
							}
							if text != "" {
								_, _ = io.WriteString(secure, text)
							}
							if i == step {
								return // conn is closed, TLS is not
							}
						}
					})
					options.RootCAs = poolOf(root)
					s, err := Connect(t.Context(), options)
					var result Result
					if err == nil {
						result, err = s.Send(t.Context(), Envelope{From: "a@x.example", To: []string{"b@y.example"}}, ContentOf([]byte("x\r\n")), SendOptions{})
					}
					if inRecord && cut >= len(reply)+2+5+1+16 {
						continue // the record is whole
					}
					if step == len(replies)-1 {
						if err != nil || result.Outcome != InDoubt {
							t.Errorf("cut at %d, in a record %v: %s, %v; want in_doubt", cut, inRecord, result.Outcome, err)
						}
						continue
					}
					fault, ok := err.(*Error)
					if !ok || fault.Kind != KindLost || !fault.Temporary() || fault.Command != steps[step] {
						t.Errorf("cut at %d, in a record %v: %v, want the connection lost", cut, inRecord, err)
					}
				}
			}
		})
	}
}

// TestFault14 connects twice. What the first session learned of the server must
// not spare the second its verification.
func TestFault14(t *testing.T) {
	root, other := newRoot(t, "Example Root"), newRoot(t, "Other Root")
	bothModes(t, func(t *testing.T, mode TLSMode) {
		resumed := 0
		config := &tls.Config{
			Certificates: []tls.Certificate{chainOf(root.leaf(t))},
			VerifyConnection: func(state tls.ConnectionState) error {
				if state.DidResume {
					resumed++
				}
				return nil
			},
		}
		server := &tlsServer{config: config}
		options := server.options(mode)
		options.RootCAs = poolOf(root)
		for range 3 {
			if err := logIn(t.Context(), options); err != nil {
				t.Fatal(err)
			}
		}
		strict := options
		strict.RootCAs = poolOf(other)
		wantProblem(t, logIn(t.Context(), strict), ProblemIncomplete)
		elsewhere := options
		elsewhere.Host = "mx2.example"
		wantProblem(t, logIn(t.Context(), elsewhere), ProblemWrongHost)
		pinned := options
		pinned.Pins = []string{PinOf(other.certificate)}
		wantProblem(t, logIn(t.Context(), pinned), ProblemPin)
		// The keys for tickets stay those of the old certificate.
		config.Certificates = []tls.Certificate{chainOf(root.leaf(t, expired))}
		wantProblem(t, logIn(t.Context(), options), ProblemExpired)
		if resumed != 0 {
			t.Errorf("%d sessions were resumed", resumed)
		}
	})
}

func wantProblem(t *testing.T, err error, problem CertificateProblem) {
	t.Helper()
	var refusal *CertificateError
	if !errors.As(err, &refusal) || refusal.Problem != problem {
		t.Errorf("error %v, want the problem %q", err, problem)
	}
}

// TestOldTLS is a server of the last century: one that refuses ours, and one
// that insists on its own.
func TestOldTLS(t *testing.T) {
	own := newRoot(t, "mx.example", named("mx.example"))
	config := &tls.Config{Certificates: []tls.Certificate{chainOf(own)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	// ServerHello of TLS 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA (RFC 4346, section 7.4.1.3).
	hello := append([]byte{22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2}, make([]byte, 32)...)
	hello = append(hello, 0, 0, 0x2f, 0)
	bothModes(t, func(t *testing.T, mode TLSMode) {
		for name, serve := range map[string]func(conn net.Conn){
			"refuses": func(conn net.Conn) { _ = tls.Server(conn, config).Handshake() },
			"insists": func(conn net.Conn) {
				clientHello(conn)
				_, _ = conn.Write(hello)
				_, _ = io.Copy(io.Discard, conn)
			},
		} {
			options := talkTo(mode, func(conn net.Conn) {
				untilStartTLS(conn, mode)
				serve(conn)
			})
			options.RootCAs = poolOf(own)
			err := logIn(t.Context(), options)
			if wantFault(t, err, KindTLS); !errors.Is(err, ErrOldTLS) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestFault35 offers one thing before TLS and another under it. Nothing of the
// first list counts: it may have been written by somebody else.
func TestFault35(t *testing.T) {
	root := newRoot(t, "Example Root")
	for _, test := range []struct {
		name          string
		before, after []string
		auth          Kind // of the fault, "" for none
		heard         string
	}{
		{"AUTH is gone", []string{"AUTH PLAIN LOGIN", "STARTTLS"}, nil, KindAuth, ""},
		{"AUTH comes", []string{"STARTTLS"}, []string{"AUTH PLAIN"}, "", "AUTH PLAIN"},
		{"another mechanism", []string{"AUTH LOGIN", "STARTTLS"}, []string{"AUTH PLAIN"}, "", "AUTH PLAIN"},
		{"only HELO", []string{"AUTH PLAIN", "STARTTLS"}, []string{"(refuse)"}, KindAuth, ""},
		{"STARTTLS again", []string{"STARTTLS"}, []string{"STARTTLS", "AUTH PLAIN"}, "", "AUTH PLAIN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			heard := make(chan string, 1)
			offer := func(conn net.Conn, keywords []string) {
				lines := []string{"250-mx.example"}
				for _, keyword := range keywords {
					lines = append(lines, "250-"+keyword)
				}
				say(conn, append(lines, "250 SIZE "+strings.Repeat("1", 1+len(keywords)))...)
			}
			options := talkTo(TLSStartTLS, func(conn net.Conn) {
				r := bufio.NewReader(conn)
				say(conn, "220 mx.example")
				expect(t, r, "EHLO client.example")
				offer(conn, test.before)
				expect(t, r, "STARTTLS")
				say(conn, "220 go ahead")
				conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{chainOf(root.leaf(t))}})
				r = bufio.NewReader(conn)
				expect(t, r, "EHLO client.example")
				if len(test.after) > 0 && test.after[0] == "(refuse)" {
					say(conn, "502 what?")
					expect(t, r, "HELO client.example")
					say(conn, "250 mx.example")
				} else {
					offer(conn, test.after)
				}
				line, _ := r.ReadString('\n')
				heard <- line
				say(conn, "235 welcome")
			})
			options.RootCAs = poolOf(root)
			s, err := Connect(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Auth(t.Context(), Credentials{Username: "ann", Password: NewSecret(canary)})
			s.Close()
			if test.auth == "" && err != nil || test.auth != "" && wantFault(t, err, test.auth).Reply != nil {
				t.Error(err)
			}
			if line := <-heard; !strings.HasPrefix(line, test.heard) || test.heard == "" && line != "" {
				t.Errorf("the server heard %q, want %q", line, test.heard)
			}
			if _, again := s.StartTLS(t.Context()); again == nil {
				t.Error("STARTTLS twice")
			}
		})
	}
}

// TestFault36 breaks the handshake in different ways. What follows a failed one
// is nothing: neither side knows what the other takes the next octet for.
func TestFault36(t *testing.T) {
	own := newRoot(t, "mx.example", named("mx.example"))
	for name, serve := range map[string]func(conn net.Conn){
		"clear text": func(conn net.Conn) { say(conn, "250-mx.example", "250 AUTH PLAIN") },
		"garbage":    func(conn net.Conn) { _, _ = conn.Write([]byte{22, 3, 3, 0, 4, 99, 0, 0, 0}) },
		"nothing":    func(net.Conn) {},
		"alert":      func(conn net.Conn) { _, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, 40}) },
		"certificate": func(conn net.Conn) {
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{chainOf(own)}}).Handshake()
		},
	} {
		for _, mode := range []TLSMode{TLSStartTLS, TLSOpportunistic} {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				after := make(chan []byte, 1)
				options := talkTo(mode, func(conn net.Conn) {
					untilStartTLS(conn, mode)
					if name == "certificate" {
						serve(conn)
					} else {
						clientHello(conn)
						serve(conn)
						if name == "nothing" {
							after <- nil
							return
						}
					}
					rest, _ := io.ReadAll(conn)
					after <- rest
				})
				options.RootCAs = poolOf()
				s, err := Connect(t.Context(), options)
				wantFault(t, err, KindTLS)
				if s != nil {
					t.Error("there is a session")
				}
				// One alert may still come, from 0x15 on.
				if rest := <-after; len(rest) > 0 && rest[0] != 21 || len(rest) > 40 {
					t.Errorf("the client went on with %q", rest)
				}
			})
		}
	}
}
