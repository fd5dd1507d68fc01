// Package fetch is an HTTP client for scripts (RFC 9110), which may be told by strangers where to go: it connects to public
// addresses only, unless others are allowed, verifies TLS always, follows no redirect into the clear, and bounds time, size and
// number of everything. Its errors show no paths, queries, headers or bodies, for these hold secrets.
//
// The bodies of responses are left as they come; charsets are for who reads them.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Options are those of a client.
type Options struct {
	// Authorities are certificates in PEM that are trusted besides those of the system.
	Authorities []byte
	// Allow are networks that may be connected to though they are not public, such as 10.1.0.0/16.
	Allow []netip.Prefix
	// Proxy is the URL of an HTTP proxy, or FromEnvironment; empty is none. Behind a proxy it is the proxy that finds addresses, and
	// that has to refuse some.
	Proxy string
	// Connect bounds how long connecting takes, TLS included: 10 seconds if 0.
	Connect time.Duration
	// Timeout bounds a request with all its attempts, to the last octet of the response: 30 seconds if 0.
	Timeout time.Duration
	// Retries is how often a request that may be repeated is, at most: 2 if 0, not at all if negative.
	Retries int
	// MaxWait bounds the time between two attempts: 20 seconds if 0. A server that asks for more is not asked again.
	MaxWait time.Duration
	// Redirects is how many are followed: 5 if 0, none if negative.
	Redirects int
	// MaxBody is the size of a response at most, in octets, after decompression: 16 MiB if 0.
	MaxBody int64
	// UserAgent is sent as such: mailscript if empty.
	UserAgent string
	// Resolve finds the addresses of a host; nil asks the system.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

// FromEnvironment takes the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
const FromEnvironment = "environment"

func (o Options) withDefaults() Options {
	if o.Connect == 0 {
		o.Connect = 10 * time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Retries == 0 {
		o.Retries = 2
	}
	if o.MaxWait == 0 {
		o.MaxWait = 20 * time.Second
	}
	if o.Redirects == 0 {
		o.Redirects = 5
	}
	if o.MaxBody == 0 {
		o.MaxBody = 16 << 20
	}
	if o.UserAgent == "" {
		o.UserAgent = "mailscript"
	}
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return o
}

// Client sends requests. It may be used by several goroutines, keeps connections for the next request, and must be closed.
type Client struct {
	options   Options
	transport *http.Transport
	// wait pauses between attempts; tests replace it.
	wait func(context.Context, time.Duration) error
}

// New makes a client.
func New(options Options) (*Client, error) {
	options = options.withDefaults()
	switch {
	case options.Connect < 0 || options.Timeout < 0 || options.MaxWait < 0:
		return nil, errors.New("fetch: a time is negative")
	case options.MaxBody < 0:
		return nil, errors.New("fetch: the size of responses is negative")
	case !validValue(options.UserAgent):
		return nil, errors.New("fetch: the user agent has characters that headers cannot have")
	}
	roots, err := authorities(options.Authorities)
	if err != nil {
		return nil, err
	}
	proxy, err := options.proxy()
	if err != nil {
		return nil, err
	}
	d := dialer{options: options}
	c := &Client{options: options, wait: pause}
	c.transport = &http.Transport{
		Proxy:       d.remember(proxy),
		DialContext: d.dial,
		// RFC 9325, section 3.1.1: nothing older than TLS 1.2.
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    options.Connect,
		MaxResponseHeaderBytes: 256 << 10,
		MaxIdleConnsPerHost:    2,
		MaxIdleConns:           20,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
	}
	return c, nil
}

// Close ends the connections that are kept.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// authorities returns those of the system and more.
func authorities(more []byte) (*x509.CertPool, error) {
	if more == nil {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a machine without any
	}
	if !roots.AppendCertsFromPEM(more) {
		return nil, errors.New("fetch: reading authorities: there is no certificate in PEM")
	}
	return roots, nil
}

// proxy returns how to find the proxy for a request.
func (o Options) proxy() (func(*http.Request) (*url.URL, error), error) {
	switch o.Proxy {
	case "":
		return nil, nil
	case FromEnvironment:
		return http.ProxyFromEnvironment, nil
	}
	u, err := url.Parse(o.Proxy)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("fetch: the proxy is no URL as in http://proxy.example.com:3128") // which may hold a password
	}
	return http.ProxyURL(u), nil
}

// pause waits, or less when the context ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// size writes a number of octets.
func size(octets int64) string {
	if octets >= 1<<20 && octets%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", octets>>20)
	}
	return fmt.Sprintf("%d octets", octets)
}
