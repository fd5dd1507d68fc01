package luaapi

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/sink"
	"github.com/mailscript/mailscript/smtp"
)

// tokenWorld is a token endpoint that numbers its tokens, and a mail server that
// takes some of them.
type tokenWorld struct {
	t      *testing.T
	issuer *issuing
	folder string
	toml   string

	mu      sync.Mutex
	given   int             // tokens
	takes   map[string]bool // tokens, by what the mail server does with them
	hangsUp bool            // behind a 535
	logins  []string        // tokens it saw
}

// accessToken is the n-th.
func accessToken(n int) string { return fmt.Sprintf("%s-%d", canary, n) }

func newTokenWorld(t *testing.T, takes ...int) *tokenWorld {
	w := &tokenWorld{t: t, issuer: newIssuing(t), folder: t.TempDir(), takes: map[string]bool{}}
	for _, n := range takes {
		w.takes[accessToken(n)] = true
	}
	endpoint := httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.given++
		fmt.Fprintf(out, `{"access_token": %q, "token_type": "bearer", "expires_in": 3599, "refresh_token": %q}`,
			accessToken(w.given), fmt.Sprintf("%s-refresh-%d", canary, w.given))
	}))
	endpoint.TLS = &tls.Config{Certificates: []tls.Certificate{w.issuer.good()}}
	endpoint.StartTLS()
	t.Cleanup(endpoint.Close)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() {
				defer conn.Close()
				w.serve(conn)
			})
		}
	})
	t.Cleanup(func() { listener.Close(); connections.Wait() })
	w.toml = fmt.Sprintf(`[account.default]
host = "127.0.0.1"
port = %d
tls = "off"
auth_in_clear = true
username = "ann"
[account.default.oauth2]
token_url = "https://localhost:%d/token"
ca = '%s'
client_id = "mailscript"
client_secret = '%s'
token_file = "refresh.token"
`, listener.Addr().(*net.TCPAddr).Port, endpoint.Listener.Addr().(*net.TCPAddr).Port, w.issuer.path, canary)
	w.write("refresh.token", canary+"-refresh-0\n")
	return w
}

func (w *tokenWorld) write(name, text string) {
	if err := os.WriteFile(filepath.Join(w.folder, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// serve takes log-ins by XOAUTH2, and messages.
func (w *tokenWorld) serve(conn net.Conn) {
	r := bufio.NewReader(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 mx.example")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "EHLO":
			say("250-mx.example\r\n250 AUTH XOAUTH2")
		case "AUTH":
			response, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(argument, "XOAUTH2 "))
			_, token, _ := strings.Cut(strings.Trim(string(response), "\x01"), "auth=Bearer ")
			w.mu.Lock()
			w.logins = append(w.logins, token)
			good, hangsUp := w.takes[token], w.hangsUp
			w.mu.Unlock()
			if good {
				say("235 2.7.0 welcome")
				continue
			}
			say("334 " + base64.StdEncoding.EncodeToString([]byte(`{"status":"401","schemes":"bearer","scope":"`+token+`"}`)))
			if line, _ = r.ReadString('\n'); line != "\r\n" {
				w.t.Errorf("the client answers %q", line)
			}
			say("535 5.7.8 " + token + " is no good")
			if hangsUp {
				return
			}
		case "DATA":
			say("354 go")
			for line != ".\r\n" {
				if line, err = r.ReadString('\n'); err != nil {
					return
				}
			}
			say("250 ok")
		default:
			say("250 ok")
		}
	}
}

// run runs a script and returns what it printed, its transcript, and how it
// ended.
func (w *tokenWorld) run(options Options, source string) (string, error) {
	w.t.Helper()
	w.write("mailscript.toml", w.toml)
	file, err := config.Load(filepath.Join(w.folder, "mailscript.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	var out bytes.Buffer
	warn := func(text string) { fmt.Fprintln(&out, text) }
	options.Root, options.Config, options.Secrets = w.folder, file, config.Reader{Folder: w.folder, Warn: warn}
	options.Trace, options.Notice = func(e smtp.Entry) { fmt.Fprintln(&out, e) }, warn
	api := New(options)
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	script, err := engine.LoadSource("test.lua", `local smtp = require "smtp" `+source)
	if err != nil {
		w.t.Fatal(err)
	}
	err = rt.Run(w.t.Context(), script)
	api.Close(w.t.Context())
	if closing := rt.Close(w.t.Context()); closing != nil {
		w.t.Error(closing)
	}
	wantNoCanary(w.t, "what the run said", out.String())
	wantNoCanary(w.t, "its end", fmt.Sprint(err))
	for _, value := range []any{api, api.tokens, file, file.Accounts} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			wantNoCanary(w.t, fmt.Sprintf("%s of %T", verb, value), fmt.Sprintf(verb, value))
		}
	}
	return out.String(), err
}

func (w *tokenWorld) want(given int, logins ...int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var wanted []string
	for _, n := range logins {
		wanted = append(wanted, accessToken(n))
	}
	if w.given != given || strings.Join(w.logins, " ") != strings.Join(wanted, " ") {
		w.t.Errorf("%d tokens given, log-ins with %q; want %d, %q", w.given, w.logins, given, wanted)
	}
	text, err := os.ReadFile(filepath.Join(w.folder, "refresh.token"))
	if err != nil || strings.TrimSpace(string(text)) != fmt.Sprintf("%s-refresh-%d", canary, given) {
		w.t.Errorf("the token file holds %q, %v", text, err)
	}
}

const threeMessages = `
for i = 1, 3 do
  print(smtp.send { from = "a@bank.example", to = "bob@example.org", text = "x" }.outcome)
end`

// FAULTS.md, row 42: a refused token is replaced once, and the account goes on
// with the new one.
func TestFault42(t *testing.T) {
	w := newTokenWorld(t, 2)
	out, err := w.run(Options{}, threeMessages)
	if err != nil || strings.Count(out, "sent\n") != 3 || strings.Count(out, "AUTH XOAUTH2 ‹secret›") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	w.want(2, 1, 2)
}

// FAULTS.md, row 42: one that is taken is not renewed, and serves every
// connection of the run.
func TestFault42Taken(t *testing.T) {
	w := newTokenWorld(t, 1)
	if out, err := w.run(Options{}, threeMessages+` for i = 1, 2 do smtp.connect():auth() end`); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	w.want(1, 1, 1, 1)
}

// FAULTS.md, rows 37 and 42: one new token, and no more; then the account is
// not tried again.
func TestFault42Refused(t *testing.T) {
	w := newTokenWorld(t)
	out, err := w.run(Options{}, `
for i = 1, 3 do
  local _, fault = try(function() smtp.connect():auth() end)
  print(fault.kind, fault.code, fault.temporary)
end`)
	if err != nil || strings.Count(out, "auth\t535\tfalse\n") != 3 {
		t.Errorf("%v\n%s", err, out)
	}
	w.want(2, 1, 2)
}

// FAULTS.md, row 42: where the server hangs up behind its refusal, the new token
// is for the next connection.
func TestFault42HangsUp(t *testing.T) {
	w := newTokenWorld(t, 2)
	w.hangsUp = true
	out, err := w.run(Options{}, `
for i = 1, 2 do
  local _, fault = try(function() smtp.connect():auth() end)
  print(fault and fault.temporary)
end`)
	if err != nil || !strings.Contains(out, "true\n") || !strings.Contains(out, "nil\n") {
		t.Errorf("%v\n%s", err, out)
	}
	w.want(2, 1, 2)
}

// A rehearsal asks no endpoint, and reads no token file.
func TestTokensRehearsed(t *testing.T) {
	w := newTokenWorld(t)
	if err := os.Remove(filepath.Join(w.folder, "refresh.token")); err != nil {
		t.Fatal(err)
	}
	s, err := sink.Open(sink.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dial := func(ctx context.Context, target smtp.Target) (net.Conn, error) {
		return s.Dial(ctx, target.Host, target.Port, target.TLS)
	}
	out, err := w.run(Options{Rehearsal: true, RootCAs: s.RootCAs(), Dial: dial}, `smtp.connect():auth()`)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil || w.given != 0 || len(w.logins) != 0 {
		t.Errorf("%v, %d tokens, %d log-ins\n%s", err, w.given, len(w.logins), out)
	}
}

// What a script says beside the account.
func TestTokensAndOptions(t *testing.T) {
	for source, want := range map[string]string{
		`smtp.connect():auth { mechanism = "PLAIN" }`:              "logs in with access tokens, which PLAIN does not take",
		`smtp.connect():auth { mechanism = "XOAUTH2" }`:            "",
		`smtp.connect():auth { token = "` + accessToken(7) + `" }`: "",
	} {
		w := newTokenWorld(t, 1, 7)
		_, err := w.run(Options{}, source)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
}
