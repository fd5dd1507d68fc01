package luaapi

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mailscript/mailscript/engine"
)

// aroundWeb is Lua after which http asks a server of the test, whatever the URL says.
func aroundWeb(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"rate": 1.5}`)
	}))
	t.Cleanup(server.Close)
	return fmt.Sprintf(`
local real = http
http = setmetatable({}, { __index = function(_, name)
  return function(url, options)
    options = options or {}
    options.allow = "127.0.0.1"
    return real[name]((url:gsub("https://[^/]+", %q)), options)
  end
end })
`, server.URL)
}

// askWeb runs Lua in which URL is the address of a server, and returns what it printed.
func askWeb(t *testing.T, handler http.HandlerFunc, source string) (string, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	out, _, err := rehearse(t, around+fmt.Sprintf("local URL = %q\nlocal LOCAL = { allow = '127.0.0.1', retries = 0 }\n", server.URL)+source)
	return out, err
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Add("X-Twice", "a")
	w.Header().Add("X-Twice", "b")
	w.Header().Add("Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
	w.Header().Add("Set-Cookie", "b=2")
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintf(w, "%s %s|%s|%s|%s", r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), body)
}

func TestWeb(t *testing.T) {
	t.Setenv("CANARY", canary)
	for _, test := range []struct{ name, source, want string }{
		{"get", `local r = http.get(URL .. "/a?x=1", { allow = "127.0.0.1", query = { b = "ü&=", a = 2, c = true } }) print(r.ok, r.status, r, r.body)`,
			"true\t200\t200 OK\tGET /a?x=1&a=2&b=%C3%BC%26%3D&c=true|||"},
		{"query in its order", `print(http.get(URL, { allow = "127.0.0.1", query = { { "z", "1" }, { "a", "2" }, { "z", "3" } } }).body)`, "GET /?z=1&a=2&z=3|||"},
		{"a list of values", `print(http.get(URL, { allow = "127.0.0.1", query = { a = { 1, 2 } } }).body)`, "GET /?a=1&a=2|||"},
		{"json", `print(http.post(URL, { allow = "127.0.0.1", json = { list = json.array {}, none = json.null, n = 1 } }).body)`, `POST /||application/json|{"list":[],"n":1,"none":null}`},
		{"form", `print(http.post(URL, { allow = "127.0.0.1", form = { a = "x y", b = 1.5 } }).body)`, `POST /||application/x-www-form-urlencoded|a=x+y&b=1.5`},
		{"body", `print(http.post(URL, { allow = "127.0.0.1", body = "\0\255", headers = { ["content-type"] = "image/x" } }).body)`, "POST /||image/x|\x00\xff"},
		{"nothing", `print(http.post(URL, LOCAL).body)`, "POST /|||"},
		{"a secret in a rehearsal", `print(http.get(URL, { allow = "127.0.0.1", headers = { Authorization = "Bearer " .. secret.env "CANARY" } }).body)`, "GET /|Bearer " + canary + "||"},
		{"headers", `local h = http.get(URL, LOCAL).headers print(h["x-twice"], h["X-TWICE"], h["Content-Type"], h.nothing, h["set-cookie"]) for name in pairs(h) do assert(name == name:lower()) end`,
			"a, b\ta, b\ttext/plain\tnil\ta=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\nb=2"},
		{"a host", `print(http.get((URL:gsub("127.0.0.1", "localhost")), { allow = { "localhost", "192.0.2.1", "10.0.0.0/8" } }).status)`, "200"},
	} {
		out, err := askWeb(t, echo, test.source)
		if err != nil || strings.TrimSuffix(out, "\n") != test.want {
			t.Errorf("%s: %v\n%q\nwant\n%q", test.name, err, out, test.want)
		}
	}
}

// What a web service says never ends a script in a way that it cannot catch, and each
// fault has its kind.
func TestWebFaults(t *testing.T) {
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	answer := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, text)
			conn.Close()
		}
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		call    string
		kind    string
		want    string
	}{
		{"refused", echo, `http.get(URL .. "/path?token=" .. TOKEN)`, "refused", "127.0.0.1 is refused: it is loopback"},
		{"refused by name", echo, `http.get("http://localhost:1/path?token=" .. TOKEN)`, "refused", "loopback"},
		{"another network", echo, `http.get(URL, { allow = "10.0.0.0/8" })`, "refused", "loopback"},
		{"metadata of clouds", echo, `http.get("http://169.254.169.254/latest", LOCAL)`, "refused", "link-local"},
		{"redirect to a private place", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
		}, `http.get(URL, LOCAL)`, "refused", "private"},
		{"redirect to a file", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, `http.get(URL, LOCAL)`, "protocol", "one cannot go"},
		{"nobody listens", echo, `http.get("http://127.0.0.1:1/", LOCAL)`, "connect", "connection refused"},
		{"lost", answer(""), `http.get(URL, LOCAL)`, "lost", "EOF"},
		{"cut", answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), `http.get(URL, LOCAL)`, "lost", "EOF"},
		{"no HTTP", answer("220 mx.example ESMTP\r\n"), `http.get(URL, LOCAL)`, "protocol", "the answer is no HTTP"},
		{"slow", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}, `http.get(URL, { allow = "127.0.0.1", timeout = 0.2, retries = 0 })`, "timeout", "no complete answer"},
		{"clear text", echo, `http.get((URL:gsub("http:", "https:")), LOCAL)`, "tls", "speaks clear text"},
		{"too large", func(w http.ResponseWriter, _ *http.Request) {
			for range 17 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		}, `http.get(URL, LOCAL)`, "protocol", "larger than 16 MiB"},
		{"no URL", echo, `http.get("ftp://x/" .. TOKEN, LOCAL)`, "argument", "does not begin with https://"},
		{"credentials", echo, `http.get("http://ann:" .. TOKEN .. "@127.0.0.1/", LOCAL)`, "argument", "credentials"},
		{"a header of two lines", echo, `http.get(URL, { allow = "127.0.0.1", headers = { A = "x\r\nB: y" } })`, "argument", "characters that headers cannot have"},
		{"a name of two lines", echo, `http.get(URL, { allow = "127.0.0.1", headers = { ["A: b\r\nC"] = "x" } })`, "argument", "a name that headers cannot have"},
		{"Host", echo, `http.get(URL, { allow = "127.0.0.1", headers = { host = "x" } })`, "argument", "set by the client"},
		{"a shown secret", echo, `http.get(URL, { allow = "127.0.0.1", headers = { A = "Bearer " .. tostring(secret.env "X") } })`, "argument", "a secret was put into it"},
		{"a shown secret in JSON", echo, `http.post(URL, { allow = "127.0.0.1", json = { a = tostring(secret.env "X") } })`, "argument", "a secret was put into it"},
		{"no certificates", echo, `http.get(URL, { allow = "127.0.0.1", ca = "people.csv" })`, "argument", "no certificate"},
		{"no file", echo, `http.get(URL, { allow = "127.0.0.1", ca = "nobody.pem" })`, "file", "nobody.pem"},
		{"no proxy", echo, `http.get(URL, { allow = "127.0.0.1", proxy = "ftp://" .. TOKEN })`, "argument", "the proxy is no URL"},
		{"no such secret", echo, `http.get(URL, { allow = "127.0.0.1", headers = { A = secret.get "crm" } })`, "config", `there is no secret "crm"`},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, `http.get(URL, LOCAL):json()`, "protocol", "line 1, column 1"},
		{"JSON in Latin-1", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "\"\xe9\"") }, `http.get(URL, LOCAL):json()`, "protocol", "not UTF-8"},
		{"deep JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("[", 100_000)) }, `http.get(URL, LOCAL):json()`, "protocol", "nested more than"},
	} {
		out, err := askWeb(t, test.handler, `local TOKEN = "s3cr3t-t0ken" local _, fault = try(function() return `+test.call+` end) print(fault.kind) print(fault, fault.hint)`)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		kind, rest, _ := strings.Cut(out, "\n")
		if kind != test.kind || !strings.Contains(rest, test.want) || strings.Contains(rest, "s3cr3t") || strings.Contains(rest, "/path") {
			t.Errorf("%s: %q\nwant %s: … %s", test.name, out, test.kind, test.want)
		}
	}
}

func TestWebMistakes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`http.get(URL, { header = {} })`, `unknown option "header" (did you mean "headers"?)`},
		{`http.get(URL, { retries = 1.5 })`, `option "retries" must be a whole number from 0 to 20`},
		{`http.get(URL, { headers = "x" })`, `option "headers" must be a table`},
		{`http.get(URL, { headers = { A = print } })`, `option "headers": A must be a string or a secret, got function`},
		{`http.get(URL, { headers = { { "A" } } })`, `element 1 is no pair`},
		{`http.get(URL, { allow = "http://x/" })`, `"http://x/" is no host, address or network`},
		{`http.get(URL, { json = {} })`, `unknown option "json"`},
		{`http.post(URL, { json = {}, body = "x" })`, `exclude each other`},
		{`http.post(URL, { json = print })`, `option "json": a function cannot be part of data`},
		{`http.post(URL, { json = { secret.env "X" } })`, `a secret cannot be part of data`},
		{`http.post(URL, { body = secret.env "X" })`, `option "body" must be a string, got secret`},
		{`http.get(mime)`, `argument 1 (url) must be string|secret`},
		{`http.put(URL)`, `module http has no function "put"`},
	} {
		if _, err := askWeb(t, echo, test.source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
	}
}

// Secrets reach the server, and nothing that the script can print, be it that the server
// sends them back in the place of an answer.
func TestWebSecrets(t *testing.T) {
	t.Setenv("CANARY", canary)
	heard := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text := r.Header.Get("Authorization") + "|" + r.URL.RequestURI() + "|" + string(body)
		heard <- text
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprintf(conn, "NOHTTP %s\r\n\r\n", text)
		conn.Close()
	}))
	t.Cleanup(server.Close)
	var out bytes.Buffer
	api := New(Options{Root: t.TempDir(), Log: PlainLog(&out, slog.LevelDebug)})
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	script, err := engine.LoadSource("test.lua", fmt.Sprintf(`
local http, secret, log = require "http", require "secret", require "log"
local key = secret.env "CANARY"
local function ask(f, url, options)
  options.allow, options.retries = "127.0.0.1", 0
  local response, fault = try(f, url, options)
  print(response, fault, fault.hint, fault.cause)
  log.warn(fault, { key = key, list = { key }, fault = fault })
  log.info("Bearer " .. key)
end
ask(http.get, %[1]q, { headers = { Authorization = "Bearer " .. key } })
ask(http.get, %[1]q .. "/?key=" .. key, { query = { token = key } })
ask(http.post, %[1]q .. "/hook/" .. key, { form = { token = key } })
ask(http.get, "http://" .. key .. "/", { proxy = "http://ann:" .. key .. "@127.0.0.1:1/" })
ask(http.get, key, {})
`, server.URL))
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Run(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"Bearer " + canary + "|/|", "|/?key=" + canary + "&token=" + url.QueryEscape(canary) + "|", "|/hook/" + canary + "|token=" + url.QueryEscape(canary)} {
		if got := <-heard; got != want {
			t.Errorf("the server got %q, not %q", got, want)
		}
	}
	wantNoCanary(t, "output", out.String())
	if escaped := url.QueryEscape(canary); strings.Contains(out.String(), escaped) {
		t.Errorf("output shows %s", escaped)
	}
	if strings.Count(out.String(), shownSecret) < 10 {
		t.Errorf("the script did not print what it should:\n%s", out.String())
	}
	wantNoCanary(t, "api", fmt.Sprintf("%+v %#v", api, api))
}

// One connection serves requests with the same options.
func TestWebKeepsConnections(t *testing.T) {
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a handshake is refused on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	out, _, err := rehearse(t, around+fmt.Sprintf(`
local URL = %q
print(select(2, try(http.get, URL, { allow = "127.0.0.1", retries = 0 })).kind)
`, server.URL))
	if err != nil || out != "tls\n" {
		t.Errorf("%v %s", err, out)
	}
	opened.Store(0)
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "ca.pem"), []byte(authority), 0o600); err != nil {
		t.Fatal(err)
	}
	api := New(Options{Root: root})
	var printed bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &printed})
	script, err := engine.LoadSource("test.lua", fmt.Sprintf(`for i = 1, 5 do print(require "http".get(%q, { allow = "127.0.0.0/8", ca = "ca.pem" }).status) end`, server.URL))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(rt.Run(t.Context(), script), rt.Close(t.Context())); err != nil || strings.Count(printed.String(), "200") != 5 || opened.Load() != 1 {
		t.Errorf("%v: %s with %d connections", err, printed.String(), opened.Load())
	}
}
