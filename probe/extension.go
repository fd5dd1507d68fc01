package probe

import "github.com/mailscript/mailscript/smtp"

// meanings are what extensions let one do.
var meanings = map[string]string{
	"8BITMIME":            "bodies with octets above 127 (RFC 6152)",
	"AUTH":                "log in (RFC 4954)",
	"BINARYMIME":          "bodies of any octets, with CHUNKING (RFC 3030)",
	"BURL":                "take parts of a message from an IMAP server (RFC 4468)",
	"CHECKPOINT":          "go on with a message after a lost connection (RFC 1845)",
	"CHUNKING":            "send messages in counted chunks, without dots (RFC 3030)",
	"DELIVERBY":           "say how long delivery may take (RFC 2852)",
	"DSN":                 "ask for notices of delivery (RFC 3461)",
	"ENHANCEDSTATUSCODES": "replies with codes such as 5.1.1 (RFC 2034)",
	"ETRN":                "ask for waiting mail of a domain (RFC 1985)",
	"EXPN":                "ask who is on a list (RFC 5321)",
	"FUTURERELEASE":       "hold a message until later (RFC 4865)",
	"HELP":                "ask for help (RFC 5321)",
	"LIMITS":              "know how much is taken at once (RFC 9422)",
	"MT-PRIORITY":         "give messages a priority (RFC 6710)",
	"NO-SOLICITING":       "mark advertising, which is not wanted (RFC 3865)",
	"PIPELINING":          "several commands in one write (RFC 2920)",
	"PIPECONNECT":         "commands sent with the connection (Exim)",
	"PRDR":                "an answer for each recipient (Exim)",
	"REQUIRETLS":          "have TLS required on every hop (RFC 8689)",
	"RRVS":                "send only if the mailbox has not changed hands (RFC 7293)",
	"SIZE":                "know the largest message (RFC 1870)",
	"SMTPUTF8":            "addresses in any script (RFC 6531)",
	"STARTTLS":            "encrypt the connection (RFC 3207)",
	"VRFY":                "ask whether an address exists (RFC 5321)",
	"XCLIENT":             "speak for another client (Postfix)",
	"XFORWARD":            "pass on who the client was (Postfix)",
}

func describe(offered smtp.Capabilities) []Capability {
	list := []Capability{}
	for _, c := range offered.All() {
		list = append(list, Capability{printable(c.Keyword), printable(c.Parameters), meanings[c.Keyword]})
	}
	return list
}
