package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/proxy"
)

// ProxyKind is how a proxy is spoken to.
type ProxyKind string

const (
	SOCKS5 ProxyKind = "socks5" // RFC 1928; names are looked up by the proxy
	// HTTPConnect is the method CONNECT (RFC 9110, section 9.3.6), without TLS to
	// the proxy.
	HTTPConnect ProxyKind = "http"
)

// Proxy is what the connection goes through. The zero value is none.
type Proxy struct {
	Kind     ProxyKind
	Address  string // host:port
	Username string
	Password Secret
}

// ParseProxy reads "socks5://host:port" or "http://user:password@host:port".
func ParseProxy(text string) (Proxy, error) {
	// What url.Parse says of a malformed URL repeats it, password included.
	bad := &argumentError{`a proxy is written socks5://host:port or http://host:port, with user:password@ in front of the host where it wants a log-in`}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return Proxy{}, bad
	}
	p := Proxy{Kind: ProxyKind(strings.ToLower(u.Scheme)), Address: u.Host}
	switch p.Kind {
	case SOCKS5, HTTPConnect:
	case "socks5h":
		p.Kind = SOCKS5
	default:
		return Proxy{}, bad
	}
	if u.Port() == "" {
		port := "1080"
		if p.Kind == HTTPConnect {
			port = "8080"
		}
		p.Address = net.JoinHostPort(u.Hostname(), port)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		p.Username, p.Password = u.User.Username(), NewSecret(password)
	}
	return p, p.check()
}

func (p Proxy) check() error {
	if p == (Proxy{}) {
		return nil
	}
	host, port, err := net.SplitHostPort(p.Address)
	n, numeric := strconv.Atoi(port)
	switch {
	case p.Kind != SOCKS5 && p.Kind != HTTPConnect:
		return &argumentError{fmt.Sprintf("proxy kind %q is neither %q nor %q", p.Kind, SOCKS5, HTTPConnect)}
	case err != nil, numeric != nil, n < 1, n > 65535, host == "", strings.ContainsFunc(host, notInHost):
		return &argumentError{fmt.Sprintf("proxy address %q is not host:port", p.Address)}
	case len(p.Username) > 255, len(p.Password.reveal()) > 255: // RFC 1929, section 2
		return &argumentError{"user name and password of a proxy have at most 255 octets"}
	case p.Kind == HTTPConnect && strings.Contains(p.Username, ":"):
		return &argumentError{"the user name of an HTTP proxy must not hold a colon"}
	}
	return nil
}

// notInHost is what no host name or address holds.
func notInHost(c rune) bool { return c <= ' ' || c == 0x7f || c == '/' || c == '@' }

// ProxyError is the cause where the proxy, and not the server, is the trouble.
type ProxyError struct {
	Address string
	Err     error
}

func (e *ProxyError) Error() string { return fmt.Sprintf("proxy %s: %v", e.Address, e.Err) }
func (e *ProxyError) Unwrap() error { return e.Err }

func (p Proxy) dial(ctx context.Context, dialer *net.Dialer, address string) (net.Conn, error) {
	var conn net.Conn
	var err error
	if p.Kind == SOCKS5 {
		conn, err = p.socks(ctx, dialer, address)
	} else {
		conn, err = p.connectHTTP(ctx, dialer, address)
	}
	if err != nil {
		return nil, &ProxyError{p.Address, err}
	}
	return conn, nil
}

func (p Proxy) socks(ctx context.Context, dialer *net.Dialer, address string) (net.Conn, error) {
	var auth *proxy.Auth
	if p.Username != "" {
		auth = &proxy.Auth{User: p.Username, Password: p.Password.reveal()}
	}
	through, err := proxy.SOCKS5("tcp", p.Address, auth, dialer)
	if err != nil {
		return nil, err
	}
	return through.(proxy.ContextDialer).DialContext(ctx, "tcp", address)
}

// maxProxyReply bounds what an HTTP proxy says before the tunnel.
const maxProxyReply = 16 << 10

func (p Proxy) connectHTTP(ctx context.Context, dialer *net.Dialer, address string) (net.Conn, error) {
	conn, err := dialer.DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(longAgo) })
	err = p.tunnel(conn, address)
	if !stop() && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func (p Proxy) tunnel(conn net.Conn, address string) error {
	request := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if p.Username != "" {
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(p.Username+":"+p.Password.reveal())) + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		return err
	}
	// Octet by octet: what follows the empty line is the mail server's.
	var head []byte
	for one := make([]byte, 1); ; {
		if _, err := conn.Read(one); err != nil {
			return err
		}
		head = append(head, one[0])
		if strings.HasSuffix(string(head[max(0, len(head)-4):]), "\r\n\r\n") {
			break
		}
		if len(head) > maxProxyReply {
			return errors.New("its answer does not end")
		}
	}
	status, _, _ := strings.Cut(string(head), "\r\n")
	version, rest, _ := strings.Cut(status, " ")
	if !strings.HasPrefix(version, "HTTP/1.") {
		return fmt.Errorf("it does not speak HTTP: %s", quoteShort(sanitize([]byte(status))))
	}
	if !strings.HasPrefix(rest, "2") {
		return fmt.Errorf("it refuses: %s", sanitize([]byte(rest)))
	}
	return nil
}
