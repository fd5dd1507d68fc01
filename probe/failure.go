package probe

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// fail takes down an error as a finding.
func (p *prober) fail(err error) {
	f := Finding{Severity: Error, What: said(err), Action: p.Advise(err)}
	f.Name, f.Cause = likely(err)
	switch f.Name {
	case "silent", "hung-up", "not-smtp":
		// Both ways to begin were tried: advice to try the other would mislead.
		f.Action = "TLS from the first byte and clear text were both tried; check host and port"
	}
	f.Config = p.remedy(err)
	p.find(f)
}

// said is an error as a finding words it.
func said(err error) string { return strings.TrimPrefix(err.Error(), "smtp: ") }

// likely names an error, and says what is usually behind it.
func likely(err error) (name, cause string) {
	var (
		fault   *smtp.Error
		refused *smtp.CertificateError
	)
	switch {
	case errors.As(err, &refused):
		return "certificate-" + strings.ReplaceAll(string(refused.Problem), " ", "-"), certificateCause(refused.Problem)
	case errors.Is(err, smtp.ErrPlaintext):
		return "tls-clear-text", "the server, or a filter in front of it, does not encrypt here whatever it says"
	case errors.Is(err, smtp.ErrOldTLS):
		return "tls-old", "the server's program or its settings are from before 2010"
	case errors.Is(err, smtp.ErrClientCertificate):
		return "client-certificate", "the server takes only clients that it has given a certificate"
	case !errors.As(err, &fault):
		return "other", ""
	}
	doing := func(what string) bool { return strings.HasPrefix(fault.Command, what) }
	switch fault.Kind {
	case smtp.KindArgument:
		return "argument", ""
	case smtp.KindDNS:
		if fault.Temporary() {
			return "dns", "the name server of this machine, or that of the domain, does not answer"
		}
		return "dns", "the name is misspelt, or has no address: a mail domain need not have one of its own"
	case smtp.KindConnect:
		if strings.Contains(err.Error(), "refused") {
			return "connect-refused", "the port is another, the server is down, or a firewall answers in its place"
		}
		return "connect", "there is no way from this network to the server"
	case smtp.KindTLS:
		return "tls-handshake", "both sides have no version or cipher in common, or it is no TLS that the server speaks"
	case smtp.KindGreeting:
		return greetingCause(fault)
	case smtp.KindAuth:
		if fault.Reply == nil {
			return "login", "the server does not offer what the account asks for"
		}
		return "login", "the server refused the credentials"
	case smtp.KindRefused:
		if doing("STARTTLS") {
			return "starttls-refused", "the server offers STARTTLS and cannot do it: its certificate or key is missing, or not readable"
		}
		return "hello-refused", "the server does not want a client of this name or address"
	case smtp.KindTimeout:
		switch {
		case doing("connect"):
			return "connect-timeout", "a firewall drops the packets; many networks do so with port 25"
		case doing("greeting"), doing("TLS handshake"):
			return "silent", "the server is overloaded, makes strangers wait, or is no mail server"
		}
		return "timeout", "the server is slow or has gone"
	case smtp.KindProtocol:
		if errors.Is(err, smtp.ErrSurplus) {
			return "surplus", "something between here and the server adds to what it says"
		}
		return "not-smtp", "something else than a mail server listens on this port"
	case smtp.KindLost:
		return "hung-up", "the server, or a firewall in front of it, does not take connections from here"
	}
	return string(fault.Kind), ""
}

func greetingCause(fault *smtp.Error) (name, cause string) {
	if wantsCertificate(fault) {
		return "client-certificate", "the server takes only clients that it has given a certificate"
	}
	if fault.Reply != nil && fault.Reply.Temporary() {
		return "greeting-later", "the server is busy, or has had too many connections from this address"
	}
	return "greeting-refused", "the server does not want this client: its address is on a block list, has no name, or is not known there"
}

// wantsCertificate reports whether a server refuses, in its greeting, a client
// without a certificate: Postfix waits for the end of the handshake to say so.
func wantsCertificate(err error) bool {
	return errors.Is(err, smtp.ErrClientCertificate) || strings.Contains(strings.ToLower(err.Error()), "client certificate")
}

// certificateCause is what is usually behind a refused certificate.
func certificateCause(problem smtp.CertificateProblem) string {
	switch problem {
	case smtp.ProblemExpired:
		return "it was not renewed, or the server was not restarted after that"
	case smtp.ProblemNotYetValid:
		return "the clock of this machine is wrong, or that of the one that made it"
	case smtp.ProblemWrongHost:
		return "the server is called by a name that its certificate does not have, or another answers in its place"
	case smtp.ProblemNoAltName:
		return "it was made by an old tool or an old recipe"
	case smtp.ProblemSelfSigned:
		return "it is the one that the server's installation made"
	case smtp.ProblemUnknown:
		return "it is of an organisation's own authority, or somebody between here and the server opens TLS"
	case smtp.ProblemIncomplete:
		return "the server was given its certificate alone, not the whole chain (fullchain.pem)"
	case smtp.ProblemNoRoots:
		return "the package with the authorities is not installed here"
	case smtp.ProblemPin:
		return "the key was changed, or another server answers"
	case smtp.ProblemRevoked:
		return "its key was stolen or lost, or it was issued by mistake"
	}
	return "it was made in a way that clients refuse"
}

// remedy is what to write into the account about an error.
func (p *prober) remedy(err error) string {
	var refused *smtp.CertificateError
	switch {
	case wantsCertificate(err):
		return "client_certificate = \"client.pem\"\nclient_key = \"client-key.pem\""
	case !errors.As(err, &refused):
		return ""
	}
	switch refused.Problem {
	case smtp.ProblemWrongHost:
		if host := hostOf(refused.Names); host != "" {
			return fmt.Sprintf("host = %q", host)
		}
	case smtp.ProblemSelfSigned:
		return `ca = "server.pem"`
	case smtp.ProblemUnknown, smtp.ProblemIncomplete, smtp.ProblemSignature, smtp.ProblemNoRoots:
		return `ca = "ca.pem"`
	case smtp.ProblemPin:
		return fmt.Sprintf("pins = [%q]", smtp.PinOf(refused.Certificate))
	}
	return ""
}

// hostOf is the first name of a certificate that a host can have.
func hostOf(names []string) string {
	for _, name := range names {
		if !strings.Contains(name, "*") && net.ParseIP(name) == nil {
			return name
		}
	}
	return ""
}
