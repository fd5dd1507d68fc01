package smtp

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// pinPrefix names the digest of a pin; there is only one.
const pinPrefix = "sha256//"

// PinOf is the pin of a certificate's public key: it survives a renewal that
// keeps the key.
func PinOf(certificate *x509.Certificate) string {
	digest := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return pinPrefix + base64.StdEncoding.EncodeToString(digest[:])
}

// checkPin refuses a pin that could never match.
func checkPin(pin string) error {
	encoded, ok := strings.CutPrefix(pin, pinPrefix)
	digest, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(digest) != sha256.Size {
		return &argumentError{fmt.Sprintf(`pin %q is not "sha256//" and the base64 of %d octets`, pin, sha256.Size)}
	}
	return nil
}

// pinned reports whether one of the pins belongs to a certificate of a chain
// that was verified. Certificates the server merely sent along prove nothing:
// anybody can send anybody's.
func pinned(pins []string, verified [][]*x509.Certificate) bool {
	return len(pins) == 0 || slices.ContainsFunc(verified, func(chain []*x509.Certificate) bool {
		return slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return slices.Contains(pins, PinOf(c)) })
	})
}
