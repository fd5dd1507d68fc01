package probe

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// trust says what the client made of a chain.
type trust string

const (
	verifiedChain trust = "verified"
	refusedChain  trust = "refused"
)

// soon is how many days before its end a certificate is worth a warning:
// renewals are usually due at 30, and have failed for a while by then.
const soon = 21

// describeTLS takes down what a handshake agreed on.
func (p *prober) describeTLS(state tls.ConnectionState, judged trust) {
	t := &TLS{
		Version: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite),
		Verified: judged == verifiedChain,
	}
	for _, c := range state.PeerCertificates {
		t.Certificates = append(t.Certificates, p.certificate(c))
	}
	p.target.TLS = t
	if judged == refusedChain {
		return
	}
	for i, c := range t.Certificates {
		if c.DaysLeft >= soon || i > 0 && !onEveryWay(state, i) {
			continue
		}
		whose := "the certificate"
		if i > 0 {
			whose = "the certificate of the authority " + c.Subject
		}
		p.find(Finding{
			Severity: Warning, Name: "certificate-soon",
			What:   fmt.Sprintf("%s expires in %s, on %s", whose, within(c.DaysLeft), c.NotAfter.Format("2006-01-02 15:04 UTC")),
			Cause:  "its renewal is late, or the server still shows the old one",
			Action: "have the server's administrator renew it and restart the server; after that day nothing is sent any more",
		})
	}
}

// onEveryWay reports whether all ways from the server's certificate to a trusted
// root go through the i-th that it sent.
func onEveryWay(state tls.ConnectionState, i int) bool {
	for _, way := range state.VerifiedChains {
		on := false
		for _, c := range way {
			on = on || c.Equal(state.PeerCertificates[i])
		}
		if !on {
			return false
		}
	}
	return true
}

func within(n int) string {
	if n < 1 {
		return "less than a day"
	}
	return days(n)
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

func (p *prober) certificate(c *x509.Certificate) Certificate {
	digest := sha256.Sum256(c.Raw)
	left := c.NotAfter.Sub(p.Now)
	d := Certificate{
		Subject:   name(c.Subject.CommonName, c.Subject.Organization, c.Subject.String()),
		Issuer:    name(c.Issuer.CommonName, c.Issuer.Organization, c.Issuer.String()),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), DaysLeft: int(left / (24 * time.Hour)),
		Key: key(c), Signature: c.SignatureAlgorithm.String(), Authority: c.IsCA,
		Fingerprint: hex.EncodeToString(digest[:]), Pin: smtp.PinOf(c),
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
	}
	if left < 0 {
		d.DaysLeft--
	}
	for _, host := range c.DNSNames {
		d.Names = append(d.Names, printable(host))
	}
	for _, ip := range c.IPAddresses {
		d.Names = append(d.Names, ip.String())
	}
	return d
}

// name is what people recognise a certificate by.
func name(common string, organization []string, whole string) string {
	switch {
	case common != "" && len(organization) > 0 && organization[0] != common:
		return printable(common + ", " + organization[0])
	case common != "":
		return printable(common)
	case len(organization) > 0:
		return printable(organization[0])
	case whole != "":
		return printable(whole)
	}
	return "no name"
}

// maxShown is the longest text of a stranger's that is kept, in characters.
const maxShown = 200

// printable makes a text of a stranger's fit for one line at a terminal.
func printable(text string) string {
	clean := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?")))
	if len(clean) > maxShown {
		clean = append(clean[:maxShown], '…')
	}
	return string(clean)
}

func key(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA, " + k.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return c.PublicKeyAlgorithm.String()
}
