package smtp

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"slices"
)

// acceptable is the verified chains without a key that can be broken, or the
// fault of the last one that has one. The verifier does not look at sizes.
func (c chain) acceptable(verified [][]*x509.Certificate) (good [][]*x509.Certificate, fault error) {
	for _, candidate := range verified {
		weak := slices.IndexFunc(candidate, weakKey)
		if weak < 0 {
			good = append(good, candidate)
			continue
		}
		fault = c.fault(ProblemWeakKey, candidate[weak], nil)
	}
	if len(good) > 0 {
		return good, nil
	}
	return nil, fault
}

// Sizes below these are refused: NIST SP 800-57 part 1, table 2, 112 bits.
const (
	minRSABits   = 2048
	minCurveBits = 256
)

func weakKey(c *x509.Certificate) bool {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() < minRSABits
	case *ecdsa.PublicKey:
		return key.Params().BitSize < minCurveBits
	}
	return false
}

func weakHash(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}
