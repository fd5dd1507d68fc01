package smtp

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"
)

// What follows explains a refusal of Go's verifier; it never decides one. The
// verifier says of most faults behind the server's own certificate only that
// the authority is unknown, which sends people after the wrong certificate.

// chain is what a server sent, on its way to a diagnosis.
type chain struct {
	host  string
	roots *x509.CertPool
	sent  []*x509.Certificate // the server's own first
	now   time.Time
}

// maxPath bounds how far issuers are followed, and maxCandidates how many of
// one name are looked at: both sizes are the server's to choose.
const (
	maxPath       = 8
	maxCandidates = 8
)

func (c chain) fault(problem CertificateProblem, culprit *x509.Certificate, err error) *CertificateError {
	return &CertificateError{
		Problem: problem, Host: c.host, Certificate: c.sent[0], Culprit: culprit,
		Names: certificateNames(c.sent[0]), Err: err,
	}
}

// explain finds what is behind the verifier's error.
func (c chain) explain(err error) *CertificateError {
	leaf := c.sent[0]
	var (
		extension x509.UnhandledCriticalExtension
		invalid   x509.CertificateInvalidError
		hostname  x509.HostnameError
		unknown   x509.UnknownAuthorityError
		roots     x509.SystemRootsError
	)
	switch {
	case errors.As(err, &extension):
		// The verifier does not say whose. nil is a root that was not sent.
		var culprit *x509.Certificate
		if i := slices.IndexFunc(c.path(), hasUnknownExtension); i >= 0 {
			culprit = c.path()[i]
		}
		return c.fault(ProblemExtension, culprit, err)
	case errors.As(err, &hostname):
		if !hasAltName(leaf) {
			return c.fault(ProblemNoAltName, leaf, err)
		}
		return c.fault(ProblemWrongHost, leaf, err)
	case errors.As(err, &invalid):
		return c.invalid(invalid, err)
	case errors.As(err, &unknown) && c.trustsNobody(), errors.As(err, &roots):
		return c.fault(ProblemNoRoots, leaf, err)
	case errors.As(err, &unknown):
		return c.untrusted(err)
	case strings.Contains(err.Error(), "signature check attempts limit"):
		return c.fault(ProblemTooComplex, leaf, err)
	}
	return c.fault(ProblemOther, leaf, err)
}

// trustsNobody reports whether the system has no list of authorities, as in a
// container without the package that has it: crypto/x509 then takes the list
// for an empty one.
func (c chain) trustsNobody() bool {
	if c.roots != nil {
		return false
	}
	system, err := x509.SystemCertPool()
	return err != nil || system.Equal(x509.NewCertPool())
}

func (c chain) invalid(invalid x509.CertificateInvalidError, err error) *CertificateError {
	leaf := c.sent[0]
	culprit := invalid.Cert
	if culprit == nil {
		culprit = leaf
	}
	if !culprit.Equal(leaf) {
		// Of several ways to a root the verifier names what it met last, and an
		// authority that is not trusted either way is not worth renewing.
		if fault := c.untrusted(err); fault.Problem != ProblemOther {
			return fault
		}
	}
	switch invalid.Reason {
	case x509.Expired:
		return c.fault(c.outOfDate(culprit), culprit, err)
	case x509.NotAuthorizedToSign:
		return c.fault(ProblemNotAuthority, culprit, err)
	case x509.TooManyIntermediates:
		return c.fault(ProblemPathLength, culprit, err)
	case x509.CANotAuthorizedForThisName, x509.UnconstrainedName, x509.NameConstraintsWithoutSANs:
		return c.fault(ProblemConstraint, c.constrained(), err)
	case x509.IncompatibleUsage, x509.CANotAuthorizedForExtKeyUsage:
		for _, sent := range c.path() {
			if !forServers(sent) {
				return c.fault(ProblemNotServer, sent, err)
			}
		}
		return c.fault(ProblemNotServer, leaf, err)
	case x509.TooManyConstraints:
		return c.fault(ProblemTooComplex, leaf, err)
	case x509.NameMismatch:
		return c.fault(ProblemSignature, culprit, err)
	case x509.NoValidChains:
		return c.fault(ProblemPolicy, leaf, err)
	}
	return c.fault(ProblemOther, culprit, err)
}

// outOfDate is "" for a certificate within its time.
func (c chain) outOfDate(certificate *x509.Certificate) CertificateProblem {
	switch {
	case c.now.Before(certificate.NotBefore):
		return ProblemNotYetValid
	case c.now.After(certificate.NotAfter):
		return ProblemExpired
	}
	return ""
}

// constrained is the authority whose limits the name breaks: where several
// have some, the one nearest to the server.
func (c chain) constrained() *x509.Certificate {
	path := c.path()
	if whole, err := c.verify(c.sent[0], c.now); err == nil {
		path = whole
	}
	for _, authority := range path[1:] {
		if len(authority.PermittedDNSDomains)+len(authority.ExcludedDNSDomains)+
			len(authority.PermittedIPRanges)+len(authority.ExcludedIPRanges)+
			len(authority.PermittedEmailAddresses)+len(authority.ExcludedEmailAddresses)+
			len(authority.PermittedURIDomains)+len(authority.ExcludedURIDomains) > 0 {
			return authority
		}
	}
	return path[len(path)-1]
}

// path follows issuers through what the server sent, in whatever order, as far
// as it goes.
func (c chain) path() []*x509.Certificate {
	path := []*x509.Certificate{c.sent[0]}
	for len(path) < maxPath {
		last := path[len(path)-1]
		var next *x509.Certificate
		seen := 0
		for _, candidate := range c.sent {
			if !bytes.Equal(candidate.RawSubject, last.RawIssuer) || slices.ContainsFunc(path, candidate.Equal) {
				continue
			}
			if seen++; seen > maxCandidates {
				break
			}
			signed := last.CheckSignatureFrom(candidate) == nil
			if next == nil || signed {
				next = candidate
			}
			if signed {
				break
			}
		}
		if next == nil {
			break
		}
		path = append(path, next)
	}
	return path
}

// verify looks for a way from one certificate to a trusted root, for any name
// and use.
func (c chain) verify(certificate *x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	others := x509.NewCertPool()
	for _, sent := range c.sent {
		if !sent.Equal(certificate) {
			others.AddCert(sent)
		}
	}
	chains, err := certificate.Verify(x509.VerifyOptions{
		Roots: c.roots, Intermediates: others, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, err
	}
	return chains[0], nil
}

// untrusted walks from the end of the path towards the server, to the first
// certificate that is not trusted.
func (c chain) untrusted(err error) *CertificateError {
	path := c.path()
	var trusted []*x509.Certificate
	for i := len(path) - 1; i >= 0; i-- {
		up, fault := c.verify(path[i], c.now)
		if fault == nil {
			trusted = up
			continue
		}
		if trusted == nil {
			return c.unanchored(path, fault, err)
		}
		return c.broken(path[i], path[i+1], trusted, err)
	}
	return c.fault(ProblemOther, path[0], err)
}

// unanchored explains a path whose last certificate is not trusted itself.
func (c chain) unanchored(path []*x509.Certificate, fault, err error) *CertificateError {
	top := path[len(path)-1]
	// It may have been, or may come to be: the time is the fault only then.
	for _, at := range []time.Time{top.NotBefore, top.NotBefore.Add(top.NotAfter.Sub(top.NotBefore) / 2), top.NotAfter} {
		whole, timely := c.verify(top, at)
		if timely != nil {
			continue
		}
		for _, certificate := range whole {
			if problem := c.outOfDate(certificate); problem != "" {
				return c.fault(problem, certificate, err)
			}
		}
	}
	switch {
	case weakHash(top) && !selfIssued(top) && strings.Contains(fault.Error(), "insecure algorithm"):
		return c.fault(ProblemWeakHash, top, err)
	case strings.Contains(fault.Error(), "verification error"), strings.Contains(fault.Error(), "verification failure"):
		// An authority of that name is trusted, and signed something else.
		return c.fault(ProblemSignature, top, err)
	case hasUnknownExtension(top):
		return c.fault(ProblemExtension, top, err)
	case len(path) == 1 && selfIssued(top):
		return c.fault(ProblemSelfSigned, top, err)
	case len(path) == 1:
		return c.fault(ProblemIncomplete, top, err)
	}
	return c.fault(ProblemUnknown, top, err)
}

// broken explains why child is not trusted though its issuer is.
func (c chain) broken(child, parent *x509.Certificate, trusted []*x509.Certificate, err error) *CertificateError {
	if problem := c.outOfDate(child); problem != "" {
		return c.fault(problem, child, err)
	}
	if hasUnknownExtension(child) {
		return c.fault(ProblemExtension, child, err)
	}
	var (
		weak     x509.InsecureAlgorithmError
		notAllow x509.ConstraintViolationError
	)
	fault := child.CheckSignatureFrom(parent)
	switch {
	case errors.As(fault, &notAllow), !parent.IsCA:
		return c.fault(ProblemNotAuthority, parent, err)
	case errors.As(fault, &weak):
		return c.fault(ProblemWeakHash, child, err)
	case fault != nil:
		return c.fault(ProblemSignature, child, err)
	}
	// RFC 5280, section 4.2.1.9: the number of intermediates that may follow.
	for below, authority := range trusted {
		if authority.BasicConstraintsValid && authority.MaxPathLen >= 0 && below > authority.MaxPathLen {
			return c.fault(ProblemPathLength, authority, err)
		}
	}
	return c.fault(ProblemOther, child, err)
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// subjectAltName is id-ce-subjectAltName (RFC 5280, section 4.2.1.6).
const subjectAltName = "2.5.29.17"

func hasAltName(c *x509.Certificate) bool {
	for _, extension := range c.Extensions {
		if extension.Id.String() == subjectAltName {
			return true
		}
	}
	return false
}

func hasUnknownExtension(c *x509.Certificate) bool { return len(c.UnhandledCriticalExtensions) > 0 }

func forServers(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// refused turns what a handshake said about certificates into a
// *CertificateError, and leaves all else.
func (o Options) refused(err error, state tls.ConnectionState) error {
	var known *CertificateError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &verification) && len(verification.UnverifiedCertificates) > 0:
		c := chain{host: o.verifiedHost(), roots: o.RootCAs, sent: verification.UnverifiedCertificates, now: time.Now()}
		return c.explain(err)
	}
	problem := unreadable(err.Error())
	if problem == "" {
		return err
	}
	fault := &CertificateError{Problem: problem, Host: o.verifiedHost(), Err: err}
	if len(state.PeerCertificates) > 0 {
		fault.Certificate, fault.Culprit = state.PeerCertificates[0], state.PeerCertificates[0]
		fault.Names = certificateNames(fault.Certificate)
	}
	return fault
}

// unreadable classes the errors that crypto/tls has no types for.
func unreadable(text string) CertificateProblem {
	for _, known := range [...]struct {
		part    string
		problem CertificateProblem
	}{
		{"failed to parse certificate", ProblemMalformed},
		{"empty certificates message", ProblemMissing},
		{"unsupported type of public key", ProblemKeyType},
		{"unsupported certificate", ProblemKeyType},
		{"RSA key larger than", ProblemTooComplex},
		{"invalid signature by the server certificate", ProblemNotHolder},
	} {
		if strings.Contains(text, "tls: ") && strings.Contains(text, known.part) {
			return known.problem
		}
	}
	return ""
}

// verifiedHost is the name the server's certificate must be for.
func (o Options) verifiedHost() string { return strings.TrimSuffix(o.Host, ".") }
