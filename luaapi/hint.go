package luaapi

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/smtp"
)

// Hint is one likely cause of an error and what to do about it. The table
// below is data: the manual page errors.md is made of it, and each row has a
// test that provokes the real condition.
type Hint struct {
	Name string // for tests and the manual
	Seen string // what the user sees, in words
	Text string // what to do
	fits func(situation) bool
}

// situation is what is known where something went wrong.
type situation struct {
	err   *smtp.Error        // nil where a reply, or a token, is all there is
	reply smtp.Reply         // code 0 without
	token *config.TokenError // nil unless a token was asked for
}

func (s situation) kind(k smtp.Kind) bool { return s.err != nil && s.err.Kind == k }

// says reports whether the reply, or else the error, holds one of the words.
func (s situation) says(words ...string) bool {
	text := s.reply.String()
	if s.err != nil {
		text += " " + s.err.Error()
	}
	text = strings.ToLower(text)
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

func (s situation) doing(command string) bool {
	return s.err != nil && strings.HasPrefix(s.err.Command, command)
}

// Hints returns the table. The first row that fits is shown, so what is special
// stands before what is general.
func Hints() []Hint {
	return slices.Concat(tokenHints(), loginHints(), connectionHints(), replyHints(), signingHints())
}

func loginHints() []Hint {
	return []Hint{
		{"microsoft-basic", "535 5.7.139 or 550 5.7.30: basic authentication is disabled",
			"Microsoft 365 has switched password log-ins off for this mailbox; an administrator can allow SMTP AUTH for it, else only OAuth 2 works: [account.NAME.oauth2] in mailscript.toml",
			func(s situation) bool {
				return s.reply.Enhanced == "5.7.139" || s.reply.Enhanced == "5.7.30" || s.says("basic authentication is disabled", "smtpclientauthentication is disabled")
			}},
		{"gmail-app-password", "534 5.7.9, or 535 5.7.8 from Gmail: username and password not accepted",
			"Gmail wants an app password, not the account's: turn on 2-step verification and create one at myaccount.google.com/apppasswords",
			func(s situation) bool {
				return s.reply.Code == 534 && s.says("application-specific") || s.reply.Code == 535 && s.says("gsmtp", "badcredentials", "support.google.com")
			}},
		{"auth-in-clear", "credentials are not sent over an unencrypted connection",
			`use tls = "starttls" or "implicit"; auth_in_clear = true sends the password unencrypted`,
			func(s situation) bool { return s.err != nil && errors.Is(s.err, smtp.ErrClearText) }},
		{"starttls-first", "530 Must issue a STARTTLS command first",
			`the server wants an encrypted connection: set tls = "starttls"`,
			func(s situation) bool {
				return (s.reply.Code == 530 || s.reply.Code == 538) && s.says("starttls", "encryption", "tls")
			}},
		{"auth-required", "530 Authentication required",
			"the server wants a log-in before MAIL: call session:auth(), or set username and password in the account",
			func(s situation) bool {
				return s.reply.Code == 530 || s.reply.Class() == 5 && s.says("authentication required", "authenticate first", "auth first", "not authenticated")
			}},
		{"auth-behind-starttls", "AUTH: not offered by the server before STARTTLS",
			`the server takes log-ins over an encrypted connection only: set tls = "starttls"`,
			func(s situation) bool { return s.kind(smtp.KindAuth) && s.says("before starttls") }},
		{"auth-not-offered", "AUTH: not offered by the server",
			"this server wants no log-in on this port; leave auth out, or use the submission port (465 or 587)",
			func(s situation) bool {
				return s.kind(smtp.KindAuth) && errors.Is(s.err, smtp.ErrNotOffered) && !s.says("would be needed")
			}},
		{"auth-mechanism", "the server offers other mechanisms only",
			"the server has none of the ways to log in that mailscript has; `mailscript account test --trace` shows what it offers",
			func(s situation) bool { return s.kind(smtp.KindAuth) && errors.Is(s.err, smtp.ErrNotOffered) }},
		{"auth-later", "454: the server cannot check the password now",
			"the server has a problem of its own, or sees too many log-ins; try again in a few minutes",
			func(s situation) bool { return s.kind(smtp.KindAuth) && s.reply.Temporary() }},
		{"auth-wrong", "535: credentials refused",
			"check user name and password; many providers want the whole address as the name, and an app password instead of the account's",
			func(s situation) bool { return s.kind(smtp.KindAuth) && s.reply.Permanent() }},
	}
}

func connectionHints() []Hint {
	return append([]Hint{
		{"clear-text-on-tls-port", "the server speaks clear text where TLS was expected",
			`the server speaks clear text on this port: use tls = "starttls" (usual on 587 and 25), or port 465`,
			func(s situation) bool { return s.err != nil && errors.Is(s.err, smtp.ErrPlaintext) }},
		{"tls-on-clear-text-port", "no greeting, or one that is not an SMTP reply",
			`a server that says nothing, or garbage, may be waiting for TLS: use tls = "implicit" (usual on port 465)`,
			func(s situation) bool {
				return s.err != nil && errors.Is(s.err, smtp.ErrUnexpectedTLS) || s.doing("greeting") && (s.kind(smtp.KindTimeout) || s.kind(smtp.KindProtocol) || s.kind(smtp.KindLost))
			}},
		{"starttls-not-offered", "STARTTLS: not offered by the server",
			`the server does not encrypt on this port; try port 465 with tls = "implicit". tls = "off" sends everything readable`,
			func(s situation) bool { return s.doing("STARTTLS") && errors.Is(s.err, smtp.ErrNotOffered) }},
		{"starttls-refused", "STARTTLS is offered and refused",
			"the server cannot encrypt now; nothing was sent. Try again later, or tell its administrator",
			func(s situation) bool { return s.doing("STARTTLS") && s.kind(smtp.KindRefused) }},
		{"surplus", "the server sent bytes nobody asked for",
			"something between here and the server may be changing the connection; on another network it may work",
			func(s situation) bool { return s.err != nil && errors.Is(s.err, smtp.ErrSurplus) }},
	}, append(certificateHints(), []Hint{
		{"dns-unknown", "no such host",
			"check the spelling of the host name",
			func(s situation) bool { return s.kind(smtp.KindDNS) && !s.err.Temporary() }},
		{"dns-failed", "the name server does not answer",
			"the name could not be looked up now; check this machine's network and name server",
			func(s situation) bool { return s.kind(smtp.KindDNS) }},
		{"connection-refused", "connection refused",
			"nothing listens there; check host and port (submission is 465 or 587)",
			func(s situation) bool { return s.kind(smtp.KindConnect) && s.says("refused") }},
		{"proxy-needed", "no connection, while the environment names a proxy",
			`this network may allow connections through its proxy only: give it as proxy = "http://host:port", or use a mail relay inside the network`,
			func(s situation) bool {
				return s.doing("connect") && (s.kind(smtp.KindTimeout) || s.kind(smtp.KindConnect)) && proxied()
			}},
		{"ipv6-unreachable", "network is unreachable, for an IPv6 address",
			"this network has no IPv6; give the server's IPv4 address, or a name that has one",
			func(s situation) bool {
				return s.kind(smtp.KindConnect) && s.says("unreachable", "no route to host") && s.says("[")
			}},
		{"unreachable", "network is unreachable, or no route to host",
			"check this machine's network connection",
			func(s situation) bool { return s.kind(smtp.KindConnect) && s.says("unreachable", "no route to host") }},
		{"timeout-connect", "timeout while connecting",
			"a firewall may drop the packets; port 25 is blocked on many networks, 465 and 587 are not",
			func(s situation) bool { return s.doing("connect") && s.kind(smtp.KindTimeout) }},
		{"timeout-tls", "timeout in the TLS handshake",
			`the server may not speak TLS on this port: use tls = "starttls" there (usual on 587 and 25)`,
			func(s situation) bool { return s.doing("TLS handshake") && s.kind(smtp.KindTimeout) }},
		{"timeout-message", "timeout after the end of the message",
			"the server did not say whether it took the message; do not send it again before its log says",
			func(s situation) bool { return s.doing("message") && s.kind(smtp.KindTimeout) }},
		{"timeout-command", "timeout after a command",
			`the server is slow or gone; try again later, or allow it more time with timeouts = { command = "10m" }`,
			func(s situation) bool { return s.kind(smtp.KindTimeout) }},
		{"broken", "the connection broke earlier",
			"a session does not reconnect by itself; connect again",
			func(s situation) bool { return s.err != nil && errors.Is(s.err, smtp.ErrBroken) }},
		{"closed", "the session is closed",
			"the session was ended by quit or close; connect again",
			func(s situation) bool { return s.err != nil && errors.Is(s.err, smtp.ErrClosed) }},
	}...)...)
}

// replyHints fit replies to MAIL, RCPT and messages too, where no error is
// raised: they are shown with the summary of a run.
func replyHints() []Hint {
	return []Hint{
		{"relay-denied", "550 or 554: relay access denied",
			"the server takes mail for other domains only after a log-in: set username and password, and use port 465 or 587",
			func(s situation) bool { return s.reply.Permanent() && s.says("relay") }},
		{"too-large", "552: the message is too large",
			"the server's limit is session.max_size; send a link in place of large attachments",
			func(s situation) bool {
				return s.reply.Code == 552 || s.reply.Enhanced == "5.3.4" || s.reply.Enhanced == "5.2.3"
			}},
		{"utf8", "553 5.6.7: an address is not ASCII",
			"the part before the @ is not ASCII, and this server cannot carry that; use another address of the recipient",
			func(s situation) bool { return s.reply.Enhanced == "5.6.7" }},
		{"not-allowed", "a recipient is not in a domain that mailscript.toml allows",
			"[recipients] allow in mailscript.toml lists the domains that mail may go to",
			func(s situation) bool { return s.says("that mailscript.toml allows") }},
		{"greylisted", "450 4.7.1: greylisted",
			"the server wants a second attempt in some minutes; result:retry() after a wait is one",
			func(s situation) bool { return s.reply.Temporary() && s.says("greylist", "graylist") }},
		{"sender-refused", "550 or 553: the sender address is not yours",
			"the server lets this account send only from its own addresses; set from to one of them",
			func(s situation) bool {
				return s.reply.Permanent() && s.says("not owned by user", "send as", "sender address rejected", "not allowed to send")
			}},
	}
}

// signingHints are for the manual alone: errors of signing bring their hint along, and none
// of them has to do with a server.
func signingHints() []Hint {
	never := func(situation) bool { return false }
	return []Hint{
		{"dkim-no-key", "dkim: there is no key of that name, or none signs what the account sends",
			"write [dkim.NAME] in mailscript.toml, with domain, selector and key_file", never},
		{"dkim-alignment", "dkim: signing: the keys are of …, the From field is of …",
			"sign with a key of the domain of from, or send from its domain", never},
		{"dkim-public-key", "dkim: key: this is the public key",
			"the private key signs; the public key goes into DNS", never},
		{"dkim-encrypted-key", "dkim: key: the key is encrypted",
			`"openssl pkey -in FILE" writes it without a passphrase`, never},
		{"dkim-key", "dkim: key: no private key in PEM, or one that verifiers ignore",
			`"openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048" or "openssl genpkey -algorithm ed25519" makes one`, never},
	}
}

// proxied reports whether the environment asks programs to use a proxy.
func proxied() bool {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// hintFor is the first that fits, or "".
func hintFor(s situation) string {
	for _, h := range Hints() {
		if h.fits(s) {
			return h.Text
		}
	}
	return ""
}

func smtpHint(e *smtp.Error) string {
	s := situation{err: e}
	if e.Reply != nil {
		s.reply = *e.Reply
	}
	return hintFor(s)
}

// HintForReply is what to do about a refusal that raised nothing.
func HintForReply(r smtp.Reply) string {
	if r.Code < 400 {
		return ""
	}
	return hintFor(situation{reply: r})
}
