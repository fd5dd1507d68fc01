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

// tokenLogin logs in with an access token. One that the server refuses may have been
// revoked: it is renewed, once.
func (c *Call) tokenLogin(a account, credentials smtp.Credentials) func(context.Context, *smtp.Session) (smtp.Reply, error) {
	if m := strings.ToUpper(credentials.Mechanism); m != "" && m != "XOAUTH2" && m != "OAUTHBEARER" {
		c.Usage("leave mechanism out, or give a password", "account %q logs in with access tokens, which %s does not take", a.name, m)
	}
	return func(ctx context.Context, s *smtp.Session) (smtp.Reply, error) {
		// What would be refused by itself needs no token.
		if s.TLS() == nil && !credentials.InClear {
			return s.Auth(ctx, credentials)
		}
		tokens, err := a.tokens()
		if err != nil {
			return smtp.Reply{}, err
		}
		with := credentials
		if with.Token, err = tokens.Token(ctx); err != nil {
			return smtp.Reply{}, err
		}
		reply, err := s.Auth(ctx, with)
		if !isRefusedToken(err) {
			return reply, err
		}
		if with.Token, err = tokens.Renew(ctx, with.Token); err != nil {
			return smtp.Reply{}, err
		}
		return s.Auth(ctx, with)
	}
}

// isRefusedToken reports a 535: with it both mechanisms end that take tokens (RFC
// 7628, section 3.2.3).
func isRefusedToken(err error) bool {
	var fault *smtp.Error
	return errors.As(err, &fault) && fault.Kind == smtp.KindAuth && fault.Reply != nil && fault.Reply.Code == 535
}
