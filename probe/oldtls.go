package probe

import (
	"context"
	"crypto/tls"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// oldVersions finds out whether the server takes versions of TLS that are no
// longer safe: harmless here, as mailscript has none of them, and not for other
// clients (RFC 8996).
func (p *prober) oldVersions(ctx context.Context) {
	if p.target.Mode == smtp.TLSOff || p.inClear {
		return
	}
	var suites []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		suites = append(suites, suite.ID)
	}
	var taken []string
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		conn, err := p.encrypt(ctx, &tls.Config{
			InsecureSkipVerify: true, MinVersion: version, MaxVersion: version, CipherSuites: suites,
			Certificates: p.Connection.Certificates,
		})
		if err != nil {
			continue
		}
		if p.target.TLS == nil { // it has no other
			p.describeTLS(conn.ConnectionState(), refusedChain)
		}
		conn.Close()
		taken = append(taken, tls.VersionName(version))
	}
	if len(taken) == 0 {
		return
	}
	p.target.TLS.OldVersions = taken
	p.find(Finding{
		Severity: Note, Name: "tls-old-taken", What: "the server takes " + strings.Join(taken, " and ") + " too",
		Cause:  "it is set up for very old clients",
		Action: "mailscript uses none of these; the server's administrator should allow TLS 1.2 and 1.3 only (RFC 8996)",
	})
}
