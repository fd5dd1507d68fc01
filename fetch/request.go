package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Request is what to send.
type Request struct {
	// Method is GET if empty; HEAD, POST, PUT, PATCH, DELETE or OPTIONS.
	Method string
	// URL begins with https:// or http:// and holds no credentials.
	URL string
	// Query is added to that of the URL.
	Query []Field
	// Headers are sent as they are. After a redirect to another host only those go along that say what is accepted.
	Headers []Field
	// JSON, Form and Body are what is sent, and at most one of them is set.
	JSON []byte  // text of JSON, sent as application/json
	Form []Field // sent as application/x-www-form-urlencoded
	Body []byte  // sent as it is; Headers say its Content-Type
	// Timeout takes the place of that of the client, if it is not 0.
	Timeout time.Duration
}

// Field is a name with a value.
type Field struct{ Name, Value string }

// Response is what came back, whatever the status.
type Response struct {
	// Status is the code, 200 and so on.
	Status int
	// Headers are in canonical spelling, as in Content-Type.
	Headers http.Header
	// Body is as it came, but decompressed.
	Body []byte
	// URL is where the response came from, after redirects.
	URL string
	// Attempts is how often the request was sent.
	Attempts int
}

// OK reports whether the status says that it worked: 200 to 299.
func (r Response) OK() bool { return r.Status >= 200 && r.Status <= 299 }

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// repeatable are methods that may be sent again (RFC 9110, section 9.2.2).
var repeatable = []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}

// ours are header fields that the client sets, and that could break it.
var ours = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Upgrade", "Proxy-Authorization", "Expect"}

// target reads and checks a URL.
func target(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("the URL cannot be read") // why would show what may be secret
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the URL does not begin with https:// or http://")
	case u.User != nil:
		return nil, errors.New("there are credentials in the URL; send them in a header, such as Authorization, from a secret")
	case u.Hostname() == "":
		return nil, errors.New("there is no host in the URL")
	}
	return u, nil
}

// check says what is wrong with a request, and fills in what is left out.
func (r *Request) check() error {
	if r.Method == "" {
		r.Method = "GET"
	}
	if !slices.Contains(methods, r.Method) {
		return fmt.Errorf("method is %q, and not %s", r.Method, strings.Join(methods, ", "))
	}
	bodies := 0
	for _, set := range []bool{r.JSON != nil, r.Form != nil, r.Body != nil} {
		if set {
			bodies++
		}
	}
	switch {
	case bodies > 1:
		return errors.New("there is more than one of JSON, form and body")
	case bodies > 0 && (r.Method == "GET" || r.Method == "HEAD"):
		return fmt.Errorf("a %s has no body", r.Method) // RFC 9110, section 9.3.1
	case r.JSON != nil && !json.Valid(r.JSON):
		return errors.New("the JSON is none")
	case r.Timeout < 0:
		return errors.New("the timeout is negative")
	}
	for i, h := range r.Headers {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		switch {
		case !validName(h.Name):
			return fmt.Errorf("header %d has a name that headers cannot have", i+1)
		case !validValue(h.Value):
			return fmt.Errorf("header %s has characters that headers cannot have", name)
		case slices.Contains(ours, name):
			return fmt.Errorf("header %s is set by the client", name)
		}
	}
	return nil
}

// validName reports whether a name is a token (RFC 9110, section 5.6.2).
func validName(name string) bool {
	for _, c := range []byte(name) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}

// validValue reports whether a header can have a value (RFC 9110, section 5.5).
func validValue(value string) bool {
	for _, c := range []byte(value) {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// build makes a request of the standard library, anew for each attempt.
func (r Request) build(ctx context.Context, u *url.URL, agent string) (*http.Request, error) {
	to := *u
	to.Fragment, to.RawFragment = "", ""
	if len(r.Query) > 0 {
		query := encode(r.Query)
		if to.RawQuery != "" {
			query = to.RawQuery + "&" + query
		}
		to.RawQuery = query
	}
	body, kind := r.Body, ""
	switch {
	case r.JSON != nil:
		body, kind = r.JSON, "application/json"
	case r.Form != nil:
		body, kind = []byte(encode(r.Form)), "application/x-www-form-urlencoded"
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the URL cannot be read")
	}
	request.Header.Set("User-Agent", agent)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	given := map[string]bool{}
	for _, h := range r.Headers {
		if name := textproto.CanonicalMIMEHeaderKey(h.Name); !given[name] {
			given[name] = true
			request.Header.Set(name, h.Value) // in place of what is set above
		} else {
			request.Header.Add(name, h.Value)
		}
	}
	return request, nil
}

// encode writes fields as in a query, in their order.
func encode(fields []Field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(f.Name) + "=" + url.QueryEscape(f.Value))
	}
	return b.String()
}
