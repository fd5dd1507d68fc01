package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Error says what was asked for and what happened. Of the URL it shows scheme, host and port.
type Error struct {
	Method string
	// Origin is scheme, host and port, or empty where the URL was none.
	Origin string
	// Attempts is how often the request was sent.
	Attempts int
	Err      error

	temporary bool
}

// Error says it in one line.
func (e *Error) Error() string {
	if e.Origin == "" {
		return fmt.Sprintf("fetch: %s: %s", e.Method, e.Err)
	}
	tries := ""
	if e.Attempts > 1 {
		tries = fmt.Sprintf(" (%d attempts)", e.Attempts)
	}
	return fmt.Sprintf("fetch: %s %s/…%s: %s", e.Method, e.Origin, tries, e.Err)
}

// Unwrap returns what happened.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same request may work later.
func (e *Error) Temporary() bool { return e.temporary }

// Send sends a request and reads the response. Requests that may be repeated are, after errors of the connection and the
// statuses 429, 502, 503 and 504, with growing pauses or those the server asks for; the last response is returned whatever
// its status.
func (c *Client) Send(ctx context.Context, r Request) (Response, error) {
	if err := r.check(); err != nil {
		return Response{}, &Error{Method: r.Method, Err: err}
	}
	u, err := target(r.URL)
	if err != nil {
		return Response{}, &Error{Method: r.Method, Err: err}
	}
	limit := c.options.Timeout
	if r.Timeout != 0 {
		limit = r.Timeout
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for attempt := 1; ; attempt++ {
		response, err := c.attempt(ctx, r, u)
		response.Attempts = attempt
		again := attempt <= c.options.Retries && slices.Contains(repeatable, r.Method)
		switch {
		case err == nil && (!again || !busy(response.Status)):
			return response, nil
		case err == nil:
			wait, ok := c.pauseAfter(response, attempt)
			if deadline, _ := ctx.Deadline(); !ok || time.Until(deadline) < wait || c.wait(ctx, wait) != nil {
				return response, nil // what there is says more than that time ran out
			}
			continue
		case again && passing(err) && ctx.Err() == nil:
			if c.wait(ctx, backOff(attempt, c.options.MaxWait)) == nil {
				continue
			}
		}
		failed := &Error{Method: r.Method, Origin: origin(u), Attempts: attempt, Err: explain(err), temporary: passing(err)}
		switch {
		case outer.Err() != nil:
			failed.Err, failed.temporary = outer.Err(), false
		case ctx.Err() != nil:
			failed.Err, failed.temporary = &timeoutError{limit}, true
		}
		return Response{}, failed
	}
}

// timeoutError says that the whole took too long.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string   { return fmt.Sprintf("no complete answer within %s", e.limit) }
func (e *timeoutError) Timeout() bool   { return true }
func (e *timeoutError) Temporary() bool { return true }

// attempt sends a request once, with redirects.
func (c *Client) attempt(ctx context.Context, r Request, u *url.URL) (Response, error) {
	request, err := r.build(ctx, u, c.options.UserAgent)
	if err != nil {
		return Response{}, err
	}
	sender := http.Client{Transport: c.transport, CheckRedirect: c.redirect}
	response, err := sender.Do(request)
	if err != nil {
		return Response{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, c.options.MaxBody+1))
	if err != nil {
		return Response{}, fmt.Errorf("reading the response: %w", err)
	}
	if int64(len(body)) > c.options.MaxBody {
		return Response{}, &sizeError{c.options.MaxBody}
	}
	return Response{Status: response.StatusCode, Headers: response.Header, Body: body, URL: response.Request.URL.String()}, nil
}

// sizeError says that a response is too large.
type sizeError struct{ limit int64 }

func (e *sizeError) Error() string { return "the response is larger than " + size(e.limit) }

// busy reports whether a status says to come back later.
func busy(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// pauseAfter returns how long to wait after a status, and whether that is not too long.
func (c *Client) pauseAfter(r Response, attempt int) (time.Duration, bool) {
	wait := backOff(attempt, c.options.MaxWait)
	if asked, ok := retryAfter(r.Headers.Get("Retry-After"), r.Headers.Get("Date")); ok {
		wait = max(wait, asked)
	}
	return wait, wait <= c.options.MaxWait
}

// retryAfter reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date, which is compared with the server's own clock.
func retryAfter(text, date string) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(date)
	if err != nil {
		now = time.Now()
	}
	return max(0, at.Sub(now)), true
}

// backOff returns the pause after an attempt: half a second, doubled each time, more or less by half, so that many who
// failed together do not come back together.
func backOff(attempt int, most time.Duration) time.Duration {
	base := 500 * time.Millisecond << min(attempt-1, 10)
	return min(base/2+rand.N(base), most)
}

// passing reports whether an error may pass: one of the connection, and not of who is at its other end.
func passing(err error) bool {
	var (
		address     *AddressError
		large       *sizeError
		certificate *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		name        *net.DNSError
		network     net.Error
		alert       tls.AlertError
		record      tls.RecordHeaderError
		operation   *net.OpError
	)
	switch {
	case isRedirect(err), errors.As(err, &address), errors.As(err, &large), errors.As(err, &certificate), errors.As(err, &unknown), errors.As(err, &alert), errors.As(err, &record):
		return false
	case errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &name):
		return !name.IsNotFound
	case errors.As(err, &operation), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	}
	return errors.As(err, &network) && network.Timeout()
}

// explain leaves out the URL that errors of net/http show.
func explain(err error) error {
	for {
		shown, ok := err.(*url.Error)
		if !ok {
			break
		}
		err = shown.Err
	}
	var refused *AddressError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("connecting took too long: %w", err)
	}
	return err
}
