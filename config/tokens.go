package config

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// Tokens are the access tokens of one account: one at a time, in memory, until
// shortly before it ends. Any number of goroutines may ask; the endpoint is
// asked by one of them.
//
// golang.org/x/oauth2 is not used: its errors hold the whole answer of an
// endpoint, which may repeat credentials; its tokens print; it cannot wait for a
// new refresh token to be saved before the access token is used; and it tries a
// second way of authentication by itself, which can use up a refresh token.
type Tokens struct {
	account OAuth2
	reader  Reader
	client  *http.Client

	mu      sync.Mutex
	access  smtp.Secret
	until   time.Time // when to renew access
	refused error     // what asking again would not change
	flight  *flight

	// What follows belongs to the one goroutine that asks.
	clientSecret smtp.Secret
	refresh      smtp.Secret // read from its source, or given out since
	unsaved      smtp.Secret // given out, and not yet in the file
	last         smtp.Secret // the access token given out last
}

// flight is one request for a token, which others wait for.
type flight struct {
	done   chan struct{}
	token  smtp.Secret
	err    error
	gaveUp bool // because its own context ended
}

// Tokens prepares access tokens of an account that has [account.NAME.oauth2].
// Nothing is read or asked before the first one is needed, the authorities of
// the endpoint excepted. An error is an *Error.
func (a Account) Tokens(r Reader) (*Tokens, error) {
	client, err := a.tokenClient()
	if err != nil {
		return nil, err
	}
	return &Tokens{account: a.OAuth2, reader: r.withDefaults(), client: client}, nil
}

func (t *Tokens) String() string { return "tokens of account " + t.account.account }

// Format writes String for every verb: there is little in it but credentials.
func (t *Tokens) Format(f fmt.State, _ rune) { fmt.Fprint(f, t.String()) }

// Token returns an access token, fetching one where there is none or it is
// about to end. An error is a *TokenError, or an *Error where a source or the
// token file is at fault.
func (t *Tokens) Token(ctx context.Context) (smtp.Secret, error) {
	for {
		t.mu.Lock()
		switch {
		case !t.access.IsZero() && time.Now().Before(t.until):
			defer t.mu.Unlock()
			return t.access, nil
		case t.refused != nil:
			defer t.mu.Unlock()
			return smtp.Secret{}, t.refused
		case t.flight == nil:
			own := &flight{done: make(chan struct{})}
			t.flight = own
			t.mu.Unlock()
			t.fly(ctx, own)
			return own.token, own.err
		}
		other := t.flight
		t.mu.Unlock()
		select {
		case <-other.done:
			if !other.gaveUp {
				return other.token, other.err
			}
		case <-ctx.Done():
			return smtp.Secret{}, t.gaveUp(ctx)
		}
	}
}

// fly asks, and shares the answer with those who wait.
func (t *Tokens) fly(ctx context.Context, own *flight) {
	var until time.Time
	defer func() {
		t.mu.Lock()
		t.flight = nil
		if own.err == nil {
			t.access, t.until = own.token, until
		}
		own.gaveUp = own.err != nil && ctx.Err() != nil
		if refusal, ok := own.err.(*TokenError); ok && refusal.Kind == smtp.KindAuth && !refusal.Later {
			// Neither the answer nor what led to it changes within a run, and some
			// services lock clients that keep asking.
			t.refused = refusal
		}
		t.mu.Unlock()
		close(own.done)
	}()
	own.token, until, own.err = t.ask(ctx)
}

// Renew returns another access token than the one that a mail server refused. Of
// several goroutines that were refused with the same one, one asks.
func (t *Tokens) Renew(ctx context.Context, refused smtp.Secret) (smtp.Secret, error) {
	t.mu.Lock()
	if t.access == refused {
		t.access = smtp.Secret{}
	}
	t.mu.Unlock()
	return t.Token(ctx)
}

func (t *Tokens) gaveUp(ctx context.Context) error {
	err := ended(ctx)
	return &TokenError{Account: t.account.account, Host: t.account.host(), Kind: smtp.KindLost, Text: "was not waited for: " + err.Error(), Err: err, Later: true}
}
