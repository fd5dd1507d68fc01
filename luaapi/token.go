package luaapi

import (
	"context"
	"errors"
	"strings"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/smtp"
)

// tokensOf are the access tokens of an account, the same ones for the whole run.
func (c *Call) tokensOf(entry config.Account) (*config.Tokens, error) {
	if known, ok := c.tokens[entry.Name]; ok {
		return known, nil
	}
	tokens, err := entry.Tokens(c.options.Secrets)
	if err != nil {
		return nil, err
	}
	c.tokens[entry.Name] = tokens
	return tokens, nil
}

// authenticateWithToken logs in with an access token. One that the server
// refuses may have ended early, or been revoked: another one is fetched, once,
// and tried on the same connection.
func (c *Call) authenticateWithToken(ctx context.Context, s *session, a account, credentials smtp.Credentials) (smtp.Reply, error) {
	if m := strings.ToUpper(credentials.Mechanism); m != "" && m != "XOAUTH2" && m != "OAUTHBEARER" {
		c.Usage("leave mechanism out, or give a password", "account %q logs in with access tokens, which %s does not take", a.name, m)
	}
	// What would be refused by itself needs no token.
	if s.TLS() == nil && !credentials.InClear {
		return s.Auth(ctx, credentials)
	}
	tokens, err := a.tokens()
	if err != nil {
		return smtp.Reply{}, err
	}
	if credentials.Token, err = tokens.Token(ctx); err != nil {
		return smtp.Reply{}, err
	}
	reply, err := s.Auth(ctx, credentials)
	if !isRefusedToken(err) {
		return reply, err
	}
	if credentials.Token, err = tokens.Renew(ctx, credentials.Token); err != nil {
		return smtp.Reply{}, err
	}
	return s.Auth(ctx, credentials)
}

// isRefusedToken reports a 535: with it both mechanisms end that take tokens (RFC
// 7628, section 3.2.3).
func isRefusedToken(err error) bool {
	var fault *smtp.Error
	return errors.As(err, &fault) && fault.Kind == smtp.KindAuth && fault.Reply != nil && fault.Reply.Code == 535
}
