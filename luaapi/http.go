package luaapi

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/fetch"
	lua "github.com/yuin/gopher-lua"
)

// getOptions are the options of http.get.
type getOptions struct {
	Headers luaValue `lua:"headers" type:"table<string, string|secret>" doc:"header fields; Authorization = \"Bearer \" .. secret.get(\"crm\") keeps the token secret"`
	Query   luaValue `lua:"query" type:"table<string, string|number|boolean|secret>" doc:"added to the query of the URL, encoded; sorted by name, or a list of { name, value } in its order"`
	Timeout seconds  `lua:"timeout" doc:"of all attempts together, to the last octet of the answer; default 30s"`
	Retries luaValue `lua:"retries" type:"integer" doc:"how often a GET is sent again after a lost connection or the statuses 429, 502, 503 and 504, with growing pauses; default 2, 0 is never"`
	CA      string   `lua:"ca" doc:"a file of certificates (PEM) that are trusted beside those of the system"`
	Allow   []string `lua:"allow" doc:"hosts, addresses and networks that may be connected to though they are not public: \"localhost\", \"10.1.2.3\", \"10.1.0.0/16\""`
	Proxy   luaValue `lua:"proxy" type:"string|secret" doc:"URL of an HTTP proxy, or \"environment\" for HTTP_PROXY, HTTPS_PROXY and NO_PROXY; default none. The proxy then decides what may be connected to"`
}

// postOptions are the options of http.post.
type postOptions struct {
	JSON luaValue `lua:"json" type:"any" doc:"sent as JSON, as json.encode makes it"`
	Form luaValue `lua:"form" type:"table<string, string|number|boolean|secret>" doc:"sent as the fields of a form; sorted by name, or a list of { name, value } in its order"`
	Body luaValue `lua:"body" type:"string" doc:"sent as it is; say what it is with headers = { [\"Content-Type\"] = … }"`
	getOptions
}

func httpModule() *Module {
	const also = " Any answer is a response, whatever its status; what prevents one is a fault of the kind \"dns\", \"connect\", \"tls\", \"timeout\", \"lost\", \"protocol\" (no answer that can be used), " +
		"or \"refused\" for a host whose address is not public and not allowed. Redirects are followed, five at most, never from https to http. " +
		"In rehearsals (--sink, --dry-run, check) requests are sent as always, and secrets in them are read."
	return &Module{
		Name: "http",
		Doc:  "Ask web services (RFC 9110). Private addresses are refused unless allowed, certificates are always verified, and no error shows a path, a query or a secret.",
		Functions: []Function{
			{
				Name: "get", Params: []Param{{"url", "string|secret", "https://… or http://…, without credentials"}, {"opts?", "get.options", ""}}, Options: getOptions{}, Returns: "response",
				Doc:     "Get something." + also,
				Example: "local response = http.get(\"https://api.example.com/rates\", { query = { currency = \"EUR\" }, timeout = \"10s\" })\nif response.ok then print(response:json().rate) end",
				Call: func(c *Call) []lua.LValue {
					var o getOptions
					c.Options(1, &o)
					w := c.webRequest("GET", o)
					return values(w.send(o))
				},
			},
			{
				Name: "post", Params: []Param{{"url", "string|secret", "https://… or http://…, without credentials"}, {"opts?", "post.options", "one of json, form and body"}}, Options: postOptions{}, Returns: "response",
				Doc:     "Send something. It is sent once: retries are for what may be done twice." + also,
				Example: "local response = http.post(\"https://api.example.com/reports\", { json = { week = \"2026-W37\", sold = 12 }, headers = { Authorization = \"Bearer \" .. secret.env(\"HOME\") } })\nprint(response.status, response.headers[\"content-type\"])",
				Call: func(c *Call) []lua.LValue {
					var o postOptions
					c.Options(1, &o)
					w := c.webRequest("POST", o.getOptions)
					w.content(o)
					return values(w.send(o.getOptions))
				},
			},
		},
		Classes: []*Class{responseClass()},
	}
}

func responseClass() *Class {
	of := func(c *Call) *fetch.Response { return c.Self.(*fetch.Response) }
	return &Class{
		Name: "response",
		Doc:  "What a web service answered.",
		Fields: []Field{
			{"ok", "boolean", "the status is one of 200 to 299", func(c *Call) lua.LValue { return lua.LBool(of(c).OK()) }},
			{"status", "integer", "200, 404 and so on", func(c *Call) lua.LValue { return lua.LNumber(of(c).Status) }},
			{"headers", "table<string, string>", `header fields, by names in lower case; headers["Content-Type"] is found in any spelling. Several of one name are joined with ", ", and Set-Cookie with line feeds`, func(c *Call) lua.LValue { return c.responseHeaders(of(c).Headers) }},
			{"body", "string", "the bytes, decompressed, 16 MiB at most", func(c *Call) lua.LValue { return lua.LString(of(c).Body) }},
		},
		Methods: []Function{{
			Name: "json", Params: []Param{{"opts?", "decode.options", ""}}, Options: decodeOptions{}, Returns: "any",
			Doc:     "The value of a body of JSON, as json.decode reads it. A body that is none is a fault of the kind \"protocol\"; whether the status is good, ask first.",
			Example: "local response = http.get(\"https://api.example.com/rates\")\nprint(response:json().rate)",
			Call: func(c *Call) []lua.LValue {
				var o decodeOptions
				c.Options(0, &o)
				value, err := decodeBody(of(c))
				if err != nil {
					c.rt.Raise(c.L, &engine.Fault{
						Kind: engine.KindProtocol, Message: "response:json: " + err.Error(), Err: err,
						Hint: fmt.Sprintf("the status was %d, the type %q; look at response.body", of(c).Status, of(c).Headers.Get("Content-Type")),
					})
				}
				if o.Null {
					value = c.withNull(value)
				}
				return values(c.fromJSON(value))
			},
		}},
		Text: func(self any) string {
			r := self.(*fetch.Response)
			return strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)))
		},
	}
}

func decodeBody(r *fetch.Response) (any, error) {
	// RFC 8259, section 8.1: a parser may ignore a byte order mark.
	text := strings.TrimPrefix(string(r.Body), "\ufeff")
	if !utf8.ValidString(text) {
		return nil, errors.New("the body is not UTF-8")
	}
	return decodeJSON(text)
}

// responseHeaders is a table whose names are found in any spelling.
func (c *Call) responseHeaders(headers http.Header) lua.LValue {
	t, meta := c.rt.State().NewTable(), c.rt.State().NewTable()
	for _, name := range sortedKeys(headers) {
		between := ", " // RFC 9110, section 5.3
		if name == "Set-Cookie" {
			between = "\n"
		}
		t.RawSetString(strings.ToLower(name), lua.LString(strings.Join(headers[name], between)))
	}
	meta.RawSetString("__index", c.rt.NewFunction("headers", func(L *lua.LState) int {
		L.Push(t.RawGetString(strings.ToLower(lua.LVAsString(L.Get(2)))))
		return 1
	}))
	meta.RawSetString("__metatable", lua.LString("headers"))
	t.Metatable = meta
	return t
}

// webRequest is one request on its way out, and the secrets in it.
type webRequest struct {
	*Call
	request fetch.Request
	secrets []string // what errors must not show
}

func (c *Call) webRequest(method string, o getOptions) *webRequest {
	w := &webRequest{Call: c, request: fetch.Request{Method: method, Timeout: o.Timeout}}
	w.request.URL = w.text("the URL", c.Arg(0))
	w.request.Headers = w.fields("headers", o.Headers)
	w.request.Query = w.fields("query", o.Query)
	return w
}

// content reads what is sent.
func (w *webRequest) content(o postOptions) {
	given := 0
	for _, v := range []luaValue{o.JSON, o.Form, o.Body} {
		if v != nil {
			given++
		}
	}
	if given > 1 {
		w.Usage("", `options "json", "form" and "body" exclude each other`)
	}
	switch {
	case o.JSON != nil:
		value, err := w.toGo(o.JSON, onlyNull)
		if err != nil {
			w.Usage("", `option "json": %v`, err)
		}
		text, err := encodeJSON(value, false)
		if err != nil {
			w.Usage("", `option "json": %v`, err)
		}
		w.refuseShownSecret(`option "json"`, text)
		w.request.JSON = []byte(text)
	case o.Form != nil:
		w.request.Form = w.fields("form", o.Form)
		if w.request.Form == nil {
			w.request.Form = []fetch.Field{}
		}
	case o.Body != nil:
		body, ok := o.Body.(lua.LString)
		if !ok {
			w.Usage("", `option "body" must be a string, got %s`, engine.TypeName(o.Body))
		}
		w.refuseShownSecret(`option "body"`, string(body))
		w.request.Body = []byte(body)
	}
}

// fields reads names with values: a table, sorted by name, or a list of pairs. A list
// in the place of a value gives the name several times.
func (w *webRequest) fields(option string, v luaValue) []fetch.Field {
	if v == nil {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		w.Usage("", "option %q must be a table, got %s", option, engine.TypeName(v))
	}
	var list []fetch.Field
	add := func(name string, v lua.LValue) {
		what := fmt.Sprintf("option %q: %s", option, name)
		w.refuseShownSecret(what, name)
		if several, ok := v.(*lua.LTable); ok {
			for _, item := range listItems(several) {
				list = append(list, fetch.Field{Name: name, Value: w.text(what, item)})
			}
			return
		}
		list = append(list, fetch.Field{Name: name, Value: w.text(what, v)})
	}
	if t.MaxN() > 0 {
		for i, item := range listItems(t) {
			pair, ok := item.(*lua.LTable)
			name, isName := lua.LValue(lua.LNil), false
			if ok {
				name = pair.RawGetInt(1)
				_, isName = name.(lua.LString)
			}
			if !isName || pair.MaxN() != 2 {
				w.Usage(`write { { "name", "value" } }, or { name = "value" }`, "option %q: element %d is no pair of a name and a value", option, i+1)
			}
			add(lua.LVAsString(name), pair.RawGetInt(2))
		}
		return list
	}
	values := map[string]lua.LValue{}
	t.ForEach(func(key, v lua.LValue) {
		name, ok := key.(lua.LString)
		if !ok {
			w.Usage("", "option %q has a name that is a %s", option, engine.TypeName(key))
		}
		values[string(name)] = v
	})
	for _, name := range sortedKeys(values) {
		add(name, values[name])
	}
	return list
}

// text is that of a value, secrets among them.
func (w *webRequest) text(what string, v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		w.refuseShownSecret(what, string(v))
		return string(v)
	case lua.LNumber:
		return numberText(float64(v))
	case lua.LBool:
		return v.String()
	case *lua.LUserData:
		if held, ok := v.Value.(*heldSecret); ok {
			var text strings.Builder
			w.reveal(held, func(piece string, hidden bool) {
				text.WriteString(piece)
				if hidden && piece != "" {
					w.secrets = append(w.secrets, piece)
				}
			})
			return text.String()
		}
	}
	w.Usage("", "%s must be a string or a secret, got %s", what, engine.TypeName(v))
	return ""
}

func (w *webRequest) send(o getOptions) lua.LValue {
	client := w.client(o)
	response, err := client.Send(w.Context(), w.request)
	if err != nil {
		w.rt.Raise(w.L, w.fault(err))
	}
	return w.object("response", &response)
}

// defaultRetries is how often a GET is sent again.
const defaultRetries = 2

// client is one for these options, used again as long as the run lasts: it keeps connections.
func (w *webRequest) client(o getOptions) *fetch.Client {
	options := fetch.Options{Retries: defaultRetries}
	if o.Retries != nil {
		n, ok := o.Retries.(lua.LNumber)
		if !ok || n != lua.LNumber(int(n)) || n < 0 || n > 20 {
			w.Usage("", `option "retries" must be a whole number from 0 to 20, got %s`, w.L.ToStringMeta(o.Retries).String())
		}
		if options.Retries = int(n); options.Retries == 0 {
			options.Retries = -1
		}
	}
	if o.CA != "" {
		text, err := os.ReadFile(w.path(o.CA))
		if err != nil {
			w.Fail(err)
		}
		options.Authorities = text
	}
	if o.Proxy != nil {
		options.Proxy = w.text(`option "proxy"`, o.Proxy)
	}
	w.allow(o.Allow, &options)
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q %q %q", options.Retries, options.Authorities, options.Proxy, o.Allow, options.Allow))
	key := hex.EncodeToString(sum[:])
	if known, ok := w.web[key]; ok {
		return known
	}
	client, err := fetch.New(options)
	if err != nil {
		w.rt.Raise(w.L, &engine.Fault{Kind: engine.KindArgument, Message: w.function.full + ": " + strings.TrimPrefix(err.Error(), "fetch: ")})
	}
	w.web[key] = client
	w.rt.Defer(func(context.Context) error { client.Close(); return nil })
	return client
}

// allow reads what may be connected to. The addresses of a host are those that it has now:
// one that gets another meanwhile is not followed to it.
func (w *webRequest) allow(list []string, options *fetch.Options) {
	pinned := map[string][]netip.Addr{}
	for _, item := range list {
		if prefix, err := netip.ParsePrefix(item); err == nil {
			options.Allow = append(options.Allow, prefix)
			continue
		}
		var addresses []netip.Addr
		if address, err := netip.ParseAddr(strings.Trim(item, "[]")); err == nil {
			addresses = []netip.Addr{address}
		} else {
			if strings.ContainsAny(item, "/:@ ") || item == "" {
				w.Usage(`write allow = { "intranet.example.com", "10.1.0.0/16" }`, `option "allow": %q is no host, address or network`, item)
			}
			// A host that cannot be found is said where it is asked for.
			ctx, cancel := context.WithTimeout(w.Context(), 10*time.Second)
			addresses, _ = net.DefaultResolver.LookupNetIP(ctx, "ip", item)
			cancel()
			pinned[strings.ToLower(item)] = addresses
		}
		for _, address := range addresses {
			address = address.Unmap()
			options.Allow = append(options.Allow, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	slices.SortFunc(options.Allow, func(a, b netip.Prefix) int { return strings.Compare(a.String(), b.String()) })
	if len(pinned) > 0 {
		options.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			if known := pinned[strings.ToLower(host)]; len(known) > 0 {
				return known, nil
			}
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
}

// fault words what prevented an answer. It keeps no error of Go, which may hold what must
// not be shown.
func (w *webRequest) fault(err error) *engine.Fault {
	f := &engine.Fault{Kind: engine.KindProtocol, Message: w.function.full + ": " + err.Error()}
	var failed *fetch.Error
	if errors.As(err, &failed) {
		f.Temporary = failed.Temporary()
		f.Kind, f.Hint = webKind(failed)
		origin, tries := "", ""
		if failed.Origin != "" {
			origin = " " + failed.Origin + "/…"
		}
		if failed.Attempts > 1 {
			tries = fmt.Sprintf(" (%d attempts)", failed.Attempts)
		}
		what := failed.Err.Error()
		if f.Kind == engine.KindProtocol && strings.Contains(what, "malformed") {
			what = "the answer is no HTTP" // net/http shows it, and it may be anything
		}
		f.Message = fmt.Sprintf("%s%s%s: %s", w.function.full, origin, tries, what)
	}
	f.Message = w.redact(f.Message)
	return f
}

// redact replaces secrets that a server sent back, or that were part of a host.
func (w *webRequest) redact(text string) string {
	for _, held := range w.secrets {
		quoted := strconv.Quote(held)
		for _, form := range []string{held, quoted[1 : len(quoted)-1], url.QueryEscape(held), url.PathEscape(held), strings.ToLower(held), textproto.CanonicalMIMEHeaderKey(held)} {
			text = strings.ReplaceAll(text, form, shownSecret)
		}
	}
	return text
}

// webKind says what kind of a fault it is.
func webKind(failed *fetch.Error) (kind engine.Kind, hint string) {
	var (
		refused     *fetch.AddressError
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		alert       tls.AlertError
		record      tls.RecordHeaderError
		operation   *net.OpError
		network     net.Error
	)
	err := failed.Err
	switch {
	case failed.Origin == "":
		return engine.KindArgument, ""
	case errors.As(err, &refused):
		return engine.KindRefused, fmt.Sprintf("where it is meant to be asked, write allow = { %q }", refused.Host)
	case errors.As(err, &name):
		return engine.KindDNS, ""
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return engine.KindTLS, `a server with certificates of its own: ca = "FILE" names whom to trust`
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return engine.KindTLS, "the server speaks clear text on this port; the URL begins with http:// then"
	case errors.As(err, &alert):
		return engine.KindTLS, ""
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return engine.KindTimeout, ""
	case errors.As(err, &operation) && operation.Op == "dial":
		return engine.KindConnect, ""
	case errors.As(err, &operation), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return engine.KindLost, ""
	}
	return engine.KindProtocol, ""
}
