package luaapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// hint is one likely cause and what to do about it.
type hint struct {
	when func(*smtp.Error) bool
	text string
}

// smtpHints are tried in order; the first that fits is shown.
var smtpHints = [...]hint{
	{func(e *smtp.Error) bool { return errors.Is(e, smtp.ErrClearText) },
		`use tls = "starttls" or "implicit"; auth_in_clear = true sends the password unencrypted`},
	{func(e *smtp.Error) bool { var record tls.RecordHeaderError; return errors.As(e, &record) },
		`the server speaks clear text on this port; port 587 or 25 with tls = "starttls" is the usual way`},
	{func(e *smtp.Error) bool { var unknown x509.UnknownAuthorityError; return errors.As(e, &unknown) },
		"the certificate is signed by an authority this machine does not know"},
	{func(e *smtp.Error) bool { var name x509.HostnameError; return errors.As(e, &name) },
		"connect to the name that stands in the certificate"},
	{func(e *smtp.Error) bool {
		return e.Kind == smtp.KindRefused && e.Command == "STARTTLS" && errors.Is(e, smtp.ErrNotOffered)
	}, `the server does not encrypt on this port; try port 465 with tls = "implicit". tls = "off" sends everything readable`},
	{func(e *smtp.Error) bool {
		return e.Kind == smtp.KindAuth && errors.Is(e, smtp.ErrNotOffered) && !strings.Contains(e.Error(), "would be needed")
	}, "this server wants no login here; leave out auth, or use the submission port (465 or 587)"},
	{func(e *smtp.Error) bool { return e.Kind == smtp.KindAuth && e.Reply != nil && e.Reply.Permanent() },
		"check user name and password; many providers want an app password instead of the account's"},
	{func(e *smtp.Error) bool { return e.Kind == smtp.KindDNS && !e.Temporary() },
		"check the spelling of the host name"},
	{func(e *smtp.Error) bool { return e.Kind == smtp.KindConnect && strings.Contains(e.Error(), "refused") },
		"nothing listens there; check host and port (submission is 465 or 587)"},
	{func(e *smtp.Error) bool { return e.Kind == smtp.KindTimeout && strings.HasPrefix(e.Command, "connect") },
		"a firewall may drop the packets; port 25 is blocked on many networks, 465 and 587 are not"},
	{func(e *smtp.Error) bool { return e.Kind == smtp.KindTimeout && e.Command == "greeting" },
		`the server says nothing; on port 465 use tls = "implicit"`},
	{func(e *smtp.Error) bool { return errors.Is(e, smtp.ErrBroken) },
		"a session does not reconnect by itself; connect again"},
	{func(e *smtp.Error) bool { return errors.Is(e, smtp.ErrClosed) },
		"the session was ended by quit or close; connect again"},
}

func smtpHint(e *smtp.Error) string {
	for _, h := range smtpHints {
		if h.when(e) {
			return h.text
		}
	}
	return ""
}
