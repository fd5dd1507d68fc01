package config

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// OAuth2 is one table [account.NAME.oauth2]: where access tokens come from, in
// the place of a password (RFC 6749, section 6). The zero value is none.
type OAuth2 struct {
	// TokenURL is the token endpoint, always https.
	TokenURL string
	ClientID string
	// Scope is what the token is to be good for, "" where the refresh token
	// already says.
	Scope string
	// ClientSecret is zero for public clients, which have none.
	ClientSecret Source
	// RefreshToken is where the refresh token is, and TokenFile a file that holds
	// it and is rewritten when the service gives out a new one. One of them is set.
	RefreshToken Source
	TokenFile    string
	// CA is a PEM file of the authorities that certify the endpoint, "" for those
	// of the system.
	CA string

	account string
	at      map[string]place
}

// IsZero reports whether the account has no such table.
func (o OAuth2) IsZero() bool { return o.TokenURL == "" }

// tokenService is one whose token endpoint is well known.
type tokenService struct {
	name     string
	tokenURL string // may hold TENANT
	scope    string
	accounts []string // well-known services whose accounts are of it
}

const tenantMark = "TENANT"

// tokenServices are documented at developers.google.com/identity/protocols/oauth2
// and learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.
// Microsoft wants the scope said again, since one refresh token is good for
// several of its services.
var tokenServices = [...]tokenService{
	{"gmail", "https://oauth2.googleapis.com/token", "", []string{"gmail", "gmail-relay"}},
	{"microsoft", "https://login.microsoftonline.com/" + tenantMark + "/oauth2/v2.0/token",
		"https://outlook.office.com/SMTP.Send offline_access", []string{"microsoft365", "outlook"}},
}

func tokenServiceNames() (names []string) {
	for _, s := range tokenServices {
		names = append(names, s.name)
	}
	return names
}

// findTokenService finds a service by its name, or by a name of its mail service.
func findTokenService(name string) (tokenService, bool) {
	mail, _ := FindService(name)
	for _, s := range tokenServices {
		if plainName(s.name) == plainName(name) || mail.Name != "" && slices.Contains(s.accounts, mail.Name) {
			return s, true
		}
	}
	return tokenService{}, false
}

var (
	clientSecretKeys = sourceKeys{
		literal: "client_secret", command: "client_secret_command", env: "client_secret_env", file: "client_secret_file",
		keyring: "client_secret_keyring",
	}
	refreshTokenKeys = sourceKeys{
		literal: "refresh_token", command: "refresh_token_command", env: "refresh_token_env", file: "refresh_token_file",
		keyring: "refresh_token_keyring",
	}
)

// oauth2 reads a table [account.NAME.oauth2].
func (t *table) oauth2(a Account, folder string) OAuth2 {
	o := OAuth2{account: a.Name, at: map[string]place{}}
	before := len(t.faults)
	t.tokenURL(&o, a.Service)

	var clientID *entry
	if o.ClientID, clientID = t.string("client_id"); clientID == nil && t.values["client_id"] == nil {
		t.fail(t.entry.key, "the service gave it out when the program was registered there", "oauth2 of account %q has no client_id", a.Name)
	}
	if scope, e := t.string("scope"); e != nil {
		o.Scope = scope
	}
	o.ClientSecret = t.source(clientSecretKeys, folder, Keyring{Service: "mailscript", User: a.Name + " client_secret"})
	o.ClientSecret.label = fmt.Sprintf("client secret of account %q", a.Name)
	o.RefreshToken = t.source(refreshTokenKeys, folder, Keyring{Service: "mailscript", User: a.Name + " refresh_token"})
	o.RefreshToken.label = fmt.Sprintf("refresh token of account %q", a.Name)
	for _, file := range [...]struct {
		key  string
		path *string
	}{{"token_file", &o.TokenFile}, {"ca", &o.CA}} {
		text, e := t.string(file.key)
		if e == nil {
			continue
		}
		o.at[file.key] = t.place(e.value)
		path, err := inFolder(folder, text)
		if err != nil {
			t.fail(e.value, "write the whole path", "%s: %s", file.key, err)
			continue
		}
		*file.path = path
	}
	switch e := t.entry.entries["token_file"]; {
	case !o.RefreshToken.IsZero() && o.TokenFile != "" && e != nil:
		t.fail(e.key, "token_file is read and rewritten; leave the other out", "token_file and refresh_token exclude each other")
	case o.RefreshToken.IsZero() && t.values["token_file"] == nil && len(t.faults) == before:
		t.fail(t.entry.key, "give token_file, or one of refresh_token_command, _env, _file and _keyring",
			"oauth2 of account %q does not say where the refresh token is", a.Name)
	}
	t.finish(oauth2KeyHint)
	for _, s := range [...]Source{o.ClientSecret, o.RefreshToken} {
		if !s.Literal.IsZero() {
			t.file.Warnings = append(t.file.Warnings, fmt.Sprintf("%s:%d: the %s stands in the file; "+
				"a command, the environment, a file or the keyring keep it elsewhere", s.at.path, s.at.line, s.label))
		}
	}
	return o
}

// tokenURL reads the endpoint, or the service that has it.
func (t *table) tokenURL(o *OAuth2, mail string) {
	text, urlEntry := t.string("token_url")
	name, serviceEntry := t.string("service")
	tenant, tenantEntry := t.string("tenant")
	switch {
	case urlEntry != nil && serviceEntry != nil:
		t.fail(urlEntry.key, "a service knows its token_url; leave one out", "token_url and service exclude each other")
		return
	case urlEntry != nil:
		if reason := tokenURLFault(text); reason != "" {
			t.fail(urlEntry.value, `it looks like "https://login.example.org/oauth2/token"`, "token_url %s", reason)
			return
		}
		o.TokenURL = text
	default:
		if serviceEntry == nil {
			name = mail
		}
		service, ok := findTokenService(name)
		switch {
		case !ok && serviceEntry != nil:
			t.fail(serviceEntry.value, "write the token_url of a service that is not known", "unknown service %q%s", name, didYouMean(name, tokenServiceNames()))
			return
		case !ok:
			if t.values["service"] == nil && t.values["token_url"] == nil {
				t.fail(t.entry.key, `write service = "gmail", service = "microsoft" or token_url = "https://…"`, "oauth2 does not say who gives out the tokens")
			}
			return
		}
		o.TokenURL, o.Scope = service.tokenURL, service.scope
	}
	if urlEntry != nil || !strings.Contains(o.TokenURL, tenantMark) {
		if tenantEntry != nil {
			t.fail(tenantEntry.key, "", `tenant goes with service = "microsoft"`)
		}
		return
	}
	if tenantEntry == nil {
		tenant = "common"
	} else if strings.Trim(tenant, asciiAlphanumerics+"-.") != "" || strings.Trim(tenant, "-.") == "" {
		t.fail(tenantEntry.value, "it is the directory's ID or one of its domains", "tenant is not one")
		return
	}
	o.TokenURL = strings.ReplaceAll(o.TokenURL, tenantMark, tenant)
}

// tokenURLFault says what is wrong with the address of an endpoint, which is
// not repeated: it may hold a password. RFC 6749, section 3.2: TLS is required,
// and there is no fragment.
func tokenURLFault(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return "is not a URL"
	case u.Scheme != "https":
		return "must begin with https://, for credentials are sent there"
	case u.User != nil:
		return "must not hold a user name or a password"
	case u.Fragment != "":
		return "must not hold a #"
	}
	if reason, _ := hostFault(u.Hostname()); reason != "" {
		return "has a host that " + reason
	}
	return ""
}

// oauth2KeyHint knows how other programs call a setting.
func oauth2KeyHint(key string) string {
	switch strings.ToLower(key) {
	case "token_uri", "token_endpoint", "url":
		return "it is called token_url here"
	case "access_token", "token":
		return "access tokens are fetched with the refresh token; a script can give one to session:auth"
	case "scopes":
		return "it is called scope here, one string with blanks between"
	case "auth_uri", "auth_url", "redirect_uri", "device_url":
		return "mailscript does not log in with a browser; docs/accounts.md says how to get a refresh token"
	case "username", "user", "email":
		return "username stands in the account, not in oauth2"
	}
	return ""
}

// roots are the authorities of the endpoint, nil for those of the system.
func (o OAuth2) roots() (*x509.CertPool, error) {
	if o.CA == "" {
		return nil, nil
	}
	text, _, err := readRegular(o.CA, maxPEM)
	if err != nil {
		return nil, o.at["ca"].fault(fmt.Sprintf("ca: %s: %s", o.CA, err), "", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, o.at["ca"].fault(fmt.Sprintf("ca: %s holds no certificate", o.CA), "a PEM file has lines that say BEGIN CERTIFICATE", nil)
	}
	return pool, nil
}

// host is the endpoint as messages name it.
func (o OAuth2) host() string {
	u, err := url.Parse(o.TokenURL)
	if err != nil {
		return "the token endpoint"
	}
	return u.Host
}

// tokens reads the oauth2 of an account, and complains of what the account says
// beside it.
func (t *table) tokens(a *Account, folder string) {
	inner := t.table("oauth2")
	if inner == nil {
		return
	}
	a.OAuth2 = inner.oauth2(*a, folder)
	at := inner.entry.key
	switch {
	case !a.Password.IsZero():
		t.fail(at, "leave one out", "oauth2 and a password exclude each other")
	case a.Username == "" && t.values["username"] == nil:
		t.fail(t.entry.key, "it is the address of the mailbox", "account %q has oauth2 but no username", a.Name)
	case a.Mechanism != "" && a.Mechanism != "XOAUTH2" && a.Mechanism != "OAUTHBEARER":
		t.fail(at, "leave mechanism out, or write XOAUTH2 or OAUTHBEARER", "mechanism %s takes no token", a.Mechanism)
	case a.AuthMin != "":
		t.fail(at, "leave auth_min out: no password is sent", "auth_min goes with a password, not with oauth2")
	}
}
