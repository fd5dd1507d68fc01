package smtp

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// CertificateProblem names what is wrong with a server's certificate.
type CertificateProblem string

const (
	ProblemExpired      CertificateProblem = "expired"
	ProblemNotYetValid  CertificateProblem = "not yet valid"
	ProblemWrongHost    CertificateProblem = "wrong host"
	ProblemNoAltName    CertificateProblem = "no subject alternative name" // RFC 9525, section 2: the common name does not count
	ProblemSelfSigned   CertificateProblem = "self-signed"
	ProblemUnknown      CertificateProblem = "unknown authority"
	ProblemIncomplete   CertificateProblem = "incomplete chain" // the server sent its own certificate only, not its issuer's
	ProblemConstraint   CertificateProblem = "name constraint"
	ProblemNotServer    CertificateProblem = "not a server certificate" // extended key usage
	ProblemNotAuthority CertificateProblem = "not an authority"
	ProblemPathLength   CertificateProblem = "path too long"
	ProblemSignature    CertificateProblem = "bad signature"
	ProblemWeakHash     CertificateProblem = "weak signature" // SHA-1, MD5
	ProblemWeakKey      CertificateProblem = "weak key"       // RSA below 2048 bits, elliptic curves below 256
	ProblemKeyType      CertificateProblem = "unusable key"   // one that TLS has no use for
	ProblemNotHolder    CertificateProblem = "not the holder" // the server has not got the certificate's key
	ProblemExtension    CertificateProblem = "unknown critical extension"
	ProblemPolicy       CertificateProblem = "policy"
	ProblemTooComplex   CertificateProblem = "too complex"
	ProblemMalformed    CertificateProblem = "malformed"
	ProblemMissing      CertificateProblem = "no certificate"
	ProblemPin          CertificateProblem = "pin"
	ProblemRevoked      CertificateProblem = "revoked"
	ProblemNoRoots      CertificateProblem = "no trusted authorities" // of this machine
	ProblemOther        CertificateProblem = "other"
)

// CertificateError is the cause of an *Error of KindTLS where the server's
// certificate was refused. Nothing but the handshake had been sent.
type CertificateError struct {
	Problem CertificateProblem
	// Host is whom the certificate should be for.
	Host string
	// Certificate is the server's own, nil where it could not be read.
	Certificate *x509.Certificate
	// Culprit is the certificate at fault, which may be one of those behind the
	// server's; nil where it is not known.
	Culprit *x509.Certificate
	// Names are the hosts and addresses that Certificate is for.
	Names []string
	// Err is what the verifier said; nil where the check was this package's.
	Err error
}

func (e *CertificateError) Unwrap() error { return e.Err }

func (e *CertificateError) Error() string {
	if e.Certificate == nil || e.Culprit == nil {
		return e.unread()
	}
	c := e.Culprit
	switch e.Problem {
	case ProblemExpired:
		return fmt.Sprintf("%s has expired: it was valid until %s (issued by %s)", e.who(), minute(c.NotAfter), issuer(c))
	case ProblemNotYetValid:
		return fmt.Sprintf("%s is not valid yet: it will be from %s (issued by %s)", e.who(), minute(c.NotBefore), issuer(c))
	case ProblemWrongHost:
		return fmt.Sprintf("%s is for another host: it names %s (issued by %s)", e.who(), e.named(), issuer(c))
	case ProblemNoAltName:
		return fmt.Sprintf("%s has no subject alternative name, and %s (issued by %s)", e.who(), commonName(c), issuer(c))
	case ProblemSelfSigned:
		return fmt.Sprintf("%s is self-signed: only %s itself vouches for it", e.who(), subject(c))
	case ProblemUnknown:
		return fmt.Sprintf("certificate of %s goes back to %s, an authority that is not trusted here", e.Host, e.authority())
	case ProblemIncomplete:
		return fmt.Sprintf("certificate of %s came without that of its issuer %s, which the server did not send and which is not trusted here", e.Host, issuer(c))
	case ProblemConstraint:
		return fmt.Sprintf("certificate of %s is for a name that its authority %s may not vouch for: %s", e.Host, subject(c), detail(e.Err))
	case ProblemNotServer:
		return fmt.Sprintf("%s is not for servers: its extended key usage is %s (issued by %s)", e.who(), usages(c), issuer(c))
	case ProblemNotAuthority:
		if c.IsCA {
			return fmt.Sprintf("certificate of %s depends on %s, whose key may not sign certificates (key usage)", e.Host, subject(c))
		}
		return fmt.Sprintf("certificate of %s depends on %s, which is not the certificate of an authority", e.Host, subject(c))
	case ProblemPathLength:
		return fmt.Sprintf("certificate of %s has too many authorities behind it: %s allows %s below itself", e.Host, subject(c), howMany(c.MaxPathLen, "more"))
	case ProblemSignature:
		return fmt.Sprintf("%s is not signed by %s, which it names as its issuer", e.who(), issuer(c))
	case ProblemWeakHash:
		return fmt.Sprintf("%s is signed with %s, which can be forged (issued by %s)", e.who(), c.SignatureAlgorithm, issuer(c))
	case ProblemWeakKey:
		return fmt.Sprintf("%s has %s, which can be broken (issued by %s)", e.who(), keySize(c), issuer(c))
	case ProblemKeyType:
		return fmt.Sprintf("%s has a key that TLS cannot use: %s", e.who(), detail(e.Err))
	case ProblemNotHolder:
		return fmt.Sprintf("%s was shown by a server that has not got its key", e.who())
	case ProblemExtension:
		return fmt.Sprintf("%s has a critical extension that nobody here understands: %s (issued by %s)", e.who(), extensions(c), issuer(c))
	case ProblemPolicy:
		return fmt.Sprintf("certificate of %s breaks the policies of its authorities", e.Host)
	case ProblemTooComplex:
		return fmt.Sprintf("certificate of %s comes with a chain too complex to check: %s", e.Host, detail(e.Err))
	case ProblemPin:
		return fmt.Sprintf("certificate of %s is good, but no certificate of its chain has a pinned key; its own is %s", e.Host, PinOf(e.Certificate))
	case ProblemRevoked:
		return fmt.Sprintf("%s was revoked: %s (issued by %s)", e.who(), detail(e.Err), issuer(c))
	case ProblemNoRoots:
		return fmt.Sprintf("certificate of %s cannot be checked: this machine has no list of trusted authorities", e.Host)
	}
	return fmt.Sprintf("%s was refused: %s", e.who(), detail(e.Err))
}

// unread words what there is to say without a certificate.
func (e *CertificateError) unread() string {
	switch e.Problem {
	case ProblemMissing:
		return "the server showed no certificate for " + e.Host
	case ProblemMalformed:
		return fmt.Sprintf("certificate of %s cannot be read: %s", e.Host, detail(e.Err))
	case ProblemExtension:
		return fmt.Sprintf("an authority behind the certificate of %s has a critical extension that nobody here understands", e.Host)
	}
	return fmt.Sprintf("certificate of %s was refused: %s", e.Host, detail(e.Err))
}

// who names the culprit, so that nobody renews the server's certificate when
// it is another that has expired.
func (e *CertificateError) who() string {
	switch {
	case e.Culprit.Equal(e.Certificate):
		return "certificate of " + e.Host
	case selfIssued(e.Culprit):
		return fmt.Sprintf("root %s behind the certificate of %s", subject(e.Culprit), e.Host)
	}
	return fmt.Sprintf("intermediate %s behind the certificate of %s", subject(e.Culprit), e.Host)
}

// authority is where the chain ends: at a root the server sent, or at one it
// only names.
func (e *CertificateError) authority() string {
	if selfIssued(e.Culprit) {
		return subject(e.Culprit)
	}
	return issuer(e.Culprit)
}

// shownNames bounds a list of names in a text of one line.
const shownNames = 5

// named lists whom the server's certificate is for.
func (e *CertificateError) named() string {
	names := e.Names
	switch {
	case len(names) == 0 && len(e.Certificate.EmailAddresses) > 0:
		return "no host, only e-mail addresses"
	case len(names) == 0 && len(e.Certificate.URIs) > 0:
		return "no host, only URIs"
	case len(names) == 0:
		return "no host"
	case len(names) > shownNames:
		names = append(slices.Clone(names[:shownNames]), fmt.Sprintf("%d more", len(names)-shownNames))
	}
	text := strings.Join(names, ", ")
	if strings.Contains(text, "*") {
		// RFC 9525, section 6.3.
		text += ` (a "*" stands for the whole first label and no more)`
	}
	if net.ParseIP(e.Host) != nil && len(e.Certificate.IPAddresses) == 0 {
		text += ", and no address"
	}
	return text
}

// certificateNames are the hosts and addresses a certificate is for, safe to print.
func certificateNames(c *x509.Certificate) []string {
	var names []string
	for _, name := range c.DNSNames {
		names = append(names, oneLine(name))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// maxShownName is the longest name, in characters, put into a text.
const maxShownName = 80

// oneLine makes a text of a stranger's fit for one line of ours.
func oneLine(text string) string {
	clean := []rune(sanitize([]byte(text)))
	if len(clean) > maxShownName {
		clean = append(clean[:maxShownName], '…')
	}
	return string(clean)
}

func quoted(text string) string { return `"` + oneLine(text) + `"` }

// subject and issuer name a certificate, and who signed it, by what people
// recognise; the serial number is for those without a name.
func subject(c *x509.Certificate) string {
	for _, name := range append([]string{c.Subject.CommonName}, append(c.Subject.Organization, c.DNSNames...)...) {
		if name != "" {
			return quoted(name)
		}
	}
	return fmt.Sprintf("serial number %x", c.SerialNumber)
}

func issuer(c *x509.Certificate) string {
	if selfIssued(c) {
		return "itself"
	}
	for _, name := range append([]string{c.Issuer.CommonName}, c.Issuer.Organization...) {
		if name != "" {
			return quoted(name)
		}
	}
	return "somebody without a name"
}

func commonName(c *x509.Certificate) string {
	if c.Subject.CommonName == "" {
		return "no common name either"
	}
	return "its common name " + quoted(c.Subject.CommonName) + " does not count"
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// detail is what the verifier said, without the prefixes of Go's packages.
func detail(err error) string {
	if err == nil {
		return "no reason given"
	}
	text := err.Error()
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Detail != "" {
		text = invalid.Detail
	}
	for _, prefix := range []string{"tls: failed to verify certificate: ", "tls: failed to parse certificate from server: ", "tls: ", "x509: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return strings.TrimSpace(sanitize([]byte(text)))
}

func howMany(n int, what string) string {
	if n <= 0 {
		return "no " + what
	}
	return fmt.Sprintf("%d %s", n, what)
}

func keySize(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("an RSA key of %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "an ECDSA key on " + key.Params().Name
	}
	return "a key for " + c.PublicKeyAlgorithm.String()
}

// usageNames are the extended key usages of RFC 5280, section 4.2.1.12.
var usageNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageClientAuth:      "client authentication",
	x509.ExtKeyUsageCodeSigning:     "code signing",
	x509.ExtKeyUsageEmailProtection: "e-mail protection",
	x509.ExtKeyUsageTimeStamping:    "time stamping",
	x509.ExtKeyUsageOCSPSigning:     "OCSP signing",
}

func usages(c *x509.Certificate) string {
	var names []string
	for _, usage := range c.ExtKeyUsage {
		if name, ok := usageNames[usage]; ok {
			names = append(names, name)
		}
	}
	for _, id := range c.UnknownExtKeyUsage {
		names = append(names, id.String())
	}
	if len(names) == 0 {
		return "another"
	}
	return strings.Join(names, ", ")
}

func extensions(c *x509.Certificate) string {
	var ids []string
	for _, id := range c.UnhandledCriticalExtensions {
		ids = append(ids, id.String())
	}
	return strings.Join(ids, ", ")
}
