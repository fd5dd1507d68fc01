package config

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// Account is one table [account.NAME]: where to connect, and who to be.
type Account struct {
	Name string
	// Service is the well-known service as Services names it, "" where the
	// account names a host.
	Service string
	// Region is the part of a service's host that differs, such as "eu-west-1".
	Region string
	// Host, Port and TLS are those of the service where the account does not say
	// otherwise. A zero Port or TLS is left to the defaults of smtp.Options.
	Host string
	Port int
	TLS  smtp.TLSMode

	Username string
	// Mechanism is a SASL mechanism, in upper case; "" takes the strongest.
	Mechanism string
	// AuthMin is the weakest mechanism to take for the password, in upper case.
	AuthMin        string
	ChannelBinding smtp.ChannelBinding
	// AuthInClear allows the password over a connection without TLS.
	AuthInClear bool
	Password    Source
	// OAuth2 is where access tokens come from, in the place of a password.
	OAuth2 OAuth2

	// LocalName is what EHLO says, SourceAddress the IP address to connect from.
	LocalName, SourceAddress string
	// Socket is a unix socket in place of Host, absolute where the configuration
	// has a path.
	Socket   string
	Proxy    smtp.Proxy
	Protocol smtp.Protocol
	// CA is a PEM file of the authorities to trust in place of the system's.
	// ClientCertificate and ClientKey are PEM files too; both are set or none.
	// All are absolute where the configuration has a path.
	CA, ClientCertificate, ClientKey string
	// Pins are hashes of public keys, "sha256//" and base64, one of which the
	// server must have.
	Pins     []string
	Timeouts smtp.Timeouts

	at map[string]place
}

// Extras are what an account says about connections beyond smtp.Options.
type Extras struct {
	SourceAddress string
	Certificates  []tls.Certificate
	Pins          []string
}

// withService fills in what the service knows and the account does not say.
func (a Account) withService() Account {
	service, ok := FindService(a.Service)
	if !ok || a.Host != "" {
		return a
	}
	a.Service = service.Name
	a.Host = service.host(a.Region)
	switch {
	case a.Port == 0 && a.TLS == "":
		a.Port, a.TLS = service.Port, service.TLS
	case a.Port == 0 && service.Port != smtp.PortSubmissions && service.Port != smtp.PortSubmission:
		// The usual port for another kind of TLS is not one of this service.
		a.Port = service.Port
	}
	if a.Username == "" {
		a.Username = service.Username
	}
	return a
}

// Options are the connection of the account. It reads the file of authorities,
// if there is one; an error is an *Error.
func (a Account) Options() (smtp.Options, error) {
	a = a.withService()
	o := smtp.Options{
		Host: a.Host, Port: a.Port, TLS: a.TLS,
		LocalName: a.LocalName, Timeouts: a.Timeouts,
		Socket: a.Socket, Proxy: a.Proxy, Protocol: a.Protocol,
	}
	if a.CA == "" {
		return o, nil
	}
	text, err := a.pem("ca", a.CA)
	if err != nil {
		return smtp.Options{}, err
	}
	o.RootCAs = x509.NewCertPool()
	if !o.RootCAs.AppendCertsFromPEM(text) {
		return smtp.Options{}, a.at["ca"].fault(fmt.Sprintf("ca: %s holds no certificate", a.CA),
			"a PEM file has lines that say BEGIN CERTIFICATE", nil)
	}
	return o, nil
}

// Extras reads the client certificate, if there is one; an error is an *Error.
func (a Account) Extras() (Extras, error) {
	e := Extras{SourceAddress: a.SourceAddress, Pins: a.Pins}
	if a.ClientCertificate == "" && a.ClientKey == "" {
		return e, nil
	}
	certificate, err := a.pem("client_certificate", a.ClientCertificate)
	if err != nil {
		return Extras{}, err
	}
	key, err := a.pem("client_key", a.ClientKey)
	if err != nil {
		return Extras{}, err
	}
	if isEncrypted(key) {
		return Extras{}, a.at["client_key"].fault(fmt.Sprintf("client_key: %s is encrypted", a.ClientKey),
			"decrypt it with: openssl pkey -in KEY -out PLAIN, and keep that file to yourself", nil)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		// The words of crypto/tls say what is wrong, and quote nothing of the files.
		return Extras{}, a.at["client_certificate"].fault(fmt.Sprintf("client_certificate %s and client_key %s: %s",
			a.ClientCertificate, a.ClientKey, strings.TrimPrefix(err.Error(), "tls: ")), "", err)
	}
	e.Certificates = []tls.Certificate{pair}
	return e, nil
}

// maxPEM is the size of the largest PEM file that is read, in bytes; the bundle
// of a whole system has a quarter of it.
const maxPEM = 1 << 20

func (a Account) pem(key, path string) ([]byte, error) {
	text, _, err := readRegular(path, maxPEM)
	if err != nil {
		return nil, a.at[key].fault(fmt.Sprintf("%s: %s: %s", key, path, err), "", err)
	}
	return text, nil
}

// isEncrypted reports whether a PEM file holds a key that needs a password, in
// the form of RFC 5958 or the one of OpenSSL before it.
func isEncrypted(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
	return false
}

// Credentials are who to be. The password, or a token in its place, is fetched
// through r; an account without either has a zero password.
func (a Account) Credentials(ctx context.Context, r Reader) (smtp.Credentials, error) {
	a = a.withService()
	c := smtp.Credentials{
		Username: a.Username, Mechanism: a.Mechanism, Minimum: a.AuthMin,
		ChannelBinding: a.ChannelBinding, InClear: a.AuthInClear,
	}
	var err error
	switch {
	case !a.OAuth2.IsZero():
		var tokens *Tokens
		if tokens, err = a.Tokens(r); err == nil {
			c.Token, err = tokens.Token(ctx)
		}
		return c, err
	case a.Password.IsZero():
		return c, nil
	}
	c.Password, err = r.Secret(ctx, a.Password)
	return c, err
}
