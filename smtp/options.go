package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// The ports of RFC 8314 and RFC 5321.
const (
	PortSubmissions = 465 // TLS from the first byte
	PortSubmission  = 587 // STARTTLS
	PortSMTP        = 25
)

// Options say where to connect, and how. The zero value of each field is its
// default.
type Options struct {
	// Host is a DNS name or an IP address. It is required. An internationalised
	// name is looked up, and verified, in its ASCII form (RFC 5891).
	Host string
	// Port defaults to 465 where TLS is "implicit", else to 587.
	Port int
	// TLS defaults to "implicit" on port 465, else to "starttls".
	TLS TLSMode
	// LocalName is what EHLO says; default the machine's name where that is
	// fully qualified, else its address (RFC 5321, section 4.1.4).
	LocalName string
	// RootCAs verify the server; nil means those of the system.
	RootCAs *x509.CertPool
	// Certificates are what the client shows a server that asks who it is.
	Certificates []tls.Certificate
	// Pins are digests of public keys, "sha256//BASE64", as curl writes them.
	// One of the verified chain must match, in addition to all other checks.
	Pins []string
	// Socket is the path of a unix socket to connect to; Host, which defaults to
	// "localhost", then only names the server, and TLS defaults to "off".
	Socket string
	// Proxy is what the connection goes through.
	Proxy Proxy
	// ProxyHeader is sent before everything else.
	ProxyHeader ProxyHeader
	// Resolver looks up names; nil is the system's.
	Resolver *net.Resolver
	// SourceAddress is the local IP address to connect from; "" lets the system
	// choose. A Dial function does not see it.
	SourceAddress string
	// Protocol defaults to SMTP.
	Protocol Protocol
	// Timeouts are absolute, one for each kind of exchange.
	Timeouts Timeouts
	// Guard limits what the session may send.
	Guard Guard
	// Dial replaces the TCP connection; nil dials host and port.
	Dial func(ctx context.Context, target Target) (net.Conn, error)
	// Lessons remember what a server does not do as it says; nil learns nothing
	// beyond a connection.
	Lessons *Lessons
	// Trace is told of each transcript entry as it happens.
	Trace func(Entry)

	addresses *addresses // of Host, where ConnectMX has looked them up
}

// Protocol is what is spoken on the connection.
type Protocol string

const (
	SMTP Protocol = "smtp" // RFC 5321
	// LMTP is for the last hop, into mailboxes: the server answers for each
	// recipient behind the message (RFC 2033).
	LMTP Protocol = "lmtp"
)

// Target is what a Dial function is asked for.
type Target struct {
	Host string
	Port int
	TLS  TLSMode
}

// Address is host and port as net.Dial takes them.
func (t Target) Address() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.Port)) }

func (o Options) withDefaults() Options {
	if ascii, err := idna.Lookup.ToASCII(o.Host); err == nil && ascii != "" {
		o.Host = ascii
	}
	if o.Protocol == "" {
		o.Protocol = SMTP
	}
	if o.Socket != "" {
		if o.Host == "" {
			o.Host = "localhost"
		}
		if o.TLS == "" {
			o.TLS = TLSOff
		}
	}
	if o.TLS == "" {
		o.TLS = TLSStartTLS
		if o.Port == PortSubmissions {
			o.TLS = TLSImplicit
		}
	}
	if o.Port == 0 {
		o.Port = PortSubmission
		if o.TLS == TLSImplicit {
			o.Port = PortSubmissions
		}
	}
	o.Timeouts = o.Timeouts.withDefaults()
	return o
}

// check refuses what would only fail later, or mean something else on the wire.
func (o Options) check() error {
	argument := func(reason string) error {
		return &Error{Kind: KindArgument, Command: "connect", Err: &argumentError{reason}}
	}
	switch {
	case o.Host == "":
		return argument("no host given")
	case strings.ContainsFunc(o.Host, notInHost):
		return argument("host " + strconv.Quote(o.Host) + " is not a host name")
	case o.Port < 1 || o.Port > 65535:
		return argument("port " + strconv.Itoa(o.Port) + " is not between 1 and 65535")
	case o.LocalName != "" && !validLocalName(o.LocalName):
		return argument("local name " + strconv.Quote(o.LocalName) + " is neither a host name nor an address literal")
	}
	if o.Protocol != SMTP && o.Protocol != LMTP {
		return argument("protocol " + strconv.Quote(string(o.Protocol)) + ` is neither "smtp" nor "lmtp"`)
	}
	if _, err := netip.ParseAddr(o.SourceAddress); err != nil && o.SourceAddress != "" {
		return argument("source address " + strconv.Quote(o.SourceAddress) + " is not an IP address")
	}
	if o.Socket != "" && (o.Proxy != (Proxy{}) || o.SourceAddress != "") {
		return argument("a unix socket takes neither a proxy nor a source address")
	}
	for _, err := range []error{o.Proxy.check(), o.ProxyHeader.check()} {
		if err != nil {
			return argument(err.Error())
		}
	}
	for _, pin := range o.Pins {
		if err := checkPin(pin); err != nil {
			return argument(err.Error())
		}
	}
	switch o.TLS {
	case TLSImplicit, TLSStartTLS, TLSOpportunistic, TLSOff:
		return nil
	}
	return argument("tls " + strconv.Quote(string(o.TLS)) + ` is none of "implicit", "starttls", "opportunistic", "off"`)
}

type argumentError struct{ reason string }

func (e *argumentError) Error() string { return e.reason }

// localName is the argument of EHLO.
func (o Options) localName(conn net.Conn) string {
	if o.LocalName != "" {
		return o.LocalName
	}
	if name, err := os.Hostname(); err == nil && strings.Contains(name, ".") && validLocalName(name) {
		return name
	}
	address, ok := conn.LocalAddr().(*net.TCPAddr)
	switch {
	case !ok:
		return "localhost"
	case address.IP.To4() != nil:
		return "[" + address.IP.String() + "]"
	}
	return "[IPv6:" + address.IP.String() + "]"
}

// validLocalName reports whether name may stand behind EHLO: a domain or an
// address literal (RFC 5321, section 4.1.1.1).
func validLocalName(name string) bool {
	if literal, ok := strings.CutPrefix(name, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		return ok && net.ParseIP(strings.TrimPrefix(literal, "IPv6:")) != nil
	}
	if name == "" || len(name) > 255 {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}
