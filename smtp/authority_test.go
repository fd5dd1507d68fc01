package smtp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"
)

// Fixed times, so that texts that name them can be compared.
var (
	longPast  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	past      = time.Date(2021, 2, 3, 15, 4, 5, 0, time.UTC)
	future    = time.Date(2096, 5, 6, 7, 8, 9, 0, time.UTC)
	farFuture = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
)

// authority is a certificate with its key: a root, an intermediate, or a
// server's own.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

type edit func(*x509.Certificate)

// newRoot makes a certificate that signs itself.
func newRoot(t testing.TB, name string, edits ...edit) authority {
	t.Helper()
	key := newKey(t)
	template := authorityTemplate(name)
	for _, edit := range edits {
		edit(template)
	}
	return authority{create(t, template, template, key.Public(), key), key}
}

// intermediate issues an authority.
func (a authority) intermediate(t testing.TB, name string, edits ...edit) authority {
	t.Helper()
	return a.issue(t, authorityTemplate(name), newKey(t), edits...)
}

// leaf issues the certificate of a server, mx.example unless edited.
func (a authority) leaf(t testing.TB, edits ...edit) authority {
	t.Helper()
	return a.issue(t, leafTemplate(), newKey(t), edits...)
}

func (a authority) issue(t testing.TB, template *x509.Certificate, key crypto.Signer, edits ...edit) authority {
	t.Helper()
	for _, edit := range edits {
		edit(template)
	}
	return authority{create(t, template, a.certificate, key.Public(), a.key), key}
}

func authorityTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, NotBefore: longPast, NotAfter: farFuture,
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: -1, KeyUsage: x509.KeyUsageCertSign,
	}
}

func leafTemplate() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(8), Subject: pkix.Name{CommonName: "mx.example"}, DNSNames: []string{"mx.example"},
		NotBefore: longPast, NotAfter: farFuture, MaxPathLen: -1,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

func create(t testing.TB, template, parent *x509.Certificate, public any, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// rsaKey makes an RSA key once for each size: it takes long.
var rsaKey = func() func(t testing.TB, bits int) crypto.Signer {
	var mu sync.Mutex
	keys := map[int]*rsa.PrivateKey{}
	return func(t testing.TB, bits int) crypto.Signer {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if keys[bits] == nil {
			key, err := rsa.GenerateKey(rand.Reader, bits)
			if err != nil {
				t.Fatal(err)
			}
			keys[bits] = key
		}
		return keys[bits]
	}
}()

// chainOf is what a server shows: its own certificate and those behind it.
func chainOf(own authority, others ...authority) tls.Certificate {
	shown := tls.Certificate{Certificate: [][]byte{own.certificate.Raw}, PrivateKey: own.key}
	for _, other := range others {
		shown.Certificate = append(shown.Certificate, other.certificate.Raw)
	}
	return shown
}

func poolOf(roots ...authority) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, root := range roots {
		pool.AddCert(root.certificate)
	}
	return pool
}

// signedCertificate is the outer structure of RFC 5280, section 4.1.
type signedCertificate struct {
	TBS       asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// forge changes octets of a certificate, in a place that keeps its length, and
// signs it again: for what crypto/x509 refuses to make.
func forge(t testing.TB, der []byte, signer crypto.Signer, change func(tbs []byte)) []byte {
	t.Helper()
	var parsed signedCertificate
	if _, err := asn1.Unmarshal(der, &parsed); err != nil {
		t.Fatal(err)
	}
	change(parsed.TBS.FullBytes)
	digest := sha256.Sum256(parsed.TBS.FullBytes)
	return reassemble(t, parsed, signer, digest[:], crypto.SHA256)
}

// forgeMD5 signs an RSA certificate again with MD5 (RFC 8017, appendix A.2.4).
func forgeMD5(t testing.TB, der []byte, signer crypto.Signer) []byte {
	t.Helper()
	var parsed signedCertificate
	if _, err := asn1.Unmarshal(der, &parsed); err != nil {
		t.Fatal(err)
	}
	// sha256WithRSAEncryption is 1.2.840.113549.1.1.11, md5WithRSAEncryption …4.
	sha, md := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4}
	replaceAll(t, parsed.TBS.FullBytes, sha, md)
	parsed.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}
	digest := md5.Sum(parsed.TBS.FullBytes)
	return reassemble(t, parsed, signer, digest[:], crypto.MD5)
}

func reassemble(t testing.TB, parsed signedCertificate, signer crypto.Signer, digest []byte, hash crypto.Hash) []byte {
	t.Helper()
	signature, err := signer.Sign(rand.Reader, digest, hash)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Signature = asn1.BitString{Bytes: signature, BitLength: len(signature) * 8}
	der, err := asn1.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
