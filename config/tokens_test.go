package config

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/mailscript/mailscript/smtp"
)

// endpoint is a token endpoint and an account that uses it.
type endpoint struct {
	t       *testing.T
	account Account
	file    string       // the token file
	asked   atomic.Int64 // requests
	seen    chan url.Values
	warned  bytes.Buffer
}

// endpointAt starts one. It answers with what handle writes; the requests'
// forms can be read from seen.
func endpointAt(t *testing.T, keys string, handle func(w http.ResponseWriter, form url.Values)) *endpoint {
	t.Helper()
	e := &endpoint{t: t, seen: make(chan url.Values, 1000)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.asked.Add(1)
		if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
			t.Errorf("%s: %v", r.Method, err)
		}
		e.seen <- r.PostForm
		handle(w, r.PostForm)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	folder := t.TempDir()
	e.file = filepath.Join(folder, "refresh.token")
	for name, text := range map[string][]byte{
		"refresh.token": []byte("first\n"),
		"ca.pem":        pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if keys == "" {
		keys = `token_file = "refresh.token"`
	}
	file, err := Parse(filepath.Join(folder, Name), []byte(fmt.Sprintf("[account.default]\nhost = \"smtp.example.org\"\nusername = \"ann\"\n"+
		"[account.default.oauth2]\ntoken_url = %q\nclient_id = \"program\"\nca = \"ca.pem\"\n%s\n", server.URL+"/token", keys)))
	if err != nil {
		t.Fatal(said(err))
	}
	e.account = file.Accounts["default"]
	return e
}

func (e *endpoint) tokens() *Tokens {
	e.t.Helper()
	tokens, err := e.account.Tokens(Reader{Warn: func(text string) { fmt.Fprintln(&e.warned, text) }})
	if err != nil {
		e.t.Fatal(err)
	}
	return tokens
}

func (e *endpoint) wantFile(want string) {
	e.t.Helper()
	text, err := os.ReadFile(e.file)
	if err != nil || strings.TrimSpace(string(text)) != want {
		e.t.Errorf("the token file holds %q, want %q (%v)", text, want, err)
	}
	if info, err := os.Stat(e.file); err == nil && othersMayRead(info) {
		e.t.Errorf("the token file has permissions %v", info.Mode())
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(e.file), ".refresh*"))
	if len(left) > 0 {
		e.t.Errorf("left behind: %q", left)
	}
}

func wantToken(t *testing.T, token smtp.Secret, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got := reveal(token); got != want {
		t.Errorf("token %q, want %q", got, want)
	}
}

// grants answers with a token, and a new refresh token where there is one.
func grants(w io.Writer, access, refresh string) {
	fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer", "expires_in": 3600, "refresh_token": %s}`, access, refresh)
}

// FAULTS.md, row 43: what the endpoint may do in place of giving out a token.
func TestFault43(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	says := func(status int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(status); _, _ = io.WriteString(w, body) }
	}
	sends := func(status int, to string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.Header().Set("Location", to); w.WriteHeader(status) }
	}
	for _, test := range []struct {
		name, want string
		answer     func(http.ResponseWriter)
		kind       smtp.Kind
		later      bool
	}{
		{"500", "500 Internal Server Error", says(500, ""), smtp.KindAuth, true},
		{"503 with a page", "503 Service Unavailable", says(503, "<html>busy</html>"), smtp.KindAuth, true},
		{"429", "429 Too Many Requests", says(429, "{}"), smtp.KindAuth, true},
		{"later, with 400", "400 temporarily_unavailable", says(400, `{"error": "temporarily_unavailable"}`), smtp.KindAuth, true},
		{"invalid_grant", "400 invalid_grant: Token has been expired or revoked.",
			says(400, `{"error": "invalid_grant", "error_description": "Token has been expired or revoked.\r\nTrace ID: x"}`), smtp.KindAuth, false},
		{"invalid_grant with 200", "200 invalid_grant", says(200, `{"error": "invalid_grant"}`), smtp.KindAuth, false},
		{"invalid_client", "401 invalid_client", says(401, `{"error": "invalid_client"}`), smtp.KindAuth, false},
		{"escape sequences", "400 invalid_grant: x [31m y", says(400, "{\"error\": \"invalid_grant\", \"error_description\": \"x\\u001b[31m\\ty\"}"), smtp.KindAuth, false},
		{"a word that is none", "400 Bad Request", says(400, `{"error": "no such\nthing"}`), smtp.KindAuth, false},
		{"to http", "307: it sends to an address without TLS, which is not followed", sends(307, elsewhere.URL), smtp.KindProtocol, false},
		{"to http, as GET", "302: it sends to an address without TLS, which is not followed", sends(302, elsewhere.URL), smtp.KindProtocol, false},
		{"to another host", "308: it sends to elsewhere.example, which is not followed", sends(308, "https://elsewhere.example/token"), smtp.KindProtocol, false},
		{"nowhere", "302: it sends elsewhere, which is not followed", sends(302, ""), smtp.KindProtocol, false},
		{"a page", "its answer is not JSON, or not that of a token endpoint", says(200, "<html>"), smtp.KindProtocol, false},
		{"no token", "its answer holds no access_token", says(200, `{"access_token": null}`), smtp.KindProtocol, false},
		{"a token of another kind", "it gave a token of another type than Bearer", says(200, `{"access_token": "x", "token_type": "mac"}`), smtp.KindProtocol, false},
		{"no end", "its answer is larger than 256 KiB", says(200, strings.Repeat(" ", maxEndpointAnswer+1)), smtp.KindProtocol, false},
		{"a refresh token in lines", "it gave a refresh token that is not printable ASCII", says(200, `{"access_token": "x", "refresh_token": "a\nb"}`), smtp.KindProtocol, false},
		{"hangs up", "the connection ended, or what came is no HTTP", func(w http.ResponseWriter) {
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				conn.Close()
			}
		}, smtp.KindLost, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := endpointAt(t, "", func(w http.ResponseWriter, _ url.Values) { test.answer(w) })
			tokens := e.tokens()
			_, err := tokens.Token(t.Context())
			var fault *TokenError
			if !errors.As(err, &fault) {
				t.Fatalf("%T: %v", err, err)
			}
			if fault.Text != test.want || fault.Kind != test.kind || fault.Temporary() != test.later {
				t.Errorf("%q, %s, temporary %v; want %q, %s, %v", fault.Text, fault.Kind, fault.Temporary(), test.want, test.kind, test.later)
			}
			e.wantFile("first")
			if e.asked.Load() != 1 {
				t.Errorf("asked %d times", e.asked.Load())
			}
			// What was refused for good is not asked for again.
			_, _ = tokens.Token(t.Context())
			if again := e.asked.Load() - 1; again != 1 && (test.later || test.kind != smtp.KindAuth) || again != 0 && !test.later && test.kind == smtp.KindAuth {
				t.Errorf("asked %d times again", again)
			}
		})
	}
}

// FAULTS.md, row 43: an endpoint that says nothing has ten seconds.
func TestFault43Hangs(t *testing.T) {
	e := endpointAt(t, "", nil)
	synctest.Test(t, func(t *testing.T) {
		tokens := e.tokens()
		tokens.client.Transport = trip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		began := time.Now()
		_, err := tokens.Token(t.Context())
		var fault *TokenError
		if !errors.As(err, &fault) || fault.Kind != smtp.KindTimeout || !fault.Temporary() || time.Since(began) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		// Nor may its body drip.
		tokens.client.Transport = trip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: dripping{r.Context()}}, nil
		})
		began = time.Now()
		if _, err = tokens.Token(t.Context()); !errors.As(err, &fault) || fault.Kind != smtp.KindTimeout || time.Since(began) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
	e.wantFile("first")
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dripping is a body of one octet a second, without end.
type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (dripping) Close() error { return nil }

// FAULTS.md, row 43: a certificate that nobody knows, TLS too old, or none.
func TestFault43Certificate(t *testing.T) {
	e := endpointAt(t, "", nil)
	e.account.OAuth2.CA = ""
	_, err := e.tokens().Token(t.Context())
	var fault *TokenError
	if !errors.As(err, &fault) || fault.Kind != smtp.KindTLS || fault.Temporary() || e.asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, e.asked.Load())
	}

	clear := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("asked in clear text") }))
	defer clear.Close()
	e.account.OAuth2.TokenURL = strings.Replace(clear.URL, "http:", "https:", 1)
	if _, err = e.tokens().Token(t.Context()); !errors.As(err, &fault) || fault.Temporary() {
		t.Errorf("clear text: %v", err)
	}

	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.StartTLS()
	defer old.Close()
	e.account.OAuth2.TokenURL = old.URL
	if _, err = e.tokens().Token(t.Context()); !errors.As(err, &fault) || fault.Status != 0 {
		t.Errorf("TLS 1.1: %v", err)
	}
}

// FAULTS.md, row 43: a new refresh token is in the file before its access token
// is used, and nothing takes the place of the old one where there is no new one.
func TestFault43Rotation(t *testing.T) {
	answers := []struct{ refresh, file, access string }{
		{`null`, "first", "a0"}, {`""`, "first", "a1"}, {`"first"`, "first", "a2"},
		{`"second"`, "second", "a3"}, {`null`, "second", "a4"}, {`"third"`, "third", "a5"},
	}
	next := 0
	e := endpointAt(t, "scope = \"mail\"\nclient_secret = \"hush\"\ntoken_file = \"refresh.token\"", func(w http.ResponseWriter, form url.Values) {
		grants(w, answers[next].access, answers[next].refresh)
	})
	tokens := e.tokens()
	known, before := smtp.Secret{}, "first"
	for i, answer := range answers {
		next = i
		token, err := tokens.Renew(t.Context(), known)
		wantToken(t, token, err, answer.access)
		e.wantFile(answer.file)
		form := <-e.seen
		want := url.Values{"grant_type": {"refresh_token"}, "client_id": {"program"}, "client_secret": {"hush"}, "scope": {"mail"}, "refresh_token": {before}}
		if form.Encode() != want.Encode() {
			t.Errorf("asked with %v, want %v", form, want)
		}
		known, before = token, answer.file
	}
	// One that comes with nothing else is kept too: the old one may be void.
	next = 0
	answers[0].access, answers[0].refresh = "", `"fourth"`
	if _, err := tokens.Renew(t.Context(), known); err == nil {
		t.Error("no access token is none")
	}
	e.wantFile("fourth")
}

// FAULTS.md, row 43: a new refresh token that cannot be saved is an error; it is
// saved, and nothing asked in its place, once that works again.
func TestFault43NotSaved(t *testing.T) {
	var e *endpoint
	folder := func() string { return filepath.Join(filepath.Dir(e.file), "tokens") }
	e = endpointAt(t, `token_file = "tokens/refresh.token"`, func(w http.ResponseWriter, form url.Values) {
		if form.Get("refresh_token") == "first" {
			_ = os.RemoveAll(folder()) // what was opened beside the old one is gone
		}
		grants(w, "access of "+form.Get("refresh_token"), `"second"`)
	})
	restore := func() {
		if err := os.MkdirAll(folder(), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder(), "refresh.token"), []byte("first"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	restore()
	tokens := e.tokens()
	_, err := tokens.Token(t.Context())
	var fault *Error
	if !errors.As(err, &fault) || !strings.Contains(fault.Text, "was not replaced: no such file") || !strings.Contains(fault.Hint, "lost when the run ends") {
		t.Fatalf("%v", err)
	}
	// It is still known, and the folder still missing.
	if _, err = tokens.Token(t.Context()); err == nil || e.asked.Load() != 1 {
		t.Errorf("%v, asked %d times", err, e.asked.Load())
	}
	restore()
	token, err := tokens.Token(t.Context())
	wantToken(t, token, err, "access of second")
	e.file = filepath.Join(folder(), "refresh.token")
	e.wantFile("second")
}

// A folder that cannot be written to is found before a token is used up.
func TestTokenFolder(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("whoever runs this may write everywhere")
	}
	e := endpointAt(t, "", nil)
	folder := filepath.Dir(e.file)
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(folder, 0o700) }()
	if _, err := e.tokens().Token(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be replaced: permission denied; nothing was asked") || e.asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, e.asked.Load())
	}
}

// Where another process has replaced the refresh token meanwhile, its successor
// is tried.
func TestTokenReplacedByAnother(t *testing.T) {
	var e *endpoint
	e = endpointAt(t, "", func(w http.ResponseWriter, form url.Values) {
		if form.Get("refresh_token") == "first" {
			if err := os.WriteFile(e.file, []byte("theirs\n"), 0o600); err != nil {
				t.Error(err)
			}
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"error": "invalid_grant"}`)
			return
		}
		grants(w, "access", "null")
	})
	token, err := e.tokens().Token(t.Context())
	wantToken(t, token, err, "access")
	e.wantFile("theirs")
	if e.asked.Load() != 2 {
		t.Errorf("asked %d times", e.asked.Load())
	}
}

// A new refresh token that no file is there for is said, and used in this run.
func TestTokenWithoutFile(t *testing.T) {
	e := endpointAt(t, `refresh_token = "first"`, func(w http.ResponseWriter, form url.Values) {
		grants(w, "access of "+form.Get("refresh_token"), `"second"`)
	})
	tokens := e.tokens()
	token, err := tokens.Token(t.Context())
	wantToken(t, token, err, "access of first")
	if want := "refresh token of account \"default\": the service gave out a new one"; !strings.HasPrefix(e.warned.String(), want) {
		t.Errorf("%q", e.warned.String())
	}
	token, err = tokens.Renew(t.Context(), token)
	wantToken(t, token, err, "access of second")
	if strings.Count(e.warned.String(), "\n") != 1 {
		t.Errorf("%q", e.warned.String())
	}
}

// FAULTS.md, row 42: one request for all who need a token, or were refused with
// the same one, and one for all where it fails.
func TestFault42SingleFlight(t *testing.T) {
	e := endpointAt(t, "", nil)
	synctest.Test(t, func(t *testing.T) {
		tokens := e.tokens()
		asked, fails := 0, false
		tokens.client.Transport = trip(func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Second) // of the bubble
			asked++
			body := fmt.Sprintf(`{"access_token": "access %d", "expires_in": "3600"}`, asked)
			status := 200
			if fails {
				status, body = 503, ""
			}
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}, nil
		})
		const goroutines = 100
		all := func(get func() (smtp.Secret, error)) (got map[string]int) {
			got = map[string]int{}
			var mu sync.Mutex
			var group sync.WaitGroup
			for range goroutines {
				group.Go(func() {
					token, err := get()
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						got["error"]++
					} else {
						got[reveal(token)]++
					}
				})
			}
			group.Wait()
			return got
		}
		if got := all(func() (smtp.Secret, error) { return tokens.Token(t.Context()) }); got["access 1"] != goroutines || asked != 1 {
			t.Errorf("%v, asked %d times", got, asked)
		}
		refused, _ := tokens.Token(t.Context())
		if got := all(func() (smtp.Secret, error) { return tokens.Renew(t.Context(), refused) }); got["access 2"] != goroutines || asked != 2 {
			t.Errorf("%v, asked %d times", got, asked)
		}
		// Who was refused with the old one later gets the new one.
		token, err := tokens.Renew(t.Context(), refused)
		wantToken(t, token, err, "access 2")
		fails = true
		refused = token
		if got := all(func() (smtp.Secret, error) { return tokens.Renew(t.Context(), refused) }); got["error"] != goroutines || asked != 3 {
			t.Errorf("%v, asked %d times", got, asked)
		}
	})
}

// Who asks for all may be interrupted; those who wait go on, and those who give
// up do not wait.
func TestTokenInterrupted(t *testing.T) {
	e := endpointAt(t, "", nil)
	synctest.Test(t, func(t *testing.T) {
		tokens := e.tokens()
		tokens.client.Transport = trip(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(5 * time.Second):
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"access_token": "access"}`))}, nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		first, end := context.WithCancel(t.Context())
		soon, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := tokens.Token(first); !errors.Is(err, context.Canceled) {
				t.Errorf("the first: %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() {
			if _, err := tokens.Token(soon); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the impatient: %v", err)
			}
		})
		group.Go(func() {
			token, err := tokens.Token(t.Context())
			wantToken(t, token, err, "access")
		})
		time.Sleep(3 * time.Second)
		end()
		group.Wait()
	})
}

// A token is renewed a minute before it ends, one without a known end after an
// hour, and one that ends at once with each use.
func TestTokenExpiry(t *testing.T) {
	for expires, want := range map[string]time.Duration{
		`3600`: 59 * time.Minute, `"3600"`: 59 * time.Minute, `null`: 59 * time.Minute, `60`: 30 * time.Second, `0`: 0, `-5`: 0,
		`1e99`: 59 * time.Minute, `99999999999999`: 365*24*time.Hour - time.Minute,
	} {
		e := endpointAt(t, "", nil)
		synctest.Test(t, func(t *testing.T) {
			tokens := e.tokens()
			asked := 0
			tokens.client.Transport = trip(func(*http.Request) (*http.Response, error) {
				asked++
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"access_token": "x", "expires_in": ` + expires + `}`))}, nil
			})
			for _, step := range []struct {
				wait time.Duration
				want int
			}{{0, 1}, {want - 1, 1}, {1, 2}} {
				if want == 0 && step.wait < 0 {
					continue
				}
				time.Sleep(step.wait)
				if _, err := tokens.Token(t.Context()); err != nil || asked != step.want {
					t.Errorf("expires_in %s: asked %d times after %s, want %d (%v)", expires, asked, step.wait, step.want, err)
				}
			}
		})
	}
}

// What stands in the file in the place of a token.
func TestTokenFile(t *testing.T) {
	e := endpointAt(t, "", nil)
	for text, want := range map[string]string{
		"": "is empty", "\n": "is empty", `{"refresh_token": "x"}`: "holds JSON", "\xff\xfex": "is UTF-16", "to\x01ken": "does not hold a token",
	} {
		if err := os.WriteFile(e.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := e.tokens().Token(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "refresh.token "+want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if err := os.Remove(e.file); err != nil {
		t.Fatal(err)
	}
	if _, err := e.tokens().Token(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "refresh.token is not there") {
		t.Error(err)
	}
	if e.asked.Load() != 0 {
		t.Error("the endpoint was asked")
	}
}

// Which endpoint, and what for, follows from the account.
func TestTokenServices(t *testing.T) {
	for _, c := range []struct{ account, says, want string }{
		{`service = "gmail"`, "", "https://oauth2.googleapis.com/token "},
		{`service = "gmail"`, `scope = "x"`, "https://oauth2.googleapis.com/token x"},
		{`service = "office365"`, "", "https://login.microsoftonline.com/common/oauth2/v2.0/token https://outlook.office.com/SMTP.Send offline_access"},
		{`service = "outlook"`, `tenant = "consumers"`, "https://login.microsoftonline.com/consumers/oauth2/v2.0/token https://outlook.office.com/SMTP.Send offline_access"},
		{`host = "smtp.example.org"`, `service = "Microsoft"`, "https://login.microsoftonline.com/common/oauth2/v2.0/token https://outlook.office.com/SMTP.Send offline_access"},
		{`host = "smtp.example.org"`, `service = "google"`, "https://oauth2.googleapis.com/token "},
		{`service = "gmail"`, `token_url = "https://login.example.org/TENANT"`, "https://login.example.org/TENANT "},
	} {
		o := parse(t, "[account.x]\nusername = \"ann\"\n"+c.account+"\n[account.x.oauth2]\nclient_id = \"x\"\nrefresh_token_env = \"TOKEN\"\n"+c.says).Accounts["x"].OAuth2
		if got := o.TokenURL + " " + o.Scope; got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.account, c.says, got, c.want)
		}
	}
}

// The endpoint is asked through the proxy of the account.
func TestTokenProxy(t *testing.T) {
	e := endpointAt(t, "", func(w http.ResponseWriter, _ url.Values) { grants(w, "access", "null") })
	through := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through = r.Method + " " + r.Host
		far, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		defer far.Close()
		near, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer near.Close()
		_, _ = io.WriteString(near, "HTTP/1.1 200 ok\r\n\r\n")
		go func() { _, _ = io.Copy(far, near) }()
		_, _ = io.Copy(near, far)
	}))
	defer proxy.Close()
	e.account.Proxy = smtp.Proxy{Kind: smtp.HTTPConnect, Address: strings.TrimPrefix(proxy.URL, "http://")}
	token, err := e.tokens().Token(t.Context())
	wantToken(t, token, err, "access")
	if through != "CONNECT "+e.account.OAuth2.host() {
		t.Errorf("the proxy was asked for %q", through)
	}
	proxy.Close()
	_, err = e.tokens().Token(t.Context())
	var fault *TokenError
	if !errors.As(err, &fault) || fault.Kind != smtp.KindConnect || !fault.Temporary() || !strings.HasPrefix(fault.Text, "proxy ") || e.asked.Load() != 1 {
		t.Errorf("%v, asked %d times", err, e.asked.Load())
	}
}

// What an endpoint answers is one line that can be shown, without what it was
// asked with.
func FuzzEndpointAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"access_token": "x", "expires_in": 3600, "refresh_token": "y"}`, `{"error": "invalid_grant", "error_description": "no\r\nx"}`,
		`{"error": "` + canary + `"}`, `{"access_token": 1}`, `[]`, "\x00", `{"error_description": "` + strings.Repeat("x ", 500) + `"}`,
	} {
		f.Add(seed, 400)
		f.Add(seed, 200)
	}
	o := OAuth2{TokenURL: "https://login.example.org/token", account: "default"}
	f.Fuzz(func(t *testing.T, body string, status int) {
		tokens := &Tokens{account: o, clientSecret: smtp.NewSecret(canary), refresh: smtp.NewSecret(canary)}
		given, err := tokens.granted(time.Now(), []byte(body))
		if err == nil && given.access.IsZero() {
			t.Error("neither a token nor an error")
		}
		for _, err := range []error{err, tokens.refusal(status, []byte(body))} {
			if err == nil {
				continue
			}
			text := err.Error()
			if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0x9b }) || len(text) > 400 || !utf8.ValidString(text) {
				t.Errorf("%q", text)
			}
			if strings.Contains(text, canary) {
				t.Errorf("the canary is in %q", text)
			}
		}
	})
}
