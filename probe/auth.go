package probe

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// strengths say what a mechanism gives away, by its name.
var strengths = []struct{ name, strength string }{
	{"EXTERNAL", "the client certificate of the connection, no password"},
	{"-PLUS", "proves the password without telling it, bound to this connection"},
	{"SCRAM-", "proves the password without telling it"},
	{"CRAM-MD5", "proves the password, weakly (MD5); the server must store it"},
	{"DIGEST-MD5", "obsolete (RFC 6331)"},
	{"PLAIN", "tells the server the password: over TLS only"},
	{"LOGIN", "tells the server the password: over TLS only; the old form of PLAIN"},
	{"OAUTHBEARER", "an access token in place of a password"},
	{"XOAUTH2", "an access token in place of a password; Google's and Microsoft's form"},
	{"GSSAPI", "Kerberos"},
	{"GSS-SPNEGO", "Kerberos or NTLM"},
	{"NTLM", "of Windows, weak"},
	{"ANONYMOUS", "no identity at all"},
}

func strength(mechanism string) string {
	for _, s := range strengths {
		if mechanism == s.name || strings.HasPrefix(s.name, "-") && strings.HasSuffix(mechanism, s.name) ||
			strings.HasSuffix(s.name, "-") && strings.HasPrefix(mechanism, s.name) {
			return s.strength
		}
	}
	return "not known here"
}

// judgeAuth looks at the ways to log in.
func (p *prober) judgeAuth(offered smtp.Capabilities) {
	a := &p.target.Auth
	for _, name := range offered.Mechanisms() {
		a.Mechanisms = append(a.Mechanisms, Mechanism{
			Name: printable(name), Strength: strength(name), Supported: slices.Contains(smtp.Mechanisms(), name),
		})
	}
	a.Choice = choice(offered.Mechanisms(), p.target.TLS != nil)
	var telling []string
	for _, name := range a.InClear {
		if name == "PLAIN" || name == "LOGIN" {
			telling = append(telling, name)
		}
	}
	tells := len(telling) > 0
	switch {
	case tells && p.target.Mode == smtp.TLSStartTLS:
		p.find(Finding{
			Severity: Warning, Name: "auth-in-clear", What: "log-ins that tell the password are offered before STARTTLS: " + strings.Join(telling, ", "),
			Cause:  "the server does not insist on encryption before AUTH (RFC 4954, section 4)",
			Action: "mailscript encrypts first; clients that do not, show their passwords to everybody on the way. Postfix: smtpd_tls_auth_only = yes",
		})
	case tells && !p.isLocal():
		p.find(Finding{
			Severity: Error, Name: "auth-in-clear", What: "a log-in is offered without encryption: " + strings.Join(telling, ", "),
			Cause:  "the server has no TLS on this port",
			Action: "do not log in here: everybody on the way can read the password. Ask for port 465, or for STARTTLS on this one",
		})
	case len(a.Mechanisms) > 0 && a.Choice == "":
		p.find(Finding{
			Severity: Error, Name: "auth-mechanism", What: "mailscript has none of the ways to log in: " + strings.Join(offered.Mechanisms(), ", "),
			Cause:  "the server is set up for a directory (Kerberos, NTLM), or its plain mechanisms are switched off",
			Action: "ask the server's administrator for PLAIN over TLS, or better SCRAM-SHA-256",
		})
	case len(a.Mechanisms) == 0 && p.Connection.Protocol != smtp.LMTP && (p.Connection.Port == smtp.PortSubmissions || p.Connection.Port == smtp.PortSubmission):
		p.find(Finding{
			Severity: Warning, Name: "auth-not-offered", What: "no log-in is offered on a port for submission",
			Cause:  "the server goes by the client's address, or its log-in is not set up",
			Action: "leave username and password out of the account, and see whether recipients elsewhere are taken",
		})
	case len(a.Mechanisms) == 0 && p.Connection.Port == smtp.PortSMTP:
		p.find(Finding{
			Severity: Note, Name: "auth-not-offered", What: "no log-in is offered",
			Cause:  "port 25 is for mail between servers",
			Action: "the server takes mail for its own domains here; to send elsewhere, log in on port 465 or 587",
		})
	}
}

// choice is the mechanism that a session would take for a password; where there
// is none for a password, for something else.
func choice(offered []string, encrypted bool) string {
	other := ""
	for _, name := range smtp.Mechanisms() {
		switch {
		case !slices.Contains(offered, name), strings.HasSuffix(name, "-PLUS") && !encrypted:
		case name == "EXTERNAL", name == "OAUTHBEARER", name == "XOAUTH2":
			if other == "" || other == "EXTERNAL" {
				other = name
			}
		default:
			return name
		}
	}
	return other
}

// logIn tries the credentials, on a connection that was verified: Connect refuses
// any other.
func (o Options) logIn(ctx context.Context, t *Target) {
	p := &prober{Options: o, target: *t}
	p.Connection.Port, p.Connection.TLS = t.Port, t.Mode
	defer func() { *t = p.target }()
	s, err := smtp.Connect(ctx, p.Connection)
	if err != nil {
		p.target.Auth.Login = "not tried"
		p.find(Finding{Severity: Note, Name: "login-not-tried", What: "the log-in was not tried",
			Cause: "the connection is not safe for credentials; the other findings say why"})
		return
	}
	defer s.Close()
	p.target.Auth.Login = "accepted"
	if _, err := s.Auth(ctx, *o.Login); err != nil {
		var fault *smtp.Error
		p.target.Auth.Login = "not tried"
		if errors.As(err, &fault) && fault.Reply != nil {
			p.target.Auth.Login = "refused"
		}
		p.fail(err)
		return
	}
	if p.target.Chunking.Behaviour == Unknown {
		// Some servers know BDAT only behind a log-in.
		p.session = s
		p.target.Findings = slices.DeleteFunc(p.target.Findings, func(f Finding) bool { return f.Name == "chunking-unclear" })
		p.chunking(ctx, s.Capabilities())
	}
	_, _ = s.Quit(ctx)
}
