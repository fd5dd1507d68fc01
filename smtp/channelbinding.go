package smtp

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// ChannelBinding ties a log-in to the TLS connection it crosses, so that nobody
// in the middle can pass it on.
type ChannelBinding string

const (
	// BindExporter is tls-exporter (RFC 9266), for TLS 1.3.
	BindExporter ChannelBinding = "tls-exporter"
	// BindServerEndPoint is tls-server-end-point (RFC 5929, section 4), the hash of
	// the server's certificate, for any version.
	BindServerEndPoint ChannelBinding = "tls-server-end-point"
)

// plusSuffix marks the mechanisms with channel binding.
const plusSuffix = "-PLUS"

// bindingOf is what to bind to where nobody says: the exporter with TLS 1.3,
// which has nothing older, and the certificate before.
func bindingOf(state *tls.ConnectionState) ChannelBinding {
	if state.Version >= tls.VersionTLS13 {
		return BindExporter
	}
	return BindServerEndPoint
}

// data is what both ends of the connection know.
func (b ChannelBinding) data(state *tls.ConnectionState) ([]byte, error) {
	switch b {
	case BindExporter:
		return state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	case BindServerEndPoint:
		return endPoint(state.PeerCertificates[0])
	}
	return nil, &argumentError{fmt.Sprintf("channel binding %q is neither %q nor %q", b, BindExporter, BindServerEndPoint)}
}

// endPoint hashes a certificate as it was signed: with SHA-256 where that was
// MD5 or SHA-1 (RFC 5929, section 4.1).
func endPoint(certificate *x509.Certificate) ([]byte, error) {
	hash := crypto.SHA256
	switch certificate.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		hash = crypto.SHA512
	case x509.PureEd25519:
		return nil, errors.New("tls-server-end-point is not defined for a certificate signed with Ed25519")
	}
	h := hash.New()
	h.Write(certificate.Raw)
	return h.Sum(nil), nil
}
