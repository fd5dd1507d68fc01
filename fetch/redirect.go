package fetch

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
)

// harmless are headers that may go to another host.
var harmless = []string{"User-Agent", "Accept", "Accept-Language", "Content-Type", "Content-Length"}

// redirect says whether to follow one, and takes from it what the new host has no business with.
func (c *Client) redirect(next *http.Request, before []*http.Request) error {
	if c.options.Redirects < 0 {
		return http.ErrUseLastResponse
	}
	if len(before) > c.options.Redirects {
		return &redirectError{fmt.Sprintf("there are more than %d redirects", c.options.Redirects)}
	}
	if _, err := target(next.URL.String()); err != nil {
		return &redirectError{fmt.Sprintf("it redirects to where one cannot go: %s", err)}
	}
	last := before[len(before)-1]
	if last.URL.Scheme == "https" && next.URL.Scheme != "https" {
		return &redirectError{fmt.Sprintf("it redirects from https to http, at %s", next.URL.Hostname())}
	}
	stray := origin(next.URL) != origin(before[0].URL)
	for _, r := range before[1:] {
		stray = stray || origin(r.URL) != origin(before[0].URL)
	}
	// From http to https of the same host nothing is given away.
	if stray && !upgraded(before, next) {
		if next.Body != nil && next.Body != http.NoBody && next.ContentLength != 0 {
			return &redirectError{fmt.Sprintf("it redirects to another host, %s, which would get the body", next.URL.Hostname())}
		}
		for name := range next.Header {
			if !slices.Contains(harmless, name) {
				next.Header.Del(name)
			}
		}
	}
	next.Header.Del("Referer") // it would show the query
	return nil
}

// redirectError is a redirect that is not followed. Asking again would not help.
type redirectError struct{ problem string }

func (e *redirectError) Error() string { return e.problem }

// upgraded reports whether all that happened was a move from http to https, from one default port to the other.
func upgraded(before []*http.Request, next *http.Request) bool {
	for _, r := range append(slices.Clone(before[1:]), next) {
		u, first := r.URL, before[0].URL
		if origin(u) != origin(first) && !(u.Scheme == "https" && first.Scheme == "http" && u.Hostname() == first.Hostname() && port(u) == "443" && port(first) == "80") {
			return false
		}
	}
	return true
}

// origin is scheme, host and port (RFC 6454, section 4).
func origin(u *url.URL) string { return u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port(u)) }

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// isRedirect reports whether an error is a redirect that is not followed.
func isRedirect(err error) bool {
	var refused *redirectError
	return errors.As(err, &refused)
}
