package sink

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openTest(t *testing.T) *Sink {
	t.Helper()
	s, err := Open(Options{
		Dir:    filepath.Join(t.TempDir(), "caught"),
		Now:    func() time.Time { return time.Date(2026, 11, 3, 7, 0, 0, 5000, time.UTC) },
		Random: zeros{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestModes(t *testing.T) {
	for _, c := range []struct {
		mode     smtp.TLSMode
		port     int
		protocol string
	}{
		{smtp.TLSImplicit, 465, "UTF8SMTPSA"}, {smtp.TLSStartTLS, 587, "UTF8SMTPSA"},
		{smtp.TLSOpportunistic, 25, "UTF8SMTPSA"}, {smtp.TLSOff, 25, "UTF8SMTPA"},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			s := openTest(t)
			k := dial(t, s, "mail.bank.example", c.port, c.mode)
			k.say("AUTH PLAIN AGFubgBjYW5hcnk=", "235") // any credential
			k.send("änn@bank.example", "bob@example.org carol@example.org", "Subject: x\r\n\r\n..dot\r\nß")
			local := k.conn.LocalAddr().String()
			k.quit()
			port := local[strings.LastIndexByte(local, ':'):]
			want := "Return-Path: <änn@bank.example>\r\n" +
				"X-Envelope-To: <bob@example.org>\r\nX-Envelope-To: <carol@example.org>\r\n" +
				"Received: from client.test ([127.0.0.1]" + port + ")\r\n\tby mail.bank.example with " + c.protocol + ";\r\n" +
				"\tTue, 3 Nov 2026 07:00:00 +0000\r\n" +
				"Subject: x\r\n\r\n.dot\r\nß\r\n"
			const name = "1793689200.M000005Q1R0000000000000000.sink"
			if got := caught(t, s, "new"); len(got) != 1 || got[name] != want {
				t.Errorf("caught %q, want %q in %s", got, want, name)
			}
			if s.Count() != 1 || len(caught(t, s, "tmp")) != 0 {
				t.Errorf("count %d, tmp %q", s.Count(), caught(t, s, "tmp"))
			}
		})
	}
}

func TestGreetingNames(t *testing.T) {
	s := openTest(t)
	for host, want := range map[string]string{"Mail.Example.": "220 mail.example ESMTP\r\n",
		"192.0.2.1": "220 [192.0.2.1] ESMTP\r\n", "[2001:db8::1]": "220 [IPv6:2001:db8::1] ESMTP\r\n"} {
		conn, err := s.Dial(t.Context(), host, 25, smtp.TLSOff)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := bufio.NewReader(conn).ReadString('\n'); got != want {
			t.Errorf("%s: %q, %v, want %q", host, got, err, want)
		}
		_ = conn.Close()
	}
}

func TestDialRefuses(t *testing.T) {
	s := openTest(t)
	for _, host := range []string{"", ".", "a..b", "*.example", "bücher.example", "a b", "a\r\nb", "a\x00b",
		"[mail.example]", strings.Repeat("x", 64), strings.Repeat("x.", 127) + "xx", "mail.example:25"} {
		if conn, err := s.Dial(t.Context(), host, 25, smtp.TLSOff); !errors.Is(err, errHost) {
			t.Errorf("%q: %v, %v", host, conn, err)
		}
	}
	for _, port := range []int{0, -1, 65536} {
		if _, err := s.Dial(t.Context(), "a.example", port, smtp.TLSOff); err == nil {
			t.Errorf("port %d accepted", port)
		}
	}
	if _, err := s.Dial(t.Context(), "a.example", 25, "sometimes"); err == nil {
		t.Error("mode accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Dial(ctx, "a.example", 25, smtp.TLSOff); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	_ = s.Close()
	if _, err := s.Dial(t.Context(), "a.example", 25, smtp.TLSOff); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestTwentyClients(t *testing.T) {
	const clients, messages = 20, 10
	s := openTest(t)
	modes := []smtp.TLSMode{smtp.TLSImplicit, smtp.TLSStartTLS, smtp.TLSOpportunistic, smtp.TLSOff}
	var tasks sync.WaitGroup
	for number := range clients {
		tasks.Go(func() {
			// t.Fatal would end this goroutine only; the count below tells of it.
			k := dial(t, s, fmt.Sprintf("mx%d.example", number%3), 465, modes[number%len(modes)])
			for i := range messages {
				k.send("ann@bank.example", "bob@example.org", fmt.Sprintf("X-Number: %d-%d\r\n\r\n", number, i))
			}
			k.quit()
		})
	}
	tasks.Wait()
	if s.Count() != clients*messages {
		t.Errorf("count %d", s.Count())
	}
	seen := make(map[string]bool)
	for _, text := range caught(t, s, "new") {
		_, number, _ := strings.Cut(text, "X-Number: ")
		seen[number] = true
	}
	if len(seen) != clients*messages {
		t.Errorf("%d different messages", len(seen))
	}
}

// Close ends idle connections at once, half-sent messages soon, and nothing stays behind.
func TestClose(t *testing.T) {
	s := openTest(t)
	idle := dial(t, s, "a.example", 25, smtp.TLSOff)
	half := dial(t, s, "a.example", 465, smtp.TLSImplicit)
	half.say("MAIL FROM:<a@b>", "250")
	half.say("RCPT TO:<c@d>", "250")
	half.say("DATA", "354")
	_, _ = io.WriteString(half.conn, "half a message\r\n")
	silent, err := s.Dial(t.Context(), "a.example", 465, smtp.TLSImplicit) // never shakes hands
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	idle.say("", "421")
	if s.Count() != 0 || len(caught(t, s, "new")) != 0 || len(caught(t, s, "tmp")) != 0 {
		t.Errorf("count %d, new %q, tmp %q", s.Count(), caught(t, s, "new"), caught(t, s, "tmp"))
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

// Open makes folders and nothing else.
func TestOpen(t *testing.T) {
	before := runtime.NumGoroutine()
	s := openTest(t)
	if s.issuer.authority != nil || runtime.NumGoroutine() > before {
		t.Error("opening is not cheap")
	}
	for _, folder := range []string{"", "tmp", "new", "cur"} {
		info, err := os.Stat(filepath.Join(s.Dir(), folder))
		if err != nil || !info.IsDir() {
			t.Fatalf("%s: %v", folder, err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v", folder, info.Mode())
		}
	}
	if !filepath.IsAbs(s.Dir()) {
		t.Errorf("%s is not absolute", s.Dir())
	}
	if _, err := Open(Options{}); err == nil {
		t.Error("no error without a folder")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: file}); err == nil {
		t.Error("a file is no folder")
	}
	if _, err := Open(Options{Dir: s.Dir()}); err != nil {
		t.Errorf("a folder that exists: %v", err)
	}
}

// What cannot be written is refused, and the next message may be accepted again.
func TestWriteFailure(t *testing.T) {
	s := openTest(t)
	k := dial(t, s, "a.example", 25, smtp.TLSOff)
	for _, folder := range []string{"tmp", "new"} {
		if err := os.RemoveAll(filepath.Join(s.Dir(), folder)); err != nil {
			t.Fatal(err)
		}
		k.say("MAIL FROM:<a@b>", "250")
		k.say("RCPT TO:<c@d>", "250")
		k.say("DATA", "354")
		if reply := k.say("QUIT\r\n.", "452"); !strings.HasPrefix(reply, "452 4.3.1 ") {
			t.Errorf("%s missing: %q", folder, reply)
		}
		if err := os.Mkdir(filepath.Join(s.Dir(), folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if s.Count() != 0 || len(caught(t, s, "tmp")) != 0 {
		t.Errorf("count %d, tmp %q", s.Count(), caught(t, s, "tmp"))
	}
	k.send("a@b", "c@d", "x")
	k.quit()
	if s.Count() != 1 {
		t.Errorf("count %d", s.Count())
	}
}

// Nothing is kept of a message that is ill-formed, given up, or without recipients,
// nor of a smuggled one.
func TestNothingKept(t *testing.T) {
	s := openTest(t)
	k := dial(t, s, "a.example", 25, smtp.TLSOff)
	k.say("MAIL FROM:<a@b>", "250")
	k.say("DATA", "554")
	k.say("BDAT 6 LAST\r\nQUIT", "503")
	k.say("RCPT TO:<c@d>", "250")
	k.say("DATA", "354")
	k.say("x\n.\nMAIL FROM:<e@f>\r\n.", "550")
	k.say("MAIL FROM:<a@b>", "250")
	k.say("RCPT TO:<c@d>", "250")
	k.say("BDAT 3\r\nx", "250") // given up by QUIT
	k.quit()
	if s.Count() != 0 || len(caught(t, s, "new")) != 0 || len(caught(t, s, "tmp")) != 0 {
		t.Errorf("count %d, new %q, tmp %q", s.Count(), caught(t, s, "new"), caught(t, s, "tmp"))
	}
}

// Octets of a BINARYMIME message are stored as they are.
func TestBinary(t *testing.T) {
	s := openTest(t)
	k := dial(t, s, "a.example", 25, smtp.TLSOff)
	octets := make([]byte, 256)
	for i := range octets {
		octets[i] = byte(i)
	}
	octets = bytes.Repeat(octets, 300)
	k.say("MAIL FROM:<a@b> BODY=BINARYMIME", "250")
	k.say("RCPT TO:<c@d>", "250")
	if _, err := fmt.Fprintf(k.conn, "BDAT %d\r\n%s", len(octets), octets); err != nil {
		t.Fatal(err)
	}
	k.say("BDAT 0 LAST", "250")
	k.say("", "250")
	k.quit()
	for _, text := range caught(t, s, "new") {
		if !strings.HasSuffix(text, "+0000\r\n"+string(octets)) {
			t.Error("octets differ")
		}
	}
	if s.Count() != 1 {
		t.Errorf("count %d", s.Count())
	}
}

// Row K1: the password is nowhere in what the sink keeps or says.
func TestPasswordIsNotKept(t *testing.T) {
	s := openTest(t)
	k := dial(t, s, "a.example", 465, smtp.TLSImplicit)
	said := k.say("AUTH PLAIN AGFubgBjYW5hcnk=", "235")
	k.send("a@b", "c@d", "x")
	k.quit()
	for name, text := range caught(t, s, "new") {
		for _, form := range []string{"canary", "Y2FuYXJ5", "63616e617279", "AGFubgBjYW5hcnk"} {
			if strings.Contains(name+text+said, form) {
				t.Errorf("%q in %q", form, name+text+said)
			}
		}
	}
}
