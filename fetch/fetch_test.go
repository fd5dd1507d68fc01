package fetch

import (
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// newClient makes a client that may go to servers of tests and does not wait; the pauses it would have made go to waits.
func newClient(t *testing.T, options Options, waits *[]time.Duration) *Client {
	t.Helper()
	if options.Allow == nil {
		options.Allow = loopback
	}
	c, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.wait = func(ctx context.Context, d time.Duration) error {
		if waits != nil {
			*waits = append(*waits, d)
		}
		return ctx.Err()
	}
	return c
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// message returns what an error says, and nothing of none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// notes are what servers saw, in order.
type notes struct {
	mutex sync.Mutex
	list  []string
}

func (n *notes) add(note string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.list = append(n.list, note)
}

// take returns the notes and forgets them.
func (n *notes) take() string {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	list := n.list
	n.list = nil
	return strings.Join(list, ",")
}

// echo writes what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "text/plain; charset=iso-8859-1")
	fmt.Fprintf(w, "%s %s\n%s\n%s\n%s\n%s", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("User-Agent"), strings.Join(r.Header["X-Test"], "|"), body)
}

// TestSend looks at what a server gets, and what comes back.
func TestSend(t *testing.T) {
	server := serve(t, echo)
	c := newClient(t, Options{}, nil)
	for _, test := range []struct {
		request Request
		want    string
	}{
		{Request{}, "GET /a?b=c\n\nmailscript\n\n"},
		{Request{Query: []Field{{"d", "e f&"}, {"d", "ü"}}}, "GET /a?b=c&d=e+f%26&d=%C3%BC\n\nmailscript\n\n"},
		{Request{Method: "POST", JSON: []byte(`{"a":1}`)}, "POST /a?b=c\napplication/json\nmailscript\n\n{\"a\":1}"},
		{Request{Method: "POST", Form: []Field{{"z", "1 2"}, {"a", "="}}}, "POST /a?b=c\napplication/x-www-form-urlencoded\nmailscript\n\nz=1+2&a=%3D"},
		{Request{Method: "PUT", Body: []byte("\xff"), Headers: []Field{{"content-type", "x/y"}, {"x-test", "1"}, {"X-Test", "2"}, {"user-agent", "me"}}}, "PUT /a?b=c\nx/y\nme\n1|2\n\xff"},
		{Request{Method: "DELETE"}, "DELETE /a?b=c\n\nmailscript\n\n"},
	} {
		test.request.URL = server.URL + "/a?b=c#fragment"
		response, err := c.Send(t.Context(), test.request)
		if err != nil || string(response.Body) != test.want || response.Status != 200 || !response.OK() || response.Attempts != 1 {
			t.Errorf("%+v: %q, %v, and not %q", test.request, response.Body, err, test.want)
		}
		if response.Headers.Get("Content-Type") != "text/plain; charset=iso-8859-1" {
			t.Error(response.Headers)
		}
	}
}

// TestRequestMistakes looks at what is said of requests that are none. Nothing secret may be in it.
func TestRequestMistakes(t *testing.T) {
	c := newClient(t, Options{}, nil)
	for _, test := range []struct {
		request Request
		want    string
	}{
		{Request{}, "fetch: GET: the URL does not begin with https:// or http://"},
		{Request{URL: "ftp://example.com"}, "fetch: GET: the URL does not begin with https:// or http://"},
		{Request{URL: "https:///x"}, "fetch: GET: there is no host in the URL"},
		{Request{URL: "https://me:SECRET@example.com"}, "fetch: GET: there are credentials in the URL; send them in a header, such as Authorization, from a secret"},
		{Request{URL: "https://me:SEC/RET@example.com"}, "fetch: GET: the URL cannot be read"},
		{Request{URL: "https://example.com/%zz?SECRET"}, "fetch: GET: the URL cannot be read"},
		{Request{Method: "get"}, `fetch: get: method is "get", and not GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS`},
		{Request{Body: []byte("x")}, "fetch: GET: a GET has no body"},
		{Request{Method: "POST", Body: []byte("x"), Form: []Field{}}, "fetch: POST: there is more than one of JSON, form and body"},
		{Request{Method: "POST", JSON: []byte("{")}, "fetch: POST: the JSON is none"},
		{Request{Timeout: -1}, "fetch: GET: the timeout is negative"},
		{Request{Headers: []Field{{"a b", "SECRET"}}}, "fetch: GET: header 1 has a name that headers cannot have"},
		{Request{Headers: []Field{{"x-key", "SECRET\r\nX: y"}}}, "fetch: GET: header X-Key has characters that headers cannot have"},
		{Request{Headers: []Field{{"host", "example.com"}}}, "fetch: GET: header Host is set by the client"},
	} {
		if _, err := c.Send(t.Context(), test.request); message(err) != test.want {
			t.Errorf("%q, and not %q", message(err), test.want)
		}
	}
	for _, test := range []struct {
		options Options
		want    string
	}{
		{Options{Authorities: []byte("none")}, "fetch: reading authorities: there is no certificate in PEM"},
		{Options{Proxy: "me:SECRET@proxy"}, "fetch: the proxy is no URL as in http://proxy.example.com:3128"},
		{Options{Timeout: -1}, "fetch: a time is negative"},
		{Options{MaxBody: -1}, "fetch: the size of responses is negative"},
		{Options{UserAgent: "a\nb"}, "fetch: the user agent has characters that headers cannot have"},
	} {
		if _, err := New(test.options); message(err) != test.want {
			t.Errorf("%q, and not %q", message(err), test.want)
		}
	}
}

// TestRefusal holds addresses against what they are.
func TestRefusal(t *testing.T) {
	for address, want := range map[string]string{
		"8.8.8.8": "", "1.1.1.1": "", "9.255.255.255": "", "11.0.0.0": "", "172.15.255.255": "", "172.32.0.0": "", "100.63.255.255": "", "100.128.0.0": "",
		"2606:4700::1111": "", "2a00:1450:4001::1": "", "2001:4860:4860::8888": "", "2001:200::1": "",
		"::ffff:8.8.8.8": "",
		"0.0.0.0":        "of this network", "10.0.0.1": "private", "10.255.255.255": "private", "100.64.0.1": "shared by customers of a provider",
		"127.0.0.1": "loopback", "127.255.255.254": "loopback", "169.254.169.254": "link-local", "172.16.0.1": "private", "172.31.255.255": "private",
		"192.0.0.8": "reserved", "192.0.2.1": "for documentation", "192.88.99.1": "a 6to4 relay", "192.168.1.1": "private", "198.18.0.1": "for benchmarks",
		"198.51.100.1": "for documentation", "203.0.113.1": "for documentation", "224.0.0.1": "multicast", "239.255.255.255": "multicast",
		"240.0.0.1": "reserved", "255.255.255.255": "broadcast",
		"::": "unspecified", "::1": "loopback", "::7f00:1": "IPv4-compatible", "::ffff:127.0.0.1": "loopback", "::ffff:169.254.169.254": "link-local",
		"::ffff:0:127.0.0.1": "IPv4-translated", "64:ff9b::7f00:1": "NAT64", "64:ff9b::8.8.8.8": "NAT64", "64:ff9b:1::1": "NAT64",
		"2002:7f00:1::": "6to4", "2001::1": "Teredo", "2001:db8::1": "for documentation", "2001:20::1": "reserved", "3fff::1": "for documentation",
		"fc00::1": "private", "fd12::1": "private", "fe80::1": "link-local", "fe80::1%eth0": "link-local", "fec0::1": "site-local", "ff02::1": "multicast",
		"100::1": "not public", "4000::1": "not public", "5f00::1": "not public",
	} {
		if got := refusal(netip.MustParseAddr(address), nil); got != want {
			t.Errorf("%s is %q, and not %q", address, got, want)
		}
	}
	if refusal(netip.Addr{}, nil) == "" {
		t.Error("no address is allowed")
	}
	allow := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}
	for address, want := range map[string]string{
		"10.1.2.3": "", "::ffff:10.1.2.3": "", "10.2.0.1": "private", "fd12::1": "", "fd12::1%eth0": "", "fc00::1": "private", "64:ff9b::10.1.2.3": "NAT64",
	} {
		if got := refusal(netip.MustParseAddr(address), allow); got != want {
			t.Errorf("%s, with some allowed, is %q, and not %q", address, got, want)
		}
	}
}

// TestAddressesAreRefused goes where one may not go, by address and by name.
func TestAddressesAreRefused(t *testing.T) {
	asked := atomic.Int32{}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { asked.Add(1) })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	resolved := map[string][]netip.Addr{
		"private.test": {netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::1")},
		"mapped.test":  {netip.MustParseAddr("::ffff:127.0.0.1")},
		"none.test":    {},
	}
	c := newClient(t, Options{Allow: []netip.Prefix{}, Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
		return resolved[host], nil
	}}, nil)
	for host, want := range map[string]string{
		"127.0.0.1":          "127.0.0.1 is refused: it is loopback",
		"[::1]":              "::1 is refused: it is loopback",
		"[::ffff:127.0.0.1]": "::ffff:127.0.0.1 is refused: it is loopback",
		"[64:ff9b::7f00:1]":  "64:ff9b::7f00:1 is refused: it is NAT64",
		"private.test":       "private.test is refused: its address 10.0.0.1 is private",
		"mapped.test":        "mapped.test is refused: its address ::ffff:127.0.0.1 is loopback",
		"none.test":          "lookup none.test: no address",
	} {
		_, err := c.Send(t.Context(), Request{URL: "http://" + host + ":" + port + "/x?SECRET"})
		var failed *Error
		if !errors.As(err, &failed) || failed.Attempts != 1 || failed.Temporary() || !strings.HasSuffix(err.Error(), "/…: "+want) {
			t.Errorf("%s: %v, and not %s", host, err, want)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the server was asked %d times", asked.Load())
	}
	var refused *AddressError
	_, err := c.Send(t.Context(), Request{URL: server.URL})
	if !errors.As(err, &refused) || refused.Kind != "loopback" {
		t.Error(err)
	}
}

// TestRebinding has a name that is public when it is looked up first, and loopback a moment later; and one that is both at once.
func TestRebinding(t *testing.T) {
	asked := atomic.Int32{}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { asked.Add(1) })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	var lookups atomic.Int32
	// The public address is one of the tests' that is allowed here and where nobody listens.
	public := netip.MustParseAddr("127.9.9.9")
	c := newClient(t, Options{Retries: 3, Allow: []netip.Prefix{netip.PrefixFrom(public, 32)}, Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "both.test" {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1"), public}, nil
		}
		if lookups.Add(1) == 1 {
			return []netip.Addr{public}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}, nil)
	_, err := c.Send(t.Context(), Request{URL: "http://rebinding.test:" + port})
	var refused *AddressError
	if !errors.As(err, &refused) || refused.Address.String() != "127.0.0.1" {
		t.Error(err)
	}
	var unanswered *net.OpError
	if _, err := c.Send(t.Context(), Request{URL: "http://both.test:" + port}); !errors.As(err, &unanswered) {
		t.Error(err)
	}
	if asked.Load() != 0 {
		t.Errorf("the server was asked %d times", asked.Load())
	}
	if err := checkDialled("127.0.0.1:25", nil); err == nil {
		t.Error("the last check lets loopback pass")
	}
}

// TestSecondAddress connects to the next address where the first does not answer.
func TestSecondAddress(t *testing.T) {
	server := serve(t, echo)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	c := newClient(t, Options{Retries: -1, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.9.9.9"), netip.MustParseAddr("127.0.0.1")}, nil
	}}, nil)
	if response, err := c.Send(t.Context(), Request{URL: "http://two.test:" + port}); err != nil || !response.OK() {
		t.Error(err)
	}
}

// TestRetries counts what is sent again, and the pauses.
func TestRetries(t *testing.T) {
	for _, test := range []struct {
		name     string
		request  Request
		statuses []int
		after    string
		status   int
		asked    int
		waits    []time.Duration // at least
	}{
		{"busy twice", Request{}, []int{503, 502, 200}, "", 200, 3, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond}},
		{"always busy", Request{}, []int{504, 504, 504, 504}, "", 504, 3, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond}},
		{"asked to wait", Request{}, []int{429, 200}, "7", 200, 2, []time.Duration{7 * time.Second}},
		{"asked by date", Request{}, []int{503, 200}, "date", 200, 2, []time.Duration{9 * time.Second}},
		{"asked for too much", Request{}, []int{429, 200}, "21", 429, 1, nil},
		{"asked for more than there is", Request{Timeout: 3 * time.Second}, []int{429, 200}, "7", 429, 1, nil},
		{"our mistake", Request{}, []int{500, 200}, "", 500, 1, nil},
		{"not found", Request{}, []int{404, 200}, "", 404, 1, nil},
		{"POST is not repeated", Request{Method: "POST"}, []int{503, 200}, "", 503, 1, nil},
		{"PUT is", Request{Method: "PUT", Body: []byte("x")}, []int{503, 200}, "", 200, 2, []time.Duration{250 * time.Millisecond}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); string(body) != string(test.request.Body) {
					t.Errorf("the body was %q", body)
				}
				switch test.after {
				case "":
				case "date":
					// Of the server's clock, which is wrong.
					w.Header().Set("Date", "Thu, 01 Jan 1998 00:00:00 GMT")
					w.Header().Set("Retry-After", "Thu, 01 Jan 1998 00:00:09 GMT")
				default:
					w.Header().Set("Retry-After", test.after)
				}
				w.WriteHeader(test.statuses[asked.Add(1)-1])
			})
			var waits []time.Duration
			c := newClient(t, Options{}, &waits)
			test.request.URL = server.URL
			response, err := c.Send(t.Context(), test.request)
			if err != nil || response.Status != test.status || response.Attempts != test.asked || int(asked.Load()) != test.asked || len(waits) != len(test.waits) {
				t.Fatalf("%d after %d attempts and pauses of %v: %v", response.Status, asked.Load(), waits, err)
			}
			for i, least := range test.waits {
				if waits[i] < least || waits[i] > 3*least+time.Second {
					t.Errorf("pause %d is %s, and not about %s", i+1, waits[i], least)
				}
			}
		})
	}
}

// TestConnectionsThatBreak looks at requests that get no answer, and half of one.
func TestConnectionsThatBreak(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		number := asked.Add(1)
		if number%3 == 0 {
			fmt.Fprint(w, "done")
			return
		}
		connection, buffer, _ := w.(http.Hijacker).Hijack()
		if number%3 == 1 {
			buffer.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
			buffer.Flush()
		}
		connection.Close()
	})
	c := newClient(t, Options{}, nil)
	response, err := c.Send(t.Context(), Request{URL: server.URL})
	if err != nil || string(response.Body) != "done" || response.Attempts != 3 {
		t.Errorf("%q after %d attempts: %v", response.Body, response.Attempts, err)
	}
	_, err = c.Send(t.Context(), Request{Method: "POST", URL: server.URL + "/SECRET?SECRET", Headers: []Field{{"Authorization", "SECRET"}}, Body: []byte("SECRET")})
	var failed *Error
	if !errors.As(err, &failed) || failed.Attempts != 1 || !failed.Temporary() || strings.Contains(err.Error(), "SECRET") || asked.Load() != 4 {
		t.Error(asked.Load(), err)
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	_, err = c.Send(t.Context(), Request{URL: closed.URL + "/SECRET?SECRET"})
	if !errors.As(err, &failed) || failed.Attempts != 3 || !failed.Temporary() || strings.Contains(err.Error(), "SECRET") {
		t.Error(err)
	}
	if want := "fetch: GET " + closed.URL + "/… (3 attempts): dial tcp "; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%q, and not %q", err, want)
	}
}

// TestTimes ends requests that take too long, and those that are cancelled.
func TestTimes(t *testing.T) {
	release := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("some"))
		w.(http.Flusher).Flush()
		<-release
	})
	t.Cleanup(func() { close(release) })
	c := newClient(t, Options{Timeout: 50 * time.Millisecond}, nil)
	_, err := c.Send(t.Context(), Request{URL: server.URL})
	var network net.Error
	if message(err) != "fetch: GET "+server.URL+"/…: no complete answer within 50ms" || !errors.As(err, &network) || !network.Timeout() {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.wait = func(context.Context, time.Duration) error { cancel(); return ctx.Err() }
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	if _, err := c.Send(ctx, Request{URL: closed.URL, Timeout: time.Minute}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := pause(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestSize refuses responses that are too large, compressed ones too.
func TestSize(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bomb" {
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			packed.Write(make([]byte, 1<<20))
			packed.Close()
			return
		}
		w.Write(make([]byte, 1000))
	})
	c := newClient(t, Options{MaxBody: 1000}, nil)
	if response, err := c.Send(t.Context(), Request{URL: server.URL}); err != nil || len(response.Body) != 1000 {
		t.Error(len(response.Body), err)
	}
	if _, err := c.Send(t.Context(), Request{URL: server.URL + "/bomb"}); message(err) != "fetch: GET "+server.URL+"/…: the response is larger than 1000 octets" {
		t.Error(err)
	}
}

// TestTLS verifies certificates, and believes those of authorities that are given.
func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	server.StartTLS()
	t.Cleanup(server.Close)
	c := newClient(t, Options{}, nil)
	_, err := c.Send(t.Context(), Request{URL: server.URL})
	var failed *Error
	if !errors.As(err, &failed) || failed.Attempts != 1 || failed.Temporary() || !strings.Contains(err.Error(), "x509: ") {
		t.Error(err)
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	c = newClient(t, Options{Authorities: authority}, nil)
	if response, err := c.Send(t.Context(), Request{URL: server.URL}); err != nil || !response.OK() {
		t.Error(err)
	}
	// The certificate is for example.com and 127.0.0.1.
	c = newClient(t, Options{Authorities: authority, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}, nil)
	if _, err := c.Send(t.Context(), Request{URL: strings.Replace(server.URL, "127.0.0.1", "other.test", 1)}); err == nil || !strings.Contains(err.Error(), "valid for example.com") {
		t.Error(err)
	}
}

// TestRedirects follows redirects, and does not follow some.
func TestRedirects(t *testing.T) {
	var seen notes
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen.add(fmt.Sprint("other ", r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("Referer"), r.Header.Get("Accept")))
		if r.URL.Path == "/back" {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
		}
	})
	var server *httptest.Server
	server = serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen.add(fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization"), r.Header.Get("X-Key")))
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/other":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/there-and-back":
			http.Redirect(w, r, other.URL+"/back?to="+url.QueryEscape(server.URL+"/end"), http.StatusFound)
		case "/credentials":
			w.Header().Set("Location", "http://me:SECRET@example.com")
			w.WriteHeader(http.StatusFound)
		case "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		}
	})
	secrets := []Field{{"Authorization", "S1"}, {"X-Key", "S2"}, {"Accept", "text/html"}}
	for _, test := range []struct {
		path, method string
		want, failed string
	}{
		{"/here", "POST", "POST /here S1S2,POST /end S1S2", ""},
		{"/other", "GET", "GET /other S1S2,other text/html", ""},
		{"/there-and-back", "GET", "GET /there-and-back S1S2,other text/html,GET /end ", ""},
		{"/other", "POST", "POST /other S1S2", "it redirects to another host, 127.0.0.1, which would get the body"},
		{"/loop", "GET", strings.Repeat("GET /loop S1S2,", 5) + "GET /loop S1S2", "there are more than 5 redirects"},
		{"/credentials", "GET", "GET /credentials S1S2", "it redirects to where one cannot go: there are credentials in the URL; send them in a header, such as Authorization, from a secret"},
		{"/file", "GET", "GET /file S1S2", "it redirects to where one cannot go: the URL does not begin with https:// or http://"},
		{"/metadata", "GET", "GET /metadata S1S2", "169.254.169.254 is refused: it is link-local"},
	} {
		c := newClient(t, Options{}, nil)
		request := Request{Method: test.method, URL: server.URL + test.path + "?SECRET", Headers: secrets}
		if test.method == "POST" {
			request.Body = []byte("body")
		}
		response, err := c.Send(t.Context(), request)
		if got := seen.take(); got != test.want {
			t.Errorf("%s %s: seen were %q, and not %q", test.method, test.path, got, test.want)
		}
		want := ""
		if test.failed != "" {
			want = "fetch: " + test.method + " " + server.URL + "/…: " + test.failed
		}
		if message(err) != want {
			t.Errorf("%s %s: %q, and not %q", test.method, test.path, message(err), want)
		}
		if err == nil && strings.Contains(response.URL, "SECRET") && test.path == "/other" {
			t.Error(response.URL)
		}
	}
	c := newClient(t, Options{Redirects: -1}, nil)
	if response, err := c.Send(t.Context(), Request{URL: server.URL + "/here"}); err != nil || response.Status != http.StatusTemporaryRedirect {
		t.Error(response.Status, err)
	}
}

// TestNoRedirectIntoTheClear goes from https to http, and the other way.
func TestNoRedirectIntoTheClear(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the server in the clear was asked") })
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL+"/x?SECRET", http.StatusFound))
	t.Cleanup(secure.Close)
	c := newClient(t, Options{Authorities: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})}, nil)
	if _, err := c.Send(t.Context(), Request{URL: secure.URL}); message(err) != "fetch: GET "+secure.URL+"/…: it redirects from https to http, at 127.0.0.1" {
		t.Error(err)
	}
	request := func(text string) *http.Request {
		r, err := http.NewRequest("GET", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	before := []*http.Request{request("http://a.test/")}
	for text, want := range map[string]bool{"https://a.test/": true, "https://b.test/": false, "https://a.test:8443/": false} {
		if got := upgraded(before, request(text)); got != want {
			t.Errorf("%s is an upgrade: %v", text, got)
		}
	}
}

// TestProxy uses a proxy only where it is asked for.
func TestProxy(t *testing.T) {
	var asked notes
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.add(r.RequestURI)
		fmt.Fprint(w, "from the proxy")
	})
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	server := serve(t, echo)
	c := newClient(t, Options{}, nil)
	_, err := c.Send(t.Context(), Request{URL: server.URL})
	if got := asked.take(); err != nil || got != "" {
		t.Error(got, err)
	}
	// The proxy itself is where it is, though no loopback address is allowed.
	c = newClient(t, Options{Proxy: proxy.URL, Allow: []netip.Prefix{}}, nil)
	response, err := c.Send(t.Context(), Request{URL: "http://example.com/x"})
	if got := asked.take(); err != nil || string(response.Body) != "from the proxy" || got != "http://example.com/x" {
		t.Error(got, err)
	}
	c = newClient(t, Options{Proxy: FromEnvironment, Allow: []netip.Prefix{}}, nil)
	_, err = c.Send(t.Context(), Request{URL: "http://example.org/y"})
	if got := asked.take(); err != nil || got != "http://example.org/y" {
		t.Error(got, err)
	}
}

// TestRetryAfter reads the field in both of its forms.
func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, "Thu, 26 Nov 2026 09:15:30 GMT": 30 * time.Second, "Thu, 26 Nov 2026 09:00:00 GMT": 0,
		"": -1, "-1": -1, "soon": -1, "1.5": -1, "99999999999": -1,
	} {
		got, ok := retryAfter(text, "Thu, 26 Nov 2026 09:15:00 GMT")
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %s, %v", text, got, ok)
		}
	}
	for attempt := 1; attempt < 40; attempt++ {
		if d := backOff(attempt, time.Minute); d <= 0 || d > time.Minute {
			t.Errorf("pause %d is %s", attempt, d)
		}
	}
}
