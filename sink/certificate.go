package sink

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"time"
)

// Certificates begin to be valid a little ago, for a clock that is set back
// during the run, and outlive any sink.
const (
	certificateAge  = 24 * time.Hour
	certificateLife = 365 * 24 * time.Hour
)

// issuer makes certificates. Keys are made when first needed, so that a run that
// sends nothing does not wait for them, and are kept in memory only.
type issuer struct {
	mu        sync.Mutex
	authority *authority
	leaves    map[hostName]*tls.Certificate
}

// authority is the CA of one sink.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// root returns the CA and makes it the first time.
func (i *issuer) root() (*authority, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.lockedRoot()
}

func (i *issuer) lockedRoot() (*authority, error) {
	if i.authority != nil {
		return i.authority, nil
	}
	template, err := certificateTemplate("mailscript sink, for one run")
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.MaxPathLenZero = true
	template.KeyUsage = x509.KeyUsageCertSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	i.authority = &authority{certificate, key}
	return i.authority, nil
}

// leaf returns the certificate for exactly one host, as RFC 9525, section 6 has
// it: a name or an address in the subjectAltName, and nothing in the subject that
// anybody might match.
func (i *issuer) leaf(host hostName) (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if leaf := i.leaves[host]; leaf != nil {
		return leaf, nil
	}
	root, err := i.lockedRoot()
	if err != nil {
		return nil, err
	}
	template, err := certificateTemplate("mailscript sink")
	if err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if host.name != "" {
		template.DNSNames = []string{host.name}
	} else {
		template.IPAddresses = []net.IP{host.address.AsSlice()}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, root.certificate, key.Public(), root.key)
	if err != nil {
		return nil, err
	}
	leaf := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	if i.leaves == nil {
		i.leaves = make(map[hostName]*tls.Certificate)
	}
	i.leaves[host] = leaf
	return leaf, nil
}

func certificateTemplate(commonName string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-certificateAge),
		NotAfter:     now.Add(certificateLife),
	}, nil
}
