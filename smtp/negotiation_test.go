package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// dice makes the choices of one negotiation: a number below n.
type dice func(n int) int

// seeded throws the same numbers for the same seed.
func seeded(seed uint64) dice {
	source := rand.New(rand.NewPCG(seed, 0x736d7470))
	return func(n int) int { return source.IntN(n) }
}

// spelled takes the numbers from a text, and zeros behind its end: the first
// choice everywhere is that of a good server.
func spelled(text []byte) dice {
	return func(n int) int {
		if len(text) == 0 {
			return 0
		}
		c := int(text[0])
		text = text[1:]
		return c % n
	}
}

func pick[T any](d dice, of ...T) T { return of[d(len(of))] }

// mostly is true seven times in eight, and by default.
func mostly(d dice) bool { return d(8) != 7 }

// wiretap keeps what the client writes below TLS.
type wiretap struct {
	net.Conn
	written *bytes.Buffer
}

func (w wiretap) Write(p []byte) (int, error) {
	w.written.Write(p)
	return w.Conn.Write(p)
}

// identities are what servers show: keys are made once, for all negotiations.
type identities struct {
	roots     *x509.CertPool
	good, bad tls.Certificate
	strange   tls.Certificate
}

var newIdentities = sync.OnceValue(func() identities {
	t := &fatal{}
	root := newRoot(t, "Example Root")
	return identities{
		roots: poolOf(root), good: chainOf(root.leaf(t)), bad: chainOf(root.leaf(t, named("other.example"))),
		strange: chainOf(newRoot(t, "mx.example", named("mx.example"))),
	}
})

// fatal is a testing.TB for what is made once for many tests.
type fatal struct{ testing.TB }

func (*fatal) Helper()           {}
func (*fatal) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// capricious is a server that answers as the dice fall.
type capricious struct {
	dice     dice
	show     identities
	password string
	told     bool // the password arrived, under TLS
}

func (s *capricious) serve(conn net.Conn, secure bool) {
	defer conn.Close()
	if secure {
		if conn = s.secure(conn); conn == nil {
			return
		}
	}
	r := bufio.NewReader(conn)
	if !s.say(conn, s.greeting()) {
		return
	}
	for range 40 {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		var answer string
		switch verb(line) {
		case "EHLO":
			answer = s.hello(secure)
		case "HELO":
			answer = pick(s.dice, "250 mx\r\n", "502 no\r\n", "")
		case "STARTTLS":
			answer = s.startTLS()
			if !s.say(conn, answer) {
				return
			}
			if !strings.HasPrefix(answer, "220") {
				continue
			}
			if conn = s.secure(conn); conn == nil {
				return
			}
			secure, r = true, bufio.NewReader(conn)
			continue
		default:
			s.told = s.told || secure && s.tells(line)
			answer = s.judge(line, verb(line) == "AUTH")
		}
		if !s.say(conn, answer) {
			return
		}
	}
}

// say writes an answer; what does not end a line is followed by hanging up, and
// so is nothing at all.
func (s *capricious) say(conn net.Conn, answer string) bool {
	if answer != "" {
		_, _ = io.WriteString(conn, answer)
	}
	return strings.HasSuffix(answer, "\n")
}

// secure begins TLS in one of many ways, or goes on in clear text; nil where it
// failed.
func (s *capricious) secure(conn net.Conn) net.Conn {
	config := &tls.Config{
		CurvePreferences: []tls.CurveID{tls.X25519}, // the fastest
		Certificates:     []tls.Certificate{pick(s.dice, s.show.good, s.show.good, s.show.good, s.show.good, s.show.good, s.show.good, s.show.bad, s.show.strange)},
	}
	switch s.dice(16) {
	case 12:
		config.MaxVersion = tls.VersionTLS12
	case 13:
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	case 14:
		config.ClientAuth = tls.RequireAnyClientCert
	case 15:
		s.say(conn, pick(s.dice, "220 mx\r\n", "250-mx\r\n250 AUTH PLAIN\r\n", "\x15\x03\x01\x00\x02\x02\x28", "\x16\x03\x03\x00\x00", "", "\x00"))
		return nil
	}
	secure := tls.Server(conn, config)
	if secure.Handshake() != nil {
		return nil
	}
	return secure
}

func (s *capricious) greeting() string {
	if mostly(s.dice) {
		return pick(s.dice, "220 mx.example ESMTP\r\n", "220-mx\r\n220 ready\r\n", "220\n")
	}
	return pick(s.dice, "554 no\r\n", "421 later\r\n", "220 mx\r\n250-mx\r\n250 AUTH PLAIN\r\n", "220 mx\r\n2", "nonsense\r\n", "\x15\x03\x01\x00\x02\x02\x0a", "", "250 mx\r\n")
}

func (s *capricious) hello(secure bool) string {
	if !mostly(s.dice) {
		return pick(s.dice, "502 no\r\n", "421 later\r\n", "250 mx\r\n250 AUTH PLAIN\r\n", "250-mx\r\n550 AUTH\r\n", "250 mx\r\n22", "", "220 mx\r\n", "354 go ahead\r\n")
	}
	lines := []string{"250-mx.example"}
	if !secure && mostly(s.dice) || s.dice(16) == 15 {
		lines = append(lines, pick(s.dice, "250-STARTTLS", "250-starttls", "250-StartTLS now"))
	}
	if mostly(s.dice) {
		lines = append(lines, pick(s.dice,
			"250-AUTH PLAIN LOGIN", "250-AUTH PLAIN LOGIN", "250-AUTH PLAIN LOGIN", "250-AUTH LOGIN PLAIN", "250-AUTH LOGIN PLAIN", "250-AUTH LOGIN", "250-AUTH=PLAIN", "250-auth plain", "250-AUTH XOAUTH2 OAUTHBEARER PLAIN",
			"250-AUTH SCRAM-SHA-256 CRAM-MD5", "250-AUTH CRAM-MD5", "250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 EXTERNAL", "250-AUTH", "250-AUTH NTLM",
			"250-AUTH LOGIN\r\n250-AUTH PLAIN", "250-AUTH "+strings.Join(Mechanisms(), " ")))
	}
	lines = append(lines, pick(s.dice, "250 PIPELINING", "250 SIZE 1000", "250 8BITMIME"))
	return strings.Join(lines, "\r\n") + "\r\n"
}

func (s *capricious) startTLS() string {
	if mostly(s.dice) {
		return pick(s.dice, "220 go ahead\r\n", "220\n", "220-go\r\n220 ahead\r\n")
	}
	return pick(s.dice, "454 not now\r\n", "501 no\r\n", "502 no\r\n", "421 bye\r\n", "250 ok\r\n", "354 go\r\n", "", "22",
		"220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n", "220 go\r\n235 welcome\r\n", "220 go\r\n2", "220 go\r\n\x16\x03\x03\x00\x04\x02\x00\x00\x00\n")
}

// tells reports whether a line holds the password.
func (s *capricious) tells(line string) bool {
	for _, word := range strings.Fields(line) {
		if decoded, err := base64.StdEncoding.DecodeString(word); err == nil && bytes.Contains(decoded, []byte(s.password)) {
			return true
		}
	}
	return strings.Contains(line, s.password)
}

// judge answers AUTH, what belongs to it, and everything else. A server that
// has been told the password repeats it, in what shapes it can.
func (s *capricious) judge(line string, opening bool) string {
	words := strings.Fields(line)
	last := ""
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	decoded, err := base64.StdEncoding.DecodeString(last)
	if err != nil {
		decoded = []byte(last)
	}
	echo := func() string {
		return pick(s.dice, line, string(decoded), hex.EncodeToString(decoded), strings.ToUpper(hex.EncodeToString(decoded)),
			base64.StdEncoding.EncodeToString(append([]byte("x"), decoded...)), base64.URLEncoding.EncodeToString(append([]byte("xy"), decoded...)))
	}
	switch s.dice(8) {
	case 0:
		if opening && len(words) == 2 {
			return "334 " + pick(s.dice, "VXNlcm5hbWU6", "", "UGFzc3dvcmQ6", "PDEuMkBteD4=") + "\r\n"
		}
		return "235 welcome\r\n"
	case 1:
		return "334 " + pick(s.dice, "UGFzc3dvcmQ6", "", "QQ==", "not base64 at all", s.challenge(decoded), echo()) + "\r\n"
	case 2:
		return "535 " + pick(s.dice, "5.7.8 no", "you said "+echo()) + "\r\n"
	case 3:
		return "235-" + echo() + "\r\n235 " + echo() + "\r\n"
	case 4:
		return pick(s.dice, "454 later", "421 bye "+echo(), "500 unknown command "+echo(), "538 not without TLS", "534 too weak", "250 ok") + "\r\n"
	case 5:
		return pick(s.dice, "334-a\r\n334 b\r\n", "235 ok\r\n535 no\r\n", echo()+"\r\n", "2350 "+echo()+"\r\n")
	case 6:
		return pick(s.dice, "", "33", "334 "+echo())
	}
	return "334 " + s.challenge(decoded) + "\r\n"
}

// challenge is that of SCRAM (RFC 5802, section 5.1), where the client has
// begun it.
func (s *capricious) challenge(first []byte) string {
	_, nonce, _ := strings.Cut(string(first), ",r=")
	return base64.StdEncoding.EncodeToString([]byte("r=" + nonce + "3rfcNHYJY1ZVvWVs7j,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=" + pick(s.dice, "4096", "1", "x")))
}

// traces are where a password could show.
type traces struct {
	wire   bytes.Buffer // below TLS
	shown  strings.Builder
	secret bool // the server was told the password, under TLS
}

// negotiate plays one server against one client.
func negotiate(ctx context.Context, d dice, password string, inClear bool) *traces {
	show := newIdentities()
	var trace traces
	var mu sync.Mutex
	note := func(text any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&trace.shown, "%v\n%+v\n", text, text)
	}
	mode := pick(d, TLSStartTLS, TLSImplicit, TLSStartTLS, TLSImplicit, TLSStartTLS, TLSOpportunistic, TLSOff)
	server := &capricious{show: show, password: password, dice: d}
	done := make(chan struct{})
	options := Options{
		Host: "mx.example", TLS: mode, LocalName: "client.example", RootCAs: show.roots,
		Trace: func(e Entry) { note(e) },
		Dial: func(context.Context, Target) (net.Conn, error) {
			client, end := newPipe()
			go func() {
				defer close(done)
				server.serve(end, mode == TLSImplicit)
			}()
			return wiretap{client, &trace.wire}, nil
		},
	}
	// The client's choices come before the server's first: both would throw the
	// dice at once.
	steps := make([]func(s *Session) error, 1+d(4))
	for i := range steps {
		steps[i] = clientStep(ctx, d, password, inClear)
	}
	s, err := Connect(ctx, options)
	note(err)
	if err == nil {
		for _, step := range steps {
			note(step(s))
		}
		for _, entry := range s.Transcript() {
			note(entry)
		}
		note(s.Greeting())
		note(s.Usable())
		s.Close()
	}
	<-done
	trace.secret = server.told
	return &trace
}

func clientStep(ctx context.Context, d dice, password string, inClear bool) func(s *Session) error {
	credentials := Credentials{
		Username: "ann", Password: NewSecret(password), InClear: inClear,
		Mechanism: pick(d, append([]string{"", "", "", "", "PLAIN", "PLAIN", "LOGIN", "LOGIN", "LOGIN"}, Mechanisms()...)...), LoginInOneWrite: d(4) == 3,
	}
	if d(8) == 7 {
		credentials.Password, credentials.Token = Secret{}, NewSecret(password)
	}
	auth := func(s *Session) error {
		reply, err := s.Auth(ctx, credentials)
		return fmt.Errorf("%+v, %+v, %w", reply, credentials, err)
	}
	command := pick(d, "NOOP", "EHLO again.example", "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00ann\x00x")), "RSET", "HELO again.example", "STARTTLS")
	switch d(8) {
	case 5:
		return func(s *Session) error { _, err := s.StartTLS(ctx); return err }
	case 6:
		return func(s *Session) error { _, err := s.Command(ctx, command); return err }
	case 7:
		return func(s *Session) error { _, err := s.Ehlo(ctx, ""); return err }
	}
	return auth
}

// forms are the shapes of a password: as it is, in hexadecimal, for a URL, and in base64
// at its three positions, without the characters that neighbours change.
func forms(password string) []string {
	forms := []string{password, hex.EncodeToString([]byte(password)), strings.ToUpper(hex.EncodeToString([]byte(password))), url.QueryEscape(password)}
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte("xyz"[:shift] + password))
		forms = append(forms, encoded[4:len(encoded)-4])
	}
	return forms
}

// leak is where, and in what shape, a password shows; "" for nowhere.
func (t *traces) leak(password string) string {
	wire, shown := t.wire.String(), t.shown.String()
	for _, form := range forms(password) {
		if strings.Contains(wire, form) {
			return "on the wire, as " + form
		}
		if i := strings.Index(shown, form); i >= 0 {
			return "in a text, as " + form + ":\n" + shown[max(0, i-300):min(len(shown), i+100)]
		}
	}
	for line := range strings.Lines(wire) {
		if strings.HasPrefix(strings.ToUpper(line), "AUTH ") {
			return "as an exchange in clear text: " + line
		}
	}
	return ""
}

func passwordOf(seed uint64) string { return fmt.Sprintf("canary/%08x+Paß wort", seed) }

// TestNegotiations plays servers of all kinds against a client that must not
// log in over clear text: its password never shows below TLS, nor in anything a
// session tells.
func TestNegotiations(t *testing.T) {
	var next, told atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for seed := next.Add(1); seed <= negotiations; seed = next.Add(1) {
				password := passwordOf(uint64(seed))
				trace := negotiate(t.Context(), seeded(uint64(seed)), password, false)
				if leak := trace.leak(password); leak != "" {
					t.Errorf("seed %d: the password shows %s", seed, leak)
				}
				if trace.secret {
					told.Add(1)
				}
			}
		})
	}
	t.Cleanup(func() {
		// The servers must have been good enough, often enough, to be told.
		if n := told.Load(); n < negotiations/25 {
			t.Errorf("the password was sent %d times in %d negotiations", n, negotiations)
		}
	})
}

// TestNegotiationsInClear makes sure that the wiretap hears: with the owner's
// leave, the password crosses it.
func TestNegotiationsInClear(t *testing.T) {
	heard := 0
	for seed := range uint64(300) {
		password := passwordOf(seed)
		if strings.Contains(negotiate(t.Context(), seeded(seed), password, true).leak(password), "on the wire") {
			heard++
		}
	}
	if heard < 3 {
		t.Errorf("heard %d passwords in 300 negotiations", heard)
	}
}

// FuzzNegotiation is the same for choices that a fuzzer makes.
func FuzzNegotiation(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x00\x00\x00"))
	for seed := range uint64(20) {
		throw := seeded(seed)
		text := make([]byte, 60)
		for i := range text {
			text[i] = byte(throw(256))
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		password := passwordOf(uint64(len(choices)))
		if leak := negotiate(t.Context(), spelled(choices), password, false).leak(password); leak != "" {
			t.Errorf("the password shows %s", leak)
		}
	})
}
