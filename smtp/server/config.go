package server

import (
	"crypto/tls"
	"slices"
	"time"
)

// Extension is an EHLO keyword.
type Extension string

// The extensions the server can offer. All of them are offered unless
// Config.Withhold names them, STARTTLS and AUTH where they can work.
const (
	EightBitMIME        Extension = "8BITMIME"
	Auth                Extension = "AUTH"
	BinaryMIME          Extension = "BINARYMIME" // needs CHUNKING: RFC 3030, section 3
	Chunking            Extension = "CHUNKING"
	DeliverBy           Extension = "DELIVERBY"
	DSN                 Extension = "DSN"
	EnhancedStatusCodes Extension = "ENHANCEDSTATUSCODES"
	FutureRelease       Extension = "FUTURERELEASE"
	Priority            Extension = "MT-PRIORITY"
	RequireTLS          Extension = "REQUIRETLS" // under TLS only: RFC 8689, section 2
	Pipelining          Extension = "PIPELINING" // withheld, it still works: nothing forbids it
	Size                Extension = "SIZE"
	SMTPUTF8            Extension = "SMTPUTF8"
	StartTLS            Extension = "STARTTLS"
)

// Config says how connections are served. The zero value is a server that takes
// every message and forgets it, without TLS and so without AUTH.
type Config struct {
	// Hostname is the name in the greeting and in the reply to EHLO. Default "localhost".
	Hostname string
	// TLS makes STARTTLS possible. A connection that is a *tls.Conn already is
	// served as implicit TLS (RFC 8314, section 3.3) and is not offered STARTTLS.
	TLS *tls.Config
	// Withhold lists what EHLO must not offer; its commands and parameters are then refused.
	Withhold []Extension
	// Mechanisms are the SASL mechanisms to offer, out of PLAIN and LOGIN. Default both.
	Mechanisms []string
	// AuthInClear offers AUTH on a connection without TLS as well, which
	// RFC 4954, section 4 forbids for PLAIN outside of tests.
	AuthInClear bool
	// Handler takes the decisions. Default Accept{}.
	Handler  Handler
	Limits   Limits
	Timeouts Timeouts
}

// Limits bounds what one client, and all of them together, can make the server hold.
type Limits struct {
	// MessageSize is the largest message in octets, as RFC 1870, section 3 counts
	// them: CRLF is two, dot-stuffing is none. Default 64 MiB.
	MessageSize int64
	// CommandLine is the longest command line in octets, with CRLF, once EHLO was
	// said; before that and after HELO it is 512 (RFC 5321, section 4.5.3.1.4).
	// Default 2048: the 512 and what DSN, SIZE, AUTH= and BODY add. AUTH has its own
	// limit of 12288 (RFC 4954, section 4).
	CommandLine int
	// Recipients is the number of recipients of one message. Default 1000;
	// RFC 5321, section 4.5.3.1.8 asks for at least 100.
	Recipients int
	// Errors is the number of malformed or unknown commands and failed log-ins
	// after which the connection ends with 421. Default 20.
	Errors int
	// Connections is the number of connections ServeListener serves at a time. Default 100.
	Connections int
}

// Timeouts are absolute: each runs from the moment the server begins to wait, and
// a client that sends one octet at a time does not prolong it.
type Timeouts struct {
	// Command is the time for one command line. Default 5 minutes, the least
	// RFC 5321, section 4.5.3.2.7 allows.
	Command time.Duration
	// Body is the time for the body of one DATA, or for one BDAT chunk. Default 30 minutes.
	Body time.Duration
	// Write is the time for the client to take a batch of replies. Default 1 minute.
	Write time.Duration
	// Handshake is the time for a TLS handshake. Default 1 minute.
	Handshake time.Duration
	// Grace is the time a message on its way gets to end after the context of
	// Serve is done. Default 5 seconds.
	Grace time.Duration
}

const (
	// basicLine is the command line without extensions: RFC 5321, section 4.5.3.1.4.
	basicLine = 512
	// authLine is a line of an AUTH exchange: RFC 4954, section 4.
	authLine = 12288
	// noiseLimit is how much of an overlong line is read in search of its end.
	noiseLimit = 64 << 10
	// holdLimit is how long FUTURERELEASE may have a message kept, in seconds: a week.
	holdLimit = 7 * 24 * 60 * 60
	// lingerTime and lingerSize bound the wait for a client that is still sending
	// while the server ends the connection.
	lingerTime = time.Second
	lingerSize = 256 << 10
)

func (c Config) withDefaults() Config {
	setDefault(&c.Hostname, "localhost")
	if c.Mechanisms == nil {
		c.Mechanisms = []string{"PLAIN", "LOGIN"}
	}
	if c.Handler == nil {
		c.Handler = Accept{}
	}
	setDefault(&c.Limits.MessageSize, 64<<20)
	setDefault(&c.Limits.CommandLine, 2048)
	setDefault(&c.Limits.Recipients, 1000)
	setDefault(&c.Limits.Errors, 20)
	setDefault(&c.Limits.Connections, 100)
	setDefault(&c.Timeouts.Command, 5*time.Minute)
	setDefault(&c.Timeouts.Body, 30*time.Minute)
	setDefault(&c.Timeouts.Write, time.Minute)
	setDefault(&c.Timeouts.Handshake, time.Minute)
	setDefault(&c.Timeouts.Grace, 5*time.Second)
	c.Limits.CommandLine = min(max(c.Limits.CommandLine, basicLine), authLine)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// offers tells whether the extension is on offer, as far as the configuration decides.
func (c Config) offers(extension Extension) bool {
	switch extension {
	case StartTLS:
		if c.TLS == nil {
			return false
		}
	case Auth:
		if len(c.Mechanisms) == 0 {
			return false
		}
	case BinaryMIME:
		if slices.Contains(c.Withhold, Chunking) {
			return false
		}
	}
	return !slices.Contains(c.Withhold, extension)
}
