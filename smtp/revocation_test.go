package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// TestFault9Staple shows a good certificate with an answer about it.
func TestFault9Staple(t *testing.T) {
	root := newRoot(t, "Example Root")
	own, other := root.leaf(t), root.leaf(t, func(c *x509.Certificate) { c.SerialNumber.SetInt64(9) })
	responder := root.leaf(t, usable(x509.ExtKeyUsageOCSPSigning))
	impostor := newRoot(t, "Example Root")
	now := time.Now()
	about := func(by authority, edits ...func(*ocsp.Response)) []byte {
		answer := ocsp.Response{
			Status: ocsp.Revoked, SerialNumber: own.certificate.SerialNumber, RevokedAt: past, RevocationReason: ocsp.KeyCompromise,
			ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour),
		}
		if !by.certificate.IsCA {
			answer.Certificate = by.certificate
		}
		for _, edit := range edits {
			edit(&answer)
		}
		staple, err := ocsp.CreateResponse(root.certificate, by.certificate, answer, by.key)
		if err != nil {
			t.Fatal(err)
		}
		return staple
	}
	since := func(a *ocsp.Response) { a.ThisUpdate, a.NextUpdate = past, past.Add(time.Hour) }
	onHold := func(a *ocsp.Response) { a.RevocationReason = ocsp.CertificateHold }
	for _, test := range []struct {
		name   string
		staple []byte
		text   string // "" is a good one
	}{
		{"good", about(root, func(a *ocsp.Response) { a.Status = ocsp.Good }), ""},
		{"unknown", about(root, func(a *ocsp.Response) { a.Status = ocsp.Unknown }), ""},
		{"revoked", about(root), `certificate of mx.example was revoked: on 2021-02-03 15:04 UTC, reason: its key became known (issued by "Example Root")`},
		{"revoked, by a responder", about(responder), `certificate of mx.example was revoked: on 2021-02-03 15:04 UTC, reason: its key became known (issued by "Example Root")`},
		{"revoked, an old answer", about(root, since), `certificate of mx.example was revoked: on 2021-02-03 15:04 UTC, reason: its key became known (issued by "Example Root")`},
		{"on hold", about(root, onHold), `certificate of mx.example was revoked: on 2021-02-03 15:04 UTC, reason: on hold (issued by "Example Root")`},
		{"on hold, an old answer", about(root, onHold, since), ""},
		{"revoked, by nobody's responder", about(other), ""},
		{"revoked, by an impostor", about(impostor), ""},
		{"another certificate", about(root, func(a *ocsp.Response) { a.SerialNumber = other.certificate.SerialNumber }), ""},
		{"garbage", []byte("revoked"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				shownChain := chainOf(own)
				shownChain.OCSPStaple = test.staple
				for _, mode := range []TLSMode{TLSImplicit, TLSStartTLS} {
					server := &tlsServer{config: &tls.Config{Certificates: []tls.Certificate{shownChain}, MaxVersion: version}}
					options := server.options(mode)
					options.RootCAs = poolOf(root)
					err := logIn(t.Context(), options)
					if test.text == "" {
						if err != nil {
							t.Error(err)
						}
						continue
					}
					if wantProblem(t, err, ProblemRevoked); err == nil || err.Error() != "smtp: TLS handshake with "+addressOf(mode)+": "+test.text {
						t.Errorf("%v", err)
					}
				}
			}
		})
	}
}

func addressOf(mode TLSMode) string {
	if mode == TLSImplicit {
		return "mx.example:465"
	}
	return "mx.example:587"
}
