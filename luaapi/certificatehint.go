package luaapi

import (
	"crypto/tls"
	"errors"
	"slices"

	"github.com/mailscript/mailscript/smtp"
)

// certificateHints are about refused certificates and other ends of a TLS
// handshake. The error itself names the certificate at fault.
func certificateHints() []Hint {
	about := func(problems ...smtp.CertificateProblem) func(situation) bool {
		return func(s situation) bool {
			var refused *smtp.CertificateError
			return s.err != nil && errors.As(s.err, &refused) && slices.Contains(problems, refused.Problem)
		}
	}
	caused := func(sentinel error) func(situation) bool {
		return func(s situation) bool { return s.err != nil && errors.Is(s.err, sentinel) }
	}
	return []Hint{
		{"certificate-expired", "certificate … has expired, or is not valid yet",
			"the server's administrator must renew it; if many servers seem to have this, check the clock of this machine",
			about(smtp.ProblemExpired, smtp.ProblemNotYetValid)},
		{"certificate-host", "certificate … is for another host",
			"use one of the names that the certificate is for as the host; if none is the server you mean, this is another server",
			about(smtp.ProblemWrongHost, smtp.ProblemNoAltName, smtp.ProblemConstraint)},
		{"certificate-self-signed", "certificate … is self-signed",
			`for a server of your own, copy its certificate from the server itself and trust it with ca = "server.pem" in the account`,
			about(smtp.ProblemSelfSigned)},
		{"certificate-authority", "certificate … goes back to an authority that is not trusted here",
			`if it is your organisation's own authority, give its certificate with ca = "ca.pem" in the account; if not, something may be reading along`,
			about(smtp.ProblemUnknown)},
		{"certificate-incomplete", "certificate … came without that of its issuer",
			`if it is your organisation's own authority, give its certificate with ca = "ca.pem" in the account; a public server must send its intermediate certificates too`,
			about(smtp.ProblemIncomplete)},
		{"certificate-signature", "certificate … is not signed by the authority it names",
			"the file named with ca may be out of date, if the authority has a new key; if not, something may be reading along",
			about(smtp.ProblemSignature)},
		{"certificate-pin", "no certificate of the chain has a pinned key",
			"if the server's key was changed on purpose, put the new pin into the account; if not, something may be reading along",
			about(smtp.ProblemPin)},
		{"certificate-revoked", "certificate … was revoked",
			"its authority has withdrawn it: do not use this server before its administrator has a new one",
			about(smtp.ProblemRevoked)},
		{"certificate-weak", "certificate … is signed with SHA-1, or has a key that can be broken",
			"the server's administrator must have a new certificate made, with SHA-256 and a key of 2048 bits RSA or 256 bits ECDSA",
			about(smtp.ProblemWeakHash, smtp.ProblemWeakKey)},
		{"certificate-roots", "this machine has no list of trusted authorities",
			"install the package ca-certificates, or name the authority with ca in the account",
			about(smtp.ProblemNoRoots)},
		{"certificate-other", "any other problem of a certificate",
			"the certificate must be replaced by the server's administrator",
			func(s situation) bool {
				var refused *smtp.CertificateError
				return s.err != nil && errors.As(s.err, &refused)
			}},
		{"tls-old", "the server has no TLS newer than version 1.1",
			"these versions can be broken, so no password is sent; the server needs an update. A relay inside the network may help meanwhile",
			caused(smtp.ErrOldTLS)},
		{"client-certificate", "the server did not accept the client's certificate, or wants one",
			"set client_certificate and client_key in the account to what the server's administrator gave you",
			func(s situation) bool {
				return caused(smtp.ErrClientCertificate)(s) || s.says("no client certificate", "client certificate required")
			}},
		{"tls-alert", "TLS: the server ended the handshake with an alert",
			"the server and mailscript have no way to encrypt in common, or the server serves another name; its log says more",
			func(s situation) bool {
				var alert tls.AlertError
				return s.err != nil && errors.As(s.err, &alert)
			}},
	}
}
