package smtptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// Identity is a certificate, and the authority that vouches for it. It is made
// once and may be shared by any number of servers.
type Identity struct {
	Certificate tls.Certificate
	Roots       *x509.CertPool
}

// Valid for as long as X.509 can say in two digits, from before the clock of
// testing/synctest starts (2000-01-01).
var (
	notBefore = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2049, 12, 31, 0, 0, 0, 0, time.UTC)
)

// NewIdentity makes a certificate for the host names.
func NewIdentity(hosts ...string) (Identity, error) {
	if len(hosts) == 0 {
		return Identity{}, fmt.Errorf("smtptest: an identity needs a host name")
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Identity{}, err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "smtptest authority"},
		NotBefore: notBefore, NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return Identity{}, err
	}
	if authority, err = x509.ParseCertificate(der); err != nil {
		return Identity{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Identity{}, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		NotBefore: notBefore, NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if der, err = x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, authorityKey); err != nil {
		return Identity{}, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	return Identity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots}, nil
}
