package luaapi

import (
	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/smtp"
)

// tokenHints are about access tokens: what a mail server says of one, and what a
// token endpoint says in place of giving one out.
func tokenHints() []Hint {
	asking := func(s situation, codes ...string) bool {
		if s.token == nil {
			return false
		}
		for _, code := range codes {
			if s.token.Code == code {
				return true
			}
		}
		return false
	}
	bearing := func(s situation) bool {
		return s.kind(smtp.KindAuth) && s.reply.Permanent() && (s.doing("AUTH XOAUTH2") || s.doing("AUTH OAUTHBEARER"))
	}
	return []Hint{
		{"token-microsoft", "535 5.7.139 or 5.7.3 with an access token",
			"Microsoft 365 takes tokens only where authenticated SMTP is on for the mailbox (an administrator does that), and where the token is for SMTP.Send and of this user",
			func(s situation) bool {
				return bearing(s) && (s.reply.Enhanced == "5.7.139" || s.reply.Enhanced == "5.7.3")
			}},
		{"token-wrong", "535: an access token is refused",
			"username must be the mailbox that the refresh token was made for, and the token be good for SMTP (Gmail's scope is https://mail.google.com/)",
			bearing},
		{"token-invalid-grant", "invalid_grant: the refresh token is not taken",
			"the refresh token has ended or was revoked, as a new password, months without use, or seven days with an app that Google has in testing do; get a new one as docs/accounts.md says, and put it where mailscript.toml looks for it",
			func(s situation) bool { return asking(s, "invalid_grant") }},
		{"token-invalid-client", "invalid_client or unauthorized_client: the program is not known",
			"check client_id, client_secret and, with Microsoft, tenant: they are those of the app that the refresh token was made with",
			func(s situation) bool { return asking(s, "invalid_client", "unauthorized_client") }},
		{"token-scope", "invalid_scope: the token cannot be good for that",
			"leave scope out, or write the one that the refresh token was made for",
			func(s situation) bool { return asking(s, "invalid_scope") }},
		{"token-redirect", "the token endpoint redirects",
			"set token_url to where it sends, if you trust that place; credentials are not sent on by themselves",
			func(s situation) bool { return s.token != nil && s.token.Status >= 300 && s.token.Status < 400 }},
		{"token-later", "the token endpoint does not answer, or not now",
			"no mail was sent; try again later. Behind a proxy, name it with proxy in the account, or HTTPS_PROXY",
			func(s situation) bool { return s.token != nil && s.token.Temporary() }},
		{"token-certificate", "the certificate of the token endpoint is not good",
			"nothing was sent there; check token_url, and where the endpoint is your own name its authority with ca below [account.NAME.oauth2]",
			func(s situation) bool { return s.token != nil && s.token.Kind == smtp.KindTLS }},
		{"token-endpoint", "the token endpoint answers something else",
			"check token_url and client_id; the service's documentation names both",
			func(s situation) bool { return s.token != nil }},
	}
}

func tokenHint(e *config.TokenError) string { return hintFor(situation{token: e}) }
