//go:build interop && linux

package interop

import (
	"strings"
	"testing"
	"time"
)

// probed is a server, and what the probe says of it.
type probed struct {
	name, toml, ca string
	args           []string
	status         int
	says           []string // spaces as one
	not            []string
}

// TestProbe asks servers set up as they should be, and two that are not.
func TestProbe(t *testing.T) {
	t.Parallel()
	p, e, o := startPostfix(t), startExim(t), startOpenSMTPD(t)
	d := startDovecot(t, p)
	expired := issue(t, time.Now().Add(-24*time.Hour), "localhost", "127.0.0.1")
	stunnel := startStunnel(t, expired, p.clear)
	for _, test := range []probed{
		{
			name: "Postfix", toml: account(p.starttls, "starttls"), ca: p.ca, args: []string{"--auth"},
			says: []string{
				"encrypted with STARTTLS, certificate verified", "greeting 220 mx.example ESMTP Postfix", "issued by Root of localhost for localhost, 127.0.0.1", "89 days left",
				"mailscript takes SCRAM-SHA-512 log-in accepted", "in clear none offered", "limits messages up to 5.0 MB (5000000 octets)", "pipelining offered, works", "chunking offered, works",
				"note: the server takes TLS 1.0 and TLS 1.1 too",
			},
			not: []string{"error:", "warning:"},
		},
		{
			name: "Exim", toml: account(e.starttls, "starttls"), ca: e.ca, args: []string{"--auth"},
			says: []string{
				"encrypted with STARTTLS, certificate verified", "greeting 220 mx.example ESMTP Exim", "mailscript takes CRAM-MD5 log-in accepted", "messages up to 5.2 MB (5242880 octets)",
				"pipelining offered, works", "chunking offered, works",
			},
			not: []string{"error:"},
		},
		{
			name: "OpenSMTPD", toml: account(o.starttls, "starttls"), ca: o.ca, args: []string{"--auth"},
			says: []string{
				"encrypted with STARTTLS, certificate verified", "greeting 220 mx.example ESMTP OpenSMTPD", "mailscript takes PLAIN log-in accepted", "messages up to 5.2 MB (5242880 octets)",
				"pipelining not offered", "chunking not offered",
			},
			not: []string{"error:"},
		},
		{
			name: "Dovecot submission", toml: account(d.submission.starttls, "starttls"), ca: d.submission.ca, args: []string{"--auth"},
			says: []string{
				"encrypted with STARTTLS, certificate verified", "greeting 220 mx.example Dovecot", "mailscript takes SCRAM-SHA-256 log-in accepted",
				"in clear PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 EXTERNAL OAUTHBEARER XOAUTH2", "pipelining offered, works", "chunking offered, works",
				"warning: log-ins that tell the password are offered before STARTTLS: PLAIN, LOGIN",
			},
			not: []string{"error:"},
		},
		{
			name: "Dovecot submission, without a log-in", toml: account(d.submission.implicit, "implicit"), ca: d.submission.ca,
			says: []string{"TLS from the first byte, certificate verified", "chunking offered; whether it works could not be told", "note: whether CHUNKING works cannot be told before a log-in"},
			not:  []string{"error:", "log-in accepted"},
		},
		{
			name: "an expired certificate", toml: account(stunnel, "implicit"), ca: expired.ca, status: 76,
			says: []string{
				"TLS from the first byte, certificate refused", "greeting 220 mx.example ESMTP Postfix", "expired 1 day ago", "error:", "certificate of localhost has expired: it was valid until", "the server's administrator must renew it",
				"chunking offered, works", // behind a certificate that was refused, for harmless commands
			},
			not: []string{"log-in accepted", "log-in refused"},
		},
		{
			name: "clear text where TLS is meant", toml: account(p.clear, "implicit"), ca: p.ca, args: []string{"--auth"}, status: 76,
			says: []string{
				"not encrypted", "greeting 220 mx.example ESMTP Postfix", "error: the server begins in clear text, where TLS from the first byte is expected",
				`cause: tls = "implicit" does not fit this port`, "STARTTLS is not offered: nothing is encrypted on this port",
			},
			not: []string{"log-in accepted"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := project(t, test.toml, password, test.ca)
			r := mailscript(t, folder, append([]string{"probe", "--account", "default"}, test.args...)...)
			noSecret(t, password, r)
			text := strings.Join(strings.Fields(r.stdout), " ")
			if r.status != test.status {
				t.Errorf("exit status %d, want %d", r.status, test.status)
			}
			for _, line := range test.says {
				if !strings.Contains(text, line) {
					t.Errorf("it does not say %q", line)
				}
			}
			for _, line := range test.not {
				if strings.Contains(text, line) {
					t.Errorf("it says %q", line)
				}
			}
			if t.Failed() || testing.Verbose() {
				t.Log(r)
			}
		})
	}
}
