package smtp

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// revoked is the fault of a server whose own stapled answer (RFC 6066, section
// 8) says that its certificate was revoked. An answer that cannot be read, or
// is not signed by the issuer, says nothing: whoever could put it there could
// as well leave it out.
func (c chain) revoked(staple []byte, verified [][]*x509.Certificate) error {
	leaf := c.sent[0]
	for _, candidate := range verified {
		if len(staple) == 0 || len(candidate) < 2 {
			continue
		}
		answer, err := ocsp.ParseResponseForCert(staple, leaf, candidate[1])
		if err != nil || answer.Status != ocsp.Revoked || !authorized(answer) {
			continue
		}
		// Only a hold can be lifted, so only that answer grows old.
		old := !answer.NextUpdate.IsZero() && c.now.After(answer.NextUpdate)
		if c.now.Before(answer.ThisUpdate) || old && answer.RevocationReason == ocsp.CertificateHold {
			continue
		}
		return c.fault(ProblemRevoked, leaf, &revocation{answer.RevokedAt, answer.RevocationReason})
	}
	return nil
}

// authorized reports whether a responder that is not the issuer itself was
// named by it (RFC 6960, section 4.2.2.2).
func authorized(answer *ocsp.Response) bool {
	return answer.Certificate == nil || slices.Contains(answer.Certificate.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning)
}

// revocation is what the issuer said.
type revocation struct {
	at     time.Time
	reason int
}

func (r *revocation) Error() string {
	return fmt.Sprintf("on %s, reason: %s", minute(r.at), revocationReason(r.reason))
}

// revocationReason words the CRLReason of RFC 5280, section 5.3.1.
func revocationReason(reason int) string {
	switch reason {
	case ocsp.KeyCompromise:
		return "its key became known"
	case ocsp.CACompromise, ocsp.AACompromise:
		return "an authority's key became known"
	case ocsp.AffiliationChanged:
		return "it names somebody else now"
	case ocsp.Superseded:
		return "it was replaced"
	case ocsp.CessationOfOperation:
		return "the host was given up"
	case ocsp.CertificateHold:
		return "on hold"
	case ocsp.PrivilegeWithdrawn:
		return "a privilege was withdrawn"
	}
	return "not given"
}
