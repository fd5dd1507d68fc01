package config

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mailscript/mailscript/smtp"
)

const (
	// endpointTimeout is for the whole exchange with the endpoint, name look-up
	// included.
	endpointTimeout = 10 * time.Second
	// maxEndpointAnswer is how much of an answer is read, in octets; real ones have
	// some thousands.
	maxEndpointAnswer = 256 << 10
	// usualLife is taken where an endpoint does not say how long a token lasts (RFC
	// 6749, section 5.1, recommends that it does).
	usualLife = time.Hour
	// renewAhead is how long before its end a token is renewed, so that it does not
	// end on the way to the mail server.
	renewAhead = time.Minute
)

// errRedirect is the cause where the endpoint sends elsewhere. No redirect is
// followed: the request is made of credentials, and a token endpoint has one
// address.
var errRedirect = errors.New("it redirects")

// tokenClient speaks to the endpoint of an account: through the account's proxy,
// else through that of the environment.
func (a Account) tokenClient() (*http.Client, error) {
	roots, err := a.OAuth2.roots()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		Proxy:           http.ProxyFromEnvironment,
		// One request an hour; a kept connection would only leave goroutines behind.
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if a.Proxy != (smtp.Proxy{}) {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) { return a.Proxy.Through(ctx, address) }
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// grant is what an endpoint gives (RFC 6749, section 5.1).
type grant struct {
	access  smtp.Secret
	until   time.Time
	refresh smtp.Secret // a new refresh token, zero where the old one stays
}

// ask fetches a new access token. A new refresh token that comes with it is
// saved before the access token is used.
func (t *Tokens) ask(ctx context.Context) (smtp.Secret, time.Time, error) {
	if err := t.saveLate(); err != nil {
		return smtp.Secret{}, time.Time{}, err
	}
	if err := t.readSecrets(ctx); err != nil {
		return smtp.Secret{}, time.Time{}, err
	}
	var beside *replacement
	if t.account.TokenFile != "" {
		var err error
		if beside, err = t.account.file().replace(); err != nil {
			return smtp.Secret{}, time.Time{}, err
		}
		defer func() {
			if beside != nil {
				beside.discard()
			}
		}()
	}
	given, err := t.request(ctx)
	var refused *TokenError
	if errors.As(err, &refused) && refused.Code == "invalid_grant" && t.account.TokenFile != "" {
		// Another process may have used the token, and saved its successor, since
		// the file was read.
		if newer, problem := t.account.file().read(); problem == nil && !newer.Equal(t.refresh) {
			t.refresh = newer
			given, err = t.request(ctx)
		}
	}
	// Whatever else is wrong with the answer: the old token may be void by now.
	if !given.refresh.IsZero() && !given.refresh.Equal(t.refresh) {
		t.refresh = given.refresh
		if saving := t.save(&beside); saving != nil {
			return smtp.Secret{}, time.Time{}, saving
		}
	}
	if err != nil {
		return smtp.Secret{}, time.Time{}, err
	}
	t.last = given.access
	return given.access, given.until, nil
}

// save keeps a new refresh token, in the file where there is one, of which
// beside is then used up.
func (t *Tokens) save(beside **replacement) error {
	if *beside == nil {
		t.reader.Warn(fmt.Sprintf("%s: the service gave out a new one, which cannot be kept in the %s; use token_file before the old one ends",
			t.account.RefreshToken.label, t.account.RefreshToken))
		return nil
	}
	replacing := *beside
	*beside = nil
	if err := replacing.commit(t.refresh); err != nil {
		t.unsaved = t.refresh
		return err
	}
	return nil
}

// saveLate saves a refresh token that could not be saved when it came.
func (t *Tokens) saveLate() error {
	if t.unsaved.IsZero() {
		return nil
	}
	beside, err := t.account.file().replace()
	if err != nil {
		return err
	}
	if err := beside.commit(t.unsaved); err != nil {
		return err
	}
	t.unsaved = smtp.Secret{}
	return nil
}

// readSecrets reads the file each time, since other runs may have replaced it,
// and the other sources once: a password manager may ask a person.
func (t *Tokens) readSecrets(ctx context.Context) error {
	var err error
	if t.clientSecret.IsZero() && !t.account.ClientSecret.IsZero() {
		if t.clientSecret, err = t.reader.Secret(ctx, t.account.ClientSecret); err != nil {
			return err
		}
	}
	switch {
	case t.account.TokenFile != "":
		t.refresh, err = t.account.file().read()
	case t.refresh.IsZero():
		t.refresh, err = t.reader.Secret(ctx, t.account.RefreshToken)
	}
	return err
}

// request asks the endpoint once (RFC 6749, section 6).
func (t *Tokens) request(ctx context.Context) (grant, error) {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	form := smtp.RefreshForm(t.account.ClientID, t.clientSecret, t.refresh, t.account.Scope)
	request, err := http.NewRequestWithContext(limited, http.MethodPost, t.account.TokenURL, bytes.NewReader(form))
	if err != nil {
		return grant{}, t.fault(smtp.KindConnect, "the address of the endpoint is not a URL")
	}
	// Should a redirect or a broken connection have it sent again, it is not.
	request.GetBody = nil
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "mailscript")
	response, err := t.client.Do(request)
	if err != nil {
		return grant{}, t.lost(ctx, limited, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxEndpointAnswer+1))
	switch {
	case response.StatusCode >= 300 && response.StatusCode < 400:
		return grant{}, t.redirected(response)
	case err != nil:
		return grant{}, t.lost(ctx, limited, err)
	case len(body) > maxEndpointAnswer:
		return grant{}, t.fault(smtp.KindProtocol, fmt.Sprintf("its answer is larger than %d KiB", maxEndpointAnswer>>10))
	case response.StatusCode != http.StatusOK:
		return grant{}, t.refusal(response.StatusCode, body)
	}
	return t.granted(began, body)
}

// answer is all that is read of the endpoint's JSON.
type answer struct {
	AccessToken      string      `json:"access_token"`
	TokenType        string      `json:"token_type"`
	ExpiresIn        json.Number `json:"expires_in"`
	RefreshToken     string      `json:"refresh_token"`
	Error            string      `json:"error"`
	ErrorDescription string      `json:"error_description"`
}

// granted reads the answer that grants a token (RFC 6749, section 5.1).
func (t *Tokens) granted(began time.Time, body []byte) (grant, error) {
	var said answer
	// QUIRK: some endpoints write the seconds in quotes, which json.Number takes.
	if err := json.Unmarshal(body, &said); err != nil {
		return grant{}, t.fault(smtp.KindProtocol, "its answer is not JSON, or not that of a token endpoint")
	}
	if said.Error != "" {
		// QUIRK: with status 200, against section 5.2.
		return grant{}, t.refusal(http.StatusOK, body)
	}
	var given grant
	if said.RefreshToken != "" {
		if !isToken(said.RefreshToken) {
			return grant{}, t.fault(smtp.KindProtocol, "it gave a refresh token that is not printable ASCII")
		}
		given.refresh = smtp.NewSecret(said.RefreshToken)
	}
	switch {
	case said.AccessToken == "":
		return given, t.fault(smtp.KindProtocol, "its answer holds no access_token")
	case said.TokenType != "" && !strings.EqualFold(said.TokenType, "bearer"):
		// Section 7.1: a token of an unknown type must not be used.
		return given, t.fault(smtp.KindProtocol, "it gave a token of another type than Bearer")
	}
	life := usualLife
	if n, err := strconv.ParseInt(said.ExpiresIn.String(), 10, 64); err == nil {
		life = time.Duration(max(0, min(n, int64((365*24*time.Hour).Seconds())))) * time.Second
	}
	given.access, given.until = smtp.NewSecret(said.AccessToken), began.Add(life-min(renewAhead, life/2))
	return given, nil
}

// laterCodes are refusals that end by themselves; the last is of RFC 6749,
// section 4.1.2.1, and used here too.
var laterCodes = [...]string{"server_error", "slow_down", "temporarily_unavailable"}

// refusal reads the answer that refuses one (RFC 6749, section 5.2).
func (t *Tokens) refusal(status int, body []byte) error {
	var said answer
	_ = json.Unmarshal(body, &said) // what is not JSON has nothing to say
	e := t.fault(smtp.KindAuth, "")
	e.Status, e.Code = status, said.Error
	if strings.Trim(e.Code, asciiAlphanumerics+"_-") != "" || len(e.Code) > 40 {
		e.Code = ""
	}
	e.Code = t.shown(e.Code)
	e.Later = status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || slices.Contains(laterCodes[:], e.Code)
	e.Text = strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	if e.Code != "" {
		e.Text = fmt.Sprintf("%d %s", status, e.Code)
	}
	if words := t.shown(said.ErrorDescription); words != "" {
		e.Text += ": " + words
	}
	return e
}

func (t *Tokens) redirected(response *http.Response) error {
	e := t.fault(smtp.KindProtocol, fmt.Sprintf("%d: it sends elsewhere, which is not followed", response.StatusCode))
	e.Status, e.Err = response.StatusCode, errRedirect
	if to, err := response.Location(); err == nil {
		switch reason, _ := hostFault(to.Hostname()); {
		case to.Scheme != "https":
			e.Text = fmt.Sprintf("%d: it sends to an address without TLS, which is not followed", response.StatusCode)
		case reason == "":
			e.Text = fmt.Sprintf("%d: it sends to %s, which is not followed", response.StatusCode, t.redacted(to.Hostname()))
		}
	}
	return e
}

// lost words an exchange that came to no end.
func (t *Tokens) lost(ctx, limited context.Context, err error) error {
	if ctx.Err() != nil {
		return t.gaveUp(ctx)
	}
	// Its text holds the whole address.
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var (
		name    *net.DNSError
		invalid *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		timeout net.Error
		system  *net.OpError
		through *smtp.ProxyError
	)
	e := t.fault(smtp.KindLost, "the connection ended, or what came is no HTTP")
	e.Later = true
	switch {
	case limited.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		e.Kind, e.Text, e.Err = smtp.KindTimeout, fmt.Sprintf("no answer within %s", endpointTimeout), context.DeadlineExceeded
	case errors.As(err, &name):
		e.Kind, e.Text, e.Later, e.Err = smtp.KindDNS, "its name was not found: "+t.redacted(name.Err), !name.IsNotFound, name
	case errors.As(err, &invalid), errors.As(err, &unknown):
		e.Kind, e.Text, e.Later, e.Err = smtp.KindTLS, "its certificate is not good: "+t.redacted(strings.TrimPrefix(err.Error(), "tls: failed to verify certificate: ")), false, err
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		e.Kind, e.Text, e.Later = smtp.KindTLS, "it does not speak TLS", false
	case errors.As(err, &through):
		e.Kind, e.Text, e.Err = smtp.KindConnect, t.redacted(through.Error()), through
	case errors.As(err, &system) && system.Op == "dial":
		e.Kind, e.Text, e.Err = smtp.KindConnect, "no connection: "+t.redacted(system.Err.Error()), system
	}
	return e
}

func (t *Tokens) fault(kind smtp.Kind, text string) *TokenError {
	return &TokenError{Account: t.account.account, Host: t.account.host(), Kind: kind, Text: text}
}

const (
	// maxShown bounds what is shown of an endpoint's words, in octets.
	maxShown = 200
	// longestWord is longer than any word, and shorter than any token.
	longestWord = 24
)

// shown is the first line of what an endpoint says, on one line and without
// credentials. Beside those that are known, whole or in part, it hides all
// words that are too long to be any: an endpoint may repeat a token that it has
// just given out.
func (t *Tokens) shown(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	words := strings.Fields(t.redacted(text))
	for i, word := range words {
		if len(strings.TrimRight(word, ".,;:")) > longestWord {
			words[i] = hiddenMark
		}
	}
	text = strings.Join(words, " ")
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}

// redacted is a text on one line, without the credentials that are known.
func (t *Tokens) redacted(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, smtp.Redact(text, t.clientSecret, t.refresh, t.last))
}
